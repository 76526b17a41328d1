import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { RecheckList, RecheckRow, RecheckView } from '#protocol/api/rechecks.ts'
import { LEAD_VIEWS, OWN_VIEWS } from '../../data/staff-quality.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

/** Closed tickets that are looked at again; an agent sees their own results. */
@customElement('page-rechecks')
export class RechecksPage extends StaffPage {
  private readonly list = new Resource<RecheckList, [RecheckView]>(this, {
    args: () => [this.#view],
    load: ([view], signal) => this.services.api.rechecks(view, signal),
    isAffected: (change) => change.kind === 'recheck',
  })
  get #views(): readonly RecheckView[] {
    return (this.services.me?.permissions.includes('recheck.work') ?? false) ? LEAD_VIEWS : OWN_VIEWS
  }
  get #view(): RecheckView {
    const asked = this.query.get('view')
    return this.#views.find((view) => view === asked) ?? this.#views[0] ?? 'mine'
  }

  protected override render() {
    const counts = this.list.value?.counts
    return html`${pageHead(word('rechecks'), {
      lead: html`<p class="soft">${word('rechecksLead')}</p>`,
      actions: html`<a class="button" href="${BASE}/rechecks/scorecard">${icon('scale')}${word('scorecard')}</a>`,
    })}
      <div class="toolbar"><nav class="tabs" aria-label=${word('rechecks')}>${this.#views.map(
        (view) =>
          html`<a href="${BASE}/rechecks?view=${view}" aria-current=${view === this.#view ? 'page' : nothing}>${word(`view.${view}`)}${counts === undefined || view === 'done' ? nothing : html` <span class="number soft">${counts[view]}</span>`}</a>`,
      )}</nav></div>
      ${this.list.view(({ rechecks }) =>
        rechecks.length === 0
          ? html`<div class="blank">${icon('check')}<p>${word(`none.${this.#view}`)}</p></div>`
          : this.#table(rechecks),
      )}`
  }

  #table(rows: readonly RecheckRow[]) {
    const { time } = this.services
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('rechecks')}><table class="table rows">
      <caption class="aloud">${word('rechecks')}</caption>
      <thead><tr><th scope="col">${word('ticket')}</th><th scope="col">${word('agent')}</th><th scope="col">${word('why')}</th><th scope="col">${word('result')}</th><th scope="col">${word('due')}</th></tr></thead>
      <tbody>${rows.map(
        (row) => html`<tr>
          <td><a class="row-link" href="${BASE}/rechecks/${row.recheckId}"><b class="number">#${row.ticketNumber}</b> ${choose(row.typeLabel)}</a></td>
          <td>${row.agentName}</td>
          <td>${word(`reason.${row.reason}`)}</td>
          <td>${recheckState(row)}${row.scorePercent === null ? nothing : html` <span class="number">${word('percent', { value: row.scorePercent })}</span>`}</td>
          <td>${row.isLate ? html`${badge('bad', 'circle-alert', word('late'))} ` : nothing}${moment(time, row.checkedAtMs ?? row.dueAtMs)}</td>
        </tr>`,
      )}</tbody></table></div>`
  }
}

export function recheckState({ state }: Pick<RecheckRow, 'state'>) {
  switch (state) {
    case 'waiting':
      return badge('info', 'hourglass', word('state.waiting'))
    case 'passed':
      return badge('ok', 'circle-check', word('state.passed'))
    case 'failed':
      return badge('bad', 'circle-alert', word('state.failed'))
    case 'objected':
      return badge('warn', 'triangle-alert', word('state.objected'))
    case 'confirmed':
      return badge('bad', 'circle-alert', word('state.confirmed'))
    case 'lifted':
      return badge('neutral', 'undo', word('state.lifted'))
    case 'dropped':
      return badge('neutral', 'minus', word('state.dropped'))
  }
}
