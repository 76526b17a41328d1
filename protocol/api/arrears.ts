import Type from 'typebox'
import { closed, Fen, HIDDEN_FROM_CALLERS, Id, oneOf, WallMs } from './common.ts'

export const WRITE_OFF_STATES = [
  'requested',
  'awaiting_approval',
  'approved',
  'done',
  'refused',
  'overtaken',
] as const
/** Why nobody asks for the money any more. */
export const WRITE_OFF_REASONS = ['uncollectable', 'hardship', 'our_fault', 'account_gone'] as const

/** A debt that is let go. `overtaken`: it was paid, or ended in another way, before the provider let go of it. */
export const WriteOffView = Type.Object(
  {
    writeOffId: Id,
    orderId: Id,
    state: oneOf(WRITE_OFF_STATES),
    amountFen: Fen,
    reason: oneOf(WRITE_OFF_REASONS),
    note: Type.String(),
    requestedBy: Type.String(),
    requestedAtMs: WallMs,
    decidedBy: Type.Union([Type.Null(), Type.String()]),
    decidedAtMs: Type.Union([Type.Null(), WallMs]),
    mayDecide: Type.Boolean({ description: 'the reader is not who asked, and it is within their authority' }),
  },
  closed,
)
export type WriteOffView = Type.Static<typeof WriteOffView>

/** What is owed on an order, as staff see it. */
export const ArrearsView = Type.Object(
  {
    sinceMs: WallMs,
    endedAtMs: Type.Union([Type.Null(), WallMs]),
    reminders: Type.Integer({ description: 'sent so far' }),
    remindedAtMs: Type.Union([Type.Null(), WallMs]),
    nextAtMs: Type.Union([Type.Null(), WallMs], { description: 'the next reminder and collection' }),
    writeOffs: Type.Array(WriteOffView),
    /** What the reader lets go of without a second person, fen. */
    limitFen: Fen,
    /** What others do; finance has no limit. */
    limits: Type.Object({ agentFen: Fen, leadFen: Fen }, closed),
  },
  closed,
)
export type ArrearsView = Type.Static<typeof ArrearsView>

/** POST /api/staff/orders/:orderId/write-off; the id is made by the page, so that sending it again changes nothing. */
export const WriteOffCreate = Type.Object(
  {
    writeOffId: Id,
    reason: oneOf(WRITE_OFF_REASONS),
    note: Type.String({ minLength: 1, maxLength: 500 }),
  },
  closed,
)
export type WriteOffCreate = Type.Static<typeof WriteOffCreate>
/** POST /api/staff/write-offs/:writeOffId/approve | refuse */
export const WriteOffDecision = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500 }) }, closed)
/** GET /api/staff/write-offs: those that wait for a second person */
export const WriteOffList = Type.Object(
  { writeOffs: Type.Array(Type.Object({ ...WriteOffView.properties, ...HIDDEN_FROM_CALLERS }, closed)) },
  closed,
)
export type WriteOffList = Type.Static<typeof WriteOffList>
/** POST /api/staff/orders/:orderId/paid-elsewhere */
export const PaidElsewhere = Type.Object(
  {
    paidAtMs: WallMs,
    reference: Type.String({ minLength: 3, maxLength: 100, description: 'where it can be found again' }),
  },
  closed,
)
export type PaidElsewhere = Type.Static<typeof PaidElsewhere>
