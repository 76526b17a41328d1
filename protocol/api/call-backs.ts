import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, WallMs } from './common.ts'

/** Why somebody is called back after their case was closed; the first that fits leads, the others are named beside it. */
export const CALL_BACK_SEGMENTS = [
  'low_score',
  'emergency',
  'complaint',
  'restricted_consumer',
  'repeated_contact',
  'large_refund',
  'operator',
] as const
export type CallBackSegment = (typeof CALL_BACK_SEGMENTS)[number]
export const CALL_BACK_CHANNELS = ['phone', 'message'] as const
export type CallBackChannel = (typeof CALL_BACK_CHANNELS)[number]
export const CALL_BACK_AUDIENCES = ['agent', 'lead'] as const
export const CALL_BACK_CALENDARS = ['desk', 'office'] as const
export const CALL_BACK_STATES = [
  'planned',
  'reached',
  'refused',
  'unreachable',
  'reopened',
  'cancelled',
] as const
export type CallBackState = (typeof CALL_BACK_STATES)[number]
/** What came of one try. */
export const CALL_BACK_RESULTS = ['reached', 'not_reached', 'refused', 'wants_reopen'] as const
export type CallBackResult = (typeof CALL_BACK_RESULTS)[number]

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const QuestionText = Type.String({ minLength: 2, maxLength: 200, pattern: '\\S' })
export const CallBackQuestion = Type.Object(
  {
    key: Type.String({ pattern: '^[a-z][a-z0-9_]{1,31}$' }),
    kind: oneOf(['yes_no', 'score', 'text']),
    text: Type.Object({ zh: QuestionText, en: QuestionText }, closed),
  },
  closed,
)
export type CallBackQuestion = Type.Static<typeof CallBackQuestion>

export const CallBackRule = Type.Object(
  {
    segment: oneOf(CALL_BACK_SEGMENTS),
    isOn: Type.Boolean(),
    afterHours: Type.Integer({
      minimum: 0,
      maximum: 720,
      description: 'after the case was closed, or rated',
    }),
    channel: oneOf(CALL_BACK_CHANNELS),
    audience: oneOf(CALL_BACK_AUDIENCES),
    attemptsMost: Type.Integer({ minimum: 1, maximum: 5 }),
    pauseHours: Type.Integer({ minimum: 1, maximum: 168, description: 'between two tries' }),
    questions: Type.Array(CallBackQuestion, { minItems: 1, maxItems: 8 }),
  },
  closed,
)
export type CallBackRule = Type.Static<typeof CallBackRule>
export const CallBackPlan = Type.Object(
  {
    /** When people may be called: `desk` is every day from 8 to 22, `office` on working days. */
    calendar: oneOf(CALL_BACK_CALENDARS),
    largeRefundFen: Type.Integer({ minimum: 100, maximum: 10_000_000 }),
    repeatedContacts: Type.Integer({ minimum: 2, maximum: 50 }),
    repeatedDays: Type.Integer({ minimum: 1, maximum: 365 }),
    lowScoreMost: Type.Integer({ minimum: 1, maximum: 4, description: 'of 5' }),
    rules: Type.Array(CallBackRule, {
      minItems: CALL_BACK_SEGMENTS.length,
      maxItems: CALL_BACK_SEGMENTS.length,
      description: 'one for each segment',
    }),
  },
  closed,
)
export type CallBackPlan = Type.Static<typeof CallBackPlan>

/** GET /api/staff/call-backs/plan */
export const CallBackPlanView = Type.Object(
  {
    version: Type.Integer({ minimum: 0, description: '0 is the one that this release comes with' }),
    plan: CallBackPlan,
    versions: Type.Array(
      Type.Object(
        {
          version: Type.Integer({ minimum: 1 }),
          savedAtMs: WallMs,
          savedBy: Type.String(),
          reason: Type.String(),
          plan: CallBackPlan,
        },
        closed,
      ),
      { description: 'newest first' },
    ),
    mayChange: Type.Boolean(),
  },
  closed,
)
export type CallBackPlanView = Type.Static<typeof CallBackPlanView>
/** PUT /api/staff/call-backs/plan → CallBackPlanView */
export const CallBackPlanSave = Type.Object(
  {
    baseVersion: Type.Integer({ minimum: 0 }),
    reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }),
    plan: CallBackPlan,
  },
  closed,
)
export type CallBackPlanSave = Type.Static<typeof CallBackPlanSave>

