import modbusSerial from 'modbus-serial'
import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { wait } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import {
  type FramedExchange,
  framedReadOf,
  framedUnitOf,
  framedWriteOf,
  readExchange,
  wordsOf,
  writeExchange,
} from './framed-exchange.ts'
import { createLateAnswers } from './late-answers.ts'
import { RtuPort } from './rtu-port.ts'

export type RegisterKind = 'holding' | 'input'
export interface RegisterRange {
  readonly unit: number
  readonly start: number
  readonly count: number
  readonly kind: RegisterKind
}

export interface BusListener {
  /** The line cannot be used: the port does not open, or no device answers. */
  onLost(reason: string, detail: string): void
  /** A device answered again. */
  onRestored(): void
}

/** One RS-485 segment with one master: one request in flight, writes before reads. */
export interface RegisterBus {
  start(listener: BusListener): void
  stop(): Promise<void>
  readonly isOpen: boolean
  /** @param attempts requests before it counts as failed. @throws bus_timeout, bus_bad_crc, bus_exception, serial_open_failed */
  read(range: RegisterRange, attempts?: number): Promise<number[]>
  /** Function 6, then not read back: that is the caller's. @throws as `read` */
  write(unit: number, register: number, value: number): Promise<void>
}

export interface SerialBusOptions {
  path: string
  profile: Pick<Profile, 'serial' | 'timeoutMs' | 'retries' | 'framed'>
  clock: Clock
  log: Logger
  lostAfterMs: number
  reopenShortestMs: number
  reopenLongestMs: number
}

// CommonJS whose types say "default export": the class is under both names at run time, under this one for the compiler.
const ModbusRTU = modbusSerial.default
type Client = InstanceType<typeof ModbusRTU>

/** Late bytes of a request that was given up are let pass before the next one goes out. */
const QUIET_AFTER_TIMEOUT_MS = 20

