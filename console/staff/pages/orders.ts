import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { StaffOrderList } from '#protocol/api/staff/orders.ts'
import { ORDER_STATE_WORDS } from '#protocol/words/states.ts'
import { callerWord } from '../../words/callers.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { shortId } from '../../data/staff-format.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { emptyView, moment, money, pageHead, stateBadge } from '../views.ts'

/** Any id in one box: order, session, charge, payment, refund, cabinet, the provider's numbers. */
@customElement('page-orders')
export class OrdersPage extends StaffPage {
  private readonly list = new Resource<StaffOrderList, [string]>(this, {
    args: () => [this.#text],
    load: ([text], signal) => this.services.api.orders(text, signal),
    onValue: (value) => this.#openOnly(value),
  })
  get #text(): string {
    return this.query.get('query') ?? ''
  }
  /** An id names one order: it is opened at once. */
  #openOnly(value: StaffOrderList): void {
    const only = value.orders.length === 1 ? value.orders[0] : undefined
    if (only && this.#text.length >= 20 && this.isConnected)
      this.services.go(`/orders/${only.orderId}`, { replace: true })
  }

  protected override render() {
    return html`${pageHead(word('orders'))}
      <div class="toolbar">
        <form class="search inline wide-search" role="search" aria-label=${word('searchLabel')} @submit=${(event: SubmitEvent) => this.#onSearch(event)}>
          ${icon('search')}
          <label class="aloud" for="order-search">${word('searchLabel')}</label>
          <input id="order-search" name="query" type="search" placeholder=${word('searchHint')} .value=${this.#text} autocomplete="off" spellcheck="false" />
          <button class="quiet">${word('search')}</button>
        </form>
        <button class="quiet" @click=${() => this.list.reload()}>${icon('refresh')}${word('refresh')}</button>
      </div>
      ${this.list.view((value) => (value.orders.length === 0 ? emptyView('noOrders', 'search') : this.#table(value)))}`
  }

  #onSearch(event: SubmitEvent): void {
    event.preventDefault()
    const text = fieldText(event.currentTarget as HTMLFormElement, 'query')
    this.services.go(`/orders${text === '' ? '' : `?query=${encodeURIComponent(text)}`}`)
  }

  #amounts(amounts: StaffOrderList['orders'][number]['amounts']) {
    // A dash would say that nothing was paid or given back.
    if (amounts === null)
      return [1, 2, 3].map(
        () => html`<td class="end"><span class="soft">${callerWord('amountHidden')}</span></td>`,
      )
    const none = html`<span class="soft">–</span>`
    const { totalFen, paidFen, refundedFen } = amounts
    return html`<td class="end">${money(totalFen)}</td>
      <td class="end">${paidFen === 0 ? none : money(paidFen)}</td>
      <td class="end">${refundedFen === 0 ? none : money(refundedFen)}</td>`
  }

  #table({ orders }: StaffOrderList) {
    const { time } = this.services
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('orders')}>
      <table class="table rows">
        <caption class="aloud">${word('orders')}</caption>
        <thead>
          <tr>
            <th scope="col">${word('order')}</th><th scope="col">${word('time')}</th><th scope="col">${word('cabinet')}</th><th scope="col">${word('consumer')}</th>
            <th scope="col">${word('state')}</th><th scope="col" class="end">${word('total')}</th><th scope="col" class="end">${word('paid')}</th><th scope="col" class="end">${word('refunded')}</th>
          </tr>
        </thead>
        <tbody>
          ${orders.map(
            (order) => html`<tr>
              <td><a class="row-link" href="${BASE}/orders/${order.orderId}"><code>${shortId(order.orderId)}</code></a></td>
              <td>${moment(time, order.atMs)}</td>
              <td>${choose(order.cabinetName)}</td>
              <td>${order.consumerLabel}</td>
              <td>${stateBadge(ORDER_STATE_WORDS[order.state])}</td>
              ${this.#amounts(order.amounts)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${orders.some(({ amounts }) => amounts === null) ? html`<p class="soft small pad">${callerWord('amountsHidden')}</p>` : nothing}
    ${orders.length >= 50 ? html`<p class="soft small pad">${word('listIsCut', { count: orders.length })}</p>` : nothing}`
  }
}
