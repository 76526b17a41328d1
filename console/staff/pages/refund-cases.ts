import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { RefundCaseList, RefundCaseRow } from '#protocol/api/refund-cases.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { goodWord as word } from '../../words/making-good.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { caseBadge } from '../parts/refund-case-views.ts'
import { Resource } from '../resource.ts'
import { moment, money, pageHead, personText } from '../views.ts'
import '../parts/new-refund-case.ts'

/** Incidents whose orders get their money back together. */
@customElement('page-refund-cases')
export class RefundCasesPage extends StaffPage {
  @state() private isMaking = false
  private readonly list = new Resource<RefundCaseList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.refundCases(signal),
    isAffected: (change) => change.data?.['refundCase'] !== undefined,
  })

  protected override render() {
    return html`${pageHead(word('refundCases'), {
      lead: html`<p class="soft">${word('casesLead')}</p>`,
      actions: this.isMaking
        ? nothing
        : html`<button class="button primary" @click=${() => (this.isMaking = true)}>${icon('plus')}${word('newCase')}</button>`,
    })}
      <div class="stack">${this.isMaking ? html`<new-refund-case @closed=${() => (this.isMaking = false)}></new-refund-case>` : nothing}
      ${this.list.view(({ cases }) =>
        cases.length === 0
          ? html`<div class="blank">${icon('undo')}<p>${word('noCases')}</p></div>`
          : this.#table(cases),
      )}</div>`
  }

  #table(cases: readonly RefundCaseRow[]) {
    const { time } = this.services
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('refundCases')}><table class="table rows">
      <caption class="aloud">${word('refundCases')}</caption>
      <thead><tr><th scope="col">${word('caseTitle')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${word('orders')}</th><th scope="col" class="end">${word('total')}</th><th scope="col">${word('whoAsked')}</th></tr></thead>
      <tbody>${cases.map(
        (one) => html`<tr>
          <th scope="row"><a href="${BASE}/incidents/${one.caseId}">${one.title}</a></th>
          <td>${caseBadge(one.state)}${one.state === 'running' ? html` <span class="soft small">${word('progress', { done: one.arrived + one.skipped + one.failed, count: one.count, amount: formatMoney(one.arrivedFen) })}</span>` : nothing}</td>
          <td class="end number">${one.count}</td>
          <td class="end">${money(one.totalFen)}</td>
          <td class="soft small">${word('askedBy', { name: personText(this.services, one.requestedBy) })} · ${moment(time, one.requestedAtMs)}</td>
        </tr>`,
      )}</tbody></table></div>`
  }
}
