import Type from 'typebox'
import {
  Bilingual,
  closed,
  DISPUTE_REASONS,
  EvidenceView,
  Fen,
  Id,
  Language,
  oneOf,
  ORDER_STATES,
  Picture,
  REFUND_STATES,
  SESSION_STATES,
  Sku,
  WallMs,
} from './common.ts'
import { TicketPicture } from './pictures.ts'

/** GET /api/consumer/cabinets/:cabinetId */
export const CabinetForConsumer = Type.Object(
  {
    cabinetId: Id,
    name: Bilingual,
    site: Bilingual,
    contact: Type.String(),
    status: oneOf([
      'open',
      'busy',
      'offline',
      'closed',
      'goods_expired',
      'goods_blocked',
      'locked_out',
      'out_of_service',
      'unknown',
    ]),
    /** When it sells again, while it is closed. */
    opensAtMs: Type.Optional(WallMs),
    capFen: Fen,
    retentionDays: Type.Integer({ description: 'days that routine pictures are kept' }),
    shelves: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          products: Type.Array(
            Type.Object(
              {
                sku: Sku,
                name: Bilingual,
                picture: Picture,
                priceFen: Fen,
                /** The price before a timed one, when one holds. */
                beforeFen: Type.Optional(Fen),
                inStock: Type.Integer(),
              },
              closed,
            ),
          ),
        },
        closed,
      ),
    ),
    /** Where there are several doors: what is behind each, and whether it can be opened now. */
    doors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            door: Type.Integer(),
            shelves: Type.Array(Type.String()),
            status: oneOf(['open', 'busy', 'staff_only']),
          },
          closed,
        ),
      ),
    ),
    /** Promotions that hold now. */
    promotions: Type.Optional(
      Type.Array(Type.Object({ name: Bilingual, text: Bilingual, endsAtMs: WallMs }, closed)),
    ),
    /** What the reader has and will be spent by itself on the next visit. */
    benefits: Type.Optional(
      Type.Object({ couponCount: Type.Integer(), couponFen: Fen, points: Type.Integer() }, closed),
    ),
    /** What the reader may not do for a while; the reason is under /restriction. */
    restriction: Type.Optional(
      Type.Object(
        { level: oneOf(['limited', 'blocked']), capFen: Type.Union([Type.Null(), Fen]), expiresAtMs: WallMs },
        closed,
      ),
    ),
    /** The reader's own session at this cabinet, when one is live or has just ended. */
    session: Type.Union([Type.Null(), Type.Object({ sessionId: Id, state: oneOf(SESSION_STATES) }, closed)]),
    signedIn: Type.Boolean(),
  },
  closed,
)
export type CabinetForConsumer = Type.Static<typeof CabinetForConsumer>

/** POST /api/consumer/sessions → 201 SessionView; 409 `consent_required` with details.consentUrl; other refusals by code. */
export const OpenRequest = Type.Object(
  {
    requestId: Type.String({
      pattern: '^[a-z0-9-]{8,64}$',
      description: 'made by the page and kept, so that a second tap is the same request',
    }),
    cabinetId: Id,
    door: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 3, description: 'from 0; the first when absent' }),
    ),
  },
  closed,
)
export type OpenRequest = Type.Static<typeof OpenRequest>

/** GET /api/consumer/sessions/:sessionId; polled while the door is open. */
export const SessionView = Type.Object(
  {
    sessionId: Id,
    cabinetId: Id,
    state: oneOf(SESSION_STATES),
    deniedReason: Type.Optional(Type.String({ description: 'an error code' })),
    orderId: Type.Union([Type.Null(), Id]),
    orderState: Type.Optional(oneOf(ORDER_STATES)),
    requestedAtMs: WallMs,
    openedAtMs: Type.Union([Type.Null(), WallMs]),
    closedAtMs: Type.Union([Type.Null(), WallMs]),
    /** True when the cabinet cannot be heard at the moment: nothing is lost, the charge may come later. */
    isCabinetOffline: Type.Boolean(),
  },
  closed,
)
export type SessionView = Type.Static<typeof SessionView>

/** One dated sentence of the story of an order. `key` is a key of protocol/words with `values`. */
export const StoryLine = Type.Object(
  {
    atMs: WallMs,
    key: Type.String(),
    values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
  },
  closed,
)
export type StoryLine = Type.Static<typeof StoryLine>

export const OrderLineView = Type.Object(
  {
    lineId: Id,
    sku: Sku,
    name: Bilingual,
    picture: Picture,
    quantity: Type.Integer(),
    unitPriceFen: Fen,
    amountFen: Type.Integer({ description: 'after discounts, fen' }),
    refundedQuantity: Type.Integer(),
    refundedFen: Fen,
    certainty: oneOf(['certain', 'likely', 'unsure']),
    probability: Type.Number(),
  },
  closed,
)
export type OrderLineView = Type.Static<typeof OrderLineView>

