import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runWeighingAblation, runWeighingBench } from './index.ts'
import type { TierSummary } from './metrics.ts'
import { exactPicture, reliabilityPicture } from './picture.ts'

/**
 * Writes the figures and pictures of docs/explain/weighing.md: the text there is by hand, all between the marks
 * is what the benchmark printed.
 */
export type BenchFigures = {
  engineVersion: string
  seed: number
  sessionsPerTier: number
  tiers: Record<string, TierSummary>
  speed: Record<string, number>
}

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '10000' },
    ablation: { type: 'string', default: '2000' },
    /** Only the table of speeds, on development seeds: it wants a machine that does nothing else. */
    speed: { type: 'boolean', default: false },
  },
})
const sessions = Number(values.sessions)
const seed = Number(values.seed)
const folder = path.resolve(import.meta.dirname, '../../../docs/explain')
const document = path.join(folder, 'weighing.md')
const say = (words: string): void => {
  process.stderr.write(`${words}\n`)
}

const marks = {
  figures: ['<!-- figures: begin (test/bench/weighing/report.ts) -->', '<!-- figures: end -->'],
  speed: ['<!-- speed: begin (test/bench/weighing/report.ts) -->', '<!-- speed: end -->'],
} as const

if (values.speed) write('speed', await speedText())
else write('figures', await figuresText())

function write(place: keyof typeof marks, lines: string): void {
  const [begin, end] = marks[place]
  const text = readFileSync(document, 'utf8')
  const from = text.indexOf(begin)
  const until = text.indexOf(end)
  if (from < 0 || until < from) throw new Error(`${document} has lost its marks: ${begin} … ${end}`)
  writeFileSync(document, `${text.slice(0, from + begin.length)}\n\n${lines}\n${text.slice(until)}`)
}

async function speedText(): Promise<string> {
  const { speed } = (await runWeighingBench({ tier: 'spread', sessions: 1000 })) as BenchFigures
  return [
    'One core, 1,000 development sessions: `node scripts/launch.mjs test/bench/weighing/report.ts --speed`.',
    '',
    '| speed | |',
    '|---|---|',
    ...Object.entries(speed).map(([name, value]) => `| ${words(name)} | ${value.toLocaleString('en')} |`),
    '',
  ].join('\n')
}

