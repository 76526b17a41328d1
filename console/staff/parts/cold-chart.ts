import { html, nothing } from 'lit'
import type { ColdLog } from '#protocol/api/cold.ts'
import type { ChartData, ChartWords } from '../../components/staff-time-chart.ts'
import { formatCelsius, formatSpan } from '../../data/staff-format.ts'
import { temperatureSeries } from '../../data/staff-series.ts'
import type { ZoneTexts } from '../../data/staff-time.ts'
import { coldWord } from '../../words/cold.ts'
import { word } from '../../words/staff.ts'

const DAY_MS = 24 * 3_600_000
/** Points further apart than so many of their widths are not one line. */
const TORN_AFTER_WIDTHS = 2.5
const TORN_AFTER_MS_LEAST = 15 * 60_000

/** The whole period with its gaps, lockouts and open doors. */
export function coldChart(log: ColdLog, time: ZoneTexts) {
  if (log.points.length === 0) return html`<p class="soft">${coldWord('nothing')}</p>`
  return html`<time-chart .data=${dataOf(log)} .words=${wordsOf(log, time)}></time-chart>
    <ul class="legend">
      <li><i class="line chart-bg-1"></i>${word('airTemperature')}</li>
      <li><i class="line dashed chart-bg-2"></i>${word('setpoint')}</li>
      <li><i class="swatch safe"></i>${word('safeRange', { limit: formatCelsius(log.limitDeciCelsius) })}</li>
      ${log.doorOpen.length > 0 ? html`<li><i class="swatch door"></i>${word('doorOpen')}</li>` : nothing}
      ${log.lockouts.length > 0 ? html`<li><i class="swatch lockout"></i>${word('lockedOut')}</li>` : nothing}
      ${log.gaps.length > 0 ? html`<li><i class="swatch gap"></i>${word('noData')}</li>` : nothing}
    </ul>
    ${log.pointMs > 0 ? html`<p class="soft small">${coldWord('widePoints', { span: formatSpan(log.pointMs) })}</p>` : nothing}`
}

function wordsOf(log: ColdLog, time: ZoneTexts): ChartWords {
  return {
    name: coldWord('chart'),
    formatTime: (atMs) => time.momentText(atMs),
    formatTick: (atMs) => (log.toMs - log.fromMs > 2 * DAY_MS ? time.momentText(atMs) : time.clockText(atMs)),
    formatValue: (value) => `${value.toFixed(1).replace('-', '−')} °C`,
    nothing: coldWord('nothing'),
  }
}

function dataOf(log: ColdLog): ChartData {
  const { fromMs, toMs } = log
  const readings = {
    air: log.points,
    setpoints: log.setpoints,
    doorOpen: log.doorOpen,
    gaps: log.gaps.map((gap): [number, number] => [gap.fromMs, gap.toMs]),
    lockouts: log.lockouts.map((one): [number, number | null] => [one.latchedAtMs, one.clearedAtMs]),
    limitDeciCelsius: log.limitDeciCelsius,
  }
  const tornAfterMs = Math.max(TORN_AFTER_MS_LEAST, log.pointMs * TORN_AFTER_WIDTHS)
  const series = temperatureSeries(readings, fromMs, toMs, tornAfterMs)
  const limit = log.limitDeciCelsius / 10
  const band = (label: string, colour: string) => (interval: readonly [number, number | null]) => ({
    label,
    colour,
    fromMs: Math.max(fromMs, interval[0]),
    toMs: Math.min(toMs, interval[1] ?? toMs),
  })
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
      ...readings.gaps.map(band(word('noData'), '--chart-gap')),
      ...readings.lockouts.map(band(word('lockedOut'), '--chart-lockout')),
      ...readings.doorOpen.map(band(word('doorOpen'), '--chart-door')),
    ],
  }
}
