import { sql } from 'kysely'
import { findBroken, type Invariant, within } from './invariant.ts'

/** The books of an order, its payments and its refunds say the same. */
const booksAgree: Invariant = {
  id: 'I1',
  title: 'Every sum of the books is made of its parts',
  stopsMoney: true,
  async check(read, { sessionIds }) {
    const orders = await findBroken(
      read,
      'I1',
      sql`
        SELECT 'order:' || o.orderId AS subject,
          printf('order says %d fen paid and %d given back, its payments say %d and %d',
            o.paidFen, o.refundedFen, p.paid, p.back) AS message
        FROM "order" o JOIN (
          SELECT q.orderId, coalesce(sum(y.amountFen), 0) AS paid, coalesce(sum(y.refundedFen), 0) AS back
          FROM "order" q LEFT JOIN payment y ON y.orderId = q.orderId
          WHERE ${within('q.sessionId', sessionIds)} GROUP BY q.orderId) p ON p.orderId = o.orderId
        WHERE o.paidFen <> p.paid OR o.refundedFen <> p.back`,
    )
    const payments = await findBroken(
      read,
      'I1',
      sql`
        SELECT 'payment:' || p.paymentId AS subject,
          printf('payment reserves %d fen and gave back %d, its refunds say %d and %d',
            p.reservedFen, p.refundedFen, r.reserved, r.back) AS message
        FROM payment p JOIN (
          SELECT y.paymentId,
            coalesce(sum(CASE WHEN f.state <> 'rejected' THEN f.amountFen END), 0) AS reserved,
            coalesce(sum(CASE WHEN f.state = 'succeeded' THEN f.amountFen END), 0) AS back
          FROM "order" o JOIN payment y ON y.orderId = o.orderId
            LEFT JOIN refund f ON f.orderId = o.orderId AND f.paymentId = y.paymentId
          WHERE ${within('o.sessionId', sessionIds)} GROUP BY y.paymentId) r ON r.paymentId = p.paymentId
        WHERE p.reservedFen <> r.reserved OR p.refundedFen <> r.back`,
    )
    const lines = await findBroken(
      read,
      'I1',
      sql`
        SELECT 'order:' || o.orderId AS subject,
          printf('line %d says %d pieces and %d fen given back, its refunds say %d and %d',
            l.position, l.refundedQuantity, l.refundedFen,
            coalesce(sum(CASE WHEN f.state <> 'rejected' THEN x.quantity END), 0),
            coalesce(sum(CASE WHEN f.state <> 'rejected' THEN x.amountFen END), 0)) AS message
        FROM "order" o JOIN orderLine l ON l.orderId = o.orderId
          LEFT JOIN refund f ON f.orderId = o.orderId
          LEFT JOIN refundLine x ON x.refundId = f.refundId AND x.lineId = l.lineId
        WHERE ${within('o.sessionId', sessionIds)}
        GROUP BY l.lineId
        HAVING l.refundedQuantity <> coalesce(sum(CASE WHEN f.state <> 'rejected' THEN x.quantity END), 0)
          OR l.refundedFen <> coalesce(sum(CASE WHEN f.state <> 'rejected' THEN x.amountFen END), 0)`,
    )
    const entries = await findBroken(
      read,
      'I1',
      sql`
        SELECT 'entry:' || e.seq AS subject,
          printf('entry of the ledger has %d of %d lines and they sum to %d fen', count(l.seq), e.lineCount,
            coalesce(sum(l.amountFen), 0)) AS message
        FROM ledgerEntry e LEFT JOIN ledgerLine l ON l.seq = e.seq
        WHERE ${
          sessionIds === undefined
            ? sql`true`
            : sql`e.orderId IN (SELECT orderId FROM "order" WHERE ${within('sessionId', sessionIds)})`
        }
        GROUP BY e.seq HAVING count(l.seq) <> e.lineCount OR coalesce(sum(l.amountFen), 0) <> 0`,
    )
    return [...orders, ...payments, ...lines, ...entries]
  },
}

/** However often a completion is sent, it is the same bytes under the same number; a second payment has its anomaly. */
const oneChargeAsked: Invariant = {
  id: 'I2',
  title: 'A session is asked to pay once',
  stopsMoney: true,
  async check(read, { sessionIds }) {
    const calls = await findBroken(
      read,
      'I2',
      sql`
        SELECT 'charge:' || c.chargeId AS subject,
          printf('%s was asked of the provider with %d different contents under %d numbers',
            a.operation, count(DISTINCT a.body), count(DISTINCT a.idempotencyKey)) AS message
        FROM charge c JOIN providerCall a ON a.subjectId = c.chargeId
        WHERE ${within('c.sessionId', sessionIds)} AND a.operation IN ('create_order', 'complete_order')
        GROUP BY c.chargeId, a.operation
        HAVING count(DISTINCT a.body) > 1 OR count(DISTINCT a.idempotencyKey) > 1`,
    )
    const doubles = await findBroken(
      read,
      'I2',
      sql`
        SELECT 'payment:' || p.paymentId AS subject,
          'a second payment was taken and nobody decides about it' AS message
        FROM charge c JOIN payment p ON p.chargeId = c.chargeId
        WHERE ${within('c.sessionId', sessionIds)} AND p.isDuplicate = 1
          AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.kind = 'double_charge' AND a.subjectId = p.paymentId)`,
    )
    const counted = await findBroken(
      read,
      'I2',
      sql`
        SELECT 'charge:' || c.chargeId AS subject,
          printf('%d payments count as the one of this charge', count(*)) AS message
        FROM charge c JOIN payment p ON p.chargeId = c.chargeId
        WHERE ${within('c.sessionId', sessionIds)} AND p.isDuplicate = 0
        GROUP BY c.chargeId HAVING count(*) > 1`,
    )
    return [...calls, ...doubles, ...counted]
  },
}

