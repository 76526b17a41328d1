import type { OrderView } from '#protocol/api/consumer.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'

export type Deferral = NonNullable<OrderView['deferral']>
export interface DeferralFacts {
  readonly closedAtMs: number | null
  /** When the core heard the end of the session. */
  readonly reconciledAtMs: number | null
  readonly startedAtMs: number | null
  readonly offline: SessionReconciled['offline']
  readonly heldAtMs: number | null
  readonly releasedAtMs: number | null
  readonly submittedAtMs: number | null
  readonly pendingAtMs: number | null
  readonly chargedAtMs: number | null
  /** The provider could not collect for so long that the order counted as unpaid. */
  readonly arrearsAtMs: number | null
  readonly nowMs: number
}

/**
 * Why money was asked for, or taken, later than usual. Pure. The first cause in time wins, because what follows waits for it.
 * @param limits  a deduction usually takes `chargeUsualMs`; a charge is late at all after `delayedChargeMs`
 * @returns null when nothing was late, or nothing is charged
 */
export function decideDeferral(
  facts: DeferralFacts,
  limits: { chargeUsualMs: number; delayedChargeMs: number },
): Deferral | null {
  const { closedAtMs, reconciledAtMs, startedAtMs } = facts
  if (closedAtMs === null) return null
  const late = (cause: Deferral['cause'], fromMs: number, toMs: number | null): Deferral => ({
    cause,
    fromMs,
    toMs,
    lateMinutes: Math.max(1, Math.round(((toMs ?? facts.nowMs) - closedAtMs) / 60_000)),
  })
  // Without a connection when the door was closed: the end of the visit could only be reported later.
  const cut =
    startedAtMs === null
      ? undefined
      : facts.offline.find((interval) => startedAtMs + interval.toMs >= closedAtMs)
  if (cut !== undefined && startedAtMs !== null && reconciledAtMs !== null)
    return late('offline', startedAtMs + cut.fromMs, facts.chargedAtMs ?? reconciledAtMs)
  if (facts.heldAtMs !== null) return late('review', facts.heldAtMs, facts.releasedAtMs)
  if (facts.arrearsAtMs !== null)
    return late('insufficient_balance', facts.submittedAtMs ?? facts.arrearsAtMs, facts.chargedAtMs)
  if (facts.pendingAtMs !== null) {
    const untilMs = facts.chargedAtMs ?? facts.nowMs
    if (untilMs - facts.pendingAtMs > limits.chargeUsualMs)
      return late('provider_pending', facts.submittedAtMs ?? facts.pendingAtMs, facts.chargedAtMs)
  }
  if (facts.chargedAtMs !== null && facts.chargedAtMs - closedAtMs > limits.delayedChargeMs)
    return late('system', closedAtMs, facts.chargedAtMs)
  return null
}
