import { createWeighingSession } from '#protocol/weighing/engine.ts'
import { learnUnit, startUnitBelief, withLearnedUnits } from '#protocol/weighing/learning.ts'
import type { WeighingPlanogram, WeighingOptions, WeighingResult } from '#protocol/weighing/types.ts'
import { baselines } from './baselines.ts'
import { drawCabinet, type Tier, type TrueCabinet, type TrueProduct } from './cabinet.ts'
import { oracleReceipt } from './oracle.ts'
import { record, samplesOf, type Recording } from './physics.ts'
import { SeededRandom } from './random.ts'
import { goShopping, type ShoppingTrip } from './shopper.ts'

export type BenchSession = {
  seed: number
  cabinet: TrueCabinet
  trip: ShoppingTrip
  recording: Recording
  /** What the engine is given: the catalogue, refined by what the cabinet weighed before. */
  planogram: WeighingPlanogram
}

export type SessionSettings = {
  settleSigmaGrams: number
  adversarial: boolean
  /** Whether the cabinet has learned from earlier picks, or is new and has only the catalogue. */
  seasoned: boolean
}

export const ordinarySettings: SessionSettings = { settleSigmaGrams: 2, adversarial: false, seasoned: true }

/** One cabinet, one customer, one recording: all from the seed. */
export function drawSession(
  seed: number,
  tier: Tier,
  settings: SessionSettings = ordinarySettings,
): BenchSession {
  const cabinet = drawCabinet(new SeededRandom(seed, 1), tier, settings.settleSigmaGrams)
  const trip = goShopping(new SeededRandom(seed, 2), cabinet, settings.adversarial)
  const recording = record(new SeededRandom(seed, 3), cabinet, trip)
  const products = settings.seasoned ? learnedPlanogram(cabinet) : cabinet.planogram
  const planogram: WeighingPlanogram = {
    shelves: products.shelves.map((shelf, index) => ({
      ...shelf,
      foreignGrams: trip.foreignBefore.flatMap((object) =>
        object.shelf === index && object.noticedGrams !== null ? [object.noticedGrams] : [],
      ),
    })),
  }
  return { seed, cabinet, trip, recording, planogram }
}

function learnedPlanogram(cabinet: TrueCabinet): WeighingPlanogram {
  const listed = new Map(
    cabinet.planogram.shelves.flatMap(({ products }) => products.map((product) => [product.sku, product])),
  )
  const beliefs = new Map(
    cabinet.products.map(({ sku }, index) => {
      const product = listed.get(sku) as WeighingPlanogram['shelves'][number]['products'][number]
      let belief = startUnitBelief(product.unitGrams, product.sigmaGrams)
      for (const grams of cabinet.earlierPicks[index] as number[]) {
        belief = learnUnit(belief, grams, cabinet.believedSettleSigmaGrams)
      }
      return [sku, belief] as const
    }),
  )
  return withLearnedUnits(cabinet.planogram, beliefs)
}

/** What one session came to, judged against the truth. */
export type Outcome = {
  exact: boolean
  probability: number
  clear: boolean
  /** Reasons other than a low probability. */
  otherReasons: string[]
  truePositives: number
  chargedUnits: number
  trueUnits: number
  chargedFen: number
  trueFen: number
  singles: number
  singlesRight: number
  stepsTrue: number
  stepsFound: number
  stepsSeen: number
  crossShelf: number
  crossShelfFound: number
  foreign: number
  foreignFound: number
  oracleExact: boolean
  oracleProbability: number
  baselines: Record<string, boolean>
  samples: number
  cpuAfterCloseMs: number
  streamAfterCloseMs: number
  totalMs: number
}

/** The engine as the edge runs it: sample by sample, asked for the receipt when it says that it has settled. */
export function runEngine(
  session: BenchSession,
  options: Partial<WeighingOptions>,
  nowMs: () => number,
): { result: WeighingResult; settledMs: number; cpuAfterCloseMs: number } {
  const { recording, cabinet } = session
  const engine = createWeighingSession(session.planogram, {
    repeatabilityGrams: cabinet.believedSettleSigmaGrams,
    ...options,
  })
  let settledMs = recording.tMs.at(-1) as number
  let fromMs = 0
  let isClosed = false
  for (const sample of samplesOf(recording)) {
    if (!isClosed && sample.tMs >= recording.closeMs) {
      isClosed = true
      fromMs = nowMs()
    }
    engine.push(sample)
    if (isClosed && engine.isSettled()) {
      settledMs = sample.tMs
      break
    }
  }
  const result = engine.result()
  return { result, settledMs, cpuAfterCloseMs: nowMs() - fromMs }
}

