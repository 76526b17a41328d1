import type { SessionKind } from '#protocol/messages/session.ts'
import {
  type GainBelief,
  isMiscalibrated,
  learnGain,
  learnUnit,
  startGainBelief,
  startUnitBelief,
  sureSinglePicks,
  type UnitBelief,
  type UnitObservation,
} from '#protocol/weighing/learning.ts'
import { defaultWeighingOptions, type SensorFault, type WeighingResult } from '#protocol/weighing/types.ts'
import type { BoundPlanogram, ListedUnit } from '../session/record.ts'
import type { KnownFaults } from './engine-faults.ts'

/** What one cabinet has learned by weighing. Plain data: one document of the edge's database. */
export interface LearnedWeights {
  readonly v: 1
  /** By product, with the catalogue's word that it started from: another word starts it anew. */
  readonly units: Readonly<Record<string, { listed: ListedUnit; belief: UnitBelief }>>
  /** By sensor: the latest sure picks, oldest first; what its gain is judged by. */
  readonly picks: Readonly<Record<string, readonly SensorPick[]>>
  /** By shelf: objects that do not belong there, oldest first. */
  readonly foreignGrams: Readonly<Record<string, readonly number[]>>
}
export type SensorPick = Pick<UnitObservation, 'sku' | 'grams' | 'sigmaGrams'>

export const nothingLearned: LearnedWeights = { v: 1, units: {}, picks: {}, foreignGrams: {} }

/** Catalogues list net weights, 1 to 2 % below gross; a mean that leaves this share of the catalogue is another product. */
const MEAN_BAND = 0.05
/** A spread beyond these multiples of the catalogue's is a lane with mixed goods, or luck. */
const SPREAD_LEAST = 0.5
const SPREAD_MOST = 3
/** Few enough that a scale which was calibrated again is believed again within some days. */
const PICKS_KEPT = 60
const FOREIGN_KEPT = 10
/** With fewer scales to compare, nobody can say whether the scale or the catalogue is wrong. */
const SCALES_TO_COMPARE = 3
const PICKS_TO_COMPARE = 20
/** A gain fault that was told stays until the scale is this near again, so that it does not come and go. */
const RESTORED_WITHIN = 0.003

