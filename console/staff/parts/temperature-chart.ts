import { html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { Readings } from '#protocol/api/staff/cabinets.ts'
import type { ChartData, ChartWords } from '../../components/staff-time-chart.ts'
import { formatCelsius } from '../../data/staff-format.ts'
import { temperatureSeries } from '../../data/staff-series.ts'
import { word } from '../../words/staff.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { moment, tableFrame } from '../views.ts'

const HOUR_MS = 3_600_000
const RANGES = { '2h': 2 * HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS } as const
type Range = keyof typeof RANGES
interface Loaded {
  readings: Readings
  fromMs: number
  toMs: number
}

/** Air temperature with the setpoint that was in force, the safe range, open doors, lockouts and gaps. */
@customElement('temperature-chart')
export class TemperatureChart extends StaffElement {
  @property() cabinetId = ''
  /** IANA name: where the cabinet stands; empty: where most of them do. */
  @property() timeZone = ''
  @state() private range: Range = '24h'
  @state() private isTable = false
  private readonly readings = new Resource<Loaded, [string, Range]>(this, {
    args: () => [this.cabinetId, this.range],
    load: async ([cabinetId, range], signal) => {
      const toMs = this.services.time.now()
      const fromMs = toMs - RANGES[range]
      const [readings] = await Promise.all([
        this.services.api.readings(cabinetId, fromMs, toMs, signal),
        import('../../components/staff-time-chart.ts'),
      ])
      return { readings, fromMs, toMs }
    },
    isAffected: (change) =>
      change.cabinetId === this.cabinetId && (change.kind === 'setpoint' || change.kind === 'cabinet'),
  })

  protected override render() {
    return html`<div class="chart">
      <div class="row wrap">
        <div class="segments" role="group" aria-label=${word('range')}>
          ${(Object.keys(RANGES) as Range[]).map(
            (range) =>
              html`<button aria-pressed=${this.range === range} @click=${() => (this.range = range)}>${word(`range.${range}`)}</button>`,
          )}
        </div>
        <span class="grow"></span>
        <button class="quiet" aria-pressed=${this.isTable} @click=${() => (this.isTable = !this.isTable)}>
          ${icon(this.isTable ? 'activity' : 'table')}${word(this.isTable ? 'showChart' : 'showTable')}
        </button>
      </div>
      ${this.readings.view((loaded) => this.#body(loaded))}
    </div>`
  }

  #body(loaded: Loaded) {
    if (loaded.readings.air.length === 0) return html`<p class="soft">${word('noReadings')}</p>`
    if (this.isTable) return this.#table(loaded)
    return html`<time-chart .data=${chartData(loaded)} .words=${this.#words()}></time-chart>
      <ul class="legend">
        <li><i class="line chart-bg-1"></i>${word('airTemperature')}</li>
        <li><i class="line dashed chart-bg-2"></i>${word('setpoint')}</li>
        <li><i class="swatch safe"></i>${word('safeRange', { limit: formatCelsius(loaded.readings.limitDeciCelsius) })}</li>
        <li><i class="swatch door"></i>${word('doorOpen')}</li>
        ${loaded.readings.lockouts.length > 0 ? html`<li><i class="swatch lockout"></i>${word('lockedOut')}</li>` : nothing}
        ${loaded.readings.gaps.length > 0 ? html`<li><i class="swatch gap"></i>${word('noData')}</li>` : nothing}
      </ul>`
  }

  get #time() {
    const { time } = this.services
    return this.timeZone === '' ? time : time.in(this.timeZone)
  }
  #words(): ChartWords {
    const time = this.#time
    return {
      name: word('temperatureChart'),
      formatTime: (atMs) => time.momentText(atMs),
      formatTick: (atMs) => (this.range === '7d' ? time.momentText(atMs) : time.clockText(atMs)),
      formatValue: (value) => `${value.toFixed(1).replace('-', '−')} °C`,
      nothing: word('noReadings'),
    }
  }

  #table({ readings }: Loaded) {
    return tableFrame(
      'temperatureChart',
      html`<table class="table compact">
        <caption class="aloud">${word('temperatureChart')}</caption>
        <thead>
          <tr><th scope="col">${word('time')}</th><th scope="col" class="end">${word('lowest')}</th><th scope="col" class="end">${word('mean')}</th><th scope="col" class="end">${word('highest')}</th></tr>
        </thead>
        <tbody>
          ${readings.air
            .slice(-120)
            .toReversed()
            .map(
              ([atMs, lowest, mean, highest]) => html`<tr>
                <td>${moment(this.#time, atMs)}</td>
                <td class="end number">${formatCelsius(lowest)}</td>
                <td class="end number">${formatCelsius(mean)}</td>
                <td class="end number">${formatCelsius(highest)}</td>
              </tr>`,
            )}
        </tbody>
      </table>`,
    )
  }
}

function chartData({ readings, fromMs, toMs }: Loaded): ChartData {
  const series = temperatureSeries(readings, fromMs, toMs)
  const limit = readings.limitDeciCelsius / 10
  return {
    atMs: series.atMs,
    fromMs,
    toMs,
    keepInView: [limit],
    lines: [
      { label: word('mean'), values: series.mean, colour: '--chart-1' },
      { label: word('lowest'), values: series.lowest, colour: '--chart-1', isFaint: true },
      { label: word('highest'), values: series.highest, colour: '--chart-1', isFaint: true },
      { label: word('setpoint'), values: series.setpoint, colour: '--chart-2', isStep: true, isDashed: true },
    ],
    bands: [
      { label: word('safeRange'), colour: '--chart-safe', toValue: limit },
      ...readings.gaps.map(([from, to]) => ({
        label: word('noData'),
        colour: '--chart-gap',
        fromMs: from,
        toMs: to,
      })),
      ...readings.lockouts.map(([from, to]) => ({
        label: word('lockedOut'),
        colour: '--chart-lockout',
        fromMs: from,
        toMs: to ?? toMs,
      })),
      ...readings.doorOpen.map(([from, to]) => ({
        label: word('doorOpen'),
        colour: '--chart-door',
        fromMs: from,
        toMs: to,
      })),
    ],
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'temperature-chart': TemperatureChart
  }
}
