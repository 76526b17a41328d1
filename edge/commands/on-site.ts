import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { createTeller } from '../delivery/teller.ts'
import type { BoardReading, CabinetHardware } from '../hardware/ports.ts'
import { patiently } from '../patiently.ts'
import { type Refusal, refusal } from './decide.ts'

/**
 * What shows that somebody is at the cabinet, and not only in the console: since the lockout began its door has been opened
 * by somebody who was let in or holds the key, and they can read four digits on its display. It does not show who they are;
 * the sign-in at the core does that.
 */
export interface OnSiteProof {
  readonly hasDisplay: boolean
  onBoard(reading: BoardReading): void
  /** Looks whether a lockout began or ended; also shows the digits again in case the board lost them. */
  look(): void
  /** Counts a wrong code. @returns why the lockout may not be cleared */
  check(code: string | undefined): Refusal | undefined
  start(): void
  stop(): void
}

/** Persisted whole. */
interface OnSite {
  readonly code: string
  readonly triesLeft: number
  readonly isInspected: boolean
  /** By the wall clock; a clock that goes back ends the wait. */
  readonly blockedAtMs: number | null
}

const DOCUMENT = 'on-site'
const TRIES = 5
/** Five guesses in a quarter of an hour: one in two thousand, and every one of them is in the audit log with a name. */
const BLOCKED_MS = 15 * 60_000
/** While a lockout stands. */
const LOOK_EVERY_MS = 1000
const SHOW_AGAIN_MS = 30_000
const CODES = 10_000

export function createOnSiteProof(options: {
  db: EdgeDatabase
  outbox: Pick<Outbox, 'append'>
  hardware: Pick<CabinetHardware, 'showDigits'>
  clock: Clock
  random: Random
  log: Logger
  isLockedOut: () => boolean
  /** The kind of the session in progress. */
  sessionKind: () => string | undefined
}): OnSiteProof {
  const { db, hardware, clock, random, log } = options
  const teller = createTeller(options)
  let state = db.readDocument<OnSite | null>(DOCUMENT) ?? undefined
  let shownAtMonoMs = Number.NEGATIVE_INFINITY
  let isShowing = false
  let timer: Timer | undefined
  let isStarted = false

  function save(next: OnSite | undefined): void {
    state = next
    teller.tell([], saveState)
  }
  const saveState = () => db.saveDocument(DOCUMENT, state ?? null)
  function draw(): string {
    return String(integerBelow(random, CODES)).padStart(4, '0')
  }
  async function show(code: string | undefined): Promise<void> {
    if (hardware.showDigits === undefined || isShowing) return
    isShowing = true
    try {
      await hardware.showDigits(code === undefined ? null : Number(code))
      shownAtMonoMs = clock.monoMs()
    } catch (error) {
      shownAtMonoMs = Number.NEGATIVE_INFINITY
      log.warn(`the display could not be written: ${messageOf(error)}; it is tried again`)
    } finally {
      isShowing = false
    }
  }
  function blockedForMs(): number {
    if (state === undefined || state.blockedAtMs === null) return 0
    const passedMs = clock.now() - state.blockedAtMs
    return passedMs < 0 ? 0 : Math.max(0, BLOCKED_MS - passedMs)
  }

  const lookPatiently = patiently(log, 'the look at the on-site code', look)
  function look(): void {
    const isLockedOut = options.isLockedOut()
    if (isLockedOut && state === undefined) {
      save({ code: draw(), triesLeft: TRIES, isInspected: false, blockedAtMs: null })
      shownAtMonoMs = Number.NEGATIVE_INFINITY
    } else if (!isLockedOut && state !== undefined) {
      save(undefined)
      void show(undefined)
    } else if (state !== undefined && state.triesLeft === 0 && blockedForMs() === 0) {
      save({ ...state, code: draw(), triesLeft: TRIES, blockedAtMs: null })
      shownAtMonoMs = Number.NEGATIVE_INFINITY
    }
    if (state !== undefined && clock.monoMs() - shownAtMonoMs >= SHOW_AGAIN_MS) void show(state.code)
    again()
  }
  /** Nothing is looked for without a lockout: its beginning is told. */
  function again(): void {
    timer?.cancel()
    timer = undefined
    if (isStarted && state !== undefined)
      timer = clock.setTimer('show the on-site code', LOOK_EVERY_MS, lookPatiently)
  }

  return {
    hasDisplay: hardware.showDigits !== undefined,
    look,
    onBoard(reading) {
      if (reading.isDoorOpen !== true || state === undefined || state.isInspected) return
      // Who shops looks at no shelf for the sake of the food, and who breaks in even less.
      const kind = options.sessionKind()
      const isStaff = kind === 'service' || kind === 'restock' || reading.isKeyTurned === true
      if (isStaff) save({ ...state, isInspected: true })
    },
    check(code) {
      look()
      if (state === undefined) return refusal('not_locked_out', 'there is no lockout to clear')
      if (!state.isInspected)
        return refusal('not_inspected', 'the door has not been opened since the lockout began')
      if (hardware.showDigits === undefined) return undefined
      const waitMs = blockedForMs()
      if (state.triesLeft === 0 || waitMs > 0)
        return refusal('on_site_code_blocked', `wait ${Math.ceil(waitMs / 60_000)} min`, { waitMs })
      if (code === state.code) return undefined
      const triesLeft = state.triesLeft - 1
      save({ ...state, triesLeft, blockedAtMs: triesLeft === 0 ? clock.now() : null })
      return refusal('on_site_code_wrong', `${triesLeft} tries are left`, { triesLeft })
    },
    start() {
      isStarted = true
      look()
    },
    stop() {
      isStarted = false
      timer?.cancel()
    },
  }
}
