import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { SuspectBatches } from '#protocol/api/batch-blocks.ts'
import { ApiError } from '../../data/api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { batchWord as word } from '../../words/batches.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge } from '../views.ts'
import { goodsOfBatch, placesOfBatch } from './batch-views.ts'

type Suspect = SuspectBatches['batches'][number]

/**
 * Which batches the goods of a complaint about quality may have been of, who else complained, and one decision that stops
 * a batch in every cabinet. The id of a block is made when the dialog opens and kept until an answer came.
 */
@customElement('batch-card')
export class BatchCard extends StaffElement {
  @property({ attribute: 'ticket-id' }) ticketId = ''
  @state() private asked: Suspect | undefined
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  #blockId = ''
  private readonly suspects = new Resource<SuspectBatches, [string]>(this, {
    args: () => [this.ticketId],
    load: ([ticketId], signal) => this.services.api.suspectBatches(ticketId, signal),
    isAffected: (change) => change.kind === 'ticket' || change.kind === 'alarm',
  })

  #ask(suspect: Suspect): void {
    this.asked = suspect
    this.error = undefined
    this.#blockId = this.services.ids.next('batchBlock')
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const { asked } = this
    if (asked === undefined) return
    const { sku, batch, expiresOn } = asked
    this.isSending = true
    try {
      await this.services.api.blockBatch({
        blockId: this.#blockId,
        sku,
        batch,
        // The number names it; a day alone does where there is none.
        expiresOn: batch === null ? expiresOn : null,
        reason: fieldText(event.currentTarget as HTMLFormElement, 'reason'),
        ticketId: this.ticketId,
      })
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('done') })
    } catch (error) {
      this.error = error
      // A refusal is an answer: what comes next is another request.
      if (error instanceof ApiError && error.status > 0 && error.status < 500)
        this.#blockId = this.services.ids.next('batchBlock')
    } finally {
      this.isSending = false
    }
    this.suspects.reload()
  }

  protected override render() {
    return html`<section class="card" aria-labelledby="card-batch">
      <header class="card-head"><h2 id="card-batch">${word('batch')}</h2></header>
      ${this.suspects.view(({ batches, mayDecide }) =>
        batches.length === 0
          ? html`<p class="soft">${word('cardNone')}</p>`
          : html`<p class="soft small">${word('cardLead')}</p>
            <ul class="ledger">${batches.map((one) => this.#suspect(one, mayDecide))}</ul>`,
      )}
      ${this.#dialog()}
    </section>`
  }

  #where({ places }: Suspect): string {
    const pieces = places.reduce((sum, place) => sum + place.pieces, 0)
    if (places.length === 0) return word('inNone')
    return places.length === 1
      ? word('inCabinet', { pieces })
      : word('inCabinets', { count: places.length, pieces })
  }

  #suspect(one: Suspect, mayDecide: boolean) {
    const complaints = one.ticketIds.length
    return html`<li class="stack">
      <div class="split"><span>${goodsOfBatch(one)}</span>
        ${one.blockId === null ? (one.isProposed ? badge('warn', 'triangle-alert', word('proposed')) : nothing) : badge('bad', 'lock', word('isBlocked'))}</div>
      <p class="small">${complaints === 1 ? word('complaint') : word('complaints', { count: complaints })} ·
        <span class="soft">${this.#where(one)}</span></p>
      ${
        one.blockId === null
          ? mayDecide
            ? html`<div class="row"><button class="button ${one.isProposed ? 'primary' : ''}" @click=${() => this.#ask(one)}>${icon('lock')}${word('block')}</button></div>`
            : html`<p class="soft small">${word('mayNot')}</p>`
          : html`<p class="small"><a href="${BASE}/batches">${word('batches')}</a></p>`
      }
    </li>`
  }

  #dialog() {
    const { asked } = this
    return html`<dialog class="dialog" aria-labelledby="batch-title">
      <header class="dialog-head">
        <h2 id="batch-title">${word('blockTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${
          asked === undefined
            ? nothing
            : html`<p>${goodsOfBatch(asked)}</p>
              <p>${word(asked.places.length === 0 ? 'blockAboutNone' : 'blockAbout')}</p>
              ${placesOfBatch(asked.places)}`
        }
        <label class="field"><span class="label">${word('reason')}</span>
          <textarea name="reason" required minlength="3" maxlength="500" rows="2"></textarea>
        </label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending}>${this.isSending ? word('sending') : word('blockSend')}</button>
        </footer>
      </form>
    </dialog>`
  }
}
