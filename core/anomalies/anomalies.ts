import type { Selectable } from 'kysely'
import type { AnomalyKind } from '#protocol/api/common.ts'
import type { PolicyName } from '#protocol/api/policies.ts'
import type { AnomalyDecide, AnomalyView } from '#protocol/api/staff/orders.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import { recordChange } from '#core/live/changes.ts'
import { releaseOrder } from '#core/orders/pricing.ts'
import { getOrder, linesOf, type OrderRow } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { advanceSession } from '#core/sessions/store.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { RefundAuthority } from '#core/refunds/decide.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { AnomalyFinding } from './decide.ts'
import { type AnomalyInput, anomalyMachine } from './machine.ts'
import { returnedLaterRule } from './returned-later.ts'

export type AnomalyRow = Selectable<Tables['anomaly']>
export type AnomalyDecision = AnomalyDecide

/** What others do with an anomaly; wired in core/reactions.ts. */
export interface AnomalyReactions {
  /** A person must look: a ticket. */
  personNeeded(tx: Tx, anomaly: AnomalyRow): Promise<void>
  /** Carried out: tell the consumer, close the ticket. */
  carriedOut(tx: Tx, anomaly: AnomalyRow, order: OrderRow | undefined): Promise<void>
}

export interface Anomalies {
  /** Opens it with everything the rule saw, in the transaction that found it; the same kind and subject again is the same. */
  open(tx: Tx, finding: AnomalyFinding & { decisionId?: number }, about: AnomalyAbout): Promise<AnomalyRow>
  /** A person's decision takes the same way as a rule's. */
  decide(
    tx: Tx,
    anomalyId: string,
    by: { staffId: string; authority: RefundAuthority },
    decision: AnomalyDecision,
  ): Promise<AnomalyRow>
  find(db: CoreDeps['db']['read'], kind: AnomalyKind, subjectId: string): Promise<AnomalyRow | undefined>
  /** The rule's decision took effect. */
  markCarriedOut(tx: Tx, anomalyId: string): Promise<void>
}
export interface AnomalyAbout {
  subjectId: string
  orderId: string | null
  sessionId: string | null
  cabinetId: string
  consumerId: string | null
}

