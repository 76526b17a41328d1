import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { ProbeFault } from '#protocol/messages/climate.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { createTeller } from '../delivery/teller.ts'
import { decideReadingWindowMs } from '../delivery/thinning.ts'
import { readingOfAll } from '../hardware/door-view.ts'
import type { BoardReading, CabinetHardware, ClimateSample } from '../hardware/ports.ts'
import { patiently } from '../patiently.ts'
import type { LockoutPolicy } from './lockout.ts'
import { createLockoutKeeper, type MachineRun } from './lockout-keeper.ts'
import { createProbes, type ProbeChange, type ProbeName } from './probes.ts'
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
  /** True time as the core tells it; undefined while it is unknown. */
  knownNowMs: () => number | undefined
  machineRun: () => MachineRun
  /** A lockout began or ended. */
  onLockout: () => void
  settings: {
    climateLookMs: number
    climateWindowMs: number
    setpointPauseMs: number
    excursionAfterMs: number
    probeSilentMs: number
    probeStuckMs: number
    probeJumpDeciCelsius: number
    probesApartDeciCelsius: number
    probesApartMs: number
  }
}

/** Reads the cold, keeps the setpoint that was asked for, and stops sales when the food is no longer safe. */
export interface ClimateKeeper {
  readonly isLockedOut: boolean
  /** Of all probes that can be believed the warmest; null when none can. */
  readonly airDeciCelsius: number | null
  /** The document last answered. */
  readonly reported: { twinEpoch?: string; version: number; setpointDeciCelsius?: number }
  onClimate(sample: ClimateSample): void
  onBoard(reading: BoardReading): void
  /** Inside the transaction that stores the document. */
  onTwin(twin: Twin): void
  clearOnSite(by: string, reason: string, about: { goods: 'kept' | 'discarded'; commandId: string }): boolean
  start(): void
  stop(): void
}

/** A setpoint that is not answered yet is looked at sooner than silence, warmth and windows, which are a matter of minutes. */
const LOOK_BUSY_MS = 500
const WRITE_RETRY_MS = 5000
/** No air in or around a cabinet is so cold or so warm: the wire of the probe is open or shorted. */
const AIR_LOWEST = -450
const AIR_HIGHEST = 800
/** Noise on the wire now and then is forgiven; a probe that goes on jumping is not believed. */
const JUMPS_MOST = 4
const JUMPS_WITHIN_MS = 10 * 60_000
const TOLD_FAULTS = 'probe-faults'

