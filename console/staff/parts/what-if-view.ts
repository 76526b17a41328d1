import { html, nothing, type TemplateResult } from 'lit'
import type { WhatIf } from '#protocol/api/policies.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { policyWord as word } from '../../words/policies.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { icon } from '../icons.ts'
import type { Services } from '../services.ts'
import { moment } from '../views.ts'

/** What other limits would have decided on past cases: in one sentence, in sums, and case by case. */
export function whatIfView(services: Services, answer: WhatIf): TemplateResult {
  return html`<section class="card stack what-if" aria-labelledby="what-if" aria-live="polite">
    <h2 id="what-if">${word('whatIf')}</h2>
    <p class="strip tone-${answer.changed === 0 ? 'ok' : 'warn'}">${icon(answer.changed === 0 ? 'circle-check' : 'scale')}<span>${sentence(answer)}</span></p>
    ${answer.isWhole ? nothing : html`<p class="soft small">${word('whatIfPart', { cases: answer.cases })}</p>`}
    ${answer.notReproduced === 0 ? nothing : html`<p class="strip tone-bad">${icon('circle-alert')}<span>${word('notReproduced', { count: answer.notReproduced })}</span></p>`}
    ${answer.cases === 0 ? nothing : totals(answer)}
    ${answer.changed === 0 ? nothing : html`${moves(answer)}${cases(services, answer)}`}
  </section>`
}

function sentence({ cases: count, changed }: WhatIf): string {
  if (count === 0) return word('whatIfNone')
  return changed === 0
    ? word('whatIfSame', { cases: count })
    : word('whatIfChanged', { changed, cases: count })
}

function totals({ was, would }: WhatIf): TemplateResult {
  const rows = [
    { name: word('persons'), was: was.persons, would: would.persons, isMoney: false },
    { name: word('chargedAlone'), was: was.chargedFen, would: would.chargedFen, isMoney: true },
    { name: word('refundedAlone'), was: was.refundedFen, would: would.refundedFen, isMoney: true },
  ]
  const shown = (value: number, isMoney: boolean) => (isMoney ? formatMoney(value) : String(value))
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${word('measure')}><table class="table compact">
    <thead><tr><th scope="col">${word('measure')}</th><th scope="col" class="end">${word('was')}</th><th scope="col" class="end">${word('would')}</th><th scope="col" class="end">${word('difference')}</th></tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr><th scope="row">${row.name}</th><td class="end number">${shown(row.was, row.isMoney)}</td><td class="end number">${shown(row.would, row.isMoney)}</td><td class="end number">${signed(row.would - row.was, row.isMoney)}</td></tr>`,
    )}</tbody></table></div>`
}

function signed(difference: number, isMoney: boolean): string {
  if (difference === 0) return '–'
  const size = isMoney ? formatMoney(Math.abs(difference)) : String(Math.abs(difference))
  return `${difference < 0 ? '−' : '+'}${size}`
}

function moves({ moves: list }: WhatIf): TemplateResult {
  const changed = list.filter(({ from, to, effectFen }) => from !== to || effectFen !== 0)
  return html`<h3>${word('moves')}</h3>
    <div class="table-frame" tabindex="0" role="region" aria-label=${word('moves')}><table class="table compact">
    <thead><tr><th scope="col">${word('from')}</th><th scope="col">${word('to')}</th><th scope="col" class="end">${word('count')}</th><th scope="col" class="end">${word('effect')}</th></tr></thead>
    <tbody>${changed.map(
      ({ from, to, count, effectFen }) =>
        html`<tr><td>${word(`outcome.${from}`)}</td><td>${word(`outcome.${to}`)}</td><td class="end number">${count}</td><td class="end number">${signed(effectFen, true)}</td></tr>`,
    )}</tbody></table></div>`
}

function cases(services: Services, { rows, changed }: WhatIf): TemplateResult {
  return html`<h3>${word('cases')}</h3>
    ${rows.length < changed ? html`<p class="soft small">${word('casesMost', { count: rows.length })}</p>` : nothing}
    <div class="table-frame tall" tabindex="0" role="region" aria-label=${word('cases')}><table class="table compact">
    <thead><tr><th scope="col">${word('when')}</th><th scope="col">${word('cabinet')}</th><th scope="col">${word('from')}</th><th scope="col">${word('to')}</th><th scope="col" class="end">${word('effect')}</th><th scope="col">${word('order')}</th></tr></thead>
    <tbody>${rows.map(
      (
        row,
      ) => html`<tr><td>${moment(services.time, row.atMs)}</td><td>${row.cabinetName === null ? '–' : choose(row.cabinetName)}</td>
        <td>${word(`outcome.${row.from}`)}</td><td><b>${word(`outcome.${row.to}`)}</b></td>
        <td class="end number">${signed(row.wouldFen - row.wasFen, true)}</td>
        <td>${row.orderId === null ? '–' : html`<a href="${BASE}/orders/${row.orderId}">${word('openCase')}<span class="aloud"> ${row.orderId}</span></a>`}</td></tr>`,
    )}</tbody></table></div>`
}
