import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { PriceBoard, PriceListView, PromotionView } from '#protocol/api/prices.ts'
import { formatMoney } from '#protocol/words/format.ts'
import type { Tone } from '#protocol/words/states.ts'
import { clockOf } from '../../data/staff-days.ts'
import { describeError } from '../../data/staff-errors.ts'
import { financeWord as word } from '../../words/finance.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, money, pageHead } from '../views.ts'
import '../parts/price-dialog.ts'
import type { PriceDialog } from '../parts/price-dialog.ts'

const LOOKS: Record<PromotionView['state'], [Tone, IconName]> = {
  planned: ['info', 'clock'],
  running: ['ok', 'circle-check'],
  ended: ['neutral', 'minus'],
  stopped: ['neutral', 'x'],
}
interface Stopping {
  readonly kind: 'promotions' | 'price-lists'
  readonly id: string
  readonly name: string
}

/** Price lists and promotions: what holds, what will, what did and gave. Made and stopped here, never edited. */
@customElement('page-prices')
export class PricesPage extends StaffPage {
  @state() private stopping: Stopping | undefined
  @state() private error: unknown
  @query('dialog#stop-price') private dialog!: HTMLDialogElement
  @query('price-dialog') private maker!: PriceDialog
  private readonly board = new Resource<PriceBoard>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.prices(signal),
    isAffected: (change) => change.kind === 'price',
  })

  #ask(stopping: Stopping): void {
    this.stopping = stopping
    this.error = undefined
    this.dialog.showModal()
  }
  async #stop(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (this.stopping === undefined) return
    try {
      this.board.replace(await this.services.api.stopPrice(this.stopping.kind, this.stopping.id))
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('stopped') })
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    return html`${pageHead(word('prices'), { lead: html`<p class="soft">${word('pricesLead')}</p>` })}
      ${this.board.view(
        (board) => html`${this.#promotions(board)}${this.#lists(board)}
        <price-dialog .services=${this.services} .board=${board} @made=${(event: CustomEvent<PriceBoard>) => this.board.replace(event.detail)}></price-dialog>`,
      )}
      ${this.#dialog()}`
  }

  #promotions(board: PriceBoard) {
    return html`<section class="stack" aria-labelledby="promotions">
      <div class="split"><h2 id="promotions">${word('promotions')}</h2>
        ${board.mayChange ? html`<button class="button primary" @click=${() => this.maker.open('promotion')}>${icon('plus')}${word('newPromotion')}</button>` : nothing}</div>
      ${board.promotions.length === 0 ? html`<div class="blank">${icon('tag')}<p>${word('noPromotions')}</p></div>` : html`<ul class="cards">${board.promotions.map((one) => this.#promotion(board, one))}</ul>`}
    </section>`
  }
  #promotion(board: PriceBoard, one: PromotionView) {
    const name = choose(one.name)
    return html`<li class="card stack">
      <div class="split"><b>${name}</b>${this.#state(one.state)}</div>
      <p>${choose(one.text)}</p>
      <p class="soft small">${this.#period(one.startsAtMs, one.endsAtMs)}${this.#daily(one)}</p>
      <p class="soft small">${one.cabinets === null ? word('allCabinets') : namesOf(board, one.cabinets)} · ${word('given', { count: one.orderCount, amount: formatMoney(one.givenFen) })}</p>
      ${this.#stopButton(board, one.state, { kind: 'promotions', id: one.promotionId, name })}
    </li>`
  }
  #daily({ fromMinute, toMinute, weekdays }: PromotionView) {
    const isAllDay = fromMinute === 0 && toMinute === 1440
    const days = [0, 1, 2, 3, 4, 5, 6].filter((day) => (weekdays & (1 << day)) !== 0)
    return html`${isAllDay ? nothing : html` · ${clockOf(fromMinute)}–${clockOf(toMinute)}`}${days.length === 7 ? nothing : html` · ${days.map((day) => word(`weekday.${day as 0}`)).join(' ')}`}`
  }

  #lists(board: PriceBoard) {
    return html`<section class="stack" aria-labelledby="price-lists">
      <div class="split"><h2 id="price-lists">${word('priceLists')}</h2>
        ${board.mayChange ? html`<button class="button primary" @click=${() => this.maker.open('list')}>${icon('plus')}${word('newPriceList')}</button>` : nothing}</div>
      ${board.priceLists.length === 0 ? html`<div class="blank">${icon('table')}<p>${word('noPriceLists')}</p></div>` : html`<ul class="cards">${board.priceLists.map((one) => this.#list(board, one))}</ul>`}
    </section>`
  }
  #list(board: PriceBoard, one: PriceListView) {
    const name = choose(one.name)
    return html`<li class="card stack">
      <div class="split"><b>${name}</b>${this.#state(one.state)}</div>
      <p class="soft small">${this.#period(one.startsAtMs, one.endsAtMs)} · ${namesOf(board, one.cabinets)}</p>
      <table class="table compact"><caption class="aloud">${name}</caption>
        <tbody>${one.prices.map((price) => html`<tr><th scope="row">${choose(price.name)}</th><td class="end">${money(price.priceFen)}</td><td class="end soft small">${word('usual', { price: formatMoney(price.usualFen) })}</td></tr>`)}</tbody></table>
      ${this.#stopButton(board, one.state, { kind: 'price-lists', id: one.priceListId, name })}
    </li>`
  }

  #state(name: PromotionView['state']) {
    const [tone, look] = LOOKS[name]
    return badge(tone, look, word(`priceState.${name}`))
  }
  #period(startsAtMs: number, endsAtMs: number | null) {
    const { time } = this.services
    return html`${word('from')} ${moment(time, startsAtMs)} ${endsAtMs === null ? word('openEnd') : html`${word('until')} ${moment(time, endsAtMs)}`}`
  }
  #stopButton(board: PriceBoard, name: PromotionView['state'], stopping: Stopping) {
    if (!board.mayChange || name === 'ended' || name === 'stopped') return nothing
    return html`<div class="row"><button class="button" @click=${() => this.#ask(stopping)}>${icon('x')}${word('stop')}</button></div>`
  }

  #dialog() {
    return html`<dialog id="stop-price" class="dialog" aria-labelledby="stop-title">
      <header class="dialog-head"><h2 id="stop-title">${word('stopTitle', { name: this.stopping?.name ?? '' })}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#stop(event)}>
        <p>${word('stopHint')}</p>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word('stop')}</button></footer>
      </form></dialog>`
  }
}

/** People know cabinets by their names; one that is not on the board is named by its number. */
function namesOf(board: PriceBoard, cabinetIds: readonly string[]): string {
  const names = new Map(board.cabinets.map(({ cabinetId, name }) => [cabinetId, choose(name)]))
  return cabinetIds.map((cabinetId) => names.get(cabinetId) ?? cabinetId).join(choose({ zh: '、', en: ', ' }))
}
