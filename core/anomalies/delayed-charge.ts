import { NO_MONEY, type Rule } from '#core/policies/judge.ts'

export interface DelayedChargeInputs {
  readonly closedAtMs: number
  readonly chargedAtMs: number
  /** When the provider began to collect; null when it took the money at once. */
  readonly pendingAtMs: number | null
  /** The cabinet had no link for a part of the visit. */
  readonly wasOffline: boolean
}
export interface DelayedChargeDecision {
  readonly outcome: 'on_time' | 'explain'
  readonly cause: 'offline' | 'provider_pending' | 'system' | null
  readonly lateMs: number
}

/** Whether a charge came so late that it is explained, and by which cause. Each late one is also weighed again. */
export const delayedChargeRule: Rule<DelayedChargeInputs, DelayedChargeDecision> = {
  policy: 'delayed_charge',
  rule: 'delayed-charge-1',
  decide({ closedAtMs, chargedAtMs, pendingAtMs, wasOffline }, limits) {
    const lateMs = chargedAtMs - closedAtMs
    if (lateMs < (limits['delayedChargeMs'] ?? 0)) return { outcome: 'on_time', cause: null, lateMs }
    const isProviders = pendingAtMs !== null && chargedAtMs - pendingAtMs > (limits['chargeUsualMs'] ?? 0)
    return {
      outcome: 'explain',
      cause: wasOffline ? 'offline' : isProviders ? 'provider_pending' : 'system',
      lateMs,
    }
  },
  verdict: ({ outcome }) => ({ outcome: outcome === 'explain' ? 'explained' : 'on_time', ...NO_MONEY }),
}
