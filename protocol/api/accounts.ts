import Type from 'typebox'
import { closed, Id, Language, oneOf, ROLES, WallMs } from './common.ts'

/** Six figures of an authenticator app, or one of the recovery codes that were shown when it was set up. */
export const SecondFactorCode = Type.String({
  pattern: '^([0-9]{6}|[a-z0-9]{4}(-[a-z0-9]{4}){3})$',
  description: 'six figures of the authenticator app, or a recovery code like k3pq-77da-x0zn-4wem',
})
export const PASSWORD_LETTERS_LEAST = 12
const NewPassword = Type.String({ minLength: PASSWORD_LETTERS_LEAST, maxLength: 200 })

/** Why a sign-in does nothing but mend its own account yet; null when nothing is missing. */
export const ACCOUNT_LACKS = ['password', 'second_factor'] as const
export type AccountLack = (typeof ACCOUNT_LACKS)[number]

export const AccountSession = Type.Object(
  {
    sessionId: Id,
    createdAtMs: WallMs,
    lastSeenMs: WallMs,
    device: Type.String({ description: 'browser and system as they named themselves; empty when unknown' }),
    address: Type.String(),
    isThis: Type.Boolean({ description: 'the one that asks' }),
  },
  closed,
)
export type AccountSession = Type.Static<typeof AccountSession>

/** GET /api/staff/account: one's own sign-in. */
export const AccountView = Type.Object(
  {
    name: Type.String(),
    lacks: Type.Union([Type.Null(), oneOf(ACCOUNT_LACKS)]),
    secondFactor: Type.Object(
      {
        isOn: Type.Boolean(),
        sinceMs: Type.Union([Type.Null(), WallMs]),
        recoveryCodesLeft: Type.Integer(),
        isRequired: Type.Boolean({ description: 'of this role; then it cannot be switched off' }),
      },
      closed,
    ),
    sessions: Type.Array(AccountSession, { description: 'that are still valid, newest first' }),
  },
  closed,
)
export type AccountView = Type.Static<typeof AccountView>

/** POST /api/staff/account/prove: shows again who one is, for what asks for it. */
export const ProveRequest = Type.Object(
  {
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    code: Type.Optional(SecondFactorCode),
  },
  { ...closed, description: 'the code where a second factor is on, else the password' },
)
export type ProveRequest = Type.Static<typeof ProveRequest>

/** POST /api/staff/account/password; ends every other sign-in of this account. */
export const PasswordChange = Type.Object(
  { current: Type.String({ minLength: 1, maxLength: 200 }), next: NewPassword },
  closed,
)
export type PasswordChange = Type.Static<typeof PasswordChange>

/** POST /api/staff/account/second-factor/begin; what begins counts only after it was confirmed with a code. */
export const SecondFactorBegin = Type.Object(
  { password: Type.String({ minLength: 1, maxLength: 200 }) },
  closed,
)
export const SecondFactorSetup = Type.Object(
  {
    secret: Type.String({ description: 'base32, to be typed in where no camera can read the picture' }),
    uri: Type.String({ description: 'otpauth address of RFC 6238: SHA-1, 6 figures, 30 s' }),
    qr: Type.Object(
      { path: Type.String({ description: 'SVG path of the dark squares' }), width: Type.Integer() },
      closed,
    ),
  },
  closed,
)
export type SecondFactorSetup = Type.Static<typeof SecondFactorSetup>
/** POST /api/staff/account/second-factor/confirm */
export const SecondFactorConfirm = Type.Object({ code: Type.String({ pattern: '^[0-9]{6}$' }) }, closed)
export const RecoveryCodes = Type.Object(
  { recoveryCodes: Type.Array(Type.String(), { description: 'shown this once; each works once' }) },
  closed,
)
export type RecoveryCodes = Type.Static<typeof RecoveryCodes>
/** POST /api/staff/account/second-factor/off */
export const SecondFactorOff = Type.Object({ code: SecondFactorCode }, closed)
/** PUT /api/staff/account/language */
export const LanguageChange = Type.Object({ language: Language }, closed)

/** Somebody of the staff, as whoever manages accounts sees them. */
export const Person = Type.Object(
  {
    staffId: Id,
    name: Type.String(),
    displayName: Type.String(),
    role: oneOf(ROLES),
    operator: Type.Union([Type.Null(), Type.String()]),
    language: Language,
    isActive: Type.Boolean(),
    hasSecondFactor: Type.Boolean(),
    lastSeenMs: Type.Union([Type.Null(), WallMs]),
    openSessions: Type.Integer(),
    lockedUntilMs: Type.Union([Type.Null(), WallMs], { description: 'after too many wrong passwords' }),
    createdAtMs: WallMs,
    mayChange: Type.Boolean({
      description: 'by the reader: nobody changes themselves, only admins change admins',
    }),
  },
  closed,
)
export type Person = Type.Static<typeof Person>

/** GET /api/staff/people */
export const PeopleList = Type.Object(
  {
    people: Type.Array(Person),
    operators: Type.Array(Type.String(), { description: 'that have cabinets' }),
    permissions: Type.Array(
      Type.Object({ permission: Type.String(), roles: Type.Array(oneOf(ROLES)) }, closed),
      { description: 'the one table of who may do what' },
    ),
  },
  closed,
)
export type PeopleList = Type.Static<typeof PeopleList>

/** Letters, figures, dot, dash and underscore; people are found by it in the audit. */
const SignInName = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{1,63}$',
  description: 'small letters, figures, . _ -',
})
/** POST /api/staff/people */
export const PersonCreate = Type.Object(
  {
    name: SignInName,
    displayName: Type.String({ minLength: 1, maxLength: 64, pattern: '\\S' }),
    role: oneOf(ROLES),
    operator: Type.Union([Type.Null(), Id]),
    language: Language,
  },
  closed,
)
export type PersonCreate = Type.Static<typeof PersonCreate>
/** POST /api/staff/people/:staffId/change; what is left out stays. */
export const PersonChange = Type.Object(
  {
    displayName: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '\\S' })),
    role: Type.Optional(oneOf(ROLES)),
    operator: Type.Optional(Type.Union([Type.Null(), Id])),
    isActive: Type.Optional(Type.Boolean()),
    reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }),
  },
  closed,
)
export type PersonChange = Type.Static<typeof PersonChange>
/** What is done to an account besides changing it: POST /api/staff/people/:staffId/:deed */
export const PERSON_DEEDS = ['reset-password', 'reset-second-factor', 'end-sessions', 'unlock'] as const
export type PersonDeed = (typeof PERSON_DEEDS)[number]
export const PersonDeedRequest = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
  closed,
)
export const PersonDone = Type.Object(
  {
    person: Person,
    firstPassword: Type.Union([Type.Null(), Type.String()], {
      description: 'shown this once; whoever signs in with it must choose another',
    }),
  },
  closed,
)
export type PersonDone = Type.Static<typeof PersonDone>
