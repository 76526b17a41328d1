import { tiers } from './cabinet.ts'
import { drawSession, judge } from './session.ts'

/**
 * Fits the engine's calibration map on tuning seeds and prints it for protocol/weighing/calibration.ts.
 * Isotonic regression over bins of equal mass in log-odds; every tier counts alike.
 */
const firstSeed = 4000
const sessionsPerTier = 2500
const bins = 24

type Bin = { count: number; hits: number; sum: number }

const points: Array<{ logOdds: number; exact: boolean }> = []
for (const tier of tiers) {
  for (let i = 0; i < sessionsPerTier; i++) {
    const outcome = judge(drawSession(firstSeed + i, tier), { calibrated: false }, () => 0, false)
    // A broken scale or a foreign object is judged by its reason, not by its probability.
    if (outcome.otherReasons.length > 0) continue
    points.push({ logOdds: logit(outcome.probability), exact: outcome.exact })
  }
}
points.sort((a, b) => a.logOdds - b.logOdds)
const pooled: Bin[] = []
for (let b = 0; b < bins; b++) {
  const part = points.slice(
    Math.floor((b * points.length) / bins),
    Math.floor(((b + 1) * points.length) / bins),
  )
  let bin: Bin = {
    count: part.length,
    hits: part.filter((point) => point.exact).length,
    sum: part.reduce((sum, point) => sum + point.logOdds, 0),
  }
  // Pool adjacent violators: a likelier receipt is never called less sure.
  for (let last = pooled.at(-1); last !== undefined && rate(last) >= rate(bin); last = pooled.at(-1)) {
    bin = { count: bin.count + last.count, hits: bin.hits + last.hits, sum: bin.sum + last.sum }
    pooled.pop()
  }
  pooled.push(bin)
}
const knots = pooled.map((bin) => [round(bin.sum / bin.count), round(logit(rate(bin)))])
process.stdout.write(`${JSON.stringify([[-12, -12], ...knots, [14, 9.5]])}\n`)

/** With half a mistake and half a success added, so that a bin without mistakes is not called certain. */
function rate(bin: Bin): number {
  return (bin.hits + 0.5) / (bin.count + 1)
}

function logit(p: number): number {
  const inside = Math.min(1 - 1e-6, Math.max(1e-6, p))
  return Math.log(inside / (1 - inside))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
