import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { ColdLog, ColdReading } from '#protocol/api/cold.ts'
import { addDays, dayIn } from '#protocol/base/zone-days.ts'
import { describeError } from '../../data/staff-errors.ts'
import { coldWord as word } from '../../words/cold.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { coldChart } from '../parts/cold-chart.ts'
import {
  coldFacts,
  excursionTable,
  gapTable,
  lockoutTable,
  powerTable,
  probeTable,
  readingTable,
  timerList,
} from '../parts/cold-tables.ts'
import { Resource } from '../resource.ts'
import { pageHead } from '../views.ts'

const SPANS_DAYS = [1, 7, 30, 90] as const

/** What a food inspector asks about one cabinet and period: drawn, listed, and to take away. */
@customElement('page-cold')
export class ColdPage extends StaffPage {
  @state() private older: readonly ColdReading[] = []
  @state() private nextBeforeMs: number | null = null
  @state() private error: unknown
  private readonly log = new Resource<ColdLog, [string, string | null, string | null]>(this, {
    args: () => [this.#id, this.query.get('from'), this.query.get('to')],
    load: async ([id, from, to], signal) => {
      const days = daysOf(from, to)
      const [log, page] = await Promise.all([
        this.services.api.coldLog(id, days, signal),
        this.services.api.coldReadings(id, days, undefined, signal),
        import('../../components/staff-time-chart.ts'),
      ])
      this.older = page.readings
      this.nextBeforeMs = page.nextBeforeMs
      return log
    },
  })
  get #id(): string {
    return this.params['id'] ?? ''
  }

  #show(event: SubmitEvent): void {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.#go(fieldText(form, 'from'), fieldText(form, 'to'))
  }
  #go(from: string, to: string): void {
    this.services.go(`/cabinets/${this.#id}/cold?from=${from}&to=${to}`)
  }
  async #more(): Promise<void> {
    if (this.nextBeforeMs === null) return
    try {
      const days = daysOf(this.query.get('from'), this.query.get('to'))
      const page = await this.services.api.coldReadings(this.#id, days, this.nextBeforeMs)
      this.older = [...this.older, ...page.readings]
      this.nextBeforeMs = page.nextBeforeMs
      this.error = undefined
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    const { value } = this.log
    return html`${pageHead(word('coldLog'), {
      lead: html`<p class="soft">${word('coldLead')} <a href="${BASE}/cabinets/${this.#id}">${value ? choose(value.cabinetName) : this.#id}</a>${value ? html` · ${choose(value.site)}` : nothing}</p>`,
    })}
    ${this.log.view((loaded) => this.#body(loaded))}`
  }

  #body(log: ColdLog) {
    const time = { ...this.services.time.in(log.timeZone), zone: log.timeZone }
    const from = dayIn(log.fromMs, log.timeZone)
    const to = dayIn(log.toMs - 1, log.timeZone)
    const today = dayIn(this.services.time.now(), log.timeZone)
    return html`<form class="toolbar" @submit=${(event: SubmitEvent) => this.#show(event)}>
        <label class="field"><span class="label">${word('from')}</span><input name="from" type="date" required max=${today} .value=${from} /></label>
        <label class="field"><span class="label">${word('until')}</span><input name="to" type="date" required max=${today} .value=${to} /></label>
        <button class="button">${icon('search')}${word('show')}</button>
        <div class="segments" role="group" aria-label=${word('show')}>
          ${SPANS_DAYS.map((count) => {
            const first = addDays(today, 1 - count)
            return html`<button type="button" aria-pressed=${from === first && to === today} @click=${() => this.#go(first, today)}>${count === 1 ? word('today') : word('lastDays', { count })}</button>`
          })}
        </div>
        <span class="grow"></span>
        <a class="button" href="/api/staff/cabinets/${log.cabinetId}/cold/csv?fromDay=${from}&toDay=${to}" download>${icon('table')}${word('download')}</a>
      </form>
      <div class="stack">
        ${coldFacts(log, time)}
        ${log.points.length === 0 ? nothing : html`<section class="card" aria-label=${word('chart')}>${coldChart(log, time)}</section>`}
        ${lockoutTable(log, time)} ${excursionTable(log, time)} ${gapTable(log, time)} ${probeTable(log, time)}
        ${powerTable(log, time)} ${timerList(log)}
        ${readingTable(this.older, time)}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        ${this.nextBeforeMs === null ? nothing : html`<p><button class="button" @click=${() => void this.#more()}>${word('older')}</button></p>`}
      </div>`
  }
}

function daysOf(from: string | null, to: string | null): { fromDay?: string; toDay?: string } {
  return { ...(from === null ? {} : { fromDay: from }), ...(to === null ? {} : { toDay: to }) }
}
