import { execFile } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'
import { migrate as migrateCore } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { migrate as migrateEdge, MIGRATIONS as EDGE_MIGRATIONS } from '#edge/database.ts'
import { expectEqual, expectThat } from '#test/support/eventually.ts'
import type { FaultCount } from './fault-count.ts'

const CHILD = path.join(import.meta.dirname, 'migrate-until-killed.ts')
const AT_ONCE = 3

/** A database before an upgrade. */
interface Upgrade {
  readonly name: string
  readonly which: 'core' | 'edge'
  prepare(file: string): void
  /** What was in it before, as it must be after the upgrade. */
  readonly kept?: { query: string; rows: readonly unknown[] }
}

const UPGRADES: readonly Upgrade[] = [
  { name: 'a new core', which: 'core', prepare: (file) => new Database(file).close() },
  {
    name: 'a core of the first version, with goods',
    which: 'core',
    prepare: firstVersion,
    kept: { query: 'SELECT sku FROM product', rows: [{ sku: 'cola' }] },
  },
  { name: 'a new edge', which: 'edge', prepare: (file) => new Database(file).close() },
  {
    name: 'an edge of the first version, that is locked out and has told half',
    which: 'edge',
    prepare: firstEdge,
    kept: {
      query: `SELECT (SELECT count(*) FROM outbox) AS events, (SELECT status FROM command) AS command,
        json_extract(body, '$.state.phase') AS phase, json_extract(body, '$.state.coldMs') AS coldMs,
        json_extract(body, '$.moment.wallMs') AS savedAtMs FROM document WHERE name = 'lockout'`,
      rows: [{ events: 40, command: 'executing', phase: 'latched', coldMs: 7, savedAtMs: 1_790_000_000_000 }],
    },
  },
]

function firstEdge(file: string): void {
  const sql = new Database(file)
  sql.pragma('journal_mode = WAL')
  migrateEdge(sql, EDGE_MIGRATIONS.slice(0, 1))
  const event = sql.prepare("INSERT INTO outbox VALUES (?, 'door.opened', ?, ?, 1, '{}', 100)")
  for (let seq = 1; seq <= 40; seq++) event.run(seq, 1_790_000_000_000 + seq, seq)
  sql.exec(`INSERT INTO document VALUES ('outbox', '{"lastSeq":40,"ackedSeq":20}');
    INSERT INTO document VALUES ('lockout', '{"phase":"latched","coldMs":7,"savedAtWallMs":1790000000000}');
    INSERT INTO command (command_id, name, args, boot, status, received_at_ms)
      VALUES ('cm-1', 'door.lock', '{}', 1, 'executing', 1790000000000)`)
  sql.close()
}

function firstVersion(file: string): void {
  const sql = new Database(file)
  sql.pragma('journal_mode = WAL')
  migrateCore(sql, MIGRATIONS.slice(0, 1), 0)
  sql
    .prepare(
      "INSERT INTO product (sku, nameZh, nameEn, unitGrams, sigmaGrams, priceFen, picture, foodClass, shelfLifeDays, createdAtMs) VALUES ('cola', '可乐', 'Cola', 350, 2, 400, '{}', 'drink', 300, 0)",
    )
    .run()
  sql.close()
}

export const schemaSteps: FaultCount = {
  name: 'schema-steps',
  shows:
    'an upgrade that is killed before any of its statements is finished by the next start, and loses nothing',
  counts: { test: 8, all: 40, full: 10_000 },
  async run({ count, dataDir, seed }) {
    const random = createSeededRandom(seed)
    let killed = 0
    const of: string[] = []
    for (const upgrade of UPGRADES) {
      const base = path.join(dataDir, 'base.sqlite')
      upgrade.prepare(base)
      const total = await statementsOfUpgrade(upgrade, base, dataDir)
      const points = drawPoints(total, Math.ceil(count / UPGRADES.length), (below) =>
        integerBelow(random, below),
      )
      for (let at = 0; at < points.length; at += AT_ONCE)
        await Promise.all(
          points.slice(at, at + AT_ONCE).map((point) => killAt(upgrade, base, dataDir, point)),
        )
      killed += points.length
      of.push(`${upgrade.name} ${points.length} of ${total}`)
      rmSync(base)
    }
    return `${killed} kills (${of.join(', ')}): each upgrade was finished by the next start`
  },
}

/** All of them when they are few enough. */
function drawPoints(total: number, most: number, draw: (below: number) => number): number[] {
  const all = Array.from({ length: total + 1 }, (_, index) => index + 1)
  while (all.length > most) all.splice(draw(all.length), 1)
  return all
}

async function statementsOfUpgrade(upgrade: Upgrade, base: string, dataDir: string): Promise<number> {
  const file = path.join(dataDir, 'count.sqlite')
  copyFileSync(base, file)
  const total = Number(await runChild(upgrade, file, 0))
  expectThat(total > 0, `${upgrade.name}: the upgrade had no statements`)
  check(upgrade, file)
  return total
}

async function killAt(upgrade: Upgrade, base: string, dataDir: string, point: number): Promise<void> {
  const file = path.join(dataDir, `${upgrade.which}-${point}.sqlite`)
  copyFileSync(base, file)
  await runChild(upgrade, file, point)
  check(upgrade, file)
}

/** Always ends by SIGKILL. @returns what it printed */
function runChild(upgrade: Upgrade, file: string, point: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CHILD, upgrade.which, file, String(point)], (error, stdout, stderr) => {
      if (error?.signal === 'SIGKILL') resolve(stdout)
      else reject(new Error(`the upgrade ended by itself: ${stderr}`, { cause: error }))
    })
  })
}

/** The next start finishes it: the same schema as an upgrade that nobody disturbed, sound, and nothing lost. */
function check(upgrade: Upgrade, file: string): void {
  const sql = new Database(file)
  try {
    if (upgrade.which === 'core') migrateCore(sql, MIGRATIONS, 0)
    else migrateEdge(sql)
    expectEqual(sql.pragma('integrity_check', { simple: true }), 'ok', `${upgrade.name}: the integrity check`)
    expectEqual(sql.pragma('foreign_key_check'), [], `${upgrade.name}: broken references`)
    expectEqual(schemaOf(sql), undisturbed(upgrade), `${upgrade.name}: the schema`)
    const { kept } = upgrade
    if (kept !== undefined)
      expectEqual(sql.prepare(kept.query).all(), kept.rows, `${upgrade.name}: what was in it before`)
  } finally {
    sql.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  }
}

const references = new Map<Upgrade['which'], unknown[]>()
function undisturbed({ which }: Upgrade): unknown[] {
  const known = references.get(which)
  if (known !== undefined) return known
  const sql = new Database(':memory:')
  if (which === 'core') migrateCore(sql, MIGRATIONS, 0)
  else migrateEdge(sql)
  const schema = schemaOf(sql)
  sql.close()
  references.set(which, schema)
  return schema
}

function schemaOf(sql: Database.Database): unknown[] {
  return sql.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY type, name').all()
}
