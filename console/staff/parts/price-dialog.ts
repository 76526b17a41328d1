import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { PriceBoard, PriceListCreate, PricePreview, PromotionCreate } from '#protocol/api/prices.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { fenOf, fromLocalInput, localInput, minutesOf } from '../../data/staff-days.ts'
import { describeError } from '../../data/staff-errors.ts'
import { financeWord as word } from '../../words/finance.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { money } from '../views.ts'

const HOUR_MS = 3_600_000
const WEEK_MS = 7 * 24 * HOUR_MS
/** So many of the goods stand in the preview when none was chosen. */
const PREVIEWED = 3
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6] as const

/** Makes a promotion or a price list. Nothing is made before its effect on a basket was shown. Fires `made` with the new board. */
@customElement('price-dialog')
export class PriceDialog extends StaffElement {
  @property({ attribute: false }) board!: PriceBoard
  @state() private what: 'promotion' | 'list' = 'promotion'
  @state() private kind: PromotionCreate['kind'] = 'timed'
  @state() private isPercent = true
  @state() private preview: PricePreview | undefined
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  @query('form') private form!: HTMLFormElement

  open(what: 'promotion' | 'list'): void {
    this.what = what
    this.#change()
    this.dialog.showModal()
  }
  /** What was shown does not hold for what stands in the form now. */
  #change(): void {
    this.preview = undefined
    this.error = undefined
  }

  #chosen(name: string): string[] {
    return new FormData(this.form).getAll(name).map(String)
  }
  #promotion(): PromotionCreate {
    const text = (name: string) => fieldText(this.form, name)
    const isTimed = this.kind === 'timed'
    const [cabinets, skus] = [this.#chosen('cabinet'), this.#chosen('sku')]
    const weekdays = this.#chosen('weekday').reduce((bits, day) => bits | (1 << Number(day)), 0)
    return {
      name: { zh: text('nameZh'), en: text('nameEn') },
      kind: this.kind,
      cabinets: cabinets.length === 0 ? null : cabinets,
      skus: skus.length === 0 ? null : skus,
      startsAtMs: fromLocalInput(text('startsAt')) ?? 0,
      endsAtMs: fromLocalInput(text('endsAt')) ?? 0,
      fromMinute: minutesOf(text('fromClock'), false),
      toMinute: minutesOf(text('toClock'), true),
      weekdays,
      percentOff: isTimed && this.isPercent ? Number(text('percent')) : null,
      priceFen: isTimed && !this.isPercent ? (fenOf(text('price')) ?? 0) : null,
      thresholdFen: isTimed ? null : (fenOf(text('threshold')) ?? 0),
      offFen: isTimed ? null : (fenOf(text('off')) ?? 0),
      timesMost: isTimed ? null : Number(text('times')),
      isExclusive: this.#chosen('exclusive').length > 0,
    }
  }
  #list(): PriceListCreate {
    const text = (name: string) => fieldText(this.form, name)
    return {
      name: { zh: text('nameZh'), en: text('nameEn') },
      cabinets: this.#chosen('cabinet'),
      prices: this.board.products.flatMap(({ sku }) => {
        const priceFen = fenOf(text(`price-${sku}`))
        return priceFen === undefined ? [] : [{ sku, priceFen }]
      }),
      startsAtMs: fromLocalInput(text('startsAt')) ?? 0,
      endsAtMs: fromLocalInput(text('endsAt')) ?? null,
    }
  }

  async #show(): Promise<void> {
    if (!this.form.reportValidity()) return
    this.error = undefined
    const promotion = this.what === 'promotion' ? this.#promotion() : null
    const priceList = this.what === 'list' ? this.#list() : null
    const wish = promotion ?? priceList
    const cabinetId = wish?.cabinets?.[0] ?? this.board.cabinets[0]?.cabinetId ?? ''
    const skus =
      promotion?.skus ??
      priceList?.prices.map(({ sku }) => sku) ??
      this.board.products.slice(0, PREVIEWED).map(({ sku }) => sku)
    try {
      this.preview = await this.services.api.previewPrices({
        cabinetId,
        atMs: Math.max(wish?.startsAtMs ?? 0, this.services.time.now()),
        goods: skus.slice(0, 20).map((sku) => ({ sku, quantity: 1 })),
        promotion,
        priceList,
      })
    } catch (error) {
      this.error = error
    }
  }
  async #make(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (this.preview === undefined) return this.#show()
    try {
      const { api } = this.services
      const board = await (this.what === 'promotion'
        ? api.createPromotion(this.#promotion())
        : api.createPriceList(this.#list()))
      this.form.reset()
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('made') })
      this.dispatchEvent(new CustomEvent('made', { detail: board }))
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    const isPromotion = this.what === 'promotion'
    return html`<dialog class="dialog wide" aria-labelledby="price-title">
      <header class="dialog-head"><h2 id="price-title">${word(isPromotion ? 'newPromotion' : 'newPriceList')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#make(event)} @input=${() => this.#change()}>
        <div class="field-grid">
          ${this.#field('nameZh', html`<input name="nameZh" required maxlength="30" />`)}
          ${this.#field('nameEn', html`<input name="nameEn" required maxlength="60" />`)}
          ${this.#field('startsAt', html`<input name="startsAt" type="datetime-local" required .defaultValue=${localInput(this.board.nowMs)} />`)}
          ${this.#field('endsAt', html`<input name="endsAt" type="datetime-local" ?required=${isPromotion} .defaultValue=${isPromotion ? localInput(this.board.nowMs + WEEK_MS) : ''} />`)}
        </div>
        ${isPromotion ? this.#promotionFields() : nothing}
        ${this.#choice(
          'cabinets',
          'cabinet',
          this.board.cabinets.map((one) => [one.cabinetId, choose(one.name)]),
          isPromotion,
        )}
        ${
          isPromotion
            ? this.#choice(
                'products',
                'sku',
                this.board.products.map((one) => [one.sku, choose(one.name)]),
                true,
              )
            : this.#priceFields()
        }
        ${this.preview ? this.#preview(this.preview) : nothing}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word(this.preview ? 'make' : 'preview')}</button></footer>
      </form></dialog>`
  }

  #field(label: Parameters<typeof word>[0], input: unknown) {
    return html`<label class="field"><span class="label">${word(label)}</span>${input}</label>`
  }
  #promotionFields() {
    return html`<div class="field-grid">
        ${this.#field(
          'how',
          html`<select name="kind" .value=${this.kind} @change=${(event: Event) => (this.kind = (event.target as HTMLSelectElement).value as PromotionCreate['kind'])}>
          <option value="timed">${word('promotionKind.timed')}</option><option value="threshold">${word('promotionKind.threshold')}</option></select>`,
        )}
        ${
          this.kind === 'timed'
            ? html`${this.#field('priceYuan', html`<select name="by" @change=${(event: Event) => (this.isPercent = (event.target as HTMLSelectElement).value === 'percent')}><option value="percent">${word('percent')}</option><option value="price">${word('fixedPrice')}</option></select>`)}
                ${this.isPercent ? this.#field('percentOff', html`<input name="percent" type="number" min="1" max="99" required .defaultValue=${'20'} />`) : this.#field('priceYuan', html`<input name="price" inputmode="decimal" required />`)}`
            : html`${this.#field('thresholdYuan', html`<input name="threshold" inputmode="decimal" required />`)}
                ${this.#field('offYuan', html`<input name="off" inputmode="decimal" required />`)}
                ${this.#field('timesMost', html`<input name="times" type="number" min="1" max="100" required .defaultValue=${'1'} />`)}`
        }
        ${this.#field('dailyFrom', html`<input name="fromClock" type="time" required .defaultValue=${'00:00'} />`)}
        ${this.#field('dailyTo', html`<input name="toClock" type="time" required .defaultValue=${'00:00'} />`)}
      </div>
      <fieldset class="plain"><legend class="label">${word('weekdays')}</legend><div class="row">${WEEKDAYS.map((day) => html`<label class="check"><input type="checkbox" name="weekday" value=${day} .defaultChecked=${true} />${word(`weekday.${day}`)}</label>`)}</div></fieldset>
      <label class="check"><input type="checkbox" name="exclusive" value="yes" />${word('exclusive')}</label>`
  }
  #choice(
    label: 'cabinets' | 'products',
    name: string,
    options: ReadonlyArray<readonly [string, string]>,
    mayBeEmpty: boolean,
  ) {
    const hint = label === 'cabinets' ? 'allCabinetsHint' : 'allProducts'
    return html`<fieldset class="plain"><legend class="label">${word(label)}${mayBeEmpty ? html` <span class="soft small">(${word(hint)})</span>` : nothing}</legend>
      <div class="row">${options.map(([value, text]) => html`<label class="check"><input type="checkbox" name=${name} value=${value} .defaultChecked=${!mayBeEmpty} />${text}</label>`)}</div></fieldset>`
  }
  #priceFields() {
    return html`<fieldset class="plain"><legend class="label">${word('priceYuan')}</legend><div class="field-grid">${this.board.products.map(
      (one) =>
        html`<label class="field"><span class="label">${choose(one.name)} <span class="soft">${word('usual', { price: formatMoney(one.priceFen) })}</span></span><input name="price-${one.sku}" inputmode="decimal" pattern="[0-9]{1,6}([.,][0-9]{1,2})?" /></label>`,
    )}</div></fieldset>`
  }
  #preview({ before, after, warnings }: PricePreview) {
    const nameOf = (sku: string) => {
      const product = this.board.products.find((one) => one.sku === sku)
      return product === undefined ? sku : choose(product.name)
    }
    return html`<section class="card" aria-live="polite"><p class="soft small">${word('previewLead')}</p>
      <table class="table compact"><caption class="aloud">${word('preview')}</caption>
        <thead><tr><td></td><th scope="col" class="end">${word('before')}</th><th scope="col" class="end">${word('after')}</th></tr></thead>
        <tbody>${after.lines.map((line, index) => html`<tr><th scope="row">${nameOf(line.sku)}</th><td class="end">${money(before.lines[index]?.amountFen ?? 0)}</td><td class="end">${money(line.amountFen)}</td></tr>`)}</tbody>
        <tfoot><tr><th scope="row">${after.discounts.map((one) => `${choose(one.name)} −${formatMoney(one.amountFen)}`).join(', ')}</th><td class="end">${money(before.totalFen)}</td><td class="end"><b>${money(after.totalFen)}</b></td></tr></tfoot></table>
      ${warnings.map((one) => html`<p class="strip tone-warn" role="status">${icon('triangle-alert')}<span>${choose(one)}</span></p>`)}
    </section>`
  }
}
