import type { ProviderComplaint } from '#core/payments/provider.ts'

const HOUR_MS = 3_600_000
/** What the provider asks of a merchant: an answer within 24 hours, an end within 72. */
export const RESPOND_WITHIN_MS = 24 * HOUR_MS
export const DONE_WITHIN_MS = 72 * HOUR_MS

export interface OwnSide {
  /** What staff last wrote to the consumer, if anything. */
  readonly reply: string | undefined
  readonly isTicketDone: boolean
  readonly respondedAtMs: number | null
  readonly completedAtMs: number | null
}
export type ComplaintStep = { readonly do: 'respond'; readonly text: string } | { readonly do: 'complete' }

/**
 * What the provider is told next: our answer when staff have written one, and the end when the ticket is solved. Pure.
 * @returns undefined when it knows everything, or there is nothing to tell yet
 */
export function decideComplaintStep(
  complaint: Pick<ProviderComplaint, 'state'>,
  own: OwnSide,
): ComplaintStep | undefined {
  if (complaint.state === 'processed') return undefined
  if (own.respondedAtMs === null) {
    if (own.reply !== undefined) return { do: 'respond', text: own.reply }
    return own.isTicketDone ? { do: 'respond', text: SOLVED } : undefined
  }
  return own.isTicketDone && own.completedAtMs === null ? { do: 'complete' } : undefined
}
/** A ticket that was solved without a word to the consumer. */
const SOLVED = '您反馈的问题已处理完成，如有疑问请在订单页联系我们。'
