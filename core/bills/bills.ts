import type { BillReport } from '#protocol/api/finance.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { dayAfter, dayOf, startOfDay } from '#core/ledger/day.ts'
import { feeEntry } from '#core/ledger/entries.ts'
import { post } from '#core/ledger/journal.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { BilledRow, PaymentProvider, Reply } from '#core/payments/provider.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { decideReconciliation, type Difference, type Reconciled } from './decide.ts'
import { type BillDifferenceRow, createBillStore } from './store.ts'

/** What others do with a difference; wired in core/reactions.ts. */
export interface BillReactions {
  /** Opens an anomaly. @returns its id */
  differenceFound(tx: Tx, difference: BillDifferenceRow, deviceId: string): Promise<string>
  /** It explained itself, or a person has settled it. */
  differenceSettled(tx: Tx, difference: BillDifferenceRow): Promise<void>
}

export interface BillRun {
  readonly day: string
  readonly isEmpty: boolean
  readonly report: BillReport
  /** Found by this run, whether or not a rule settled them at once. */
  readonly differences: readonly BillDifferenceRow[]
}
export interface Bills {
  /**
   * Compares the provider's bill of a day with our books; as often as wanted, each finding counts once.
   * @param day  `yyyy-MM-dd`, Beijing
   * @throws CabinetError `bill_not_ready`, `provider_unreachable`, `bad_request`
   */
  reconcile(day: string, by: string): Promise<BillRun>
  settle(tx: Tx, differenceId: string, by: string, note: string): Promise<void>
  /** Days that were missed while nothing ran are taken up. */
  resume(): Promise<void>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Published: a bill can be had from 10:00 of the next day. */
const READY_AFTER_MS = 34 * HOUR_MS + 5 * MINUTE_MS
/** After a pause of the core, days further back are for a person to ask for. */
const DAYS_CAUGHT_UP = 7
const RULE = 'rule:bill-1'

export function createBills(
  deps: CoreDeps & {
    due: DueWork
    provider: PaymentProvider
    charges: Charges
    refunds: Refunds
    reactions: BillReactions
  },
): Bills {
  const { db, clock, ids, log, due, provider, charges, refunds, reactions } = deps
  const store = createBillStore(db)
  due.on('bill.daily', async (work) => {
    await reconcile(work.subjectId, RULE)
    const next = dayAfter(work.subjectId)
    await db.write('plan the next bill', (tx) => plan(tx, next))
  })

  async function plan(tx: Tx, day: string): Promise<void> {
    const dueAtMs = (startOfDay(day) ?? 0) + READY_AFTER_MS
    await due.schedule(tx, { kind: 'bill.daily', subjectId: day, dueAtMs })
  }

  async function reconcile(day: string, by: string): Promise<BillRun> {
    const startMs = startOfDay(day)
    if (startMs === undefined)
      throw new CabinetError('bad_request', `${day} is not a day; write it as 2026-03-01.`)
    if (startMs > clock.now()) throw new CabinetError('bill_not_ready', `${day} has not come yet.`)
    const startedAtMs = clock.now()
    // Known before the file was made: whatever comes while it is downloaded need not stand in it.
    const before = await store.ours(day)
    const bill = await download(day)
    const flow = await fundFlowOf(day)
    const compare = async () =>
      decide(bill.rows, before, await store.ours(day), await store.finder(bill.rows, day))
    const first = await compare()
    await takeUp(first, bill.rows)
    const second = await compare()
    const report: BillReport = {
      day,
      ...first.report,
      fundFlowNetFen: flow,
      isSummaryRight: bill.isSummaryRight,
    }
    const isEmpty = bill.rows.length === 0
    await store.saveRows(day, bill.rows)
    await postFees(day, bill.rows)
    const found = await db.write('save a reconciliation', async (tx) => {
      await store.saveRun(tx, {
        runId: ids.next('billRun'),
        day,
        startedBy: by,
        startedAtMs,
        finishedAtMs: nowOf(tx),
        sha1: bill.sha1,
        report: JSON.stringify({ ...report, isEmpty }),
      })
      const rows: BillDifferenceRow[] = []
      for (const difference of first.differences)
        rows.push(await record(tx, day, difference, second, bill.rows))
      await settleWhatIsGone(tx, day, second)
      await recordChange(tx, { kind: 'bill', subjectId: day })
      return rows
    })
    log.info(
      { day, rows: bill.rows.length, differences: found.length, isBalanced: report.isBalanced },
      'bill compared',
    )
    return { day, isEmpty, report, differences: found }
  }

  async function download(
    day: string,
  ): Promise<{ rows: readonly BilledRow[]; isSummaryRight: boolean; sha1: string }> {
    const reply = await provider.tradeBill(day)
    if (reply.kind === 'value') return reply.value
    if (isNothingTraded(reply)) return { rows: [], isSummaryRight: true, sha1: '' }
    throw notHad(reply, day)
  }
  async function fundFlowOf(day: string): Promise<number | null> {
    const reply = await provider.fundFlow(day)
    if (reply.kind === 'value') return reply.value.inFen - reply.value.outFen
    if (isNothingTraded(reply)) return 0
    log.warn({ day, reply }, 'the fund-flow bill could not be had')
    return null
  }

  function decide(
    rows: readonly BilledRow[],
    before: Awaited<ReturnType<typeof store.ours>>,
    after: Awaited<ReturnType<typeof store.ours>>,
    finder: Awaited<ReturnType<typeof store.finder>>,
  ): Reconciled {
    const inBill = new Set(rows.map((row) => (row.kind === 'payment' ? row.transactionId : row.outRefundNo)))
    const early = new Set([
      ...before.payments.map((one) => one.transactionId),
      ...before.refunds.map((one) => one.outRefundNo),
    ])
    return decideReconciliation(rows, {
      payments: after.payments.filter(
        ({ transactionId }) => early.has(transactionId) || inBill.has(transactionId),
      ),
      refunds: after.refunds.filter(
        ({ outRefundNo }) =>
          (early.has(outRefundNo) || inBill.has(outRefundNo)) &&
          // A refund of the minutes around midnight may stand in the neighbouring day's bill.
          (inBill.has(outRefundNo) || !finder.isBilledElsewhere(outRefundNo)),
      ),
      ...finder,
    })
  }

  /** What the bill knows and we do not is asked for first; what the provider shows then takes its usual way. */
  async function takeUp(found: Reconciled, rows: readonly BilledRow[]): Promise<void> {
    const orders = new Set<string>()
    for (const { kind, orderId, outRefundNo } of found.differences) {
      if (orderId !== null) orders.add(orderId)
      if (kind === 'refund_missing' && outRefundNo !== null) {
        const reply = await provider.queryRefund(outRefundNo)
        if (reply.kind === 'value')
          await db.write('take what the provider knows of a refund', (tx) => refunds.observe(tx, reply.value))
      }
    }
    for (const orderId of orders) {
      const charge = await db.read
        .selectFrom('charge')
        .select('chargeId')
        .where('orderId', '=', orderId)
        .executeTakeFirst()
      if (charge === undefined) continue
      const isAnswered = await charges.check(charge.chargeId)
      if (!isAnswered) continue
      // Not shown by the query either: the bill is the provider's word too.
      for (const one of found.differences) {
        if (one.orderId !== orderId || (one.kind !== 'paid_twice' && one.kind !== 'paid_unheard')) continue
        const row = rows.find((each) => each.kind === 'payment' && each.transactionId === one.transactionId)
        if (row === undefined) continue
        await db.write('take a payment from the bill', (tx) =>
          charges.recordBilled(tx, charge.chargeId, {
            transactionId: row.transactionId,
            amountFen: row.amountFen,
            paidAtMs: row.atMs,
          }),
        )
      }
    }
  }

  /** Fees are known by the bill only; each payment and refund has one. */
  async function postFees(day: string, rows: readonly BilledRow[]): Promise<void> {
    const finder = await store.finder(rows, day)
    const known = rows.flatMap((row) => {
      const place = row.feeFen === 0 ? undefined : finder.placeOf(row.outOrderNo)
      return place === undefined ? [] : [{ row, place }]
    })
    for (let start = 0; start < known.length; start += ROWS_AT_ONCE)
      await db.write('enter fees', async (tx) => {
        for (const { row, place } of known.slice(start, start + ROWS_AT_ONCE))
          await post(tx, feeEntry(row.feeFen), {
            ...place,
            subjectId: row.kind === 'payment' ? row.transactionId : (row.outRefundNo ?? ''),
            occurredAtMs: row.atMs,
          })
      })
  }

  async function record(
    tx: Tx,
    day: string,
    difference: Difference,
    second: Reconciled,
    rows: readonly BilledRow[],
  ): Promise<BillDifferenceRow> {
    const isGone = !second.differences.some(
      (one) => one.kind === difference.kind && one.subjectId === difference.subjectId,
    )
    const { row, isNew } = await store.insertDifference(tx, {
      ...difference,
      differenceId: ids.next('difference'),
      day,
      state: isGone ? 'settled' : 'open',
      resolution: isGone ? (difference.kind === 'paid_twice' ? 'refunded' : 'taken_up') : null,
      settledBy: isGone ? RULE : null,
      note: null,
      anomalyId: null,
      foundAtMs: nowOf(tx),
      settledAtMs: isGone ? nowOf(tx) : null,
    })
    if (!isNew || isGone) return row
    const deviceId =
      rows.find((one) => one.transactionId === difference.transactionId && one.deviceId !== '')?.deviceId ??
      ''
    const anomalyId = await reactions.differenceFound(tx, row, deviceId)
    await tx
      .updateTable('billDifference')
      .set({ anomalyId })
      .where('differenceId', '=', row.differenceId)
      .execute()
    return { ...row, anomalyId }
  }

  /** What was open and does not show any more has explained itself: a row that came late, a refund that arrived. */
  async function settleWhatIsGone(tx: Tx, day: string, second: Reconciled): Promise<void> {
    const open = await tx
      .selectFrom('billDifference')
      .selectAll()
      .where('day', '=', day)
      .where('state', '=', 'open')
      .execute()
    for (const row of open) {
      const isStill = second.differences.some(
        (one) => one.kind === row.kind && one.subjectId === row.subjectId,
      )
      if (!isStill) await close(tx, row, 'found_later', RULE, null)
    }
  }
  async function close(
    tx: Tx,
    row: BillDifferenceRow,
    resolution: 'found_later' | 'person',
    by: string,
    note: string | null,
  ): Promise<void> {
    const settled = { state: 'settled' as const, resolution, settledBy: by, note, settledAtMs: nowOf(tx) }
    await tx
      .updateTable('billDifference')
      .set(settled)
      .where('differenceId', '=', row.differenceId)
      .where('state', '=', 'open')
      .execute()
    await reactions.differenceSettled(tx, { ...row, ...settled })
    await recordChange(tx, { kind: 'bill', subjectId: row.day })
  }

  return {
    reconcile,
    async settle(tx, differenceId, by, note) {
      const row = await tx
        .selectFrom('billDifference')
        .selectAll()
        .where('differenceId', '=', differenceId)
        .executeTakeFirst()
      if (row === undefined) throw new CabinetError('not_found', `There is no difference ${differenceId}.`)
      if (row.state === 'settled') throw new CabinetError('already_decided')
      await close(tx, row, 'person', by, note)
      await appendAudit(tx, {
        actor: `staff:${by}`,
        action: 'difference.settled',
        subject: `difference:${differenceId}`,
        detail: { kind: row.kind, ourFen: row.ourFen, billFen: row.billFen, note },
      })
    },
    async resume() {
      const planned = await db.read
        .selectFrom('dueWork')
        .select('kind')
        .where('kind', '=', 'bill.daily')
        .executeTakeFirst()
      if (planned !== undefined) return
      const today = dayOf(clock.now())
      // A day that a person looked at before it was over still has its own look to come.
      const last = await db.read
        .selectFrom('billRun')
        .select('day')
        .where('startedBy', '=', RULE)
        .orderBy('day', 'desc')
        .limit(1)
        .executeTakeFirst()
      const earliest = dayOf((startOfDay(today) ?? 0) - DAYS_CAUGHT_UP * 24 * HOUR_MS)
      const next = last === undefined ? today : dayAfter(last.day)
      await db.write('plan the bills', (tx) => plan(tx, next < earliest ? earliest : next))
    },
  }
}

const ROWS_AT_ONCE = 200

function isNothingTraded(reply: Reply<unknown>): boolean {
  return (reply.kind === 'refused' || reply.kind === 'absent') && reply.code === 'NO_STATEMENT_EXIST'
}
function notHad(reply: Exclude<Reply<unknown>, { kind: 'value' }>, day: string): CabinetError {
  if (reply.kind === 'refused' && reply.code === 'STATEMENT_CREATING')
    return new CabinetError(
      'bill_not_ready',
      `The bill of ${day} can be had after 10:00 (Beijing) of the next day.`,
    )
  return new CabinetError(
    'provider_unreachable',
    `The bill of ${day} could not be had: ${reply.kind === 'unknown' ? reply.reason : reply.kind === 'refused' ? `${reply.code} ${reply.message}` : reply.code}.`,
  )
}
