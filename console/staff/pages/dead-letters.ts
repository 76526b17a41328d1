import { html } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { DeadLetterList } from '#protocol/api/delivery.ts'
import { describeCode } from '../../data/staff-errors.ts'
import { word } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
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
      ${this.list.view(({ deadLetters }) =>
        deadLetters.length === 0
          ? emptyView('noDeadLetters', 'mail-warning')
          : html`<ul class="cards wide-cards">
              ${deadLetters.map(
                (letter) => html`<li class="card">
                  <div class="split"><b>${describeCode(letter.reason)}</b><span class="soft small">${moment(this.services.time, letter.receivedAtMs)}</span></div>
                  <p class="soft small"><a href="${BASE}/cabinets/${letter.cabinetId}">${letter.cabinetId}</a> · <code>${letter.topic}</code></p>
                  <details><summary>${word('content')}</summary><pre class="json" tabindex="0">${letter.bodyText}</pre></details>
                </li>`,
              )}
            </ul>`,
      )}`
  }
}
