import { html, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { card } from '../views.ts'
import { cabinetBadges, cabinetFacts } from './cabinet-views.ts'
import './setpoint-card.ts'
import './temperature-chart.ts'

/** How the cabinet of a ticket is doing; with the setpoint card where the ticket is about its temperature. */
@customElement('cabinet-brief')
export class CabinetBrief extends StaffElement {
  @property() cabinetId = ''
  @property({ type: Boolean }) hasSetpoint = false
  /** The temperature is adjusted inside this ticket, which then waits for the answer. */
  @property({ attribute: false }) ticket: { ticketId: string; version: number } | undefined
  @property({ type: Boolean }) hasChart = false
  private readonly cabinet = new Resource<CabinetDetail, [string]>(this, {
    args: () => [this.cabinetId],
    load: ([id], signal) => this.services.api.cabinet(id, signal),
    isAffected: (change) =>
      change.kind !== 'live' && (change.cabinetId === this.cabinetId || change.subjectId === this.cabinetId),
  })

  protected override render() {
    return card(
      'cabinetNow',
      this.cabinet.view(
        (
          detail,
        ) => html`<p class="row wrap"><a href="${BASE}/cabinets/${detail.cabinet.cabinetId}"><b>${choose(detail.cabinet.name)}</b></a> <span class="soft">${choose(detail.cabinet.site)}</span></p>
          <p class="row wrap">${cabinetBadges(this.services, detail.cabinet)}</p>
          ${cabinetFacts(this.services, detail.cabinet)}
          ${
            this.hasSetpoint && detail.actions.includes('setpoint')
              ? html`<setpoint-card .cabinet=${detail.cabinet} .ticket=${this.ticket} @changed=${() => this.cabinet.reload()}></setpoint-card>`
              : nothing
          }
          ${this.hasChart ? html`<temperature-chart .cabinetId=${detail.cabinet.cabinetId} .timeZone=${detail.timeZone}></temperature-chart>` : nothing}</div>`,
      ),
      { id: `brief-${this.cabinetId}` },
    )
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'cabinet-brief': CabinetBrief
  }
}
