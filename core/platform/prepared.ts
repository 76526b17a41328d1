import type { CompiledQuery, Kysely } from 'kysely'
import type { Tables } from './tables/index.ts'

/** What `build` of a prepared query returns: a select that can be compiled. */
interface Compilable<R> {
  compile(): CompiledQuery<R>
}
type Key = string | number

/**
 * A query that is composed once and run many times: composing one costs several times what SQLite takes for a row by its
 * key. `build` sees stand-ins for the values and must not look at them.
 * @returns runs it with values in the order of the parameters of `build`
 */
export function prepared<R>(
  db: Kysely<Tables>,
  build: (...values: string[]) => Compilable<R>,
): (...values: Key[]) => Promise<R[]> {
  const compiled = build(...Array.from({ length: build.length }, (_, index) => standInOf(index))).compile()
  const places = compiled.parameters.map((value) =>
    typeof value === 'string' && value.startsWith(STAND_IN)
      ? Number(value.slice(STAND_IN.length))
      : undefined,
  )
  return async (...values) => {
    const parameters = compiled.parameters.map((value, index) => {
      const place = places[index]
      return place === undefined ? value : values[place]
    })
    const { rows } = await db.executeQuery<R>({ ...compiled, parameters })
    return rows
  }
}

const STAND_IN = '\u0000value '
function standInOf(index: number): string {
  return `${STAND_IN}${index}`
}
