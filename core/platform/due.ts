import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Database, Tx } from './database.ts'
import { raiseIncident } from './incidents.ts'

/** A piece of work whose time has come. */
export interface DueItem {
  readonly kind: string
  readonly subjectId: string
  readonly dueAtMs: number
  readonly payload: Readonly<Record<string, unknown>>
  /** 0 on the first run. */
  readonly attempts: number
}

/**
 * Work that must happen at a time, as rows: it survives restarts, any core may take it, and nothing waits in memory.
 * At most one row for each (kind, subject). A run that throws is tried again with growing pauses, and after
 * `ATTEMPTS_MOST` raises an incident and is tried once an hour.
 */
export interface DueWork {
  /** In the transaction of the state that wants it; the same kind and subject again moves the time. */
  schedule(
    tx: Tx,
    work: { kind: string; subjectId: string; dueAtMs: number; payload?: object },
  ): Promise<void>
  cancel(tx: Tx, kind: string, subjectId: string): Promise<void>
  /** `run` may await anything. When it returns the row is gone, unless it scheduled itself again meanwhile. */
  on(kind: string, run: (work: DueItem) => Promise<void>): void
  start(): void
  /** Resolves when what is running has ended. */
  stop(): Promise<void>
}

const POLL_MS = 250
const CLAIM_LIFE_MS = 60_000
const ITEMS_AT_ONCE = 16
const ATTEMPTS_MOST = 8
const PAUSE_SHORTEST_MS = 1000
const PAUSE_LONGEST_MS = 3_600_000

export function createDueWork(deps: { db: Database; clock: Clock; ids: Ids; log: Logger }): DueWork {
  const { db, clock, log } = deps
  const runners = new Map<string, (work: DueItem) => Promise<void>>()
  const running = new Set<Promise<void>>()
  let timer: Timer | undefined
  let isStopped = true

  async function claim(): Promise<DueItem[]> {
    const nowMs = clock.now()
    const isWaiting = await db.read
      .selectFrom('dueWork')
      .select('kind')
      .where('dueAtMs', '<=', nowMs)
      .where('kind', 'in', [...runners.keys()])
      .where((eb) => eb.or([eb('claimedUntilMs', 'is', null), eb('claimedUntilMs', '<', nowMs)]))
      .limit(1)
      .executeTakeFirst()
    const room = ITEMS_AT_ONCE - running.size
    if (isWaiting === undefined || room <= 0) return []
    return db.write('claim due work', async (tx) => {
      const rows = await tx
        .selectFrom('dueWork')
        .selectAll()
        .where('dueAtMs', '<=', nowMs)
        .where('kind', 'in', [...runners.keys()])
        .where((eb) => eb.or([eb('claimedUntilMs', 'is', null), eb('claimedUntilMs', '<', nowMs)]))
        .orderBy('dueAtMs')
        .limit(room)
        .execute()
      for (const row of rows) {
        await tx
          .updateTable('dueWork')
          .set({ claimedUntilMs: nowMs + CLAIM_LIFE_MS })
          .where('kind', '=', row.kind)
          .where('subjectId', '=', row.subjectId)
          .execute()
      }
      return rows.map((row) => ({
        kind: row.kind,
        subjectId: row.subjectId,
        dueAtMs: row.dueAtMs,
        attempts: row.attempts,
        payload: JSON.parse(row.payload) as Record<string, unknown>,
      }))
    })
  }

  async function runOne(item: DueItem): Promise<void> {
    const run = runners.get(item.kind)
    if (run === undefined) return
    try {
      await run(item)
      await db.write('finish due work', (tx) => remove(tx, item))
    } catch (error) {
      log.warn(
        { kind: item.kind, subjectId: item.subjectId, attempt: item.attempts, err: error },
        'due work failed',
      )
      await db.write('put off due work', (tx) => putOff(tx, item, messageOf(error)))
    }
  }

  /** Only the row that was claimed: one that was scheduled again meanwhile has no claim and stays. */
  async function remove(tx: Tx, item: DueItem): Promise<void> {
    await tx
      .deleteFrom('dueWork')
      .where('kind', '=', item.kind)
      .where('subjectId', '=', item.subjectId)
      .where('claimedUntilMs', 'is not', null)
      .execute()
  }

  async function putOff(tx: Tx, item: DueItem, reason: string): Promise<void> {
    const attempts = item.attempts + 1
    const pauseMs =
      attempts >= ATTEMPTS_MOST
        ? PAUSE_LONGEST_MS
        : Math.min(PAUSE_LONGEST_MS, PAUSE_SHORTEST_MS * 2 ** item.attempts)
    await tx
      .updateTable('dueWork')
      .set({
        attempts,
        dueAtMs: clock.now() + pauseMs,
        claimedUntilMs: null,
        lastError: reason.slice(0, 500),
      })
      .where('kind', '=', item.kind)
      .where('subjectId', '=', item.subjectId)
      .where('claimedUntilMs', 'is not', null)
      .execute()
    if (attempts === ATTEMPTS_MOST) {
      await raiseIncident(tx, deps.ids, {
        kind: 'due_work_failing',
        subject: `${item.kind}/${item.subjectId}`,
        message: `${item.kind} failed ${attempts} times, last with: ${reason}`,
      })
    }
  }

  async function poll(): Promise<void> {
    try {
      for (const item of await claim()) {
        const run = runOne(item)
          .catch((error: unknown) =>
            log.error({ err: error, kind: item.kind }, 'due work could not be put off'),
          )
          .finally(() => running.delete(run))
        running.add(run)
      }
    } catch (error) {
      log.error({ err: error }, 'due work could not be claimed')
    }
    if (!isStopped) timer = clock.setTimer('due work', POLL_MS, () => void poll())
  }

  return {
    async schedule(tx, { kind, subjectId, dueAtMs, payload = {} }) {
      const values = {
        dueAtMs,
        payload: JSON.stringify(payload),
        attempts: 0,
        claimedUntilMs: null,
        lastError: null,
      }
      await tx
        .insertInto('dueWork')
        .values({ kind, subjectId, ...values })
        .onConflict((conflict) => conflict.columns(['kind', 'subjectId']).doUpdateSet(values))
        .execute()
    },
    async cancel(tx, kind, subjectId) {
      await tx.deleteFrom('dueWork').where('kind', '=', kind).where('subjectId', '=', subjectId).execute()
    },
    on(kind, run) {
      if (runners.has(kind)) throw new Error(`assertion failed: two runners for due work of kind ${kind}`)
      runners.set(kind, run)
    },
    start() {
      isStopped = false
      if (runners.size > 0) void poll()
    },
    async stop() {
      isStopped = true
      timer?.cancel()
      await Promise.all(running)
    },
  }
}
