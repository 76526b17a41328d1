import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import { live } from 'lit/directives/live.js'
import { repeat } from 'lit/directives/repeat.js'
import type { PlanogramLint, PlanogramShelves, PlanogramView } from '#protocol/api/staff/planogram.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { ApiError } from '../../data/api.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { formatGrams, shelfName } from '../../data/staff-format.ts'
import {
  addProduct,
  addShelf,
  addShelves,
  adoptDealing,
  changePlace,
  changesOf,
  formatShare,
  moveProduct,
  removeProduct,
  removeShelf,
  toneOfError,
  type PlanogramChange,
} from '../../data/staff-planogram.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { lintPanel } from '../parts/planogram-lint.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { card, money, personText } from '../views.ts'
import '../../components/product-picture.ts'

/** A person types and moves several things in a row; the linter answers when they pause. */
const LINT_AFTER_MS = 300
const PLACES_MOST = 40
const PRICE_MOST_FEN = 1_000_000
const CAPACITY_MOST = 1000
const NEW_CAPACITY = 10
const SHELVES_MOST = 64
/** What most cabinets have; the person who sees the cabinet says how many it is. */
const USUAL_SHELVES = 5

type Shelf = PlanogramShelves[number]
type Place = Shelf['products'][number]

/** What lies where at what price, as a draft beside what the scales will make of it. Saved only after a look at what changes. */
@customElement('page-planogram')
export class PlanogramPage extends StaffPage {
  @state() private draft: PlanogramShelves = []
  @state() private lint: PlanogramLint | null = null
  @state() private isLinting = false
  @state() private isSaving = false
  @state() private movesStock = true
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  /** The version that the draft began with; saved on top of it, or refused. */
  #version = 0
  #saved: PlanogramShelves = []
  #asked: AbortController | undefined
  private readonly planogram = new Resource<PlanogramView, [string]>(this, {
    args: () => [this.#id],
    load: ([id], signal) => this.services.api.planogram(id, signal),
    isAffected: (change) => change.kind === 'cabinet' && change.subjectId === this.#id,
    onValue: (value) => this.#receive(value),
  })
  get #id(): string {
    return this.params['id'] ?? ''
  }
  get #changes(): PlanogramChange[] {
    return changesOf(this.#saved, this.draft)
  }
  get #isOvertaken(): boolean {
    return (this.planogram.value?.version ?? 0) > this.#version
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(() => this.#asked?.abort())
  }

