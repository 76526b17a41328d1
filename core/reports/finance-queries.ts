import type { BillDetail, BillList, BillReport, LedgerView, StuckRefundList } from '#protocol/api/finance.ts'
import { LEDGER_ACCOUNTS } from '#protocol/api/finance.ts'
import type { BillDifferenceRow, BillRunRow } from '#core/bills/store.ts'
import { dayBefore, dayOf } from '#core/ledger/day.ts'
import { balancesOf } from '#core/ledger/journal.ts'
import { csvOf } from '#core/ledger/statements.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { Database } from '#core/platform/database.ts'
import type { RefundRow } from '#core/refunds/refunds.ts'

const ENTRIES_SHOWN = 200
const RUNS_SHOWN = 60
const STUCK_SHOWN = 200

export async function ledgerView(db: Database['read'], day: string): Promise<LedgerView> {
  const entries = await entriesOf(db, day, ENTRIES_SHOWN + 1)
  const [ofDay, total] = [await balancesOf(db, { day }), await balancesOf(db)]
  return {
    day,
    entries: entries.slice(0, ENTRIES_SHOWN),
    isCut: entries.length > ENTRIES_SHOWN,
    balances: LEDGER_ACCOUNTS.map((account) => ({
      account,
      dayFen: ofDay[account] ?? 0,
      totalFen: total[account] ?? 0,
    })),
  }
}

async function entriesOf(db: Database['read'], day: string, most: number): Promise<LedgerView['entries']> {
  const entries = await db
    .selectFrom('ledgerEntry')
    .select(['seq', 'kind', 'subjectId', 'orderId', 'operator', 'day', 'occurredAtMs', 'postedAtMs'])
    .where('day', '=', day)
    .orderBy('seq', 'desc')
    .limit(most)
    .execute()
  const first = entries.at(-1)?.seq ?? 0
  const lines = await db
    .selectFrom('ledgerLine as l')
    .innerJoin('ledgerEntry as e', 'e.seq', 'l.seq')
    .select(['l.seq', 'l.account', 'l.amountFen'])
    .where('e.day', '=', day)
    .where('l.seq', '>=', first)
    .orderBy('l.seq')
    .orderBy('l.position')
    .execute()
  const bySeq = Map.groupBy(lines, (line) => line.seq)
  return entries.map((entry) => ({
    ...entry,
    lines: (bySeq.get(entry.seq) ?? []).map(({ account, amountFen }) => ({ account, amountFen })),
  }))
}

/** The whole day, one row a line, oldest first. */
export async function ledgerCsv(db: Database['read'], day: string): Promise<string> {
  const entries = (await entriesOf(db, day, Number.MAX_SAFE_INTEGER)).toReversed()
  return csvOf([
    [
      '分录 entry',
      '日期 day',
      '种类 kind',
      '对象 subject',
      '订单 order',
      '运营商 operator',
      '时间 time (UTC)',
      '科目 account',
      '借 debit',
      '贷 credit',
    ],
    ...entries.flatMap((entry) =>
      entry.lines.map((line) => [
        String(entry.seq),
        entry.day,
        entry.kind,
        entry.subjectId,
        entry.orderId ?? '',
        entry.operator,
        new Date(entry.occurredAtMs).toISOString(),
        line.account,
        line.amountFen > 0 ? yuanText(line.amountFen) : '',
        line.amountFen < 0 ? yuanText(-line.amountFen) : '',
      ]),
    ),
  ])
}

function runView(run: BillRunRow, openDifferences: number): NonNullable<BillDetail['run']> {
  const { isEmpty, ...report } = JSON.parse(run.report) as BillReport & { isEmpty: boolean }
  return {
    day: run.day,
    startedBy: run.startedBy,
    finishedAtMs: run.finishedAtMs,
    isEmpty,
    report,
    openDifferences,
  }
}

/** The latest comparison of each day, newest day first. */
export async function billList(db: Database['read'], nowMs: number): Promise<BillList> {
  const runs = await db
    .selectFrom('billRun as r')
    .selectAll('r')
    .where((eb) =>
      eb(
        'r.runId',
        '=',
        eb
          .selectFrom('billRun as l')
          .select('l.runId')
          .whereRef('l.day', '=', 'r.day')
          .orderBy('l.finishedAtMs', 'desc')
          .orderBy('l.runId', 'desc')
          .limit(1),
      ),
    )
    .orderBy('r.day', 'desc')
    .limit(RUNS_SHOWN)
    .execute()
  const open = await db
    .selectFrom('billDifference')
    .select((eb) => ['day', eb.fn.countAll<number>().as('count')])
    .where('state', '=', 'open')
    .groupBy('day')
    .execute()
  const today = dayOf(nowMs)
  return {
    runs: runs.map((run) => runView(run, Number(open.find((one) => one.day === run.day)?.count ?? 0))),
    today,
    yesterday: dayBefore(today),
  }
}

