import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { callerWord } from '../../words/callers.ts'
import { type GoodWord, goodWord, goodWordOr } from '../../words/making-good.ts'
import { word, wordOr } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { emptyView, idChip, moment, money, pageHead, personText } from '../views.ts'

/** Whatever waits for a second person, told alike. */
interface Waiting {
  readonly id: string
  /** Where it is decided; a whole incident is decided on its own page, beside its orders. */
  readonly path: 'approvals' | 'lowering-requests' | 'write-offs' | 'compensations' | 'refund-cases'
  readonly title: GoodWord
  readonly count?: number
  /** null: not shown before it is known who calls about the order */
  readonly amountFen: number | null
  readonly reason: string
  readonly note: string | null
  readonly requestedBy: string
  readonly requestedAtMs: number
  readonly mayDecide: boolean
  readonly orderId: string | null
}
type Decision = 'approve' | 'refuse'

/** What is above somebody's authority. Who asked never decides; the card then says so instead of hiding the button. */
@customElement('page-approvals')
export class ApprovalsPage extends StaffPage {
  @state() private asked: { waiting: Waiting; decision: Decision } | undefined
  @state() private reason = ''
  @state() private error: unknown
  @state() private isSending = false
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<Waiting[]>(this, {
    args: () => [],
    load: (_, signal) => this.#load(signal),
    isAffected: (change) => change.kind === 'refund' || change.kind === 'order',
  })

  /** Oldest first, whatever it is. */
  async #load(signal: AbortSignal): Promise<Waiting[]> {
    const { api, me } = this.services
    const mayCases = me?.permissions.includes('refundCase.work') === true
    const [refunds, lowerings, writeOffs, compensations, cases] = await Promise.all([
      api.approvals(signal),
      api.loweringRequests(signal),
      api.writeOffs(signal),
      api.compensations(signal),
      mayCases ? api.refundCases(signal) : { cases: [] },
    ])
    const all: Waiting[] = [
      ...refunds.approvals.map((one) => ({
        ...one,
        id: one.refundId,
        path: 'approvals' as const,
        title: 'approval.refund' as const,
        reason: wordOr(`refundReason.${one.reason}`, one.reason),
      })),
      ...lowerings.requests.map((one) => ({
        ...one,
        id: one.refundId,
        path: 'lowering-requests' as const,
        title: 'approval.lowering' as const,
        reason: wordOr(`refundReason.${one.reason}`, one.reason),
      })),
      ...writeOffs.writeOffs.map((one) => ({
        ...one,
        id: one.writeOffId,
        path: 'write-offs' as const,
        title: 'approval.writeOff' as const,
        reason: goodWord(`writeOffReason.${one.reason}`),
      })),
      ...compensations.compensations.map((one) => ({
        ...one,
        id: one.compensationId,
        path: 'compensations' as const,
        title: `approval.${one.kind}` as const,
        reason: goodWord(`compensationReason.${one.reason}`),
      })),
      ...cases.cases
        .filter((one) => one.state === 'awaiting_approval')
        .map((one) => ({
          id: one.caseId,
          path: 'refund-cases' as const,
          title: 'approval.refundCase' as const,
          count: one.count,
          amountFen: one.totalFen,
          reason: one.title,
          note: one.note,
          requestedBy: one.requestedBy,
          requestedAtMs: one.requestedAtMs,
          mayDecide: one.actions.includes('approve'),
          orderId: null,
        })),
    ]
    return all.sort((a, b) => a.requestedAtMs - b.requestedAtMs)
  }

  #ask(waiting: Waiting, decision: Decision): void {
    this.asked = { waiting, decision }
    this.reason = ''
    this.error = undefined
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (!this.asked || this.asked.waiting.path === 'refund-cases') return
    const { waiting, decision } = this.asked
    this.isSending = true
    try {
      await this.services.api.decideSecond(this.asked.waiting.path, waiting.id, decision, this.reason.trim())
      this.dialog.close()
      this.services.toast({
        tone: 'ok',
        text: word(decision === 'approve' ? 'approved' : 'refused'),
      })
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
    this.list.reload()
  }

  protected override render() {
    return html`${pageHead(word('approvals'), { lead: html`<p class="soft">${goodWord('approvalsLead')}</p>` })}
      ${this.list.view((all) =>
        all.length === 0
          ? emptyView('noApprovals', 'shield-check')
          : html`<ul class="cards">${all.map((waiting) => this.#card(waiting))}</ul>`,
      )}
      ${this.#dialog()}`
  }

  #card(waiting: Waiting) {
    const { title, count = 0 } = waiting
    return html`<li class="card approval">
      <div class="split">
        <span><span class="soft small">${goodWord(title, { count })}</span><br />${waiting.amountFen === null ? html`<span class="soft">${callerWord('amountHidden')}</span>` : html`<b class="figure">${money(waiting.amountFen)}</b>`}</span>
        <span class="soft small">${moment(this.services.time, waiting.requestedAtMs)}</span>
      </div>
      <p>${waiting.reason} · ${word('askedBy', { name: personText(this.services, waiting.requestedBy) })}</p>
      ${waiting.note ? html`<p class="quote">${waiting.note}</p>` : nothing}
      ${
        waiting.orderId === null
          ? nothing
          : html`<p class="soft small"><a href="${BASE}/orders/${waiting.orderId}">${word('orderWithEvidence')}</a> ${idChip(this.services, waiting.id)}</p>`
      }
      <div class="row">${this.#buttons(waiting)}</div>
    </li>`
  }

  #buttons(waiting: Waiting) {
    if (waiting.path === 'refund-cases')
      return html`<a class="button" href="${BASE}/incidents/${waiting.id}">${icon('receipt')}${goodWord('openCase')}</a>
        <span class="soft small">${waiting.mayDecide ? goodWord('decideInCase') : word('makerIsNotChecker')}</span>`
    if (waiting.amountFen === null)
      return html`<p class="soft">${icon('lock')}${callerWord('decidedOnceKnown')}</p>`
    return waiting.mayDecide
      ? html`<button class="button primary" @click=${() => this.#ask(waiting, 'approve')}>${icon('check')}${word('approve')}</button>
          <button class="button" @click=${() => this.#ask(waiting, 'refuse')}>${icon('x')}${word('refuse')}</button>`
      : html`<p class="soft">${icon('lock')}${word('makerIsNotChecker')}</p>`
  }

  #dialog() {
    const { asked } = this
    const amount = formatMoney(asked?.waiting.amountFen ?? 0)
    return html`<dialog class="dialog" aria-labelledby="approval-title">
      <header class="dialog-head">
        <h2 id="approval-title">
          ${asked ? `${goodWordOr(asked.waiting.title, asked.waiting.title)}: ${word(asked.decision === 'approve' ? 'approveTitle' : 'refuseTitle', { amount })}` : word('approvals')}
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
