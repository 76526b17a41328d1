import { html, nothing, type TemplateResult } from 'lit'
import type { ColdLog, ColdReading } from '#protocol/api/cold.ts'
import { dayIn } from '#protocol/base/zone-days.ts'
import { formatCelsius, formatSpan } from '../../data/staff-format.ts'
import type { ZoneTexts } from '../../data/staff-time.ts'
import { type ColdWord, coldWord as word, coldWordOr } from '../../words/cold.ts'
import { wordOr } from '../../words/staff.ts'
import { icon } from '../icons.ts'
import { badge } from '../views.ts'

/** The clock beside the cabinet, with the day: a log is read weeks later. */
export interface ColdTime extends ZoneTexts {
  readonly zone: string
}
function stamp(time: ColdTime, atMs: number) {
  return html`<time class="number stamp" datetime=${new Date(atMs).toISOString()}>${dayIn(atMs, time.zone)} ${time.exactText(atMs)}</time>`
}
function degrees(deciCelsius: number | null): string {
  return deciCelsius === null ? '–' : formatCelsius(deciCelsius)
}
function span(fromMs: number, toMs: number): string {
  return formatSpan(Math.max(0, toMs - fromMs))
}

/** One card with one table; `none` stands there when it has no rows. */
function tableCard(
  name: ColdWord,
  columns: ReadonlyArray<readonly [ColdWord, 'end'?]>,
  rows: readonly TemplateResult[],
  none?: string,
) {
  if (rows.length === 0 && none === undefined) return nothing
  return html`<section class="card" aria-labelledby="cold-${name}">
    <header class="card-head"><h2 id="cold-${name}">${word(name)}</h2>${rows.length > 0 ? html`<span class="soft number">${rows.length}</span>` : nothing}</header>
    ${
      rows.length === 0
        ? html`<p class="soft">${none}</p>`
        : html`<div class="table-frame tall" role="group" tabindex="0" aria-label=${word(name)}><table class="table compact">
            <caption class="aloud">${word(name)}</caption>
            <thead><tr>${columns.map(([column, end]) => html`<th scope="col" class=${end ?? ''}>${word(column)}</th>`)}</tr></thead>
            <tbody>${rows}</tbody>
          </table></div>`
    }
  </section>`
}

/** The figures on which an inspector looks first, and whether the record is whole. */
export function coldFacts(log: ColdLog, time: ColdTime) {
  const share = log.recordedMs / Math.max(1, log.toMs - log.fromMs)
  // Never rounded up to a record that is whole.
  const percent = `${(Math.floor(Math.min(1, share) * 1000) / 10).toFixed(1)} %`
  const isWhole = log.gaps.length === 0 && log.readings > 0
  const fact = (name: ColdWord, figure: string, note: TemplateResult | string, isBad = false) =>
    html`<div class="cold-fact"><dt>${word(name)}</dt><dd><b class="figure number ${isBad ? 'tone-text-bad' : ''}">${figure}</b><span class="soft small">${note}</span></dd></div>`
  const at = (extreme: ColdLog['highest']) => (extreme === null ? '' : stamp(time, extreme.atMs))
  return html`<section class="card" aria-label=${word('coldLog')}>
    <dl class="cold-facts">
      ${fact('highest', degrees(log.highest?.deciCelsius ?? null), html`${log.highest === null ? '' : html`${at(log.highest)}<br />`}${log.hasLockout ? word('limitNote', { limit: formatCelsius(log.limitDeciCelsius) }) : word('noLimit')}`, (log.highest?.deciCelsius ?? -1000) > log.limitDeciCelsius)}
      ${fact('lowest', degrees(log.lowest?.deciCelsius ?? null), at(log.lowest))}
      ${fact('mean', degrees(log.meanDeciCelsius), '')}
      ${fact('excursions', String(log.excursions.length), '')}
      ${fact(
        'lockouts',
        String(log.lockouts.length),
        '',
        log.lockouts.some((one) => one.clearedAtMs === null),
      )}
      ${fact('recorded', log.readings === 0 ? '0 %' : isWhole ? '100 %' : percent, word('recordedOf', { readings: log.readings, gaps: log.gaps.length }))}
    </dl>
    <p class="strip ${isWhole ? 'tone-ok' : 'tone-warn'}">${icon(isWhole ? 'circle-check' : 'triangle-alert')}<span>${log.readings === 0 ? word('nothing') : isWhole ? word('whole') : word('notWhole', { percent })}</span></p>
  </section>`
}

export function lockoutTable(log: ColdLog, time: ColdTime) {
  return tableCard(
    'lockouts',
    [['since'], ['cause'], ['peak', 'end'], ['end'], ['clearedBy'], ['goods'], ['reason']],
    log.lockouts.map(
      (one) => html`<tr>
        <td>${stamp(time, one.latchedAtMs)}${one.warmMs === null ? nothing : html`<br /><span class="soft small">${formatSpan(one.warmMs)}</span>`}</td>
        <td class="cold-text">${coldWordOr('cause', one.cause)}</td>
        <td class="end number">${degrees(one.peakDeciCelsius)}</td>
        <td>${one.clearedAtMs === null ? badge('bad', 'snowflake', word('notCleared')) : stamp(time, one.clearedAtMs)}</td>
        <td>${one.clearedBy ?? '–'}${one.clearedByRole === null ? nothing : html`<br /><span class="soft small">${wordOr(`role.${one.clearedByRole}`, one.clearedByRole)}</span>`}</td>
        <td>${one.goods === null ? '–' : coldWordOr('goods', one.goods)}</td>
        <td class="cold-text">${one.clearReason ?? '–'}</td>
      </tr>`,
    ),
    word('noLockouts'),
  )
}

