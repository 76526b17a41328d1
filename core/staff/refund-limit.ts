import type { Role } from '#protocol/api/common.ts'
import type { Policy } from '#core/platform/policy.ts'

/** What this role refunds without asking anybody, fen. */
export function refundLimitFen(role: Role, policy: Pick<Policy, 'agentRefundFen' | 'leadRefundFen'>): number {
  switch (role) {
    case 'agent':
      return policy.agentRefundFen
    case 'lead':
    case 'manager':
      return policy.leadRefundFen
    case 'finance':
      return Number.MAX_SAFE_INTEGER
    case 'operator':
    case 'technician':
    case 'admin':
      return 0
  }
}