const refundsWithinPaid: Invariant = {
  id: 'I3',
  title: 'No more is given back than was paid',
  stopsMoney: true,
  check: (read, { sessionIds }) =>
    findBroken(
      read,
      'I3',
      sql`
        SELECT 'order:' || o.orderId AS subject,
          printf('refunds of %d fen are under way or done, %d were paid', r.fen, p.fen) AS message
        FROM "order" o
        JOIN (SELECT q.orderId, sum(f.amountFen) AS fen FROM "order" q JOIN refund f ON f.orderId = q.orderId
          WHERE f.state <> 'rejected' AND ${within('q.sessionId', sessionIds)} GROUP BY q.orderId) r
          ON r.orderId = o.orderId
        LEFT JOIN (SELECT q.orderId, sum(y.amountFen) AS fen FROM "order" q JOIN payment y ON y.orderId = q.orderId
          WHERE ${within('q.sessionId', sessionIds)} GROUP BY q.orderId) p ON p.orderId = o.orderId
        WHERE r.fen > coalesce(p.fen, 0)`,
    ),
}

/** Money stands in the books only after the provider confirmed it, so each confirmed state has what confirmed it. */
const onlyConfirmedMoney: Invariant = {
  id: 'I4',
  title: 'The books show no money that the provider did not confirm',
  stopsMoney: true,
  async check(read, { sessionIds }) {
    const paid = await findBroken(
      read,
      'I4',
      sql`
        SELECT 'charge:' || c.chargeId AS subject,
          printf('charge is paid and order %s, but no payment is known', o.state) AS message
        FROM charge c JOIN "order" o ON o.orderId = c.orderId
        WHERE ${within('c.sessionId', sessionIds)} AND c.state = 'paid'
          AND o.state IN ('paid', 'partly_refunded')
          AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.chargeId = c.chargeId)`,
    )
    const orders = await findBroken(
      read,
      'I4',
      sql`
        SELECT 'order:' || o.orderId AS subject,
          printf('order is %s while its charge is %s', o.state, c.state) AS message
        FROM "order" o JOIN charge c ON c.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)}
          AND o.state IN ('paid', 'partly_refunded', 'refunded', 'paid_elsewhere') AND c.state <> 'paid'`,
    )
    const refunds = await findBroken(
      read,
      'I4',
      sql`
        SELECT 'refund:' || f.refundId AS subject,
          'refund is done without a number or a time from the provider' AS message
        FROM "order" o JOIN refund f ON f.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)} AND f.state = 'succeeded'
          AND (f.providerRefundId IS NULL OR f.succeededAtMs IS NULL)`,
    )
    return [...paid, ...orders, ...refunds]
  },
}

/** States in which the total has been made from the lines. */
const PRICED = sql`('priced', 'held', 'charging', 'paid', 'arrears', 'partly_refunded', 'refunded', 'paid_elsewhere')`

const amountFollowsLines: Invariant = {
  id: 'I14',
  title: 'An amount is the sum of its lines at the prices of its session, within its cap',
  stopsMoney: true,
  async check(read, { sessionIds }) {
    const totals = await findBroken(
      read,
      'I14',
      sql`
        SELECT 'order:' || o.orderId AS subject,
          printf('order asks for %d fen, its lines make %d', o.totalFen, coalesce(sum(l.amountFen), 0)) AS message
        FROM "order" o LEFT JOIN orderLine l ON l.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)} AND o.state IN ${PRICED}
        GROUP BY o.orderId HAVING o.totalFen <> coalesce(sum(l.amountFen), 0)`,
    )
    const prices = await findBroken(
      read,
      'I14',
      sql`
        SELECT 'order:' || o.orderId AS subject,
          printf('%s is billed at %d fen, the price of the session was %d', l.sku, l.unitPriceFen,
            json_extract(o.decision, '$.prices."' || l.sku || '"')) AS message
        FROM "order" o JOIN orderLine l ON l.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)} AND o.decision IS NOT NULL
          AND l.unitPriceFen > json_extract(o.decision, '$.prices."' || l.sku || '"')`,
    )
    const charges = await findBroken(
      read,
      'I14',
      sql`
        SELECT 'charge:' || c.chargeId AS subject,
          printf('charge asks for %d fen of an order of %d (at most %d)', c.amountFen, o.totalFen, c.capFen) AS message
        FROM charge c JOIN "order" o ON o.orderId = c.orderId
        WHERE ${within('c.sessionId', sessionIds)} AND c.state IN ('submitted', 'unknown', 'pending', 'paid')
          AND (c.amountFen > o.totalFen OR c.amountFen > c.capFen)`,
    )
    return [...totals, ...prices, ...charges]
  },
}

const twoPeople: Invariant = {
  id: 'I16',
  title: 'A large refund has two different people',
  stopsMoney: true,
  check: (read, { sessionIds }) =>
    findBroken(
      read,
      'I16',
      sql`
        SELECT 'refund:' || f.refundId AS subject,
          printf('refund of %d fen was asked for and approved by the same person', f.amountFen) AS message
        FROM "order" o JOIN refund f ON f.orderId = o.orderId
        WHERE ${within('o.sessionId', sessionIds)} AND f.needsTwoPeople = 1
          AND f.state NOT IN ('requested', 'awaiting_approval', 'rejected')
          AND (f.approvedBy IS NULL OR f.approvedBy = f.requestedBy)`,
    ),
}

export const MONEY_INVARIANTS: readonly Invariant[] = [
  booksAgree,
  oneChargeAsked,
  refundsWithinPaid,
  onlyConfirmedMoney,
  amountFollowsLines,
  twoPeople,
]
