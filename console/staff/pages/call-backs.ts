import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { CallBackList, CallBackRow, CallBackView } from '#protocol/api/call-backs.ts'
import { CALL_BACK_VIEWS } from '../../data/staff-follow-up.ts'
import { followWord as word } from '../../words/follow-up.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

const NOTHING = { due: 'nobodyDue', coming: 'nobodyComing', ended: 'nobodyEnded' } as const

/** Who is called back now, who later, and what came of it. */
@customElement('page-call-backs')
export class CallBacksPage extends StaffPage {
  private readonly list = new Resource<CallBackList, [CallBackView]>(this, {
    args: () => [this.#view],
    load: ([view], signal) => this.services.api.callBacks(view, signal),
    isAffected: (change) => change.kind === 'callBack' || change.kind === 'ticket',
  })
  get #view(): CallBackView {
    const asked = this.query.get('view')
    return CALL_BACK_VIEWS.find((view) => view === asked) ?? 'due'
  }

  protected override render() {
    const counts = this.list.value?.counts
    return html`${pageHead(word('callBacks'), {
      lead: html`<p class="soft">${word('callBacksLead')}</p>`,
      actions: html`<a class="button" href="${BASE}/call-backs/plan">${icon('scroll')}${word('plan')}</a>`,
    })}
      <div class="toolbar">
        <nav class="tabs" aria-label=${word('callBacks')}>
          ${CALL_BACK_VIEWS.map(
            (view) =>
              html`<a href="${BASE}/call-backs?view=${view}" aria-current=${view === this.#view ? 'page' : nothing}>${word(`view.${view}`)}${counts === undefined || view === 'ended' ? nothing : html` <span class="number soft">${counts[view]}</span>`}</a>`,
          )}
        </nav>
      </div>
      ${this.list.view(({ callBacks }) =>
        callBacks.length === 0
          ? html`<div class="blank">${icon('check')}<p>${word(NOTHING[this.#view])}</p></div>`
          : this.#table(callBacks),
      )}`
  }

  #table(rows: readonly CallBackRow[]) {
    const isEnded = this.#view === 'ended'
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('callBacks')}>
      <table class="table rows">
        <caption class="aloud">${word('callBacks')}</caption>
        <thead><tr><th scope="col">${word('who')}</th><th scope="col">${word('why')}</th><th scope="col">${word('way')}</th><th scope="col">${word('ticket')}</th><th scope="col" class="end">${word('tries')}</th><th scope="col">${word(isEnded ? 'state' : 'when')}</th></tr></thead>
        <tbody>${rows.map(
          (row) => html`<tr>
            <td><a class="row-link" href="${BASE}/call-backs/${row.callBackId}"><b>${row.whoLabel || `#${row.ticketNumber}`}</b></a>${row.cabinetName === null ? nothing : html`<br /><span class="soft small">${choose(row.cabinetName)}</span>`}</td>
            <td>${segmentBadge(row)}${scoresOf(row)}</td>
            <td>${wayOf(row)}${row.hasAnswered ? html`<br />${badge('info', 'inbox', word('hasAnswered'))}` : nothing}</td>
            <td><a href="${BASE}/tickets/${row.ticketId}" class="number">#${row.ticketNumber}</a></td>
            <td class="end number">${word('triesOf', { tries: row.attempts, most: row.attemptsMost })}</td>
            <td>${isEnded ? html`${callBackState(row.state)}<br />` : nothing}${moment(this.services.time, row.endedAtMs ?? row.dueAtMs)}</td>
          </tr>`,
        )}</tbody>
      </table>
    </div>`
  }
}

export function wayOf({ channel, audience }: CallBackRow) {
  return html`${icon(channel === 'phone' ? 'phone' : 'inbox')} ${word(`channel.${channel}`)} <span class="soft small">· ${word(`audience.${audience}`)}</span>`
}
export function segmentBadge({ segment, reasons }: CallBackRow) {
  const others = reasons.filter((reason) => reason !== segment)
  const isGrave = segment === 'low_score' || segment === 'complaint' || segment === 'emergency'
  return html`${badge(isGrave ? 'warn' : 'neutral', isGrave ? 'triangle-alert' : 'circle', word(`segment.${segment}`))}${
    others.length === 0
      ? nothing
      : html`<br /><span class="soft small">${word('alsoBecause', { reasons: others.map((reason) => word(`segment.${reason}`)).join(' · ') })}</span>`
  }`
}
export function scoresOf({ rating, nps }: CallBackRow) {
  const said = [
    ...(rating === null ? [] : [word('scoreOf', { score: rating })]),
    ...(nps === null ? [] : [word('npsOf', { score: nps })]),
  ]
  return said.length === 0 ? nothing : html`<br /><span class="small">${said.join(' · ')}</span>`
}
export function callBackState(state: CallBackRow['state']) {
  switch (state) {
    case 'planned':
      return badge('info', 'hourglass', word('callBack.planned'))
    case 'reached':
      return badge('ok', 'circle-check', word('callBack.reached'))
    case 'refused':
      return badge('neutral', 'minus', word('callBack.refused'))
    case 'unreachable':
      return badge('neutral', 'minus', word('callBack.unreachable'))
    case 'reopened':
      return badge('warn', 'undo', word('callBack.reopened'))
    case 'cancelled':
      return badge('neutral', 'x', word('callBack.cancelled'))
  }
}
