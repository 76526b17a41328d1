import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')

/**
 * Who may import whom, by the longest folder that matches. `types` lists folders of which only types may be imported.
 * The picture is in docs/explain/architecture.md.
 */
const CORE_ORDER = [
  ['platform'],
  [
    'catalog',
    'cabinets',
    'consumers',
    'staff',
    'audit',
    'notices',
    'privacy',
    'ingest',
    'live',
    'ledger',
    'knowledge',
    'policies',
    'improvement',
  ],
  ['pricing', 'restock'],
  ['sessions'],
  ['orders'],
  ['callers'],
  ['payments'],
  ['refunds'],
  ['bills', 'complaints'],
  ['anomalies', 'arrears', 'restrictions', 'compensation', 'refund-cases'],
  ['support'],
  ['follow-up'],
  ['rechecks', 'emergencies', 'team'],
  ['reports', 'pages'],
  // They look at everything and nothing looks at them.
  ['integrity'],
  ['backup'],
]
/** These stand beside platform: anybody in the core may use them. */
const CORE_BESIDE = [
  'core/platform',
  'core/audit',
  'core/notices',
  'core/privacy',
  'core/live',
  'core/ingest',
  'core/authority',
  // Its rules are pure, and hold for a broker that is not ours as well.
  'core/broker',
]

interface Rule {
  values: string[]
  types?: string[]
}
const RULES: Record<string, Rule> = {
  'protocol/base': { values: ['protocol/base'] },
  'protocol/messages': { values: ['protocol/base', 'protocol/messages'] },
  'protocol/wire': { values: ['protocol/base', 'protocol/wire'] },
  'protocol/words': { values: ['protocol/base', 'protocol/words'], types: ['protocol/api'] },
  'protocol/api': { values: ['protocol/base', 'protocol/api'] },
  'protocol/weighing': { values: ['protocol/base', 'protocol/weighing'] },
  protocol: { values: ['protocol'] },
  edge: { values: ['protocol', 'edge'] },
  'simulator/cabinet': { values: ['protocol/base', 'protocol/wire', 'simulator/cabinet'] },
  simulator: {
    values: ['protocol/base', 'protocol/wire', 'protocol/words', 'protocol/messages', 'simulator'],
  },
  'core/broker': { values: ['protocol', 'core/broker'] },
  'core/authority': { values: ['protocol', 'core/authority'] },
  // It writes what every domain would have left, so it knows their rows and rules; nothing but the entry knows it.
  'core/seed': { values: ['protocol', 'core'] },
  console: { values: ['protocol/base', 'protocol/words', 'console'], types: ['protocol'] },
  scripts: { values: ['protocol', 'scripts', 'test', 'core', 'edge', 'simulator', 'console'] },
  test: { values: ['protocol', 'edge', 'core', 'simulator', 'console', 'scripts', 'test'] },
}
for (const [rank, folders] of CORE_ORDER.entries()) {
  const below = CORE_ORDER.slice(0, rank + 1)
    .flat()
    .map((folder) => `core/${folder}`)
  for (const folder of folders)
    RULES[`core/${folder}`] = { values: ['protocol', ...below, ...CORE_BESIDE], types: ['core'] }
}
/** The composition root, the entry and the one file where effects run against the arrows. */
const CORE_TOP = ['core/app.ts', 'core/main.ts', 'core/config.ts', 'core/reactions.ts']

function ruleOf(file: string): Rule | undefined {
  if (CORE_TOP.includes(file) || /^core\/[^/]+\.ts$/.test(file)) return { values: ['protocol', 'core'] }
  const parts = file.split('/')
  for (let length = parts.length - 1; length > 0; length--) {
    const rule = RULES[parts.slice(0, length).join('/')]
    if (rule) return rule
  }
  return undefined
}

function listFiles(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`
    if (entry.isDirectory())
      return entry.name === 'dist' || entry.name === 'node_modules' ? [] : listFiles(name)
    return /\.(ts|mts)$/.test(entry.name) ? [name] : []
  })
}

interface Arrow {
  from: string
  line: number
  to: string
  isType: boolean
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm

function arrowsOf(file: string): Arrow[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const arrows: Arrow[] = []
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[2] ?? match[3] ?? ''
    const to = specifier.startsWith('#')
      ? specifier.slice(1)
      : specifier.startsWith('.')
        ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
        : undefined
    if (to === undefined) continue
    const line = text.slice(0, match.index).split('\n').length + (match[0].startsWith('\n') ? 1 : 0)
    arrows.push({ from: file, line, to, isType: match[1] !== undefined })
  }
  return arrows
}

function isInside(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => file === folder || file.startsWith(`${folder}/`))
}

/** What is left when files that import nothing, and files that nobody imports, are taken away again and again. */
function arrowsInCircles(arrows: readonly Arrow[]): readonly Arrow[] {
  const importers = new Set(arrows.map(({ from }) => from))
  const imported = new Set(arrows.map(({ to }) => to))
  const left = arrows.filter(({ from, to }) => imported.has(from) && importers.has(to))
  return left.length === arrows.length ? left : arrowsInCircles(left)
}

describe('imports run one way', () => {
  const files = ['protocol', 'edge', 'core', 'console', 'simulator', 'scripts', 'test'].flatMap(listFiles)

  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(50)
  })

  it('has a rule for every folder', () => {
    expect(files.filter((file) => ruleOf(file) === undefined)).toEqual([])
  })

  it('has no import against an arrow', () => {
    const broken = files.flatMap((file) => {
      const rule = ruleOf(file)
      if (rule === undefined) return []
      return arrowsOf(file)
        .filter(({ to, isType }) => !isInside(to, rule.values) && !(isType && isInside(to, rule.types ?? [])))
        .map(({ from, line, to }) => `${from}:${line} must not import ${to}`)
    })
    expect(broken).toEqual([])
  })

  it('has no circle of files, not even of types', () => {
    const arrows = files.flatMap(arrowsOf).filter(({ from, to }) => from !== to)
    const circles = arrowsInCircles(arrows).map(({ from, to }) => `${from} imports ${to}`)
    expect(circles).toEqual([])
  })
})

describe('time, chance and ids are passed in', () => {
  const DIRECT =
    /\bDate\.now\(\)|\bnew Date\(\)|\bMath\.random\(\)|\brandomUUID\(\)|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(\)/
  /** The real clock and the real chance live here; a browser page has its own. */
  const ADAPTERS = ['protocol/base/system-clock.ts', 'protocol/base/system-random.ts']

  it('is read directly only in main files and the two adapters', () => {
    const files = ['protocol', 'edge', 'core', 'simulator'].flatMap(listFiles)
    const direct = files
      .filter(
        (file) =>
          !ADAPTERS.includes(file) &&
          !file.endsWith('/main.ts') &&
          !file.includes('/page/') &&
          !file.endsWith('-page.ts'),
      )
      .flatMap((file) =>
        readFileSync(path.join(ROOT, file), 'utf8')
          .split('\n')
          .flatMap((text, index) =>
            DIRECT.test(text) && !/^\s*(\*|\/\/|\/\*)/.test(text)
              ? [`${file}:${index + 1} ${text.trim()}`]
              : [],
          ),
      )
    expect(direct).toEqual([])
  })
})
