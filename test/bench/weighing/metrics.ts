import type { Outcome } from './session.ts'

export type Interval = [low: number, high: number]

/** Wilson's 95 % interval of a share. */
export function wilson(hits: number, count: number): Interval {
  if (count === 0) return [0, 1]
  const z = 1.96
  const p = hits / count
  const denominator = 1 + (z * z) / count
  const centre = p + (z * z) / (2 * count)
  const half = z * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count))
  return [round((centre - half) / denominator), round((centre + half) / denominator)]
}

/** A bootstrap's 95 % interval, for figures that are not shares. Deterministic. */
export function bootstrap(
  outcomes: readonly Outcome[],
  of: (sample: readonly Outcome[]) => number,
): Interval {
  let state = 0x2f6e2b1
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const values: number[] = []
  for (let round = 0; round < 200; round++) {
    const sample = outcomes.map(() => outcomes[Math.floor(next() * outcomes.length)] as Outcome)
    values.push(of(sample))
  }
  values.sort((a, b) => a - b)
  return [round(values[4] as number), round(values[195] as number)]
}

/**
 * The smallest share of sessions that a person must look at, so that at most `error` of the rest is wrong.
 * A session with a reason other than low probability is looked at first.
 */
export function reviewRateAt(outcomes: readonly Outcome[], error: number): number {
  return reviewRateOf(
    outcomes.map((outcome) => ({
      exact: outcome.exact,
      score: outcome.otherReasons.length > 0 ? -1 : outcome.probability,
    })),
    error,
  )
}

/** What the oracle would have to leave to a person: no engine can do better on average. */
export function oracleReviewRateAt(outcomes: readonly Outcome[], error: number): number {
  return reviewRateOf(
    outcomes.map((outcome) => ({ exact: outcome.oracleExact, score: outcome.oracleProbability })),
    error,
  )
}

function reviewRateOf(sessions: Array<{ exact: boolean; score: number }>, error: number): number {
  const ranked = sessions.sort((a, b) => b.score - a.score)
  let wrong = 0
  let best = 0
  ranked.forEach((session, index) => {
    if (!session.exact) wrong++
    const next = ranked[index + 1]
    // Equal scores cannot be parted.
    if (next !== undefined && next.score === session.score) return
    if (session.score >= 0 && wrong <= error * (index + 1)) best = index + 1
  })
  return round(1 - best / Math.max(1, sessions.length))
}

export type ReliabilityBin = { count: number; meanProbability: number; exactShare: number }

/** Bins of equal mass, from the least to the most certain receipts. */
export function reliability(outcomes: readonly Outcome[], bins: number): ReliabilityBin[] {
  const sorted = outcomes.slice().sort((a, b) => a.probability - b.probability)
  const result: ReliabilityBin[] = []
  for (let b = 0; b < bins; b++) {
    const part = sorted.slice(
      Math.floor((b * sorted.length) / bins),
      Math.floor(((b + 1) * sorted.length) / bins),
    )
    if (part.length === 0) continue
    result.push({
      count: part.length,
      meanProbability: round(mean(part.map((outcome) => outcome.probability))),
      exactShare: round(mean(part.map((outcome) => (outcome.exact ? 1 : 0)))),
    })
  }
  return result
}

/** Fifteen bins of equal mass: the mean probability told, and the share that was exactly right. */
function reliabilityCurve(outcomes: readonly Outcome[]): { told: number[]; exact: number[] } {
  const bins = reliability(outcomes, 15)
  return { told: bins.map((bin) => bin.meanProbability), exact: bins.map((bin) => bin.exactShare) }
}

export function expectedCalibrationError(outcomes: readonly Outcome[]): number {
  const bins = reliability(outcomes, 15)
  return round(
    bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanProbability - bin.exactShare), 0) /
      Math.max(1, outcomes.length),
  )
}

