import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { BatchBlockList, BatchBlockView } from '#protocol/api/batch-blocks.ts'
import { describeError } from '../../data/staff-errors.ts'
import { batchWord as word } from '../../words/batches.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { goodsOfBatch, placesOfBatch } from '../parts/batch-views.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead, personText } from '../views.ts'

/** Batches of goods that may not be sold, where they may still lie, and those that were let go again. */
@customElement('page-batches')
export class BatchesPage extends StaffPage {
  @state() private asked: BatchBlockView | undefined
  @state() private error: unknown
  @state() private isSending = false
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<BatchBlockList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.batchBlocks(signal),
    isAffected: (change) => change.kind === 'alarm' || change.kind === 'ticket',
  })

  #ask(block: BatchBlockView): void {
    this.asked = block
    this.error = undefined
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (this.asked === undefined) return
    this.isSending = true
    try {
      await this.services.api.liftBatch(
        this.asked.blockId,
        fieldText(event.currentTarget as HTMLFormElement, 'reason'),
      )
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('lifted') })
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
    this.list.reload()
  }

  protected override render() {
    return html`${pageHead(word('batches'), { lead: html`<p class="soft">${word('lead')}</p>` })}
      ${this.list.view(({ blocks, mayDecide }) =>
        blocks.length === 0
          ? html`<div class="blank">${icon('circle-check')}<p>${word('none')}</p></div>`
          : html`<ul class="cards">${blocks.map((one) => this.#card(one, mayDecide))}</ul>`,
      )}
      ${this.#dialog()}`
  }

  #card(block: BatchBlockView, mayDecide: boolean) {
    const isBlocked = block.state === 'blocked'
    return html`<li class="card stack">
      <div class="split"><span>${goodsOfBatch(block)}</span>${isBlocked ? badge('bad', 'lock', word('isBlocked')) : badge('ok', 'circle-check', word('isLifted'))}</div>
      <p class="quote">${block.reason}</p>
      <p class="soft small">${word('blockedBy', { name: personText(this.services, block.blockedBy) })} · ${moment(this.services.time, block.blockedAtMs)}
        ${block.ticketIds.map((ticketId) => html` · <a href="${BASE}/tickets/${ticketId}">${word('ticket')}</a>`)}</p>
      ${
        isBlocked
          ? block.places.length === 0
            ? html`<p class="soft">${word('inNone')}</p>`
            : placesOfBatch(block.places)
          : html`<p class="soft small">${word('liftedBy', { name: personText(this.services, block.liftedBy ?? ''), reason: block.liftReason ?? '' })} · ${moment(this.services.time, block.liftedAtMs)}</p>`
      }
      ${isBlocked && mayDecide ? html`<div class="row"><button class="button" @click=${() => this.#ask(block)}>${icon('undo')}${word('lift')}</button></div>` : nothing}
    </li>`
  }

  #dialog() {
    const { asked } = this
    return html`<dialog class="dialog" aria-labelledby="lift-title">
      <header class="dialog-head">
        <h2 id="lift-title">${word('liftTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${asked === undefined ? nothing : html`<p>${goodsOfBatch(asked)}</p>`}
        <label class="field"><span class="label">${word('reason')}</span>
          <textarea name="reason" required minlength="3" maxlength="500" rows="2"></textarea>
        </label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending}>${this.isSending ? word('sending') : word('liftSend')}</button>
        </footer>
      </form>
    </dialog>`
  }
}
