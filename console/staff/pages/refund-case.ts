import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { RefundCaseDetail, RefundCaseRow } from '#protocol/api/refund-cases.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeCode, describeError } from '../../data/staff-errors.ts'
import { goodWord as word, goodWordOr } from '../../words/making-good.ts'
import { word as staffWord } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { caseBadge, itemBadge } from '../parts/refund-case-views.ts'
import { Resource } from '../resource.ts'
import { idChip, moment, money, personText } from '../views.ts'

type Action = RefundCaseRow['actions'][number]
const BUTTONS: Readonly<
  Record<
    Action,
    {
      icon: 'check' | 'x' | 'minus' | 'chevron-right'
      title: 'approveTitle' | 'refuseTitle' | 'stopTitle' | 'resumeTitle'
    }
  >
> = {
  approve: { icon: 'check', title: 'approveTitle' },
  refuse: { icon: 'x', title: 'refuseTitle' },
  stop: { icon: 'minus', title: 'stopTitle' },
  resume: { icon: 'chevron-right', title: 'resumeTitle' },
}

/** One incident: who asked, who decided, how far it is, and every order of it. */
@customElement('page-refund-case')
export class RefundCasePage extends StaffPage {
  @state() private asked: Action | undefined
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly detail = new Resource<RefundCaseDetail, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.refundCase(id, signal),
    isAffected: (change, value) => change.subjectId === value?.case.caseId,
  })

  #ask(action: Action): void {
    this.asked = action
    this.error = undefined
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent, caseId: string): Promise<void> {
    event.preventDefault()
    if (this.asked === undefined) return
    this.isSending = true
    try {
      const reason = fieldText(event.currentTarget as HTMLFormElement, 'reason')
      this.detail.replace(await this.services.api.decideRefundCase(caseId, this.asked, reason))
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('decided') })
    } catch (error) {
      this.error = error
      this.detail.reload()
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    const value = this.detail.value
    return html`<header class="page-head">
        <div class="page-title">
          <a class="back" href="${BASE}/incidents">${icon('arrow-left')}<span class="aloud">${word('refundCases')}</span></a>
          <h1 tabindex="-1">${value?.case.title ?? word('refundCase')}</h1>
          ${value ? caseBadge(value.case.state) : nothing}
        </div>
        ${value ? html`<div class="row">${value.case.actions.map((action) => html`<button class="button ${action === 'approve' ? 'primary' : ''}" @click=${() => this.#ask(action)}>${icon(BUTTONS[action].icon)}${word(action)}</button>`)}</div>` : nothing}
      </header>
      ${this.detail.view((loaded) => html`<div class="stack">${this.#facts(loaded.case)} ${this.#items(loaded)}</div> ${this.#dialog(loaded.case)}`)}`
  }

  #facts(row: RefundCaseRow) {
    const { time } = this.services
    const done = row.arrived + row.skipped + row.failed
    return html`<section class="card stack">
      <p><b class="figure">${money(row.totalFen)}</b> <span class="soft">${word('progress', { done, count: row.count, amount: formatMoney(row.arrivedFen) })}</span></p>
      ${row.state === 'awaiting_approval' || row.state === 'refused' ? nothing : html`<progress max=${row.count} value=${done} aria-label=${word('progress', { done, count: row.count, amount: formatMoney(row.arrivedFen) })}></progress>`}
      <p class="quote">${row.note}</p>
      <dl class="facts">
        <dt>${word('reason')}</dt><dd>${staffWord(`refundReason.${row.reason}`)} · ${word(`goods.${row.stock}`)}</dd>
        <dt>${word('from')}</dt><dd>${moment(time, row.selection.fromMs)} – ${moment(time, row.selection.toMs)}</dd>
        <dt>${word('state')}</dt><dd>${word('askedBy', { name: personText(this.services, row.requestedBy) })} · ${moment(time, row.requestedAtMs)}
          ${row.decidedBy === null ? nothing : html`<br />${word('decidedBy', { name: personText(this.services, row.decidedBy) })} · ${moment(time, row.decidedAtMs)} <span class="quote">${row.decisionNote}</span>`}</dd>
      </dl>
    </section>`
  }

  #items({ items }: RefundCaseDetail) {
    const { time } = this.services
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('orders')}><table class="table rows">
      <caption class="aloud">${word('orders')}</caption>
      <thead><tr><th scope="col">${word('openedAt')}</th><th scope="col">${word('cabinet')}</th><th scope="col">${word('consumer')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${word('amount')}</th><th scope="col">${word('order')}</th></tr></thead>
      <tbody>${items.map(
        (item) => html`<tr>
          <th scope="row"><a href="${BASE}/orders/${item.orderId}">${moment(time, item.atMs)}</a></th>
          <td>${choose(item.cabinetName)}</td>
          <td>${item.consumerLabel}</td>
          <td>${itemBadge(item.state)} <span class="soft small">${item.way === 'lower' ? word('way.lower') : nothing}${item.detail === null ? nothing : goodWordOr(`exclusion.${item.detail}`, describeCode(item.detail))}</span></td>
          <td class="end">${money(item.amountFen)}</td>
          <td>${idChip(this.services, item.orderId)}</td>
        </tr>`,
      )}</tbody></table></div>`
  }

  #dialog(row: RefundCaseRow) {
    const { asked } = this
    const values = { amount: formatMoney(row.totalFen), count: row.count }
    return html`<dialog class="dialog" aria-labelledby="case-title">
      <header class="dialog-head">
        <h2 id="case-title">${asked ? word(BUTTONS[asked].title, values) : word('refundCase')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event, row.caseId)}>
        <label class="field"><span class="label">${word('reasonForRecord')}</span><input name="reason" required maxlength="500" /></label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending}>${asked ? word(asked) : word('send')}</button>
        </footer>
      </form>
    </dialog>`
  }
}
