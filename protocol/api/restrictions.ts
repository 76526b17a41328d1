import Type from 'typebox'
import { closed, Fen, Id, Language, oneOf, WallMs } from './common.ts'

export const RESTRICTION_LEVELS = ['limited', 'blocked'] as const
export const RESTRICTION_STATES = ['active', 'expired', 'lifted', 'replaced'] as const
export type RestrictionLevel = (typeof RESTRICTION_LEVELS)[number]
const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const Values = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))

/** GET /api/consumer/restriction: what the reader may not do now, why, and until when. */
export const OwnRestriction = Type.Object(
  {
    restrictionId: Id,
    level: oneOf(RESTRICTION_LEVELS),
    /** Most that one visit may cost; null when no door opens. */
    capFen: nullable(Fen),
    reasonKey: Type.String({ description: 'key of protocol/words' }),
    reasonValues: Values,
    /** The visits that it followed from. */
    orderIds: Type.Array(Id),
    createdAtMs: WallMs,
    expiresAtMs: WallMs,
    /** Their objection; null when there was none yet. */
    appealId: nullable(Id),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type OwnRestriction = Type.Static<typeof OwnRestriction>
export const OwnRestrictionAnswer = Type.Object({ restriction: nullable(OwnRestriction) }, closed)
export type OwnRestrictionAnswer = Type.Static<typeof OwnRestrictionAnswer>
/** POST /api/consumer/restriction/appeal */
export const AppealRequest = Type.Object(
  {
    requestId: Type.String({ pattern: '^[a-z0-9-]{8,64}$' }),
    text: Type.Optional(Type.String({ maxLength: 2000 })),
    language: Type.Optional(Language),
  },
  closed,
)
export type AppealRequest = Type.Static<typeof AppealRequest>
export const AppealResult = Type.Object({ appealId: Id }, closed)
export type AppealResult = Type.Static<typeof AppealResult>

/** As staff see it. */
export const RestrictionView = Type.Object(
  {
    restrictionId: Id,
    consumerId: Id,
    consumerLabel: Type.String(),
    level: oneOf(RESTRICTION_LEVELS),
    state: oneOf(RESTRICTION_STATES),
    capFen: nullable(Fen),
    reasonKey: Type.String(),
    reasonValues: Values,
    note: nullable(Type.String()),
    createdBy: nullable(Type.String({ description: 'name of the person; null when a rule did' })),
    createdAtMs: WallMs,
    expiresAtMs: WallMs,
    /** The visits that it followed from. */
    orderIds: Type.Array(Id),
    appealTicketId: nullable(Id),
    endedAtMs: nullable(WallMs),
    endedBy: nullable(Type.String()),
    endNote: nullable(Type.String()),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type RestrictionView = Type.Static<typeof RestrictionView>
/** GET /api/staff/restrictions: those that hold, then the latest that ended. `consumer` narrows it to one. */
export const RestrictionList = Type.Object({ restrictions: Type.Array(RestrictionView) }, closed)
export type RestrictionList = Type.Static<typeof RestrictionList>
/** POST /api/staff/restrictions; the id is made by the page, so that sending it again changes nothing. */
export const RestrictionCreate = Type.Object(
  {
    restrictionId: Id,
    consumerId: Id,
    level: oneOf(RESTRICTION_LEVELS),
    days: Type.Integer({ minimum: 1, maximum: 365 }),
    note: Type.String({ minLength: 3, maxLength: 500 }),
    orderId: Type.Optional(Id),
  },
  closed,
)
export type RestrictionCreate = Type.Static<typeof RestrictionCreate>
/** POST /api/staff/restrictions/:restrictionId/lift */
export const RestrictionLift = Type.Object({ note: Type.String({ minLength: 3, maxLength: 500 }) }, closed)
