import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { ApprovalList } from '#protocol/api/staff.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { word, wordOr } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { emptyView, idChip, moment, money, pageHead, personText } from '../views.ts'

type Approval = ApprovalList['approvals'][number]
type Decision = 'approve' | 'refuse'

/** Refunds above somebody's authority. Who asked never decides; the button then says so instead of being missing. */
@customElement('page-approvals')
export class ApprovalsPage extends StaffPage {
  @state() private asked: { approval: Approval; decision: Decision } | undefined
  @state() private reason = ''
  @state() private error: unknown
  @state() private isSending = false
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<ApprovalList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.approvals(signal),
    isAffected: (change) => change.kind === 'refund',
  })

  #ask(approval: Approval, decision: Decision): void {
    this.asked = { approval, decision }
    this.reason = ''
    this.error = undefined
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (!this.asked) return
    this.isSending = true
    try {
      await this.services.api.decideApproval(
        this.asked.approval.refundId,
        this.asked.decision,
        this.reason.trim(),
      )
      this.dialog.close()
      this.services.toast({
        tone: 'ok',
        text: word(this.asked.decision === 'approve' ? 'approved' : 'refused'),
      })
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
    this.list.reload()
  }

  protected override render() {
    return html`${pageHead(word('approvals'), { lead: html`<p class="soft">${word('approvalsLead')}</p>` })}
      ${this.list.view((value) =>
        value.approvals.length === 0
          ? emptyView('noApprovals', 'shield-check')
          : html`<ul class="cards">${value.approvals.map((approval) => this.#card(approval))}</ul>`,
      )}
      ${this.#dialog()}`
  }

  #card(approval: Approval) {
    return html`<li class="card approval">
      <div class="split">
        <b class="figure">${money(approval.amountFen)}</b>
        <span class="soft small">${moment(this.services.time, approval.requestedAtMs)}</span>
      </div>
      <p>${wordOr(`refundReason.${approval.reason}`, approval.reason)} · ${word('askedBy', { name: personText(this.services, approval.requestedBy) })}</p>
      ${approval.note ? html`<p class="quote">${approval.note}</p>` : nothing}
      <p class="soft small"><a href="${BASE}/orders/${approval.orderId}">${word('orderWithEvidence')}</a> ${idChip(this.services, approval.refundId)}</p>
      <div class="row">
        ${
          approval.mayDecide
            ? html`<button class="button primary" @click=${() => this.#ask(approval, 'approve')}>${icon('check')}${word('approve')}</button>
              <button class="button" @click=${() => this.#ask(approval, 'refuse')}>${icon('x')}${word('refuse')}</button>`
            : html`<p class="soft">${icon('lock')}${word('makerIsNotChecker')}</p>`
        }
      </div>
    </li>`
  }

  #dialog() {
    const { asked } = this
    return html`<dialog class="dialog" aria-labelledby="approval-title">
      <header class="dialog-head">
        <h2 id="approval-title">
          ${asked ? word(asked.decision === 'approve' ? 'approveTitle' : 'refuseTitle', { amount: formatMoney(asked.approval.amountFen) }) : word('approvals')}
        </h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        <label class="field"><span class="label">${word('reasonForRecord')}</span>
          <input name="reason" required maxlength="500" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />
        </label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending || this.reason.trim() === ''}>${asked?.decision === 'refuse' ? word('refuse') : word('approve')}</button>
        </footer>
      </form>
    </dialog>`
  }
}
