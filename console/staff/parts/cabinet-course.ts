import { html, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { CabinetCourse as Course } from '#protocol/api/staff/cabinet-course.ts'
import { errorText, isErrorCode } from '#protocol/words/errors.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { SESSION_STATE_WORDS } from '#protocol/words/states.ts'
import { callerWord } from '../../words/callers.ts'
import { courseWord } from '../../words/cabinet-course.ts'
import { wordOr } from '../../words/staff.ts'
import { language } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { Resource } from '../resource.ts'
import { badge, moment, stateBadge } from '../views.ts'
import { alarmBadge, alarmSentence } from './alarm-views.ts'

/** The evidence of a question without an order: who opened the cabinet around it, what came of it, and its alarms. */
@customElement('cabinet-course')
export class CabinetCourse extends StaffElement {
  @property() ticketId = ''
  @property() cabinetId = ''
  private readonly course = new Resource<Course, [string]>(this, {
    args: () => [this.ticketId],
    load: ([id], signal) => this.services.api.cabinetCourse(id, signal),
    isAffected: (change) =>
      (change.kind === 'session' || change.kind === 'alarm') && change.cabinetId === this.cabinetId,
  })

  protected override render() {
    return html`<section class="card" aria-labelledby="course-${this.ticketId}">
      <header class="card-head"><h2 id="course-${this.ticketId}">${courseWord('title')}</h2></header>
      <p class="soft small">${courseWord('lead')}</p>
      ${this.course.view((course) => html`${this.#visits(course)}${this.#alarms(course)}`)}
    </section>`
  }

  #visits({ visits }: Course) {
    if (visits.length === 0) return html`<p>${courseWord('noVisits')}</p>`
    const { time } = this.services
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${courseWord('visits')}>
      <table class="table compact">
        <caption class="aloud">${courseWord('visits')}</caption>
        <thead><tr><th scope="col">${courseWord('when')}</th><th scope="col">${courseWord('what')}</th><th scope="col">${courseWord('door')}</th><th scope="col" class="end">${courseWord('order')}</th></tr></thead>
        <tbody>${visits.map(
          (visit) => html`<tr>
            <td>${moment(time, visit.requestedAtMs)}${visit.isOfAsker ? html`<br />${badge('info', 'user', courseWord('asker'))}` : nothing}</td>
            <td>${stateBadge(SESSION_STATE_WORDS[visit.state])}${visit.deniedReason === null ? nothing : html`<br /><span class="soft small">${reasonText(visit.deniedReason)}</span>`}</td>
            <td>${
              visit.openedAtMs === null
                ? html`<span class="soft">${courseWord('neverOpened')}</span>`
                : html`${moment(time, visit.openedAtMs)} – ${moment(time, visit.closedAtMs)}`
            }</td>
            <td class="end number">${visit.order === null ? '–' : html`<a href="${BASE}/orders/${visit.order.orderId}">${visit.order.totalFen === null ? callerWord('amountHidden') : formatMoney(visit.order.totalFen)}</a>`}</td>
          </tr>`,
        )}</tbody>
      </table>
    </div>`
  }

  #alarms({ alarms }: Course) {
    const { time } = this.services
    return html`<h3>${courseWord('alarms')}</h3>${
      alarms.length === 0
        ? html`<p class="soft">${courseWord('noAlarms')}</p>`
        : html`<ul class="plain stack">${alarms.map(
            (alarm) => html`<li>
              <p class="row wrap">${alarmBadge(alarm.state)} <b>${wordOr(`alarm.${alarm.kind}`, alarm.kind)}</b>
              <span class="soft small">${moment(time, alarm.raisedAtMs)} · ${alarm.clearedAtMs === null ? courseWord('still') : courseWord('until', { at: time.momentText(alarm.clearedAtMs) })}</span></p>
              ${alarmSentence(alarm)}
            </li>`,
          )}</ul>`
    }`
  }
}

function reasonText(code: string): string {
  return isErrorCode(code) ? errorText(language(), code).meaning : ''
}

declare global {
  interface HTMLElementTagNameMap {
    'cabinet-course': CabinetCourse
  }
}
