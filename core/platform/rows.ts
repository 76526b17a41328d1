import type { Insertable, Updateable } from 'kysely'
import { directSql, type SqlValue, type Tx } from './database.ts'
import type { Tables } from './tables/index.ts'

type TableName = keyof Tables
type Cells = Readonly<Record<string, SqlValue | undefined>>

/** Few: what is written is a matter of the code, not of the data. More than this and the oldest goes. */
const TEXTS_KEPT = 500
const texts = new Map<string, string>()
function textFor(name: string, compose: () => string): string {
  let text = texts.get(name)
  if (text === undefined) {
    text = compose()
    texts.set(name, text)
    if (texts.size > TEXTS_KEPT) texts.delete(texts.keys().next().value as string)
  }
  return text
}
const quoted = (column: string) => `"${column}"`

/** Adds a row. Its statement is composed once for each set of columns: that costs more than what SQLite does with it. */
export function addRow<T extends TableName>(tx: Tx, table: T, row: Insertable<Tables[T]>): void {
  const cells = row as Cells
  const columns = Object.keys(cells).filter((column) => cells[column] !== undefined)
  const text = textFor(
    `+${table}:${columns.join()}`,
    () =>
      `INSERT INTO ${quoted(table)} (${columns.map(quoted).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  directSql(tx).run(text, ...columns.map((column) => cells[column] as SqlValue))
}

/**
 * Changes the row that these columns name, as `addRow` adds one. Without a change nothing is written.
 * @returns how many rows there were
 */
export function changeRow<T extends TableName>(
  tx: Tx,
  table: T,
  key: Updateable<Tables[T]>,
  change: Updateable<Tables[T]>,
): number {
  const [keys, cells] = [key as Cells, change as Cells]
  const columns = Object.keys(cells).filter((column) => cells[column] !== undefined)
  const names = Object.keys(keys)
  if (columns.length === 0) return 0
  const text = textFor(
    `=${table}:${names.join()}:${columns.join()}`,
    () =>
      `UPDATE ${quoted(table)} SET ${columns.map((column) => `${quoted(column)} = +?`).join(', ')}
        WHERE ${names.map((name) => `${quoted(name)} = +?`).join(' AND ')}`,
  )
  const values = [...columns.map((column) => cells[column]), ...names.map((name) => keys[name])]
  return directSql(tx).run(text, ...(values as SqlValue[]))
}
