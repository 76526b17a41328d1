import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { createTeller } from '../delivery/teller.ts'
import { decideExcursion, type ExcursionState, initialExcursion } from './excursion.ts'
import {
  type ClimateView,
  decideCleared,
  decideLockout,
  decideUnseen,
  evolveLockoutAfterStop,
  evolveLongerStop,
  initialLockout,
  type Latched,
  type LockoutPolicy,
  type LockoutState,
} from './lockout.ts'
import { decideStopLength, type Moment, trueLengthMs } from './stop-length.ts'

/** What the machine below the agent says about itself; null where it does not tell. */
export interface MachineRun {
  readonly boot: string | null
  readonly uptimeMs: number | null
}

export interface LockoutKeeperOptions {
  db: EdgeDatabase
  outbox: Outbox
  clock: Clock
  log: Logger
  policy: () => LockoutPolicy
  isSessionOpen: () => boolean
  /** True time as the core tells it; undefined while it is unknown. */
  knownNowMs: () => number | undefined
  machineRun: () => MachineRun
  excursionAfterMs: number
}

/** The lockout and the excursions of one cabinet, kept over restarts and power cuts. */
export interface LockoutKeeper {
  readonly isLockedOut: boolean
  /** The time since the last call counts with what is seen now. */
  look(view: ClimateView): void
  /** How the goods were, and by which command it was cleared. @returns false when there is nothing to clear */
  clear(by: string, reason: string, about: { goods: 'kept' | 'discarded'; commandId: string }): boolean
  start(): void
  /** Writes down what the clocks say. */
  save(): void
}

interface Saved {
  readonly state: LockoutState
  readonly excursion: ExcursionState
  readonly moment: Moment
}
/** A stop whose length may turn out to have been longer when the core tells the time. */
interface OpenStop {
  readonly before: Moment
  readonly resumedAgeMs: number
  readonly resumedMonoMs: number
  readonly countedMs: number
}

const DOCUMENT = 'lockout'
/** The state is saved when it changes, and this often for its clock. */
const SAVE_EVERY_MS = 30_000

export function createLockoutKeeper(options: LockoutKeeperOptions): LockoutKeeper {
  const { db, outbox, clock, log } = options
  const teller = createTeller(options)
  let state = initialLockout()
  let excursion = initialExcursion
  let openStop: OpenStop | undefined
  let lastLookMonoMs = clock.monoMs()
  let lastSaveMonoMs = clock.monoMs()
  restore()

  function moment(): Moment {
    const { boot, uptimeMs } = options.machineRun()
    return { wallMs: clock.now(), knownMs: options.knownNowMs() ?? null, machineBoot: boot, uptimeMs }
  }
  /** Assumed when nothing can say how long it was. */
  function longestMs(): number {
    const policy = options.policy()
    return Math.max(policy.afterMs, policy.afterDoorCloseMs, policy.afterDefrostMs)
  }

  function restore(): void {
    const saved = db.readDocument<Saved>(DOCUMENT)
    if (saved === undefined) return
    const now = moment()
    const stop = decideStopLength(saved.moment, now, longestMs())
    state = evolveLockoutAfterStop(saved.state, stop.ms)
    excursion = saved.excursion
    if (!stop.isCertain)
      openStop = {
        before: saved.moment,
        resumedAgeMs: state.ageMs,
        resumedMonoMs: clock.monoMs(),
        countedMs: stop.ms,
      }
    log.info({ stoppedMs: stop.ms, isCertain: stop.isCertain }, 'nobody looked at the cold for a while')
  }

  /** The first time that the core tells what time it is after a boot. */
  function settleStop(): void {
    if (openStop === undefined) return
    const knownMs = options.knownNowMs()
    if (knownMs === undefined) return
    const { before, resumedAgeMs, resumedMonoMs, countedMs } = openStop
    openStop = undefined
    const sinceMs = clock.monoMs() - resumedMonoMs
    const trueMs = trueLengthMs(before, knownMs - sinceMs, longestMs())
    const moreMs = trueMs - countedMs
    if (moreMs <= 0) return
    log.warn({ stoppedMs: trueMs, countedMs }, 'the clock was behind: nobody looked for longer than it said')
    state = evolveLongerStop(state, resumedAgeMs, moreMs)
    const unseen = decideUnseen(state, trueMs, options.policy())
    state = unseen.state
    if (unseen.latched) tell(unseen.latched, null)
    else saveSoon()
  }

  function tell(latched: Latched, airDeciCelsius: number | null): void {
    const { cause, sinceMs, peakDeciCelsius } = latched
    const data = {
      cause,
      sinceMs,
      ...(airDeciCelsius === null ? {} : { airDeciCelsius }),
      ...(peakDeciCelsius === null ? {} : { peakDeciCelsius }),
    }
    teller.tell([{ type: 'climate.lockout-latched', data }], save)
    log.error({ cause, airDeciCelsius }, 'food safety: sales are stopped until somebody clears it on site')
  }

  /** @param seen  the record after this look, with what the last stop hid */
  function watchExcursion(air: number, seen: LockoutState): void {
    const { state: next, event } = decideExcursion(
      excursion,
      air,
      seen,
      options.isSessionOpen(),
      options.policy(),
      options.excursionAfterMs,
    )
    excursion = next
    if (event === undefined) return
    teller.tell([{ type: 'climate.excursion', data: event }], save)
  }

  /** A full disk keeps nobody from looking after the cold: it is written once there is room. */
  function saveSoon(): void {
    lastSaveMonoMs = clock.monoMs()
    teller.tell([], save)
  }
  function save(): void {
    lastSaveMonoMs = clock.monoMs()
    const saved: Saved = { state, excursion, moment: moment() }
    db.transact(() => db.saveDocument(DOCUMENT, saved))
  }

  return {
    get isLockedOut() {
      // The answer that brings the time may be the one that a command follows.
      settleStop()
      return state.phase === 'latched'
    },
    look(view) {
      const now = clock.monoMs()
      settleStop()
      const before = state
      const decision = decideLockout(state, view, now - lastLookMonoMs, options.policy())
      lastLookMonoMs = now
      state = decision.state
      if (view.airDeciCelsius !== null)
        watchExcursion(view.airDeciCelsius, {
          ...state,
          gapMs: before.gapMs,
          lastColdMs: before.lastColdMs,
        })
      if (decision.latched) tell(decision.latched, view.airDeciCelsius)
      else if (before.phase !== state.phase || now - lastSaveMonoMs >= SAVE_EVERY_MS) saveSoon()
    },
    clear(by, reason, about) {
      const cleared = decideCleared(state)
      if (cleared === undefined) return false
      state = cleared
      db.transact(() => {
        save()
        outbox.append('climate.lockout-cleared', { by, reason, ...about })
      })
      return true
    },
    start() {
      lastLookMonoMs = clock.monoMs()
      // From here on the cabinet is looked after: a stop that comes soon has a beginning.
      saveSoon()
    },
    save,
  }
}
