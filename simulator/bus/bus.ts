import type { Clock, Timer } from '#protocol/base/clock.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import { createRequestParser } from '#protocol/wire/modbus.ts'
import type { RegisterBank } from './registers.ts'
import { answer } from './slave.ts'
import type { Terminal } from './terminal.ts'

/**
 * ok         answers at once
 * unplugged  the adapter is pulled out: the device file is gone
 * silent     the wire is there, nobody answers
 * noise      rubbish between and inside the frames
 * bad-crc    answers come with a wrong checksum
 * slow       each answer comes after the reference profile has given up all its tries
 */
export const SERIAL_MODES = ['ok', 'unplugged', 'silent', 'noise', 'bad-crc', 'slow'] as const
export type SerialMode = (typeof SERIAL_MODES)[number]

export interface BusCounters {
  readonly requests: number
  readonly answers: number
  readonly droppedBytes: number
}
export interface Bus {
  readonly linkPath: string
  readonly mode: SerialMode
  readonly counters: BusCounters
  /** @throws CabinetError serial_open_failed */
  start(): void
  setMode(mode: SerialMode): void
  stop(): void
}

/** No request of a master at 115200 has a pause this long inside; the standard's 3.5 characters are 0.3 ms there. */
const GAP_MS = 10
/** The reference profile gives up after three tries of 120 ms each and the pauses between them. */
const SLOW_MS = 900
const NOISE_PERIOD_MS = 70
const NOISE_DAMAGE_CHANCE = 0.3

/** The far end of one serial line, with the units of the cabinet behind it. */
export function createBus(options: {
  clock: Clock
  random: Random
  /** Opens the line; again after it was unplugged. */
  open: (onBytes: (bytes: Uint8Array) => void) => Terminal
  /** Where programs find it. */
  linkPath: string
  banks: ReadonlyMap<number, RegisterBank>
  /** Brings the physics up to date before registers are read. */
  sync: () => void
  trace?: (direction: 'rx' | 'tx', bytes: Uint8Array) => void
}): Bus {
  const { clock, random, linkPath, banks, sync, trace } = options
  const counters = { requests: 0, answers: 0, droppedBytes: 0 }
  let mode: SerialMode = 'ok'
  let parser = createRequestParser()
  let gapTimer: Timer | undefined
  let noiseTimer: Timer | undefined
  const answerTimers = new Set<Timer>()
  let terminal: Terminal | undefined

  function open(): Terminal {
    parser = createRequestParser()
    return options.open(receive)
  }
  function receive(bytes: Uint8Array) {
    trace?.('rx', bytes)
    gapTimer?.cancel()
    serve(parser.push(bytes))
    gapTimer = clock.setTimer('bus-gap', GAP_MS, () => {
      serve(parser.gap())
      counters.droppedBytes = parser.droppedBytes
    })
  }
  function serve(requests: ReturnType<typeof parser.push>) {
    for (const request of requests) {
      counters.requests++
      if (mode === 'silent') continue
      sync()
      const frame = answer(banks, request)
      if (frame !== undefined) reply(frame)
    }
  }
  function reply(frame: Uint8Array) {
    if (mode === 'slow') {
      const timer = clock.setTimer('bus-slow-answer', SLOW_MS, () => {
        answerTimers.delete(timer)
        send(frame)
      })
      answerTimers.add(timer)
    } else if (mode === 'bad-crc' || (mode === 'noise' && random.next() < NOISE_DAMAGE_CHANCE)) {
      send(damage(frame))
    } else {
      send(frame)
    }
  }
  function send(frame: Uint8Array) {
    counters.answers++
    trace?.('tx', frame)
    terminal?.write(frame)
  }
  /** Turns one bit over, in the data or in the checksum. */
  function damage(frame: Uint8Array): Uint8Array {
    const damaged = Uint8Array.from(frame)
    const at = 2 + integerBelow(random, frame.length - 2)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << integerBelow(random, 8))
    return damaged
  }
  function makeNoise() {
    noiseTimer?.cancel()
    if (mode !== 'noise') return
    noiseTimer = clock.setTimer('bus-noise', NOISE_PERIOD_MS, () => {
      terminal?.write(random.bytes(1 + integerBelow(random, 6)))
      makeNoise()
    })
  }
  function dropAnswers() {
    for (const timer of answerTimers) timer.cancel()
    answerTimers.clear()
  }
  function stop() {
    gapTimer?.cancel()
    noiseTimer?.cancel()
    dropAnswers()
    terminal?.destroy()
    terminal = undefined
  }
  return {
    linkPath,
    counters,
    get mode() {
      return mode
    },
    start() {
      terminal ??= open()
    },
    setMode(next) {
      if (next === mode) return
      mode = next
      dropAnswers()
      if (next === 'unplugged') {
        terminal?.destroy()
        terminal = undefined
      } else {
        terminal ??= open()
      }
      makeNoise()
    },
    stop,
  }
}
