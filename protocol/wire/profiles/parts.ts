import type { FramedUnit } from '../framed-unit.ts'
import type { DoorParts, Profile } from '../profile.ts'

/**
 * Devices whose maps were published, as pieces of a profile. What their makers do not say is not guessed: it stands in the
 * notes of the profiles made of them.
 */

/**
 * The weight transmitter of a fridge in the field: holding registers, 32 bits, high word first, whole grams.
 * Register 5 takes 0x5AA5 to open the others for writing; 0x7FFFFFFF in the tare takes the present weight.
 * Its overload code is 0x7FFF; −1 is how firmware above it stores a failed reading.
 */
export function publishedTransmitter(unit: number, shelf: string): Profile['scales'][number] {
  return {
    shelf,
    sensor: shelf,
    netGrams: {
      unit,
      register: 82,
      width: 32,
      isSigned: true,
      wordOrder: 'high-first',
      scale: 1,
      faultValues: [0x7fff, 0x7fffffff, -1],
    },
    tare: [
      { unit, register: 5, value: 0x5aa5 },
      { unit, register: 84, value: 0x7fff },
      { unit, register: 85, value: 0xffff },
    ],
  }
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0').toUpperCase()

/**
 * A lock of the generic lock board (锁控板): frames closed by the XOR of their bytes, lock 1 to 24 of board 1 to 200.
 * It knows one contact: opened (0x11) or closed (0x00). The lock is sprung: it falls shut with the door, and no command
 * engages it. Its answer to an opening looks exactly like a request that is echoed, so only the state that is read
 * afterwards counts.
 * @param unit  the number that the points of this profile call it by
 */
export function genericLockBoard(
  unit: number,
  board: number,
  lock: number,
): DoorParts & { framed: FramedUnit } {
  const contact = { unit, register: 1 }
  const address = `${hex(board)} ${hex(lock)}`
  return {
    framed: {
      unit,
      checksum: 'xor',
      reads: [
        { register: 1, request: `80 ${address} 33`, reply: `80 ${address} ..`, words: [{ at: 3, bytes: 1 }] },
      ],
      writes: [
        { register: 0, value: 1, request: `8A ${address} 11`, reply: `8A ${address} ..`, timeoutMs: 1500 },
      ],
    },
    lock: {
      unlock: { unit, register: 0, value: 1 },
      isUnlocked: { ...contact, activeValue: 0x11, inactiveValue: 0 },
      isBoltSeated: { ...contact, activeValue: 0, inactiveValue: 0x11 },
      settleMs: 1500,
    },
    door: { isOpen: { ...contact, activeValue: 0x11, inactiveValue: 0 } },
  }
}
