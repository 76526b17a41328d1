import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { SESSION_STATE_WORDS } from '#protocol/words/states.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { cameraName, formatCelsius, formatGrams, formatSpan, shelfName } from '../../data/staff-format.ts'
import { callerWord } from '../../words/callers.ts'
import { accessWord } from '../../words/access.ts'
import { coldWord, coldWordOr } from '../../words/cold.ts'
import { controlWord } from '../../words/control.ts'
import { deliveryWord } from '../../words/delivery.ts'
import { word, wordOr } from '../../words/staff.ts'
import { restockWord } from '../../words/restock.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { alarmBadge, alarmSentence } from '../parts/alarm-views.ts'
import { cabinetBadges } from '../parts/cabinet-views.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { badge, card, exactTime, idChip, moment, money, pageHead, personText, stateBadge } from '../views.ts'
import '../../components/product-picture.ts'
import '../parts/access-card.ts'
import '../parts/command-dialog.ts'
import '../parts/command-panel.ts'
import '../parts/setpoint-card.ts'
import '../parts/temperature-chart.ts'
import '../parts/twin-card.ts'

/** One cabinet: how it is, how warm it is and shall be, what lies in it, what it did. */
@customElement('page-cabinet')
export class CabinetPage extends StaffPage {
  /** What the cabinet said since the last load. */
  @state() private heard: LiveFrame | undefined
  private readonly cabinet = new Resource<CabinetDetail, [string]>(this, {
    args: () => [this.#id],
    load: ([id], signal) => this.services.api.cabinet(id, signal),
    isAffected: (change) =>
      change.kind !== 'live' && (change.cabinetId === this.#id || change.subjectId === this.#id),
    onValue: () => (this.heard = undefined),
  })
  get #id(): string {
    return this.params['id'] ?? ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.time.onSecond(() => this.requestUpdate()))
    this.whileConnected(
      this.services.live.onChange((change) => {
        if (change.kind === 'live' && (change.cabinetId ?? change.subjectId) === this.#id)
          this.#receive(change.data)
      }),
    )
  }
  #receive(data: Record<string, unknown> | undefined): void {
    if (isLiveFrame(data)) this.heard = data
  }
  /** The row as loaded, with what the cabinet has said since. */
  #current(cabinet: CabinetDetail['cabinet']): CabinetDetail['cabinet'] {
    const { heard } = this
    if (!heard) return cabinet
    return {
      ...cabinet,
      presence: 'online',
      lastHeardMs: this.services.time.now(),
      isDoorOpen: heard.isDoorOpen,
      airDeciCelsius: heard.airDeciCelsius,
      camera: heard.camera ?? cabinet.camera,
    }
  }

  async #acknowledge(alarmId: string): Promise<void> {
    try {
      await this.services.api.acknowledgeAlarm(alarmId)
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
    this.cabinet.reload()
  }

  protected override render() {
    const detail = this.cabinet.value
    return html`${pageHead(detail ? choose(detail.cabinet.name) : word('cabinet'), {
      lead: detail
        ? html`<p class="soft">${choose(detail.cabinet.site)} · ${detail.cabinet.operator} · <code>${detail.cabinet.cabinetId}</code></p>`
        : nothing,
    })}
      ${this.cabinet.view((loaded) => this.#body(loaded))}`
  }

  #body(detail: CabinetDetail) {
    const cabinet = this.#current(detail.cabinet)
    const current = { ...detail, cabinet }
    return html`<p class="row wrap cabinet-badges ${cabinet.presence === 'offline' ? 'is-faded' : ''}">${cabinetBadges(this.services, cabinet)}</p>
      <div class="cabinet-columns"><div class="stack">
        ${card(
          'temperature',
          html`<p class="temperature-now ${cabinet.presence === 'online' ? '' : 'is-faded'}">
              <b class="figure number">${cabinet.airDeciCelsius === null ? '–' : formatCelsius(cabinet.airDeciCelsius)}</b>
              <span class="soft">${word('airNow')}</span>
            </p>
            <temperature-chart .cabinetId=${cabinet.cabinetId} .timeZone=${detail.timeZone}></temperature-chart>`,
          {
            className: 'area-chart',
            actions: html`<a class="small" href="${BASE}/cabinets/${cabinet.cabinetId}/cold">${coldWord('open')}</a>`,
          },
        )}
        ${this.#stock(detail)} ${this.#events(detail)}
        </div>
        <div class="stack">
        ${card(
          'setpoint',
          html`<setpoint-card .cabinet=${cabinet} .isReadOnly=${!detail.actions.includes('setpoint')} @changed=${() => this.cabinet.reload()}></setpoint-card>`,
          { className: 'area-setpoint' },
        )}
        ${this.#alarms(detail)} ${this.#cameras(detail)} ${this.#commands(current)} ${this.#twin(current)} ${this.#sessions(detail)} ${this.#link(detail)} ${this.#access(detail)}
        </div>
      </div>`
  }

  #alarms({ alarms, actions, timeZone }: CabinetDetail) {
    const active = alarms.filter((alarm) => alarm.state !== 'cleared')
    return card(
      'alarms',
      active.length === 0
        ? html`<p class="soft">${word('noAlarms')}</p>`
        : html`<ul class="ledger">
            ${active.map(
              (alarm) => html`<li>
                <div class="split"><b>${wordOr(`alarm.${alarm.kind}`, alarm.kind)}</b>${alarmBadge(alarm.state)}</div>
                ${alarmSentence(alarm)}
                <p class="soft small">
                  ${moment(this.#time(timeZone), alarm.raisedAtMs)}${alarm.count > 1 ? html` · ${word('times', { count: alarm.count })}` : nothing}
                  ${alarm.acknowledgedBy ? html` · ${word('acknowledgedBy', { name: personText(this.services, alarm.acknowledgedBy) })}` : nothing}
                </p>
                ${
                  alarm.state === 'raised' && actions.includes('acknowledge')
                    ? html`<button class="button" @click=${() => void this.#acknowledge(alarm.alarmId)}>${icon('check')}${word('acknowledge')}</button>`
                    : nothing
                }
              </li>`,
            )}
          </ul>`,
      { className: 'area-alarms' },
    )
  }

  /** Each camera by its name, and what it cannot see. */
  #cameras({ cameras, timeZone }: CabinetDetail) {
    return html`<section class="card area-cameras" aria-labelledby="card-cameras">
      <header class="card-head"><h2 id="card-cameras">${coldWord('cameras')}</h2></header>
      ${
        cameras.length === 0
          ? html`<p class="soft">${coldWord('noCameras')}</p>`
          : html`<ul class="ledger">${cameras.map((one) => {
              const state = this.heard?.cameras?.[one.camera] ?? one.state
              const trouble = state === 'clear' ? null : state === one.state ? one.trouble : state
              return html`<li class="split">
                <b>${cameraName(one.camera)}</b>
                <span>${trouble === null ? badge('ok', 'circle-check', coldWord('sees')) : badge('warn', 'camera', coldWordOr('trouble', trouble))}
                ${trouble !== null && one.sinceMs !== null ? html`<span class="soft small">${moment(this.#time(timeZone), one.sinceMs)}</span>` : nothing}</span>
              </li>`
            })}</ul>`
      }
    </section>`
  }

  #stock({ stock, planogramVersion, cabinet }: CabinetDetail) {
    const shelves = [...new Set(stock.map((row) => row.shelf))]
    return card(
      'stock',
      stock.length === 0
        ? html`<p class="soft">${word('noPlanogram')}</p>`
        : html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('stock')}>
            <table class="table compact">
              <caption class="aloud">${word('stock')}</caption>
              <thead><tr><th scope="col">${word('product')}</th><th scope="col" class="end">${word('pieces')}</th><th scope="col" class="end">${word('price')}</th><th scope="col" class="end">${word('unitWeight')}</th></tr></thead>
              ${shelves.map((shelf) => {
                const rows = stock.filter((row) => row.shelf === shelf)
                const grams = this.heard?.grams[shelf] ?? rows[0]?.liveGrams ?? null
                return html`<tbody>
                  <tr class="group"><th scope="rowgroup" colspan="4"><span class="split"><span>${word('shelf', { shelf: shelfName(shelf) })}</span><span class="number ${cabinet.presence === 'offline' ? 'soft' : ''}">${icon('scale')}${grams === null ? word('notKnown') : formatGrams(grams)}</span></span></th></tr>
                  ${rows.map(
                    (row) => html`<tr>
                      <td><span class="product"><product-picture .picture=${row.picture}></product-picture>${choose(row.name)}</span></td>
                      <td class="end number">
                        <span class=${row.quantity === 0 ? 'tone-text-bad' : row.quantity <= row.capacity / 4 ? 'tone-text-warn' : ''}>${row.quantity === 0 ? word('soldOut') : row.quantity}</span>
                        <span class="soft"> / ${row.capacity}</span>
                      </td>
                      <td class="end">${money(row.priceFen)}</td>
                      <td class="end number soft">${formatGrams(row.unitGrams)}</td>
                    </tr>`,
                  )}
                </tbody>`
              })}
            </table>
          </div>`,
      {
        className: 'area-stock',
        actions: html`<a class="small" href="${BASE}/cabinets/${cabinet.cabinetId}/visits">${restockWord('visits')}</a> <a class="small" href="${BASE}/cabinets/${cabinet.cabinetId}/planogram">${word('planogram')}${planogramVersion === null ? nothing : html` <span class="number">${planogramVersion}</span>`}</a>`,
      },
    )
  }

  /** As the clock beside the cabinet shows it. */
  #time(timeZone: string) {
    return this.services.time.in(timeZone)
  }
  #commands(detail: CabinetDetail) {
    return card(
      'commands',
      html`<command-panel .detail=${detail} @sent=${() => this.cabinet.reload()}></command-panel>`,
      { className: 'area-commands' },
    )
  }
  #twin(detail: CabinetDetail) {
    return html`<section class="card area-twin" aria-labelledby="card-twin">
      <header class="card-head"><h2 id="card-twin">${controlWord('twin')}</h2></header>
      <twin-card .detail=${detail} @changed=${() => this.cabinet.reload()}></twin-card>
    </section>`
  }

  #sessions({ sessions, timeZone }: CabinetDetail) {
    return card(
      'sessions',
      sessions.length === 0
        ? html`<p class="soft">${word('noSessions')}</p>`
        : html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('sessions')}>
            <table class="table compact">
              <caption class="aloud">${word('sessions')}</caption>
              <thead><tr><th scope="col">${word('time')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${word('total')}</th></tr></thead>
              <tbody>
                ${sessions.map(
                  (session) => html`<tr>
                    <td>${session.orderId ? html`<a href="${BASE}/orders/${session.orderId}">${moment(this.#time(timeZone), session.atMs)}</a>` : moment(this.#time(timeZone), session.atMs)}</td>
                    <td>${stateBadge(SESSION_STATE_WORDS[session.state])}</td>
                    <td class="end number">${session.totalFen === 0 && session.state !== 'settled' ? '–' : session.totalFen !== null ? formatMoney(session.totalFen) : session.orderId === null ? '–' : html`<span class="soft">${callerWord('amountHidden')}</span>`}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>`,
      { className: 'area-sessions' },
    )
  }

  #events({ events, timeZone }: CabinetDetail) {
    return card(
      'events',
      events.length === 0
        ? html`<p class="soft">${word('noEvents')}</p>`
        : html`<div class="table-frame tall" role="group" tabindex="0" aria-label=${word('events')}>
            <table class="table compact">
              <caption class="aloud">${word('events')}</caption>
              <thead><tr><th scope="col">${word('occurred')}</th><th scope="col">${word('what')}</th><th scope="col" class="end">${word('sequence')}</th></tr></thead>
              <tbody>
                ${events.map(
                  (event) => html`<tr>
                    <td>
                      ${exactTime(this.#time(timeZone), event.occurredAtMs)}
                      ${event.receivedAtMs - event.occurredAtMs > 60_000 ? html`<br /><span class="soft small">${word('heardLater', { span: formatSpan(event.receivedAtMs - event.occurredAtMs) })}</span>` : nothing}
                    </td>
                    <td><code>${event.type}</code> ${event.status === 'done' || event.status === 'ok' ? nothing : html`<span class="soft small">${event.status}</span>`}<br /><span class="soft small">${event.summary}</span></td>
                    <td class="end number soft">${event.seq}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>`,
      { className: 'area-events' },
    )
  }

  #access({ cabinet }: CabinetDetail) {
    return html`<section class="card area-access" aria-labelledby="card-access">
      <header class="card-head"><h2 id="card-access">${accessWord('access')}</h2></header>
      <access-card .cabinetId=${cabinet.cabinetId}></access-card>
    </section>`
  }
  #link({ link }: CabinetDetail) {
    return card(
      'connection',
      html`<dl class="facts">
        <dt>${word('firmware')}</dt><dd><code>${link.firmware ?? '–'}</code></dd>
        <dt>${word('bootCount')}</dt><dd class="number">${link.boot}</dd>
        <dt>${word('lastSequence')}</dt><dd class="number">${link.lastSeq}</dd>
        <dt>${word('epoch')}</dt><dd>${link.epoch ? idChip(this.services, link.epoch) : '–'}</dd>
        <dt>${word('clockSkew')}</dt><dd class="number">${link.clockSkewMs === null ? '–' : `${link.clockSkewMs} ms`}</dd>
        <dt>${word('deadLetters')}</dt><dd class="number">${link.deadLetters}</dd>
      </dl>
      <p><a href="${BASE}/cabinets/${this.#id}/delivery">${deliveryWord('delivery')}</a></p>`,
      { className: 'area-link' },
    )
  }
}

/** The part of the `live` message that this page shows (protocol/messages/frames.ts). */
interface LiveFrame {
  readonly grams: Readonly<Record<string, number | null>>
  readonly isDoorOpen: boolean | null
  readonly airDeciCelsius: number | null
  readonly camera?: string | null
  readonly cameras?: Readonly<Record<string, CabinetDetail['cameras'][number]['state']>>
}
function isLiveFrame(data: unknown): data is LiveFrame {
  return typeof data === 'object' && data !== null && 'grams' in data && typeof data.grams === 'object'
}
