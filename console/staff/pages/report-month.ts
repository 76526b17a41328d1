import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { MonthSummary } from '#protocol/api/reports.ts'
import { describeError } from '../../data/staff-errors.ts'
import { reportWord as word } from '../../words/reports.ts'
import { language } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { reportTables } from '../parts/report-tables.ts'
import { Resource } from '../resource.ts'
import { pageHead } from '../views.ts'

/** The summary of a month as it was made, for the screen and for paper. */
@customElement('page-report-month')
export class ReportMonthPage extends StaffPage {
  @state() private error: unknown
  private readonly month = new Resource<MonthSummary, [string]>(this, {
    args: () => [this.params['month'] ?? ''],
    load: ([month], signal) => this.services.api.reportMonth(month, signal),
  })
  async #make(month: string): Promise<void> {
    try {
      this.month.replace(await this.services.api.makeReportMonth(month))
      this.error = undefined
      this.services.toast({ tone: 'ok', text: word('madeAgain') })
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    return this.month.page(word('reports'), (summary) => {
      const { month, version, madeAtMs, text, report, mayMake } = summary
      return html`${pageHead(word('monthOf', { month }), {
        lead: html`<p class="soft"><a class="no-print" href="${BASE}/reports">${word('allReports')}</a> <span>${word('madeAt', { version, at: this.services.time.exactText(madeAtMs) })}</span></p>`,
        actions: html`<button class="button no-print" @click=${() => globalThis.print()}>${word('print')}</button>
          ${mayMake ? html`<button class="button no-print" @click=${() => void this.#make(month)}>${icon('refresh')}${word('makeAgain')}</button>` : nothing}`,
      })}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <div class="stack">
          <section class="card" aria-labelledby="in-words"><header class="card-head"><h2 id="in-words">${word('inWords')}</h2></header>
            <ul class="plain stack tight">${text[language()].map((sentence) => html`<li>${sentence}</li>`)}</ul></section>
          ${reportTables(report, ['figures'])}
          <div class="report-grid">${reportTables(report, ['types', 'causes', 'refunds', 'cabinets', 'products'])}</div>
        </div>`
    })
  }
}
