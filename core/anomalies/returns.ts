import type { SessionReconciled } from '#protocol/messages/session.ts'
import { recordMovement } from '#core/catalog/queries.ts'
import { getOrder } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { PolicySchema } from '#core/platform/policy.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { type Judged, judge } from '#core/policies/judge.ts'
import { lowerByRule, refundByRule } from '#core/refunds/by-rule.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { SessionRow } from '#core/sessions/store.ts'
import type { Anomalies, AnomalyRow } from './anomalies.ts'
import { percent } from './decide.ts'
import {
  type Purchase,
  type ReturnedLaterDecision,
  type ReturnedLaterInputs,
  returnedLaterRule,
  type ReturnedLine,
} from './returned-later.ts'

/** What others do when goods came back; wired in core/reactions.ts. */
export interface ReturnReactions {
  /** The money is on its way. */
  givenBack(tx: Tx, session: SessionRow, anomaly: AnomalyRow, lines: readonly ReturnedLine[]): Promise<void>
  /** Theirs, and a person looks first. */
  lookedAt(tx: Tx, session: SessionRow, anomaly: AnomalyRow): Promise<void>
  /** Whatever was brought in has been out of sight: the shelf is looked at. */
  shelfCheck(tx: Tx, cabinetId: string): Promise<void>
}

export interface Returns {
  /**
   * Judges what came in, before the visit is priced. @returns undefined when nothing came in that was not taken
   */
  judge(tx: Tx, session: SessionRow, reconciled: SessionReconciled): Promise<JudgedReturn | undefined>
  /** After the visit is priced: gives back, or asks a person; tells the consumer. */
  carryOut(tx: Tx, session: SessionRow, orderId: string, judged: JudgedReturn): Promise<void>
}
export type JudgedReturn = Judged<ReturnedLaterDecision>

/** However long a lead makes the window, the decision has seen the purchases in it. */
const LONGEST_WINDOW_MS = (PolicySchema.properties.returnWindowMs as { maximum?: number }).maximum ?? 0
const PURCHASES_MOST = 50
const PERISHABLE = new Set(['chilled', 'frozen'])
const SOLD_HERE_MOST = 5
const RULE = `rule:${returnedLaterRule.rule}`

