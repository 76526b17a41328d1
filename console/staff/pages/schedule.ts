import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { ScheduleView, Shift, ShiftKind } from '#protocol/api/team.ts'
import { fromLocalInput, localInput } from '../../data/staff-days.ts'
import { describeError } from '../../data/staff-errors.ts'
import { shiftsOn, weekDays, weekStart } from '../../data/staff-quality.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { language } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, pageHead } from '../views.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Who works when, a week at a time: seven days side by side on a desk, one below the other on a phone. */
@customElement('page-schedule')
export class SchedulePage extends StaffPage {
  @state() private cancelled: Shift | undefined
  @state() private error: unknown
  @query('#plan-shift') private planDialog!: HTMLDialogElement
  @query('#cancel-shift') private cancelDialog!: HTMLDialogElement
  #shiftId = ''
  private readonly view = new Resource<ScheduleView, [number]>(this, {
    args: () => [this.#fromMs],
    load: ([fromMs], signal) =>
      this.services.api.schedule(fromMs, weekDays(fromMs)[7] ?? fromMs + 7 * DAY_MS, signal),
    isAffected: (change) => change.kind === 'team',
  })
  get #fromMs(): number {
    const asked = Number(this.query.get('from'))
    return weekStart(Number.isInteger(asked) && asked > 0 ? asked : this.services.time.now())
  }

