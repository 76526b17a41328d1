import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { IntakeField, IntakeValues, TicketTypeView } from '#protocol/api/tickets.ts'
import { describeError } from '../../data/staff-errors.ts'
import { ENTRY_CHANNELS, ENTRY_TYPE_NAMES, wrongFields } from '../../data/ticket-entry.ts'
import { word } from '../../words/staff.ts'
import { ticketWord } from '../../words/tickets.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'

/** A case that came by telephone, e-mail or from an operator: the type says what is asked. Fires `created`. */
@customElement('new-ticket-dialog')
export class NewTicketDialog extends StaffElement {
  @state() private types: readonly TicketTypeView[] = []
  @state() private type = ''
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  @query('form') private form!: HTMLFormElement
  #requestId = ''

  open(type?: string): void {
    this.#requestId = this.services.ids.next('request')
    this.error = undefined
    this.form.reset()
    if (type !== undefined) this.type = type
    this.dialog.showModal()
    if (this.types.length === 0) void this.#load()
  }
  async #load(): Promise<void> {
    try {
      const { types } = await this.services.api.ticketTypes()
      this.types = types.filter(({ isEntered }) => isEntered)
      if (this.type === '') this.type = this.#offered[0]?.type ?? ''
    } catch (error) {
      this.error = error
    }
  }

  /** An operator sees what operators ask first; everybody may enter everything. */
  get #offered(): readonly TicketTypeView[] {
    const side = this.services.me?.role === 'operator' ? 'operator' : 'consumer'
    const place = (type: string) => (ENTRY_TYPE_NAMES as readonly string[]).indexOf(type)
    return this.types.toSorted(
      (a, b) => Number(a.side !== side) - Number(b.side !== side) || place(a.type) - place(b.type),
    )
  }
  get #chosen(): TicketTypeView | undefined {
    return this.types.find(({ type }) => type === this.type)
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const text = (name: string) => fieldText(this.form, name)
    const isOperator = this.services.me?.role === 'operator'
    this.isSending = true
    try {
      const detail = await this.services.api.createTicket({
        requestId: this.#requestId,
        type: this.type,
        note: text('note'),
        intake: this.#values(),
        ...(isOperator ? {} : { channel: text('channel') as (typeof ENTRY_CHANNELS)[number] }),
        ...(isOperator || text('callerPhone') === '' ? {} : { callerPhone: text('callerPhone') }),
      })
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('ticketCreated') })
      this.dispatchEvent(new CustomEvent('created', { bubbles: true, detail: detail.ticket.ticketId }))
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }

  #values(): IntakeValues {
    const values: IntakeValues = {}
    for (const field of this.#chosen?.fields ?? []) {
      const text = fieldText(this.form, `intake-${field.key}`)
      if (text === '') continue
      if (field.kind === 'celsius') values[field.key] = Math.round(Number(text) * 10)
      else if (field.kind === 'when') values[field.key] = new Date(text).getTime()
      else if (field.kind === 'yes_no') values[field.key] = text === 'yes'
      else values[field.key] = text
    }
    return values
  }

  protected override render() {
    const wrong = wrongFields(this.error)
    const isOperator = this.services.me?.role === 'operator'
    return html`<dialog class="dialog" aria-labelledby="new-ticket-title">
      <header class="dialog-head">
        <h2 id="new-ticket-title">${word('newTicket')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#onSubmit(event)}>
        <div class="field-grid">
          <label class="field"><span class="label">${word('type')}</span>
            <select name="type" .value=${this.type} @change=${(event: Event) => (this.type = (event.target as HTMLSelectElement).value)}>
              ${this.#offered.map(({ type, label }) => html`<option value=${type} ?selected=${type === this.type}>${choose(label)}</option>`)}
            </select>
          </label>
          ${
            isOperator
              ? nothing
              : html`<label class="field"><span class="label">${ticketWord('channel')}</span>
                <select name="channel">${ENTRY_CHANNELS.map((channel) => html`<option value=${channel}>${ticketWord(`channel.${channel}`)}</option>`)}</select>
              </label>`
          }
          ${(this.#chosen?.fields ?? []).map((field) => this.#field(field, wrong.get(field.key)))}
          ${
            isOperator
              ? nothing
              : html`<label class="field"><span class="label">${ticketWord('callerPhone')}</span>
                <input name="callerPhone" type="tel" maxlength="30" autocomplete="off" aria-describedby="caller-hint" /><span id="caller-hint" class="soft small">${ticketWord('callerPhoneHint')}</span>
                ${this.#problem(wrong.get('callerPhone'))}</label>`
          }
        </div>
        <label class="field"><span class="label">${word('whatHappened')}</span><textarea name="note" rows="4" required maxlength="2000"></textarea></label>
        ${this.#chosen ? html`<p class="soft small">${ticketWord('suggestion')}: ${choose(this.#chosen.suggestion)}</p>` : nothing}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending || this.type === ''}>${word('create')}</button>
        </footer>
      </form>
    </dialog>`
  }

  #problem(problem: 'missing' | 'wrong' | undefined) {
    return problem === undefined
      ? nothing
      : html`<span class="tone-text-bad small">${ticketWord(problem === 'missing' ? 'fieldMissing' : 'fieldWrong')}</span>`
  }

  #field(field: IntakeField, problem: 'missing' | 'wrong' | undefined) {
    const name = `intake-${field.key}`
    const label = html`<span class="label">${choose(field.label)}</span>`
    return html`<label class="field">${label}${this.#input(field, name)}${this.#problem(problem)}</label>`
  }
  #input(field: IntakeField, name: string) {
    const isRequired = field.isRequired
    const options = (choices: ReadonlyArray<readonly [key: string, text: string]>) =>
      html`<select name=${name} ?required=${isRequired}>
        <option value="">${ticketWord('notChosen')}</option>
        ${choices.map(([key, text]) => html`<option value=${key}>${text}</option>`)}
      </select>`
    switch (field.kind) {
      case 'choice':
        return options(field.choices.map((choice) => [choice.key, choose(choice.label)] as const))
      case 'yes_no':
        return options([
          ['no', ticketWord('no')],
          ['yes', ticketWord('yes')],
        ])
      case 'when':
        return html`<input name=${name} type="datetime-local" ?required=${isRequired} />`
      case 'celsius':
        return html`<input name=${name} type="number" step="0.5" min="-30" max="30" inputmode="decimal" ?required=${isRequired} />`
      default:
        return html`<input name=${name} pattern="[a-z0-9\\-]{1,40}" ?required=${isRequired} autocomplete="off" spellcheck="false" />`
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'new-ticket-dialog': NewTicketDialog
  }
}
