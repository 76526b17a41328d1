import { html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { CabinetRow, SetpointView } from '#protocol/api/staff/cabinets.ts'
import type { Tone } from '#protocol/words/states.ts'
import { ApiError } from '../../data/api.ts'
import { describeCode, describeError, isConflict } from '../../data/staff-errors.ts'
import { formatCelsius, formatSpan } from '../../data/staff-format.ts'
import { controlWord, controlWordOr } from '../../words/control.ts'
import { hasWord, word } from '../../words/staff.ts'
import { StaffElement } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { badge, personText } from '../views.ts'

const LOOK: Record<SetpointView['state'], { tone: Tone; icon: IconName }> = {
  in_sync: { tone: 'ok', icon: 'circle-check' },
  sending: { tone: 'info', icon: 'refresh' },
  queued_offline: { tone: 'warn', icon: 'offline' },
  delivered: { tone: 'info', icon: 'hourglass' },
  applied: { tone: 'ok', icon: 'circle-check' },
  rejected: { tone: 'bad', icon: 'circle-x' },
  timed_out: { tone: 'bad', icon: 'clock' },
  superseded: { tone: 'neutral', icon: 'undo' },
  drift: { tone: 'warn', icon: 'triangle-alert' },
}
/** Half a degree: the step of the thermostats. */
const STEP = 5
/** A larger jump is asked for its reason. */
const REASON_ABOVE = 30

/**
 * What we want and what the cabinet says it holds, always both: a single number would either jump back before a slow
 * cabinet answers, or stay on a value that the cabinet refused. Fires `changed`.
 */
@customElement('setpoint-card')
export class SetpointCard extends StaffElement {
  @property({ attribute: false }) cabinet!: CabinetRow
  @property({ type: Boolean }) isReadOnly = false
  /** With a ticket the change is part of it, and it waits for the answer. */
  @property({ attribute: false }) ticket: { ticketId: string; version: number } | undefined
  @state() private draft: number | undefined
  @state() private reason = ''
  @state() private isSending = false
  @state() private error: unknown
  /** The answer to our own request, until the page has loaded something newer. */
  @state() private answer: SetpointView | undefined

  get #setpoint(): SetpointView {
    const { setpoint } = this.cabinet
    return this.answer && this.answer.desiredVersion > setpoint.desiredVersion ? this.answer : setpoint
  }

  async #send(): Promise<void> {
    const setpoint = this.#setpoint
    const { draft } = this
    if (draft === undefined || this.isSending || !this.#isAllowed(draft)) return
    this.isSending = true
    try {
      const wish = {
        expectedVersion: setpoint.desiredVersion,
        setpointDeciCelsius: draft,
        reason: this.reason.trim(),
      }
      const { ticket } = this
      if (ticket === undefined)
        this.answer = await this.services.api.setSetpoint(this.cabinet.cabinetId, wish)
      else await this.services.api.setTicketSetpoint(ticket.ticketId, { ...wish, version: ticket.version })
      this.draft = undefined
      this.reason = ''
      this.error = undefined
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
    this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
  }
  #isAllowed(draft: number): boolean {
    const setpoint = this.#setpoint
    const needsReason = Math.abs(draft - setpoint.desired) > REASON_ABOVE
    return (
      draft >= setpoint.lowest && draft <= setpoint.highest && (!needsReason || this.reason.trim() !== '')
    )
  }
  #nudge(step: number): void {
    const { lowest, highest, desired } = this.#setpoint
    this.draft = Math.min(highest, Math.max(lowest, (this.draft ?? desired) + step))
  }

  protected override render() {
    const setpoint = this.#setpoint
    const look = LOOK[setpoint.state]
    const { time } = this.services
    const values = {
      desired: formatCelsius(setpoint.desired),
      reported: setpoint.reported === null ? '–' : formatCelsius(setpoint.reported),
      by: setpoint.desiredBy === null ? word('unknownPerson') : personText(this.services, setpoint.desiredBy),
      at: setpoint.desiredAtMs === null ? '–' : time.momentText(setpoint.desiredAtMs),
      reportedAt: setpoint.reportedAtMs === null ? '–' : time.momentText(setpoint.reportedAtMs),
      reason: this.#rejection(setpoint.rejectReason),
    }
    return html`<div class="setpoint">
      <div class="pair">
        <div><span class="label">${word('desired')}</span><b class="figure number">${formatCelsius(setpoint.desired)}</b><span class="soft small">${setpoint.desiredBy === null ? '' : personText(this.services, setpoint.desiredBy)} ${setpoint.desiredAtMs === null ? '' : time.momentText(setpoint.desiredAtMs)}</span></div>
        <div><span class="label">${word('reported')}</span><b class="figure number">${setpoint.reported === null ? '–' : formatCelsius(setpoint.reported)}</b><span class="soft small">${setpoint.reportedAtMs === null ? word('notKnown') : time.momentText(setpoint.reportedAtMs)}</span></div>
      </div>
      <div class="setpoint-state" role="status">
        ${badge(look.tone, look.icon, word(`setpointShort.${setpoint.state}`))}
        <p>${word(setpoint.state === 'queued_offline' && setpoint.reported === null ? 'setpointLong.queued_unknown' : `setpointLong.${setpoint.state}`, values)}</p>
      </div>
      ${this.#deviation(setpoint)}
      ${this.isReadOnly ? nothing : this.#form(setpoint)}
    </div>`
  }

  /** Who was first, and what they chose: the one thing that the second person needs to know. */
  #trouble(error: unknown): string {
    if (!(error instanceof ApiError)) return describeError(error)
    const { by, value, waitMs } = error.details
    const name = typeof by === 'string' ? personText(this.services, by) : word('unknownPerson')
    if (isConflict(error))
      return typeof value === 'number'
        ? controlWord('conflictBy', { name, value: formatCelsius(value) })
        : word('setpointConflict')
    if (error.code === 'too_many_requests' && typeof waitMs === 'number')
      return controlWord('waitForNext', { name, span: formatSpan(waitMs) })
    return describeError(error)
  }

  /** Somebody turned it, or the cabinet made it safe: the figures alone do not say which. */
  #deviation({ state, rejectReason }: SetpointView) {
    if (state !== 'drift' || rejectReason === null) return nothing
    return html`<p class="strip tone-warn">${icon('triangle-alert')}<span>${controlWordOr(`drift.${rejectReason}`, describeCode(rejectReason))}</span></p>`
  }

  #rejection(reason: string | null): string {
    if (reason === null) return ''
    return hasWord(`setpointReason.${reason}`)
      ? word(`setpointReason.${reason}` as 'unknownPerson')
      : describeCode(reason)
  }

  #form(setpoint: SetpointView) {
    const value = this.draft ?? setpoint.desired
    const isOutside = value < setpoint.lowest || value > setpoint.highest
    const needsReason = Math.abs(value - setpoint.desired) > REASON_ABOVE
    const isChanged = value !== setpoint.desired
    // A value that the cabinet lost or refused may be sent once more as it is.
    const mayRepeat =
      setpoint.state === 'drift' || setpoint.state === 'timed_out' || setpoint.state === 'rejected'
    return html`<form
      class="stack tight"
      novalidate
      @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        this.draft ??= setpoint.desired
        void this.#send()
      }}
    >
      <div class="row wrap">
        <div class="stepper big">
          <button type="button" class="icon-button" aria-label=${word('colder')} ?disabled=${value <= setpoint.lowest} @click=${() => this.#nudge(-STEP)}>${icon('minus')}</button>
          <label class="aloud" for="setpoint-input">${word('newSetpoint')}</label>
          <input
            id="setpoint-input"
            type="number"
            inputmode="decimal"
            step="0.5"
            min=${setpoint.lowest / 10}
            max=${setpoint.highest / 10}
            aria-describedby="setpoint-range"
            aria-invalid=${isOutside}
            .value=${(value / 10).toFixed(1)}
            @change=${(event: Event) => {
              const typed = Math.round((event.target as HTMLInputElement).valueAsNumber * 10)
              this.draft = Number.isInteger(typed) ? typed : undefined
            }}
          />
          <span aria-hidden="true">°C</span>
          <button type="button" class="icon-button" aria-label=${word('warmer')} ?disabled=${value >= setpoint.highest} @click=${() => this.#nudge(STEP)}>${icon('plus')}</button>
        </div>
        <button class="button primary" ?disabled=${this.isSending || !(isChanged || mayRepeat) || isOutside || (needsReason && this.reason.trim() === '')}>
          ${this.isSending ? word('sending') : isChanged ? word('setTo', { value: formatCelsius(value) }) : mayRepeat ? word('sendAgain') : word('setSetpoint')}
        </button>
      </div>
      <p id="setpoint-range" class="small ${isOutside ? 'tone-text-bad' : 'soft'}">
        ${word('setpointRange', { lowest: formatCelsius(setpoint.lowest), highest: formatCelsius(setpoint.highest) })}
      </p>
      <label class="field"><span class="label">${word(needsReason ? 'reasonNeeded' : 'reasonOptional')}</span>
        <input maxlength="200" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />
      </label>
      ${
        this.error
          ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.#trouble(this.error)}</span></p>`
          : nothing
      }
    </form>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'setpoint-card': SetpointCard
  }
}
