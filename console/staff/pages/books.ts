import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { LedgerView, Statement, StatementList } from '#protocol/api/finance.ts'
import { dayOf } from '../../data/staff-days.ts'
import { financeWord as word } from '../../words/finance.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, money, pageHead } from '../views.ts'

const COLUMNS = [
  ['gross', (row: Amounts) => row.grossFen],
  ['discounts', (row: Amounts) => -row.discountFen],
  ['compensation', (row: Amounts) => -row.compensationFen],
  ['refundsAmount', (row: Amounts) => -row.refundFen],
  ['writeOff', (row: Amounts) => -row.writeOffFen],
  ['fees', (row: Amounts) => -row.feeFen],
] as const
type Amounts = Pick<
  Statement,
  | 'grossFen'
  | 'discountFen'
  | 'compensationFen'
  | 'refundFen'
  | 'writeOffFen'
  | 'feeFen'
  | 'payableFen'
  | 'orders'
>

/** A day of the books: what each operator gets, and every entry below it. */
@customElement('page-books')
export class BooksPage extends StaffPage {
  private readonly statements = new Resource<StatementList, [string]>(this, {
    args: () => [this.#day],
    load: ([day], signal) => this.services.api.statements(day, signal),
    isAffected: (change) => change.kind === 'refund' || change.kind === 'order' || change.kind === 'bill',
  })
  private readonly ledger = new Resource<LedgerView | undefined, [string]>(this, {
    args: () => [this.#day],
    load: async ([day], signal) =>
      this.services.me?.permissions.includes('ledger.read') === true
        ? this.services.api.ledger(day, signal)
        : undefined,
    isAffected: (change) => change.kind === 'refund' || change.kind === 'order' || change.kind === 'bill',
  })
  get #day(): string {
    return this.query.get('day') ?? dayOf(this.services.time.now())
  }
  #show(event: SubmitEvent): void {
    event.preventDefault()
    const day = fieldText(event.currentTarget as HTMLFormElement, 'day')
    if (day !== '') this.services.go(`/finance/books?day=${day}`)
  }

  protected override render() {
    const day = this.#day
    return html`${pageHead(word('books'), { lead: html`<p class="soft">${word('statementsLead')}</p>` })}
      <form class="toolbar" @submit=${(event: SubmitEvent) => this.#show(event)}>
        <label class="field"><span class="label">${word('day')}</span><input name="day" type="date" required .value=${day} /></label>
        <button class="button">${icon('search')}${word('show')}</button>
        <a class="button" href="/api/staff/statements/${day}/csv" download>${icon('table')}${word('download')}</a>
      </form>
      ${this.statements.view(({ statements }) =>
        statements.length === 0
          ? html`<div class="blank">${icon('table')}<p>${word('noStatements')}</p></div>`
          : html`<div class="stack">${statements.map((one) => this.#statement(one))}</div>`,
      )}
      ${this.ledger.view((view) => (view === undefined ? nothing : this.#journal(view)))}`
  }

  #statement(one: Statement) {
    const id = `statement-${one.operator}`
    return html`<section class="card stack" aria-labelledby=${id}>
      <header class="card-head"><h2 id=${id}>${one.operator}</h2>
        ${one.isClosed ? badge('ok', 'lock', word('closed')) : badge('neutral', 'clock', word('notClosed'))}</header>
      <div class="split"><p><span class="soft">${word('payable')}</span> <b class="figure">${money(one.payableFen)}</b></p>
        <p class="soft">${word('balance')} ${money(one.balanceFen)}</p></div>
      <div class="table-frame" role="group" tabindex="0" aria-label=${one.operator}><table class="table compact">
        <caption class="aloud">${one.operator}</caption>
        <thead><tr><th scope="col">${word('cabinet')}</th><th scope="col" class="end">${word('ordersCount')}</th>${COLUMNS.map(([name]) => html`<th scope="col" class="end">${word(name)}</th>`)}<th scope="col" class="end">${word('payable')}</th></tr></thead>
        <tbody>${one.cabinets.map((row) => this.#row(row.name === null ? row.cabinetId || '–' : choose(row.name), row, row.cabinetId))}</tbody>
        <tfoot>${this.#row(word('total'), one)}</tfoot>
      </table></div>
    </section>`
  }
  #row(name: string, row: Amounts, id = '') {
    return html`<tr><th scope="row">${name}${id === '' || id === name ? nothing : html` <code class="soft small">${id}</code>`}</th><td class="end number">${row.orders}</td>
      ${COLUMNS.map(([, of]) => html`<td class="end">${of(row) === 0 ? html`<span class="soft">–</span>` : money(of(row))}</td>`)}
      <td class="end"><b>${money(row.payableFen)}</b></td></tr>`
  }

  #journal(view: LedgerView) {
    return html`<section class="card stack" aria-labelledby="journal">
      <header class="card-head"><h2 id="journal">${word('journal')}</h2>
        <a class="button" href="/api/staff/ledger/${view.day}/csv" download>${icon('table')}${word('download')}</a></header>
      <p class="soft">${word('journalLead')}</p>
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('account')}><table class="table compact">
        <caption class="aloud">${word('account')}</caption>
        <thead><tr><th scope="col">${word('account')}</th><th scope="col" class="end">${word('thisDay')}</th><th scope="col" class="end">${word('sinceBeginning')}</th></tr></thead>
        <tbody>${view.balances
          .filter(({ dayFen, totalFen }) => dayFen !== 0 || totalFen !== 0)
          .map(
            ({ account, dayFen, totalFen }) =>
              html`<tr><th scope="row">${word(`account.${account}`)}</th><td class="end">${money(dayFen)}</td><td class="end">${money(totalFen)}</td></tr>`,
          )}</tbody></table></div>
      ${view.entries.length === 0 ? html`<p class="soft">${word('noEntries')}</p>` : this.#entries(view)}
    </section>`
  }
  #entries({ entries, isCut }: LedgerView) {
    return html`${isCut ? html`<p class="soft small">${word('cut')}</p>` : nothing}
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('journal')}><table class="table rows columns">
        <caption class="aloud">${word('journal')}</caption>
        <thead><tr><th scope="col" class="end">#</th><th scope="col">${word('time')}</th><th scope="col">${word('entry')}</th><th scope="col">${word('account')}</th><th scope="col" class="end">${word('debit')}</th><th scope="col" class="end">${word('credit')}</th></tr></thead>
        <tbody>${entries.map((entry) =>
          entry.lines.map(
            (line, index) => html`<tr>
              <td class="end number soft">${index === 0 ? entry.seq : ''}</td>
              <td>${index === 0 ? moment(this.services.time, entry.occurredAtMs) : nothing}</td>
              <td>${index > 0 ? nothing : entry.orderId === null ? word(`entry.${entry.kind}`) : html`<a href="${BASE}/orders/${entry.orderId}">${word(`entry.${entry.kind}`)}</a>`}</td>
              <td>${word(`account.${line.account}`)}</td>
              <td class="end">${line.amountFen > 0 ? money(line.amountFen) : nothing}</td>
              <td class="end">${line.amountFen < 0 ? money(-line.amountFen) : nothing}</td>
            </tr>`,
          ),
        )}</tbody></table></div>`
  }
}