export function excursionTable(log: ColdLog, time: ColdTime) {
  return tableCard(
    'excursions',
    [['since'], ['end'], ['duration', 'end'], ['peak', 'end'], ['limit', 'end']],
    log.excursions.map(
      (one) => html`<tr>
        <td>${stamp(time, one.beganAtMs)}</td>
        <td>${one.endedAtMs === null ? badge('warn', 'triangle-alert', word('lasts')) : stamp(time, one.endedAtMs)}</td>
        <td class="end number">${formatSpan(one.durationMs)}</td>
        <td class="end number tone-text-bad">${formatCelsius(one.peakDeciCelsius)}</td>
        <td class="end number soft">${formatCelsius(one.limitDeciCelsius)}</td>
      </tr>`,
    ),
    word('noExcursions'),
  )
}

export function gapTable(log: ColdLog, time: ColdTime) {
  return tableCard(
    'gaps',
    [['since'], ['end'], ['duration', 'end'], ['reason']],
    log.gaps.toReversed().map(
      (gap) => html`<tr>
        <td>${stamp(time, gap.fromMs)}</td>
        <td>${stamp(time, gap.toMs)}</td>
        <td class="end number">${span(gap.fromMs, gap.toMs)}</td>
        <td class="cold-text">${coldWordOr('gap', gap.reason)}</td>
      </tr>`,
    ),
  )
}

export function probeTable(log: ColdLog, time: ColdTime) {
  return tableCard(
    'probeFaults',
    [['since'], ['end'], ['probe'], ['fault']],
    log.probeFaults.map(
      (one) => html`<tr>
        <td>${stamp(time, one.beganAtMs)}</td>
        <td>${one.endedAtMs === null ? badge('warn', 'triangle-alert', word('lasts')) : stamp(time, one.endedAtMs)}</td>
        <td>${coldWordOr('probe', one.probe)}</td>
        <td class="cold-text">${coldWordOr('fault', one.fault)}</td>
      </tr>`,
    ),
  )
}

export function powerTable(log: ColdLog, time: ColdTime) {
  return tableCard(
    'power',
    [['when'], ['what']],
    log.power.map(
      (one) => html`<tr><td>${stamp(time, one.atMs)}</td><td>${coldWordOr('power', one.kind)}</td></tr>`,
    ),
  )
}

/** The rules that were in force, in words. */
export function timerList({ timers, hasLockout }: ColdLog) {
  if (!hasLockout) return nothing
  const each = ['afterMs', 'afterDoorCloseMs', 'afterDefrostMs', 'totalMs', 'unseenMs'] as const
  return html`<section class="card" aria-labelledby="cold-timers">
    <header class="card-head"><h2 id="cold-timers">${word('timers')}</h2></header>
    <ul class="plain">${each.map(
      (name) =>
        html`<li>${word(`timer.${name}`, { span: formatSpan(timers[name]), window: formatSpan(timers.totalWindowMs) })}</li>`,
    )}</ul>
    <p class="soft small">${word('timersNote')}</p>
  </section>`
}

export function readingTable(readings: readonly ColdReading[], time: ColdTime) {
  if (readings.length === 0) return nothing
  return html`<section class="card" aria-labelledby="cold-readings">
    <header class="card-head"><h2 id="cold-readings">${word('readings')}</h2></header>
    <p class="soft small">${word('readingsLead')}</p>
    <div class="table-frame" role="group" tabindex="0" aria-label=${word('readings')}><table class="table compact">
      <caption class="aloud">${word('readings')}</caption>
      <thead><tr>
        <th scope="col">${word('end')}</th><th scope="col" class="end">${word('duration')}</th><th scope="col" class="end">${word('lowest')}</th>
        <th scope="col" class="end">${word('mean')}</th><th scope="col" class="end">${word('highest')}</th><th scope="col" class="end">${word('setpoint')}</th>
        <th scope="col" class="end">${word('compressor')}</th><th scope="col" class="end">${word('doorOpen')}</th>
      </tr></thead>
      <tbody>${readings.map(
        (one) => html`<tr>
            <td>${stamp(time, one.atMs)}</td><td class="end number soft">${formatSpan(one.windowMs)}</td>
            <td class="end number">${formatCelsius(one.lowest)}</td><td class="end number">${formatCelsius(one.mean)}</td>
            <td class="end number">${formatCelsius(one.highest)}</td><td class="end number soft">${degrees(one.setpoint)}</td>
            <td class="end number soft">${one.compressorOnMs === 0 ? '–' : formatSpan(one.compressorOnMs)}</td>
            <td class="end number soft">${one.doorOpenMs === 0 ? '–' : formatSpan(one.doorOpenMs)}</td>
          </tr>
          ${one.gapBeforeMs === 0 ? nothing : html`<tr class="gap-row"><td colspan="8">${icon('triangle-alert')} ${word('gapBefore', { span: formatSpan(one.gapBeforeMs) })}</td></tr>`}`,
      )}</tbody>
    </table></div>
  </section>`
}
