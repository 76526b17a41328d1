import { Worker } from 'node:worker_threads'
import { type Clock, every, type Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { letMoneyGoOn, stopMoney } from '#core/payments/stop.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { PassAnswer, PassOrder } from './check-worker.ts'
import { INVARIANTS, type Violation } from './invariants.ts'
import type { OnCall } from './on-call.ts'
import type { PassCursor, PassResult } from './pass.ts'

/** The last look, for the console and the metrics. */
export interface LastLook {
  readonly atMs: number
  readonly kind: PassResult['kind']
  readonly tookMs: number
  readonly violations: readonly Violation[]
  /** Why it could not be done. */
  readonly failure?: string
}
export interface Checker {
  /** Looks at everything; money waits until that has been found whole. */
  start(): Promise<void>
  /** Looks now. Looks never overlap. */
  look(kind: 'new' | 'all'): Promise<LastLook>
  last(): LastLook | undefined
  stop(): Promise<void>
}

const DAY_MS = 24 * 3_600_000
/** A look that takes longer is given up and said to have failed. */
const LOOK_WITHIN_MS = 10 * 60_000
const STOPPING = 'the core is stopping'
const STOPS_MONEY = new Set(INVARIANTS.filter((one) => one.stopsMoney).map((one) => one.id))

/**
 * Asks every minute whether the promises hold, from a thread of its own. What is new since the last look every minute;
 * every row, page, chain and seal at the start and once a day. A broken promise about money stops money, raises an
 * incident and calls a person; doors, streams and what the provider tells go on.
 */
export function createChecker(
  deps: CoreDeps & { file: string; auditKey: Uint8Array; everyMs: number; onCall: OnCall; clock: Clock },
): Checker {
  const { db, clock, ids, log, onCall } = deps
  let worker: Worker | undefined
  /** Takes the answer of the look that is under way. */
  let answered: ((answer: PassAnswer) => void) | undefined
  let cursor: PassCursor | undefined
  let last: LastLook | undefined
  let looking: Promise<unknown> = Promise.resolve()
  const timers: Timer[] = []
  let isStopped = false

  /** The thread is kept between looks. Whatever ends it ends the look that it is at, and the next one gets a new thread. */
  function openThread(): Worker {
    const thread = new Worker(new URL('./check-worker.ts', import.meta.url), {
      workerData: { file: deps.file, auditKey: deps.auditKey },
    })
    thread.unref()
    const gone = (failure: string) => {
      if (worker === thread) worker = undefined
      answered?.({ failure })
    }
    thread.on('message', (answer: PassAnswer) => answered?.(answer))
    thread.on('error', (error) => gone(messageOf(error)))
    thread.on('exit', (code) => gone(`its thread ended with ${code}`))
    return thread
  }

  function ask(order: PassOrder): Promise<PassAnswer> {
    return new Promise((resolve) => {
      worker ??= openThread()
      const thread = worker
      const limit = clock.setTimer('look at the promises', LOOK_WITHIN_MS, () => {
        answered?.({ failure: 'it took too long' })
        worker = undefined
        void thread.terminate()
      })
      answered = (answer) => {
        answered = undefined
        limit.cancel()
        resolve(answer)
      }
      thread.postMessage(order)
    })
  }

  async function lookOnce(kind: 'new' | 'all'): Promise<LastLook> {
    const startedMs = clock.monoMs()
    const atMs = clock.now()
    // What waited its turn when the core began to stop must not open a thread again.
    if (isStopped) return { atMs, kind, tookMs: 0, violations: [], failure: STOPPING }
    const answer = await ask({ nowMs: atMs, since: kind === 'all' ? undefined : cursor })
    const tookMs = Math.round(clock.monoMs() - startedMs)
    if (isStopped) return { atMs, kind, tookMs, violations: [], failure: STOPPING }
    if ('failure' in answer) {
      last = { atMs, kind, tookMs, violations: [], failure: answer.failure }
      await db.write('a look failed', (tx) =>
        report(tx, 'check_failed', 'checks', `The promises could not be checked: ${answer.failure}`),
      )
      return last
    }
    const { violations } = answer.result
    cursor = answer.result.cursor
    last = { atMs, kind: answer.result.kind, tookMs, violations }
    if (violations.length > 0) await db.write('broken promises', (tx) => takeUp(tx, violations))
    return last
  }

  async function report(tx: Tx, kind: string, subject: string, message: string): Promise<void> {
    await raiseIncident(tx, ids, { kind, subject, message })
    await onCall.call(tx, { kind, subject, message })
  }

  async function takeUp(tx: Tx, violations: readonly Violation[]): Promise<void> {
    for (const { invariantId, subject, message } of violations) {
      log.error({ invariantId, subject }, `a promise is broken: ${message}`)
      await report(
        tx,
        'promise_broken',
        `${invariantId} ${subject}`,
        `${invariantId} ${titleOf(invariantId)}: ${message}.`,
      )
    }
    const first = violations.find(({ invariantId }) => STOPS_MONEY.has(invariantId))
    if (first === undefined) return
    const detail = `${first.invariantId} ${first.subject}: ${first.message}`
    if (!(await stopMoney(tx, { why: 'broken', detail }))) return
    await appendAudit(tx, {
      actor: 'system',
      action: 'money.stopped',
      subject: first.subject,
      detail: { why: detail },
    })
  }

  function look(kind: 'new' | 'all'): Promise<LastLook> {
    const next = looking.then(() => lookOnce(kind))
    looking = next.catch((error: unknown) => log.error({ err: error }, 'a look at the promises failed'))
    return next
  }

  /** Nobody waits for these, and the next one comes anyway. */
  function lookAlone(kind: 'new' | 'all'): void {
    void look(kind).catch(() => undefined)
  }

  return {
    async start() {
      await db.write('money waits for the first look', (tx) =>
        stopMoney(tx, { why: 'check', detail: 'the database is looked at before money moves' }),
      )
      void look('all').then(
        async ({ failure }) => {
          if (failure === undefined)
            await db.write('the database is whole', (tx) => letMoneyGoOn(tx, 'check'))
        },
        () => undefined,
      )
      timers.push(
        every(clock, 'look at what is new', deps.everyMs, () => lookAlone('new')),
        every(clock, 'look at everything', DAY_MS, () => lookAlone('all')),
      )
    },
    look,
    last: () => last,
    async stop() {
      isStopped = true
      for (const timer of timers) timer.cancel()
      await worker?.terminate()
      await looking
    },
  }
}

function titleOf(id: string): string {
  return INVARIANTS.find((one) => one.id === id)?.title ?? ''
}
