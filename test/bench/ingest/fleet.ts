import { readFileSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createApp } from '#core/app.ts'
import { readSettings } from '#core/config.ts'
import { applySeed, parseSeed } from '#core/seed.ts'
import { DEMO_SEED } from '#scripts/system.ts'
import { benchCabinet, sha256Of } from './cabinets.ts'

/** A data folder whose core knows `count` enrolled cabinets, each like the demonstration's. */
export async function prepareFleet(folder: string, count: number): Promise<void> {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const { settings } = readSettings(['--data', folder, '--port', '0', '--mqtt-port', '0'])
  const core = await createApp(settings, {
    clock,
    random,
    log: pino({ level: 'silent' }),
    ids: createIds(clock, random),
  })
  await applySeed(
    {
      ...core.deps,
      accounts: core.accounts,
      registry: core.registry,
      credentials: core.credentials,
      signInsFile: path.join(folder, 'sign-ins.json'),
    },
    parseSeed(JSON.parse(readFileSync(DEMO_SEED, 'utf8')), DEMO_SEED),
  )
  await core.stop()
  const db = new Sqlite(path.join(folder, 'core', 'core.sqlite'))
  db.transaction(() => {
    for (const table of ['cabinet', 'cabinetReport', 'twin']) copyRows(db, table, count)
    const credential =
      db.prepare(`INSERT INTO credential (credentialId, cabinetId, kind, proofSha256, publicKeyPem, cause, issuedAtMs)
      VALUES (?, ?, 'password', ?, 'none', 'enrolment', ?)`)
    for (let index = 0; index < count; index++) {
      const { cabinetId, password } = benchCabinet(index)
      credential.run(`cr-${cabinetId}`, cabinetId, sha256Of(password), clock.now())
    }
  })()
  db.close()
}

function copyRows(db: Sqlite.Database, table: string, count: number): void {
  const row = db.prepare(`SELECT * FROM "${table}" WHERE cabinetId = 'cab-001'`).get() as Record<
    string,
    unknown
  >
  const columns = Object.keys(row)
  const insert = db.prepare(
    `INSERT INTO "${table}" (${columns.map((name) => `"${name}"`).join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
  )
  for (let index = 0; index < count; index++) {
    const { cabinetId, partition } = benchCabinet(index)
    insert.run({
      ...row,
      cabinetId,
      ...('partition' in row ? { partition } : {}),
      // Goods are the business of another test.
      ...('planogramVersion' in row ? { planogramVersion: null } : {}),
    })
  }
}