/** One thing that made an order cheaper than its goods, in the order in which it was taken off. */
export const DiscountView = Type.Object(
  {
    kind: oneOf(['timed', 'threshold', 'coupon', 'points']),
    name: Bilingual,
    amountFen: Fen,
    /** Fen of each line, in their order. */
    shares: Type.Array(Fen),
  },
  closed,
)
export type DiscountView = Type.Static<typeof DiscountView>

/** What the weights say about the lines of an order: how likely exactly these are, and what else fits, likeliest first. */
export const ReceiptView = Type.Object(
  {
    probability: Type.Number(),
    alternatives: Type.Array(
      Type.Object(
        {
          lines: Type.Array(Type.Object({ sku: Sku, name: Bilingual, quantity: Type.Integer() }, closed)),
          probability: Type.Number(),
          totalFen: Fen,
        },
        closed,
      ),
      { maxItems: 11 },
    ),
  },
  closed,
)
export type ReceiptView = Type.Static<typeof ReceiptView>

export const RefundView = Type.Object(
  {
    refundId: Id,
    state: oneOf(REFUND_STATES),
    amountFen: Fen,
    reason: Type.String(),
    requestedAtMs: WallMs,
    acceptedAtMs: Type.Union([Type.Null(), WallMs]),
    succeededAtMs: Type.Union([Type.Null(), WallMs]),
    /** How long the provider usually takes to show it, as a key of protocol/words. */
    arrivalKey: Type.String(),
    isAutomatic: Type.Boolean(),
  },
  closed,
)
export type RefundView = Type.Static<typeof RefundView>

