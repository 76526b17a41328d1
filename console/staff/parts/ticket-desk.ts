import { html, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import type { TicketDesk, TicketViewer } from '#protocol/api/tickets.ts'
import { eventText } from '../../data/ticket-entry.ts'
import { formatCelsius } from '../../data/staff-format.ts'
import { wordOr } from '../../words/staff.ts'
import { hasTicketWord, ticketWord } from '../../words/tickets.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import type { Services } from '../services.ts'
import type { TicketActionKind } from './ticket-action-dialog.ts'
import './task-list.ts'

const ACTIONS: ReadonlyArray<readonly [action: string, kind: TicketActionKind]> = [
  ['task', 'task'],
  ['snooze', 'snooze'],
  ['merge', 'merge'],
  ['split', 'split'],
  ['prioritise', 'priority'],
]
const ACTION_WORDS = {
  task: 'actionTask',
  snooze: 'actionSnooze',
  merge: 'actionMerge',
  split: 'actionSplit',
  priority: 'actionPriority',
} as const

/** Who else looks at it now, in one sentence each; the most disturbing first. */
export function viewerStrips(viewers: readonly TicketViewer[]) {
  return html`<div role="status" class="viewers">
    ${viewers.map(
      ({ displayName, doing }) => html`<p class="strip tone-${doing === 'viewing' ? 'info' : 'warn'}">
        ${icon(doing === 'viewing' ? 'user' : 'triangle-alert')}<span>${ticketWord(doing, { name: displayName })}</span>
      </p>`,
    )}
  </div>`
}

/** What a ticket waits for or has become. */
export function standingStrips(services: Services, detail: TicketDetail, wake: () => void) {
  const { ticket, desk } = detail
  const { time } = services
  const strip = (tone: string, name: Parameters<typeof icon>[0], text: unknown, more: unknown = nothing) =>
    html`<p class="strip tone-${tone}">${icon(name)}<span>${text}</span>${more}</p>`
  return html`
    ${
      desk.mergedInto
        ? strip(
            'info',
            'undo',
            html`<a href="${BASE}/tickets/${desk.mergedInto.ticketId}">${ticketWord('mergedInto', { number: desk.mergedInto.number })}</a>`,
          )
        : nothing
    }
    ${
      ticket.snoozed
        ? strip(
            'info',
            'hourglass',
            ticket.snoozed.kind === 'until'
              ? ticketWord('snoozedUntil', { at: time.momentText(ticket.snoozed.untilMs ?? 0) })
              : ticketWord(ticket.snoozed.kind === 'cabinet_online' ? 'snoozedOnline' : 'snoozedRefund'),
            detail.actions.includes('wake')
              ? html`<button class="quiet" @click=${wake}>${ticketWord('wake')}</button>`
              : nothing,
          )
        : nothing
    }
    ${desk.device ? strip('info', 'thermometer', ticketWord('deviceWaiting', { wanted: formatCelsius(desk.device.setpointDeciCelsius) })) : nothing}
    ${
      desk.incident
        ? strip(
            desk.incident.resolvedAtMs === null ? 'bad' : 'ok',
            desk.incident.resolvedAtMs === null ? 'circle-alert' : 'circle-check',
            desk.incident.resolvedAtMs === null
              ? ticketWord('incidentOpen', { at: time.momentText(desk.incident.raisedAtMs) })
              : ticketWord('incidentOver', { at: time.momentText(desk.incident.resolvedAtMs) }),
          )
        : nothing
    }`
}

/** The case beside its conversation: what was asked, what others do, what is alike, its deadlines and its history. Fires `ticketaction` with what is wanted. */
@customElement('ticket-desk')
export class TicketDeskElement extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail

  #want(kind: TicketActionKind, intoNumber?: number): void {
    this.dispatchEvent(new CustomEvent('ticketaction', { bubbles: true, detail: { kind, intoNumber } }))
  }

  protected override render() {
    const { desk, ticket, actions } = this.detail
    const buttons = ACTIONS.filter(([action]) => actions.includes(action))
    return html`<section class="card" aria-labelledby="desk-title">
      <header class="card-head"><h2 id="desk-title">${ticketWord('desk')}</h2></header>
      ${this.#facts(desk)}
      ${
        desk.tasks.length > 0
          ? html`<h3>${ticketWord(desk.tasks.some(({ step }) => step !== null) ? 'checklist' : 'tasksOfTicket')}</h3>
            <task-list .tasks=${desk.tasks} .isOnTicket=${true}></task-list>`
          : nothing
      }
      ${desk.alike.length > 0 ? this.#alike(desk) : nothing}
      ${
        buttons.length > 0
          ? html`<div class="row wrap">
            ${buttons.map(([, kind]) => html`<button class="button" @click=${() => this.#want(kind)}>${ticketWord(ACTION_WORDS[kind])}</button>`)}
          </div>`
          : nothing
      }
      ${this.#clocks(desk)}
      <details>
        <summary>${ticketWord('history')}</summary>
        <ol class="history small">
          ${desk.history.map((event) => html`<li><span class="soft number">${this.services.time.momentText(event.atMs)}</span> ${eventText(event)}</li>`)}
        </ol>
      </details>
      ${ticket.owner ? html`<p class="soft small">${ticketWord('owner', { name: ticket.owner.displayName })}</p>` : nothing}
    </section>`
  }

  #facts(desk: TicketDesk) {
    const { ticket } = this.detail
    return html`<dl class="case-facts">
      <div><dt>${ticketWord('channel')}</dt><dd>${ticketWord(`channel.${ticket.channel}`)}${desk.callerPhoneTail ? html` · <span class="number">${ticketWord('caller', { tail: desk.callerPhoneTail })}</span>` : nothing}</dd></div>
      ${desk.intake.map(({ label, text }) => html`<div><dt>${choose(label)}</dt><dd>${choose(text)}</dd></div>`)}
      <div><dt>${ticketWord('suggestion')}</dt><dd>${choose(desk.type.suggestion)}</dd></div>
      ${desk.merged.length > 0 ? html`<div><dt>${ticketWord('mergedFrom', { numbers: '' })}</dt><dd>${desk.merged.map(({ number }) => `#${number}`).join(' ')}</dd></div>` : nothing}
    </dl>`
  }

  #alike(desk: TicketDesk) {
    return html`<h3>${ticketWord('alike')}</h3>
      <ul class="plain-list">
        ${desk.alike.map(
          (one) => html`<li class="row wrap">
            <a href="${BASE}/tickets/${one.ticketId}"><span class="soft number">#${one.number}</span> ${wordOr(`ticketType.${one.type}`, one.type)}</a>
            <span class="soft small">${one.because.map((reason) => ticketWord(`because.${reason}`)).join(' · ')}</span>
            <span class="grow"></span>
            ${this.detail.actions.includes('merge') ? html`<button class="quiet" @click=${() => this.#want('merge', one.number)}>${ticketWord('mergeHere', { number: one.number })}</button>` : nothing}
          </li>`,
        )}
      </ul>`
  }

  #clocks(desk: TicketDesk) {
    if (desk.clocks.length === 0) return nothing
    const { time } = this.services
    return html`<details>
      <summary>${ticketWord('clocks')}</summary>
      <ul class="plain-list small">
        ${desk.clocks.map((clock) => {
          const key = `clock.${clock.kind}`
          const standing =
            clock.metAtMs !== null
              ? ticketWord(clock.metAtMs <= clock.dueAtMs ? 'clockMet' : 'clockMissed')
              : clock.isPaused
                ? ticketWord('clockPaused')
                : ticketWord('clockUsed', { percent: clock.usedPercent })
          return html`<li class="row wrap">${hasTicketWord(key) ? ticketWord(key) : clock.kind}<span class="grow"></span><span class="number">${time.momentText(clock.dueAtMs)}</span><span class="soft">${standing}</span></li>`
        })}
      </ul>
    </details>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'ticket-desk': TicketDeskElement
  }
}