export function createClimateKeeper(options: ClimateKeeperOptions): ClimateKeeper {
  const { db, outbox, hardware, clock, log, settings } = options
  const teller = createTeller(options)
  const lockout = createLockoutKeeper({
    db,
    outbox,
    clock,
    log,
    policy: options.lockoutPolicy,
    isSessionOpen: options.isSessionOpen,
    knownNowMs: options.knownNowMs,
    machineRun: options.machineRun,
    excursionAfterMs: settings.excursionAfterMs,
  })
  const told: Partial<Record<ProbeName, ProbeFault>> = db.readDocument(TOLD_FAULTS) ?? {}
  const probes = createProbes(
    {
      lowest: AIR_LOWEST,
      highest: AIR_HIGHEST,
      silentMs: settings.probeSilentMs,
      stuckMs: settings.probeStuckMs,
      jump: settings.probeJumpDeciCelsius,
      jumpsMost: JUMPS_MOST,
      jumpsWithinMs: JUMPS_WITHIN_MS,
      apart: settings.probesApartDeciCelsius,
      apartMs: settings.probesApartMs,
    },
    clock.monoMs(),
    told,
  )
  let thermostat: ThermostatState = db.readDocument<ThermostatState>('thermostat') ?? initialThermostat
  let window = startWindow(clock.monoMs())
  let lastWriteMonoMs = Number.NEGATIVE_INFINITY
  let retryAtMonoMs = Number.NEGATIVE_INFINITY
  let lastAirMonoMs = clock.monoMs()
  let isWriting = false
  let wasDoorOpen = false
  let wasLockedOut = lockout.isLockedOut
  let timer: Timer | undefined

  const lookPatiently = patiently(log, 'the look at the climate', look)
  function wake(afterMs: number): void {
    timer?.cancel()
    timer = clock.setTimer('look at the climate', afterMs, () => {
      wake(thermostat.wanted === undefined || thermostat.isAnswered ? settings.climateLookMs : LOOK_BUSY_MS)
      lookPatiently()
    })
  }
  function tellLockout(): void {
    if (lockout.isLockedOut === wasLockedOut) return
    options.onLockout()
    wasLockedOut = lockout.isLockedOut
  }
  function look(): void {
    const now = clock.monoMs()
    tellProbes(probes.look(now))
    const sample = hardware.climate()
    // A stale bus says nothing about the air; a reading of before is not a reading of now.
    const air = sample.airDeciCelsius === null && sample.secondAirDeciCelsius == null ? null : probes.air
    if (air !== null) lastAirMonoMs = now
    // One missed reading is no probe fault; a silence is.
    if (air !== null || now - lastAirMonoMs >= settings.probeSilentMs) {
      lockout.look({
        airDeciCelsius: air,
        // A door may have been open and closed again between two looks.
        isDoorOpen: wasDoorOpen || readingOfAll(hardware.board()).isDoorOpen,
        isDefrosting: sample.isDefrosting,
      })
      wasDoorOpen = false
    }
    if (now - window.startedMonoMs >= settings.climateWindowMs) reportWindow(now)
    keepSetpoint(now, sample.setpointDeciCelsius).catch((error: unknown) =>
      log.error({ err: error }, `the setpoint could not be answered: ${messageOf(error)}; it is tried again`),
    )
    tellLockout()
  }

  const saveTold = () => db.saveDocument(TOLD_FAULTS, told)
  function tellProbes(changes: readonly ProbeChange[]): void {
    if (changes.length === 0) return
    for (const { phase, probe, fault } of changes) {
      if (phase === 'began') told[probe] = fault
      else delete told[probe]
    }
    teller.tell(
      changes.map(({ phase, probe, fault }) => ({
        type: 'climate.probe-fault',
        data: { phase, probe, fault },
      })),
      saveTold,
    )
    log.warn({ changes }, 'what is wrong with the temperature probes changed')
  }

  function reportWindow(now: number): void {
    const windowMs = decideReadingWindowMs(settings.climateWindowMs, {
      level: outbox.pressure().level,
      silentMs: options.silentMs(),
    })
    if (now - window.startedMonoMs < windowMs) return
    const reading = readingOf(window)
    window = startWindow(now)
    if (reading) teller.tell([{ type: 'climate.reading', data: reading }])
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
    // Answered is what is written; a disk that is full lets it be answered at a later look.
    db.transact(() => {
      db.saveDocument('thermostat', step.state)
      outbox.append('climate.setpoint-applied', step.answer)
      db.afterCommit(() => {
        thermostat = step.state
      })
    })
    log.info({ ...step.answer }, 'setpoint answered')
  }

  return {
    get isLockedOut() {
      return lockout.isLockedOut
    },
    get airDeciCelsius() {
      return probes.air
    },
    get reported() {
      const { wanted, isAnswered, confirmed } = thermostat
      return {
        ...(wanted === undefined ? {} : { twinEpoch: wanted.twinEpoch }),
        version: wanted === undefined || !isAnswered ? 0 : wanted.version,
        ...(confirmed === undefined ? {} : { setpointDeciCelsius: confirmed }),
      }
    },
    onBoard(reading) {
      if (reading.isDoorOpen === true) wasDoorOpen = true
    },
    onClimate(sample) {
      const { isDoorOpen } = readingOfAll(hardware.board())
      tellProbes(probes.onSample(sample, isDoorOpen))
      window = evolveWindow(window, { ...sample, airDeciCelsius: probes.air }, isDoorOpen)
    },
    onTwin(twin) {
      const wanting = evolveWanted(thermostat, twin)
      db.saveDocument('thermostat', wanting)
      db.afterCommit(() => {
        thermostat = wanting
        wake(0)
      })
    },
    clearOnSite(by, reason, about) {
      const isCleared = lockout.clear(by, reason, about)
      tellLockout()
      return isCleared
    },
    start() {
      const now = clock.monoMs()
      lockout.start()
      lastAirMonoMs = now
      window = startWindow(now)
      wake(LOOK_BUSY_MS)
    },
    stop() {
      timer?.cancel()
      // What was read until now is no gap in the record.
      const reading = readingOf(window)
      db.transact(() => {
        if (reading) outbox.append('climate.reading', reading)
        lockout.save()
      })
    },
  }
}
