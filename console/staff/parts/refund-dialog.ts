import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { RefundCalculate, RefundCalculation } from '#protocol/api/staff/refunds.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { REFUND_STATE_WORDS } from '#protocol/words/states.ts'
import { ApiError } from '../../data/api.ts'
import { startingRefund, stockFor } from '../../data/staff-advice.ts'
import { describeCode, describeError } from '../../data/staff-errors.ts'
import { sentence } from '../../data/staff-evidence.ts'
import { goodWord } from '../../words/making-good.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { idChip, money, stateBadge } from '../views.ts'

type RefundState = StaffOrder['order']['refunds'][number]['state']
/** `sent`: no answer came. The same id must be sent again; what is in it can no longer change. */
type Phase = 'edit' | 'sending' | 'no_answer' | 'done'

const REFUND_REASONS: ReadonlyArray<RefundCalculate['reason']> = [
  'duplicate',
  'returned_item',
  'wrong_item',
  'not_taken',
  'quality',
  'expired',
  'delayed_charge',
  'goodwill',
]
const STOCKS = ['back_in_cabinet', 'not_returned', 'written_off'] as const
const GATHER_TYPING_MS = 250

/**
 * A refund: the lines and amount proposed by the advice, the amount worked out by the server, the effect on stock, the
 * approval that it needs. The refund's id is made here, before anything is sent, and kept until the outcome is known.
 * Fires `refunded` when the core has it, `resolve` when the agent goes on to close the ticket.
 */
@customElement('refund-dialog')
export class RefundDialog extends StaffElement {
  @property({ attribute: false }) order!: StaffOrder
  @property({ attribute: false }) ticket: TicketDetail | undefined
  @property({ attribute: false }) subject = ''
  @state() private draft: RefundCalculate | undefined
  @state() private calculation: RefundCalculation | undefined
  @state() private calculationError: unknown
  @state() private phase: Phase = 'edit'
  @state() private error: unknown
  @state() private result: RefundState | undefined
  @state() private tellConsumer = true
  @state() private note = ''
  @query('dialog') private dialog!: HTMLDialogElement
  @query('#refund-send') private sendButton: HTMLButtonElement | null | undefined
  #refundId = ''
  #calculating = new AbortController()

  get isOpen(): boolean {
    return this.dialog?.open === true
  }
  open(): void {
    // An attempt without an answer is continued, never replaced by a second one.
    if (this.phase !== 'no_answer') {
      this.#refundId = this.services.ids.next('refund')
      this.draft = startingRefund(this.order, this.subject, this.ticket)
      this.phase = 'edit'
      this.error = undefined
      this.result = undefined
      this.note = ''
      this.tellConsumer = true
      void this.#calculate(true)
    }
    this.dialog.showModal()
  }

