import type { Logger } from 'pino'
import { type Clock, every, type Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { decideReadingWindowMs } from '../delivery/thinning.ts'
import type { CabinetHardware, ClimateSample } from '../hardware/ports.ts'
import { patiently } from '../patiently.ts'
import {
  decideCleared,
  decideLockout,
  evolveLockoutAfterStop,
  initialLockout,
  type LockoutPolicy,
  type LockoutState,
} from './lockout.ts'
import {
  decideBoardRefusal,
  decideThermostat,
  evolveWanted,
  initialThermostat,
  type ThermostatState,
  type ThermostatStep,
} from './thermostat.ts'
import { readingOf, startWindow, evolveWindow } from './window.ts'

export interface ClimateKeeperOptions {
  db: EdgeDatabase
  outbox: Outbox
  hardware: CabinetHardware
  clock: Clock
  log: Logger
  lockoutPolicy: () => LockoutPolicy
  isSessionOpen: () => boolean
  /** How long the core has not answered. */
  silentMs: () => number
  settings: {
    climateWindowMs: number
    setpointPauseMs: number
    excursionAfterMs: number
    probeSilentMs: number
  }
}

/** Reads the cold, keeps the setpoint that was asked for, and stops sales when the food is no longer safe. */
export interface ClimateKeeper {
  readonly isLockedOut: boolean
  /** The document last answered. */
  readonly reported: { twinEpoch?: string; version: number; setpointDeciCelsius?: number }
  onClimate(sample: ClimateSample): void
  /** Inside the transaction that stores the document. */
  onTwin(twin: Twin): void
  clearOnSite(by: string, reason: string): boolean
  start(): void
  stop(): void
}

const LOOK_EVERY_MS = 500
/** The state is saved when it changes, and this often for its clock. */
const SAVE_EVERY_MS = 30_000
const WRITE_RETRY_MS = 5000

export function createClimateKeeper(options: ClimateKeeperOptions): ClimateKeeper {
  const { db, outbox, hardware, clock, log, settings } = options
  let lockout: LockoutState = restoredLockout()
  let thermostat: ThermostatState = db.readDocument<ThermostatState>('thermostat') ?? initialThermostat
  let window = startWindow(clock.monoMs())
  let lastLookMonoMs = clock.monoMs()
  let lastSaveMonoMs = clock.monoMs()
  let lastValidMonoMs = clock.monoMs()
  let lastWriteMonoMs = Number.NEGATIVE_INFINITY
  let retryAtMonoMs = Number.NEGATIVE_INFINITY
  let isWriting = false
  let isProbeFaulty = false
  let warmSinceMonoMs: number | undefined
  let isExcursion = false
  let timer: Timer | undefined

  function restoredLockout(): LockoutState {
    const saved = db.readDocument<LockoutState>('lockout')
    if (saved === undefined) return initialLockout(clock.now())
    return evolveLockoutAfterStop(saved, clock.now(), options.lockoutPolicy())
  }

  function look(): void {
    const now = clock.monoMs()
    const sample = hardware.climate()
    if (sample.airDeciCelsius !== null) lastValidMonoMs = now
    watchProbe(now)
    // One missed reading is no probe fault; a silence is.
    const isSilent = now - lastValidMonoMs >= settings.probeSilentMs
    if (sample.airDeciCelsius !== null || isSilent) watchLockout(now, sample)
    if (sample.airDeciCelsius !== null) watchExcursion(now, sample.airDeciCelsius)
    if (now - window.startedMonoMs >= settings.climateWindowMs) reportWindow(now)
    void keepSetpoint(now, sample.setpointDeciCelsius)
    if (now - lastSaveMonoMs >= SAVE_EVERY_MS) saveLockout(now)
  }

  function watchProbe(now: number): void {
    const isFaulty = now - lastValidMonoMs >= settings.probeSilentMs
    if (isFaulty === isProbeFaulty) return
    isProbeFaulty = isFaulty
    db.transact(() =>
      outbox.append('climate.probe-fault', { phase: isFaulty ? 'began' : 'ended', probe: 'air' }),
    )
    log.warn({ isFaulty }, isFaulty ? 'no valid air temperature' : 'the air temperature is back')
  }

  function watchLockout(now: number, sample: ClimateSample): void {
    const view = {
      airDeciCelsius: sample.airDeciCelsius,
      isDoorOpen: hardware.board().isDoorOpen,
      isDefrosting: sample.isDefrosting,
    }
    const before = lockout
    const { state, latched } = decideLockout(
      lockout,
      view,
      now - lastLookMonoMs,
      clock.now(),
      options.lockoutPolicy(),
    )
    lastLookMonoMs = now
    lockout = state
    if (latched) {
      db.transact(() => {
        db.saveDocument('lockout', state)
        outbox.append('climate.lockout-latched', {
          cause: latched.cause,
          sinceMs: latched.sinceMs,
          ...(sample.airDeciCelsius === null ? {} : { airDeciCelsius: sample.airDeciCelsius }),
        })
      })
      log.error(
        { cause: latched.cause, airDeciCelsius: sample.airDeciCelsius },
        'food safety: sales are stopped until somebody clears it on site',
      )
    } else if (before.phase !== state.phase) saveLockout(now)
  }

  function saveLockout(now: number): void {
    lastSaveMonoMs = now
    db.transact(() => db.saveDocument('lockout', lockout))
  }

  function watchExcursion(now: number, air: number): void {
    const limit = options.lockoutPolicy().limitDeciCelsius
    if (air <= limit) {
      warmSinceMonoMs = undefined
      if (!isExcursion) return
      isExcursion = false
      db.transact(() =>
        outbox.append('climate.excursion', { phase: 'ended', airDeciCelsius: air, limitDeciCelsius: limit }),
      )
      return
    }
    warmSinceMonoMs ??= now
    // An open door lets warm air in; that alone is no excursion.
    if (isExcursion || options.isSessionOpen() || now - warmSinceMonoMs < settings.excursionAfterMs) return
    isExcursion = true
    db.transact(() =>
      outbox.append('climate.excursion', { phase: 'began', airDeciCelsius: air, limitDeciCelsius: limit }),
    )
  }

  function reportWindow(now: number): void {
    const windowMs = decideReadingWindowMs(settings.climateWindowMs, {
      level: outbox.pressure().level,
      silentMs: options.silentMs(),
    })
    if (now - window.startedMonoMs < windowMs) return
    const reading = readingOf(window)
    window = startWindow(now)
    if (reading) db.transact(() => outbox.append('climate.reading', reading))
  }

  async function keepSetpoint(now: number, register: number | null): Promise<void> {
    if (isWriting) return
    const mayWrite = now - lastWriteMonoMs >= settings.setpointPauseMs && now >= retryAtMonoMs
    const step = decideThermostat(thermostat, register, mayWrite)
    if (step.type === 'answer') conclude(step)
    if (step.type !== 'write') return
    isWriting = true
    const asked = thermostat.wanted
    try {
      const written = await hardware.thermostat.writeSetpoint(step.setpoint)
      lastWriteMonoMs = clock.monoMs()
      // A newer document may have come while the bus was busy; it is looked at next.
      if (thermostat.wanted !== asked) return
      if (written.status === 'refused') conclude(decideBoardRefusal(thermostat, register))
      else {
        thermostat = { ...thermostat, tries: thermostat.tries + 1 }
        if (written.readBack !== step.setpoint) lastWriteMonoMs = Number.NEGATIVE_INFINITY
        const after = decideThermostat(thermostat, written.readBack, false)
        if (after.type === 'answer') conclude(after)
      }
    } catch (error) {
      retryAtMonoMs = clock.monoMs() + WRITE_RETRY_MS
      log.warn(
        { setpointDeciCelsius: step.setpoint },
        `the setpoint could not be written: ${messageOf(error)}; it is tried again`,
      )
    } finally {
      isWriting = false
    }
  }

  function conclude(step: ThermostatStep): void {
    if (step.type !== 'answer') return
    thermostat = step.state
    db.transact(() => {
      db.saveDocument('thermostat', step.state)
      outbox.append('climate.setpoint-applied', step.answer)
    })
    log.info({ ...step.answer }, 'setpoint answered')
  }

  return {
    get isLockedOut() {
      return lockout.phase === 'latched'
    },
    get reported() {
      const { wanted, isAnswered, confirmed } = thermostat
      return {
        ...(wanted === undefined ? {} : { twinEpoch: wanted.twinEpoch }),
        version: wanted === undefined || !isAnswered ? 0 : wanted.version,
        ...(confirmed === undefined ? {} : { setpointDeciCelsius: confirmed }),
      }
    },
    onClimate(sample) {
      window = evolveWindow(window, sample, hardware.board().isDoorOpen)
    },
    onTwin(twin) {
      thermostat = evolveWanted(thermostat, twin)
      db.saveDocument('thermostat', thermostat)
    },
    clearOnSite(by, reason) {
      const cleared = decideCleared(lockout)
      if (cleared === undefined) return false
      lockout = cleared
      db.transact(() => {
        db.saveDocument('lockout', cleared)
        outbox.append('climate.lockout-cleared', { by, reason })
      })
      return true
    },
    start() {
      const now = clock.monoMs()
      lastLookMonoMs = now
      lastValidMonoMs = now
      window = startWindow(now)
      timer = every(
        clock,
        'look at the climate',
        LOOK_EVERY_MS,
        patiently(log, 'the look at the climate', look),
      )
    },
    stop() {
      timer?.cancel()
      saveLockout(clock.monoMs())
    },
  }
}
