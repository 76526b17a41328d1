import type { Role } from '#protocol/api/common.ts'
import type { Policy } from '#core/platform/policy.ts'

type Schedule = Pick<Policy, 'arrearsReminderFirstMs' | 'arrearsReminderLongestMs' | 'arrearsRemindersMost'>
type Limits = Pick<Policy, 'agentWriteOffFen' | 'leadWriteOffFen'>

/**
 * How long after this reminder the next one comes: the pause doubles, up to the longest. Pure.
 * @param sent  reminders with this one
 * @returns undefined after the last one: then a person looks
 */
export function decideNextReminder(sent: number, policy: Schedule): number | undefined {
  if (sent >= policy.arrearsRemindersMost) return undefined
  return Math.min(
    policy.arrearsReminderLongestMs,
    policy.arrearsReminderFirstMs * 2 ** Math.min(sent - 1, 30),
  )
}

/** What this role lets go of without a second person, fen. */
export function writeOffLimitFen(role: Role, policy: Limits): number {
  switch (role) {
    case 'agent':
      return policy.agentWriteOffFen
    case 'lead':
    case 'manager':
      return policy.leadWriteOffFen
    case 'finance':
      return Number.MAX_SAFE_INTEGER
    case 'operator':
    case 'technician':
    case 'admin':
      return 0
  }
}

/** Who asked never decides, and the amount is within the authority of who decides. Pure. */
export function decideWriteOffApproval(
  writeOff: { amountFen: number; requestedBy: string },
  checker: { staffId: string; role: Role },
  policy: Limits,
): boolean {
  return (
    writeOff.requestedBy !== checker.staffId && writeOff.amountFen <= writeOffLimitFen(checker.role, policy)
  )
}
