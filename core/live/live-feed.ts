import type { Logger } from 'pino'
import { every, type Clock, type Timer } from '#protocol/base/clock.ts'
import type { LiveChange } from '#protocol/api/staff/desk.ts'
import type { Database } from '#core/platform/database.ts'

/** A change with its place in the feed; telemetry has none, because it is not repeated. */
export interface FeedItem {
  readonly id: number | undefined
  readonly change: LiveChange
}

/** Tells subscribers what the change table says, in order, and telemetry as it comes. */
export interface LiveFeed {
  subscribe(listener: (item: FeedItem) => void): () => void
  /** Telemetry: told to who listens now, never stored. */
  tell(change: LiveChange): void
  /** Changes after `id`, or undefined when they are not kept any more. */
  since(id: number): Promise<FeedItem[] | undefined>
  readonly lastId: number
  start(): Promise<void>
  stop(): void
}

const ROWS_KEPT = 20_000
const ROWS_AT_ONCE = 500
const REPLAY_MOST = 2000
/** Another core writes to the same table; ours tells us at once. */
const POLL_MS = 1000
const PRUNE_MS = 60_000

export function createLiveFeed(deps: { db: Database; clock: Clock; log: Logger }): LiveFeed {
  const { db, clock, log } = deps
  const listeners = new Set<(item: FeedItem) => void>()
  let lastId = 0
  let reading: Promise<void> | undefined
  let isWanted = false
  const timers: Timer[] = []
  let unsubscribe: () => void = () => undefined

  async function readNew(): Promise<void> {
    for (;;) {
      isWanted = false
      // Nobody watches: the end of the table is all that whoever comes next needs.
      if (listeners.size === 0) {
        const newest = await newestId()
        // Whoever came meanwhile is told what they would otherwise miss.
        if (listeners.size > 0) continue
        lastId = newest
        if (!isWanted) return
        continue
      }
      const rows = await db.read
        .selectFrom('change')
        .selectAll()
        .where('id', '>', lastId)
        .orderBy('id')
        .limit(ROWS_AT_ONCE)
        .execute()
      for (const row of rows) {
        lastId = row.id
        const item = itemOf(row)
        for (const listener of listeners) listener(item)
      }
      if (rows.length < ROWS_AT_ONCE && !isWanted) return
    }
  }
  function look(): void {
    isWanted = true
    reading ??= readNew()
      .catch((error: unknown) => log.error({ err: error }, 'the change table could not be read'))
      .finally(() => {
        reading = undefined
      })
  }
  async function newestId(): Promise<number> {
    const newest = await db.read
      .selectFrom('change')
      .select('id')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return Math.max(lastId, newest?.id ?? 0)
  }
  async function prune(): Promise<void> {
    try {
      await db.write('prune changes', async (tx) => {
        await tx
          .deleteFrom('change')
          .where('id', '<', lastId - ROWS_KEPT)
          .execute()
      })
    } catch (error) {
      log.error({ err: error }, 'the change table could not be pruned')
    }
  }

  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell(change) {
      for (const listener of listeners) listener({ id: undefined, change })
    },
    async since(id) {
      const oldest = await db.read.selectFrom('change').select('id').orderBy('id').limit(1).executeTakeFirst()
      const isKept = id <= lastId && (oldest === undefined ? id === lastId : id >= oldest.id - 1)
      if (!isKept || lastId - id > REPLAY_MOST) return undefined
      const rows = await db.read
        .selectFrom('change')
        .selectAll()
        .where('id', '>', id)
        .where('id', '<=', lastId)
        .orderBy('id')
        .execute()
      return rows.map(itemOf)
    },
    get lastId() {
      return lastId
    },
    async start() {
      lastId = await newestId()
      unsubscribe = db.onCommit(look)
      timers.push(every(clock, 'read changes', POLL_MS, look), every(clock, 'prune changes', PRUNE_MS, prune))
    },
    stop() {
      unsubscribe()
      for (const timer of timers) timer.cancel()
    },
  }
}

function itemOf(row: {
  id: number
  atMs: number
  kind: string
  subjectId: string
  cabinetId: string | null
  data: string | null
}): FeedItem {
  return {
    id: row.id,
    change: {
      kind: row.kind as LiveChange['kind'],
      subjectId: row.subjectId,
      atMs: row.atMs,
      ...(row.cabinetId === null ? {} : { cabinetId: row.cabinetId }),
      ...(row.data === null ? {} : { data: JSON.parse(row.data) as Record<string, unknown> }),
    },
  }
}