export function summarise(outcomes: readonly Outcome[]) {
  const count = outcomes.length
  const exact = total(outcomes, (outcome) => (outcome.exact ? 1 : 0))
  const oracle = total(outcomes, (outcome) => (outcome.oracleExact ? 1 : 0))
  const clear = outcomes.filter((outcome) => outcome.clear)
  const overcharged = total(clear, (outcome) => (outcome.chargedFen > outcome.trueFen ? 1 : 0))
  const share = (part: (outcome: Outcome) => number, whole: (outcome: Outcome) => number): number =>
    ratio(total(outcomes, part), total(outcomes, whole))
  const precision = share(
    (o) => o.truePositives,
    (o) => o.chargedUnits,
  )
  const recall = share(
    (o) => o.truePositives,
    (o) => o.trueUnits,
  )
  const undercharged = (part: readonly Outcome[]): number =>
    ratio(
      total(part, (o) => (o.clear ? Math.max(0, o.trueFen - o.chargedFen) : 0)),
      total(part, (o) => (o.clear ? o.trueFen : 0)),
    )
  const names = Object.keys(outcomes[0]?.baselines ?? {})
  return {
    sessions: count,
    exact: ratio(exact, count),
    exactInterval: wilson(exact, count),
    linePrecision: precision,
    lineRecall: recall,
    lineF1: round((2 * precision * recall) / Math.max(1e-12, precision + recall)),
    singleStep: share(
      (o) => o.singlesRight,
      (o) => o.singles,
    ),
    singleStepInterval: wilson(
      total(outcomes, (o) => o.singlesRight),
      total(outcomes, (o) => o.singles),
    ),
    regretPoints: round((100 * (oracle - exact)) / Math.max(1, count)),
    regretPointsInterval: bootstrap(
      outcomes,
      (sample) =>
        (100 * total(sample, (o) => (o.oracleExact ? 1 : 0) - (o.exact ? 1 : 0))) /
        Math.max(1, sample.length),
    ),
    oracleExact: ratio(oracle, count),
    oracleExactInterval: wilson(oracle, count),
    reviewAtOnePercent: reviewRateAt(outcomes, 0.01),
    reviewAtHalfPercent: reviewRateAt(outcomes, 0.005),
    reviewAtHalfPercentInterval: bootstrap(outcomes, (sample) => reviewRateAt(sample, 0.005)),
    reviewAtTenthPercent: reviewRateAt(outcomes, 0.001),
    oracleReviewAtHalfPercent: oracleReviewRateAt(outcomes, 0.005),
    reviewRate: ratio(count - clear.length, count),
    reviewRateInterval: wilson(count - clear.length, count),
    ece: expectedCalibrationError(outcomes),
    eceInterval: bootstrap(outcomes, expectedCalibrationError),
    brier: round(mean(outcomes.map((o) => (o.probability - (o.exact ? 1 : 0)) ** 2))),
    clearErrorShare: ratio(clear.filter((o) => !o.exact).length, clear.length),
    overchargedPerThousand: round((1000 * overcharged) / Math.max(1, clear.length)),
    overchargedPerThousandInterval: wilson(overcharged, clear.length).map((x) => round(1000 * x)) as Interval,
    underchargedShare: undercharged(outcomes),
    underchargedShareInterval: bootstrap(outcomes, undercharged),
    stepPrecision: share(
      (o) => o.stepsFound,
      (o) => o.stepsSeen,
    ),
    stepRecall: share(
      (o) => o.stepsFound,
      (o) => o.stepsTrue,
    ),
    crossShelfRecall: share(
      (o) => o.crossShelfFound,
      (o) => o.crossShelf,
    ),
    crossShelfRecallInterval: wilson(
      total(outcomes, (o) => o.crossShelfFound),
      total(outcomes, (o) => o.crossShelf),
    ),
    foreignObjectRecall: share(
      (o) => o.foreignFound,
      (o) => o.foreign,
    ),
    foreignObjectRecallInterval: wilson(
      total(outcomes, (o) => o.foreignFound),
      total(outcomes, (o) => o.foreign),
    ),
    reliability: reliabilityCurve(outcomes),
    baselines: Object.fromEntries(
      names.map((name) => {
        const hits = outcomes.filter((outcome) => outcome.baselines[name] === true).length
        return [name, { exact: ratio(hits, count), exactInterval: wilson(hits, count) }]
      }),
    ),
  }
}

export type TierSummary = ReturnType<typeof summarise>

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.slice().sort((a, b) => a - b)
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0)
}

function total(outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number {
  let sum = 0
  for (const outcome of outcomes) sum += of(outcome)
  return sum
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : round(part / whole)
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
