import Sqlite from 'better-sqlite3'
import type { Kysely } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { COLUMNS_OF_WORDS, createKysely, createRunner } from '#core/platform/sqlite-driver.ts'

const sqlite = new Sqlite(':memory:')
const db = createKysely(createRunner(sqlite))
const planOf = ({ sql, parameters }: { sql: string; parameters: readonly unknown[] }) =>
  sqlite
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...parameters)
    .map(({ detail }) => detail)

beforeAll(() => migrate(sqlite, MIGRATIONS, 0))

describe('a composed query', () => {
  const query = db
    .selectFrom('restriction')
    .select('restrictionId')
    .where('consumerId', '=', 'c-1')
    .where('state', '=', 'active')
    .limit(3)
    .compile()

  it('hides its values from the planner, which would compile it again for each of them', () => {
    expect(query.sql).not.toMatch(/[^+]\?/)
    expect(query.parameters).toEqual(['c-1'])
  })

  it('shows it what a plan depends on: the limit, and the state that a partial index is about', () => {
    expect(query.sql).toContain(`"state" = 'active' limit 3`)
    expect(planOf(query).join()).toContain('restrictionActive')
  })

  it('takes only words for words, so that nothing that comes from outside stands in a text', () => {
    const odd = "x' or 1=1 --"
    const { sql, parameters } = db
      .selectFrom('order')
      .select('orderId')
      .where('state', 'in', ['open', odd as 'open'])
      .compile()
    expect(sql).toContain(`in ('open', +?)`)
    expect(parameters).toEqual([odd])
  })

  it('finds by the same values as before, whatever their type', async () => {
    sqlite.exec(
      "CREATE TABLE mixed (number INTEGER, text TEXT) STRICT; INSERT INTO mixed VALUES (1, '1'), (2, '2')",
    )
    const find = createKysely(createRunner(sqlite)) as unknown as Kysely<{
      mixed: { number: number | string; text: string | number }
    }>
    const numbersBy = async (column: 'number' | 'text', value: string | number) =>
      (await find.selectFrom('mixed').select('number').where(column, '=', value).execute()).map(
        ({ number }) => number,
      )
    expect(await numbersBy('number', 2)).toEqual([2])
    expect(await numbersBy('number', '2')).toEqual([2])
    expect(await numbersBy('text', '2')).toEqual([2])
  })
})

describe('a partial index that speaks of values', () => {
  it('speaks of columns whose words stand in the text of a query, or it would never be used', () => {
    const texts = sqlite
      .prepare<[], { name: string; sql: string }>(
        `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'`,
      )
      .all()
    const columns = texts.flatMap(({ sql }) =>
      [...sql.slice(sql.indexOf(' WHERE ')).matchAll(/(\w+)\s+(?:NOT\s+)?(?:=|<>|IN)\s*[('\d]/g)].map(
        ([, name]) => name,
      ),
    )
    expect(columns.length).toBeGreaterThan(5)
    expect(columns.filter((name) => !COLUMNS_OF_WORDS.has(name ?? ''))).toEqual([])
  })
})
