import type { Role } from '#protocol/api/common.ts'
import type { Policy } from '#core/platform/policy.ts'

type Limits = Pick<Policy, 'agentCompensationFen' | 'leadCompensationFen'>

/** What this role gives as coupon or points without a second person, fen. */
export function compensationLimitFen(role: Role, policy: Limits): number {
  switch (role) {
    case 'agent':
      return policy.agentCompensationFen
    case 'lead':
    case 'manager':
      return policy.leadCompensationFen
    case 'finance':
      return Number.MAX_SAFE_INTEGER
    case 'operator':
    case 'technician':
    case 'admin':
      return 0
  }
}

/**
 * Several small gifts for one order count as one: the limit is of the order. Pure.
 * @param givenFen  what was given or asked for on this order already
 */
export function decideCompensation(
  wish: { amountFen: number; givenFen: number },
  role: Role,
  policy: Limits,
): { needsApproval: boolean } {
  return { needsApproval: wish.givenFen + wish.amountFen > compensationLimitFen(role, policy) }
}

/** Who asked never decides, and the amount is within the authority of who decides. Pure. */
export function decideCompensationApproval(
  compensation: { amountFen: number; requestedBy: string },
  checker: { staffId: string; role: Role },
  policy: Limits,
): boolean {
  return (
    compensation.requestedBy !== checker.staffId &&
    compensation.amountFen <= compensationLimitFen(checker.role, policy)
  )
}
