import { ACCOUNT_LACKS, SecondFactorCode } from '#protocol/api/accounts.ts'
import { Fen, Id, Language, ROLES, WallMs, closed, oneOf } from '#protocol/api/common.ts'
import Type from 'typebox'

/** POST /api/staff/sign-in; sets the session cookie. */
export const SignInRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    password: Type.String({ minLength: 1, maxLength: 200 }),
    /** Asked for with `second_factor_code_needed` where a second factor is on. */
    code: Type.Optional(SecondFactorCode),
  },
  closed,
)

/** GET /api/staff/me */
export const Me = Type.Object(
  {
    staffId: Id,
    name: Type.String(),
    displayName: Type.String(),
    role: oneOf(ROLES),
    permissions: Type.Array(Type.String()),
    language: Language,
    refundLimitFen: Fen,
    lacks: Type.Union([Type.Null(), oneOf(ACCOUNT_LACKS)], {
      description: 'what the account needs before it may do anything else; it has no permission until then',
    }),
    timeZone: Type.String({
      description: 'IANA name: where most of the cabinets stand that this person sees',
    }),
    changeId: Type.Integer({
      description: 'Last-Event-ID for GET /api/live: nothing is missed of what changes after this answer',
    }),
  },
  closed,
)
export type Me = Type.Static<typeof Me>

/** GET /api/staff/home */
export const Home = Type.Object(
  {
    openTickets: Type.Integer(),
    myTickets: Type.Integer(),
    breachingTickets: Type.Integer({
      description: 'first response or resolution due within 5 minutes, or past',
    }),
    approvals: Type.Integer(),
    alarms: Type.Integer(),
    deadLetters: Type.Integer(),
    cabinets: Type.Object(
      {
        online: Type.Integer(),
        suspect: Type.Integer(),
        offline: Type.Integer(),
        unknown: Type.Integer(),
        lockedOut: Type.Integer(),
      },
      closed,
    ),
    today: Type.Object(
      {
        orders: Type.Integer(),
        paidFen: Fen,
        refundedFen: Fen,
        settledWithoutPerson: Type.Integer(),
        disputes: Type.Integer(),
      },
      closed,
    ),
    emergencies: Type.Integer({ description: 'serious incidents that are open' }),
    unreportedEmergencies: Type.Integer({ description: 'of these: not reported yet' }),
    rechecks: Type.Integer({ description: 'that this person may work on: waiting, or objected to' }),
    lateRechecks: Type.Integer(),
    callBacks: Type.Integer({ description: 'that this person may make now' }),
    lateImprovements: Type.Integer({ description: 'improvement items whose due date is over' }),
    satisfaction: Type.Union([
      Type.Null(),
      Type.Number({ description: 'mean rating of the last 7 days, 1 to 5' }),
    ]),
  },
  closed,
)
export type Home = Type.Static<typeof Home>

/** GET /api/staff/audit?query= */
export const AuditList = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        {
          seq: Type.Integer(),
          atMs: WallMs,
          actor: Type.String(),
          actorName: Type.Union([Type.Null(), Type.String({ description: 'of a person who works here' })]),
          action: Type.String(),
          subject: Type.String(),
          detail: Type.Record(Type.String(), Type.Unknown()),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type AuditList = Type.Static<typeof AuditList>

/** GET /api/live: server-sent events. `event:` is the kind, `id:` a growing number for Last-Event-ID. */
export const LIVE_KINDS = [
  'session',
  'order',
  'refund',
  'ticket',
  /** Who looks at a ticket. */
  'desk',
  'task',
  'anomaly',
  'cabinet',
  'setpoint',
  'alarm',
  'bill',
  'price',
  'policy',
  'restriction',
  'improvement',
  'callBack',
  'recheck',
  'emergency',
  'team',
  'live',
  'reset',
] as const

export const LiveChange = Type.Object(
  {
    kind: oneOf(LIVE_KINDS),
    subjectId: Type.String(),
    cabinetId: Type.Optional(Type.String()),
    atMs: WallMs,
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
)
export type LiveChange = Type.Static<typeof LiveChange>