/** These scales were set anew: what was seen of their gain says nothing about them any more. */
export function forgetSensors(learned: LearnedWeights, sensors: readonly string[]): LearnedWeights {
  const picks = Object.entries(learned.picks).filter(([sensor]) => !sensors.includes(sensor))
  return { ...learned, picks: Object.fromEntries(picks) }
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** Readings of another product are refused where they are learned; this holds what creeps in, reading by reading. */
function bounded(belief: UnitBelief, listed: ListedUnit): UnitBelief {
  const { unitGrams, sigmaGrams } = listed
  return {
    ...belief,
    unitGrams: within(belief.unitGrams, unitGrams * (1 - MEAN_BAND), unitGrams * (1 + MEAN_BAND)),
    sigmaGrams: within(belief.sigmaGrams, sigmaGrams * SPREAD_LEAST, sigmaGrams * SPREAD_MOST),
  }
}

function isSameListing(a: ListedUnit, b: ListedUnit | undefined): boolean {
  return b !== undefined && a.unitGrams === b.unitGrams && a.sigmaGrams === b.sigmaGrams
}

/** Only what is still listed as it was when it was learned. */
export function beliefsFor(
  learned: LearnedWeights,
  catalogue: BoundPlanogram['catalogue'],
): Map<string, UnitBelief> {
  return new Map(
    Object.entries(learned.units)
      .filter(([sku, { listed }]) => isSameListing(listed, catalogue[sku]))
      .map(([sku, { belief }]) => [sku, belief]),
  )
}

/**
 * What the cabinet knows after a session. Weights are learned from sales only: who fills shelves moves goods by the box.
 * Products, scales and shelves that the planogram no longer has are forgotten.
 */
export function decideLearned(
  before: LearnedWeights,
  bound: BoundPlanogram,
  kind: SessionKind,
  result: WeighingResult,
): LearnedWeights {
  const { catalogue } = bound
  const units = Object.fromEntries(
    Object.entries(before.units).filter(([sku, { listed }]) => isSameListing(listed, catalogue[sku])),
  )
  const picks = Object.fromEntries(
    bound.sensors.map((sensor) => [
      sensor,
      (before.picks[sensor] ?? []).filter(({ sku }) => units[sku] !== undefined),
    ]),
  )
  if (kind === 'sale') {
    for (const pick of picksOfSoundSensors(bound, result)) {
      const listed = catalogue[pick.sku]
      if (listed === undefined) continue
      const known = units[pick.sku]?.belief ?? startUnitBelief(listed.unitGrams, listed.sigmaGrams)
      const belief = bounded(learnUnit(known, pick.grams, pick.sigmaGrams), listed)
      if (belief.observations === known.observations) continue
      units[pick.sku] = { listed, belief }
      if (pick.sensor === undefined) continue
      const { sku, grams, sigmaGrams } = pick
      picks[pick.sensor] = [...(picks[pick.sensor] ?? []), { sku, grams, sigmaGrams }].slice(-PICKS_KEPT)
    }
  }
  return { v: 1, units, picks, foreignGrams: foreignAfter(bound, kind, result) }
}

/** Sure single picks, each with the one sensor that carried it where that is known; none from a sensor in doubt. */
function picksOfSoundSensors(bound: BoundPlanogram, result: WeighingResult): UnitObservation[] {
  const doubtful = new Set(result.sensorFaults.map((fault) => fault.sensor))
  const sensorsOf = new Map(bound.shelves.map((shelf) => [shelf.id, shelf.sensors]))
  return sureSinglePicks(result).flatMap((pick) => {
    const sensors = sensorsOf.get(pick.shelf) ?? []
    if (sensors.some((sensor) => doubtful.has(sensor))) return []
    const sensor = pick.sensor ?? (sensors.length === 1 ? sensors[0] : undefined)
    return [sensor === undefined ? pick : { ...pick, sensor }]
  })
}

/**
 * What lies on the shelves and does not belong there. A new object is believed when the receipt said so, and only in a
 * sale: in a restock unexplained weight is goods. One that left, in any session, is forgotten.
 */
function foreignAfter(
  bound: BoundPlanogram,
  kind: SessionKind,
  result: WeighingResult,
): Record<string, number[]> {
  const isBelieved = kind === 'sale' && result.receipt.reasons.includes('foreign_object')
  const stayed = result.foreign.filter((object) => !object.isNew || isBelieved)
  const after: Record<string, number[]> = {}
  for (const { id } of bound.shelves) {
    const grams = stayed.filter((object) => object.shelf === id).map((object) => object.grams)
    if (grams.length > 0) after[id] = grams.slice(-FOREIGN_KEPT)
  }
  return after
}

/**
 * The gain of one scale by its latest picks, against the catalogue: what was learned on this very scale has its error in it.
 * Picks of one product share the error of its catalogue weight and batch, so that many of them are little more than one.
 */
function gainOf(picks: readonly SensorPick[], units: LearnedWeights['units']): GainBelief {
  const counts = new Map<string, number>()
  for (const { sku } of picks) counts.set(sku, (counts.get(sku) ?? 0) + 1)
  let belief = startGainBelief
  for (const { sku, grams, sigmaGrams } of picks) {
    const listed = units[sku]?.listed
    if (listed === undefined) continue
    const { meanErrorGrams } = startUnitBelief(listed.unitGrams, listed.sigmaGrams)
    const shared = meanErrorGrams ** 2 + (defaultWeighingOptions.lotShare * listed.sigmaGrams) ** 2
    // The mean of n picks has the variance shared + own / n: each of them counts as one of n · shared + own.
    const variance = (counts.get(sku) ?? 1) * shared + listed.sigmaGrams ** 2 + sigmaGrams ** 2
    belief = learnGain(belief, grams, { grams: listed.unitGrams, sigmaGrams: Math.sqrt(variance) })
  }
  return belief
}

/**
 * Scales whose gain is off by more than goods can excuse. Each is held against the middle of all scales: when all goods
 * seem too heavy on all of them, the catalogue lists net weights.
 */
export function decideGainFaults(learned: LearnedWeights, known: KnownFaults): SensorFault[] {
  const gains = Object.entries(learned.picks).map(
    ([sensor, picks]) => [sensor, gainOf(picks, learned.units)] as const,
  )
  const compared = gains
    .filter(([, belief]) => belief.observations >= PICKS_TO_COMPARE)
    .map(([, belief]) => belief.gain)
    .toSorted((a, b) => a - b)
  if (compared.length < SCALES_TO_COMPARE) return []
  const middle = compared[Math.floor((compared.length - 1) / 2)] ?? 1
  return gains.flatMap(([sensor, belief]) => {
    const against = { ...belief, gain: belief.gain / middle }
    const isStill = known[sensor] === 'gain' && Math.abs(against.gain - 1) > RESTORED_WITHIN
    return isStill || isMiscalibrated(against) ? [{ sensor, kind: 'gain' as const, sinceMs: 0 }] : []
  })
}
