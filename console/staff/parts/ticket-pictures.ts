import { html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { describeError } from '../../data/staff-errors.ts'
import { ticketWord as word } from '../../words/tickets.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { moment } from '../views.ts'

/** Pictures that came with a question, and a way to add what somebody sent by e-mail. Fires `changed`. */
@customElement('ticket-pictures')
export class TicketPictures extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail
  @state() private isSending = false

  async #add(event: Event): Promise<void> {
    const input = event.currentTarget as HTMLInputElement
    const [file] = input.files ?? []
    input.value = ''
    if (file === undefined) return
    this.isSending = true
    try {
      await this.services.api.addPicture(this.detail.ticket.ticketId, file, this.services.ids.next('request'))
      this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    const { pictures, actions } = this.detail
    const mayAdd = actions.includes('reply')
    if (pictures.length === 0 && !mayAdd) return nothing
    return html`<section class="card" aria-labelledby="ticket-pictures">
      <header class="card-head"><h2 id="ticket-pictures">${word('pictures')}</h2>
        ${mayAdd ? html`<label class="button quiet file-button">${icon('camera')}<span>${word('addPicture')}</span><input type="file" accept="image/jpeg,image/png,image/webp" ?disabled=${this.isSending} @change=${(event: Event) => void this.#add(event)} /></label>` : nothing}</header>
      ${pictures.length === 0 ? html`<p class="soft">${word('noPictures')}</p>` : html`<ul class="film photographs" aria-label=${word('pictures')}>${pictures.map((one, index) => this.#picture(one, index + 1))}</ul>`}
    </section>`
  }

  #picture(one: TicketDetail['pictures'][number], number: number) {
    const address = `/api/staff/tickets/${this.detail.ticket.ticketId}/pictures/${one.pictureId}`
    const label = word(one.from === 'consumer' ? 'pictureOfConsumer' : 'pictureOfStaff', { number })
    return html`<li>
      ${one.isGone ? html`<span class="soft small">${word('pictureGone')}</span>` : html`<a href=${address} target="_blank" rel="noopener"><img src=${address} width="160" height="120" loading="lazy" alt=${label} /></a>`}
      <span class="small soft">${label} · ${moment(this.services.time, one.atMs)}</span>
    </li>`
  }
}
