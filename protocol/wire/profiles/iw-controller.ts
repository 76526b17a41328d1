import type { Profile } from '../profile.ts'

/** The number that the points below call the board by; on the wire its address is 1. */
const UNIT = 201
const REGISTER = { lock: 0, lockState: 1, door: 2, setting: 3, air: 4, scales: 10 } as const
const SCALES = 20
const flag = (register: number, activeValue: number, inactiveValue: number) => ({
  unit: UNIT,
  register,
  activeValue,
  inactiveValue,
})
const temperature = { unit: UNIT, width: 16 as const, isSigned: true, scale: 10, faultValues: [0x7f] }

/**
 * A main board whose firmware is published: address, code, data, CRC-16/MODBUS; 115200 8N1, address 1. Weights come all at
 * once: twenty 16-bit numbers, high byte first, 0 where no scale is, 0xFFFF where one is broken.
 */
export const iwController: Profile = {
  name: 'iw-controller',
  version: 1,
  notes: [
    'From published firmware: codes 03 (weights), 11 (door: 1 open, 0 closed, FF error), 21 and 22 (unlock, lock), 23 (lock state: 1 unlocked), 41 (temperature: setting, value; 7F error), 0A (setting).',
    'The board compares lock, bolt and motor by itself within 980 ms and takes back what did not work; its bolt cannot be read alone, so lock state 0 stands for both.',
    'What its answers to unlock and lock say is not published. They are not believed: the state is read afterwards.',
    'A scale that is not there reads 0: list only those that are. This file lists five.',
    'A sibling of this board (header ML) has door, success and fault values the other way round: it is another profile.',
  ],
  serial: { baudRate: 115200, dataBits: 8, parity: 'none', stopBits: 1 },
  timeoutMs: 60,
  retries: 2,
  blocks: [
    { unit: UNIT, start: REGISTER.scales, count: SCALES },
    { unit: UNIT, start: REGISTER.setting, count: 2 },
  ],
  framed: [
    {
      unit: UNIT,
      checksum: 'crc16-modbus',
      reads: [
        {
          register: REGISTER.lockState,
          request: '01 23',
          reply: '01 23 ..',
          words: [{ at: 2, bytes: 1 }],
        },
        { register: REGISTER.door, request: '01 11', reply: '01 11 ..', words: [{ at: 2, bytes: 1 }] },
        {
          register: REGISTER.setting,
          request: '01 41',
          reply: '01 41 .. ..',
          words: [
            { at: 2, bytes: 1, isSigned: true },
            { at: 3, bytes: 1, isSigned: true },
          ],
        },
        {
          register: REGISTER.scales,
          request: '01 03 00',
          reply: ['01 03', ...Array.from({ length: 2 * SCALES }, () => '..')].join(' '),
          words: Array.from({ length: SCALES }, (_, index) => ({ at: 2 + 2 * index, bytes: 2 as const })),
        },
      ],
      writes: [
        { register: REGISTER.lock, value: 1, request: '01 21', reply: '01 21 ..', timeoutMs: 1200 },
        { register: REGISTER.lock, value: 2, request: '01 22', reply: '01 22 ..', timeoutMs: 1200 },
        { register: REGISTER.setting, request: '01 0A vv', reply: '01 0A ..' },
      ],
    },
  ],
  lock: {
    unlock: { unit: UNIT, register: REGISTER.lock, value: 1 },
    lock: { unit: UNIT, register: REGISTER.lock, value: 2 },
    isUnlocked: flag(REGISTER.lockState, 1, 0),
    isBoltSeated: flag(REGISTER.lockState, 0, 1),
    settleMs: 1200,
  },
  door: { isOpen: flag(REGISTER.door, 1, 0) },
  scales: [0, 1, 2, 3, 4].map((index) => ({
    shelf: `s${index + 1}`,
    sensor: `s${index + 1}`,
    netGrams: {
      unit: UNIT,
      register: REGISTER.scales + index,
      width: 16 as const,
      isSigned: true,
      scale: 1,
      // 0xFFFF, read as a signed number.
      faultValues: [-1],
    },
  })),
  climate: {
    airDeciCelsius: { ...temperature, register: REGISTER.air },
    setpointDeciCelsius: { ...temperature, register: REGISTER.setting },
  },
}
