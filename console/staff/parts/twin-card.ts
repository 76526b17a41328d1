import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { PartRequest, TwinPartView } from '#protocol/api/control.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { Tone } from '#protocol/words/states.ts'
import { ApiError } from '../../data/api.ts'
import { clockMinute, clockText, dayName, describePart, isHours } from '../../data/staff-control.ts'
import { describeCode, describeError, isConflict } from '../../data/staff-errors.ts'
import { controlWord } from '../../words/control.ts'
import { StaffElement } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { badge, moment, personText } from '../views.ts'

const LOOK: Record<TwinPartView['state'], { tone: Tone; icon: IconName }> = {
  in_sync: { tone: 'ok', icon: 'circle-check' },
  sending: { tone: 'info', icon: 'refresh' },
  queued_offline: { tone: 'warn', icon: 'offline' },
  timed_out: { tone: 'bad', icon: 'clock' },
  rejected: { tone: 'bad', icon: 'circle-x' },
  overridden: { tone: 'warn', icon: 'triangle-alert' },
}
const ORDER: ReadonlyArray<TwinPartView['part']> = ['service', 'hours', 'camera', 'planogram', 'lockout']
const WEEK = [1, 2, 3, 4, 5, 6, 7]
type Editable = 'service' | 'hours' | 'camera'

interface HoursDraft {
  readonly isAlways: boolean
  readonly days: readonly number[]
  readonly from: string
  readonly to: string
}

/** Part by part what is wanted of the cabinet beside what it says, always both. Fires `changed`. */
@customElement('twin-card')
export class TwinCard extends StaffElement {
  @property({ attribute: false }) detail!: CabinetDetail
  @state() private editing: Editable = 'service'
  @state() private hours: HoursDraft = { isAlways: true, days: WEEK, from: '08:00', to: '22:00' }
  @state() private reason = ''
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement

