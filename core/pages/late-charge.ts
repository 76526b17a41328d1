import { formatMoney } from '#protocol/words/format.ts'
import type { OrderView } from '#protocol/api/consumer.ts'
import { exactClock, moment, type PageContext } from './context.ts'

const EXACT_BELOW_MS = 120_000
const WORTH_A_WORD_MS = 60_000

/**
 * Why money was asked for later than usual, in time order, with the cause, the amount, and "charged once".
 * @returns nothing when the charge was not late, or only by seconds at the provider; the sum is left out when it would not be true (held, refunded, charged twice)
 */
export function lateChargeSentences(page: PageContext, order: OrderView): string[] {
  const { deferral } = order
  if (deferral === null) return []
  const { t } = page
  const closedAtMs = order.closedAtMs ?? deferral.fromMs
  const lateMs = (deferral.toMs ?? page.nowMs) - closedAtMs
  // Money that took some seconds is not late to anybody who is not looking at a stop-watch.
  const isMoneyOnly = deferral.cause === 'provider_pending' || deferral.cause === 'system'
  if (isMoneyOnly && deferral.toMs !== null && lateMs < WORTH_A_WORD_MS) return []
  // Within a minute or two the times on the clock would read the same.
  const isShort = lateMs < EXACT_BELOW_MS
  const at = (atMs: number) => (isShort ? exactClock(page, atMs) : moment(page, atMs))
  const values = {
    closed: at(closedAtMs),
    start: at(deferral.fromMs),
    end: deferral.toMs === null ? '' : at(deferral.toMs),
    late: isShort
      ? t('late.seconds', { count: Math.max(1, Math.round(lateMs / 1000)) })
      : t(deferral.lateMinutes === 1 ? 'late.minute' : 'late.minutes', { count: deferral.lateMinutes }),
  }
  const isOver = deferral.toMs !== null
  const sentences = [
    isOver ? t(`late.${deferral.cause}`, values) : t(`late.${deferral.cause}.running`, values),
  ]
  const count = order.lines.reduce((sum, line) => sum + line.quantity, 0)
  const sum = { count, amount: formatMoney(order.totalFen) }
  if (count === 0) return sentences
  if (order.state === 'paid' && !wasChargedTwice(order))
    sentences.push(t(count === 1 ? 'late.sum.one' : 'late.sum', sum))
  else if (order.state === 'charging' || order.state === 'priced') sentences.push(t('late.sum.running', sum))
  return sentences
}

/** A second payment was found, or goes back already: "charged once" would be a lie. */
export function wasChargedTwice(order: Pick<OrderView, 'refunds' | 'story'>): boolean {
  return (
    order.story.some((line) => line.key === 'story.charged_twice') ||
    order.refunds.some((refund) => refund.reason === 'duplicate' && refund.state !== 'rejected')
  )
}