  async #calculate(isFirst = false): Promise<void> {
    this.#calculating.abort()
    this.#calculating = new AbortController()
    const { signal } = this.#calculating
    const { draft } = this
    if (!draft || (draft.lines.length === 0 && draft.amountFen === undefined)) {
      this.calculation = undefined
      return
    }
    try {
      const calculation = await this.services.api.calculateRefund(this.order.order.orderId, draft, signal)
      if (signal.aborted) return
      this.calculation = calculation
      this.calculationError = undefined
    } catch (error) {
      if (signal.aborted) return
      this.calculation = undefined
      this.calculationError = error
    }
    if (isFirst) {
      await this.updateComplete
      this.sendButton?.focus()
    }
  }
  #change(change: Partial<RefundCalculate>): void {
    if (!this.draft) return
    this.draft = { ...this.draft, ...change }
    this.#calculating.abort()
    // Typing an amount asks once at its end, not for every digit.
    this.services.clock.setTimer('refund-calculate', GATHER_TYPING_MS, () => void this.#calculate())
  }

  async #send(): Promise<void> {
    const { draft, calculation } = this
    if (
      !draft ||
      (this.phase !== 'edit' && this.phase !== 'no_answer') ||
      (!calculation && this.phase === 'edit')
    )
      return
    this.phase = 'sending'
    if (this.isLower) return this.#sendLower(draft)
    try {
      const { refund } = await this.services.api.refund(this.order.order.orderId, {
        ...draft,
        refundId: this.#refundId,
        ...(this.ticket ? { ticketId: this.ticket.ticket.ticketId } : {}),
        ...(this.note.trim() === '' ? {} : { note: this.note.trim() }),
        tellConsumer: this.tellConsumer,
      })
      this.result = refund.state
      this.phase = 'done'
      this.error = undefined
      this.dispatchEvent(new CustomEvent('refunded', { bubbles: true }))
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Nothing was taken yet: less is asked for instead. */
  get isLower(): boolean {
    return this.calculation?.way === 'lower' || this.order.actions.includes('lower')
  }
  async #sendLower(draft: RefundCalculate): Promise<void> {
    try {
      const { loweringRequest } = await this.services.api.lower(this.order.order.orderId, {
        lines: draft.lines,
        reason: draft.reason,
        refundId: this.#refundId,
        ...(this.ticket ? { ticketId: this.ticket.ticket.ticketId } : {}),
        ...(this.note.trim() === '' ? {} : { note: this.note.trim() }),
      })
      this.phase = 'edit'
      this.dialog.close()
      this.services.toast({
        tone: 'ok',
        text: goodWord(loweringRequest === null ? 'lowered' : 'loweringAsked'),
      })
      this.dispatchEvent(new CustomEvent('refunded', { bubbles: true }))
    } catch (error) {
      this.#failed(error)
    }
  }
  #failed(error: unknown): void {
    this.error = error
    const isOpen = !(error instanceof ApiError) || error.code === 'no_connection' || error.status >= 500
    this.phase = isOpen ? 'no_answer' : 'edit'
    // A refusal is an answer: what comes next is another request and gets another id.
    if (!isOpen) this.#refundId = this.services.ids.next('refund')
  }

  protected override render() {
    return html`<dialog class="dialog refund" aria-labelledby="refund-title">
      <header class="dialog-head">
        <h2 id="refund-title">${this.isLower ? goodWord('lowerTitle') : word('refund')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      ${this.draft ? (this.phase === 'done' ? this.#done() : this.#form(this.draft)) : nothing}
    </dialog>`
  }

  #form(draft: RefundCalculate) {
    const isFixed = this.phase !== 'edit'
    const { calculation } = this
    const amountFen = calculation?.amountFen ?? draft.amountFen ?? 0
    const refusal = calculation?.refusal
    return html`<form
      class="stack"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        void this.#send()
      }}
    >
      ${this.isLower ? html`<p class="strip tone-info">${icon('clock')}<span>${goodWord('lowerAbout')}</span></p>` : nothing}
      <fieldset ?disabled=${isFixed}>
        <legend class="label">${this.isLower ? goodWord('notOwed') : word('whatIsRefunded')}</legend>
        <ul class="plain lines-edit">
          ${this.order.order.lines.map((line) => this.#line(draft, line))}
        </ul>
        ${
          this.isLower
            ? nothing
            : html`<div class="field-row">
          <label class="field"><span class="label">${word('orFreeAmount')}</span>
            <span class="with-unit"><span aria-hidden="true">¥</span>
              <input
                type="number" min="0.01" step="0.01" inputmode="decimal" max=${this.order.refundableFen / 100}
                .value=${draft.amountFen === undefined ? '' : (draft.amountFen / 100).toFixed(2)}
                @change=${(event: Event) => this.#onAmount(event)}
              />
            </span>
          </label>
          <p class="soft small">${word('refundableNow')} ${money(calculation?.refundableFen ?? this.order.refundableFen)}</p>
        </div>`
        }
      </fieldset>
      <fieldset class="field-grid" ?disabled=${isFixed}>
        <label class="field"><span class="label">${word('reason')}</span>
          <select .value=${draft.reason} @change=${(event: Event) => this.#onReason(event)}>
            ${REFUND_REASONS.map((reason) => html`<option value=${reason} ?selected=${reason === draft.reason}>${word(`refundReason.${reason}`)}</option>`)}
          </select>
        </label>
        ${
          this.isLower
            ? nothing
            : html`<label class="field"><span class="label">${goodWord('goodsQuestion')}</span>
          <select name="stock" @change=${(event: Event) => this.#change({ stock: (event.target as HTMLSelectElement).value as RefundCalculate['stock'] })}>
            ${STOCKS.map((stock) => html`<option value=${stock} ?selected=${stock === draft.stock}>${goodWord(`goods.${stock}`)}</option>`)}
          </select>
        </label>`
        }
        <label class="field wide"><span class="label">${word('noteForRecord')}</span>
          <input maxlength="500" .value=${this.note} @input=${(event: Event) => (this.note = (event.target as HTMLInputElement).value)} />
        </label>
        ${
          this.isLower
            ? nothing
            : html`<label class="check wide">
          <input type="checkbox" .checked=${this.tellConsumer} @change=${(event: Event) => (this.tellConsumer = (event.target as HTMLInputElement).checked)} />
          <span>${word('tellConsumer')}</span>
        </label>`
        }
      </fieldset>
      <div class="calculation" aria-live="polite">
        ${this.calculationError ? html`<p class="tone-text-bad">${describeError(this.calculationError)}</p>` : nothing}
        ${
          calculation
            ? html`<p class="amount">${formatMoney(calculation.amountFen)}</p>
              <p class="soft small">${sentence(calculation.arrivalKey, {})}</p>
              ${calculation.lines
                .filter((line) => line.discountFen > 0)
                .map(
                  (line) =>
                    html`<p class="small">${this.#nameOf(line.lineId)} × ${line.quantity}: ${formatMoney(line.amountFen)} <span class="soft">${goodWord('ofDiscounts', { amount: formatMoney(line.discountFen) })}</span></p>`,
                )}
              ${calculation.stockEffect.map((effect) => html`<p class="small">${choose(effect.name)} × ${effect.quantity}: ${word(`stock.${draft.stock}`)}</p>`)}
              ${refusal ? html`<p class="tone-text-bad">${icon('circle-alert')}${describeCode(refusal)}</p>` : nothing}
              ${
                calculation.needsApproval
                  ? html`<p class="tone-text-warn">${icon('shield-check')}${this.isLower ? goodWord('lowerTooHigh', { limit: formatMoney(calculation.limitFen) }) : word('needsApproval', { limit: formatMoney(calculation.limitFen) })}</p>`
                  : nothing
              }`
            : this.calculationError
              ? nothing
              : html`<p class="soft">${word('chooseLines')}</p>`
        }
      </div>
      ${this.error ? this.#error() : nothing}
      <footer class="dialog-foot">
        <span class="grow soft small">${word('refundNumber')} ${idChip(this.services, this.#refundId)}</span>
        <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
        <button id="refund-send" class="button primary" ?disabled=${this.phase === 'sending' || (this.phase === 'edit' && (!calculation || Boolean(refusal)))}>
          ${
            this.phase === 'sending'
              ? word('sending')
              : this.phase === 'no_answer'
                ? word('sendSameAgain')
                : this.isLower
                  ? goodWord(calculation?.needsApproval ? 'lowerAsk' : 'lowerAmount', {
                      amount: formatMoney(amountFen),
                    })
                  : calculation?.needsApproval
                    ? word('askApproval', { amount: formatMoney(amountFen) })
                    : word('refundAmount', { amount: formatMoney(amountFen) })
          }
        </button>
      </footer>
    </form>`
  }

  #nameOf(lineId: string): string {
    const line = this.order.order.lines.find((one) => one.lineId === lineId)
    return line === undefined ? '' : choose(line.name)
  }

  #line(draft: RefundCalculate, line: StaffOrder['order']['lines'][number]) {
    const most = line.quantity - line.refundedQuantity
    const chosen = draft.lines.find((candidate) => candidate.lineId === line.lineId)?.quantity ?? 0
    const set = (quantity: number) => {
      const others = draft.lines.filter((candidate) => candidate.lineId !== line.lineId)
      this.#change({
        lines: quantity > 0 ? [...others, { lineId: line.lineId, quantity }] : others,
        amountFen: undefined,
      })
    }
    return html`<li class="split">
      <span class="grow">${choose(line.name)} <span class="soft small">${word('ofCharged', { count: most })}</span></span>
      <span class="stepper" role="group" aria-label=${choose(line.name)}>
        <button type="button" class="icon-button" aria-label=${word('fewer')} ?disabled=${chosen <= 0} @click=${() => set(chosen - 1)}>${icon('minus')}</button>
        <output class="number">${chosen}</output>
        <button type="button" class="icon-button" aria-label=${word('more')} ?disabled=${chosen >= most} @click=${() => set(chosen + 1)}>${icon('plus')}</button>
      </span>
    </li>`
  }

  #onAmount(event: Event): void {
    const input = event.target as HTMLInputElement
    const fen = Math.round(input.valueAsNumber * 100)
    this.#change(Number.isInteger(fen) && fen > 0 ? { amountFen: fen, lines: [] } : { amountFen: undefined })
  }
  #onReason(event: Event): void {
    const reason = (event.target as HTMLSelectElement).value as RefundCalculate['reason']
    this.#change({ reason, stock: stockFor(reason) })
  }

  #error() {
    return html`<p class="strip tone-${this.phase === 'no_answer' ? 'warn' : 'bad'}" role="alert">
      ${icon('circle-alert')}<span>${this.phase === 'no_answer' ? word('refundNoAnswer') : describeError(this.error)}</span>
    </p>`
  }

  #done() {
    // The order is loaded again by the page, so the state here follows the provider's answers.
    const state =
      this.order.order.refunds.find((refund) => refund.refundId === this.#refundId)?.state ??
      this.result ??
      'requested'
    return html`<div class="stack">
      <p class="amount">${formatMoney(this.calculation?.amountFen ?? 0)}</p>
      <p aria-live="polite">${stateBadge(REFUND_STATE_WORDS[state])}</p>
      <p class="soft">${word(`refundMeaning.${state}`)}</p>
      <footer class="dialog-foot">
        <span class="grow soft small">${word('refundNumber')} ${idChip(this.services, this.#refundId)}</span>
        <button class="button" @click=${() => this.dialog.close()}>${word('close')}</button>
        ${
          this.ticket?.actions.includes('resolve')
            ? html`<button
              class="button primary"
              autofocus
              id="refund-next"
              @click=${() => {
                this.dialog.close()
                this.dispatchEvent(new CustomEvent('resolve', { bubbles: true }))
              }}
            >
              ${word('replyAndResolve')}
            </button>`
            : nothing
        }
      </footer>
    </div>`
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    super.updated(changed)
    if (changed.has('phase') && this.phase === 'done')
      this.querySelector<HTMLButtonElement>('#refund-next')?.focus()
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'refund-dialog': RefundDialog
  }
}
