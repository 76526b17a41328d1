import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { Home } from '#protocol/api/staff/desk.ts'
import { formatMoney } from '#protocol/words/format.ts'
import type { Tone } from '#protocol/words/states.ts'
import { word, type StaffWord } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { Resource } from '../resource.ts'
import { BASE, maySee } from '../doors.ts'
import { pageHead } from '../views.ts'

interface Tile {
  readonly path: string
  readonly area: string
  readonly label: StaffWord
  readonly value: string
  readonly icon: IconName
  readonly tone: Tone
  readonly note?: string
}

/** What needs a person now; each number is the door to its list. */
@customElement('page-home')
export class HomePage extends StaffPage {
  private readonly home = new Resource<Home>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.home(signal),
    isAffected: (change) => change.kind !== 'live',
  })

  protected override render() {
    const name = this.services.me?.displayName ?? ''
    return html`${pageHead(word('hello', { name }))} ${this.home.view((home) => this.#body(home))}`
  }

  #body(home: Home) {
    const { cabinets, today } = home
    return html`
      <section aria-labelledby="now-title"><h2 id="now-title" class="section">${word('needsYou')}</h2>
        <ul class="tiles">
          ${this.#tiles([
            {
              path: '/tickets?view=breaching',
              area: '/tickets',
              label: 'breaching',
              value: String(home.breachingTickets),
              icon: 'hourglass',
              tone: home.breachingTickets > 0 ? 'bad' : 'ok',
              note: word('breachingNote'),
            },
            {
              path: '/tickets?view=mine',
              area: '/tickets',
              label: 'myTickets',
              value: String(home.myTickets),
              icon: 'user',
              tone: 'info',
            },
            {
              path: '/tickets',
              area: '/tickets',
              label: 'openTickets',
              value: String(home.openTickets),
              icon: 'inbox',
              tone: 'info',
            },
            {
              path: '/approvals',
              area: '/approvals',
              label: 'approvals',
              value: String(home.approvals),
              icon: 'shield-check',
              tone: home.approvals > 0 ? 'warn' : 'ok',
            },
            {
              path: '/call-backs',
              area: '/call-backs',
              label: 'callBacks',
              value: String(home.callBacks),
              icon: 'phone',
              tone: home.callBacks > 0 ? 'info' : 'ok',
            },
            ...(home.lateImprovements === 0
              ? []
              : [
                  {
                    path: '/improvements?view=late',
                    area: '/improvements',
                    label: 'lateImprovements',
                    value: String(home.lateImprovements),
                    icon: 'target',
                    tone: 'warn',
                  } as const,
                ]),
            {
              path: '/emergencies',
              area: '/emergencies',
              label: 'seriousIncidents',
              value: String(home.emergencies),
              icon: 'triangle-alert',
              tone: home.unreportedEmergencies > 0 ? 'bad' : home.emergencies > 0 ? 'warn' : 'ok',
              ...(home.unreportedEmergencies === 0
                ? {}
                : { note: word('notReportedYet', { count: home.unreportedEmergencies }) }),
            },
            // Whoever only reads results of their own has nothing to do there.
            ...(this.services.me?.permissions.includes('recheck.work') === true
              ? [
                  {
                    path: '/rechecks',
                    area: '/rechecks',
                    label: 'openRechecks',
                    value: String(home.rechecks),
                    icon: 'shield-check',
                    tone: home.lateRechecks > 0 ? 'warn' : home.rechecks > 0 ? 'info' : 'ok',
                    ...(home.lateRechecks === 0
                      ? {}
                      : { note: word('lateRechecks', { count: home.lateRechecks }) }),
                  } as const,
                ]
              : []),
            {
              path: '/alarms',
              area: '/alarms',
              label: 'activeAlarms',
              value: String(home.alarms),
              icon: 'bell',
              tone: home.alarms > 0 ? 'warn' : 'ok',
            },
            {
              path: '/dead-letters',
              area: '/dead-letters',
              label: 'deadLetters',
              value: String(home.deadLetters),
              icon: 'mail-warning',
              tone: home.deadLetters > 0 ? 'warn' : 'ok',
            },
          ])}
        </ul>
      </section>
      ${
        this.#maySee('/fleet')
          ? html`<section aria-labelledby="fleet-title"><h2 id="fleet-title" class="section">${word('fleet')}</h2>
            <ul class="tiles small-tiles">
              ${this.#tiles([
                {
                  path: '/fleet?state=online',
                  area: '/fleet',
                  label: 'presence.online',
                  value: String(cabinets.online),
                  icon: 'network',
                  tone: 'ok',
                },
                {
                  path: '/fleet?state=suspect',
                  area: '/fleet',
                  label: 'presence.suspect',
                  value: String(cabinets.suspect),
                  icon: 'help',
                  tone: cabinets.suspect > 0 ? 'warn' : 'neutral',
                },
                {
                  path: '/fleet?state=offline',
                  area: '/fleet',
                  label: 'presence.offline',
                  value: String(cabinets.offline),
                  icon: 'offline',
                  tone: cabinets.offline > 0 ? 'bad' : 'neutral',
                },
                {
                  path: '/fleet?state=unknown',
                  area: '/fleet',
                  label: 'presence.unknown',
                  value: String(cabinets.unknown),
                  icon: 'help',
                  tone: 'neutral',
                },
                {
                  path: '/fleet?state=locked_out',
                  area: '/fleet',
                  label: 'lockedOut',
                  value: String(cabinets.lockedOut),
                  icon: 'snowflake',
                  tone: cabinets.lockedOut > 0 ? 'bad' : 'neutral',
                },
              ])}
            </ul>
          </section>`
          : nothing
      }
      ${
        this.#maySee('/orders')
          ? html`<section aria-labelledby="today-title"><h2 id="today-title" class="section">${word('today')}</h2>
            <ul class="tiles">
              ${this.#tiles([
                {
                  path: '/orders',
                  area: '/orders',
                  label: 'paidToday',
                  value: formatMoney(today.paidFen),
                  icon: 'banknote',
                  tone: 'neutral',
                  note: word('ordersCount', { count: today.orders }),
                },
                {
                  path: '/orders',
                  area: '/orders',
                  label: 'refundedToday',
                  value: formatMoney(today.refundedFen),
                  icon: 'undo',
                  tone: 'neutral',
                },
                {
                  path: '/tickets?view=closed',
                  area: '/tickets',
                  label: 'settledAlone',
                  value: String(today.settledWithoutPerson),
                  icon: 'circle-check',
                  tone: 'neutral',
                  note: word('ofDisputes', { count: today.disputes }),
                },
                {
                  path: '/tickets?view=closed',
                  area: '/tickets',
                  label: 'satisfaction',
                  value: home.satisfaction === null ? '–' : `${home.satisfaction.toFixed(1)} / 5`,
                  icon: 'activity',
                  tone: 'neutral',
                  note: word('sevenDays'),
                },
              ])}
            </ul>
          </section>`
          : nothing
      }
    `
  }

  #maySee(area: string): boolean {
    return maySee(area, this.services.me?.permissions ?? [])
  }
  #tiles(tiles: readonly Tile[]) {
    return tiles
      .filter((tile) => this.#maySee(tile.area))
      .map(
        (tile) => html`<li>
          <a class="tile tone-${tile.tone}" href="${BASE}${tile.path}">
            <span class="tile-label">${icon(tile.icon)}${word(tile.label)}</span>
            <b class="tile-value number">${tile.value}</b>
            ${tile.note ? html`<span class="soft small">${tile.note}</span>` : nothing}
          </a>
        </li>`,
      )
  }
}
