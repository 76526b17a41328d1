import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { CompensationCreate } from '#protocol/api/compensation.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { ApiError } from '../../data/api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { goodWord as word } from '../../words/making-good.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { badge, moment, money, personText } from '../views.ts'
import { limitText } from './arrears-card.ts'

const KINDS = ['coupon', 'points'] as const
const REASONS: ReadonlyArray<CompensationCreate['reason']> = ['our_fault', 'delay', 'quality', 'goodwill']
const STATE_LOOK = {
  requested: { tone: 'info', icon: 'clock' },
  awaiting_approval: { tone: 'warn', icon: 'shield-check' },
  given: { tone: 'ok', icon: 'circle-check' },
  refused: { tone: 'neutral', icon: 'x' },
} as const

/**
 * Coupons and points that make good for an order, and the dialog that gives one. Its id is made when the dialog opens and
 * kept until an answer came, so that a lost answer gives nothing twice. Fires `refunded` when something changed.
 */
@customElement('compensation-card')
export class CompensationCard extends StaffElement {
  @property({ attribute: false }) order!: StaffOrder
  @state() private kind: CompensationCreate['kind'] = 'coupon'
  @state() private amountFen = 0
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  #compensationId = ''

  #open(): void {
    this.#compensationId = this.services.ids.next('compensation')
    this.error = undefined
    this.amountFen = 0
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.isSending = true
    try {
      const { compensation } = await this.services.api.compensate(this.order.order.orderId, {
        compensationId: this.#compensationId,
        kind: this.kind,
        amountFen: this.amountFen,
        reason: fieldText(form, 'reason') as CompensationCreate['reason'],
        note: fieldText(form, 'note'),
      })
      const own = compensation.given.find((one) => one.compensationId === this.#compensationId)
      this.dialog.close()
      this.services.toast({
        tone: 'ok',
        text: word(own?.state === 'awaiting_approval' ? 'compensationAsked' : 'compensationGiven'),
      })
      this.dispatchEvent(new CustomEvent('refunded', { bubbles: true }))
    } catch (error) {
      this.error = error
      // A refusal is an answer: what comes next is another request.
      if (error instanceof ApiError && error.status > 0 && error.status < 500)
        this.#compensationId = this.services.ids.next('compensation')
    } finally {
      this.isSending = false
    }
  }

  /** What was given on this order already counts: the limit is of the order. */
  get #isAbove(): boolean {
    const { given, limitFen } = this.order.compensation
    const before = given.filter((one) => one.state !== 'refused').reduce((sum, one) => sum + one.amountFen, 0)
    return before + this.amountFen > limitFen
  }

  protected override render() {
    const { compensation, actions } = this.order
    return html`<section class="card" aria-labelledby="card-compensation">
      <header class="card-head">
        <h2 id="card-compensation">${word('compensation')}</h2>
        ${actions.includes('compensate') ? html`<button class="button" @click=${() => this.#open()}>${icon('tag')}${word('compensate')}</button>` : nothing}
      </header>
      ${
        compensation.given.length === 0
          ? html`<p class="soft">${word('compensationNone')}</p>`
          : html`<ul class="ledger">
            ${compensation.given.map(
              (one) => html`<li>
                <div class="split"><span>${word(`kind.${one.kind}`)} <b>${money(one.amountFen)}</b> · ${word(`compensationReason.${one.reason}`)}</span>${badge(STATE_LOOK[one.state].tone, STATE_LOOK[one.state].icon, word(`compensationState.${one.state}`))}</div>
                <p class="quote">${one.note}</p>
                <p class="soft small">${word('askedBy', { name: personText(this.services, one.requestedBy) })} · ${moment(this.services.time, one.requestedAtMs)}${one.decidedBy === null ? nothing : html` · ${word('decidedBy', { name: personText(this.services, one.decidedBy) })}`}</p>
              </li>`,
            )}
          </ul>`
      }
      ${compensation.recentFen > 0 ? html`<p class="soft small">${word('compensationRecent', { amount: formatMoney(compensation.recentFen) })}</p>` : nothing}
      ${this.#dialog()}
    </section>`
  }

  #dialog() {
    const { limits, limitFen } = this.order.compensation
    return html`<dialog class="dialog" aria-labelledby="compensation-title">
      <header class="dialog-head">
        <h2 id="compensation-title">${word('compensateTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        <p class="soft">${word('compensationLead')}</p>
        <fieldset>
          <legend class="label">${word('compensationKind')}</legend>
          ${KINDS.map(
            (
              kind,
            ) => html`<label class="check"><input type="radio" name="kind" value=${kind} ?checked=${kind === this.kind} @change=${() => (this.kind = kind)} />
              <span>${word(`kind.${kind}`)} <span class="soft small">${word(`kindHint.${kind}`)}</span></span></label>`,
          )}
        </fieldset>
        <label class="field"><span class="label">${word('amountYuan')}</span>
          <span class="with-unit"><span aria-hidden="true">¥</span>
            <input name="amount" type="number" required min="0.01" max="500" step="0.01" inputmode="decimal"
              @input=${(event: Event) => (this.amountFen = Math.round((event.target as HTMLInputElement).valueAsNumber * 100) || 0)} />
          </span>
        </label>
        <label class="field"><span class="label">${word('reason')}</span>
          <select name="reason">${REASONS.map((reason) => html`<option value=${reason}>${word(`compensationReason.${reason}`)}</option>`)}</select>
        </label>
        <label class="field"><span class="label">${word('note')}</span>
          <textarea name="note" required maxlength="500" rows="2"></textarea>
        </label>
        <p class="soft small">${word('compensationLimits', { agent: formatMoney(limits.agentFen), lead: formatMoney(limits.leadFen), own: limitText(limitFen) })}</p>
        ${this.#isAbove ? html`<p class="tone-text-warn">${icon('shield-check')}${word('needsSecond', { limit: limitText(limitFen) })}</p>` : nothing}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending || this.amountFen <= 0}>
            ${this.isSending ? word('sending') : this.#isAbove ? word('ask') : word('compensate')}
          </button>
        </footer>
      </form>
    </dialog>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'compensation-card': CompensationCard
  }
}