async function figuresText(): Promise<string> {
  const figures = (await runWeighingBench({ sessions, seed, onProgress: say })) as BenchFigures
  say('handfuls …')
  const apart = (await runWeighingBench({ tier: 'handfuls', sessions, seed })) as BenchFigures
  say('ablation …')
  const ablation = runWeighingAblation({ tier: 'spread', sessions: Number(values.ablation), seed: 10_000 })
  writeFileSync(path.join(folder, 'weighing-exact.svg'), exactPicture(figures))
  writeFileSync(path.join(folder, 'weighing-reliability.svg'), reliabilityPicture(figures))
  const names = Object.keys(figures.tiers)
  const row = (label: string, of: (tier: TierSummary) => string): string =>
    `| ${label} | ${names.map((name) => of(figures.tiers[name] as TierSummary)).join(' | ')} |`
  const baselineNames = Object.keys((figures.tiers[names[0] as string] as TierSummary).baselines)
  const lines = [
    `Engine \`${figures.engineVersion}\`, simulated, ${figures.sessionsPerTier} sessions a tier from seed ${figures.seed}:`,
    `\`npm run bench -- weighing --sessions ${sessions} --seed ${seed}\`. In brackets the 95 % interval.`,
    '',
    '![Sessions exactly right, by tier](weighing-exact.svg)',
    '',
    '![Probability told against share exactly right](weighing-reliability.svg)',
    '',
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    row('sessions exactly right', (t) => `**${percent(t.exact)}** ${interval(t.exactInterval)}`),
    row(
      'oracle (true events and parameters)',
      (t) => `${percent(t.oracleExact)} ${interval(t.oracleExactInterval)}`,
    ),
    row(
      'regret to the oracle, points',
      (t) => `${t.regretPoints.toFixed(1)} ${plain(t.regretPointsInterval)}`,
    ),
    ...baselineNames.map((name) =>
      row(`baseline ${words(name)}`, (t) => percent((t.baselines[name] as { exact: number }).exact)),
    ),
    row('lines: F1', (t) => t.lineF1.toFixed(3)),
    row('single steps identified', (t) => `${percent(t.singleStep)} ${interval(t.singleStepInterval)}`),
    row('steps: precision, recall', (t) => `${percent(t.stepPrecision)}, ${percent(t.stepRecall)}`),
    row(
      'put back elsewhere, recall',
      (t) => `${percent(t.crossShelfRecall)} ${interval(t.crossShelfRecallInterval)}`,
    ),
    row(
      'foreign object, recall',
      (t) => `${percent(t.foreignObjectRecall)} ${interval(t.foreignObjectRecallInterval)}`,
    ),
    row(
      'review for ≤ 0.5 % error',
      (t) => `${percent(t.reviewAtHalfPercent)} ${interval(t.reviewAtHalfPercentInterval)}`,
    ),
    row('the same for the oracle', (t) => percent(t.oracleReviewAtHalfPercent)),
    row(
      'review for ≤ 1 %, ≤ 0.1 %',
      (t) => `${percent(t.reviewAtOnePercent)}, ${percent(t.reviewAtTenthPercent)}`,
    ),
    row(
      'review at the shipped threshold',
      (t) => `${percent(t.reviewRate)} ${interval(t.reviewRateInterval)}`,
    ),
    row(
      'overcharged per 1,000 settled',
      (t) => `${t.overchargedPerThousand.toFixed(2)} ${plain(t.overchargedPerThousandInterval)}`,
    ),
    row(
      'undercharged money',
      (t) => `${percent(t.underchargedShare, 2)} ${interval(t.underchargedShareInterval, 2)}`,
    ),
    row('calibration error (ECE)', (t) => `${t.ece.toFixed(4)} ${plain(t.eceInterval, 4)}`),
    row('Brier score', (t) => t.brier.toFixed(4)),
    '',
    ...handfulsTable(apart.tiers.handfuls as TierSummary),
    `What each stage brings: tier \`spread\`, ${values.ablation} sessions from development seed 10000, the same sessions in each row.`,
    '',
    '| | exact | ECE | review for ≤ 0.5 % error | review, shipped | overcharged per 1,000 settled |',
    '|---|---|---|---|---|---|',
    ...ablation.map(
      (stage) =>
        `| ${stage.name} | ${percent(stage.exact)} ${interval(stage.exactInterval)} | ${stage.ece.toFixed(4)} | ${percent(stage.reviewAtHalfPercent)} | ${percent(stage.reviewRate)} | ${stage.overchargedPerThousand.toFixed(2)} |`,
    ),
    '',
  ]
  return lines.join('\n')
}

function handfulsTable(tier: TierSummary): string[] {
  return [
    `Where every handful of one or two units of a shelf is 15 g from every other: \`npm run bench -- weighing --tier handfuls --sessions ${sessions} --seed ${seed}\`.`,
    '',
    '| | handfuls |',
    '|---|---|',
    `| sessions exactly right, and the oracle | **${percent(tier.exact)}** ${interval(tier.exactInterval)}, ${percent(tier.oracleExact)} |`,
    `| review for ≤ 0.5 % error | ${percent(tier.reviewAtHalfPercent)} ${interval(tier.reviewAtHalfPercentInterval)} |`,
    `| overcharged per 1,000 settled, undercharged money | ${tier.overchargedPerThousand.toFixed(2)} ${plain(tier.overchargedPerThousandInterval)}, ${percent(tier.underchargedShare, 2)} |`,
    '',
  ]
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`
}

function interval([low, high]: readonly number[], digits = 1): string {
  return `(${(100 * (low as number)).toFixed(digits)}–${(100 * (high as number)).toFixed(digits)})`
}

function plain([low, high]: readonly number[], digits = 1): string {
  return `(${(low as number).toFixed(digits)} to ${(high as number).toFixed(digits)})`
}

function words(name: string): string {
  return name.replace(/([A-Z])/g, ' $1').toLowerCase()
}
