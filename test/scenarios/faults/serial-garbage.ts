import path from 'node:path'
import { pino } from 'pino'
import { CabinetError } from '#protocol/base/errors.ts'
import { createSeededRandom, integerBelow, type Random } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSerialBus, type RegisterBus } from '#edge/hardware/register-bus.ts'
import { openTerminal } from '#simulator/bus/terminal.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { FaultCount } from './fault-count.ts'

const UNIT = 11
const REGISTERS = 2
const READ_HOLDING = 3
/** Garbage before an answer; some requests get nothing else. */
const FRAMES_PER_ANSWER = 24
const UNANSWERED_SHARE = 0.005
/** Far above what a busy machine needs: a late answer would look like one that was not understood. */
const TIMEOUT_MS = 500

/** Counted down here so that nothing of the master under test is used to judge it (Modbus over serial line 1.02, 6.2.2). */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return crc
}

function frameOf(bytes: readonly number[], crcFlip = 0): Buffer {
  const crc = crcOf(Uint8Array.from(bytes)) ^ crcFlip
  return Buffer.from([...bytes, crc & 0xff, crc >> 8])
}

/** An answer as the unit would give it, wrong by at least one bit of its checksum, or something else entirely. */
function drawGarbage(random: Random): Buffer {
  const value = () => integerBelow(random, 256)
  const looksRight = [UNIT, READ_HOLDING, 2 * REGISTERS, value(), value(), value(), value()]
  switch (integerBelow(random, 6)) {
    case 0: // right in everything but the checksum
      return frameOf(looksRight, 1 << integerBelow(random, 16))
    case 1: // a bit tipped over on the way
      return tipped(frameOf(looksRight), random)
    case 2: // cut short
      return frameOf(looksRight).subarray(0, 1 + integerBelow(random, 7))
    case 3: // of another unit
      return frameOf([UNIT + 1, ...looksRight.slice(1)])
    case 4: // an exception with a wrong checksum
      return frameOf([UNIT, READ_HOLDING | 0x80, 2], 1 << integerBelow(random, 16))
    default: // noise that is not by chance an answer
      return Buffer.from(
        Array.from({ length: 1 + integerBelow(random, 40) }, value).map((byte) => (byte === UNIT ? 0 : byte)),
      )
  }
}

function tipped(frame: Buffer, random: Random): Buffer {
  // One or two bits: the checksum finds all of these.
  for (let flips = 1 + integerBelow(random, 2); flips > 0; flips--) {
    const at = integerBelow(random, frame.length)
    frame[at] = (frame[at] ?? 0) ^ (1 << integerBelow(random, 8))
  }
  return crcOf(frame.subarray(0, -2)) === frame.readUInt16LE(frame.length - 2) ? frame.fill(0) : frame
}

export const serialGarbage: FaultCount = {
  name: 'serial-garbage',
  shows:
    'garbage frames through a real pseudo-terminal: none with a wrong checksum is believed, and the next clean answer is understood',
  counts: { test: 4000, all: 20_000, full: 200_000 },
  async run({ count, dataDir, seed, say }) {
    const random = createSeededRandom(seed)
    let garbage = 0
    let truth: number[] = []
    let isClean = false
    let isAnswering = true
    const linkPath = path.join(dataDir, 'tty-garbage')
    const line = openTerminal({ linkPath, onBytes: () => answer() })
    /** One request came; the master waits for it before it sends another. */
    function answer(): void {
      truth = [integerBelow(random, 65_536), integerBelow(random, 65_536)]
      if (!isClean) {
        for (let frame = 0; frame < FRAMES_PER_ANSWER; frame++) line.write(drawGarbage(random))
        garbage += FRAMES_PER_ANSWER
      }
      isAnswering = isClean || random.next() >= UNANSWERED_SHARE
      if (!isAnswering) return
      const data = truth.flatMap((register) => [register >> 8, register & 0xff])
      line.write(frameOf([UNIT, READ_HOLDING, data.length, ...data]))
    }
    const bus = createSerialBus({
      path: linkPath,
      profile: {
        serial: { baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 },
        timeoutMs: TIMEOUT_MS,
        retries: 0,
      },
      clock: createSystemClock(),
      log: pino({ level: 'silent' }),
      lostAfterMs: 60_000,
      reopenShortestMs: 10,
      reopenLongestMs: 100,
    })
    bus.start({ onLost: () => undefined, onRestored: () => undefined })
    const tally = { understood: 0, refused: 0, resynchronised: 0 }
    try {
      await eventually('the port being open', () => bus.isOpen)
      let saidAt = 0
      while (garbage < count) {
        const got = await read(bus)
        if (got === undefined) tally.refused++
        else {
          expectThat(isAnswering, `garbage was believed: ${got.join(', ')}`)
          expectEqual(got, truth, 'the registers behind the garbage')
          tally.understood++
        }
        if (got === undefined || tally.understood % 50 === 0) {
          isClean = true
          const clean = await read(bus)
          expectThat(clean, 'a clean answer after garbage was not understood at the first try')
          expectEqual(clean, truth, 'the registers of a clean answer after garbage')
          tally.resynchronised++
          isClean = false
        }
        if (garbage - saidAt >= 50_000) {
          saidAt = garbage
          say(`  serial-garbage: ${garbage} of ${count} frames`)
        }
      }
    } finally {
      await bus.stop()
      line.destroy()
    }
    return `${garbage} garbage frames: 0 believed; ${tally.understood} answers found among them, ${tally.refused} requests given up, ${tally.resynchronised} of ${tally.resynchronised} clean answers understood at once`
  },
}

/** @returns undefined when the bus says that it has no answer */
function read(bus: RegisterBus): Promise<number[] | undefined> {
  return bus.read({ unit: UNIT, start: 82, count: REGISTERS, kind: 'holding' }, 1).catch((error: unknown) => {
    if (error instanceof CabinetError && ['bus_timeout', 'bus_bad_crc'].includes(error.code)) return undefined
    throw error
  })
}
