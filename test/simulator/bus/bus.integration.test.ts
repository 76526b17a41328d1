import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import modbusSerial from 'modbus-serial'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SerialPort } from 'serialport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CabinetError } from '#protocol/base/errors.ts'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import {
  BOARD,
  BOARD_IDENTITY,
  SCALE,
  SCALE_FAULT,
  TEMPERATURE_FAULT,
} from '#protocol/wire/reference-profile.ts'
import { type Bus, createBus } from '#simulator/bus/bus.ts'
import { createBanks } from '#simulator/bus/registers.ts'
import { openSerialDevice } from '#simulator/bus/serial-device.ts'
import { openTerminal, type Terminal } from '#simulator/bus/terminal.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import { eventually } from '#test/support/eventually.ts'
import { aCabinet } from '../a-cabinet.ts'

/** The master is somebody else's: modbus-serial over serialport, on a real pseudo-terminal. */
let folder: string
let cabinet: Cabinet
let bus: Bus
/** The module is its class; the typings offer it under both names. */
const ModbusRTU = modbusSerial.default
type Master = InstanceType<typeof ModbusRTU>
let master: Master

function aBus(linkPath: string, open: (onBytes: (bytes: Uint8Array) => void) => Terminal): Bus {
  return createBus({
    clock: createSystemClock(),
    random: createSeededRandom(3),
    linkPath,
    open,
    banks: createBanks(cabinet),
    sync: () => undefined,
  })
}
async function connect(linkPath: string): Promise<Master> {
  const client = new ModbusRTU()
  await client.connectRTUBuffered(linkPath, { baudRate: 115200 })
  client.on('error', () => undefined)
  client.setTimeout(150)
  client.setID(1)
  return client
}
async function read(unit: number, start: number, count: number): Promise<number[]> {
  master.setID(unit)
  return (await master.readHoldingRegisters(start, count)).data
}
async function write(unit: number, start: number, ...values: number[]): Promise<void> {
  master.setID(unit)
  if (values.length === 1) await master.writeRegister(start, values[0] ?? 0)
  else await master.writeRegisters(start, values)
}
/** Lets the cabinet's own time pass; the wire's is real. */
function pass(ms: number) {
  cabinet.advance(cabinet.nowMs + ms)
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'vc-bus-'))
  cabinet = aCabinet({ loadCell: { badReadChance: 0 } })
  const linkPath = path.join(folder, 'tty-cabinet')
  bus = aBus(linkPath, (onBytes) => openTerminal({ linkPath, onBytes }))
  bus.start()
  master = await connect(bus.linkPath)
})
afterEach(async () => {
  if (master.isOpen) await new Promise((resolve) => master.close(resolve))
  bus.stop()
  rmSync(folder, { recursive: true })
})

describe('the cabinet board', () => {
  it('names itself and answers its whole block at once', async () => {
    expect(await read(1, BOARD.identity, 2)).toEqual([BOARD_IDENTITY, 1])
    const block = await read(1, 10, 23)
    expect(block.slice(0, 5)).toEqual([0, 0, 1, 0, 0])
    expect(block[BOARD.setpoint - 10]).toBe(40)
  })
  it('releases the lock on command and shows the bolt moving', async () => {
    await write(1, BOARD.lockCommand, 1)
    expect(await read(1, BOARD.lockState, 2)).toEqual([0, 1])
    pass(320)
    expect(await read(1, BOARD.lockState, 2)).toEqual([1, 0])
  })
  it('takes a setpoint in range and refuses one outside with exception 3', async () => {
    await write(1, BOARD.setpoint, 30)
    expect(await read(1, BOARD.setpoint, 1)).toEqual([30])
    await expect(write(1, BOARD.setpoint, 121)).rejects.toThrow(/exception 3/)
    await expect(write(1, BOARD.setpoint, 0xffff)).rejects.toThrow(/exception 3/)
    expect(await read(1, BOARD.setpoint, 1)).toEqual([30])
  })
  it('reports a probe fault as 0x7FFF, and frost as a signed number', async () => {
    cabinet.fridge.setAir(-55)
    expect(await read(1, BOARD.airTemperature, 1)).toEqual([0xffff - 54])
    cabinet.fridge.setProbe('fault')
    expect(await read(1, BOARD.airTemperature, 2)).toEqual([TEMPERATURE_FAULT, TEMPERATURE_FAULT])
  })
  it('refuses what it does not have: exception 2 for registers, 1 for coils, silence for other units', async () => {
    await expect(read(1, 60, 1)).rejects.toThrow(/exception 2/)
    await expect(write(1, BOARD.doorOpen, 1)).rejects.toThrow(/exception 2/)
    await expect(master.readCoils(0, 1)).rejects.toThrow(/exception 1/)
    await expect(read(9, 0, 1)).rejects.toThrow(/Timed out/)
  })
  it('is busy while the manual key holds the lock', async () => {
    cabinet.lock.turnKey()
    await expect(write(1, BOARD.lockCommand, 2)).rejects.toThrow(/exception 6/)
    expect(await read(1, BOARD.manualKey, 1)).toEqual([1])
  })
})