export function judge(
  session: BenchSession,
  options: Partial<WeighingOptions>,
  nowMs: () => number,
  withRivals: boolean,
): Outcome {
  const { cabinet, trip, recording } = session
  const startMs = nowMs()
  const { result, settledMs, cpuAfterCloseMs } = runEngine(session, options, nowMs)
  const totalMs = nowMs() - startMs
  const truth = new Map<string, number>()
  let trueFen = 0
  let trueUnits = 0
  const priceOf = new Map(cabinet.products.map((product) => [product.sku, product.priceFen]))
  trip.taken.forEach((units, index) => {
    if (units === 0) return
    const product = cabinet.products[index] as TrueProduct
    truth.set(product.sku, units)
    trueFen += units * product.priceFen
    trueUnits += units
  })
  const charged = new Map(result.receipt.lines.map((line) => [line.sku, line.quantity]))
  let chargedFen = 0
  let chargedUnits = 0
  let truePositives = 0
  for (const [sku, quantity] of charged) {
    const units = Math.max(0, quantity)
    chargedFen += units * (priceOf.get(sku) as number)
    chargedUnits += units
    truePositives += Math.min(units, truth.get(sku) ?? 0)
  }
  const oracle = withRivals
    ? oracleReceipt(cabinet, trip, (shelf) => recording.gains[shelf] as number)
    : { taken: trip.taken, probability: 1 }
  const foreign = trip.foreignLeft || trip.foreignLost
  const { reasons } = result.receipt
  return {
    exact: sameReceipt(charged, truth),
    probability: result.receipt.probability,
    clear: result.receipt.verdict === 'clear',
    otherReasons: reasons.filter((reason) => reason !== 'ambiguous'),
    truePositives,
    chargedUnits,
    trueUnits,
    chargedFen,
    trueFen,
    ...judgeSteps(session, result),
    foreign: foreign ? 1 : 0,
    foreignFound:
      foreign && (reasons.includes('foreign_object') || reasons.includes('unexplained_loss')) ? 1 : 0,
    oracleExact: oracle.taken.every((units, index) => units === trip.taken[index]),
    oracleProbability: oracle.probability,
    baselines: withRivals
      ? Object.fromEntries(
          Object.entries(baselines).map(([name, baseline]) => [
            name,
            sameReceipt(baseline(session.planogram, recording, cabinet.believedSettleSigmaGrams), truth),
          ]),
        )
      : {},
    samples: recording.tMs.length * recording.sensors.length,
    cpuAfterCloseMs,
    streamAfterCloseMs: settledMs - recording.closeMs,
    totalMs,
  }
}

function sameReceipt(charged: ReadonlyMap<string, number>, truth: ReadonlyMap<string, number>): boolean {
  if (charged.size !== truth.size) return false
  for (const [sku, units] of truth) if (charged.get(sku) !== units) return false
  return true
}

/**
 * An event counts as found when one step, or the sum of the steps within its time, has its weight.
 * A step that belongs to no event is a false one; what the engine itself calls a resting hand is not counted.
 */
function judgeSteps(session: BenchSession, result: WeighingResult) {
  const { cabinet, trip } = session
  const seen = result.steps.filter((step) => step.changes.length > 0 || isUnsold(step.explanation))
  const used = new Set<(typeof seen)[number]>()
  let found = 0
  let singles = 0
  let singlesRight = 0
  let crossShelf = 0
  let crossShelfFound = 0
  for (const event of trip.events) {
    const shelf = `s${event.shelf + 1}`
    const tolerance = Math.max(8, 0.02 * Math.abs(event.grams)) + 3 * cabinet.settleSigmaGrams
    const near = seen.filter(
      (step) =>
        !used.has(step) &&
        step.shelf === shelf &&
        step.startMs <= event.endMs + 600 &&
        step.endMs >= event.startMs - 600,
    )
    const matches = (steps: typeof near): boolean =>
      steps.length > 0 && Math.abs(steps.reduce((sum, step) => sum + step.grams, 0) - event.grams) < tolerance
    const single = near.find((step) => matches([step]))
    const pair = near.slice(1).map((step, i) => [near[i] as (typeof near)[number], step])
    const group = single !== undefined ? [single] : (pair.find(matches) ?? [])
    const net = event.net.map(
      ([product, units]) => [(cabinet.products[product] as TrueProduct).sku, units] as const,
    )
    const changes = group.flatMap((step) => step.changes)
    const right =
      group.length > 0 &&
      net.every(
        ([sku, units]) =>
          changes.reduce((sum, change) => (change.sku === sku ? sum + change.quantity : sum), 0) === units,
      )
    if (group.length > 0) {
      for (const step of group) used.add(step)
      found++
      if (event.kind === 'take' && net.length === 1 && net[0]?.[1] === -1) {
        singles++
        if (right) singlesRight++
      }
    }
    if (event.kind === 'put_back_elsewhere') {
      crossShelf++
      if (right) crossShelfFound++
    }
  }
  return {
    singles,
    singlesRight,
    stepsTrue: trip.events.length,
    stepsFound: found,
    stepsSeen: found + seen.filter((step) => !used.has(step)).length,
    crossShelf,
    crossShelfFound,
  }
}

function isUnsold(explanation: string): boolean {
  return /not sold here|no product explains|did not belong/.test(explanation)
}