/** GET /api/consumer/orders/:orderId */
export const OrderView = Type.Object(
  {
    orderId: Id,
    sessionId: Id,
    cabinetId: Id,
    cabinetName: Bilingual,
    site: Bilingual,
    state: oneOf(ORDER_STATES),
    heldReason: Type.Optional(Type.String({ description: 'why a person looks at it first' })),
    totalFen: Fen,
    paidFen: Fen,
    refundedFen: Fen,
    /** Is money on its way that is not yet confirmed? Then nothing else is offered to pay. */
    chargeState: Type.Union([Type.Null(), Type.String()]),
    payUrl: Type.Union([
      Type.Null(),
      Type.String({ description: "the provider's own order page, while a deduction is pending" }),
    ]),
    lines: Type.Array(OrderLineView),
    /** Left out where nothing was taken off. */
    discounts: Type.Optional(Type.Array(DiscountView)),
    /** Left out where a person decided, or where nothing was weighed. */
    receipt: Type.Optional(ReceiptView),
    refunds: Type.Array(RefundView),
    openedAtMs: Type.Union([Type.Null(), WallMs]),
    closedAtMs: Type.Union([Type.Null(), WallMs]),
    chargedAtMs: Type.Union([Type.Null(), WallMs]),
    /** Set when the money was asked for later than usual. */
    deferral: Type.Union([
      Type.Null(),
      Type.Object(
        {
          cause: oneOf(['offline', 'provider_pending', 'review', 'system', 'insufficient_balance']),
          fromMs: WallMs,
          toMs: Type.Union([Type.Null(), WallMs]),
          lateMinutes: Type.Integer(),
        },
        closed,
      ),
    ]),
    story: Type.Array(StoryLine),
    evidence: Type.Array(EvidenceView),
    /** Grams by shelf over the session, thinned for drawing. tMs since the start. */
    weights: Type.Array(
      Type.Object(
        { shelf: Type.String(), points: Type.Array(Type.Tuple([Type.Number(), Type.Number()])) },
        closed,
      ),
    ),
    steps: Type.Array(
      Type.Object(
        { tMs: Type.Integer(), shelf: Type.String(), grams: Type.Number(), explanation: Bilingual },
        closed,
      ),
    ),
    disputeId: Type.Union([Type.Null(), Id]),
    /** What the reader may do now: dispute, pay. */
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type OrderView = Type.Static<typeof OrderView>

/** GET /api/consumer/orders?before= : the newest first, a page at a time; `before` is the last order of the page before */
export const OrderList = Type.Object(
  {
    orders: Type.Array(
      Type.Object(
        {
          orderId: Id,
          cabinetName: Bilingual,
          atMs: WallMs,
          state: oneOf(ORDER_STATES),
          totalFen: Fen,
          refundedFen: Fen,
          itemCount: Type.Integer(),
        },
        closed,
      ),
    ),
    /** Earlier ones are there: they come before this order. */
    earlierThan: Type.Optional(Id),
  },
  closed,
)
export type OrderList = Type.Static<typeof OrderList>

/** POST /api/consumer/orders/:orderId/disputes → 201 DisputeView */
export const DisputeRequest = Type.Object(
  {
    requestId: Type.String({ pattern: '^[a-z0-9-]{8,64}$' }),
    reason: oneOf(DISPUTE_REASONS),
    lines: Type.Array(
      Type.Object({ lineId: Id, quantity: Type.Integer({ minimum: 1, maximum: 100 }) }, closed),
      { maxItems: 100, description: 'empty: the whole order' },
    ),
    note: Type.Optional(Type.String({ maxLength: 1000 })),
    language: Type.Optional(Language),
  },
  closed,
)
export type DisputeRequest = Type.Static<typeof DisputeRequest>

export const DisputeMessage = Type.Object(
  {
    messageId: Id,
    atMs: WallMs,
    from: oneOf(['consumer', 'agent', 'system']),
    authorName: Type.Optional(Type.String()),
    text: Type.String(),
    key: Type.Optional(Type.String()),
    values: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  },
  closed,
)
export type DisputeMessage = Type.Static<typeof DisputeMessage>

/** What was good or not, beside a score; all of them optional. */
export const RATING_TAGS = [
  'quick',
  'clear',
  'fair',
  'friendly',
  'slow',
  'unclear',
  'unfair',
  'unfriendly',
] as const
/** GET /api/consumer/disputes/:disputeId (a dispute is the consumer's view of a ticket) */
export const DisputeView = Type.Object(
  {
    disputeId: Id,
    number: Type.Integer({ description: 'the short number that support asks for' }),
    orderId: Type.Unsafe<string>(
      Type.Union([Id, Type.Literal('')], { description: 'empty: asked without an order' }),
    ),
    reason: oneOf(DISPUTE_REASONS),
    /** What it is about, where that is no doubt about an order. */
    about: Type.Optional(Bilingual),
    /** Where it was asked, when that was at a cabinet. */
    cabinet: Type.Optional(Type.Object({ cabinetId: Id, name: Bilingual }, closed)),
    state: oneOf(['settled', 'in_review', 'answered', 'resolved', 'closed']),
    /** True when a rule decided at once from the evidence. */
    isAutomatic: Type.Boolean(),
    outcomeKey: Type.Union([Type.Null(), Type.String({ description: 'key of protocol/words' })]),
    outcomeValues: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    refunds: Type.Array(RefundView),
    messages: Type.Array(DisputeMessage),
    /** What the consumer added. */
    pictures: Type.Array(TicketPicture),
    openedAtMs: WallMs,
    firstResponseDueMs: WallMs,
    resolutionDueMs: WallMs,
    rating: Type.Union([Type.Null(), Type.Integer({ minimum: 1, maximum: 5 })]),
    ratingTags: Type.Array(oneOf(RATING_TAGS)),
    nps: Type.Union([
      Type.Null(),
      Type.Object({ score: Type.Union([Type.Null(), Type.Integer({ minimum: 0, maximum: 10 })]) }, closed),
    ]),
    /** reply, picture, reopen, rate, and tag and recommend after it was rated or asked. */
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type DisputeView = Type.Static<typeof DisputeView>
/** POST /api/consumer/disputes/:disputeId/messages (MessageRequest) and …/reopen (ReopenRequest) → 200 DisputeView */
export const MessageRequest = Type.Object(
  {
    requestId: Type.String({ pattern: '^[a-z0-9-]{8,64}$' }),
    text: Type.String({ minLength: 1, maxLength: 2000 }),
  },
  closed,
)
export const ReopenRequest = Type.Object(
  {
    requestId: Type.String({ pattern: '^[a-z0-9-]{8,64}$' }),
    text: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  closed,
)
/** POST /api/consumer/disputes/:disputeId/rating → 200 DisputeView; sent again with tags, or with another score. */
export const RatingRequest = Type.Object(
  {
    score: Type.Integer({ minimum: 1, maximum: 5 }),
    tags: Type.Optional(Type.Array(oneOf(RATING_TAGS), { maxItems: RATING_TAGS.length })),
  },
  closed,
)
export type RatingRequest = Type.Static<typeof RatingRequest>
/** POST /api/consumer/disputes/:disputeId/recommendation → 200 DisputeView: from 0, not at all likely, to 10. */
export const RecommendationRequest = Type.Object({ score: Type.Integer({ minimum: 0, maximum: 10 }) }, closed)