describe('a weight transmitter', () => {
  it('answers tenths of a gram, high word first', async () => {
    const [high = 0, low = 0] = await read(13, SCALE.net, 2)
    const { grossGrams, tareGrams } = cabinet.scale('s3')
    expect((high << 16) | low).toBe(Math.round((grossGrams - tareGrams) * 10))
    expect(await read(13, SCALE.address, 1)).toEqual([13])
  })
  it('takes the present weight as tare only after it was opened for writing', async () => {
    await expect(write(11, SCALE.tare, 0x7fff, 0xffff)).rejects.toThrow(/exception 2/)
    await write(11, SCALE.unlock, 0x5aa5)
    await write(11, SCALE.tare, 0x7fff, 0xffff)
    expect(await read(11, SCALE.net, 2)).toEqual([0, 0])
    pass(10_001)
    await expect(write(11, SCALE.tare, 0x7fff, 0xffff)).rejects.toThrow(/exception 2/)
  })
  it('that is broken answers the fault value', async () => {
    cabinet.setCellFault('s5', 'fault')
    pass(200)
    const [high = 0, low = 0] = await read(15, SCALE.net, 2)
    expect(high * 0x10000 + low).toBe(SCALE_FAULT)
  })
})

describe('a line in trouble', () => {
  it('with bad checksums never yields a value', async () => {
    bus.setMode('bad-crc')
    for (let i = 0; i < 5; i++) await expect(read(1, 10, 5)).rejects.toThrow()
    bus.setMode('ok')
    expect(await read(1, BOARD.identity, 1)).toEqual([BOARD_IDENTITY])
  })
  it('that is silent times out', async () => {
    bus.setMode('silent')
    await expect(read(1, 10, 5)).rejects.toThrow(/Timed out/)
  })
  it('with rubbish on it loses frames, not truth', async () => {
    bus.setMode('noise')
    for (let i = 0; i < 20; i++) {
      const answer = await read(1, BOARD.identity, 1).catch(() => undefined)
      if (answer !== undefined) expect(answer).toEqual([BOARD_IDENTITY])
    }
  })
  it('answers the frame after any garbage that a master sends', async () => {
    const random = createSeededRandom(4)
    const port = new SerialPort({ path: bus.linkPath, baudRate: 115200, autoOpen: false })
    await new Promise((resolve) => port.open(resolve))
    for (let i = 0; i < 200; i++) port.write(Buffer.from(random.bytes(1 + integerBelow(random, 60))))
    await new Promise((resolve) => port.close(resolve))
    await eventually('the board answers again', async () => {
      const answer = await read(1, BOARD.identity, 1).catch(() => [])
      return answer[0] === BOARD_IDENTITY
    })
  })
  it('that is unplugged vanishes, and comes back under the same name', async () => {
    const before = readlinkSync(bus.linkPath)
    bus.setMode('unplugged')
    expect(existsSync(bus.linkPath)).toBe(false)
    await expect(read(1, BOARD.identity, 1)).rejects.toThrow()
    bus.setMode('ok')
    expect(existsSync(bus.linkPath)).toBe(true)
    master = await connect(bus.linkPath)
    expect(await read(1, BOARD.identity, 1)).toEqual([BOARD_IDENTITY])
    expect(before).toMatch(/^\/dev\//)
  })
})

describe('a real serial device in the place of the pseudo-terminal', () => {
  /** Two pseudo-terminals with a wire between them: what one hears the other says. */
  function aWire(): { near: Terminal; far: Terminal } {
    const ends: Terminal[] = []
    const [near, far] = [0, 1].map((end) =>
      openTerminal({
        linkPath: path.join(folder, `wire-${end}`),
        onBytes: (bytes) => ends[1 - end]?.write(bytes),
      }),
    )
    if (near === undefined || far === undefined) throw new Error('no wire')
    ends.push(near, far)
    return { near, far }
  }

  it('answers like the board, and says so when the device goes away', async () => {
    const { near, far } = aWire()
    const lost: CabinetError[] = []
    const device = aBus(near.linkPath, (onBytes) =>
      openSerialDevice({ devicePath: near.linkPath, onBytes, onLost: (error) => lost.push(error) }),
    )
    device.start()
    const other = await connect(far.linkPath)
    await eventually('the board answers', async () => {
      const answer = await other.readHoldingRegisters(BOARD.identity, 1).catch(() => undefined)
      return answer?.data[0] === BOARD_IDENTITY
    })
    await new Promise((resolve) => other.close(resolve))
    near.destroy()
    await eventually('the loss is noticed', async () => lost.length > 0)
    expect(lost[0]?.code).toBe('serial_open_failed')
    device.stop()
    far.destroy()
  })
  it('that does not exist is named in the error', async () => {
    const lost: CabinetError[] = []
    const device = openSerialDevice({
      devicePath: '/dev/no-such-device',
      onBytes: () => undefined,
      onLost: (error) => lost.push(error),
    })
    await eventually('the failure is noticed', async () => lost.length > 0)
    expect(lost[0]?.message).toMatch(/\/dev\/no-such-device/)
    device.destroy()
  })
})
