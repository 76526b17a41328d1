import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { AnomalyDecide, AnomalyView, StaffOrder } from '#protocol/api/staff/orders.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { sentence } from '../../data/staff-evidence.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'

type Decision = AnomalyDecide['decision']
interface Candidate {
  readonly sku: string
  readonly name: { zh: string; en: string }
  readonly unitPriceFen: number | undefined
  readonly recognised: number
}

/** While nothing was charged yet the question is what to charge; afterwards, what to give back. */
const WHEN_HELD: readonly Decision[] = ['charge_as_recognised', 'charge_corrected', 'void']
/** The provider refused for good and is not asked again: the order can only be let go. */
const WHEN_REFUSED: readonly Decision[] = ['void']
const OTHERWISE: readonly Decision[] = ['refund', 'explain', 'dismiss']

/** A person's decision on what a rule left open; it takes the same way as a rule's. Fires `decided`. */
@customElement('decide-dialog')
export class DecideDialog extends StaffElement {
  @property({ attribute: false }) order!: StaffOrder
  @state() private anomaly: AnomalyView | undefined
  @state() private decision: Decision = 'explain'
  @state() private quantities: Readonly<Record<string, number>> = {}
  @state() private note = ''
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement

  async open(anomalyId: string): Promise<void> {
    this.anomaly = this.order.anomalies.find((candidate) => candidate.anomalyId === anomalyId)
    if (!this.anomaly) return
    this.decision = this.#choices[0] ?? 'explain'
    this.quantities = Object.fromEntries(this.#candidates.map(({ sku, recognised }) => [sku, recognised]))
    this.note = ''
    this.error = undefined
    await this.updateComplete
    this.dialog.showModal()
    this.querySelector<HTMLInputElement>('[name=decision]:checked')?.focus()
  }

  get #choices(): readonly Decision[] {
    const { order, charges } = this.order
    if (order.state !== 'held') return OTHERWISE
    return charges.some(({ state }) => state === 'failed') ? WHEN_REFUSED : WHEN_HELD
  }
  /** What was recognised, and what the other explanations would add. */
  get #candidates(): Candidate[] {
    const found = new Map<string, Candidate>()
    for (const line of this.order.order.lines)
      found.set(line.sku, {
        sku: line.sku,
        name: line.name,
        unitPriceFen: line.unitPriceFen,
        recognised: line.quantity,
      })
    for (const { sku, name } of this.order.session.alternatives.flatMap((alternative) => alternative.lines))
      if (!found.has(sku)) found.set(sku, { sku, name, unitPriceFen: undefined, recognised: 0 })
    return [...found.values()]
  }
  get #hasLines(): boolean {
    return this.decision === 'charge_corrected' || this.decision === 'refund'
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (!this.anomaly || this.isSending) return
    this.isSending = true
    try {
      const lines = Object.entries(this.quantities)
        .filter(([, quantity]) => quantity > 0)
        .map(([sku, quantity]) => ({ sku, quantity }))
      await this.services.api.decideAnomaly(this.anomaly.anomalyId, {
        decision: this.decision,
        ...(this.#hasLines ? { lines } : {}),
        ...(this.note.trim() === '' ? {} : { note: this.note.trim() }),
      })
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('decisionCarriedOut') })
      this.dispatchEvent(new CustomEvent('decided', { bubbles: true }))
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    const { anomaly } = this
    return html`<dialog class="dialog" aria-labelledby="decide-title">
      <header class="dialog-head">
        <h2 id="decide-title">${anomaly ? word(`anomaly.${anomaly.kind}`) : word('anomalies')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      ${anomaly ? this.#form(anomaly) : nothing}
    </dialog>`
  }

  #form(anomaly: AnomalyView) {
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      <p>${sentence(anomaly.reasonKey, anomaly.reasonValues)}</p>
      <fieldset>
        <legend class="label">${word('yourDecision')}</legend>
        ${this.#choices.map(
          (decision) => html`<label class="check">
            <input type="radio" name="decision" value=${decision} .checked=${decision === this.decision} @change=${() => (this.decision = decision)} />
            <span>${word(`decision.${decision}`)}${decision === 'charge_as_recognised' ? html` <span class="soft number">${formatMoney(this.order.order.totalFen)}</span>` : nothing}</span>
          </label>`,
        )}
      </fieldset>
      ${this.#hasLines ? this.#lines() : nothing}
      <label class="field"><span class="label">${word('noteForRecord')}</span>
        <input maxlength="500" .value=${this.note} @input=${(event: Event) => (this.note = (event.target as HTMLInputElement).value)} />
      </label>
      ${
        this.error
          ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>`
          : nothing
      }
      <footer class="dialog-foot">
        <span class="grow"></span>
        <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
        <button id="decide-send" class="button primary" ?disabled=${this.isSending}>${this.isSending ? word('sending') : word('decide')}</button>
      </footer>
    </form>`
  }

  #lines() {
    const candidates = this.#candidates
    const totalFen = candidates.reduce(
      (sum, { sku, unitPriceFen }) => sum + (unitPriceFen ?? 0) * (this.quantities[sku] ?? 0),
      0,
    )
    return html`<fieldset>
      <legend class="label">${word('linesAsTheyWere')}</legend>
      <ul class="plain lines-edit">
        ${candidates.map(({ sku, name, recognised }) => {
          const chosen = this.quantities[sku] ?? 0
          const set = (quantity: number) => (this.quantities = { ...this.quantities, [sku]: quantity })
          return html`<li class="split">
            <span class="grow">${choose(name)} <span class="soft small">${word('recognisedCount', { count: recognised })}</span></span>
            <span class="stepper" role="group" aria-label=${choose(name)}>
              <button type="button" class="icon-button" aria-label=${word('fewer')} ?disabled=${chosen <= 0} @click=${() => set(chosen - 1)}>${icon('minus')}</button>
              <output class="number">${chosen}</output>
              <button type="button" class="icon-button" aria-label=${word('more')} ?disabled=${chosen >= 100} @click=${() => set(chosen + 1)}>${icon('plus')}</button>
            </span>
          </li>`
        })}
      </ul>
      <p class="soft small">${word('beforeDiscounts', { amount: formatMoney(totalFen) })}</p>
    </fieldset>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'decide-dialog': DecideDialog
  }
}
