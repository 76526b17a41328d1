import { html, nothing } from 'lit'
import { customElement, query } from 'lit/decorators.js'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { ORDER_STATE_WORDS, SESSION_STATE_WORDS } from '#protocol/words/states.ts'
import { knowsSentence, sentence } from '../../data/staff-evidence.ts'
import { goodWord } from '../../words/making-good.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { anomaliesPanel, consumerPanel, linesPanel, paymentsPanel } from '../parts/order-panels.ts'
import type { RefundDialog } from '../parts/refund-dialog.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { Shortcuts } from '../shortcuts.ts'
import { card, idChip, moment, personText, stateBadge } from '../views.ts'
import '../parts/arrears-card.ts'
import '../parts/compensation-card.ts'
import '../parts/decide-dialog.ts'
import '../parts/evidence-axis.ts'
import '../parts/refund-dialog.ts'

/** One order with everything that is known about it; the same evidence as beside a ticket. */
@customElement('page-order')
export class OrderPage extends StaffPage {
  @query('refund-dialog') private refundDialog: RefundDialog | null | undefined
  private readonly order = new Resource<StaffOrder, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.order(id, signal),
    isAffected: (change, value) =>
      change.subjectId === value?.order.orderId ||
      change.subjectId === value?.session.sessionId ||
      change.data?.['orderId'] === value?.order.orderId ||
      (value?.order.refunds.some((refund) => refund.refundId === change.subjectId) ?? false),
  })
  constructor() {
    super()
    new Shortcuts(this, { r: () => this.#refund() })
  }
  #refund(): void {
    if (this.order.value && mayRefund(this.order.value)) this.refundDialog?.open()
  }
  #decide(anomalyId: string): void {
    void this.querySelector('decide-dialog')?.open(anomalyId)
  }

  protected override render() {
    const value = this.order.value
    return html`<header class="page-head">
        <div class="page-title">
          <h1 tabindex="-1">${word('order')}</h1>
          ${value ? html`${idChip(this.services, value.order.orderId)} ${stateBadge(ORDER_STATE_WORDS[value.order.state])} ${stateBadge(SESSION_STATE_WORDS[value.session.state])}` : nothing}
        </div>
        ${value ? this.#actions(value) : nothing}
      </header>
      ${this.order.view((loaded) => this.#body(loaded))}`
  }

  #actions(value: StaffOrder) {
    return html`<div class="row">
      <span class="soft small"><a href="${BASE}/cabinets/${value.order.cabinetId}">${choose(value.order.cabinetName)}</a> · ${choose(value.order.site)}</span>
      ${value.ticketId ? html`<a class="button" href="${BASE}/tickets/${value.ticketId}">${icon('inbox')}${word('ticket')}</a>` : nothing}
      ${mayRefund(value) ? html`<button class="button" @click=${() => this.#refund()}>${icon('undo')}${value.actions.includes('refund') ? word('refundEllipsis') : goodWord('lowerEllipsis')} <kbd aria-hidden="true">r</kbd></button>` : nothing}
    </div>`
  }

  #lowering({ loweringRequest }: StaffOrder) {
    if (loweringRequest === null) return nothing
    const name = personText(this.services, loweringRequest.requestedBy)
    const words = goodWord('loweringWaits', { name, amount: formatMoney(loweringRequest.amountFen) })
    return html`<p class="strip tone-warn">${icon('shield-check')}<span>${words} <a href="${BASE}/approvals">${word('approvals')}</a></span></p>`
  }

  #body(value: StaffOrder) {
    const { order, session } = value
    const { time } = this.services
    return html`<div class="two-columns" @refunded=${() => this.order.reload()} @decided=${() => this.order.reload()}>
      <div class="stack">
        <evidence-axis .order=${value}></evidence-axis>
        ${card(
          'story',
          html`<ol class="story">
            ${order.story.map((line) => html`<li>${moment(time, line.atMs)}<span>${knowsSentence(line.key) ? sentence(line.key, line.values) : line.key}</span></li>`)}
          </ol>`,
        )}
        ${anomaliesPanel(this.services, value, (id) => this.#decide(id))}
      </div>
      <div class="stack">
        ${this.#lowering(value)} ${value.arrears ? html`<arrears-card .order=${value}></arrears-card>` : nothing}
        ${linesPanel(value)} ${paymentsPanel(this.services, value)} <compensation-card .order=${value}></compensation-card> ${consumerPanel(this.services, value)}
        ${card(
          'session',
          html`<dl class="facts">
            <dt>${word('sessionId')}</dt><dd>${idChip(this.services, session.sessionId)}</dd>
            <dt>${word('requestedAt')}</dt><dd>${moment(time, session.requestedAtMs)}</dd>
            <dt>${word('openedAt')}</dt><dd>${moment(time, session.openedAtMs)}</dd>
            <dt>${word('closedAt')}</dt><dd>${moment(time, session.closedAtMs)}</dd>
            <dt>${word('planogramVersion')}</dt><dd class="number">${session.planogramVersion}</dd>
          </dl>`,
        )}
      </div>
      <decide-dialog .order=${value}></decide-dialog>
      <refund-dialog .order=${value} .subject=${value.anomalies[0]?.kind ?? ''}></refund-dialog>
    </div>`
  }
}

/** Money that was taken goes back; money that was only asked for is asked for no more. */
function mayRefund({ actions }: StaffOrder): boolean {
  return actions.includes('refund') || actions.includes('lower')
}
