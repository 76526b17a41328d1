import { Bilingual, closed, Id, oneOf, WallMs } from '#protocol/api/common.ts'
import Type from 'typebox'

/** What the core may ask a caller about, out of what it knows of their purchase. */
export const CALLER_FACTS = ['transaction', 'phone', 'amount', 'when', 'goods', 'where'] as const
/** Two facts that the caller knew, a code that was sent to the consumer, or a lead who answers for it. */
export const CALLER_WAYS = ['facts', 'code', 'lead'] as const
export const CALLER_CHECK_STATES = ['asked', 'passed', 'failed', 'lapsed', 'withdrawn', 'ended'] as const

/** Whether the person who speaks is who they say, on a ticket that somebody typed for them. */
export const CallerPanel = Type.Object(
  {
    /** Until then what is personal is not on the page, and no money moves by hand. */
    isHidden: Type.Boolean(),
    known: Type.Union([
      Type.Null(),
      Type.Object(
        {
          way: oneOf(CALLER_WAYS),
          by: Type.String(),
          atMs: WallMs,
          untilMs: WallMs,
          reason: Type.Union([Type.Null(), Type.String()]),
        },
        closed,
      ),
    ]),
    /** The two questions, with what the caller should say; only while they are being asked. */
    facts: Type.Union([
      Type.Null(),
      Type.Object(
        {
          checkId: Id,
          expiresAtMs: WallMs,
          questions: Type.Array(Type.Object({ fact: oneOf(CALLER_FACTS), answer: Bilingual }, closed)),
        },
        closed,
      ),
    ]),
    code: Type.Union([
      Type.Null(),
      Type.Object(
        {
          checkId: Id,
          sentAtMs: WallMs,
          expiresAtMs: WallMs,
          triesLeft: Type.Integer({ minimum: 0 }),
          delivery: oneOf(['waiting', 'accepted', 'refused', 'given_up']),
        },
        closed,
      ),
    ]),
    last: Type.Union([
      Type.Null(),
      Type.Object(
        { way: oneOf(CALLER_WAYS), state: oneOf(['failed', 'lapsed', 'ended']), atMs: WallMs },
        closed,
      ),
    ]),
    /** How often this person may still be asked, on any ticket of a day. */
    factsLeft: Type.Integer({ minimum: 0 }),
    codesLeft: Type.Integer({ minimum: 0 }),
    actions: Type.Array(oneOf(CALLER_WAYS)),
  },
  closed,
)
export type CallerPanel = Type.Static<typeof CallerPanel>
export type CallerFact = (typeof CALLER_FACTS)[number]
export type CallerWay = (typeof CALLER_WAYS)[number]

/** POST /api/staff/tickets/:ticketId/caller/ask: choose two facts, or send a code. Answers with the ticket. */
export const CallerAsk = Type.Object(
  {
    way: oneOf(['facts', 'code']),
    /** For a ticket without an order: the one that the caller speaks of. */
    orderId: Type.Optional(Id),
  },
  closed,
)
export type CallerAsk = Type.Static<typeof CallerAsk>

/** POST …/caller/answer: what the caller knew, one for each question in its order, or the code as they read it out. */
export const CallerAnswer = Type.Union([
  Type.Object({ checkId: Id, known: Type.Array(Type.Boolean(), { minItems: 2, maxItems: 2 }) }, closed),
  Type.Object({ checkId: Id, code: Type.String({ pattern: '^[0-9]{6}$' }) }, closed),
])
export type CallerAnswer = Type.Static<typeof CallerAnswer>

/** POST …/caller/vouch: a lead goes on without, and says why. */
export const CallerVouch = Type.Object({ reason: Type.String({ minLength: 5, maxLength: 500 }) }, closed)
export type CallerVouch = Type.Static<typeof CallerVouch>
