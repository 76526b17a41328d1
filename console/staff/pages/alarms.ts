import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import type { ShelvingReason } from '#protocol/api/staff/alarms.ts'
import type { AlarmList } from '#protocol/api/staff/cabinets.ts'
import { describeError } from '../../data/staff-errors.ts'
import { type StaffWord, word, wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { alarmBadge, alarmSentence } from '../parts/alarm-views.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { emptyView, moment, pageHead, personText } from '../views.ts'

type Alarm = AlarmList['alarms'][number]
/** The core refuses more than the last of them. */
const SHELVING_MINUTES = [60, 240, 1440, 4320] as const
const MINUTES_PROPOSED = 240
/** A new reason without a sentence fails the type check. */
const SHELVING_REASONS: Record<ShelvingReason, StaffWord> = {
  work_on_site: 'shelveReason.work_on_site',
  repair_planned: 'shelveReason.repair_planned',
  cause_known: 'shelveReason.cause_known',
  watched: 'shelveReason.watched',
}
const isReason = (value: unknown): value is ShelvingReason =>
  typeof value === 'string' && Object.hasOwn(SHELVING_REASONS, value)

@customElement('page-alarms')
export class AlarmsPage extends StaffPage {
  @query('dialog') private dialog!: HTMLDialogElement
  @state() private asked: string | undefined
  private readonly list = new Resource<AlarmList, ['active' | 'all']>(this, {
    args: () => [this.#state],
    load: ([state], signal) => this.services.api.alarms(state, signal),
    isAffected: (change) => change.kind === 'alarm',
  })
  get #state(): 'active' | 'all' {
    return this.query.get('state') === 'all' ? 'all' : 'active'
  }
  async #openShelving({ alarmId }: Alarm): Promise<void> {
    this.asked = alarmId
    await this.updateComplete
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
  }
  async #shelve(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const data = new FormData(event.currentTarget as HTMLFormElement)
    const reason = data.get('reason')
    if (this.asked === undefined || !isReason(reason)) return
    this.dialog.close()
    await this.#step(
      this.services.api.shelveAlarm(this.asked, { minutes: Number(data.get('minutes')), reason }),
    )
  }
  async #step(sent: Promise<unknown>): Promise<void> {
    try {
      await sent
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
      ${this.list.view(({ alarms }) => (alarms.length === 0 ? emptyView('noAlarms', 'bell') : this.#table(alarms)))}
      ${this.#dialog()}`
  }

  #table(alarms: readonly Alarm[]) {
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('alarms')}>
      <table class="table rows">
        <caption class="aloud">${word('alarms')}</caption>
        <thead>
          <tr><th scope="col">${word('state')}</th><th scope="col">${word('alarm')}</th><th scope="col">${word('cabinet')}</th><th scope="col">${word('since')}</th><th scope="col" class="end">${word('timesLabel')}</th><th scope="col"><span class="aloud">${word('does')}</span></th></tr>
        </thead>
        <tbody>
          ${repeat(
            alarms,
            // A new alarm must not slide under a button that has the focus.
            ({ alarmId }) => alarmId,
            (alarm) => html`<tr>
              <td>${alarmBadge(alarm.state)}</td>
              <td class="row-name"><b>${wordOr(`alarm.${alarm.kind}`, alarm.kind)}</b>${alarmSentence(alarm)}</td>
              <td><a href="${BASE}/cabinets/${alarm.cabinetId}">${choose(alarm.cabinetName)}</a></td>
              <td>${moment(this.services.time, alarm.raisedAtMs)}${alarm.clearedAtMs === null ? nothing : html` – ${moment(this.services.time, alarm.clearedAtMs)}`}</td>
              <td class="end number">${alarm.count}</td>
              <td class="end">
                ${this.#steps(alarm)}
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  }

  #steps(alarm: Alarm) {
    const { services } = this
    const may = services.me?.permissions.includes('alarm.acknowledge') === true
    const name = alarm.acknowledgedBy ? personText(services, alarm.acknowledgedBy) : ''
    if (alarm.shelved)
      return html`<span class="soft small">${word('shelvedBy', { name, until: services.time.momentText(alarm.shelved.untilMs), reason: word(SHELVING_REASONS[alarm.shelved.reason]) })}</span>
        ${may ? html`<button class="button" @click=${() => void this.#step(services.api.unshelveAlarm(alarm.alarmId))}>${word('unshelve')}</button>` : nothing}`
    const taken = name ? html`<span class="soft small">${word('acknowledgedBy', { name })}</span>` : nothing
    if (alarm.state === 'cleared' || !may) return taken
    return html`${
      alarm.state === 'raised'
        ? html`<button class="button" @click=${() => void this.#step(services.api.acknowledgeAlarm(alarm.alarmId))}>${icon('check')}${word('acknowledge')}</button>`
        : taken
    }
      <button class="button" @click=${() => void this.#openShelving(alarm)}>${icon('hourglass')}${word('shelve')}</button>`
  }

  #dialog() {
    return html`<dialog class="dialog" aria-labelledby="shelve-title">
      <header class="dialog-head">
        <h2 id="shelve-title">${word('shelveTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#shelve(event)}>
        <p class="soft">${word('shelveLead')}</p>
        <label class="field"><span class="label">${word('shelveFor')}</span>
          <select name="minutes">${SHELVING_MINUTES.map((minutes) => html`<option value=${minutes} ?selected=${minutes === MINUTES_PROPOSED}>${word(`shelveMinutes.${minutes}`)}</option>`)}</select>
        </label>
        <fieldset class="field">
          <legend class="label">${word('shelveWhy')}</legend>
          ${Object.entries(SHELVING_REASONS).map(([reason, text]) => html`<label class="check"><input type="radio" name="reason" value=${reason} required /> ${word(text)}</label>`)}
        </fieldset>
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button id="shelve-send" class="button primary">${word('shelveSend')}</button>
        </footer>
      </form>
    </dialog>`
  }
}
