import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { AlarmList } from '#protocol/api/staff/cabinets.ts'
import { describeError } from '../../data/staff-errors.ts'
import { word, wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { alarmBadge, alarmSentence } from '../parts/alarm-views.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { emptyView, moment, pageHead, personText } from '../views.ts'

type Alarm = AlarmList['alarms'][number]

@customElement('page-alarms')
export class AlarmsPage extends StaffPage {
  private readonly list = new Resource<AlarmList, ['active' | 'all']>(this, {
    args: () => [this.#state],
    load: ([state], signal) => this.services.api.alarms(state, signal),
    isAffected: (change) => change.kind === 'alarm',
  })
  get #state(): 'active' | 'all' {
    return this.query.get('state') === 'all' ? 'all' : 'active'
  }
  async #acknowledge(alarmId: string): Promise<void> {
    try {
      await this.services.api.acknowledgeAlarm(alarmId)
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
    this.list.reload()
  }

  protected override render() {
    return html`${pageHead(word('alarms'))}
      <nav class="tabs" aria-label=${word('filter')}>
        ${(['active', 'all'] as const).map(
          (state) =>
            html`<a href="${BASE}/alarms?state=${state}" aria-current=${state === this.#state ? 'page' : nothing}>${word(`alarmView.${state}`)}</a>`,
        )}
      </nav>
      ${this.list.view(({ alarms }) => (alarms.length === 0 ? emptyView('noAlarms', 'bell') : this.#table(alarms)))}`
  }

  #table(alarms: readonly Alarm[]) {
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('alarms')}>
      <table class="table rows">
        <caption class="aloud">${word('alarms')}</caption>
        <thead>
          <tr><th scope="col">${word('state')}</th><th scope="col">${word('alarm')}</th><th scope="col">${word('cabinet')}</th><th scope="col">${word('since')}</th><th scope="col" class="end">${word('timesLabel')}</th><th scope="col"><span class="aloud">${word('does')}</span></th></tr>
        </thead>
        <tbody>
          ${alarms.map(
            (alarm) => html`<tr>
              <td>${alarmBadge(alarm.state)}</td>
              <td><b>${wordOr(`alarm.${alarm.kind}`, alarm.kind)}</b>${alarmSentence(alarm)}</td>
              <td><a href="${BASE}/cabinets/${alarm.cabinetId}">${choose(alarm.cabinetName)}</a></td>
              <td>${moment(this.services.time, alarm.raisedAtMs)}${alarm.clearedAtMs === null ? nothing : html` – ${moment(this.services.time, alarm.clearedAtMs)}`}</td>
              <td class="end number">${alarm.count}</td>
              <td class="end">
                ${
                  alarm.state === 'raised'
                    ? html`<button class="button" @click=${() => void this.#acknowledge(alarm.alarmId)}>${icon('check')}${word('acknowledge')}</button>`
                    : html`<span class="soft small">${alarm.acknowledgedBy ? word('acknowledgedBy', { name: personText(this.services, alarm.acknowledgedBy) }) : ''}</span>`
                }
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  }
}
