import { closed, Fen, HIDDEN_FROM_CALLERS, Id, oneOf, REFUND_REASONS, WallMs } from '#protocol/api/common.ts'
import Type from 'typebox'

export const LOWERING_REQUEST_STATES = ['awaiting_approval', 'approved', 'refused', 'overtaken'] as const

/** Less is to be asked for on an order that nothing was taken of, by more than who asked may decide. */
export const LoweringRequestView = Type.Object(
  {
    refundId: Id,
    orderId: Id,
    state: oneOf(LOWERING_REQUEST_STATES),
    /** By how much less. */
    amountFen: Fen,
    reason: oneOf(REFUND_REASONS),
    note: Type.Union([Type.Null(), Type.String()]),
    requestedBy: Type.String(),
    requestedAtMs: WallMs,
    mayDecide: Type.Boolean({ description: 'the reader is not who asked, and it is within their authority' }),
  },
  closed,
)
export type LoweringRequestView = Type.Static<typeof LoweringRequestView>

/** GET /api/staff/lowering-requests: those that wait for a second person; POST …/:refundId/approve | refuse {reason} */
export const LoweringRequestList = Type.Object(
  {
    requests: Type.Array(Type.Object({ ...LoweringRequestView.properties, ...HIDDEN_FROM_CALLERS }, closed)),
  },
  closed,
)
export type LoweringRequestList = Type.Static<typeof LoweringRequestList>