export async function billDetail(db: Database['read'], day: string): Promise<BillDetail> {
  const run = await db
    .selectFrom('billRun')
    .selectAll()
    .where('day', '=', day)
    .orderBy('finishedAtMs', 'desc')
    .orderBy('runId', 'desc')
    .limit(1)
    .executeTakeFirst()
  const differences = await db
    .selectFrom('billDifference')
    .selectAll()
    .where('day', '=', day)
    .orderBy('state')
    .orderBy('foundAtMs')
    .execute()
  const openCount = differences.filter((one) => one.state === 'open').length
  return {
    run: run === undefined ? null : runView(run, openCount),
    differences: differences.map(differenceView),
  }
}
export function differenceView(row: BillDifferenceRow): BillDetail['differences'][number] {
  const { subjectId: _subject, anomalyId: _anomaly, kind, resolution, ...rest } = row
  return {
    ...rest,
    kind: kind as BillDetail['differences'][number]['kind'],
    resolution: resolution as BillDetail['differences'][number]['resolution'],
  }
}

/** The provider's rows with what our books say beside each, then what stands only with us. */
export async function billCsv(db: Database['read'], day: string): Promise<string> {
  const rows = await db
    .selectFrom('billRow as b')
    .leftJoin('payment as p', (join) =>
      join.onRef('p.transactionId', '=', 'b.transactionId').on('b.kind', '=', 'payment'),
    )
    .leftJoin('refund as r', 'r.outRefundNo', 'b.outRefundNo')
    .select([
      'b.kind',
      'b.atMs',
      'b.transactionId',
      'b.outOrderNo',
      'b.outRefundNo',
      'b.amountFen',
      'b.feeFen',
      'p.amountFen as paymentFen',
      'r.amountFen as refundFen',
    ])
    .where('b.day', '=', day)
    .orderBy('b.position')
    .execute()
  const { differences } = await billDetail(db, day)
  const alone = differences.filter((one) => one.billFen === null)
  const amount = (fen: number | null) => (fen === null ? '' : yuanText(fen))
  return csvOf([
    [
      '种类 kind',
      '时间 time (UTC)',
      '支付单号 transaction',
      '订单 order',
      '退款单号 refund',
      '账单金额 bill',
      '我方金额 ours',
      '手续费 fee',
      '差异 difference',
    ],
    ...rows.map((row) => [
      row.kind,
      new Date(row.atMs).toISOString(),
      row.transactionId,
      row.outOrderNo,
      row.outRefundNo ?? '',
      yuanText(row.amountFen),
      amount(row.kind === 'payment' ? row.paymentFen : row.refundFen),
      yuanText(row.feeFen),
      differences.find((one) =>
        row.kind === 'payment'
          ? one.transactionId === row.transactionId && one.outRefundNo === null
          : one.outRefundNo === row.outRefundNo,
      )?.kind ?? '',
    ]),
    ...alone.map((one) => [
      one.outRefundNo === null ? 'payment' : 'refund',
      new Date(one.foundAtMs).toISOString(),
      one.transactionId ?? '',
      one.orderId ?? '',
      one.outRefundNo ?? '',
      '',
      amount(one.ourFen),
      '',
      one.kind,
    ]),
  ])
}

/** What finance must decide: no account to go to, closed for lack of money, or back with us and still to be paid out. */
export async function stuckRefunds(db: Database['read']): Promise<StuckRefundList> {
  const rows = await db
    .selectFrom('refund')
    .selectAll()
    .where((eb) => eb.or([eb('state', 'in', ['abnormal', 'closed']), eb('reroutedAtMs', 'is not', null)]))
    .orderBy('requestedAtMs', 'desc')
    .limit(STUCK_SHOWN)
    .execute()
  return { refunds: rows.map(stuckView) }
}
function stuckView(row: RefundRow): StuckRefundList['refunds'][number] {
  return {
    refundId: row.refundId,
    orderId: row.orderId,
    amountFen: row.amountFen,
    state: row.state as StuckRefundList['refunds'][number]['state'],
    attempt: row.attempt,
    requestedAtMs: row.requestedAtMs,
    reroutedAtMs: row.reroutedAtMs,
    reroutedBy: row.reroutedBy,
    payoutReference: row.payoutReference,
    paidOutAtMs: row.paidOutAtMs,
    actions: [
      ...(row.state === 'abnormal' && row.reroutedAtMs === null ? (['reroute'] as const) : []),
      ...(row.state === 'closed' ? (['retry'] as const) : []),
      ...(row.state === 'succeeded' && row.reroutedAtMs !== null && row.paidOutAtMs === null
        ? (['record_payout'] as const)
        : []),
    ],
  }
}
