import { messageOf } from '#protocol/base/errors.ts'
import type { Clock } from '#protocol/base/clock.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { ScaleCorrection, ScaleCorrections } from '../hardware/corrected-cabinet.ts'
import type { CabinetHardware } from '../hardware/ports.ts'
import { type CabinetState, type Refusal, refusal } from './decide.ts'
import type { Operations, Outcome } from './operation.ts'
import {
  decideEmpty,
  decideSpan,
  decideZero,
  evolveZero,
  rounded,
  type SteadyReading,
} from './scale-rules.ts'
import type { SteadyWeight } from './steady-weight.ts'

/** Measured empty longer ago than this, a shelf has drifted with the cold. */
const EMPTY_HOLDS_MS = 15 * 60_000

/**
 * Zero and span of the shelves. A transmitter that can take a tare takes it; its gain, and the zero of one that cannot, are
 * kept by the agent. Whoever shops or restocks must not have the ground move under the goods, so both wait for a service
 * session or none.
 */
export function createScaleOperations(options: {
  db: EdgeDatabase
  outbox: Pick<Outbox, 'append'>
  hardware: CabinetHardware
  corrections: ScaleCorrections
  steady: SteadyWeight
  clock: Clock
  sessionKind: () => string | undefined
  /** What was weighed before does not compare any more. */
  onChanged: (shelf: string) => void
}): Pick<Operations, 'scale.tare' | 'scale.calibrate-empty' | 'scale.calibrate'> {
  const { db, outbox, hardware, corrections, steady, clock } = options
  const measuredEmpty = new Map<string, { reading: SteadyReading; atMonoMs: number }>()

  const sensorsOf = (shelf: string) =>
    hardware.sensors.filter((one) => one.shelf === shelf).map((one) => one.sensor)

  function check({ shelf }: { shelf: string }, cabinet: CabinetState): Refusal | undefined {
    if (sensorsOf(shelf).length === 0)
      return refusal('precondition_failed', `there is no scale under a shelf ${shelf}`)
    if (cabinet.hasSession && options.sessionKind() !== 'service')
      return refusal('cabinet_busy', 'a session is in progress')
    return undefined
  }
  function emptyOf(shelf: string): SteadyReading | undefined {
    const known = measuredEmpty.get(shelf)
    return known !== undefined && clock.monoMs() - known.atMonoMs < EMPTY_HOLDS_MS ? known.reading : undefined
  }
  const rejected = (refused: Refusal): Outcome => ({ status: 'rejected', ...refused })
  /** Until the last transaction nothing was changed. */
  const unchanged = (): Outcome => ({ status: 'failed', reason: 'agent_restarted' })

  async function tareSensors(sensors: readonly string[]): Promise<boolean> {
    for (const sensor of sensors) {
      if ((await hardware.tares?.[sensor]?.()) === false) return false
    }
    return true
  }

  async function tare(shelf: string): Promise<Outcome> {
    const sensors = sensorsOf(shelf)
    const before = await steady.measure(shelf)
    if (!before.isSteady) return rejected(before.refusal)
    const tooHeavy = decideEmpty(before.reading)
    if (tooHeavy) return rejected(tooHeavy)
    const result = { beforeGrams: before.reading.grams, noiseGrams: before.reading.noiseGrams }
    if (sensors.some((sensor) => hardware.tares?.[sensor] === undefined)) {
      // The weight is shared among the cells of the shelf; only their sum counts.
      const share = before.reading.grams / sensors.length
      change(sensors, (correction) => evolveZero(correction, share))
      return { status: 'succeeded', result: { ...result, afterGrams: 0, keptBy: 'agent' } }
    }
    try {
      if (!(await tareSensors(sensors)))
        return { status: 'failed', reason: 'bus_exception', detail: 'the transmitter refused the tare' }
    } catch (error) {
      return { status: 'unknown', reason: 'bus_timeout', detail: messageOf(error) }
    }
    // The transmitter's zero is the right one now; a zero that was kept here would be taken off twice.
    change(sensors, (correction) => ({ ...correction, zeroGrams: 0 }))
    const after = await steady.measure(shelf)
    if (!after.isSteady)
      return { status: 'unknown', ...after.refusal, result: { ...result, ...after.refusal.result } }
    const whole = { ...result, afterGrams: after.reading.grams, keptBy: 'transmitter' }
    const off = decideZero(after.reading)
    return off ? { status: 'failed', ...off, result: whole } : { status: 'succeeded', result: whole }
  }
  function change(sensors: readonly string[], to: (before: ScaleCorrection) => ScaleCorrection): void {
    db.transact(() =>
      corrections.save(Object.fromEntries(sensors.map((sensor) => [sensor, to(corrections.of(sensor))]))),
    )
  }

  return {
    'scale.tare': {
      check: (args, _expects, cabinet) => check(args, cabinet),
      async run({ command, args: { shelf }, conclude }) {
        const outcome = await tare(shelf)
        measuredEmpty.delete(shelf)
        db.transact(() => {
          if (outcome.status === 'succeeded') {
            const gain = corrections.of(sensorsOf(shelf)[0] ?? '').gain
            outbox.append('weighing.calibrated', {
              shelf,
              kind: 'tare',
              commandId: command.id,
              zeroChangeGrams: Number(outcome.result?.['beforeGrams'] ?? 0),
              gainBefore: gain,
              gainAfter: gain,
            })
          }
          conclude(outcome)
        })
        options.onChanged(shelf)
      },
      afterCrash({ args }) {
        const grams = hardware.scales().grams
        const sensors = sensorsOf(String(args['shelf']))
        const values = sensors.map((sensor) => grams[sensor] ?? null)
        const sum = values.includes(null)
          ? null
          : values.reduce<number>((total, one) => total + (one ?? 0), 0)
        return {
          status: 'unknown',
          reason: 'unknown_after_crash',
          result: { afterGrams: sum === null ? null : rounded(sum) },
        }
      },
    },
    'scale.calibrate-empty': {
      check: (args, _expects, cabinet) => check(args, cabinet),
      async run({ args: { shelf }, conclude }) {
        const empty = await steady.measure(shelf)
        const refused = empty.isSteady ? decideEmpty(empty.reading) : empty.refusal
        if (!empty.isSteady || refused) {
          conclude(rejected(refused as Refusal))
          return
        }
        measuredEmpty.set(shelf, { reading: empty.reading, atMonoMs: clock.monoMs() })
        const { grams, noiseGrams } = empty.reading
        conclude({ status: 'succeeded', result: { emptyGrams: grams, noiseGrams, holdsMs: EMPTY_HOLDS_MS } })
      },
      afterCrash: unchanged,
    },
    'scale.calibrate': {
      check: (args, _expects, cabinet) =>
        check(args, cabinet) ??
        (emptyOf(args.shelf) === undefined
          ? refusal('calibration_not_begun', `the empty shelf ${args.shelf} has not been measured yet`)
          : undefined),
      async run({ command, args: { shelf, knownGrams }, conclude }) {
        const empty = emptyOf(shelf)
        const loaded = await steady.measure(shelf)
        if (!loaded.isSteady) return conclude(rejected(loaded.refusal))
        const sensors = sensorsOf(shelf)
        const gainBefore = corrections.of(sensors[0] ?? '').gain
        if (empty === undefined)
          return conclude(rejected(refusal('calibration_not_begun', 'it was measured empty too long ago')))
        const span = decideSpan(empty, loaded.reading, knownGrams, gainBefore)
        if (!span.ok) return conclude(rejected(span.refusal))
        const changes = Object.fromEntries(
          sensors.map((sensor) => {
            const zeroed = evolveZero(corrections.of(sensor), empty.grams / sensors.length)
            return [sensor, { ...zeroed, gain: zeroed.gain * span.factor }]
          }),
        )
        const gainAfter = gainBefore * span.factor
        const readGrams = rounded(loaded.reading.grams - empty.grams)
        measuredEmpty.delete(shelf)
        db.transact(() => {
          corrections.save(changes)
          outbox.append('weighing.calibrated', {
            shelf,
            kind: 'span',
            commandId: command.id,
            zeroChangeGrams: empty.grams,
            gainBefore,
            gainAfter,
          })
          conclude({
            status: 'succeeded',
            result: {
              knownGrams,
              readGrams,
              errorGrams: rounded(readGrams - knownGrams),
              zeroChangeGrams: empty.grams,
              gainBefore,
              gainAfter,
              noiseGrams: loaded.reading.noiseGrams,
            },
          })
        })
        options.onChanged(shelf)
      },
      afterCrash: unchanged,
    },
  }
}