  async #try(dialog: HTMLDialogElement, act: () => Promise<unknown>): Promise<void> {
    this.error = undefined
    try {
      await act()
      dialog.close()
      this.view.reload()
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    }
  }
  #plan(event: SubmitEvent): void {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const handOverToId = fieldText(form, 'handOverTo')
    void this.#try(this.planDialog, () =>
      this.services.api.planShift({
        shiftId: this.#shiftId,
        staffId: fieldText(form, 'person'),
        kind: fieldText(form, 'kind') as ShiftKind,
        startsAtMs: fromLocalInput(fieldText(form, 'starts')) ?? 0,
        endsAtMs: fromLocalInput(fieldText(form, 'ends')) ?? 0,
        handOverToId: handOverToId === '' ? null : handOverToId,
        note: fieldText(form, 'note'),
      }),
    )
  }

  protected override render() {
    return this.view.page(word('schedule'), (view) => this.#page(view))
  }
  #page(view: ScheduleView) {
    const fromMs = this.#fromMs
    const days = weekDays(fromMs)
    const day = new Intl.DateTimeFormat(language(), { month: 'short', day: 'numeric' })
    const { time } = this.services
    return html`${pageHead(word('schedule'), {
      lead: html`<p class="soft">${word('scheduleLead')}</p>`,
      actions: view.mayChange
        ? html`<button class="button primary" @click=${() => {
            this.#shiftId = this.services.ids.next('shift')
            this.error = undefined
            this.planDialog.showModal()
          }}>${icon('plus')}${word('addShift')}</button>`
        : nothing,
    })}
      ${view.isUncovered ? html`<p class="strip tone-warn" role="status">${icon('triangle-alert')}<span>${view.nextShiftAtMs === null ? word('uncoveredEver') : word('uncovered', { at: time.momentText(view.nextShiftAtMs) })}</span></p>` : nothing}
      <div class="toolbar"><a class="button" href="${BASE}/schedule?from=${fromMs - 3 * DAY_MS}">${icon('arrow-left')}${word('before')}</a>
        <b>${word('week', { day: day.format(fromMs) })}</b>
        <a class="button" href="${BASE}/schedule?from=${fromMs + 10 * DAY_MS}">${word('after')}${icon('chevron-right')}</a></div>
      <ol class="plain week">${days.slice(0, 7).map((atMs, index) => this.#day(view, atMs, days[index + 1] ?? atMs))}</ol>
      <section class="card" aria-labelledby="people"><header class="card-head"><h2 id="people">${word('team')}</h2></header>
        <ul class="plain stack tight">${view.people.map((one) => html`<li class="split"><span>${one.name} ${one.isOnShift ? badge('ok', 'circle-check', word('onShift')) : nothing}</span><span class="soft small">${word('openTickets', { count: one.openTickets })}</span></li>`)}</ul></section>
      ${view.mayChange ? html`${this.#planForm(view)}${this.#cancelForm(view)}` : nothing}`
  }
  #day(view: ScheduleView, fromMs: number, toMs: number) {
    const shifts = shiftsOn(view.shifts, fromMs, toMs)
    const nowMs = this.services.time.now()
    const isToday = fromMs <= nowMs && nowMs < toMs
    const name = new Intl.DateTimeFormat(language(), { weekday: 'short', month: 'numeric', day: 'numeric' })
    const clock = new Intl.DateTimeFormat(language(), {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    return html`<li class="card" aria-current=${isToday ? 'date' : nothing}><h2 class="label">${name.format(fromMs)}</h2>
      ${
        shifts.length === 0
          ? html`<p class="soft small">${word('free')}</p>`
          : html`<ul class="plain stack tight">${shifts.map((shift) => {
              const person = view.people.find(({ staffId }) => staffId === shift.staffId)?.name ?? ''
              const times = `${clock.format(Math.max(shift.startsAtMs, fromMs))}–${shift.endsAtMs >= toMs ? '24:00' : clock.format(shift.endsAtMs)}`
              const what = html`<span class="number small">${times}</span> <b>${person}</b>${shift.kind === 'absence' ? html` ${badge('neutral', 'minus', word('shift.absence'))}` : nothing}`
              return html`<li>${
                view.mayChange && shift.endsAtMs > nowMs
                  ? html`<button class="quiet" @click=${() => {
                      this.cancelled = shift
                      this.error = undefined
                      this.cancelDialog.showModal()
                    }}>${what}</button>`
                  : what
              }${shift.note === '' ? nothing : html`<br /><span class="soft small">${shift.note}</span>`}</li>`
            })}</ul>`
      }</li>`
  }
  #failed() {
    return this.error
      ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>`
      : nothing
  }
  #planForm(view: ScheduleView) {
    const nextMs = Math.ceil(this.services.time.now() / HOUR_MS) * HOUR_MS
    const people = view.people.map(({ staffId, name }) => html`<option value=${staffId}>${name}</option>`)
    return html`<dialog id="plan-shift" class="dialog" aria-labelledby="plan-title">
      <header class="dialog-head"><h2 id="plan-title">${word('addShift')}</h2><button class="icon-button" aria-label=${word('close')} @click=${() => this.planDialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => this.#plan(event)}>
        <label class="field"><span class="label">${word('person')}</span><select name="person">${people}</select></label>
        <label class="field"><span class="label">${word('kind')}</span><select name="kind"><option value="work">${word('shift.work')}</option><option value="absence">${word('shift.absence')}</option></select></label>
        <label class="field"><span class="label">${word('starts')}</span><input name="starts" type="datetime-local" required .defaultValue=${localInput(nextMs)} /></label>
        <label class="field"><span class="label">${word('ends')}</span><input name="ends" type="datetime-local" required .defaultValue=${localInput(nextMs + 8 * HOUR_MS)} /></label>
        <label class="field"><span class="label">${word('handOverTo')}</span><select name="handOverTo"><option value="">${word('whoeverIsThere')}</option>${people}</select></label>
        <label class="field"><span class="label">${word('note')}</span><input name="note" maxlength="500" /></label>
        ${this.#failed()}
        <footer class="dialog-foot"><span class="grow"></span><button type="button" class="button" @click=${() => this.planDialog.close()}>${word('cancel')}</button><button class="button primary">${word('save')}</button></footer>
      </form></dialog>`
  }
  #cancelForm(view: ScheduleView) {
    const { cancelled } = this
    const name = view.people.find(({ staffId }) => staffId === cancelled?.staffId)?.name ?? ''
    return html`<dialog id="cancel-shift" class="dialog" aria-labelledby="cancel-title">
      <header class="dialog-head"><h2 id="cancel-title">${word('shiftOf', { name, kind: word(`shift.${cancelled?.kind ?? 'work'}`) })}</h2><button class="icon-button" aria-label=${word('close')} @click=${() => this.cancelDialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        const reason = fieldText(event.currentTarget as HTMLFormElement, 'reason')
        if (cancelled !== undefined)
          void this.#try(this.cancelDialog, () => this.services.api.cancelShift(cancelled.shiftId, reason))
      }}>
        <label class="field"><span class="label">${word('reason')}</span><input name="reason" required maxlength="300" /></label>
        ${this.#failed()}
        <footer class="dialog-foot"><span class="grow"></span><button class="button primary">${word('cancelShift')}</button></footer>
      </form></dialog>`
  }
}