  /** A draft that somebody works on is kept, whatever others save meanwhile. */
  #receive(value: PlanogramView): void {
    if (this.#version > 0 && this.#changes.length > 0) return
    this.#begin(value)
  }
  #begin(value: PlanogramView): void {
    this.#asked?.abort()
    this.isLinting = false
    this.#version = value.version
    this.#saved = value.shelves
    this.draft = value.shelves
    this.lint = value.lint
    this.error = undefined
  }
  #discard(): void {
    if (this.planogram.value) this.#begin(this.planogram.value)
  }
  /** The draft goes on top of what somebody else saved: what changes is counted from there. */
  #rebase(): void {
    const { value } = this.planogram
    if (!value) return
    this.#version = value.version
    this.#saved = value.shelves
    this.requestUpdate()
  }

  #edit(draft: PlanogramShelves): void {
    if (draft === this.draft) return
    this.draft = draft
    this.#askLinter()
  }
  #askLinter(): void {
    this.#asked?.abort()
    const asked = new AbortController()
    this.#asked = asked
    this.isLinting = true
    this.services.clock.setTimer('lint-planogram', LINT_AFTER_MS, () => void this.#fetchLint(asked))
  }
  async #fetchLint(asked: AbortController): Promise<void> {
    if (asked.signal.aborted) return
    try {
      const { lint } = await this.services.api.lintPlanogram(this.#id, this.draft, asked.signal)
      if (!asked.signal.aborted) this.lint = lint
    } catch (error) {
      if (asked.signal.aborted) return
      this.lint = null
      this.services.toast({ tone: 'bad', text: describeError(error) })
    } finally {
      if (this.#asked === asked) this.isLinting = false
    }
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    this.isSaving = true
    try {
      const { version, lint } = await this.services.api.savePlanogram(this.#id, {
        expectedVersion: this.#version,
        shelves: this.draft,
        movesStock: this.movesStock && this.#changes.some(({ kind }) => kind === 'moved'),
      })
      this.dialog.close()
      this.#saved = this.draft
      this.#version = version
      this.lint = lint
      const isRisky = lint !== null && toneOfError(lint.errorShare) !== 'ok'
      this.services.toast({
        tone: 'ok',
        text: isRisky
          ? word('planogramSavedWarning', { version, share: formatShare(lint.errorShare) })
          : word('planogramSaved', { version }),
      })
    } catch (error) {
      this.error = error
      if (isConflict(error)) this.dialog.close()
      if (!(error instanceof ApiError)) throw error
    } finally {
      this.isSaving = false
    }
    this.planogram.reload()
  }

  #nameOf = (sku: string): string => {
    const product = this.planogram.value?.products.find((one) => one.sku === sku)
    return product ? choose(product.name) : sku
  }

  protected override render() {
    const { value } = this.planogram
    const count = this.#changes.length
    const mayChange = value?.actions.includes('change') === true
    return html`<header class="page-head ticket-head">
        <div class="page-title">
          <a class="back" href="${BASE}/cabinets/${this.#id}" aria-label=${value ? choose(value.cabinetName) : word('cabinet')}>${icon('arrow-left')}</a>
          <h1 tabindex="-1">${word('planogram')}</h1>
          ${value ? html`<span class="soft">${choose(value.cabinetName)}</span>` : nothing}
        </div>
        ${
          mayChange
            ? html`<div class="row">
                <span class="soft small" role="status">${count === 0 ? word('noChanges') : count === 1 ? word('changesOne') : word('changesCount', { count })}</span>
                <button class="button" ?disabled=${count === 0} @click=${() => this.#discard()}>${icon('undo')}${word('discardChanges')}</button>
                <button class="button primary" id="save" ?disabled=${count === 0} @click=${() => this.#ask()}>${word('savePlanogram')}</button>
              </div>`
            : nothing
        }
      </header>
      ${this.planogram.view((loaded) => this.#body(loaded, mayChange))} ${this.#dialog()}`
  }
  #ask(): void {
    this.error = undefined
    if (this.#isOvertaken) this.#rebase()
    this.dialog.showModal()
  }

  #body(value: PlanogramView, mayChange: boolean) {
    const { time } = this.services
    return html`${
      this.#isOvertaken
        ? html`<p class="strip tone-warn" role="alert">${icon('triangle-alert')}<span>${word('planogramConflict', { version: value.version })}</span></p>`
        : nothing
    }
      <div class="two-columns planogram">
        ${card(
          'shelves',
          html`${this.draft.length === 0 ? this.#firstShelves(mayChange) : nothing}
            ${this.draft.length === 0 ? nothing : html`<div class="places-head small soft" aria-hidden="true"><span>${word('product')}</span><span class="end">${word('unitWeight')}</span><span class="end">${word('price')}</span><span class="end">${word('capacity')}</span><span class=${mayChange ? nothing : 'end'}>${word('shelf', { shelf: '' })}</span><span></span></div>`}
            ${repeat(
              this.draft,
              (shelf) => shelf.id,
              (shelf) => this.#shelf(value, shelf, mayChange),
            )}
            ${
              mayChange && this.draft.length > 0 && this.draft.length < SHELVES_MOST
                ? html`<p><button class="quiet" type="button" id="add-shelf" @click=${() => this.#edit(addShelf(this.draft))}>${icon('plus')}${word('addShelf')}</button></p>`
                : nothing
            }
            <p class="soft small">${
              value.createdAtMs === null
                ? word('planogramNever')
                : word('planogramSavedBy', {
                    version: value.version,
                    name:
                      value.createdBy === null
                        ? word('unknownPerson')
                        : personText(this.services, value.createdBy),
                    time: time.momentText(value.createdAtMs),
                  })
            }${mayChange ? nothing : html` ${word('planogramReadOnly')}`}</p>`,
        )}
        <div class="lint-side">
          ${lintPanel({
            lint: this.lint,
            draft: this.draft,
            nameOf: this.#nameOf,
            isWorking: this.isLinting,
            adopt: mayChange && !this.isLinting ? () => this.#adopt() : undefined,
          })}
        </div>
      </div>`
  }
  /** A cabinet without a planogram begins with its shelves; the goods follow on each of them. */
  #firstShelves(mayChange: boolean) {
    if (!mayChange) return html`<p class="soft">${word('noShelves')}</p>`
    return html`<form class="stack first-shelves" @submit=${(event: SubmitEvent) => this.#begins(event)}>
      <p>${word('firstShelves')}</p>
      <div class="row">
        <label class="row"><span>${word('shelfCount')}</span><input name="count" type="number" inputmode="numeric" min="1" max=${SHELVES_MOST} step="1" required .value=${live(String(USUAL_SHELVES))} /></label>
        <button class="button primary" id="first-shelves">${icon('plus')}${word('createShelves')}</button>
      </div>
      <p class="soft small">${word('shelfNaming')}</p>
    </form>`
  }
  #begins(event: SubmitEvent): void {
    event.preventDefault()
    const input = (event.currentTarget as HTMLFormElement).elements.namedItem('count') as HTMLInputElement
    const count = input.valueAsNumber
    if (!Number.isInteger(count) || count < 1 || count > SHELVES_MOST) return input.focus()
    this.#edit(addShelves([], count))
  }
  #adopt(): void {
    const better = this.lint?.better
    if (better) this.#edit(adoptDealing(this.draft, better))
  }

  #shelf(value: PlanogramView, shelf: Shelf, mayChange: boolean) {
    const name = shelfName(shelf.id)
    const missing = value.products.filter(({ sku }) => !shelf.products.some((place) => place.sku === sku))
    const error = this.lint?.shelves.find((one) => one.shelf === shelf.id)?.handfulErrorShare
    return html`<section aria-labelledby="shelf-${shelf.id}">
      <div class="shelf-head split">
        <h3 id="shelf-${shelf.id}">${word('shelf', { shelf: name })}</h3>
        ${
          mayChange && shelf.products.length === 0 && this.draft.length > 1
            ? html`<button class="icon-button" type="button" aria-label=${word('removeShelf', { shelf: name })} title=${word('removeShelf', { shelf: name })} @click=${() => this.#edit(removeShelf(this.draft, shelf.id))}>${icon('x')}</button>`
            : nothing
        }
        ${error === undefined || shelf.products.length === 0 ? nothing : html`<span class="number small tone-text-${toneOfError(error)}">${icon('scale')}${formatShare(error)}</span>`}
      </div>
      ${
        shelf.products.length === 0
          ? html`<p class="soft pad">${word('emptyShelf')}</p>`
          : html`<ul class="places">
              ${repeat(
                shelf.products,
                (place) => place.sku,
                (place) => this.#place(value, shelf, place, mayChange),
              )}
            </ul>`
      }
      ${mayChange && missing.length > 0 && shelf.products.length < PLACES_MOST ? this.#adder(value, shelf, missing) : nothing}
    </section>`
  }

  #place(value: PlanogramView, shelf: Shelf, place: Place, mayChange: boolean) {
    const product = value.products.find(({ sku }) => sku === place.sku)
    const name = this.#nameOf(place.sku)
    const quantity =
      value.stock.find((line) => line.shelf === shelf.id && line.sku === place.sku)?.quantity ?? 0
    const isChanged = this.#changes.some(
      (change) =>
        'sku' in change &&
        change.sku === place.sku &&
        ('to' in change ? change.to : change.shelf) === shelf.id,
    )
    return html`<li class="place ${isChanged ? 'is-changed' : ''}">
      <span class="product">${product ? html`<product-picture .picture=${product.picture}></product-picture>` : nothing}<span>${name}</span></span>
      <span class="number soft end">${product ? formatGrams(product.unitGrams) : '–'}</span>
      ${
        mayChange
          ? html`<span class="with-unit"><span class="soft" aria-hidden="true">¥</span><input
                type="number" inputmode="decimal" min="0" max=${PRICE_MOST_FEN / 100} step="0.01" aria-label=${word('priceOf', { name })}
                .value=${live((place.priceFen / 100).toFixed(2))} @change=${(event: Event) => this.#price(event, shelf, place)} /></span>
              <span class="with-unit"><input
                type="number" inputmode="numeric" min="1" max=${CAPACITY_MOST} step="1" aria-label=${word('capacityOf', { name })}
                .value=${live(String(place.capacity))} @change=${(event: Event) => this.#capacity(event, shelf, place)} /></span>
              <select aria-label=${word('shelfOf', { name })} .value=${live(shelf.id)} @change=${(event: Event) => void this.#move(event, shelf, place)}>
                ${this.draft.map(
                  (other) =>
                    html`<option value=${other.id} ?selected=${other.id === shelf.id} ?disabled=${other.id !== shelf.id && other.products.some(({ sku }) => sku === place.sku)}>${shelfName(other.id)}</option>`,
                )}
              </select>
              <button class="icon-button" type="button" aria-label=${word('takeOut', { name })} title=${word('takeOut', { name })} @click=${() => this.#edit(removeProduct(this.draft, shelf.id, place.sku))}>${icon('x')}</button>`
          : html`<span class="end">${money(place.priceFen)}</span><span class="number end">${quantity} / ${place.capacity}</span><span class="end">${shelfName(shelf.id)}</span><span></span>`
      }
    </li>`
  }
  #price(event: Event, shelf: Shelf, place: Place): void {
    const input = event.target as HTMLInputElement
    const fen = Math.round(input.valueAsNumber * 100)
    // What is no price leaves the price as it was, and the field says so by showing it again.
    if (Number.isFinite(fen) && fen >= 0 && fen <= PRICE_MOST_FEN)
      this.#edit(changePlace(this.draft, shelf.id, place.sku, { priceFen: fen }))
    this.requestUpdate()
  }
  #capacity(event: Event, shelf: Shelf, place: Place): void {
    const capacity = (event.target as HTMLInputElement).valueAsNumber
    if (Number.isInteger(capacity) && capacity >= 1 && capacity <= CAPACITY_MOST)
      this.#edit(changePlace(this.draft, shelf.id, place.sku, { capacity }))
    this.requestUpdate()
  }
  /** The row goes to the other shelf; the focus goes along, so that the keyboard does not lose its place. */
  async #move(event: Event, shelf: Shelf, place: Place): Promise<void> {
    const to = (event.target as HTMLSelectElement).value
    this.#edit(moveProduct(this.draft, { sku: place.sku, from: shelf.id, to }))
    await this.updateComplete
    const label = word('shelfOf', { name: this.#nameOf(place.sku) })
    const home = this.querySelector(`[aria-labelledby="shelf-${to}"]`)
    for (const select of home?.querySelectorAll('select') ?? [])
      if (select.getAttribute('aria-label') === label) select.focus()
  }

  #adder(value: PlanogramView, shelf: Shelf, missing: PlanogramView['products']) {
    return html`<form class="row place-add" @submit=${(event: SubmitEvent) => this.#add(event, value, shelf)}>
      <select name="sku" aria-label=${word('addProductTo', { shelf: shelfName(shelf.id) })}>
        <option value="">${word('chooseProduct')}</option>
        ${missing.map((product) => html`<option value=${product.sku}>${choose(product.name)} · ${formatGrams(product.unitGrams)} · ${formatMoney(product.priceFen)}</option>`)}
      </select>
      <button class="quiet">${icon('plus')}${word('addProduct')}</button>
    </form>`
  }
  #add(event: SubmitEvent, value: PlanogramView, shelf: Shelf): void {
    event.preventDefault()
    const select = (event.currentTarget as HTMLFormElement).elements.namedItem('sku') as HTMLSelectElement
    const product = value.products.find(({ sku }) => sku === select.value)
    if (product === undefined) return select.focus()
    select.value = ''
    const { sku, priceFen } = product
    this.#edit(addProduct(this.draft, shelf.id, { sku, priceFen, capacity: NEW_CAPACITY }))
  }

  #dialog() {
    const changes = this.#changes
    return html`<dialog class="dialog" aria-labelledby="save-title">
      <header class="dialog-head">
        <h2 id="save-title">${word('saveTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#save(event)}>
        <ul class="ledger">${changes.map((change) => html`<li>${this.#changeText(change)}</li>`)}</ul>
        ${
          this.lint === null
            ? nothing
            : html`<p class="strip tone-${toneOfError(this.lint.errorShare)}">${icon('scale')}<span>${word('predictedError')} ${formatShare(this.lint.errorShare)}</span></p>`
        }
        ${
          changes.some(({ kind }) => kind === 'moved')
            ? html`<label class="check"><input type="checkbox" .checked=${this.movesStock} @change=${(event: Event) => (this.movesStock = (event.target as HTMLInputElement).checked)} /><span>${word('movesStock')}</span></label>`
            : nothing
        }
        <p class="soft small">${word('saveEffect')}</p>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" id="save-send" ?disabled=${this.isSaving || changes.length === 0}>${this.isSaving ? word('sending') : word('saveVersion', { version: this.#version + 1 })}</button>
        </footer>
      </form>
    </dialog>`
  }
  #changeText(change: PlanogramChange): string {
    if (!('sku' in change)) return word(`change.${change.kind}`, { shelf: shelfName(change.shelf) })
    const name = this.#nameOf(change.sku)
    if (change.kind === 'moved')
      return word('change.moved', { name, from: shelfName(change.from), to: shelfName(change.to) })
    const shelf = shelfName(change.shelf)
    if (!('before' in change)) return word(`change.${change.kind}`, { name, shelf })
    const show = change.kind === 'price' ? formatMoney : String
    return word(`change.${change.kind}`, {
      name,
      shelf,
      before: show(change.before),
      after: show(change.after),
    })
  }
}
