import { createHmac, timingSafeEqual } from 'node:crypto'
import type Sqlite from 'better-sqlite3'
import { takenKey } from './taken-key.ts'

/**
 * Rows about money that may change as their state does, with the columns that name them. Each has a seal beside it: an
 * HMAC over its contents, written in the transaction that writes the row. SQLite has no checksum of its own, and most
 * flipped bits pass its integrity check.
 */
export const SEALED_TABLES: Readonly<Record<string, readonly string[]>> = {
  order: ['orderId'],
  orderLine: ['lineId'],
  charge: ['chargeId'],
  payment: ['paymentId'],
  refund: ['refundId'],
  refundLine: ['refundId', 'lineId'],
}

export interface BrokenSeal {
  readonly tableName: string
  readonly rowId: string
  readonly reason: 'changed' | 'unsealed' | 'vanished'
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** The contents of a row as JSON, without what is null, so that a column that is added later changes no seal. */
function contentsOf(columns: readonly string[], row: string): string {
  const pairs = columns.map((column) => `${literal(column)}, ${row}.${quoted(column)}`)
  return `json_patch('{}', json_object(${pairs.join(', ')}))`
}
function rowIdOf(keys: readonly string[], row: string): string {
  return keys.map((key) => `${row}.${quoted(key)}`).join(` || '/' || `)
}
function columnsOf(connection: Sqlite.Database, table: string): string[] {
  return connection
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => name)
}

export function sealOf(key: Uint8Array, table: string, rowId: string, contents: string): string {
  return createHmac('sha256', takenKey(key))
    .update(JSON.stringify([table, rowId, contents]))
    .digest('hex')
}

/**
 * Keeps the seals of this connection's writes. The triggers are temporary, because only this program has the key; a
 * program without them leaves rows unsealed, which shows.
 */
export function keepSeals(connection: Sqlite.Database, key: Uint8Array): void {
  teachSealing(connection, key)
  for (const [table, keys] of Object.entries(SEALED_TABLES)) {
    const columns = columnsOf(connection, table)
    coverColumns(connection, key, table, keys, columns)
    const name = (event: string) => quoted(`seal_${table}_${event}`)
    const seal = `INSERT INTO rowSeal (tableName, rowId, mac)
      VALUES (${literal(table)}, ${rowIdOf(keys, 'NEW')},
        seal_of(${literal(table)}, ${rowIdOf(keys, 'NEW')}, ${contentsOf(columns, 'NEW')}))
      ON CONFLICT (tableName, rowId) DO UPDATE SET mac = excluded.mac;`
    connection.exec(`
      CREATE TEMP TRIGGER ${name('added')} AFTER INSERT ON main.${quoted(table)} BEGIN ${seal} END;
      CREATE TEMP TRIGGER ${name('changed')} AFTER UPDATE ON main.${quoted(table)} BEGIN ${seal} END;
      CREATE TEMP TRIGGER ${name('removed')} AFTER DELETE ON main.${quoted(table)} BEGIN
        DELETE FROM rowSeal WHERE tableName = ${literal(table)} AND rowId = ${rowIdOf(keys, 'OLD')}; END;`)
  }
}

function teachSealing(connection: Sqlite.Database, key: Uint8Array): void {
  connection.function('seal_of', { deterministic: true }, (table, rowId, contents) =>
    sealOf(key, String(table), String(rowId), String(contents)),
  )
}

/**
 * Seals very many rows that were added without `keepSeals`, table by table: half the work of a trigger for each of them.
 * @throws when one of them has a seal already, which none may have that nobody wrote down
 */
export function sealAddedRows(connection: Sqlite.Database, key: Uint8Array): void {
  teachSealing(connection, key)
  for (const [table, keys] of Object.entries(SEALED_TABLES)) {
    const rowId = rowIdOf(keys, 't')
    const contents = contentsOf(columnsOf(connection, table), 't')
    connection.exec(`INSERT INTO rowSeal (tableName, rowId, mac)
      SELECT ${literal(table)}, ${rowId}, seal_of(${literal(table)}, ${rowId}, ${contents})
      FROM ${quoted(table)} t ORDER BY ${rowId}`)
  }
}

/**
 * A database that was written before the seals, or before a column that its table has now, is sealed once. Rows whose seal
 * did not fit before keep it, so that the change does not launder them.
 */
function coverColumns(
  connection: Sqlite.Database,
  key: Uint8Array,
  table: string,
  keys: readonly string[],
  columns: readonly string[],
): void {
  const covered = connection
    .prepare('SELECT columns FROM sealCover WHERE tableName = ?')
    .pluck()
    .get(table) as string | undefined
  const wanted = JSON.stringify(columns)
  if (covered === wanted) return
  connection.transaction(() => {
    const broken = new Set(
      covered === undefined
        ? []
        : findBrokenIn(connection, key, table, keys, JSON.parse(covered) as string[]).map(
            ({ rowId }) => rowId,
          ),
    )
    const rows = readContents(connection, table, keys, columns)
    const put = connection.prepare(`INSERT INTO rowSeal (tableName, rowId, mac) VALUES (?, ?, ?)
      ON CONFLICT (tableName, rowId) DO UPDATE SET mac = excluded.mac`)
    for (const { rowId, contents } of rows)
      if (!broken.has(rowId)) put.run(table, rowId, sealOf(key, table, rowId, contents))
    connection
      .prepare(
        'INSERT INTO sealCover (tableName, columns) VALUES (?, ?) ON CONFLICT (tableName) DO UPDATE SET columns = excluded.columns',
      )
      .run(table, wanted)
  })()
}

function readContents(
  connection: Sqlite.Database,
  table: string,
  keys: readonly string[],
  columns: readonly string[],
): IterableIterator<{ rowId: string; contents: string }> {
  return connection
    .prepare<[], { rowId: string; contents: string }>(
      `SELECT ${rowIdOf(keys, 't')} AS rowId, ${contentsOf(columns, 't')} AS contents FROM ${quoted(table)} t`,
    )
    .iterate()
}

function findBrokenIn(
  connection: Sqlite.Database,
  key: Uint8Array,
  table: string,
  keys: readonly string[],
  columns: readonly string[],
): BrokenSeal[] {
  const seals = new Map(
    connection
      .prepare<[string], { rowId: string; mac: string }>('SELECT rowId, mac FROM rowSeal WHERE tableName = ?')
      .all(table)
      .map(({ rowId, mac }) => [rowId, mac]),
  )
  const broken: BrokenSeal[] = []
  for (const { rowId, contents } of readContents(connection, table, keys, columns)) {
    const mac = seals.get(rowId)
    seals.delete(rowId)
    if (mac === undefined) broken.push({ tableName: table, rowId, reason: 'unsealed' })
    else if (!isSame(mac, sealOf(key, table, rowId, contents)))
      broken.push({ tableName: table, rowId, reason: 'changed' })
  }
  for (const rowId of seals.keys()) broken.push({ tableName: table, rowId, reason: 'vanished' })
  return broken
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Compares every row about money with its seal. Reads all of them: for a thread of its own. */
export function findBrokenSeals(connection: Sqlite.Database, key: Uint8Array): BrokenSeal[] {
  return Object.entries(SEALED_TABLES).flatMap(([table, keys]) =>
    findBrokenIn(connection, key, table, keys, columnsOf(connection, table)),
  )
}
