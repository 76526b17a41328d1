import type { Anomalies } from '#core/anomalies/anomalies.ts'
import type { Returns } from '#core/anomalies/returns.ts'
import type { Arrears } from '#core/arrears/arrears.ts'
import type { CallerChecks } from '#core/callers/caller-checks.ts'
import type { CallBacks } from '#core/follow-up/call-backs.ts'
import type { Improvements } from '#core/improvement/improvements.ts'
import type { Notices } from '#core/notices/notices.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import type { Rechecks } from '#core/rechecks/rechecks.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import type { Restrictions } from '#core/restrictions/restrictions.ts'
import type { Snoozing } from '#core/support/desk/snooze.ts'
import type { Satisfaction } from '#core/support/satisfaction.ts'
import type { Tickets } from '#core/support/tickets.ts'
import type { Schedule } from '#core/team/schedule.ts'
import type { Tell } from './case-reactions.ts'
import type { createLearningReactions } from './learning-reactions.ts'

/** The domains that effects run between; set once everything is made. */
export interface Domains {
  charges: Charges
  refunds: Refunds
  anomalies: Anomalies
  tickets: Tickets
  snoozing: Snoozing
  notices: Notices
  arrears: Arrears
  lateChecks: { schedule(tx: Tx, orderId: string): Promise<void> }
  returns: Returns
  restrictions: Restrictions
  improvements: Improvements
  satisfaction: Satisfaction
  callBacks: CallBacks
  callers: CallerChecks
  rechecks: Rechecks
  schedule: Schedule
}

/** What every reaction is made with. */
export interface Reacting extends CoreDeps {
  readonly policies: PolicyBook
  readonly domains: () => Domains
  readonly tell: Tell
  readonly learning: ReturnType<typeof createLearningReactions>
}
