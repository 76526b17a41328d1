import Database from 'better-sqlite3'
import type {
  CallbackRecord,
  Complaint,
  Fault,
  Permission,
  Person,
  Refund,
  ServiceOrder,
  Setting,
  Transaction,
} from './records.ts'

/** One kind of record, read from memory, written through to the file. Records are values: change by `put` of a new one. */
export interface Shelf<T> {
  get(id: string): T | undefined
  put(record: T): void
  delete(id: string): void
  /** Oldest first. */
  all(): T[]
}

/** A shelf that also finds its records by another key than their id, without looking at all of them. */
export interface IndexedShelf<T, K extends string> extends Shelf<T> {
  by(key: K, value: string): T[]
}

export interface Books {
  readonly people: Shelf<Person>
  readonly permissions: IndexedShelf<Permission, 'openid' | 'applyToken'>
  readonly orders: IndexedShelf<ServiceOrder, 'openid' | 'orderId' | 'queryId'>
  readonly transactions: IndexedShelf<Transaction, 'outOrderNo' | 'outTradeNo'>
  readonly refunds: IndexedShelf<Refund, 'transactionId' | 'refundId' | 'outOrderNo'>
  readonly complaints: IndexedShelf<Complaint, 'outOrderNo'>
  readonly settings: Shelf<Setting>
  readonly callbacks: Shelf<CallbackRecord>
  readonly faults: Shelf<Fault>
  /** A number never given before, also not before a restart. */
  nextNumber(): number
  /** Grows with each change; pages use it to see whether to redraw. */
  revision(): number
  /** All or nothing, on disk before it returns. A write inside a write joins it. */
  write<T>(run: () => T): T
  close(): void
}

/**
 * The provider's books in one small SQLite file. They survive a kill of the simulator: each `write` is one transaction
 * with `synchronous=FULL`. Everything is also in memory, because a bench holds thousands of records, not millions.
 * @throws whatever SQLite says when the file cannot be opened
 */
export function openBooks(file: string): Books {
  return keepBooks(new Database(file))
}

/** The books in a database that is open. @param database  taken over: it is closed with the books */
export function keepBooks(database: Database.Database): Books {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(`CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, id TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (kind, id)
  ) WITHOUT ROWID`)
  const select = database.prepare<[string], { id: string; doc: string }>(
    'SELECT id, doc FROM record WHERE kind = ?',
  )
  const upsert = database.prepare(
    'INSERT INTO record VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc',
  )
  const remove = database.prepare('DELETE FROM record WHERE kind = ? AND id = ?')
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')

  let revision = 0
  let depth = 0
  /** Undo steps for memory, in order, while a write is open. */
  let undo: Array<() => void> = []

  function write<T>(run: () => T): T {
    if (depth > 0) return run()
    depth++
    begin.run()
    try {
      const result = run()
      if (result instanceof Promise) throw new Error('a write of the books must not wait for anything')
      commit.run()
      revision++
      return result
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK')
      for (const step of undo.reverse()) step()
      throw error
    } finally {
      depth--
      undo = []
    }
  }

  function shelf<T extends object, K extends keyof T & string = never>(
    kind: string,
    idOf: (record: T) => string,
    keys: readonly K[] = [],
  ): IndexedShelf<T, K> {
    const records = new Map<string, T>()
    /** Per key: its value → the ids that have it. */
    const indexes = new Map(keys.map((key) => [key, new Map<string, Set<string>>()]))
    for (const row of select.all(kind)) place(row.id, JSON.parse(row.doc) as T)

    function place(id: string, record: T | undefined): void {
      const before = records.get(id)
      for (const [key, index] of indexes) {
        if (before && before[key] !== record?.[key]) index.get(String(before[key]))?.delete(id)
        if (!record) continue
        const value = String(record[key])
        const ids = index.get(value) ?? new Set()
        index.set(value, ids.add(id))
      }
      if (record === undefined) records.delete(id)
      else records.set(id, record)
    }
    function set(id: string, record: T | undefined): void {
      const before = records.get(id)
      undo.push(() => place(id, before))
      place(id, record)
    }
    return {
      get: (id) => records.get(id),
      put: (record) =>
        write(() => {
          const id = idOf(record)
          upsert.run(kind, id, JSON.stringify(record))
          set(id, record)
        }),
      delete: (id) =>
        write(() => {
          remove.run(kind, id)
          set(id, undefined)
        }),
      all: () => [...records.values()],
      by: (key, value) =>
        [...(indexes.get(key)?.get(value) ?? [])]
          .map((id) => records.get(id))
          .filter((one) => one !== undefined),
    }
  }

  const numbers = shelf<{ name: string; last: number }>('number', (record) => record.name)
  return {
    people: shelf('person', (record) => record.openid),
    permissions: shelf('permission', (record) => record.authorizationCode, ['openid', 'applyToken']),
    orders: shelf('order', (record) => record.outOrderNo, ['openid', 'orderId', 'queryId']),
    transactions: shelf('transaction', (record) => record.transactionId, ['outOrderNo', 'outTradeNo']),
    refunds: shelf('refund', (record) => record.outRefundNo, ['transactionId', 'refundId', 'outOrderNo']),
    complaints: shelf('complaint', (record) => record.complaintId, ['outOrderNo']),
    settings: shelf('setting', (record) => record.name),
    callbacks: shelf('callback', (record) => record.callbackId),
    faults: shelf('fault', (record) => record.faultId),
    nextNumber() {
      const last = (numbers.get('serial')?.last ?? 0) + 1
      numbers.put({ name: 'serial', last })
      return last
    },
    revision: () => revision,
    write,
    close: () => database.close(),
  }
}
