import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type {
  EmergencyChoices,
  EmergencyCreate,
  EmergencyList,
  EmergencyRow,
} from '#protocol/api/emergencies.ts'
import { fromLocalInput, localInput } from '../../data/staff-days.ts'
import { describeError } from '../../data/staff-errors.ts'
import { EMERGENCY_KINDS } from '../../data/staff-quality.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { scopeFields, scopeIn } from '../parts/emergency-scope.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

const DAY_MS = 86_400_000

/** What concerns many people at once: the open ones first, each with the clock of its report. */
@customElement('page-emergencies')
export class EmergenciesPage extends StaffPage {
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  #emergencyId = ''
  private readonly list = new Resource<EmergencyList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.emergencies(signal),
    isAffected: (change) => change.kind === 'emergency',
  })
  private readonly choices = new Resource<EmergencyChoices>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.emergencyChoices(signal),
  })

  #open(): void {
    this.#emergencyId = this.services.ids.next('emergency')
    this.error = undefined
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.error = undefined
    try {
      await this.services.api.openEmergency({
        emergencyId: this.#emergencyId,
        kind: fieldText(form, 'kind') as EmergencyCreate['kind'],
        title: fieldText(form, 'title'),
        note: fieldText(form, 'note'),
        discoveredAtMs: fromLocalInput(fieldText(form, 'discoveredAt')) ?? 0,
        discoveredBy: fieldText(form, 'discoveredBy'),
        scope: scopeIn(form),
      })
      this.dialog.close()
      this.services.go(`/emergencies/${this.#emergencyId}`)
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    return html`${pageHead(word('emergencies'), {
      lead: html`<p class="soft">${word('emergenciesLead')}</p>`,
      actions: html`<button class="button primary" @click=${() => this.#open()}>${icon('plus')}${word('newEmergency')}</button>`,
    })}
      ${this.list.view(({ emergencies }) => (emergencies.length === 0 ? html`<div class="blank">${icon('check')}<p>${word('noEmergency')}</p></div>` : this.#table(emergencies)))}
      ${this.#dialog()}`
  }
  #table(rows: readonly EmergencyRow[]) {
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('emergencies')}><table class="table rows">
      <caption class="aloud">${word('emergencies')}</caption>
      <thead><tr><th scope="col">${word('title')}</th><th scope="col">${word('kind')}</th><th scope="col">${word('state')}</th><th scope="col">${word('report')}</th><th scope="col">${word('discoveredAt')}</th></tr></thead>
      <tbody>${rows.map(
        (row) => html`<tr>
          <td><a class="row-link" href="${BASE}/emergencies/${row.emergencyId}"><b class="number">#${row.number}</b> ${row.title}</a></td>
          <td>${word(`emergency.${row.kind}`)}</td><td>${word(`at.${row.state}`)}</td>
          <td>${reportBadge(row, (ms) => this.services.time.momentText(ms))}</td><td>${moment(this.services.time, row.discoveredAtMs)}</td></tr>`,
      )}</tbody></table></div>`
  }
  #dialog() {
    const nowMs = this.services.time.now()
    return html`<dialog class="dialog" aria-labelledby="new-emergency">
      <header class="dialog-head"><h2 id="new-emergency">${word('newEmergency')}</h2><button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        <label class="field"><span class="label">${word('kind')}</span><select name="kind">${EMERGENCY_KINDS.map((kind) => html`<option value=${kind}>${word(`emergency.${kind}`)}</option>`)}</select></label>
        <label class="field"><span class="label">${word('title')}</span><input name="title" required maxlength="120" /></label>
        <label class="field"><span class="label">${word('whatHappened')}</span><textarea name="note" rows="3" required maxlength="2000"></textarea></label>
        <div class="field-grid">
        <label class="field"><span class="label">${word('discoveredAt')}</span><input name="discoveredAt" type="datetime-local" required .defaultValue=${localInput(nowMs)} /></label>
        <label class="field"><span class="label">${word('discoveredBy')}</span><input name="discoveredBy" required maxlength="120" .value=${this.services.me?.displayName ?? ''} /></label></div>
        ${this.choices.view((choices) => scopeFields(choices, { cabinetIds: [], sku: null, fromMs: nowMs - DAY_MS, toMs: nowMs }))}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span><button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button><button class="button primary">${word('newEmergency')}</button></footer>
      </form></dialog>`
  }
}

export function reportBadge(row: EmergencyRow, at: (ms: number) => string) {
  if (row.state === 'false_alarm') return nothing
  if (row.reportedAtMs !== null)
    return badge(
      row.isReportLate ? 'warn' : 'ok',
      row.isReportLate ? 'triangle-alert' : 'circle-check',
      word('reported', { at: at(row.reportedAtMs) }),
    )
  return row.isReportLate
    ? badge('bad', 'circle-alert', word('reportLate'))
    : badge('warn', 'hourglass', word('reportDue', { at: at(row.reportDueAtMs) }))
}
