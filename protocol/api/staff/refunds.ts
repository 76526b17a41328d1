import {
  Bilingual,
  Fen,
  HIDDEN_FROM_CALLERS,
  Id,
  REFUND_REASONS,
  Sku,
  WallMs,
  closed,
  oneOf,
} from '#protocol/api/common.ts'
import { RefundView } from '#protocol/api/consumer.ts'
import Type from 'typebox'

/** POST /api/staff/orders/:orderId/refunds/calculate, then …/refunds with the same body and a refundId made by the page. */
export const RefundCalculate = Type.Object(
  {
    lines: Type.Array(
      Type.Object({ lineId: Id, quantity: Type.Integer({ minimum: 1, maximum: 100 }) }, closed),
      { maxItems: 100 },
    ),
    amountFen: Type.Optional(Type.Integer({ minimum: 1, description: 'instead of lines: a free amount' })),
    reason: oneOf(REFUND_REASONS),
    stock: oneOf(['back_in_cabinet', 'not_returned', 'written_off']),
  },
  closed,
)
export type RefundCalculate = Type.Static<typeof RefundCalculate>

export const RefundCalculation = Type.Object(
  {
    /** lower: nothing was taken yet, so less is asked for instead. */
    way: oneOf(['refund', 'lower']),
    /** Per line what it cost after discounts, and how much of the discounts it carries. */
    lines: Type.Array(
      Type.Object({ lineId: Id, quantity: Type.Integer(), amountFen: Fen, discountFen: Fen }, closed),
    ),
    amountFen: Fen,
    refundableFen: Fen,
    needsApproval: Type.Boolean(),
    limitFen: Fen,
    arrivalKey: Type.String(),
    stockEffect: Type.Array(
      Type.Object({ sku: Sku, name: Bilingual, quantity: Type.Integer(), effect: Type.String() }, closed),
    ),
    refusal: Type.Union([Type.Null(), Type.String({ description: 'error code' })]),
  },
  closed,
)
export type RefundCalculation = Type.Static<typeof RefundCalculation>

export const RefundCreate = Type.Object(
  {
    ...RefundCalculate.properties,
    refundId: Id,
    ticketId: Type.Optional(Id),
    note: Type.Optional(Type.String({ maxLength: 500 })),
    tellConsumer: Type.Boolean(),
  },
  closed,
)
export type RefundCreate = Type.Static<typeof RefundCreate>

export const RefundResult = Type.Object({ refund: RefundView }, closed)
export type RefundResult = Type.Static<typeof RefundResult>

/** POST /api/staff/orders/:orderId/lower: the same wish while nothing was taken; a refund under the same id when it was. */
export const LowerCreate = Type.Object(
  {
    lines: RefundCalculate.properties.lines,
    reason: oneOf(REFUND_REASONS),
    refundId: Id,
    ticketId: Type.Optional(Id),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
)
export type LowerCreate = Type.Static<typeof LowerCreate>

/** GET /api/staff/approvals; POST …/:refundId/approve | refuse {reason} */
export const ApprovalList = Type.Object(
  {
    approvals: Type.Array(
      Type.Object(
        {
          refundId: Id,
          orderId: Id,
          ...HIDDEN_FROM_CALLERS,
          reason: Type.String(),
          requestedBy: Type.String(),
          requestedAtMs: WallMs,
          mayDecide: Type.Boolean(),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type ApprovalList = Type.Static<typeof ApprovalList>

export const ApprovalDecision = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500 }) }, closed)
