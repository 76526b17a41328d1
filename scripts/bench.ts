import { endWithReader, flagHelp, type FlagSpec, readFlags, UsageError } from './flags.ts'

const USAGE = 'npm run bench -- NAME [flags]'
const FLAGS = {
  json: { type: 'boolean', help: 'print one JSON object on standard output and nothing else there' },
  tier: {
    type: 'string',
    hint: 'TIER',
    help: 'weighing: only this tier (gap, spread, random, twins, dense)',
  },
  sessions: { type: 'integer', hint: 'N', least: 1, help: 'weighing: sessions per tier' },
  rounds: { type: 'integer', hint: 'N', least: 1, help: 'disputes: disputes of each kind (default 2)' },
  seed: {
    type: 'integer',
    hint: 'S',
    least: 0,
    help: 'weighing: first seed; from 900000 on only for release figures',
  },
  films: {
    type: 'integer',
    hint: 'N',
    least: 1,
    help: 'camera: films, each of another cabinet (default 40)',
  },
  cabinets: {
    type: 'integer',
    hint: 'N',
    least: 1,
    help: 'fleet: cabinets at once, 1 to 3 (default 3); ingest: cabinets that send (default 2000)',
  },
  data: {
    type: 'string',
    hint: 'FOLDER',
    help: 'api: a folder of "npm run core -- seed --orders N"; without it one is seeded and kept for the next run',
  },
  orders: {
    type: 'integer',
    hint: 'N',
    least: 0,
    help: 'api: orders of the seeded folder (default 1000000); 0 leaves it out',
  },
  part: {
    type: 'string',
    hint: 'PART',
    help: 'console: only empty, speed, pages, states or dialogs; several with commas',
  },
  address: { type: 'string', hint: 'TEXT', help: 'console: only addresses that contain this' },
  seconds: {
    type: 'integer',
    hint: 'S',
    least: 1,
    help: 'fleet: length of each of the two measurements (default 60)',
  },
} satisfies Record<string, FlagSpec>

interface BenchOptions {
  tier?: string
  sessions?: number
  seed?: number
  rounds?: number
  films?: number
  cabinets?: number
  seconds?: number
  data?: string
  orders?: number
  part?: string
  address?: string
  say: (line: string) => void
}
/** Each benchmark is loaded only when it is asked for. It returns the object that `--json` prints; people get the same figures as tables. */
const BENCHES: Record<string, { about: string; run: (options: BenchOptions) => Promise<object> }> = {
  weighing: {
    about: 'what left the shelves: accuracy, honesty and speed against baselines and an oracle',
    run: async ({ say, ...options }) =>
      (await import('#test/bench/weighing/index.ts')).runWeighingBench({ ...options, onProgress: say }),
  },
  fleet: {
    about: 'what cabinets and core take of their computers: memory, processor, events',
    run: async ({ say, cabinets, seconds }) =>
      (await import('#test/bench/fleet/index.ts')).runFleetBench({
        ...(cabinets === undefined ? {} : { cabinets }),
        ...(seconds === undefined ? {} : { seconds }),
        say,
      }),
  },
  ingest: {
    about:
      'how fast the core takes events, beside a ceiling that only keeps them; latency; drain of a backlog',
    run: async ({ say, cabinets }) =>
      (await import('#test/bench/ingest/index.ts')).runIngestBench({
        ...(cabinets === undefined ? {} : { cabinets }),
        onProgress: say,
      }),
  },
  camera: {
    about: 'how well the watch of a camera tells trouble from daily life, over rendered and perturbed films',
    run: async ({ say, films, seed }) =>
      (await import('#test/bench/camera/index.ts')).runCameraBench({
        ...(films === undefined ? {} : { films }),
        ...(seed === undefined ? {} : { seed }),
        onProgress: say,
      }),
  },
  disputes: {
    about:
      'disputes whose truth is known: which a rule settles at the tap, and how soon the money is accepted',
    run: async ({ say, rounds }) =>
      (await import('#test/bench/disputes/index.ts')).runDisputesBench({
        ...(rounds === undefined ? {} : { rounds }),
        say,
      }),
  },
  console: {
    about:
      'sizes, speed over a slow line and what axe finds: every page, state, dialog, language, theme, size and role',
    async run({ say, part, address }) {
      const { runConsoleBench, CONSOLE_PARTS } = await import('#test/bench/console/index.ts')
      const parts = part === undefined ? CONSOLE_PARTS : partsNamed(part, CONSOLE_PARTS)
      return runConsoleBench({ parts, ...(address === undefined ? {} : { address }), say })
    },
  },
  api: {
    about:
      'order page, dispute and refund beside a bare route that reads the same row; queue and search after a million orders',
    run: async ({ say, data, orders }) =>
      (await import('#test/bench/api/index.ts')).runApiBench({
        ...(data === undefined ? {} : { data }),
        ...(orders === undefined ? {} : { orders }),
        say,
      }),
  },
}

/** @throws UsageError naming the parts there are */
function partsNamed<P extends string>(text: string, parts: readonly P[]): P[] {
  return text.split(',').map((name) => {
    const found = parts.find((part) => part === name.trim())
    if (found === undefined)
      throw new UsageError(`There is no part "${name}". Name one or several of: ${parts.join(', ')}.`)
    return found
  })
}

/** Every figure of the object, one block a branch: a name and its value a line. */
function tablesOf(figures: object, heading = ''): string {
  const rows: string[] = []
  const blocks: string[] = []
  for (const [name, value] of Object.entries(figures) as Array<[string, unknown]>) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      blocks.push(tablesOf(value, heading === '' ? name : `${heading} · ${name}`))
    else
      rows.push(`  ${name.padEnd(28)} ${Array.isArray(value) ? value.map(shown).join(' … ') : shown(value)}`)
  }
  return `${rows.length === 0 ? '' : `${heading}\n${rows.join('\n')}\n\n`}${blocks.join('')}`
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value)
}

async function main(): Promise<number> {
  const { values, words, wantsHelp } = readFlags(USAGE, FLAGS, process.argv.slice(2))
  const names = Object.keys(BENCHES).join(', ')
  if (wantsHelp) {
    process.stdout.write(
      flagHelp(
        USAGE,
        Object.entries(BENCHES)
          .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
          .join('\n'),
        FLAGS,
      ),
    )
    return 0
  }
  const [name = '', ...rest] = words
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
  if (bench === undefined || rest.length > 0) throw new UsageError(`Name one benchmark: ${names}. ${USAGE}`)
  const figures = await bench.run({
    ...(typeof values.tier === 'string' ? { tier: values.tier } : {}),
    ...(typeof values.sessions === 'number' ? { sessions: values.sessions } : {}),
    ...(typeof values.rounds === 'number' ? { rounds: values.rounds } : {}),
    ...(typeof values.seed === 'number' ? { seed: values.seed } : {}),
    ...(typeof values.films === 'number' ? { films: values.films } : {}),
    ...(typeof values.cabinets === 'number' ? { cabinets: values.cabinets } : {}),
    ...(typeof values.seconds === 'number' ? { seconds: values.seconds } : {}),
    ...(typeof values.data === 'string' ? { data: values.data } : {}),
    ...(typeof values.orders === 'number' ? { orders: values.orders } : {}),
    ...(typeof values.part === 'string' ? { part: values.part } : {}),
    ...(typeof values.address === 'string' ? { address: values.address } : {}),
    say: (line) => process.stderr.write(`${line}\n`),
  })
  process.stdout.write(values.json === true ? `${JSON.stringify(figures)}\n` : tablesOf(figures))
  return 0
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
