import Type from 'typebox'
import { closed, Fen, HIDDEN_FROM_CALLERS, Id, oneOf, WallMs } from './common.ts'

/** What makes good beside a refund. Both are spent by themselves on the next visit. */
export const COMPENSATION_KINDS = ['coupon', 'points'] as const
export const COMPENSATION_STATES = ['requested', 'awaiting_approval', 'given', 'refused'] as const
export const COMPENSATION_REASONS = ['our_fault', 'delay', 'quality', 'goodwill'] as const

export const CompensationView = Type.Object(
  {
    compensationId: Id,
    orderId: Id,
    kind: oneOf(COMPENSATION_KINDS),
    state: oneOf(COMPENSATION_STATES),
    amountFen: Fen,
    reason: oneOf(COMPENSATION_REASONS),
    note: Type.String(),
    requestedBy: Type.String(),
    requestedAtMs: WallMs,
    decidedBy: Type.Union([Type.Null(), Type.String()]),
    decidedAtMs: Type.Union([Type.Null(), WallMs]),
    decisionNote: Type.Union([Type.Null(), Type.String()]),
    mayDecide: Type.Boolean({ description: 'the reader is not who asked, and it is within their authority' }),
  },
  closed,
)
export type CompensationView = Type.Static<typeof CompensationView>

/** As staff see it on an order. */
export const CompensationPanel = Type.Object(
  {
    given: Type.Array(CompensationView),
    /** What the reader gives without a second person, fen. */
    limitFen: Fen,
    /** What others do; finance has no limit. */
    limits: Type.Object({ agentFen: Fen, leadFen: Fen }, closed),
    /** What this consumer was given in the last 90 days, fen. */
    recentFen: Fen,
  },
  closed,
)
export type CompensationPanel = Type.Static<typeof CompensationPanel>

/** POST /api/staff/orders/:orderId/compensations; the id is made by the page, so that sending it again changes nothing. */
export const CompensationCreate = Type.Object(
  {
    compensationId: Id,
    kind: oneOf(COMPENSATION_KINDS),
    amountFen: Type.Integer({ minimum: 1, maximum: 50_000 }),
    reason: oneOf(COMPENSATION_REASONS),
    note: Type.String({ minLength: 1, maxLength: 500 }),
  },
  closed,
)
export type CompensationCreate = Type.Static<typeof CompensationCreate>
/** POST /api/staff/compensations/:compensationId/approve | refuse */
export const CompensationDecision = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500 }) },
  closed,
)
/** GET /api/staff/compensations: those that wait for a second person */
export const CompensationList = Type.Object(
  {
    compensations: Type.Array(
      Type.Object({ ...CompensationView.properties, ...HIDDEN_FROM_CALLERS }, closed),
    ),
  },
  closed,
)
export type CompensationList = Type.Static<typeof CompensationList>
