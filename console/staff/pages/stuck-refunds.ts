import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { StuckRefundList } from '#protocol/api/finance.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { financeWord as word } from '../../words/finance.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, idChip, moment, money, pageHead, personText } from '../views.ts'

type Stuck = StuckRefundList['refunds'][number]
type Action = Stuck['actions'][number]
const LABELS = { reroute: 'reroute', retry: 'retry', record_payout: 'recordPayout' } as const

/** Refunds that did not reach anybody: one decision each, with what it means before it is taken. */
@customElement('page-stuck-refunds')
export class StuckRefundsPage extends StaffPage {
  @state() private asked: { refund: Stuck; action: Action } | undefined
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<StuckRefundList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.stuckRefunds(signal),
    isAffected: (change) => change.kind === 'refund',
  })

  #ask(refund: Stuck, action: Action): void {
    this.asked = { refund, action }
    this.error = undefined
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const { asked } = this
    if (asked === undefined) return
    const { api } = this.services
    const { refundId } = asked.refund
    const form = event.currentTarget as HTMLFormElement
    try {
      if (asked.action === 'reroute') await api.rerouteRefund(refundId)
      else if (asked.action === 'retry') await api.retryRefund(refundId)
      else await api.recordPayout(refundId, fieldText(form, 'reference'))
      form.reset()
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('done') })
    } catch (error) {
      this.error = error
    }
    this.list.reload()
  }

  protected override render() {
    return html`${pageHead(word('stuck'), { lead: html`<p class="soft">${word('stuckLead')}</p>` })}
      ${this.list.view(({ refunds }) =>
        refunds.length === 0
          ? html`<div class="blank">${icon('circle-check')}<p>${word('noStuck')}</p></div>`
          : html`<ul class="cards">${refunds.map((one) => this.#card(one))}</ul>`,
      )}
      ${this.#dialog()}`
  }
  #card(refund: Stuck) {
    const isDone = refund.paidOutAtMs !== null
    return html`<li class="card stack">
      <div class="split"><b class="figure">${money(refund.amountFen)}</b><span class="soft small">${moment(this.services.time, refund.requestedAtMs)}</span></div>
      <p>${isDone ? badge('ok', 'circle-check', word('stuck.paid_out', { reference: refund.payoutReference ?? '' })) : badge(refund.state === 'abnormal' || refund.state === 'closed' ? 'warn' : 'info', refund.state === 'processing' ? 'hourglass' : 'triangle-alert', word(`stuck.${refund.state}`))}</p>
      ${refund.reroutedBy === null ? nothing : html`<p class="soft small">${word('reroute')}: ${personText(this.services, `staff:${refund.reroutedBy}`)}, ${moment(this.services.time, refund.reroutedAtMs)}</p>`}
      <p class="soft small"><a href="${BASE}/orders/${refund.orderId}">${word('order')}</a> ${idChip(this.services, refund.refundId)}</p>
      <div class="row">${refund.actions.map((action) => html`<button class="button primary" @click=${() => this.#ask(refund, action)}>${word(LABELS[action])}</button>`)}</div>
    </li>`
  }
  #dialog() {
    const { asked } = this
    const amount = formatMoney(asked?.refund.amountFen ?? 0)
    return html`<dialog class="dialog" aria-labelledby="stuck-title">
      <header class="dialog-head"><h2 id="stuck-title">${asked ? word(LABELS[asked.action]) : word('stuck')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${asked?.action === 'reroute' ? html`<p>${word('rerouteHint', { amount })}</p>` : nothing}
        ${asked?.action === 'retry' ? html`<p>${word('retryHint')}</p>` : nothing}
        ${asked?.action === 'record_payout' ? html`<label class="field"><span class="label">${word('payoutReference')}</span><input name="reference" required minlength="3" maxlength="100" /></label>` : nothing}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${asked ? word(LABELS[asked.action]) : nothing}</button></footer>
      </form></dialog>`
  }
}
