import { html, nothing, type TemplateResult } from 'lit'
import type { ReportTableKey, SupportReport } from '#protocol/api/reports.ts'
import { REPORT_TABLES } from '../../data/staff-follow-up.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { FIGURE_WORDS, TABLE_WORDS } from '#protocol/words/reports.ts'
import { reportWord as word } from '../../words/reports.ts'
import { wordOr } from '../../words/staff.ts'
import { choose, language } from '../../words/words.ts'
import { icon } from '../icons.ts'
import { figureValue, ratioText } from './figure-tiles.ts'

const ROWS_SHOWN = 15
/** Columns that stand beside each other on a phone. */
const FIT_A_PHONE = 3
type Column = readonly [label: string, isNumber: boolean]

function table(key: ReportTableKey, columns: readonly Column[], rows: ReadonlyArray<readonly unknown[]>) {
  if (rows.length === 0) return html`<p class="soft">${word('nothing')}</p>`
  return html`<div class="table-frame" role="group" tabindex="0" aria-label=${choose(TABLE_WORDS[key].title)}>
    <table class="table compact ${columns.length > FIT_A_PHONE ? 'rows' : ''}">
      <caption class="aloud">${choose(TABLE_WORDS[key].title)}</caption>
      <thead><tr>${columns.map(([label, isNumber]) => html`<th scope="col" class=${isNumber ? 'end' : ''}>${label}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class=${index === 0 ? 'row-name' : columns[index]?.[1] === true ? 'end number' : 'row-text'}>${cell}</td>`)}</tr>`)}</tbody>
    </table></div>`
}
const text = (label: string): Column => [label, false]
const number = (label: string): Column => [label, true]

function bodyOf(key: ReportTableKey, { figures, tables }: SupportReport): TemplateResult {
  switch (key) {
    case 'figures':
      return table(
        key,
        [text(word('figure')), number(word('value')), number(word('before')), text(word('meaning'))],
        figures.map((figure) => [
          choose(FIGURE_WORDS[figure.key].title),
          figureValue(figure, figure.value),
          figureValue(figure, figure.before),
          html`<span class="small soft">${choose(FIGURE_WORDS[figure.key].meaning)}</span>`,
        ]),
      )
    case 'types':
      return table(
        key,
        [text(word('type')), number(word('opened')), number(word('before'))],
        tables.types.map((row) => [choose(row.label), row.opened, row.before]),
      )
    case 'causes':
      return table(
        key,
        [text(word('cause')), number(word('cases')), number(word('before'))],
        tables.causes.map((row) => [
          wordOr(`rootCause.${row.rootCause}`, row.rootCause),
          row.cases,
          row.before,
        ]),
      )
    case 'refunds':
      return table(
        key,
        [text(word('reason')), number(word('refunds')), number(word('amount')), number(word('before'))],
        tables.refunds.map((row) => [
          wordOr(`refundReason.${row.reason}`, row.reason),
          row.refunds,
          formatMoney(row.amountFen),
          formatMoney(row.beforeFen),
        ]),
      )
    case 'cabinets':
    case 'products':
      return table(
        key,
        [
          text(word(key === 'cabinets' ? 'cabinet' : 'product')),
          number(word('orders')),
          number(word('questions')),
          number(word('rate')),
          number(word('before')),
        ],
        tables[key]
          .slice(0, ROWS_SHOWN)
          .map((row) => [
            choose(row.name),
            row.orders,
            row.disputes,
            ratioText(row.rate),
            ratioText(row.before),
          ]),
      )
    case 'days':
      return table(
        key,
        [
          text(word('day')),
          number(word('opened')),
          number(word('solved')),
          number(word('questions')),
          number(word('refundedYuan')),
        ],
        tables.days.map((row) => [
          row.day,
          row.opened,
          row.solved,
          row.disputes,
          formatMoney(row.refundedFen),
        ]),
      )
  }
}

export function reportTable(key: ReportTableKey, report: SupportReport): TemplateResult {
  return bodyOf(key, report)
}
/** Every table of a report under its name and meaning, each with its file. */
export function reportTables(report: SupportReport, keys: readonly ReportTableKey[] = REPORT_TABLES) {
  return keys.map(
    (key) => html`<section class="card report-table" aria-labelledby="table-${key}">
      <header class="card-head"><h2 id="table-${key}">${choose(TABLE_WORDS[key].title)}</h2>${csvLink(key, report)}</header>
      <p class="soft small">${choose(TABLE_WORDS[key].meaning)}</p>
      ${bodyOf(key, report)}
    </section>`,
  )
}
export function csvLink(key: ReportTableKey, { period, before }: SupportReport) {
  if (before === undefined) return nothing
  const query = new URLSearchParams({ table: key, from: period.from, to: period.to, language: language() })
  const name = word('csvOf', { table: choose(TABLE_WORDS[key].title) })
  return html`<a class="quiet no-print" download href="/api/staff/reports/table.csv?${query.toString()}" aria-label=${name}>${icon('table')}${word('csv')}</a>`
}
