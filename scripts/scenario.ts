import { buildConsole } from './build-console.ts'
import { isFrozenCopy, runFrozenCopy } from './frozen-copy.ts'
import { endWithReader, flagHelp, type FlagSpec, readFlags, UsageError } from './flags.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { integerBelow } from '#protocol/base/random.ts'
import { CAMPAIGNS, PARTS_OF_CAMPAIGNS, SCENARIOS } from '#test/scenarios/index.ts'
import {
  type Outcome,
  playCampaign,
  playScenario,
  SHORT_EDGE_SETTINGS,
  SHORT_POLICY,
} from '#test/scenarios/play.ts'
import type { Campaign, Scenario, Skipped } from '#test/scenarios/scenario.ts'

const ALL: ReadonlyArray<Scenario | Campaign> = [...SCENARIOS, ...CAMPAIGNS]
const USAGE = 'npm run scenario -- NAME… | all [--json] [--rounds N] [--seed S]'
const ABOUT = `Plays named stories over the real wires (serial, MQTT, HTTP), each on a system of its own.\n\n${ALL.map(({ name, shows }) => `  ${name.padEnd(18)} ${shows}`).join('\n')}`
const FLAGS = {
  json: { type: 'boolean', help: 'print one JSON object on standard output and nothing else there' },
  rounds: {
    type: 'integer',
    hint: 'N',
    least: 1,
    help: 'rounds of a campaign (kill-rounds: 100 when named, 10 among all)',
  },
  seed: { type: 'integer', hint: 'S', least: 0, help: 'seed of a campaign; a new one each time when absent' },
} satisfies Record<string, FlagSpec>

async function main(): Promise<number> {
  const { values, words, wantsHelp } = readFlags(USAGE, FLAGS, process.argv.slice(2))
  if (wantsHelp) {
    process.stdout.write(flagHelp(USAGE, ABOUT, FLAGS))
    return 0
  }
  const isAll = words.length === 1 && words[0] === 'all'
  const wanted = isAll ? ALL : words.map(find)
  if (wanted.length === 0)
    throw new UsageError(
      `Name at least one scenario, or “all”. Known: ${ALL.map(({ name }) => name).join(', ')}.`,
    )
  if (!isFrozenCopy() && wanted.some((one) => !('run' in one)))
    return runFrozenCopy('scripts/scenario.ts', process.argv.slice(2))
  const say = (line: string) => process.stderr.write(`${line}\n`)
  await buildConsole({ say })
  say(`Shortened for all: ${JSON.stringify({ ...SHORT_POLICY, ...SHORT_EDGE_SETTINGS })}`)
  const seed = typeof values.seed === 'number' ? values.seed : integerBelow(createSystemRandom(), 1_000_000)
  const play = (one: Scenario | Campaign): Promise<Outcome> => {
    if ('run' in one) return playScenario(one)
    say(`  seed ${seed}`)
    const rounds = typeof values.rounds === 'number' ? { rounds: values.rounds } : {}
    return playCampaign(one, {
      effort: isAll ? 'all' : 'full',
      ...rounds,
      seed,
      say: (line) => say(`  ${line}`),
    })
  }
  const passed: string[] = []
  const failed: Array<{ name: string; reason: string }> = []
  const skipped: Skipped[] = []
  for (const scenario of wanted) {
    say(`▸ ${scenario.name}: ${scenario.shows}`)
    const shortened = 'run' in scenario ? { ...scenario.policy, ...scenario.edgeSettings } : {}
    if (Object.keys(shortened).length > 0) say(`  and for this one: ${JSON.stringify(shortened)}`)
    const { ok, reason, tookMs, dataDir, skipped: notPlayed = [] } = await play(scenario)
    skipped.push(...notPlayed)
    if (notPlayed.some(({ name }) => name === scenario.name)) continue
    if (ok) passed.push(scenario.name)
    else failed.push({ name: scenario.name, reason: reason ?? 'no reason was given' })
    say(
      ok
        ? `  ✓ holds (${(tookMs / 1000).toFixed(1)} s)`
        : `  ✗ ${reason}\n  (logs and databases: ${dataDir})`,
    )
  }
  if (values.json === true) process.stdout.write(`${JSON.stringify({ passed, failed, skipped })}\n`)
  say(
    `${passed.length} passed, ${failed.length} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`,
  )
  return failed.length === 0 ? 0 : 1
}

function find(name: string): Scenario | Campaign {
  const scenario = [...ALL, ...PARTS_OF_CAMPAIGNS].find((one) => one.name === name)
  if (!scenario)
    throw new UsageError(
      `There is no scenario ${JSON.stringify(name)}. Known: ${[...ALL, ...PARTS_OF_CAMPAIGNS].map((one) => one.name).join(', ')}.`,
    )
  return scenario
}

endWithReader(process.stdout)
main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    )
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
