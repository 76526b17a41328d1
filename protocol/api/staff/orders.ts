import { ArrearsView } from '#protocol/api/arrears.ts'
import {
  ANOMALY_KINDS,
  ANOMALY_STATES,
  Bilingual,
  CHARGE_STATES,
  Fen,
  Id,
  ORDER_STATES,
  SESSION_STATES,
  Sku,
  WallMs,
  closed,
  oneOf,
} from '#protocol/api/common.ts'
import { CompensationPanel } from '#protocol/api/compensation.ts'
import { OrderView } from '#protocol/api/consumer.ts'
import { POLICY_NAMES } from '#protocol/api/policies.ts'
import Type from 'typebox'
import { LoweringRequestView } from './lowering.ts'

export const PaymentView = Type.Object(
  {
    paymentId: Id,
    transactionId: Type.String(),
    amountFen: Fen,
    paidAtMs: WallMs,
    foundBy: oneOf(['callback', 'query', 'bill']),
    isDuplicate: Type.Boolean(),
    refundedFen: Fen,
  },
  closed,
)
export type PaymentView = Type.Static<typeof PaymentView>

export const ChargeView = Type.Object(
  {
    chargeId: Id,
    state: oneOf(CHARGE_STATES),
    amountFen: Fen,
    providerOrderNumber: Type.String(),
    preparedAtMs: WallMs,
    submittedAtMs: Type.Union([Type.Null(), WallMs]),
    paidAtMs: Type.Union([Type.Null(), WallMs]),
    payments: Type.Array(PaymentView),
  },
  closed,
)
export type ChargeView = Type.Static<typeof ChargeView>

export const ProviderCallView = Type.Object(
  {
    callId: Id,
    atMs: WallMs,
    operation: Type.String(),
    idempotencyKey: Type.String(),
    outcome: Type.String(),
    detail: Type.Optional(Type.String()),
  },
  closed,
)
export type ProviderCallView = Type.Static<typeof ProviderCallView>

export const AnomalyView = Type.Object(
  {
    anomalyId: Id,
    kind: oneOf(ANOMALY_KINDS),
    state: oneOf(ANOMALY_STATES),
    detectedAtMs: WallMs,
    /** Rule and version that decided or advised. */
    rule: Type.String(),
    outcome: Type.Union([Type.Null(), Type.String()]),
    decidedBy: Type.Union([Type.Null(), Type.String()]),
    decidedAtMs: Type.Union([Type.Null(), WallMs]),
    /** Sentence for people: key of protocol/words with values. */
    reasonKey: Type.String(),
    reasonValues: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    inputs: Type.Record(Type.String(), Type.Unknown(), { description: 'what the rule saw' }),
    /** Whose limits it was decided under, and which version of them; absent for rules without limits. */
    policy: Type.Optional(oneOf(POLICY_NAMES)),
    limitsVersion: Type.Optional(Type.Integer({ minimum: 0 })),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type AnomalyView = Type.Static<typeof AnomalyView>

/** One mark on the common time axis. Lanes: door, weight, camera, charge, refund, snapshot, network, person. */
export const TimelineMark = Type.Object(
  {
    lane: Type.String(),
    fromMs: WallMs,
    toMs: Type.Union([Type.Null(), WallMs]),
    key: Type.String(),
    values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    sha256: Type.Optional(Type.String()),
  },
  closed,
)
export type TimelineMark = Type.Static<typeof TimelineMark>

/** GET /api/staff/orders/:orderId */
export const StaffOrder = Type.Object(
  {
    order: OrderView,
    session: Type.Object(
      {
        sessionId: Id,
        state: oneOf(SESSION_STATES),
        kind: Type.String(),
        requestedAtMs: WallMs,
        openedAtMs: Type.Union([Type.Null(), WallMs]),
        closedAtMs: Type.Union([Type.Null(), WallMs]),
        planogramVersion: Type.Integer(),
        engineVersion: Type.Union([Type.Null(), Type.String()]),
        receiptProbability: Type.Union([Type.Null(), Type.Number()]),
        verdict: Type.Union([Type.Null(), Type.String()]),
        reasons: Type.Array(Type.String()),
        alternatives: Type.Array(
          Type.Object(
            {
              lines: Type.Array(Type.Object({ sku: Sku, name: Bilingual, quantity: Type.Integer() }, closed)),
              probability: Type.Number(),
              totalFen: Fen,
            },
            closed,
          ),
        ),
      },
      closed,
    ),
    consumer: Type.Object(
      {
        consumerId: Id,
        label: Type.String({ description: 'masked' }),
        orders90Days: Type.Integer(),
        disputes90Days: Type.Integer(),
        refunds90DaysFen: Fen,
        isBlocked: Type.Boolean(),
      },
      closed,
    ),
    charges: Type.Array(ChargeView),
    calls: Type.Array(ProviderCallView),
    anomalies: Type.Array(AnomalyView),
    timeline: Type.Array(TimelineMark),
    ticketId: Type.Union([Type.Null(), Id]),
    refundableFen: Fen,
    /** Set when it was not paid in time. */
    arrears: Type.Union([Type.Null(), ArrearsView]),
    compensation: CompensationPanel,
    /** Less to be asked for, which a second person has not decided yet. */
    loweringRequest: Type.Union([Type.Null(), LoweringRequestView]),
    /** refund, lower, compensate, collect, paid_elsewhere, write_off: what the reader may do now. */
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type StaffOrder = Type.Static<typeof StaffOrder>

/** GET /api/staff/orders?query= : by any id, newest first */
export const StaffOrderList = Type.Object(
  {
    orders: Type.Array(
      Type.Object(
        {
          orderId: Id,
          sessionId: Id,
          cabinetId: Id,
          cabinetName: Bilingual,
          consumerLabel: Type.String(),
          atMs: WallMs,
          state: oneOf(ORDER_STATES),
          /** Null: somebody speaks about this purchase of whom it is not known yet whether they are the buyer. */
          amounts: Type.Union([
            Type.Object({ totalFen: Fen, paidFen: Fen, refundedFen: Fen }, closed),
            Type.Null(),
          ]),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type StaffOrderList = Type.Static<typeof StaffOrderList>

/** POST /api/staff/anomalies/:anomalyId/decide: the same path as what a rule decides. */
export const AnomalyDecide = Type.Object(
  {
    decision: oneOf(['charge_as_recognised', 'charge_corrected', 'void', 'refund', 'explain', 'dismiss']),
    lines: Type.Optional(
      Type.Array(Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: 0, maximum: 100 }) }, closed), {
        maxItems: 100,
      }),
    ),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
)
export type AnomalyDecide = Type.Static<typeof AnomalyDecide>
