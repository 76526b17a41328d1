import { CompiledQuery, type Selectable } from 'kysely'
import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { type Database, directSql, type Tx } from './database.ts'
import { raiseIncident } from './incidents.ts'
import type { Policy } from './policy.ts'
import { preparedFor } from './prepared.ts'
import type { Tables } from './tables/index.ts'

type DueRow = Pick<Selectable<Tables['dueWork']>, 'kind' | 'subjectId' | 'dueAtMs' | 'attempts' | 'payload'>

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
 * At most one row for each (kind, subject). A run that throws is tried again with the pauses of `pauseAfterMs`; after
 * `ATTEMPTS_ALONE` a person is called.
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

/** With everything in use there is no point in looking sooner. */
const LOOK_BUSY_MS = 250
const CLAIM_LIFE_MS = 60_000
const ITEMS_AT_ONCE = 16
const ATTEMPTS_ALONE = 8
const PAUSE_SHORTEST_MS = 1000
const PAUSE_OF_OUTAGE_MS = 120_000
const ATTEMPTS_OF_OUTAGE = 38
const PAUSE_LONGEST_MS = 3_600_000

/**
 * How long work waits that failed so often: doubling from a second to two minutes, about an hour long, then an hour. An
 * outage of minutes must not keep what it touched, such as money reserved for a door that never opened, for an hour more.
 */
export function pauseAfterMs(attempts: number): number {
  if (attempts >= ATTEMPTS_OF_OUTAGE) return PAUSE_LONGEST_MS
  return Math.min(PAUSE_OF_OUTAGE_MS, PAUSE_SHORTEST_MS * 2 ** (attempts - 1))
}

const FIRST = `SELECT kind, dueAtMs FROM dueWork
  WHERE claimedUntilMs IS NULL OR claimedUntilMs < +? ORDER BY dueAtMs LIMIT 1`

const put = preparedFor((db, kind: string, subjectId: string, dueAtMs: number, payload: string) => {
  const values = { dueAtMs, payload, attempts: 0, claimedUntilMs: null, lastError: null }
  return db
    .insertInto('dueWork')
    .values({ kind, subjectId, ...values })
    .onConflict((conflict) => conflict.columns(['kind', 'subjectId']).doUpdateSet(values))
})
const claimOne = preparedFor((db, kind: string, subjectId: string, claimedUntilMs: number) =>
  db
    .updateTable('dueWork')
    .set({ claimedUntilMs })
    .where('kind', '=', kind)
    .where('subjectId', '=', subjectId),
)
const deleteOne = preparedFor((db, kind: string, subjectId: string) =>
  db.deleteFrom('dueWork').where('kind', '=', kind).where('subjectId', '=', subjectId),
)
const deleteClaimed = preparedFor((db, kind: string, subjectId: string) =>
  db
    .deleteFrom('dueWork')
    .where('kind', '=', kind)
    .where('subjectId', '=', subjectId)
    .where('claimedUntilMs', 'is not', null),
)

/**
 * Whoever schedules here is heard at once. What another process scheduled, a claim that ended and a clock that was set are
 * noticed at the latest after `dueWorkLookMs`.
 */