export function createSerialBus(options: SerialBusOptions): RegisterBus {
  const { path, profile, clock, log } = options
  let port: RtuPort | undefined
  let client: Client | undefined
  let listener: BusListener | undefined
  let isStopped = false
  let isLost = false
  let reopenTimer: Timer | undefined
  let reopenAttempts = 0
  let lastAnswerMonoMs = clock.monoMs()
  const late = createLateAnswers(clock)
  const urgent: Array<() => Promise<void>> = []
  const normal: Array<() => Promise<void>> = []
  let isBusy = false

  function open(): void {
    if (isStopped) return
    const opening = new RtuPort(path, profile.serial)
    const modbus = new ModbusRTU(opening) as Client
    // Before the library listens itself, a port that fails to open would throw from its error event.
    opening.on('error', (error: Error) => onGone(opening, messageOf(error)))
    opening.on('close', () => onGone(opening, 'the device was closed'))
    modbus.on('error', () => undefined)
    modbus.open((error?: Error | null) => {
      if (error) {
        onGone(opening, messageOf(error))
        return
      }
      if (isStopped) {
        opening.close(() => undefined)
        return
      }
      port = opening
      client = modbus
      lastAnswerMonoMs = clock.monoMs()
      log.info({ path }, 'serial port opened')
    })
    function onGone(gone: RtuPort, detail: string) {
      if (gone !== opening || reopenTimer !== undefined || isStopped) return
      if (port === gone) {
        port = undefined
        client = undefined
      }
      const code = 'serial_open_failed'
      lose(code, `${path}: ${detail}`)
      scheduleReopen()
    }
  }

  function scheduleReopen(): void {
    const pauseMs = Math.min(
      options.reopenLongestMs,
      options.reopenShortestMs * 2 ** Math.min(reopenAttempts, 10),
    )
    reopenAttempts++
    reopenTimer = clock.setTimer('reopen the serial port', pauseMs, () => {
      reopenTimer = undefined
      open()
    })
  }

  function lose(reason: string, detail: string): void {
    if (isLost) return
    isLost = true
    log.warn({ path, reason }, `the bus is lost: ${detail}; it is tried again`)
    listener?.onLost(reason, detail)
  }

  function answered(): void {
    lastAnswerMonoMs = clock.monoMs()
    reopenAttempts = 0
    if (!isLost) return
    isLost = false
    log.info({ path }, 'the bus answers again')
    listener?.onRestored()
  }

  /** An unplugged adapter is noticed at the next write at best; when nobody answers any more the port is opened anew. */
  function reopenWhenSilent(detail: string): void {
    const silentMs = clock.monoMs() - lastAnswerMonoMs
    if (silentMs < options.lostAfterMs || port === undefined || reopenTimer !== undefined) return
    lose('bus_timeout', detail)
    const silent = port
    port = undefined
    client = undefined
    scheduleReopen()
    silent.close(() => undefined)
  }

  async function request<T>(
    unit: number,
    attempts: number,
    what: string,
    run: (modbus: Client, line: RtuPort) => Promise<T>,
    timeoutMs: number = profile.timeoutMs,
  ): Promise<T> {
    let failure: CabinetError | undefined
    await letLateAnswersPass(unit)
    for (let attempt = 0; attempt < attempts; attempt++) {
      const modbus = client
      const line = port
      if (modbus === undefined || line === undefined || !line.isOpen) {
        throw new CabinetError('serial_open_failed', `The serial device ${path} is not open.`)
      }
      modbus.setID(unit)
      const sentAtMonoMs = clock.monoMs()
      try {
        const value = await inTime(line, unit, run(modbus, line), timeoutMs)
        late.inTime(unit)
        answered()
        return value
      } catch (error) {
        const exception = modbusExceptionOf(error)
        if (exception !== undefined) {
          // The device spoke; asking again would give the same answer.
          answered()
          throw new CabinetError(
            'bus_exception',
            `Unit ${unit} refused ${what} with exception ${exception}.`,
            {
              cause: error,
              context: { unit, exception },
            },
          )
        }
        if (line.strayBytes === 0) late.givenUp(unit, sentAtMonoMs, timeoutMs)
        failure =
          line.strayBytes > 0
            ? new CabinetError('bus_bad_crc', `Unit ${unit}: ${what}: only noise was received.`, {
                cause: error,
              })
            : new CabinetError('bus_timeout', `Unit ${unit} did not answer ${what} within ${timeoutMs} ms.`, {
                cause: error,
              })
        await wait(clock, 'let late bytes pass', QUIET_AFTER_TIMEOUT_MS)
        reopenWhenSilent(failure.message)
      }
    }
    throw failure ?? new CabinetError('bus_timeout')
  }

  /**
   * The tries of one call may be answered by each other: whatever they hear was said after the call began. But what an
   * earlier call is still owed must not be taken for the answer to this one.
   */
  async function letLateAnswersPass(unit: number): Promise<void> {
    for (let ms = late.pauseMs(unit); ms > 0 && port?.isOpen === true; ms = late.pauseMs(unit))
      await wait(clock, 'let late answers pass', Math.min(ms, QUIET_AFTER_TIMEOUT_MS))
  }

  /** Our own clock, not the library's timer; what comes later is no longer waited for. */
  function inTime<T>(line: RtuPort, unit: number, answer: Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = clock.setTimer('answer on the bus', timeoutMs, () => {
        line.abandon(() => late.heard(unit))
        reject(new Error('timed out'))
      })
      answer.then(resolve, reject).finally(() => timer.cancel())
    })
  }

  function enqueue<T>(queue: Array<() => Promise<void>>, run: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      queue.push(() => run().then(resolve, reject))
      if (!isBusy) void work()
    })
  }
  async function work(): Promise<void> {
    isBusy = true
    for (let next = urgent.shift() ?? normal.shift(); next; next = urgent.shift() ?? normal.shift())
      await next()
    isBusy = false
  }

  /** A device that speaks frames of its own. */
  function exchange(unit: number, attempts: number, what: string, one: FramedExchange): Promise<Uint8Array> {
    return request(
      unit,
      attempts,
      what,
      (_modbus, line) => line.exchange(one.request, one.find),
      one.timeoutMs,
    )
  }
  function unknownFrame(unit: number, what: string): CabinetError {
    return new CabinetError('profile_invalid', `The profile has no frame for ${what} of unit ${unit}.`)
  }

  return {
    get isOpen() {
      return port?.isOpen ?? false
    },
    start(given) {
      listener = given
      open()
    },
    async stop() {
      isStopped = true
      reopenTimer?.cancel()
      const closing = port
      port = undefined
      client = undefined
      if (closing) await new Promise<void>((resolve) => closing.close(() => resolve()))
    },
    read(range, attempts = profile.retries + 1) {
      return enqueue(normal, async () => {
        const what = `registers ${range.start} to ${range.start + range.count - 1}`
        const device = framedUnitOf(profile, range.unit)
        if (device !== undefined) {
          const frame = framedReadOf(device, range)
          if (frame === undefined) throw unknownFrame(range.unit, what)
          const words = wordsOf(
            frame,
            await exchange(range.unit, attempts, what, readExchange(device, frame)),
          )
          return words.slice(range.start - frame.register, range.start - frame.register + range.count)
        }
        const answer = await request(range.unit, attempts, what, (modbus) =>
          range.kind === 'input'
            ? modbus.readInputRegisters(range.start, range.count)
            : modbus.readHoldingRegisters(range.start, range.count),
        )
        return answer.data
      })
    },
    write(unit, register, value) {
      return enqueue(urgent, async () => {
        const what = `the write of register ${register}`
        const device = framedUnitOf(profile, unit)
        if (device !== undefined) {
          const frame = framedWriteOf(device, register, value)
          if (frame === undefined) throw unknownFrame(unit, what)
          // Once: what moves something may have moved it although its answer was lost. Whoever asked reads back.
          await exchange(unit, 1, what, writeExchange(device, frame, value))
          return
        }
        await request(unit, profile.retries + 1, what, (modbus) =>
          modbus.writeRegister(register, value & 0xffff),
        )
      })
    },
  }
}

function modbusExceptionOf(error: unknown): number | undefined {
  const code = (error as { modbusCode?: unknown } | null)?.modbusCode
  return typeof code === 'number' ? code : undefined
}
