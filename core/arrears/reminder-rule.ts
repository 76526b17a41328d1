import { NO_MONEY, type Rule } from '#core/policies/judge.ts'
import { decideNextReminder } from './decide.ts'

export interface ReminderInputs {
  /** With the one that is sent now. */
  readonly sent: number
  readonly amountFen: number
}
export interface ReminderDecision {
  /** Until the next one; null after the last, when a person looks. */
  readonly pauseMs: number | null
}

/** How often an unpaid order is said, and when somebody looks. */
export const reminderRule: Rule<ReminderInputs, ReminderDecision> = {
  policy: 'unpaid',
  rule: 'unpaid-1',
  decide: ({ sent }, limits) => ({
    pauseMs:
      decideNextReminder(sent, {
        arrearsReminderFirstMs: limits['arrearsReminderFirstMs'] ?? 1,
        arrearsReminderLongestMs: limits['arrearsReminderLongestMs'] ?? 1,
        arrearsRemindersMost: limits['arrearsRemindersMost'] ?? 1,
      }) ?? null,
  }),
  verdict: ({ pauseMs }) => ({ outcome: pauseMs === null ? 'person' : 'reminded', ...NO_MONEY }),
}
