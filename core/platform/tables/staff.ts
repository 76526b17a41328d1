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
  }
  staffSession: {
    tokenSha256: string
    staffId: string
    createdAtMs: number
    lastSeenMs: number
    expiresAtMs: number
    revokedAtMs: number | null
  }
}