/** Goods that are brought back on a later visit: whose they were, and what follows. */
export function createReturns(
  deps: CoreDeps & {
    policies: PolicyBook
    charges: Charges
    refunds: Refunds
    anomalies: Anomalies
    reactions: ReturnReactions
  },
): Returns {
  const { ids, log, policies, charges, refunds, anomalies, reactions } = deps

  async function inputsOf(
    tx: Tx,
    session: SessionRow,
    reconciled: SessionReconciled,
  ): Promise<ReturnedLaterInputs> {
    const { receipt } = reconciled
    const closedAtMs = session.closedAtMs ?? session.requestedAtMs
    const cabinet = await tx
      .selectFrom('cabinet')
      .select('operator')
      .where('cabinetId', '=', session.cabinetId)
      .executeTakeFirstOrThrow()
    return {
      closedAtMs,
      cabinetId: session.cabinetId,
      operator: cabinet.operator,
      wasCameraBlocked: reconciled.camera.blocked.length > 0,
      reasons: receipt.reasons,
      readings: [receipt, ...receipt.alternatives].map(({ lines, probability }) => ({
        lines: lines.map(({ sku, quantity }) => ({ sku, quantity })),
        probability,
      })),
      purchases: await purchasesOf(tx, session, closedAtMs),
    }
  }

  async function purchasesOf(tx: Tx, session: SessionRow, closedAtMs: number): Promise<Purchase[]> {
    const rows = await tx
      .selectFrom('order as o')
      .innerJoin('session as s', 's.sessionId', 'o.sessionId')
      .innerJoin('orderLine as l', 'l.orderId', 'o.orderId')
      .innerJoin('product as p', 'p.sku', 'l.sku')
      .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
      .select([
        'o.orderId',
        'o.state',
        's.closedAtMs',
        'l.lineId',
        'l.sku',
        'l.quantity',
        'l.amountFen',
        'l.refundedQuantity',
        'l.refundedFen',
        'p.foodClass',
        'c.operator',
      ])
      .where('o.consumerId', '=', session.consumerId)
      .where('o.sessionId', '<>', session.sessionId)
      .where('o.createdAtMs', '>', closedAtMs - LONGEST_WINDOW_MS)
      .where('s.closedAtMs', '<=', closedAtMs)
      .whereRef('l.refundedQuantity', '<', 'l.quantity')
      .where('o.state', 'in', ['paid', 'partly_refunded', 'charging', 'arrears', 'held'])
      .orderBy('s.closedAtMs', 'desc')
      .limit(PURCHASES_MOST)
      .execute()
    return rows.map((row) => ({
      orderId: row.orderId,
      lineId: row.lineId,
      sku: row.sku,
      quantity: row.quantity,
      leftQuantity: row.quantity - row.refundedQuantity,
      amountFen: row.amountFen,
      leftFen: row.amountFen - row.refundedFen,
      money:
        row.state === 'paid' || row.state === 'partly_refunded'
          ? 'paid'
          : row.state === 'held'
            ? 'open'
            : 'owed',
      closedAtMs: row.closedAtMs ?? 0,
      operator: row.operator,
      isPerishable: PERISHABLE.has(row.foodClass),
    }))
  }

  async function judgeReturn(
    tx: Tx,
    session: SessionRow,
    reconciled: SessionReconciled,
  ): Promise<JudgedReturn | undefined> {
    const { receipt } = reconciled
    const camesIn = (lines: ReadonlyArray<{ quantity: number }>) => lines.some(({ quantity }) => quantity < 0)
    if (![receipt, ...receipt.alternatives].some(({ lines }) => camesIn(lines))) return undefined
    const judged = judge(tx, policies, returnedLaterRule, await inputsOf(tx, session, reconciled), {
      subjectId: session.sessionId,
      orderId: null,
      sessionId: session.sessionId,
      cabinetId: session.cabinetId,
      consumerId: session.consumerId,
    })
    return judged.decision.outcome === 'nothing' ? undefined : judged
  }

  async function carryOut(
    tx: Tx,
    session: SessionRow,
    orderId: string,
    { decision, decisionId }: JudgedReturn,
  ): Promise<void> {
    log.info(
      {
        sessionId: session.sessionId,
        cabinetId: session.cabinetId,
        outcome: decision.outcome,
        reason: decision.reason,
      },
      'goods were brought in that were not taken in this visit',
    )
    await reactions.shelfCheck(tx, session.cabinetId)
    for (const { sku, quantity } of decision.spoiled)
      await recordMovement(tx, {
        cabinetId: session.cabinetId,
        sku,
        quantity: -quantity,
        kind: 'spoilage',
        sessionId: session.sessionId,
        orderId,
        reason: 'out of the cold for too long',
      })
    const count = decision.cameIn.reduce((sum, { quantity }) => sum + quantity, 0)
    const isSettled = decision.outcome === 'refund' && (await askForLess(tx, decision.lines))
    const reason = isSettled ? 'refunded' : (decision.reason ?? 'above_limit')
    const anomaly = await anomalies.open(
      tx,
      {
        kind: 'item_returned',
        rule: returnedLaterRule.rule,
        decisionId,
        inputs: {
          decision,
          ...(decision.reason === 'not_theirs' ? { soldHere: await soldHere(tx, session, decision) } : {}),
        },
        reasonKey: `anomaly.returned_later.${reason}`,
        reasonValues: {
          sku: decision.cameIn.map(({ sku }) => sku).join(', '),
          count,
          percent: percent(decision.probability),
        },
        outcome: isSettled ? 'refunded' : null,
      },
      {
        subjectId: `${session.sessionId}/brought-in`,
        // The purchase that it belongs to is what staff open; without one, the visit that brought it.
        orderId: decision.lines[0]?.orderId ?? orderId,
        sessionId: session.sessionId,
        cabinetId: session.cabinetId,
        consumerId: session.consumerId,
      },
    )
    const isPaidBack = decision.outcome === 'refund' && (await refundPaid(tx, anomaly, decision.lines))
    if (isSettled && isPaidBack) {
      await anomalies.markCarriedOut(tx, anomaly.anomalyId)
      await reactions.givenBack(tx, session, anomaly, decision.lines)
    } else if (decision.lines.length > 0) await reactions.lookedAt(tx, session, anomaly)
  }

  const ordersOf = (lines: readonly ReturnedLine[], money: ReturnedLine['money']) =>
    [...new Set(lines.filter((line) => line.money === money).map(({ orderId }) => orderId))].map(
      (orderId) => ({
        orderId,
        lines: lines
          .filter((line) => line.orderId === orderId)
          .map(({ lineId, quantity }) => ({ lineId, quantity })),
      }),
    )

  /** Money that was not taken yet is asked for no more. @returns false when some of it is above what a rule decides */
  async function askForLess(tx: Tx, lines: readonly ReturnedLine[]): Promise<boolean> {
    let isDone = true
    for (const own of ordersOf(lines, 'owed')) {
      const byFen = await lowerByRule(tx, { charges, refunds, policies }, await getOrder(tx, own.orderId), {
        refundId: ids.next('refund'),
        lines: own.lines,
        reason: 'returned_item',
        by: RULE,
      })
      if (byFen === undefined) isDone = false
    }
    return isDone
  }

  /** The goods are counted by the visit that brought them: only money moves. @returns false when somebody must approve */
  async function refundPaid(tx: Tx, anomaly: AnomalyRow, lines: readonly ReturnedLine[]): Promise<boolean> {
    let isDone = true
    for (const own of ordersOf(lines, 'paid')) {
      const refund = await refundByRule(
        tx,
        { refunds, policies },
        {
          refundId: ids.next('refund'),
          ...own,
          reason: 'returned_item',
          stock: 'not_returned',
          by: RULE,
          anomalyId: anomaly.anomalyId,
          isProven: false,
          tellConsumer: false,
        },
      )
      if (refund.state === 'awaiting_approval') isDone = false
    }
    return isDone
  }

  /** For the eyes of an agent only: who may have bought what a stranger brought back. Never a reason to refund by itself. */
  async function soldHere(tx: Tx, session: SessionRow, { cameIn }: ReturnedLaterDecision) {
    return tx
      .selectFrom('order as o')
      .innerJoin('orderLine as l', 'l.orderId', 'o.orderId')
      .select(['o.orderId', 'l.sku', 'o.chargedAtMs'])
      .where('o.cabinetId', '=', session.cabinetId)
      .where('o.sessionId', '<>', session.sessionId)
      .where(
        'l.sku',
        'in',
        cameIn.map(({ sku }) => sku),
      )
      .whereRef('l.refundedQuantity', '<', 'l.quantity')
      .where('o.createdAtMs', '>', (session.closedAtMs ?? session.requestedAtMs) - LONGEST_WINDOW_MS)
      .orderBy('o.createdAtMs', 'desc')
      .limit(SOLD_HERE_MOST)
      .execute()
  }

  return { judge: judgeReturn, carryOut }
}
