import { html, nothing } from 'lit'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { sentence } from '../../data/staff-evidence.ts'
import { word, type StaffWord } from '../../words/staff.ts'
import { icon, type IconName } from '../icons.ts'

export interface Acts {
  refund: () => void
  explain: () => void
  resolve: () => void
  decide: () => void
}
type Advice = NonNullable<TicketDetail['advice']>
const ADVICE_ICONS: Record<Advice['action'], IconName> = {
  refund: 'undo',
  explain: 'scroll',
  charge: 'banknote',
  look: 'search',
}

/** What the rules would do, why, and the one button that does it. The evidence stays beside it, never behind it. */
export function adviceStrip(detail: TicketDetail, act: Acts) {
  const { advice } = detail
  if (!advice || isFinished(detail)) return nothing
  const button = buttonOf(detail, advice, act)
  return html`<section class="advice" aria-labelledby="advice-title">
    <div class="advice-icon">${icon(ADVICE_ICONS[advice.action])}</div>
    <div class="grow">
      <h2 id="advice-title">
        ${word(`advice.${advice.action}`)}${advice.amountFen === undefined ? nothing : html` <span class="number">${formatMoney(advice.amountFen)}</span>`}
      </h2>
      <p>${sentence(advice.reasonKey, advice.reasonValues)}</p>
    </div>
    ${button ? html`<button class="button primary" @click=${button.run}>${button.label}${button.key ? html` <kbd aria-hidden="true">${button.key}</kbd>` : nothing}</button>` : nothing}
  </section>`
}

function isFinished({ ticket }: TicketDetail): boolean {
  return ticket.state === 'resolved' || ticket.state === 'closed' || ticket.state === 'merged'
}

function buttonOf(
  detail: TicketDetail,
  advice: Advice,
  act: Acts,
): { label: string; key: string; run: () => void } | undefined {
  const offer = (action: string, label: StaffWord, key: string, run: () => void, values = {}) =>
    detail.actions.includes(action) ? { label: word(label, values), key, run } : undefined
  const refundedFen = detail.order?.order.refundedFen ?? 0
  switch (advice.action) {
    case 'refund': {
      // Already under way: the next step is to tell and close.
      const isUnderWay = detail.order?.order.refunds.some(
        (refund) => refund.state !== 'rejected' && refund.amountFen === advice.amountFen,
      )
      if (isUnderWay || (advice.amountFen !== undefined && refundedFen >= advice.amountFen))
        return offer('resolve', 'replyAndResolve', 'e', act.resolve)
      return advice.amountFen === undefined
        ? offer('refund', 'refundEllipsis', 'r', act.refund)
        : offer('refund', 'refundAmountEllipsis', 'r', act.refund, { amount: formatMoney(advice.amountFen) })
    }
    case 'explain':
      return offer('reply', 'explainWithTemplate', '/', act.explain)
    case 'charge':
    case 'look': {
      const isOpen = detail.order?.anomalies.some((anomaly) => anomaly.actions.includes('decide')) ?? false
      return isOpen ? { label: word('decideEllipsis'), key: 'd', run: act.decide } : undefined
    }
  }
}
