import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { BillDetail, BillList, BillReport } from '#protocol/api/finance.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { financeWord as word, financeWordOr } from '../../words/finance.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, idChip, moment, money, pageHead, personText } from '../views.ts'

type Difference = BillDetail['differences'][number]

/** The provider's bill of a day beside our books: what is the same, what is not, and what to do about it. */
@customElement('page-bills')
export class BillsPage extends StaffPage {
  @state() private isRunning = false
  @state() private asked: Difference | undefined
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<BillList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.bills(signal),
    isAffected: (change) => change.kind === 'bill',
  })
  private readonly detail = new Resource<BillDetail | undefined, [string | null]>(this, {
    args: () => [this.query.get('day')],
    load: async ([day], signal) => (day === null ? undefined : this.services.api.bill(day, signal)),
    isAffected: (change) => change.kind === 'bill',
  })

  #show(event: SubmitEvent): void {
    event.preventDefault()
    const day = fieldText(event.currentTarget as HTMLFormElement, 'day')
    if (day !== '') this.services.go(`/finance/bills?day=${day}`)
  }
  async #reconcile(day: string): Promise<void> {
    this.isRunning = true
    try {
      this.detail.replace(await this.services.api.reconcile(day))
      this.services.toast({ tone: 'ok', text: word('reconciled') })
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    } finally {
      this.isRunning = false
    }
    this.list.reload()
  }
  #ask(difference: Difference): void {
    this.asked = difference
    this.error = undefined
    this.dialog.showModal()
  }
  async #settle(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    if (!this.asked) return
    try {
      await this.services.api.settleDifference(this.asked.differenceId, fieldText(form, 'note'))
      form.reset()
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('settled') })
    } catch (error) {
      this.error = error
    }
    this.detail.reload()
  }

  protected override render() {
    const day = this.query.get('day')
    return html`${pageHead(word('bills'), { lead: html`<p class="soft">${word('billsLead')}</p>` })}
      ${this.list.view(
        (list) => html`<form class="toolbar" @submit=${(event: SubmitEvent) => this.#show(event)}>
            <label class="field"><span class="label">${word('day')}</span>
              <input name="day" type="date" required max=${list.today} .value=${day ?? list.yesterday} />
            </label>
            <button class="button">${icon('search')}${word('show')}</button>
          </form>
          ${day === null ? this.#runs(list) : this.#day(day)}`,
      )}
      ${this.#dialog()}`
  }

  #runs({ runs }: BillList) {
    if (runs.length === 0) return html`<div class="blank">${icon('banknote')}<p>${word('noRuns')}</p></div>`
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('bills')}><table class="table rows">
      <caption class="aloud">${word('bills')}</caption>
      <thead><tr><th scope="col">${word('day')}</th><th scope="col" class="end">${word('payments')}</th><th scope="col" class="end">${word('refunds')}</th><th scope="col" class="end">${word('fees')}</th><th scope="col" class="end">${word('net')}</th><th scope="col">${word('differences')}</th></tr></thead>
      <tbody>${runs.map(
        ({ day, report, openDifferences }) => html`<tr>
          <th scope="row"><a href="${BASE}/finance/bills?day=${day}">${day}</a></th>
          <td class="end">${money(report.payments.bill.fen)}</td>
          <td class="end">${money(report.refunds.bill.fen)}</td>
          <td class="end">${money(report.feesFen)}</td>
          <td class="end">${money(report.netFen)}</td>
          <td>${openDifferences > 0 ? badge('warn', 'triangle-alert', word('openCount', { count: openDifferences })) : badge('ok', 'circle-check', word('noOpen'))}</td>
        </tr>`,
      )}</tbody></table></div>`
  }

  #day(day: string) {
    const mayRun = this.services.me?.permissions.includes('bill.reconcile') === true
    return html`<section aria-label=${day} class="stack">
      <div class="split">
        <h2>${day}</h2>
        <div class="row">
          <a class="button" href="/api/staff/bills/${day}/csv" download>${icon('table')}${word('download')}</a>
          ${mayRun ? html`<button class="button primary" ?disabled=${this.isRunning} @click=${() => void this.#reconcile(day)}>${icon('refresh')}${this.isRunning ? word('reconciling') : word('reconcile')}</button>` : nothing}
        </div>
      </div>
      ${this.detail.view((detail) => (detail === undefined ? nothing : this.#detail(detail)))}
    </section>`
  }

  #detail({ run, differences }: BillDetail) {
    if (run === null) return html`<div class="blank">${icon('banknote')}<p>${word('noBill')}</p></div>`
    const { report } = run
    return html`<p class="row">${report.isBalanced ? badge('ok', 'circle-check', word('balanced')) : badge('bad', 'circle-alert', word('unbalanced'))}
        <span class="soft small">${word('comparedAt', { at: this.services.time.momentText(run.finishedAtMs) })}</span></p>
      ${run.isEmpty ? html`<p>${word('emptyBill')}</p>` : nothing}
      ${report.isSummaryRight ? nothing : html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${word('summaryWrong')}</span></p>`}
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('payments')}>${this.#balance(report)}</div>
      ${this.#net(report)}
      <h3>${word('differences')}</h3>
      ${differences.length === 0 ? html`<p>${icon('circle-check')}${word('noDifferences')}</p>` : this.#differences(differences)}`
  }

  #balance(report: BillReport) {
    const rows = [
      ['inBill', (side: BillReport['payments']) => side.bill],
      ['inOurs', (side: BillReport['payments']) => side.ours],
      ['matched', (side: BillReport['payments']) => side.matched],
      ['billOnly', (side: BillReport['payments']) => side.billOnly],
      ['oursOnly', (side: BillReport['payments']) => side.oursOnly],
    ] as const
    return html`<table class="table compact">
      <caption class="aloud">${word('payments')}</caption>
      <thead><tr><td></td><th scope="col" class="end">${word('payments')}</th><th scope="col" class="end">${word('count')}</th><th scope="col" class="end">${word('refunds')}</th><th scope="col" class="end">${word('count')}</th></tr></thead>
      <tbody>
        ${rows.map(
          ([name, of]) => html`<tr><th scope="row">${word(name)}</th>
            <td class="end">${money(of(report.payments).fen)}</td><td class="end number soft">${of(report.payments).count}</td>
            <td class="end">${money(of(report.refunds).fen)}</td><td class="end number soft">${of(report.refunds).count}</td></tr>`,
        )}
        <tr><th scope="row">${word('differsBy')}</th><td class="end">${money(report.payments.differsByFen)}</td><td></td><td class="end">${money(report.refunds.differsByFen)}</td><td></td></tr>
      </tbody></table>`
  }

  #net(report: BillReport) {
    const { fundFlowNetFen } = report
    const differsFen = fundFlowNetFen === null ? 0 : fundFlowNetFen - report.netFen
    return html`<dl class="facts">
      <dt>${word('fees')}</dt><dd>${money(report.feesFen)}</dd>
      <dt>${word('net')}</dt><dd><b>${money(report.netFen)}</b></dd>
      ${
        fundFlowNetFen === null
          ? nothing
          : html`<dt>${word('fundFlow')}</dt><dd>${money(fundFlowNetFen)} ${differsFen === 0 ? badge('ok', 'circle-check', word('fundFlowSame')) : badge('bad', 'circle-alert', word('fundFlowOther', { amount: formatMoney(differsFen) }))}</dd>`
      }
    </dl>`
  }

  #differences(differences: readonly Difference[]) {
    const maySettle = this.services.me?.permissions.includes('bill.reconcile') === true
    const amount = (fen: number | null) => (fen === null ? html`<span class="soft">–</span>` : money(fen))
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('differences')}><table class="table rows">
      <caption class="aloud">${word('differences')}</caption>
      <thead><tr><th scope="col">${word('kind')}</th><th scope="col" class="end">${word('billAmount')}</th><th scope="col" class="end">${word('ourAmount')}</th><th scope="col">${word('order')}</th><th scope="col">${word('state')}</th></tr></thead>
      <tbody>${differences.map(
        (one) => html`<tr>
          <td>${word(`kind.${one.kind}`)}<br /><span class="small">${idChip(this.services, one.outRefundNo ?? one.transactionId ?? one.differenceId)}</span></td>
          <td class="end">${amount(one.billFen)}</td>
          <td class="end">${amount(one.ourFen)}</td>
          <td>${one.orderId === null ? html`<span class="soft">–</span>` : html`<a href="${BASE}/orders/${one.orderId}">${word('order')}</a>`}</td>
          <td>${one.state === 'open' ? this.#open(one, maySettle) : this.#done(one)}</td>
        </tr>`,
      )}</tbody></table></div>`
  }
  #open(one: Difference, maySettle: boolean) {
    return html`<p class="small">${financeWordOr(`do.${one.kind}`, '')}</p>
      ${maySettle ? html`<button class="button" @click=${() => this.#ask(one)}>${icon('check')}${word('settle')}</button>` : nothing}`
  }
  #done(one: Difference) {
    const name = personText(this.services, `staff:${one.settledBy ?? ''}`)
    return html`${badge('ok', 'circle-check', financeWordOr(`resolution.${one.resolution ?? ''}`, one.resolution ?? '', { name }))}
      <span class="soft small">${moment(this.services.time, one.settledAtMs)}</span>${one.note === null ? nothing : html`<p class="quote small">${one.note}</p>`}`
  }

  #dialog() {
    return html`<dialog class="dialog" aria-labelledby="settle-title">
      <header class="dialog-head"><h2 id="settle-title">${word('settleTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#settle(event)}>
        ${this.asked ? html`<p>${word(`kind.${this.asked.kind}`)}</p><p class="soft small">${financeWordOr(`do.${this.asked.kind}`, '')}</p>` : nothing}
        <label class="field"><span class="label">${word('settleHint')}</span><textarea name="note" rows="3" required minlength="3" maxlength="500"></textarea></label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word('settle')}</button></footer>
      </form></dialog>`
  }
}
