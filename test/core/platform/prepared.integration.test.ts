import Sqlite from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'

const sqlite = new Sqlite(':memory:')
let composed = 0
const one = createKysely(createRunner(sqlite))
const another = createKysely(createRunner(sqlite))
const put = preparedFor((db, kind: string, dueAtMs: number, lastError: string | null) => {
  composed++
  const values = { dueAtMs, payload: '{}', attempts: 0, claimedUntilMs: null, lastError }
  return db
    .insertInto('dueWork')
    .values({ kind, subjectId: 'fixed', ...values })
    .onConflict((conflict) => conflict.columns(['kind', 'subjectId']).doUpdateSet(values))
})
const find = preparedFor((db, subjectId: string, kind: string) =>
  db
    .selectFrom('dueWork')
    .select(['kind', 'dueAtMs', 'lastError'])
    .where('kind', '=', kind)
    .where('subjectId', '=', subjectId),
)

beforeAll(() => migrate(sqlite, MIGRATIONS, 0))

describe('a query that is composed once', () => {
  it('runs with other values each time, wherever they stand in it and however often', async () => {
    await put(one, 'a', 5, 'first')
    await put(one, 'b', 6, null)
    await put(another, 'a', 7, null)
    expect(composed).toBe(1)
    expect(await find(one, 'fixed', 'a')).toEqual([{ kind: 'a', dueAtMs: 7, lastError: null }])
    expect(await find(another, 'fixed', 'b')).toEqual([{ kind: 'b', dueAtMs: 6, lastError: null }])
    expect(await find(another, 'b', 'fixed')).toEqual([])
  })

  it('runs with the connection that it is given, so a unit that is over refuses it', async () => {
    const over = createKysely(() => {
      throw new Error('the unit is over')
    })
    await expect(find(over, 'fixed', 'a')).rejects.toThrow('the unit is over')
  })
})
