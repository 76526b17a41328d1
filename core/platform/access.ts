import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccountLack } from '#protocol/api/accounts.ts'
import type { Language, Role } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Permission } from '#core/staff/permissions.ts'

/**
 * Who may use a route. Every route has one in its `config`; a route without it stops the start.
 * `proof: 'recent'`: whoever asks must have shown who they are a short time ago; it may move money, doors or accounts.
 * `own`: the route looks up who asks in one question with what they ask for, and sets `consumer` itself.
 * `public`: anybody, and `consumer` and `staff` are still recognised when they are signed in.
 */
export type Access =
  | { kind: 'public' }
  | { kind: 'own' }
  | { kind: 'consumer' }
  | { kind: 'staff'; permission: Permission | 'signed-in'; proof?: 'recent' }
  | { kind: 'device' }
  | { kind: 'provider' }
  | { kind: 'broker' }

export interface StaffIdentity {
  readonly staffId: string
  readonly name: string
  readonly displayName: string
  readonly role: Role
  readonly permissions: ReadonlySet<Permission>
  readonly language: Language
  /** Sees only cabinets of this operator; null sees all. */
  readonly operator: string | null
  readonly tokenSha256: string
  readonly sessionId: string
  /** What this account needs before it may do anything else. */
  readonly lacks: AccountLack | null
  /** Showed who they are within the time of the policy. */
  readonly isProved: boolean
}
export interface ConsumerIdentity {
  readonly consumerId: string
  readonly language?: Language
}
export interface CabinetIdentity {
  readonly cabinetId: string
  readonly partition: number
  /** The credential whose key signed the request. */
  readonly credentialId: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
  interface FastifyRequest {
    /** Set on `staff` routes, and on `public` ones when somebody is signed in. */
    staff: StaffIdentity | null
    /** Set on `consumer`, `own` and `public` routes when somebody is signed in. */
    consumer: ConsumerIdentity | null
    /** Set on `device` routes. */
    cabinet: CabinetIdentity | null
  }
}

/** Recognises who is asking; undefined when nobody is. Throws only for a forged or broken proof. */
export interface Authenticators {
  staff?: (request: FastifyRequest, reply: FastifyReply) => Promise<StaffIdentity | undefined>
  consumer?: (request: FastifyRequest, reply: FastifyReply) => Promise<ConsumerIdentity | undefined>
  device?: (request: FastifyRequest) => Promise<CabinetIdentity | undefined>
}

/**
 * For what only sometimes asks for it, such as a refund above some amount.
 * @throws proof_needed
 */
export function requireProof(staff: StaffIdentity): void {
  if (!staff.isProved) throw new CabinetError('proof_needed')
}
