import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { DeadLetterList, DeadLetterRow } from '#protocol/api/delivery.ts'
import { deliveryWord } from '../../words/delivery.ts'
import { word } from '../../words/staff.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { Resource } from '../resource.ts'
import { emptyView, moment, pageHead } from '../views.ts'

/** Messages that the core could not accept, kept as they came, so that nothing is lost while somebody looks. */
@customElement('page-dead-letters')
export class DeadLettersPage extends StaffPage {
  private readonly list = new Resource<DeadLetterList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.deadLetters(signal),
    isAffected: (change) => change.kind === 'cabinet',
  })
  protected override render() {
    return html`${pageHead(word('deadLetters'), { lead: html`<p class="soft">${word('deadLettersLead')}</p>` })}
      ${this.list.view(({ deadLetters, total }) =>
        deadLetters.length === 0
          ? emptyView('noDeadLetters', 'mail-warning')
          : html`${total > deadLetters.length ? html`<p class="soft">${deliveryWord('more', { count: total })}</p>` : nothing}
            <ul class="cards wide-cards">
              ${deadLetters.map((letter) => this.#row(letter))}
            </ul>`,
      )}`
  }
  #row(letter: DeadLetterRow) {
    const number = letter.seq === null ? '' : ` · ${deliveryWord('eventNumber', { seq: letter.seq })}`
    return html`<li class="card">
      <div class="split">
        <b>${deliveryWord(`kind.${letter.kind}`)}${number}</b>
        <span class="soft small">${moment(this.services.time, letter.receivedAtMs)}</span>
      </div>
      <p>${letter.reason}</p>
      <p class="split">
        <a href="${BASE}/cabinets/${letter.cabinetId}/delivery">${letter.cabinetId}</a>
        <a class="button" href="${BASE}/dead-letters/${letter.id}">${deliveryWord('open')}</a>
      </p>
    </li>`
  }
}