export function createDueWork(deps: {
  db: Database
  clock: Clock
  ids: Ids
  log: Logger
  policy: Pick<Policy, 'dueWorkLookMs'>
}): DueWork {
  const { db, clock, log, policy } = deps
  const runners = new Map<string, (work: DueItem) => Promise<void>>()
  const running = new Set<Promise<void>>()
  let timer: Timer | undefined
  let isStopped = true
  let isLooking = false
  /** The wall clock for which the timer is set. */
  let wakeAtMs = Number.POSITIVE_INFINITY
  /** The earliest time that was scheduled since the last look, in units that may or may not commit. */
  let notedAtMs = Number.POSITIVE_INFINITY

  function note(dueAtMs: number): void {
    notedAtMs = Math.min(notedAtMs, dueAtMs)
  }
  function wakeBy(atMs: number): void {
    if (isStopped || isLooking || atMs >= wakeAtMs) return
    timer?.cancel()
    wakeAtMs = atMs
    const afterMs = Math.min(policy.dueWorkLookMs, Math.max(0, atMs - clock.now()))
    timer = clock.setTimer('due work', afterMs, () => void look())
  }
  db.onCommit(() => {
    if (notedAtMs === Number.POSITIVE_INFINITY || isLooking) return
    const atMs = notedAtMs
    notedAtMs = Number.POSITIVE_INFINITY
    wakeBy(atMs)
  })

  /** By time and not by kind (the plus says so to SQLite): the first that is found is the one, however much waits behind it. */
  function firstOfOursText(): string {
    const kinds = Array.from(runners, () => '?').join(', ')
    return `SELECT kind, dueAtMs FROM dueWork WHERE +kind IN (${kinds})
      AND (claimedUntilMs IS NULL OR claimedUntilMs < +?) ORDER BY dueAtMs LIMIT 1`
  }
  /** @returns when the next piece of work is due, by the rows; undefined when there is none */
  async function nextDueMs(nowMs: number): Promise<number | undefined> {
    const find = async (text: string, values: unknown[]) => {
      const { rows } = await db.read.executeQuery(
        CompiledQuery.raw(text, values) as CompiledQuery<{ kind: string; dueAtMs: number }>,
      )
      return rows[0]
    }
    const first = await find(FIRST, [nowMs])
    if (first === undefined || runners.has(first.kind)) return first?.dueAtMs
    // Nobody here does the first: it waits for a core that knows its kind.
    return (await find(firstOfOursText(), [...runners.keys(), nowMs]))?.dueAtMs
  }

  /** What is due of the kinds that this core knows. */
  let dueOfOurs: { text: string; kinds: readonly string[] } = { text: '', kinds: [] }
  function askForOurs(): void {
    const kinds = [...runners.keys()]
    dueOfOurs = {
      kinds,
      text: `SELECT kind, subjectId, dueAtMs, attempts, payload FROM dueWork
        WHERE dueAtMs <= +? AND +kind IN (${kinds.map(() => '?').join(', ')})
          AND (claimedUntilMs IS NULL OR claimedUntilMs < +?) ORDER BY dueAtMs LIMIT +?`,
    }
  }

  async function claim(nowMs: number, room: number): Promise<DueItem[]> {
    return db.write('claim due work', async (tx) => {
      const rows = directSql(tx).all<DueRow>(dueOfOurs.text, nowMs, ...dueOfOurs.kinds, nowMs, room)
      for (const row of rows) await claimOne(tx, row.kind, row.subjectId, nowMs + CLAIM_LIFE_MS)
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
    await deleteClaimed(tx, item.kind, item.subjectId)
  }

  async function putOff(tx: Tx, item: DueItem, reason: string): Promise<void> {
    const attempts = item.attempts + 1
    const nowMs = clock.now()
    const pauseMs = pauseAfterMs(attempts)
    await tx
      .updateTable('dueWork')
      .set({
        attempts,
        dueAtMs: nowMs + pauseMs,
        claimedUntilMs: null,
        lastError: reason.slice(0, 500),
      })
      .where('kind', '=', item.kind)
      .where('subjectId', '=', item.subjectId)
      .where('claimedUntilMs', 'is not', null)
      .execute()
    note(nowMs + pauseMs)
    if (attempts === ATTEMPTS_ALONE) {
      await raiseIncident(tx, deps.ids, {
        kind: 'due_work_failing',
        subject: `${item.kind}/${item.subjectId}`,
        message: `${item.kind} failed ${attempts} times, last with: ${reason}`,
      })
    }
  }

  /** Takes what is due, and sets the timer for what is due next. */
  async function look(): Promise<void> {
    isLooking = true
    notedAtMs = Number.POSITIVE_INFINITY
    let nextMs = clock.now() + LOOK_BUSY_MS
    try {
      nextMs = await takeDue()
    } catch (error) {
      log.error({ err: error }, 'due work could not be claimed')
    }
    isLooking = false
    wakeAtMs = Number.POSITIVE_INFINITY
    wakeBy(Math.min(nextMs, notedAtMs))
    notedAtMs = Number.POSITIVE_INFINITY
  }
  /** @returns when to look again */
  async function takeDue(): Promise<number> {
    for (;;) {
      const nowMs = clock.now()
      const dueAtMs = await nextDueMs(nowMs)
      if (dueAtMs === undefined) return nowMs + policy.dueWorkLookMs
      if (dueAtMs > nowMs) return dueAtMs
      const room = ITEMS_AT_ONCE - running.size
      if (room <= 0 || isStopped) return nowMs + LOOK_BUSY_MS
      for (const item of await claim(nowMs, room)) {
        const run = runOne(item)
          .catch((error: unknown) =>
            log.error({ err: error, kind: item.kind }, 'due work could not be put off'),
          )
          .finally(() => running.delete(run))
        running.add(run)
      }
    }
  }

  return {
    async schedule(tx, { kind, subjectId, dueAtMs, payload = {} }) {
      await put(tx, kind, subjectId, dueAtMs, JSON.stringify(payload))
      note(dueAtMs)
    },
    async cancel(tx, kind, subjectId) {
      await deleteOne(tx, kind, subjectId)
    },
    on(kind, run) {
      if (runners.has(kind)) throw new Error(`assertion failed: two runners for due work of kind ${kind}`)
      runners.set(kind, run)
    },
    start() {
      isStopped = false
      askForOurs()
      if (runners.size > 0) void look()
    },
    async stop() {
      isStopped = true
      timer?.cancel()
      await Promise.all(running)
    },
  }
}
