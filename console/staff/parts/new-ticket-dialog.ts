import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { TicketCreate } from '#protocol/api/staff.ts'
import { describeError } from '../../data/staff-errors.ts'
import { word } from '../../words/staff.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'

export const ENTRY_TYPES = [
  'order_query',
  'charged_twice',
  'item_returned',
  'charged_late',
  'camera_blocked',
  'quality',
  'cabinet_use',
  'temperature',
  'restock',
  'emergency',
  'complaint',
  'other',
] as const
const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const

/** A case that came by telephone or from an operator. Fires `created`. */
@customElement('new-ticket-dialog')
export class NewTicketDialog extends StaffElement {
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  @query('form') private form!: HTMLFormElement
  #requestId = ''

  open(): void {
    this.#requestId = this.services.ids.next('request')
    this.error = undefined
    this.form.reset()
    this.dialog.showModal()
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const text = (name: string) => fieldText(this.form, name)
    this.isSending = true
    try {
      await this.services.api.createTicket({
        requestId: this.#requestId,
        type: text('type'),
        priority: text('priority') as TicketCreate['priority'],
        note: text('note'),
        ...(text('orderId') === '' ? {} : { orderId: text('orderId') }),
        ...(text('cabinetId') === '' ? {} : { cabinetId: text('cabinetId') }),
      })
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('ticketCreated') })
      this.dispatchEvent(new CustomEvent('created', { bubbles: true }))
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    return html`<dialog class="dialog" aria-labelledby="new-ticket-title">
      <header class="dialog-head">
        <h2 id="new-ticket-title">${word('newTicket')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#onSubmit(event)}>
        <div class="field-grid">
          <label class="field"><span class="label">${word('type')}</span>
            <select name="type">${ENTRY_TYPES.map((type) => html`<option value=${type}>${word(`ticketType.${type}`)}</option>`)}</select>
          </label>
          <label class="field"><span class="label">${word('priorityLabel')}</span>
            <select name="priority">${PRIORITIES.map((priority) => html`<option value=${priority} ?selected=${priority === 'normal'}>${word(`priority.${priority}`)}</option>`)}</select>
          </label>
          <label class="field"><span class="label">${word('orderIdOptional')}</span><input name="orderId" pattern="[a-z0-9\\-]{1,32}" autocomplete="off" spellcheck="false" /></label>
          <label class="field"><span class="label">${word('cabinetIdOptional')}</span><input name="cabinetId" pattern="[a-z0-9\\-]{1,32}" autocomplete="off" spellcheck="false" /></label>
        </div>
        <label class="field"><span class="label">${word('whatHappened')}</span><textarea name="note" rows="4" required maxlength="2000"></textarea></label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending}>${word('create')}</button>
        </footer>
      </form>
    </dialog>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'new-ticket-dialog': NewTicketDialog
  }
}
