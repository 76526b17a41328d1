import { createWeighingSession, ENGINE_VERSION } from '#protocol/weighing/engine.ts'
import { defaultWeighingOptions, type WeighingOptions } from '#protocol/weighing/types.ts'
import { furtherTiers, tiers, type Tier } from './cabinet.ts'
import { quantile, summarise } from './metrics.ts'
import { samplesOf } from './physics.ts'
import { drawSession, judge, ordinarySettings, type Outcome, type SessionSettings } from './session.ts'

export type WeighingBenchOptions = {
  /** One tier, or several separated by commas; all five by default. */
  tier?: string
  /** Sessions per tier. */
  sessions?: number
  /** First seed. Below 10,000 the engine was tuned, 10,000 to 19,999 is for development, 900,000 and on for release. */
  seed?: number
  engine?: Partial<WeighingOptions>
  onProgress?: (words: string) => void
}

const ordinarySessions = 1000
const developmentSeed = 10_000
const speedSessions = 120
const speedRounds = 6

/**
 * The weighing benchmark: simulated cabinets, shoppers and signals with physics of their own; engine, baselines and
 * oracle on the same sessions. Deterministic but for the speed.
 */
export async function runWeighingBench(options: WeighingBenchOptions = {}): Promise<object> {
  const sessions = options.sessions ?? ordinarySessions
  const seed = options.seed ?? developmentSeed
  const chosen = parseTiers(options.tier)
  const results: Record<string, object> = {}
  const everything: Outcome[] = []
  for (const tier of chosen) {
    const outcomes: Outcome[] = []
    for (let i = 0; i < sessions; i++) {
      outcomes.push(judge(drawSession(seed + i, tier), options.engine ?? {}, nowMs, true))
      if (i % 250 === 249) {
        options.onProgress?.(`${tier}: ${i + 1} of ${sessions} sessions`)
        await Promise.resolve()
      }
    }
    results[tier] = summarise(outcomes)
    everything.push(...outcomes)
  }
  return {
    engineVersion: ENGINE_VERSION,
    seed,
    sessionsPerTier: sessions,
    simulated: true,
    tiers: results,
    speed: { ...measureSpeed(seed), ...latency(everything) },
  }
}

function parseTiers(words: string | undefined): readonly Tier[] {
  if (words === undefined || words === 'all') return tiers
  return words.split(',').map((word) => {
    const tier = [...tiers, ...furtherTiers].find((candidate) => candidate === word.trim())
    if (tier === undefined)
      throw new Error(
        `--tier takes ${[...tiers, ...furtherTiers].join(', ')} or all, not ${JSON.stringify(word)}.`,
      )
    return tier
  })
}

function latency(outcomes: readonly Outcome[]) {
  const cpu = outcomes.map((outcome) => outcome.cpuAfterCloseMs)
  const stream = outcomes.map((outcome) => outcome.streamAfterCloseMs)
  return {
    cpuMsAfterDoorCloseP50: quantile(cpu, 0.5),
    cpuMsAfterDoorCloseP99: quantile(cpu, 0.99),
    streamMsAfterDoorCloseP50: quantile(stream, 0.5),
    streamMsAfterDoorCloseP99: quantile(stream, 0.99),
  }
}

/** Readings through cleaning and steps, and whole sessions from their steps to the receipt, on one core. */
function measureSpeed(seed: number) {
  const recordings = Array.from({ length: speedSessions }, (_, i) => {
    const session = drawSession(seed + i, 'random')
    return {
      planogram: session.planogram,
      samples: [...samplesOf(session.recording)],
      sensors: session.recording.sensors.length,
    }
  })
  let readings = 0
  let pushMs = 0
  let resultMs = 0
  for (const { planogram, samples, sensors } of recordings) {
    readings += samples.length * sensors
    let quickestPushMs = Number.POSITIVE_INFINITY
    let quickestResultMs = Number.POSITIVE_INFINITY
    // The quickest of some rounds: the first ones warm the compiler, others lose the core to other programs.
    for (let round = 0; round < speedRounds; round++) {
      const session = createWeighingSession(planogram, { reportSteps: false })
      const startMs = nowMs()
      for (const sample of samples) session.push(sample)
      const pushedMs = nowMs()
      session.result()
      quickestPushMs = Math.min(quickestPushMs, pushedMs - startMs)
      quickestResultMs = Math.min(quickestResultMs, nowMs() - pushedMs)
    }
    pushMs += quickestPushMs
    resultMs += quickestResultMs
  }
  return {
    samplesPerSecond: Math.round((1000 * readings) / pushMs),
    sessionsPerSecond: Math.round((1000 * recordings.length) / resultMs),
    rssMb: Math.round(process.memoryUsage.rss() / 1e6),
  }
}

function nowMs(): number {
  return performance.now()
}

type Ablation = { name: string; engine?: Partial<WeighingOptions>; settings?: Partial<SessionSettings> }

/** What the receipt loses when one stage is left out. */
const ablations: readonly Ablation[] = [
  { name: 'whole engine' },
  { name: 'without what was learned (catalogue only)', settings: { seasoned: false } },
  { name: 'without dropping spikes', engine: { dropSpikes: false } },
  { name: 'without brief levels', engine: { seeBriefLevels: false } },
  {
    name: 'without the resting hand',
    engine: withPriors({ restingHandGood: 1e-12, restingHandPoor: 1e-12 }),
  },
  { name: 'without exchanges', engine: withPriors({ exchange: 1e-12 }) },
  {
    name: 'without goods on other shelves',
    engine: withPriors({ putBackElsewhere: 1e-9, strayTaken: 1e-9 }),
  },
  { name: 'one story only (beam of one)', engine: { beamWidth: 1 } },
  { name: 'without calibration', engine: { calibrated: false } },
  { name: 'without asymmetric cost', engine: { overchargeWeight: 0, overchargeProbability: 1 } },
]

function withPriors(priors: Partial<WeighingOptions['priors']>): Partial<WeighingOptions> {
  return { priors: { ...defaultWeighingOptions.priors, ...priors } }
}

/** The same sessions, with one stage left out at a time. */
export function runWeighingAblation(options: {
  tier: string
  sessions: number
  seed: number
}): Array<
  { name: string } & Pick<
    ReturnType<typeof summarise>,
    'exact' | 'exactInterval' | 'ece' | 'reviewAtHalfPercent' | 'reviewRate' | 'overchargedPerThousand'
  >
> {
  const [tier] = parseTiers(options.tier)
  return ablations.map(({ name, engine, settings }) => {
    const outcomes: Outcome[] = []
    for (let i = 0; i < options.sessions; i++) {
      const session = drawSession(options.seed + i, tier as Tier, { ...ordinarySettings, ...settings })
      outcomes.push(judge(session, engine ?? {}, nowMs, false))
    }
    const { exact, exactInterval, ece, reviewAtHalfPercent, reviewRate, overchargedPerThousand } =
      summarise(outcomes)
    return { name, exact, exactInterval, ece, reviewAtHalfPercent, reviewRate, overchargedPerThousand }
  })
}
