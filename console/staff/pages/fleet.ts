import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { CabinetRow, Fleet } from '#protocol/api/staff/cabinets.ts'
import { formatCelsius } from '../../data/staff-format.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { dataAsOf, doorBadge, presenceBadge } from '../parts/cabinet-views.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { badge, emptyView, pageHead } from '../views.ts'

type Filter = 'all' | CabinetRow['presence'] | 'locked_out' | 'out_of_service' | 'alarm'
const FILTERS: ReadonlyArray<{
  filter: Filter
  label:
    | 'all'
    | 'presence.online'
    | 'presence.suspect'
    | 'presence.offline'
    | 'presence.unknown'
    | 'lockedOut'
    | 'outOfService'
    | 'withAlarms'
  fits: (row: CabinetRow) => boolean
}> = [
  { filter: 'all', label: 'all', fits: () => true },
  { filter: 'online', label: 'presence.online', fits: (row) => row.presence === 'online' },
  { filter: 'suspect', label: 'presence.suspect', fits: (row) => row.presence === 'suspect' },
  { filter: 'offline', label: 'presence.offline', fits: (row) => row.presence === 'offline' },
  { filter: 'unknown', label: 'presence.unknown', fits: (row) => row.presence === 'unknown' },
  { filter: 'locked_out', label: 'lockedOut', fits: (row) => row.isLockedOut },
  { filter: 'out_of_service', label: 'outOfService', fits: (row) => row.isOutOfService },
  { filter: 'alarm', label: 'withAlarms', fits: (row) => row.alarms > 0 },
]

/** Trouble first: what is locked or silent stands above what is well. */
function troubleRank(row: CabinetRow): number {
  if (row.isLockedOut || row.isOutOfService) return 0
  if (row.presence === 'offline') return 1
  if (row.presence === 'suspect' || row.alarms > 0) return 2
  return 3
}

@customElement('page-fleet')
export class FleetPage extends StaffPage {
  private readonly fleet = new Resource<Fleet>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.fleet(signal),
    isAffected: (change) =>
      change.kind === 'cabinet' || change.kind === 'setpoint' || change.kind === 'alarm',
    onValue: (value) => this.services.time.learn(value.nowMs),
  })

  protected override render() {
    return html`${pageHead(word('fleet'))} ${this.fleet.view((fleet) => this.#body(fleet))}`
  }

  #body({ cabinets }: Fleet) {
    const asked = this.query.get('state') ?? 'all'
    const chosen = FILTERS.find((filter) => filter.filter === asked) ?? FILTERS[0]!
    const rows = cabinets.filter(chosen.fits).toSorted((a, b) => troubleRank(a) - troubleRank(b))
    return html`<nav class="tabs counts" aria-label=${word('filter')}>
        ${FILTERS.map((filter) => {
          const count = cabinets.filter(filter.fits).length
          if (count === 0 && filter.filter !== 'all' && filter !== chosen) return nothing
          return html`<a href="${BASE}/fleet?state=${filter.filter}" aria-current=${filter === chosen ? 'page' : nothing}><b class="number">${count}</b> ${word(filter.label)}</a>`
        })}
      </nav>
      ${rows.length === 0 ? emptyView('noCabinets', 'refrigerator') : this.#table(rows)}`
  }

  #table(rows: readonly CabinetRow[]) {
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('fleet')}>
      <table class="table rows">
        <caption class="aloud">${word('fleet')}</caption>
        <thead>
          <tr>
            <th scope="col">${word('cabinet')}</th><th scope="col">${word('state')}</th><th scope="col">${word('door')}</th>
            <th scope="col" class="end">${word('airTemperature')}</th><th scope="col">${word('setpoint')}</th>
            <th scope="col" class="end">${word('alarms')}</th><th scope="col" class="end">${word('tickets')}</th><th scope="col">${word('heard')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr class=${row.presence === 'offline' ? 'is-faded' : ''}>
              <td><a class="row-link" href="${BASE}/cabinets/${row.cabinetId}"><b>${choose(row.name)}</b><br /><span class="soft small">${choose(row.site)} · ${row.operator}</span></a></td>
              <td>
                <span class="row wrap tight">${presenceBadge(row)} ${row.isLockedOut ? badge('bad', 'snowflake', word('lockedOut')) : nothing} ${row.isOutOfService ? badge('bad', 'circle-x', word('outOfService')) : nothing}</span>
              </td>
              <td>${doorBadge(row)}</td>
              <td class="end number">${row.airDeciCelsius === null ? '–' : formatCelsius(row.airDeciCelsius)}</td>
              <td class="number">${formatCelsius(row.setpoint.desired)} <span class="soft small">${word(`setpointShort.${row.setpoint.state}`)}</span></td>
              <td class="end number">${row.alarms || html`<span class="soft">0</span>`}</td>
              <td class="end number">${row.openTickets || html`<span class="soft">0</span>`}</td>
              <td class="soft small row-says-itself">${dataAsOf(this.services, row)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  }
}
