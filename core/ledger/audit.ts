import { timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { LedgerAudit } from '#protocol/api/finance.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { GENESIS_MAC, macOf } from './journal.ts'

type Finding = LedgerAudit['findings'][number]
const ENTRIES_AT_ONCE = 500
/** More are counted but not told one by one: the first say what is wrong. */
const FINDINGS_MOST = 100

/** How far an audit has come; the next one may go on from there. */
export interface AuditMark {
  readonly seq: number
  readonly mac: string
}
export const AUDIT_START: AuditMark = { seq: 0, mac: GENESIS_MAC }

/**
 * Walks the whole journal and holds it against the orders, payments and refunds.
 * @returns what does not hold, in words; nothing is repaired here
 */
export async function auditLedger(db: Kysely<Tables>, key: Uint8Array, atMs: number): Promise<LedgerAudit> {
  const chain = await walkChain(db, key, AUDIT_START)
  return resultOf(chain.mark.seq, [...chain.findings, ...(await compare(db, undefined))], atMs)
}

/** The same for what was entered since a mark, and the orders it is about: cheap enough for every minute. */
export async function auditSince(
  db: Kysely<Tables>,
  key: Uint8Array,
  atMs: number,
  since: AuditMark,
): Promise<{ audit: LedgerAudit; mark: AuditMark }> {
  const chain = await walkChain(db, key, since)
  const orders = [...chain.orders]
  const findings: Finding[] = [...chain.findings]
  for (let start = 0; start < orders.length; start += ENTRIES_AT_ONCE)
    findings.push(...(await compare(db, orders.slice(start, start + ENTRIES_AT_ONCE))))
  return { audit: resultOf(chain.mark.seq, findings, atMs), mark: chain.mark }
}

/** Rows move while they are read: only what two looks in a row find did not hold. */
export async function confirmed(look: () => Promise<LedgerAudit>): Promise<LedgerAudit> {
  const first = await look()
  if (first.ok) return first
  const second = await look()
  const findings = second.findings.filter((one) =>
    first.findings.some(
      (other) => other.rule === one.rule && other.subject === one.subject && other.message === one.message,
    ),
  )
  return { ...second, ok: findings.length === 0, findings }
}

/** @param orders  undefined: all of them */
async function compare(db: Kysely<Tables>, orders: readonly string[] | undefined): Promise<Finding[]> {
  return [
    ...(await receivables(db, orders)),
    ...(await clearing(db, orders)),
    ...(await overRefunds(db, orders)),
    ...(await orderTotals(db, orders)),
  ]
}
function resultOf(entries: number, findings: readonly Finding[], atMs: number): LedgerAudit {
  return {
    ok: findings.length === 0,
    entries,
    atMs,
    findings: findings.slice(0, FINDINGS_MOST),
  }
}

async function walkChain(
  db: Kysely<Tables>,
  key: Uint8Array,
  since: AuditMark,
): Promise<{ mark: AuditMark; orders: Set<string>; findings: Finding[] }> {
  const orders = new Set<string>()
  const findings: Finding[] = []
  const broken = (seq: number, message: string) =>
    findings.push({ rule: 'chain', subject: `entry ${seq}`, message })
  let { seq, mac: previousMac } = since
  for (;;) {
    const entries = await db
      .selectFrom('ledgerEntry')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(ENTRIES_AT_ONCE)
      .execute()
    const last = entries.at(-1)
    if (last === undefined) return { mark: { seq, mac: previousMac }, orders, findings }
    const lines = await db
      .selectFrom('ledgerLine')
      .selectAll()
      .where('seq', '>', seq)
      .where('seq', '<=', last.seq)
      .orderBy('seq')
      .orderBy('position')
      .execute()
    const bySeq = Map.groupBy(lines, (line) => line.seq)
    for (const entry of entries) {
      const own = bySeq.get(entry.seq) ?? []
      if (entry.orderId !== null) orders.add(entry.orderId)
      if (entry.seq !== seq + 1) broken(seq + 1, 'it is missing')
      if (entry.previousMac !== previousMac) broken(entry.seq, 'it does not follow its predecessor')
      if (!isSameMac(entry.mac, macOf(key, entry, own))) broken(entry.seq, 'its contents were changed')
      const sumFen = own.reduce((sum, line) => sum + line.amountFen, 0)
      if (sumFen !== 0)
        findings.push({
          rule: 'balance',
          subject: `entry ${entry.seq}`,
          message: `its lines sum to ${sumFen} fen instead of 0`,
        })
      seq = entry.seq
      previousMac = entry.mac
    }
  }
}
function isSameMac(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/** Asked and not taken: what the journal says of an order is what its charge says. */
async function receivables(db: Kysely<Tables>, orders: readonly string[] | undefined): Promise<Finding[]> {
  const rows = await db
    .selectFrom('charge as c')
    .innerJoin('order as o', 'o.orderId', 'c.orderId')
    .select((eb) => [
      'c.orderId',
      'c.state',
      'c.amountFen',
      'c.submittedAtMs',
      'o.state as orderState',
      eb
        .selectFrom('payment')
        .select((p) => p.fn.coalesce(p.fn.sum<number>('payment.amountFen'), p.lit(0)).as('fen'))
        .whereRef('payment.orderId', '=', 'c.orderId')
        .where('payment.isDuplicate', '=', 0)
        .as('paidFen'),
      eb
        .selectFrom('ledgerEntry as e')
        .innerJoin('ledgerLine as l', 'l.seq', 'e.seq')
        .select((l) => l.fn.coalesce(l.fn.sum<number>('l.amountFen'), l.lit(0)).as('fen'))
        .whereRef('e.orderId', '=', 'c.orderId')
        .where('l.account', '=', 'consumer_receivable')
        .as('receivableFen'),
    ])
    .$if(orders !== undefined, (query) => query.where('c.orderId', 'in', orders ?? []))
    .execute()
  return rows.flatMap((row): Finding[] => {
    const isAsked = row.submittedAtMs !== null && row.state !== 'cancelled' && row.state !== 'failed'
    const isSettledOtherwise = row.orderState === 'written_off' || row.orderState === 'paid_elsewhere'
    const paidFen = Number(row.paidFen)
    const expectedFen = !isAsked
      ? -paidFen
      : isSettledOtherwise && paidFen === 0
        ? 0
        : row.amountFen - paidFen
    const foundFen = Number(row.receivableFen)
    return foundFen === expectedFen
      ? []
      : [
          {
            rule: 'receivable',
            subject: `order ${row.orderId}`,
            message: `the journal holds ${foundFen} fen as receivable, the charge (${row.state}) says ${expectedFen}`,
          },
        ]
  })
}

/** Taken by the provider and not given back, payment by payment, fees aside. */
async function clearing(db: Kysely<Tables>, orders: readonly string[] | undefined): Promise<Finding[]> {
  const rows = await db
    .selectFrom('payment as p')
    .select((eb) => [
      'p.orderId',
      eb.fn.sum<number>('p.amountFen').as('paidFen'),
      eb.fn.sum<number>('p.refundedFen').as('backFen'),
      eb
        .selectFrom('ledgerEntry as e')
        .innerJoin('ledgerLine as l', 'l.seq', 'e.seq')
        .select((l) => l.fn.coalesce(l.fn.sum<number>('l.amountFen'), l.lit(0)).as('fen'))
        .whereRef('e.orderId', '=', 'p.orderId')
        .where('e.kind', '<>', 'fee')
        .where('l.account', '=', 'provider_clearing')
        .as('clearingFen'),
    ])
    .$if(orders !== undefined, (query) => query.where('p.orderId', 'in', orders ?? []))
    .groupBy('p.orderId')
    .execute()
  return rows.flatMap((row): Finding[] => {
    const expectedFen = Number(row.paidFen) - Number(row.backFen)
    const foundFen = Number(row.clearingFen)
    return foundFen === expectedFen
      ? []
      : [
          {
            rule: 'clearing',
            subject: `order ${row.orderId}`,
            message: `the journal holds ${foundFen} fen at the provider, payments less refunds are ${expectedFen}`,
          },
        ]
  })
}

/** Refunds under way and done never exceed what was taken, by the rows of the refunds themselves. */
async function overRefunds(db: Kysely<Tables>, orders: readonly string[] | undefined): Promise<Finding[]> {
  const rows = await db
    .selectFrom('refund as r')
    .innerJoin('payment as p', 'p.paymentId', 'r.paymentId')
    .select((eb) => [
      'p.paymentId',
      'p.amountFen',
      'p.reservedFen',
      eb.fn.sum<number>('r.amountFen').as('askedFen'),
    ])
    .$if(orders !== undefined, (query) => query.where('p.orderId', 'in', orders ?? []))
    .where('r.state', '<>', 'rejected')
    .groupBy('p.paymentId')
    .execute()
  return rows.flatMap((row): Finding[] =>
    Number(row.askedFen) <= row.amountFen && Number(row.askedFen) === row.reservedFen
      ? []
      : [
          {
            rule: 'refunds',
            subject: `payment ${row.paymentId}`,
            message: `refunds of ${Number(row.askedFen)} fen, ${row.reservedFen} reserved, ${row.amountFen} paid`,
          },
        ],
  )
}

/** An order is its lines at their prices, less its discounts. */
async function orderTotals(db: Kysely<Tables>, orders: readonly string[] | undefined): Promise<Finding[]> {
  const rows = await db
    .selectFrom('order as o')
    .select((eb) => [
      'o.orderId',
      'o.totalFen',
      eb
        .selectFrom('orderLine')
        .select((l) => l.fn.coalesce(l.fn.sum<number>('orderLine.amountFen'), l.lit(0)).as('fen'))
        .whereRef('orderLine.orderId', '=', 'o.orderId')
        .as('netFen'),
      eb
        .selectFrom('orderLine')
        .select((l) =>
          l.fn
            .coalesce(
              l.fn.sum<number>(l('orderLine.unitPriceFen', '*', l.ref('orderLine.quantity'))),
              l.lit(0),
            )
            .as('fen'),
        )
        .whereRef('orderLine.orderId', '=', 'o.orderId')
        .as('grossFen'),
      eb
        .selectFrom('orderDiscount')
        .select((d) => d.fn.coalesce(d.fn.sum<number>('orderDiscount.amountFen'), d.lit(0)).as('fen'))
        .whereRef('orderDiscount.orderId', '=', 'o.orderId')
        .as('offFen'),
    ])
    .$if(orders !== undefined, (query) => query.where('o.orderId', 'in', orders ?? []))
    .where('o.state', 'not in', ['open', 'void'])
    .execute()
  return rows.flatMap((row): Finding[] => {
    const [netFen, grossFen, offFen] = [Number(row.netFen), Number(row.grossFen), Number(row.offFen)]
    return row.totalFen === netFen && grossFen - offFen === netFen
      ? []
      : [
          {
            rule: 'order_total',
            subject: `order ${row.orderId}`,
            message: `total ${row.totalFen} fen, lines ${netFen}, goods ${grossFen} less discounts ${offFen}`,
          },
        ]
  })
}