  #part(name: TwinPartView['part']): TwinPartView | undefined {
    return this.detail.twin.find((one) => one.part === name)
  }
  get #isOutOfService(): boolean {
    const wanted = this.#part('service')?.wanted
    return (
      typeof wanted === 'object' &&
      wanted !== null &&
      'isOutOfService' in wanted &&
      wanted.isOutOfService === true
    )
  }
  get #isCameraNeeded(): boolean {
    const wanted = this.#part('camera')?.wanted
    return (
      typeof wanted === 'object' &&
      wanted !== null &&
      'isNeededForSale' in wanted &&
      wanted.isNeededForSale === true
    )
  }

  #open(part: Editable): void {
    this.editing = part
    this.reason = ''
    this.error = undefined
    const wanted = this.#part('hours')?.wanted
    const first = isHours(wanted) ? wanted.intervals[0] : undefined
    this.hours = {
      isAlways: !isHours(wanted),
      days: first?.days ?? WEEK,
      from: clockText(first?.fromMinute ?? 8 * 60),
      to: clockText(first?.toMinute ?? 22 * 60),
    }
    this.dialog.showModal()
  }

  #request(): PartRequest | undefined {
    const about = { expectedVersion: this.#part(this.editing)?.version ?? 0, reason: this.reason.trim() }
    switch (this.editing) {
      case 'service':
        return { part: 'service', value: { isOutOfService: !this.#isOutOfService }, ...about }
      case 'camera':
        return { part: 'camera', value: { isNeededForSale: !this.#isCameraNeeded }, ...about }
      case 'hours': {
        if (this.hours.isAlways) return { part: 'hours', value: null, ...about }
        const fromMinute = clockMinute(this.hours.from)
        const toMinute = clockMinute(this.hours.to)
        if (fromMinute === undefined || toMinute === undefined || this.hours.days.length === 0)
          return undefined
        const interval = { days: [...this.hours.days], fromMinute, toMinute }
        return { part: 'hours', value: { timeZone: this.detail.timeZone, intervals: [interval] }, ...about }
      }
    }
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const request = this.#request()
    if (request === undefined || this.isSending || request.reason === '') return
    this.isSending = true
    try {
      await this.services.api.changePart(this.detail.cabinet.cabinetId, request)
      this.dialog.close()
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
    this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
  }

  protected override render() {
    return html`<ul class="ledger twin">${ORDER.map((name) => this.#row(this.#part(name)))}</ul>${this.#dialog()}`
  }

  #row(part: TwinPartView | undefined) {
    if (part === undefined) return nothing
    const { time } = this.services
    const look = LOOK[part.state]
    const wanted = describePart(part.part, part.wanted)
    const reported =
      part.reportedAtMs === null ? controlWord('neverReported') : describePart(part.part, part.reported)
    const by = part.wantedBy === null ? controlWord('sinceMade') : personText(this.services, part.wantedBy)
    return html`<li>
      <div class="split"><b>${controlWord(`part.${part.part}`)}</b>${badge(look.tone, look.icon, controlWord(`partState.${part.state}`))}</div>
      <dl class="twin-pair">
        <div><dt>${controlWord('wanted')}</dt><dd>${wanted}<span class="soft small">${by}${part.wantedAtMs === null ? nothing : html` · ${moment(time, part.wantedAtMs)}`}</span></dd></div>
        <div><dt>${controlWord('reported')}</dt><dd class=${part.state === 'in_sync' ? '' : 'tone-text-warn'}>${reported}<span class="soft small">${part.reportedAtMs === null ? nothing : moment(time, part.reportedAtMs)}</span></dd></div>
      </dl>
      ${part.wantedReason ? html`<p class="soft small">${controlWord('because', { reason: part.wantedReason })}</p>` : nothing}
      ${part.reason !== null && part.state !== 'in_sync' ? html`<p class="small">${describeCode(part.reason)}</p>` : nothing}
      ${this.#button(part.part)}
    </li>`
  }
  #button(part: TwinPartView['part']) {
    const { actions } = this.detail
    if (part === 'service' && actions.includes('service'))
      return html`<button class="button" @click=${() => this.#open('service')}>${controlWord(this.#isOutOfService ? 'putBack' : 'takeOut')}</button>`
    if ((part === 'hours' || part === 'camera') && actions.includes('twin'))
      return html`<button class="button" @click=${() => this.#open(part)}>${controlWord('change')}</button>`
    return nothing
  }

  #title(): string {
    if (this.editing === 'service') return controlWord(this.#isOutOfService ? 'putBack' : 'takeOut')
    return controlWord(`part.${this.editing}`)
  }
  #dialog() {
    return html`<dialog class="dialog" aria-labelledby="twin-title">
      <header class="dialog-head">
        <h2 id="twin-title">${this.#title()}</h2>
        <button class="icon-button" aria-label=${controlWord('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${this.#fields()}
        <p class="soft small">${controlWord('queuedOk')}</p>
        <label class="field"><span class="label">${controlWord('reason')}</span>
          <input required maxlength="200" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />
        </label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.#trouble()}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${controlWord('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending || this.reason.trim() === '' || this.#request() === undefined}>${this.isSending ? controlWord('sending') : this.editing === 'service' ? this.#title() : controlWord('save')}</button>
        </footer>
      </form>
    </dialog>`
  }
  #trouble(): string {
    const { error } = this
    if (!isConflict(error) || !(error instanceof ApiError)) return describeError(error)
    const { by } = error.details
    return typeof by === 'string' ? controlWord('conflictByOnly', { name: by }) : describeError(error)
  }

  #fields() {
    switch (this.editing) {
      case 'service':
        return html`<p>${controlWord(this.#isOutOfService ? 'putBackEffect' : 'takeOutEffect')}</p>`
      case 'camera':
        return html`<p><b>${controlWord(this.#isCameraNeeded ? 'cameraFree' : 'cameraNeeded')}</b></p>
          <p>${controlWord('cameraEffect')}</p>`
      case 'hours':
        return this.#hoursFields()
    }
  }
  #hoursFields() {
    const { hours } = this
    const set = (change: Partial<HoursDraft>) => (this.hours = { ...hours, ...change })
    return html`<p>${controlWord('hoursEffect', { zone: this.detail.timeZone })}</p>
      <label class="check"><input type="checkbox" .checked=${hours.isAlways} @change=${(event: Event) => set({ isAlways: (event.target as HTMLInputElement).checked })} />${controlWord('hoursAlways')}</label>
      ${
        hours.isAlways
          ? nothing
          : html`<fieldset class="plain-fieldset"><legend class="label">${controlWord('hoursDays')}</legend>
              <div class="row wrap">${WEEK.map((day) => html`<label class="check"><input type="checkbox" .checked=${hours.days.includes(day)} @change=${(event: Event) => set({ days: WEEK.filter((one) => (one === day ? (event.target as HTMLInputElement).checked : hours.days.includes(one))) })} />${dayName(day)}</label>`)}</div>
            </fieldset>
            <div class="row wrap">
              <label class="field"><span class="label">${controlWord('hoursFrom')}</span><input type="time" required .value=${hours.from} @change=${(event: Event) => set({ from: (event.target as HTMLInputElement).value })} /></label>
              <label class="field"><span class="label">${controlWord('hoursTo')}</span><input type="time" required .value=${hours.to} @change=${(event: Event) => set({ to: (event.target as HTMLInputElement).value })} /></label>
            </div>`
      }`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'twin-card': TwinCard
  }
}
