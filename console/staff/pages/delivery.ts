import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { DeliveryView } from '#protocol/api/delivery.ts'
import { describeError } from '../../data/staff-errors.ts'
import { deliveryWord } from '../../words/delivery.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { idChip, moment, pageHead } from '../views.ts'

/** How far the events of a cabinet have come, and what to do with a machine whose events are refused. */
@customElement('page-delivery')
export class DeliveryPage extends StaffPage {
  @state() private note = ''
  @state() private error: unknown
  private readonly view = new Resource<DeliveryView, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.delivery(id, signal),
    isAffected: (change) => change.kind === 'cabinet' && change.cabinetId === this.params['id'],
  })

  protected override render() {
    const { value } = this.view
    return html`${pageHead(deliveryWord('delivery'), {
      lead: html`<p class="soft">${deliveryWord('deliveryLead')}
        <a href="${BASE}/cabinets/${this.params['id']}">${value ? choose(value.name) : this.params['id']}</a></p>`,
    })}
    ${this.view.view((loaded) => this.#body(loaded))}`
  }

  #body(view: DeliveryView) {
    const isWell = view.halt === null && view.deadLetters === 0
    return html`<div class="stack">
      ${view.halt === null ? nothing : this.#halt(view, view.halt)}
      ${isWell ? html`<p class="strip tone-ok">${icon('check')}<span>${deliveryWord('allWell')}</span></p>` : nothing}
      <section class="card">
        <dl class="facts">
          <dt>${deliveryWord('lastEvent')}</dt>
          <dd class="number">${view.lastSeq} · ${moment(this.services.time, view.lastAtMs)}</dd>
          <dt>${deliveryWord('stream')}</dt>
          <dd>${view.epoch === null ? '–' : idChip(this.services, view.epoch)}</dd>
          ${view.continuesEpoch === null ? nothing : html`<dt>${deliveryWord('continues')}</dt><dd>${idChip(this.services, view.continuesEpoch)}</dd>`}
          <dt>${deliveryWord('link')}</dt>
          <dd>${view.linkId === null ? deliveryWord('noLink') : idChip(this.services, view.linkId)}</dd>
          <dt>${deliveryWord('outbox')}</dt>
          <dd>${view.outbox === null ? deliveryWord('outboxCalm') : deliveryWord('outboxTight', { waiting: view.outbox.waiting })}</dd>
          <dt>${word('deadLetters')}</dt>
          <dd class="number">${view.deadLetters === 0 ? '0' : html`<a href="${BASE}/dead-letters">${view.deadLetters}</a>`}</dd>
          <dt>${deliveryWord('waitingUpgrade')}</dt>
          <dd class="number">${view.unprojected}</dd>
        </dl>
      </section>
    </div>`
  }

  #halt(view: DeliveryView, halt: NonNullable<DeliveryView['halt']>) {
    const { time } = this.services
    return html`<section class="card stack" aria-labelledby="refused">
      <h2 id="refused" class="row">${icon('circle-alert')}${deliveryWord('refused')}</h2>
      <p>${deliveryWord(`halt.${halt.reason}`, { seq: halt.seq ?? '–' })}</p>
      <p class="soft">${deliveryWord('haltSince', {
        time: time.momentText(halt.sinceMs),
        last: time.momentText(halt.lastAtMs),
        boot: halt.boot ?? '–',
        first: halt.firstSeq ?? '–',
        lastSeq: halt.lastSeq ?? '–',
      })}</p>
      <h3>${deliveryWord('what')}</h3>
      <ol class="steps">${(['step.1', 'step.2', 'step.3'] as const).map((step) => html`<li>${deliveryWord(step)}</li>`)}</ol>
      ${halt.permittedBy === null ? this.#decision(view, halt.epoch) : html`<p class="strip tone-ok">${icon('check')}<span>${deliveryWord('permitted', { by: halt.permittedBy })}</span></p>`}
    </section>`
  }

  #decision(view: DeliveryView, epoch: string) {
    if (!view.mayGoOn) return html`<p class="soft">${deliveryWord('technicianOnly')}</p>`
    const isDisabled = this.note.trim().length < 3
    return html`<form class="stack" @submit=${(event: SubmitEvent) => event.preventDefault()}>
      <label class="field"><span class="label">${deliveryWord('note')}</span>
        <input required minlength="3" maxlength="500" .value=${this.note}
          @input=${(event: Event) => (this.note = (event.target as HTMLInputElement).value)} />
      </label>
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <footer class="split">
        <span class="soft small">${deliveryWord('dismissHint')}</span>
        <span class="row wrap">
          <button type="button" class="button" ?disabled=${isDisabled} @click=${() => void this.#decide('dismiss', epoch)}>${deliveryWord('dismiss')}</button>
          <button type="button" class="button primary" ?disabled=${isDisabled} @click=${() => void this.#decide('go-on', epoch)}>${deliveryWord('goOn')}</button>
        </span>
      </footer>
    </form>`
  }

  async #decide(what: 'go-on' | 'dismiss', epoch: string): Promise<void> {
    try {
      this.error = undefined
      await this.services.api.decideDelivery(this.params['id'] ?? '', what, { epoch, note: this.note.trim() })
      this.note = ''
    } catch (error) {
      this.error = error
    }
    this.view.reload()
  }
}
