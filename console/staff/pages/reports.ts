import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { MonthList, SupportReport } from '#protocol/api/reports.ts'
import { formatMoney } from '#protocol/words/format.ts'
import type { ChartData, ChartLine, ChartWords } from '../../components/staff-time-chart.ts'
import { reportWord as word } from '../../words/reports.ts'
import { word as staffWord } from '../../words/staff.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { csvLink, reportTable, reportTables } from '../parts/report-tables.ts'
import { figureTiles } from '../parts/figure-tiles.ts'
import { Resource } from '../resource.ts'
import { pageHead } from '../views.ts'

const SPANS = [7, 30, 90] as const
const DAY_MS = 86_400_000
const BEIJING_MS = 8 * 3_600_000
/** The day of the books, as the core counts it. */
const dayOf = (atMs: number) => new Date(atMs + BEIJING_MS).toISOString().slice(0, 10)

/** What support came to in a period, beside the period before. */
@customElement('page-reports')
export class ReportsPage extends StaffPage {
  @state() private hasMeanings = false
  @state() private isTable = false
  @state() private isMoney = false
  private readonly report = new Resource<SupportReport, [string, string]>(this, {
    args: () => this.#period,
    load: async ([from, to], signal) => {
      const [report] = await Promise.all([
        this.services.api.report(from, to, signal),
        import('../../components/staff-time-chart.ts'),
      ])
      return report
    },
  })
  private readonly months = new Resource<MonthList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.reportMonths(signal),
  })
  get #period(): [string, string] {
    const nowMs = this.services.time.now()
    const to = this.query.get('to') ?? dayOf(nowMs)
    return [this.query.get('from') ?? dayOf(nowMs - 29 * DAY_MS), to]
  }
  #pick(event: SubmitEvent): void {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.services.go(`/reports?from=${fieldText(form, 'from')}&to=${fieldText(form, 'to')}`)
  }

  protected override render() {
    const isOwn = this.services.me?.role === 'operator'
    return html`${pageHead(word('reports'), {
      lead: html`<p class="soft">${word('lead')}${isOwn ? html` ${word('ownOnly')}` : nothing}</p>`,
    })}
      ${this.#periods()}
      <div class="stack">${this.report.view((report) => this.#body(report))} ${this.#monthList()}</div>`
  }

  #periods() {
    const nowMs = this.services.time.now()
    const [from, to] = this.#period
    const today = dayOf(nowMs)
    return html`<div class="toolbar">
      <nav class="tabs" aria-label=${word('periods')}>${SPANS.map((days) => {
        const first = dayOf(nowMs - (days - 1) * DAY_MS)
        return html`<a href="${BASE}/reports?from=${first}&to=${today}" aria-current=${first === from && to === today ? 'page' : nothing}>${word(`period.${days}`)}</a>`
      })}</nav>
      <form class="inline row wrap" @submit=${(event: SubmitEvent) => this.#pick(event)}>
        <label class="row small">${word('from')}<input type="date" name="from" required max=${today} .value=${from} /></label>
        <label class="row small">${word('to')}<input type="date" name="to" required max=${today} .value=${to} /></label>
        <button class="button">${word('show')}</button>
      </form>
    </div>`
  }

  #body(report: SupportReport) {
    const { period, before } = report
    return html`<div class="stack">
      <div class="row wrap"><p class="soft small">${word('comparedWith', { from: period.from, to: period.to, beforeFrom: before.from, beforeTo: before.to })}</p><span class="grow"></span>
        <button class="quiet" aria-pressed=${this.hasMeanings} @click=${() => (this.hasMeanings = !this.hasMeanings)}>${icon('help')}${word(this.hasMeanings ? 'hideMeanings' : 'showMeanings')}</button>
        ${csvLink('figures', report)}</div>
      ${figureTiles(report.figures, this.hasMeanings)}
      ${this.#chart(report)}
      <div class="report-grid">${reportTables(report, ['types', 'causes', 'refunds', 'cabinets', 'products'])}</div>
    </div>`
  }

  #chart(report: SupportReport) {
    return html`<section class="card chart" aria-labelledby="report-days"><header class="card-head"><h2 id="report-days">${word('chart')}</h2>
        <div class="segments" role="group" aria-label=${word('chart')}>
          <button aria-pressed=${!this.isMoney} @click=${() => (this.isMoney = false)}>${word('group.volume')}</button>
          <button aria-pressed=${this.isMoney} @click=${() => (this.isMoney = true)}>${word('refundedYuan')}</button>
        </div>
        <button class="quiet" aria-pressed=${this.isTable} @click=${() => (this.isTable = !this.isTable)}>${icon(this.isTable ? 'activity' : 'table')}${staffWord(this.isTable ? 'showChart' : 'showTable')}</button>
        ${csvLink('days', report)}</header>
      ${
        this.isTable
          ? reportTable('days', report)
          : html`<time-chart .data=${chartData(report, this.isMoney)} .words=${this.#words()}></time-chart>
            <ul class="legend">${linesOf(report, this.isMoney).map((line) => html`<li><i class="line ${line.colour.replace('--', '').replace('chart-', 'chart-bg-')}"></i>${line.label}</li>`)}</ul>`
      }</section>`
  }
  #words(): ChartWords {
    return {
      name: word('chart'),
      formatTime: dayOf,
      formatTick: (atMs) => dayOf(atMs).slice(5),
      formatValue: (value) => (this.isMoney ? formatMoney(value) : String(value)),
      formatAxis: (value) =>
        this.isMoney ? formatMoney(value) : Number.isInteger(value) ? String(value) : '',
      nothing: word('nothing'),
    }
  }

  #monthList() {
    return html`<section class="card" aria-labelledby="report-months"><header class="card-head"><h2 id="report-months">${word('months')}</h2></header>
      ${this.months.view(({ months }) =>
        months.length === 0
          ? html`<p class="soft">${word('noMonths')}</p>`
          : html`<ul class="plain row wrap">${months.map(({ month }) => html`<li><a class="button" href="${BASE}/reports/${month}">${month}</a></li>`)}</ul>`,
      )}</section>`
  }
}

function linesOf({ tables }: SupportReport, isMoney: boolean): ChartLine[] {
  const line = (
    label: string,
    colour: string,
    of: (day: (typeof tables.days)[number]) => number,
  ): ChartLine => ({
    label,
    colour,
    values: tables.days.map(of),
  })
  return isMoney
    ? [line(word('refundedYuan'), '--chart-1', ({ refundedFen }) => refundedFen)]
    : [
        line(word('opened'), '--chart-1', ({ opened }) => opened),
        line(word('solved'), '--chart-2', ({ solved }) => solved),
        line(word('questions'), '--chart-3', ({ disputes }) => disputes),
      ]
}
function chartData(report: SupportReport, isMoney: boolean): ChartData {
  const { period, tables } = report
  return {
    atMs: tables.days.map(({ fromMs }) => fromMs),
    lines: linesOf(report, isMoney),
    bands: [],
    fromMs: period.fromMs,
    toMs: period.untilMs - DAY_MS,
    keepInView: [0],
    isCount: true,
  }
}
