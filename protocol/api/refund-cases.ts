import Type from 'typebox'
import { Bilingual, closed, Fen, Id, oneOf, REFUND_REASONS, Sku, WallMs } from './common.ts'

export const REFUND_CASE_STATES = ['awaiting_approval', 'running', 'stopped', 'done', 'refused'] as const
/** `asked`: given to the refund or the charge, which takes its own way from there. */
export const REFUND_CASE_ITEM_STATES = ['waiting', 'asked', 'arrived', 'skipped', 'failed'] as const
/** Money that was taken goes back; money that was only asked for is asked for no more. */
export const REFUND_WAYS = ['refund', 'lower'] as const
/** Why an order of the incident gets nothing. */
export const CASE_EXCLUSIONS = [
  'refunded_already',
  'nothing_charged',
  'under_review',
  'settled_otherwise',
] as const
export const CASE_ORDERS_MOST = 500
export const CASE_WINDOW_DAYS_MOST = 31

/** One incident: which cabinets, which goods, which time of opening. At least cabinets or goods are named. */
export const IncidentSelection = Type.Object(
  {
    cabinetIds: Type.Array(Id, { maxItems: 50 }),
    /** Only these goods go back; null: everything of the order. */
    sku: Type.Union([Type.Null(), Sku]),
    fromMs: WallMs,
    toMs: WallMs,
  },
  closed,
)
export type IncidentSelection = Type.Static<typeof IncidentSelection>

export const IncidentOrder = Type.Object(
  {
    orderId: Id,
    atMs: WallMs,
    cabinetName: Bilingual,
    consumerLabel: Type.String({ description: 'masked' }),
    goods: Type.Array(Type.Object({ name: Bilingual, quantity: Type.Integer() }, closed)),
    way: oneOf(REFUND_WAYS),
    amountFen: Fen,
    exclusion: Type.Union([Type.Null(), oneOf(CASE_EXCLUSIONS)]),
  },
  closed,
)
export type IncidentOrder = Type.Static<typeof IncidentOrder>

/** POST /api/staff/refund-cases/preview: nothing is saved */
export const IncidentPreview = Type.Object(
  {
    orders: Type.Array(IncidentOrder),
    count: Type.Integer({ description: 'orders that get something' }),
    totalFen: Fen,
    /** More orders fit than one case may hold: narrow the time. */
    isCut: Type.Boolean(),
  },
  closed,
)
export type IncidentPreview = Type.Static<typeof IncidentPreview>

const words = {
  title: Type.String({ minLength: 3, maxLength: 100 }),
  selection: IncidentSelection,
  reason: oneOf(REFUND_REASONS),
  stock: oneOf(['not_returned', 'written_off', 'back_in_cabinet']),
  note: Type.String({ minLength: 1, maxLength: 500 }),
}
/**
 * POST /api/staff/refund-cases. Count and total are what the sender saw: when they are another by now nothing is saved.
 * The id is made by the page, so that sending it again changes nothing.
 */
export const RefundCaseCreate = Type.Object(
  { caseId: Id, ...words, count: Type.Integer({ minimum: 1 }), totalFen: Fen },
  closed,
)
export type RefundCaseCreate = Type.Static<typeof RefundCaseCreate>

export const RefundCaseRow = Type.Object(
  {
    caseId: Id,
    ...words,
    state: oneOf(REFUND_CASE_STATES),
    totalFen: Fen,
    count: Type.Integer(),
    /** Orders by state, and what has arrived of the money. */
    waiting: Type.Integer(),
    asked: Type.Integer(),
    arrived: Type.Integer(),
    skipped: Type.Integer(),
    failed: Type.Integer(),
    arrivedFen: Fen,
    requestedBy: Type.String(),
    requestedAtMs: WallMs,
    decidedBy: Type.Union([Type.Null(), Type.String()]),
    decidedAtMs: Type.Union([Type.Null(), WallMs]),
    decisionNote: Type.Union([Type.Null(), Type.String()]),
    endedAtMs: Type.Union([Type.Null(), WallMs]),
    actions: Type.Array(oneOf(['approve', 'refuse', 'stop', 'resume'])),
  },
  closed,
)
export type RefundCaseRow = Type.Static<typeof RefundCaseRow>
/** GET /api/staff/refund-cases: newest first */
export const RefundCaseList = Type.Object({ cases: Type.Array(RefundCaseRow) }, closed)
export type RefundCaseList = Type.Static<typeof RefundCaseList>
/** GET /api/staff/refund-cases/:caseId */
export const RefundCaseDetail = Type.Object(
  {
    case: RefundCaseRow,
    items: Type.Array(
      Type.Object(
        {
          orderId: Id,
          atMs: WallMs,
          cabinetName: Bilingual,
          consumerLabel: Type.String(),
          way: oneOf(REFUND_WAYS),
          amountFen: Fen,
          state: oneOf(REFUND_CASE_ITEM_STATES),
          refundId: Type.Union([Type.Null(), Id]),
          /** Why it was skipped: an error code. */
          detail: Type.Union([Type.Null(), Type.String()]),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type RefundCaseDetail = Type.Static<typeof RefundCaseDetail>
/** POST /api/staff/refund-cases/:caseId/approve | refuse | stop | resume */
export const RefundCaseDecision = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500 }) },
  closed,
)
