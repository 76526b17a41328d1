import type { ChargeInput, ChargeState } from './machine.ts'
import type { ProviderOrder, ProviderPayment } from './provider.ts'

/** What the provider's order means for our charge in its present state. Pure. @returns undefined when it says nothing new */
export function decideObserved(state: ChargeState, order: ProviderOrder): ChargeInput | undefined {
  switch (order.state) {
    case 'paid':
      return state === 'unknown'
        ? 'foundPaid'
        : state === 'submitted' || state === 'pending'
          ? 'paid'
          : undefined
    case 'collecting':
      return state === 'unknown' ? 'foundPending' : state === 'submitted' ? 'accepted' : undefined
    case 'free':
      return state === 'unknown' ? 'foundFree' : state === 'submitted' ? 'free' : undefined
    case 'open':
      // The completion never arrived: it is sent again as it was saved, under the same number.
      return state === 'unknown' ? 'foundAbsent' : undefined
    case 'revoked':
    case 'expired':
      return state === 'unknown'
        ? 'foundRevoked'
        : state === 'pending' || state === 'prepared'
          ? 'cancelled'
          : undefined
    case 'unconfirmed':
    case 'unknown':
      return undefined
  }
}

/**
 * Payments that we did not know, with the one that counts told from those that came on top. The earliest counts.
 * @param known  transaction ids that are recorded already
 */
export function decidePayments(
  known: readonly string[],
  seen: readonly ProviderPayment[],
): Array<ProviderPayment & { isDuplicate: boolean }> {
  const fresh = seen.filter((payment) => !known.includes(payment.transactionId))
  return [...fresh]
    .sort((a, b) => a.paidAtMs - b.paidAtMs)
    .map((payment, index) => ({ ...payment, isDuplicate: known.length > 0 || index > 0 }))
}

/** The pause before asking again grows by half each time, up to the longest. @param asked  how often it was asked already */
export function decideQueryPause(asked: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, Math.round(firstMs * 1.5 ** Math.min(asked, 40)))
}
