import Database from 'better-sqlite3'
import type { Message } from './message.ts'

/** Old messages are forgotten above this. */
const KEPT = 5_000

export interface MessageStore {
  find(id: string): Message | undefined
  /** On disk before it returns. */
  save(message: Message): void
  /** Oldest first. */
  all(): Message[]
  clear(): void
  revision(): number
  close(): void
}

/** What the gateway accepted, in one small SQLite file that survives a kill. */
export function openMessageStore(file: string): MessageStore {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(
    'CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL)',
  )
  const select = database.prepare<[], { doc: string }>('SELECT doc FROM message ORDER BY seq')
  const insert = database.prepare('INSERT INTO message (id, doc) VALUES (?, ?)')
  const forget = database.prepare('DELETE FROM message WHERE id = ?')
  const messages = new Map(
    select
      .all()
      .map(({ doc }) => JSON.parse(doc) as Message)
      .map((one) => [one.id, one]),
  )
  let revision = 0
  return {
    find: (id) => messages.get(id),
    save(message) {
      insert.run(message.id, JSON.stringify(message))
      messages.set(message.id, message)
      const oldest = messages.size > KEPT ? messages.keys().next().value : undefined
      if (oldest !== undefined) {
        forget.run(oldest)
        messages.delete(oldest)
      }
      revision++
    },
    all: () => [...messages.values()],
    clear() {
      database.exec('DELETE FROM message')
      messages.clear()
      revision++
    },
    revision: () => revision,
    close: () => database.close(),
  }
}
