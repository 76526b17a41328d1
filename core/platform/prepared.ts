import type { CompiledQuery, Kysely } from 'kysely'
import { createKysely } from './sqlite-driver.ts'
import type { Tables } from './tables/index.ts'

/** What `build` of a prepared query returns: a query that can be compiled. */
interface Compilable<R> {
  compile(): CompiledQuery<R>
}
type Value = string | number | null

/**
 * A query that is composed once and run many times: composing one costs several times what SQLite takes for a row by its
 * key. `build` sees stand-ins for the values and must not look at them, or do anything with them but hand them on; a value
 * that partial indexes speak of (`COLUMNS_OF_WORDS`) is written out, not handed in.
 * @returns runs it with values in the order of the parameters of `build`
 */
export function prepared<R>(
  db: Kysely<Tables>,
  build: (...values: string[]) => Compilable<R>,
): (...values: Value[]) => Promise<R[]> {
  const run = preparedFor((_any, ...values: string[]) => build(...values), build.length)
  return (...values) => run(db, ...(values as string[]))
}

/** As `prepared`, for any connection and any unit: written where a module begins, composed when it is first run. */
export function preparedFor<R, V extends readonly Value[]>(
  build: (db: Kysely<Tables>, ...values: V) => Compilable<R>,
  valueCount: number = build.length - 1,
): (db: Kysely<Tables>, ...values: V) => Promise<R[]> {
  let compiled: CompiledQuery<R> | undefined
  let places: ReadonlyArray<number | undefined> = []
  function compile(): CompiledQuery<R> {
    const standIns = Array.from({ length: valueCount }, (_, index) => `${STAND_IN}${index}`)
    const query = build(nowhere, ...(standIns as unknown as V)).compile()
    places = query.parameters.map((value) =>
      typeof value === 'string' && value.startsWith(STAND_IN)
        ? Number(value.slice(STAND_IN.length))
        : undefined,
    )
    return query
  }
  return async (db, ...values) => {
    const { query, queryId, sql, parameters } = (compiled ??= compile())
    const { rows } = await db.executeQuery<R>({
      query,
      queryId,
      sql,
      parameters: parameters.map((value, index) => {
        const place = places[index]
        return place === undefined ? value : values[place]
      }),
    })
    return rows
  }
}

const STAND_IN = '\u0000value '
/** Composes and never runs. */
const nowhere = createKysely(() => {
  throw new Error('assertion failed: a prepared query is run with a connection')
})