export const CallBackRow = Type.Object(
  {
    callBackId: Id,
    ticketId: Id,
    ticketNumber: Type.Integer(),
    ticketType: Type.String(),
    segment: oneOf(CALL_BACK_SEGMENTS),
    reasons: Type.Array(oneOf(CALL_BACK_SEGMENTS), {
      description: 'every segment that fits, the leading one first',
    }),
    state: oneOf(CALL_BACK_STATES),
    channel: oneOf(CALL_BACK_CHANNELS),
    audience: oneOf(CALL_BACK_AUDIENCES),
    whoLabel: Type.String({ description: 'consumer C-1234, or the site of the operator' }),
    cabinetName: orNull(Bilingual),
    attempts: Type.Integer(),
    attemptsMost: Type.Integer(),
    dueAtMs: WallMs,
    endedAtMs: orNull(WallMs),
    endedBy: orNull(Type.String()),
    rating: orNull(Type.Integer()),
    nps: orNull(Type.Integer()),
    hasAnswered: Type.Boolean({ description: 'the consumer wrote since the last message of the call-back' }),
    version: Type.Integer(),
  },
  closed,
)
export type CallBackRow = Type.Static<typeof CallBackRow>
export const CALL_BACK_VIEWS = ['due', 'coming', 'ended'] as const
export type CallBackView = (typeof CALL_BACK_VIEWS)[number]
/** GET /api/staff/call-backs?view= */
export const CallBackList = Type.Object(
  {
    callBacks: Type.Array(CallBackRow),
    counts: Type.Object({ due: Type.Integer(), coming: Type.Integer() }, closed),
  },
  closed,
)
export type CallBackList = Type.Static<typeof CallBackList>

const Answer = Type.Object(
  {
    key: Type.String({ maxLength: 32 }),
    value: Type.Union([
      Type.Boolean(),
      Type.Integer({ minimum: 1, maximum: 5 }),
      Type.String({ maxLength: 1000 }),
    ]),
  },
  closed,
)
/** GET /api/staff/call-backs/:callBackId */
export const CallBackDetail = Type.Object(
  {
    callBack: CallBackRow,
    questions: Type.Array(CallBackQuestion),
    planVersion: Type.Integer(),
    language: oneOf(['zh', 'en']),
    outcome: orNull(Type.String()),
    rootCause: orNull(Type.String()),
    ratingTags: Type.Array(Type.String()),
    solvedAtMs: orNull(WallMs),
    solvedBy: orNull(Type.String()),
    refundedFen: Type.Integer(),
    phoneTail: orNull(Type.String()),
    contact: orNull(Type.String({ description: 'of the site, for a call-back to an operator' })),
    nextAttemptAtMs: orNull(WallMs),
    tries: Type.Array(
      Type.Object(
        {
          attempt: Type.Integer(),
          atMs: WallMs,
          by: Type.String(),
          result: oneOf([...CALL_BACK_RESULTS, 'message_sent']),
          note: Type.String(),
          answers: Type.Array(Answer),
        },
        closed,
      ),
      { description: 'oldest first' },
    ),
    actions: Type.Array(oneOf(['attempt', 'message', 'number', 'cancel'])),
  },
  closed,
)
export type CallBackDetail = Type.Static<typeof CallBackDetail>

/** POST /api/staff/call-backs/:callBackId/attempt → CallBackDetail */
export const CallBackAttempt = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    result: oneOf(CALL_BACK_RESULTS),
    note: Type.String({ maxLength: 1000 }),
    answers: Type.Array(Answer, { maxItems: 8 }),
  },
  closed,
)
export type CallBackAttempt = Type.Static<typeof CallBackAttempt>
/** POST /api/staff/call-backs/:callBackId/message → CallBackDetail: written on the ticket, where the consumer reads it. */
export const CallBackMessage = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    text: Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' }),
  },
  closed,
)
export type CallBackMessage = Type.Static<typeof CallBackMessage>
/** POST /api/staff/call-backs/:callBackId/cancel → CallBackDetail */
export const CallBackCancel = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    note: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }),
  },
  closed,
)
export type CallBackCancel = Type.Static<typeof CallBackCancel>
/** POST /api/staff/call-backs/:callBackId/number: the telephone number; whoever asks is written down. */
export const CallBackNumber = Type.Object({ phone: Type.String() }, closed)
export type CallBackNumber = Type.Static<typeof CallBackNumber>
