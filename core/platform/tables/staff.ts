import type { Generated } from 'kysely'
import type { Role } from '#protocol/api/common.ts'

export interface StaffTables {
  staff: {
    staffId: string
    name: string
    displayName: string
    role: Role
    language: 'zh' | 'en'
    /** Sees only the cabinets of this operator; null sees all. */
    operator: string | null
    passwordHash: string
    isActive: number
    createdAtMs: number
    /** 1 while the password is one that somebody else gave out. */
    mustChangePassword: Generated<number>
    /** Wrong passwords and codes since the last right one. */
    failures: Generated<number>
    lockedUntilMs: number | null
    /** Sealed. */
    totpSecret: string | null
    /** Sealed; set up and not yet confirmed with a code. */
    totpPending: string | null
    totpSinceMs: number | null
    /** Step of the last code that was taken. */
    totpStep: Generated<number>
  }
  staffRecoveryCode: { staffId: string; codeSha256: string; usedAtMs: number | null }
  staffSession: {
    tokenSha256: string
    /** What a sign-in is called where people see it; says nothing about the token. */
    sessionId: string
    staffId: string
    device: string
    address: string
    /** When this person last showed who they are, by password or code. */
    provedAtMs: number
    createdAtMs: number
    lastSeenMs: number
    expiresAtMs: number
    revokedAtMs: number | null
  }
}
