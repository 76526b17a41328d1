import Type from 'typebox'
import { Id, oneOf } from './common.ts'

const TimeMs = Type.Integer({ minimum: 0 })
const closed = { additionalProperties: false } as const

/**
 * issued    not used yet
 * active    what the cabinet proves itself with
 * ending    replaced; holds a little longer, so that nothing that fails on the way locks the cabinet out
 * ended     replaced, and refused
 * expired   its time is over; the cabinet may still exchange it
 * revoked   withdrawn by a person, or by a new enrolment
 */
export const CREDENTIAL_STATES = ['issued', 'active', 'ending', 'ended', 'expired', 'revoked'] as const
export type CredentialState = (typeof CREDENTIAL_STATES)[number]

export const CredentialView = Type.Object(
  {
    credentialId: Id,
    kind: oneOf(['certificate', 'password']),
    state: oneOf(CREDENTIAL_STATES),
    cause: oneOf(['enrolment', 'rotation']),
    issuedAtMs: TimeMs,
    /** null: does not expire by itself. */
    expiresAtMs: Type.Union([TimeMs, Type.Null()]),
    /** Of a credential that was replaced. */
    endsAtMs: Type.Union([TimeMs, Type.Null()]),
    lastUsedAtMs: Type.Union([TimeMs, Type.Null()]),
    lastAddress: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
)
export type CredentialView = Type.Static<typeof CredentialView>

/** How a cabinet gets in, for its page. */
export const CabinetCredentials = Type.Object(
  {
    enrolment: oneOf(['never', 'enrolled', 'revoked']),
    enrolledAtMs: Type.Union([TimeMs, Type.Null()]),
    revokedAtMs: Type.Union([TimeMs, Type.Null()]),
    /** Newest first; those that ended long ago are left out. */
    credentials: Type.Array(CredentialView),
    /** Somebody asked for new ones and the cabinet has not fetched them. */
    rotationAskedAtMs: Type.Union([TimeMs, Type.Null()]),
    /** A code that can still be used; the code itself is shown once, when it is made. */
    openCode: Type.Union([
      Type.Object(
        { createdAtMs: TimeMs, createdBy: Type.String(), expiresAtMs: TimeMs, triesLeft: Type.Integer() },
        closed,
      ),
      Type.Null(),
    ]),
    actions: Type.Array(oneOf(['code', 'rotate', 'revoke'])),
    nowMs: TimeMs,
  },
  closed,
)
export type CabinetCredentials = Type.Static<typeof CabinetCredentials>

export const CreatedEnrolmentCode = Type.Object({ code: Type.String(), expiresAtMs: TimeMs }, closed)
export type CreatedEnrolmentCode = Type.Static<typeof CreatedEnrolmentCode>

/** `now`: its connection was renewed and it asks at once; `later`: at its next look, or when it is online again. */
export const RotationAnswer = Type.Object({ when: oneOf(['now', 'later']) }, closed)
export type RotationAnswer = Type.Static<typeof RotationAnswer>
