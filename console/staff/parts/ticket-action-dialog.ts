import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { forgetWords, keepWords, wordsOf } from '../../data/draft.ts'
import { SeenTicket } from '../../data/seen-ticket.ts'
import { changesOf, ENTRY_TYPE_NAMES, eventText } from '../../data/ticket-entry.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import type { TicketActionName } from '../../data/staff-api.ts'
import { word } from '../../words/staff.ts'
import { ticketWord } from '../../words/tickets.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'

export type TicketActionKind = 'task' | 'snooze' | 'merge' | 'split' | 'priority'
const HOUR_MS = 3_600_000
const SPANS = [1, 4, 24, 72] as const
const SNOOZES = ['1', '4', '24', 'cabinet_online', 'refund_settled'] as const
const AUDIENCES = ['technician', 'operator', 'lead', 'agent'] as const
const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const
const SEND: Record<TicketActionKind, 'ask' | 'putOff' | 'merge' | 'split' | 'change'> = {
  task: 'ask',
  snooze: 'putOff',
  merge: 'merge',
  split: 'split',
  priority: 'change',
}

/** One dialog for what may be done with a ticket besides answering and refunding. Fires `stepdone` with the ticket as it is then, and `changed` when a colleague was faster. */
@customElement('ticket-action-dialog')
export class TicketActionDialog extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail
  @state() private kind: TicketActionKind = 'task'
  @state() private isSending = false
  @state() private trouble = ''
  /** What others did since the dialog was opened, once its owner has been told. */
  @state() private meanwhile = ''
  @query('dialog') private dialog!: HTMLDialogElement
  @query('form') private form!: HTMLFormElement
  #requestId = ''
  readonly #seen = new SeenTicket()

  async open(kind: TicketActionKind, intoNumber?: number): Promise<void> {
    this.kind = kind
    this.#seen.open(this.detail)
    this.meanwhile = ''
    this.trouble = ''
    this.#requestId = this.services.ids.next('request')
    await this.updateComplete
    this.form.reset()
    const into = this.form.elements.namedItem('into')
    for (const field of this.#written()) field.value = wordsOf(...this.#placeOf(field)) ?? ''
    if (intoNumber !== undefined && into instanceof HTMLInputElement) into.value = String(intoNumber)
    this.dialog.showModal()
    // What is asked first has the focus, so that it can be answered without a pointer.
    this.form.querySelector<HTMLElement>('input:checked, select, input, textarea')?.focus()
  }

  /** What takes more than a click to say again. */
  #written(): Array<HTMLInputElement | HTMLTextAreaElement> {
    return [
      ...this.form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('[name=text], [name=reason]'),
    ]
  }
  #placeOf({ name }: { name: string }): [string, string] {
    return [this.detail.ticket.ticketId, `${this.kind}/${name}`]
  }
  #keep(): void {
    for (const field of this.#written()) keepWords(...this.#placeOf(field), field.value)
  }

  async #send(): Promise<void> {
    if (this.isSending) return
    this.trouble = ''
    const unseen = this.#unseen()
    if (unseen !== '') {
      this.meanwhile = unseen
      this.#seen.see(this.detail)
      return
    }
    this.isSending = true
    try {
      const request = await this.#request()
      if (request === undefined) return
      const { ticketId } = this.detail.ticket
      const answer = await this.services.api.ticketAction(ticketId, request.action, {
        version: this.#seen.versionOf(this.detail),
        ...request.body,
      })
      for (const field of this.#written()) forgetWords(...this.#placeOf(field))
      this.dialog.close()
      this.dispatchEvent(new CustomEvent('stepdone', { bubbles: true, detail: { kind: this.kind, answer } }))
      if (answer.ticket.ticketId !== ticketId) this.services.go(`/tickets/${answer.ticket.ticketId}`)
    } catch (error) {
      if (!isConflict(error)) this.trouble = describeError(error)
      else {
        this.meanwhile = changesOf(error)
        if (this.meanwhile === '') this.trouble = word('conflict')
        this.#seen.see(this.detail, error)
        this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
      }
    } finally {
      this.isSending = false
    }
  }

  async #request(): Promise<{ action: TicketActionName; body: object } | undefined> {
    const text = (name: string) => fieldText(this.form, name)
    const nowMs = this.services.time.now()
    switch (this.kind) {
      case 'task':
        return {
          action: 'tasks',
          body: {
            requestId: this.#requestId,
            audience: text('audience'),
            text: text('text'),
            dueAtMs: nowMs + Number(text('hours')) * HOUR_MS,
          },
        }
      case 'snooze': {
        const chosen = text('until')
        const hours = Number(chosen)
        return {
          action: 'snooze',
          body: Number.isNaN(hours) ? { kind: chosen } : { kind: 'until', untilMs: nowMs + hours * HOUR_MS },
        }
      }
      case 'merge': {
        const number = Number(text('into').replace(/^#/, ''))
        const { tickets } = await this.services.api.tickets('open', String(number))
        const into = tickets.find((ticket) => ticket.number === number)
        if (into === undefined) {
          this.trouble = ticketWord('mergeUnknown')
          return undefined
        }
        return { action: 'merge', body: { intoTicketId: into.ticketId, reason: text('reason') } }
      }
      case 'split':
        return {
          action: 'split',
          body: {
            requestId: this.#requestId,
            type: text('type'),
            messageIds: new FormData(this.form).getAll('message').map(String),
            reason: text('reason'),
          },
        }
      case 'priority':
        return { action: 'priority', body: { priority: text('priority'), reason: text('reason') } }
    }
  }

  #unseen(): string {
    return this.#seen
      .unseen(this.detail, this.services.me?.displayName ?? '')
      .map(eventText)
      .join(' · ')
  }

  protected override render() {
    const { number } = this.detail.ticket
    const meanwhile = this.#unseen() || this.meanwhile
    return html`<dialog class="dialog" aria-labelledby="ticket-action-title">
      <header class="dialog-head">
        <h2 id="ticket-action-title">${ticketWord(`${this.kind}Title`, { number })}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form
        class="stack"
        @input=${() => this.#keep()}
        @submit=${(event: SubmitEvent) => {
          event.preventDefault()
          void this.#send()
        }}
      >
        ${this.#fields()}
        ${meanwhile === '' ? nothing : html`<p class="strip tone-warn" role="alert">${icon('triangle-alert')}<span>${ticketWord('changedMeanwhile', { changes: meanwhile })}</span></p>`}
        ${this.trouble === '' ? nothing : html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.trouble}</span></p>`}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${ticketWord('cancel')}</button>
          <button id="ticket-action-send" class="button primary" ?disabled=${this.isSending}>${ticketWord(this.meanwhile === '' ? SEND[this.kind] : 'sendAnyway')}</button>
        </footer>
      </form>
    </dialog>`
  }

  #fields() {
    const { ticket, messages } = this.detail
    switch (this.kind) {
      case 'task':
        return html`<div class="field-grid">
            <label class="field"><span class="label">${ticketWord('audience')}</span>
              <select name="audience">${AUDIENCES.map((one) => html`<option value=${one}>${ticketWord(`audience.${one}`)}</option>`)}</select>
            </label>
            <label class="field"><span class="label">${ticketWord('dueIn')}</span>
              <select name="hours">${SPANS.map((hours) => html`<option value=${hours} ?selected=${hours === 4}>${ticketWord(`span.${hours}`)}</option>`)}</select>
            </label>
          </div>
          <label class="field"><span class="label">${ticketWord('taskText')}</span><textarea name="text" rows="3" required minlength="3" maxlength="500"></textarea></label>`
      case 'snooze':
        return html`<fieldset class="field"><legend class="label">${ticketWord('snoozeFor')}</legend>
            ${SNOOZES.filter(
              (one) =>
                (one !== 'cabinet_online' || ticket.cabinetId !== null) &&
                (one !== 'refund_settled' || ticket.orderId !== null),
            ).map(
              (one) =>
                html`<label class="check"><input type="radio" name="until" value=${one} ?checked=${one === '4'} />${ticketWord(`snooze.${one}`)}</label>`,
            )}
          </fieldset>
          <p class="soft small">${ticketWord('snoozeNote')}</p>`
      case 'merge':
        return html`<label class="field"><span class="label">${ticketWord('mergeInto')}</span><input name="into" required inputmode="numeric" pattern="#?[0-9]{1,9}" autocomplete="off" /></label>
          ${this.#reason()}
          <p class="soft small">${ticketWord('mergeNote')}</p>`
      case 'split':
        return html`<label class="field"><span class="label">${ticketWord('splitType')}</span>
            <select name="type">${ENTRY_TYPE_NAMES.map((type) => html`<option value=${type}>${word(`ticketType.${type}`)}</option>`)}</select>
          </label>
          ${
            messages.length === 0
              ? nothing
              : html`<fieldset class="field"><legend class="label">${ticketWord('splitMessages')}</legend>
                ${messages
                  .filter((message) => message.from !== 'system')
                  .map(
                    (message) =>
                      html`<label class="row"><input type="checkbox" name="message" value=${message.messageId} /><span class="clamp">${message.text}</span></label>`,
                  )}
              </fieldset>`
          }
          ${this.#reason()}`
      case 'priority':
        return html`<label class="field"><span class="label">${word('priorityLabel')}</span>
            <select name="priority">${PRIORITIES.map((priority) => html`<option value=${priority} ?selected=${priority === ticket.priority}>${word(`priority.${priority}`)}</option>`)}</select>
          </label>
          ${this.#reason()}`
    }
  }
  #reason() {
    return html`<label class="field"><span class="label">${ticketWord('reason')}</span><input name="reason" required minlength="3" maxlength="500" placeholder=${ticketWord('reasonHint')} autocomplete="off" /></label>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'ticket-action-dialog': TicketActionDialog
  }
}
