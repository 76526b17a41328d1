import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { PriceBoard } from '#protocol/api/prices.ts'
import type { IncidentPreview, IncidentSelection, RefundCaseCreate } from '#protocol/api/refund-cases.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { ApiError } from '../../data/api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { goodWord as word } from '../../words/making-good.ts'
import { word as staffWord } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { moment, money } from '../views.ts'

const REASONS: ReadonlyArray<RefundCaseCreate['reason']> = [
  'quality',
  'expired',
  'wrong_item',
  'not_taken',
  'delayed_charge',
  'goodwill',
]
const STOCKS = ['not_returned', 'written_off', 'back_in_cabinet'] as const
const HOUR_MS = 3_600_000

function localMinute(ms: number): string {
  const at = new Date(ms)
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/**
 * Which cabinets, which goods, which time: the orders are found and looked at before anybody is asked. What is sent is
 * what was looked at; when it has changed meanwhile the core says so. Fires `closed`.
 */
@customElement('new-refund-case')
export class NewRefundCase extends StaffElement {
  @state() private selection: IncidentSelection | undefined
  @state() private preview: IncidentPreview | undefined
  @state() private isSending = false
  @state() private error: unknown
  #caseId = ''
  private readonly choices = new Resource<PriceBoard>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.prices(signal),
  })

  #close(): void {
    this.dispatchEvent(new CustomEvent('closed', { bubbles: true }))
  }

  async #look(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const sku = fieldText(form, 'sku')
    this.error = undefined
    this.selection = {
      cabinetIds: new FormData(form).getAll('cabinet').map(String),
      sku: sku === '' ? null : sku,
      fromMs: new Date(fieldText(form, 'from')).getTime(),
      toMs: new Date(fieldText(form, 'to')).getTime() + 59_999,
    }
    await this.#find()
  }
  async #find(): Promise<void> {
    if (this.selection === undefined) return
    this.isSending = true
    this.#caseId = this.services.ids.next('refundCase')
    try {
      this.preview = await this.services.api.previewIncident(this.selection)
    } catch (error) {
      this.preview = undefined
      this.error = error
    } finally {
      this.isSending = false
    }
  }

  async #ask(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const { selection, preview } = this
    if (selection === undefined || preview === undefined) return
    this.isSending = true
    this.error = undefined
    try {
      await this.services.api.createRefundCase({
        caseId: this.#caseId,
        title: fieldText(form, 'title'),
        selection,
        reason: fieldText(form, 'reason') as RefundCaseCreate['reason'],
        stock: fieldText(form, 'stock') as RefundCaseCreate['stock'],
        note: fieldText(form, 'note'),
        count: preview.count,
        totalFen: preview.totalFen,
      })
      this.services.toast({ tone: 'ok', text: word('caseAsked') })
      this.services.go(`/incidents/${this.#caseId}`)
    } catch (error) {
      this.error = error
      if (error instanceof ApiError && error.code === 'conflict') {
        this.services.toast({ tone: 'bad', text: word('conflict') })
        await this.#find()
      }
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    return html`<section class="card stack" aria-labelledby="new-case">
      <header class="card-head"><h2 id="new-case">${word('newCase')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.#close()}>${icon('x')}</button></header>
      ${this.choices.view((board) => this.#form(board))}
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      ${this.preview ? this.#preview(this.preview) : nothing}
    </section>`
  }

  #form(board: PriceBoard) {
    const nowMs = this.services.time.now()
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#look(event)}>
      <fieldset><legend class="label">${word('cabinets')} <span class="soft small">${word('cabinetsHint')}</span></legend>
        <div class="checks">${board.cabinets.map((cabinet) => html`<label class="check"><input type="checkbox" name="cabinet" value=${cabinet.cabinetId} /><span>${choose(cabinet.name)}</span></label>`)}</div>
      </fieldset>
      <div class="field-grid">
        <label class="field wide"><span class="label">${word('goods')}</span>
          <select name="sku"><option value="">${word('allGoods')}</option>${board.products.map((product) => html`<option value=${product.sku}>${choose(product.name)}</option>`)}</select>
        </label>
        <label class="field"><span class="label">${word('from')}</span><input name="from" type="datetime-local" required .value=${localMinute(nowMs - 6 * HOUR_MS)} /></label>
        <label class="field"><span class="label">${word('to')}</span><input name="to" type="datetime-local" required .value=${localMinute(nowMs)} /></label>
      </div>
      <div class="row"><button class="button" ?disabled=${this.isSending}>${icon('search')}${word('look')}</button></div>
    </form>`
  }

  #preview(preview: IncidentPreview) {
    const left = preview.orders.length - preview.count
    return html`<div class="stack" aria-live="polite">
      <p>${preview.count === 0 ? word('foundNone') : html`<b>${word('found', { count: preview.count, amount: formatMoney(preview.totalFen) })}</b>`}
        ${left > 0 ? html`<span class="soft"> · ${word('excluded', { count: left })}</span>` : nothing}</p>
      ${preview.isCut ? html`<p class="strip tone-warn" role="alert">${icon('triangle-alert')}<span>${word('isCut')}</span></p>` : nothing}
      ${preview.orders.length === 0 ? nothing : this.#orders(preview)}
      ${preview.count === 0 || preview.isCut ? nothing : this.#askForm(preview)}
    </div>`
  }

  #orders(preview: IncidentPreview) {
    const { time } = this.services
    return html`<div class="table-frame tall" role="group" tabindex="0" aria-label=${word('orders')}><table class="table rows">
      <caption class="aloud">${word('orders')}</caption>
      <thead><tr><th scope="col">${word('openedAt')}</th><th scope="col">${word('cabinet')}</th><th scope="col">${word('goods')}</th><th scope="col">${word('consumer')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${word('amount')}</th></tr></thead>
      <tbody>${preview.orders.map(
        (order) => html`<tr class=${order.exclusion === null ? '' : 'soft'}>
          <th scope="row"><a href="${BASE}/orders/${order.orderId}">${moment(time, order.atMs)}</a></th>
          <td>${choose(order.cabinetName)}</td>
          <td>${order.goods.map(({ name, quantity }) => `${choose(name)} × ${quantity}`).join(', ')}</td>
          <td>${order.consumerLabel}</td>
          <td>${order.exclusion === null ? word(`way.${order.way}`) : word(`exclusion.${order.exclusion}`)}</td>
          <td class="end">${order.exclusion === null ? money(order.amountFen) : '–'}</td>
        </tr>`,
      )}</tbody></table></div>`
  }

  #askForm(preview: IncidentPreview) {
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#ask(event)}>
      <div class="field-grid">
        <label class="field wide"><span class="label">${word('caseTitle')}</span><input name="title" required minlength="3" maxlength="100" placeholder=${word('caseTitleHint')} /></label>
        <label class="field"><span class="label">${word('reason')}</span>
          <select name="reason">${REASONS.map((reason) => html`<option value=${reason}>${staffWord(`refundReason.${reason}`)}</option>`)}</select></label>
        <label class="field"><span class="label">${word('goodsQuestion')}</span>
          <select name="stock">${STOCKS.map((stock) => html`<option value=${stock}>${word(`goods.${stock}`)}</option>`)}</select></label>
        <label class="field wide"><span class="label">${word('note')}</span><textarea name="note" required maxlength="500" rows="2"></textarea></label>
      </div>
      <div class="row">
        <button class="button primary" ?disabled=${this.isSending}>${icon('shield-check')}${this.isSending ? word('sending') : word('askSecond', { amount: formatMoney(preview.totalFen) })}</button>
        <button type="button" class="button" @click=${() => this.#close()}>${word('cancel')}</button>
      </div>
    </form>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'new-refund-case': NewRefundCase
  }
}
