import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { TicketRow } from '#protocol/api/staff/tickets.ts'
import { restOf, type Rest } from '../../data/ticket-walk.ts'
import { wordOr } from '../../words/staff.ts'
import { walkWord } from '../../words/ticket-walk.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { ticketStateBadge } from '../views.ts'

/** The end of the queue: nothing more to do, and what waits, with when it comes back. */
@customElement('queue-end')
export class QueueEnd extends StaffElement {
  private readonly rest = new Resource<Rest>(this, {
    args: () => [],
    load: async (_, signal) => {
      const { api, me } = this.services
      const [open, snoozed] = await Promise.all([
        api.tickets('open', '', signal),
        api.tickets('snoozed', '', signal),
      ])
      return restOf(open.tickets, snoozed.tickets, me?.staffId ?? '')
    },
    isAffected: (change) => change.kind === 'ticket',
  })

  protected override render() {
    return this.rest.view((rest) => {
      const isAny = rest.putOff.length + rest.waiting.length > 0
      const more = [
        rest.open > 0 ? walkWord('stillOpen', { count: rest.open }) : '',
        rest.withOthers > 0 ? walkWord('withOthers', { count: rest.withOthers }) : '',
      ].filter((one) => one !== '')
      return html`<div class="queue-end stack">
        <p class="soft">${walkWord(isAny ? 'allDoneWhy' : 'nothingWaits')}${more.length > 0 ? html` <a href="${BASE}/tickets?view=open">${more.join(' · ')}</a>` : nothing}</p>
        ${this.#list(
          walkWord('comesBack'),
          rest.putOff,
          (row) => html`<span class="soft number">${this.#back(row)}</span>`,
        )}
        ${this.#list(walkWord('waits'), rest.waiting, (row) => ticketStateBadge(row.state))}
      </div>`
    })
  }

  #back({ snoozed }: TicketRow): string {
    if (snoozed === null) return ''
    return snoozed.kind === 'until'
      ? walkWord('until', { at: this.services.time.momentText(snoozed.untilMs ?? 0) })
      : walkWord(snoozed.kind)
  }

  #list(title: string, rows: readonly TicketRow[], when: (row: TicketRow) => unknown) {
    if (rows.length === 0) return nothing
    return html`<section class="card">
      <header class="card-head"><h2>${title} <span class="soft number">${rows.length}</span></h2></header>
      <ul class="plain-list">
        ${rows.map(
          (row) => html`<li class="row wrap">
            <a href="${BASE}/tickets/${row.ticketId}"><span class="soft number">#${row.number}</span> ${wordOr(`ticketType.${row.type}`, row.type)}</a>
            ${row.cabinetName ? html`<span class="soft small">${choose(row.cabinetName)}</span>` : nothing}
            <span class="grow"></span>${when(row)}
          </li>`,
        )}
      </ul>
    </section>`
  }
}

/** Above the page: what was settled last, and the way back to it. */
export function lastLine(last: { ticketId: string; text: string } | undefined) {
  return html`<div role="status" class="walk-last">
    ${
      last === undefined
        ? nothing
        : html`<p class="strip tone-ok">${icon('circle-check')}<span>${last.text}</span>
          <a class="quiet" href="${BASE}/tickets/${last.ticketId}">${walkWord('backToIt')} <kbd aria-hidden="true">b</kbd></a></p>`
    }
  </div>`
}

declare global {
  interface HTMLElementTagNameMap {
    'queue-end': QueueEnd
  }
}