export function createAnomalies(
  deps: CoreDeps & { charges: Charges; refunds: Refunds; reactions: AnomalyReactions },
): Anomalies {
  const { ids, policy, log, charges, refunds, reactions } = deps

  async function advance(
    tx: Tx,
    anomalyId: string,
    input: AnomalyInput,
    change: Partial<AnomalyRow> = {},
  ): Promise<AnomalyRow | undefined> {
    const anomaly = await tx
      .selectFrom('anomaly')
      .selectAll()
      .where('anomalyId', '=', anomalyId)
      .executeTakeFirst()
    if (anomaly === undefined) throw new CabinetError('not_found', `There is no anomaly ${anomalyId}.`)
    const state = anomalyMachine.next(anomaly.state, input)
    if (state === undefined) return undefined
    await tx
      .updateTable('anomaly')
      .set({ ...change, state })
      .where('anomalyId', '=', anomalyId)
      .execute()
    await recordChange(tx, {
      kind: 'anomaly',
      subjectId: anomalyId,
      cabinetId: anomaly.cabinetId,
      data: { state, orderId: anomaly.orderId },
    })
    return { ...anomaly, ...change, state }
  }

  async function open(
    tx: Tx,
    finding: AnomalyFinding & { decisionId?: number },
    about: AnomalyAbout,
  ): Promise<AnomalyRow> {
    const before = await tx
      .selectFrom('anomaly')
      .selectAll()
      .where('kind', '=', finding.kind)
      .where('subjectId', '=', about.subjectId)
      .executeTakeFirst()
    if (before !== undefined) return before
    const row: AnomalyRow = {
      anomalyId: ids.next('anomaly'),
      kind: finding.kind,
      state: anomalyMachine.initial,
      ...about,
      detectedAtMs: nowOf(tx),
      rule: finding.rule,
      inputs: JSON.stringify(finding.inputs),
      outcome: null,
      decidedBy: null,
      decidedAtMs: null,
      reasonKey: finding.reasonKey,
      reasonValues: JSON.stringify(finding.reasonValues),
      note: null,
      decisionId: finding.decisionId ?? null,
    }
    await tx.insertInto('anomaly').values(row).execute()
    log.info(
      { anomalyId: row.anomalyId, kind: row.kind, orderId: row.orderId, outcome: finding.outcome },
      'anomaly detected',
    )
    const isDecided = finding.outcome !== null
    const moved = await advance(
      tx,
      row.anomalyId,
      isDecided ? 'ruleDecided' : 'personNeeded',
      isDecided
        ? { outcome: finding.outcome, decidedBy: `rule:${finding.rule}`, decidedAtMs: nowOf(tx) }
        : {},
    )
    if (!isDecided) await reactions.personNeeded(tx, moved ?? row)
    return moved ?? row
  }

  async function decide(
    tx: Tx,
    anomalyId: string,
    by: { staffId: string; authority: RefundAuthority },
    decision: AnomalyDecision,
  ): Promise<AnomalyRow> {
    const decided = await advance(tx, anomalyId, 'personDecided', {
      outcome: decision.decision,
      decidedBy: by.staffId,
      decidedAtMs: nowOf(tx),
      note: decision.note ?? null,
    })
    if (decided === undefined) throw new CabinetError('already_decided')
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'anomaly.decided',
      subject: `anomaly:${anomalyId}`,
      detail: { ...decision },
    })
    const order = decided.orderId === null ? undefined : await carryOut(tx, decided, by, decision)
    const done = (await advance(tx, anomalyId, 'carriedOut')) ?? decided
    await reactions.carriedOut(tx, done, order)
    return (await advance(tx, anomalyId, 'told')) ?? done
  }

  /** One way for every decision, whoever made it. */
  async function carryOut(
    tx: Tx,
    anomaly: AnomalyRow,
    by: { staffId: string; authority: RefundAuthority },
    decision: AnomalyDecision,
  ): Promise<OrderRow> {
    const orderId = anomaly.orderId as string
    const order = await getOrder(tx, orderId)
    switch (decision.decision) {
      case 'charge_as_recognised':
      case 'charge_corrected':
      case 'void': {
        if (order.state !== 'held')
          throw new CabinetError('already_decided', 'The order is not held any more.')
        const corrected =
          decision.decision === 'charge_corrected'
            ? (decision.lines ?? [])
            : decision.decision === 'void'
              ? []
              : undefined
        const released = await releaseOrder(tx, { ids, policy }, orderId, corrected)
        await settleOrder(tx, released ?? order)
        return released ?? order
      }
      case 'refund': {
        const lines = (await linesOf(tx, orderId))
          .filter((line) => line.quantity > line.refundedQuantity)
          .filter(
            (line) => decision.lines === undefined || decision.lines.some((one) => one.sku === line.sku),
          )
          .map((line) => ({
            lineId: line.lineId,
            quantity: Math.min(
              line.quantity - line.refundedQuantity,
              decision.lines?.find((one) => one.sku === line.sku)?.quantity ?? line.quantity,
            ),
          }))
          .filter((line) => line.quantity > 0)
        await refunds.ask(tx, {
          refundId: ids.next('refund'),
          orderId,
          lines,
          reason: anomaly.kind === 'item_returned' ? 'returned_item' : 'goodwill',
          // What was brought back on a later visit was counted by that visit.
          stock:
            anomaly.kind === 'item_returned' && anomaly.rule !== returnedLaterRule.rule
              ? 'back_in_cabinet'
              : 'not_returned',
          by: by.staffId,
          authority: by.authority,
          anomalyId: anomaly.anomalyId,
          note: decision.note,
          tellConsumer: true,
        })
        return getOrder(tx, orderId)
      }
      case 'explain':
      case 'dismiss':
        // With the last open question gone nobody would ever come back to the money.
        if (order.state === 'held')
          throw new CabinetError('conflict', 'The order is held: charge it, correct it or void it first.')
        return order
    }
  }

  /** Asks for the money of an order as its lines stand now. */
  async function settleOrder(tx: Tx, { orderId, sessionId, state }: OrderRow): Promise<void> {
    const charge = await tx
      .selectFrom('charge')
      .select(['chargeId', 'state'])
      .where('orderId', '=', orderId)
      .executeTakeFirst()
    if (charge === undefined) return
    if (charge.state === 'failed') {
      // The provider refused it for good and will not be asked again; what is let go of ends here.
      if (state !== 'void')
        throw new CabinetError('conflict', 'The provider refused this charge for good: void the order.')
      await advanceSession(tx, sessionId, 'settled')
      return
    }
    await charges.settle(tx, charge.chargeId, await billOf(tx, orderId))
  }

  return {
    open,
    decide,
    async find(db, kind, subjectId) {
      return db
        .selectFrom('anomaly')
        .selectAll()
        .where('kind', '=', kind)
        .where('subjectId', '=', subjectId)
        .executeTakeFirst()
    },
    async markCarriedOut(tx, anomalyId) {
      await advance(tx, anomalyId, 'carriedOut')
      await advance(tx, anomalyId, 'told')
    },
  }
}

/** The lines of an order as the provider shows them to the consumer. */
export async function billOf(
  tx: Tx,
  orderId: string,
): Promise<{ lines: Array<{ description: string; count: number; amountFen: number }>; totalFen: number }> {
  const [order, lines, products] = [
    await getOrder(tx, orderId),
    await linesOf(tx, orderId),
    await productsBySku(tx),
  ]
  return {
    totalFen: order.totalFen,
    lines: lines.map((line) => ({
      description: products.get(line.sku)?.name.zh ?? line.sku,
      count: line.quantity,
      amountFen: line.amountFen,
    })),
  }
}

export function anomalyView(
  anomaly: AnomalyRow & { policy: PolicyName | null; limitsVersion: number | null },
  mayDecide: boolean,
): AnomalyView {
  return {
    anomalyId: anomaly.anomalyId,
    kind: anomaly.kind,
    state: anomaly.state,
    detectedAtMs: anomaly.detectedAtMs,
    rule: anomaly.rule,
    outcome: anomaly.outcome,
    decidedBy: anomaly.decidedBy,
    decidedAtMs: anomaly.decidedAtMs,
    reasonKey: anomaly.reasonKey,
    reasonValues: JSON.parse(anomaly.reasonValues) as Record<string, string | number>,
    inputs: JSON.parse(anomaly.inputs) as Record<string, unknown>,
    ...(anomaly.policy === null || anomaly.limitsVersion === null
      ? {}
      : { policy: anomaly.policy, limitsVersion: anomaly.limitsVersion }),
    actions: mayDecide && anomaly.state === 'in_review' ? ['decide'] : [],
  }
}
