import type { CompiledQuery } from 'kysely'
import { MONEY_INVARIANTS } from '#core/integrity/money-invariants.ts'
import { createKysely } from '#core/platform/sqlite-driver.ts'
import { MONEY } from '../world/touched.ts'
import type { World } from '../world/world.ts'

const STAND_IN = JSON.stringify(['\u0000'])
/** The questions of the core itself, composed once: they are asked after very many commits. */
const questions: Array<{ invariantId: string; query: CompiledQuery; tables: ReadonlySet<string> }> = []
for (const invariant of MONEY_INVARIANTS) {
  const listener = createKysely(async (query) => {
    questions.push({ invariantId: invariant.id, query, tables: tablesOf(query.sql) })
    return { rows: [] }
  })
  await invariant.check(listener, { nowMs: 0, sessionIds: JSON.parse(STAND_IN) as string[] })
}
/** Whose changes may change the answer. All begin at the order; few look at what is in it. */
function tablesOf(text: string): Set<string> {
  return new Set(
    Object.entries(MONEY).flatMap(([table, columns]) =>
      (
        table === 'order'
          ? columns.split(', ').some((column) => text.includes(`o.${column}`))
          : text.includes(` ${table} `)
      )
        ? [table]
        : [],
    ),
  )
}

/**
 * After each commit that touched the money of an order its sums, charge and refunds are asked for (I1 to I4, I14, I16): what
 * is wrong for a moment only is seen as well.
 */
export function watchMoney(world: World): void {
  const { sqlite } = world.core
  const touched = sqlite.prepare<[], { sessionId: string; tableName: string }>(
    'SELECT sessionId, tableName FROM touchedMoney JOIN main."order" USING (orderId)',
  )
  const clear = sqlite.prepare('DELETE FROM touchedMoney')
  const asked = questions.map(({ invariantId, query, tables }) => ({
    invariantId,
    tables,
    parameters: query.parameters,
    statement: sqlite.prepare<unknown[], { subject: string; message: string }>(query.sql),
  }))
  const before = world.core.onCommit
  world.core.onCommit = () => {
    before()
    const rows = touched.all()
    if (rows.length === 0) return
    clear.run()
    const scope = JSON.stringify([...new Set(rows.map(({ sessionId }) => sessionId))])
    for (const { invariantId, statement, parameters, tables } of asked) {
      if (!rows.some(({ tableName }) => tables.has(tableName))) continue
      const values = parameters.map((value) => (value === STAND_IN ? scope : value))
      for (const { subject, message } of statement.all(...values))
        world.violate(invariantId, `${subject}: ${message}`)
    }
  }
}
