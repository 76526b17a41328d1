import { html, nothing, type PropertyValues } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { TemplateList, TicketDetail } from '#protocol/api/staff/tickets.ts'
import { subjectOf } from '../../data/staff-advice.ts'
import { endOf, nextOf, type WalkEnd } from '../../data/ticket-walk.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { goodWord } from '../../words/making-good.ts'
import { word, wordOr } from '../../words/staff.ts'
import { walkWord } from '../../words/ticket-walk.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { lastLine } from '../parts/queue-end.ts'
import { adviceStrip } from '../parts/advice-strip.ts'
import { anomaliesPanel, consumerPanel, linesPanel, paymentsPanel } from '../parts/order-panels.ts'
import type { RefundDialog } from '../parts/refund-dialog.ts'
import type { ResolveDialog } from '../parts/resolve-dialog.ts'
import type { TicketActionDialog, TicketActionKind } from '../parts/ticket-action-dialog.ts'
import { standingStrips, viewerStrips } from '../parts/ticket-desk.ts'
import { TicketPresence } from '../parts/ticket-presence.ts'
import type { TicketThread } from '../parts/ticket-thread.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { Shortcuts } from '../shortcuts.ts'
import { idChip, money, priorityBadge, slaChips, ticketStateBadge } from '../views.ts'
import '../parts/cabinet-brief.ts'
import '../parts/caller-card.ts'
import '../parts/cabinet-course.ts'
import '../parts/decide-dialog.ts'
import '../parts/evidence-axis.ts'
import '../parts/batch-card.ts'
import '../parts/arrears-card.ts'
import '../parts/compensation-card.ts'
import '../parts/refund-dialog.ts'
import '../parts/resolve-dialog.ts'
import '../parts/knowledge-help.ts'
import '../parts/macro-bar.ts'
import '../parts/ticket-action-dialog.ts'
import '../parts/ticket-desk.ts'
import '../parts/ticket-pictures.ts'
import '../parts/ticket-thread.ts'

interface StepDone {
  readonly kind: TicketActionKind
  readonly answer: TicketDetail
}

/** The workbench: conversation, evidence, money and decision on one screen, so that a dispute needs no navigation. */
@customElement('page-ticket')
export class TicketPage extends StaffPage {
  @state() private conflict = false
  @query('ticket-thread') private thread: TicketThread | null | undefined
  @query('refund-dialog') private refundDialog: RefundDialog | null | undefined
  @query('resolve-dialog') private resolveDialog: ResolveDialog | null | undefined

  @query('ticket-action-dialog') private actionDialog: TicketActionDialog | null | undefined
  private readonly presence = new TicketPresence(this, {
    ticketId: () => this.params['id'] ?? '',
    doing: () =>
      this.refundDialog?.isOpen === true
        ? 'refunding'
        : this.thread?.isWriting === true
          ? 'replying'
          : 'viewing',
  })
  private readonly detail = new Resource<TicketDetail, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.ticket(id, signal),
    isOlder: ({ ticket }, { ticket: shown }) =>
      ticket.ticketId === shown.ticketId && ticket.version < shown.version,
    isAffected: (change, value) =>
      (change.kind !== 'desk' && change.subjectId === value?.ticket.ticketId) ||
      (change.kind === 'task' &&
        (value?.desk.tasks.some((task) => task.taskId === change.subjectId) ?? false)) ||
      change.subjectId === value?.ticket.orderId ||
      (value?.order != null && change.subjectId === value.order.session.sessionId) ||
      (change.kind === 'refund' && change.data?.['orderId'] === value?.ticket.orderId) ||
      (change.kind === 'refund' &&
        (value?.order?.order.refunds.some((refund) => refund.refundId === change.subjectId) ?? false)) ||
      (change.kind === 'anomaly' &&
        (value?.order?.anomalies.some((anomaly) => anomaly.anomalyId === change.subjectId) ?? false)),
  })
  private readonly templates = new Resource<TemplateList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.templates(signal),
  })

  #underway: Promise<unknown> = Promise.resolve()
  /** Until the ticket that others on this page hold is the one after what was done last. */
  readonly #settled = async (): Promise<void> => {
    await this.#underway
    await this.updateComplete
  }

  constructor() {
    super()
    new Shortcuts(this, {
      '/': () => void this.thread?.openTemplates(),
      i: () => void this.thread?.startNote(),
      r: () => this.#refund(),
      e: () => this.#resolve(),
      d: () => this.#decideOpen(),
      c: () => void this.#claim(),
      w: () => this.#act('task'),
      z: () => this.#act('snooze'),
      v: () => void this.querySelector('caller-card')?.begin(),
      j: () => void this.#next(),
      k: () => this.#previous(),
      b: () => this.#back(),
    })
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.time.onSecond(() => this.requestUpdate()))
  }

  #may(action: string): boolean {
    return this.detail.value?.actions.includes(action) ?? false
  }
  #act(kind: TicketActionKind, intoNumber?: number): void {
    if (this.#may(kind === 'priority' ? 'prioritise' : kind)) void this.actionDialog?.open(kind, intoNumber)
  }
  async #wake(): Promise<void> {
    const ticket = this.detail.value?.ticket
    if (!ticket) return
    await this.#try(() =>
      this.services.api.ticketAction(ticket.ticketId, 'wake', { version: ticket.version }),
    )
  }
  #refund(): void {
    if (!this.#may('refund')) return
    this.refundDialog?.open()
    // Others are warned as soon as it is open.
    this.requestUpdate()
  }
  #resolve(): void {
    if (this.#may('resolve')) void this.resolveDialog?.open()
  }
  async #claim(): Promise<void> {
    const ticket = this.detail.value?.ticket
    if (!ticket || !this.#may('claim')) return
    this.#underway = this.#try(async () =>
      this.detail.replace(await this.services.api.claim(ticket.ticketId, ticket.version)),
    )
    await this.#settled()
  }
  /** The first question that a rule left open. */
  #decideOpen(): void {
    const open = this.detail.value?.order?.anomalies.find((anomaly) => anomaly.actions.includes('decide'))
    if (open) this.#decide(open.anomalyId)
  }
  #decide(anomalyId: string): void {
    void this.querySelector('decide-dialog')?.open(anomalyId)
  }
  async #try(act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
      this.conflict = false
    } catch (error) {
      if (isConflict(error)) this.conflict = true
      else this.services.toast({ tone: 'bad', text: describeError(error) })
    }
    this.detail.reload()
  }

  get #here(): string {
    return this.params['id'] ?? ''
  }
  /** The next one that there is something to do about, or the end of the queue. */
  async #next(): Promise<void> {
    const { walk, api, me, time } = this.services
    const queue = walk.of(this.#here)
    if (!queue) return
    const { view, text, ticketIds } = queue
    if (view === 'closed' || view === 'snoozed') {
      const after = ticketIds[ticketIds.indexOf(this.#here) + 1]
      if (after === undefined) this.services.toast({ tone: 'info', text: walkWord('noNext') })
      else this.services.go(`/tickets/${after}`)
      return
    }
    try {
      const { tickets } = await api.tickets(view, text)
      // Whoever went elsewhere meanwhile stays there.
      if (!this.isConnected) return
      const next = nextOf(queue, this.#here, tickets, me?.staffId ?? '', time.now())
      this.services.go(
        next
          ? `/tickets/${next.ticketId}`
          : `/tickets?view=${view}${text === '' ? '' : `&query=${encodeURIComponent(text)}`}&done=1`,
      )
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
  }
  #previous(): void {
    const queue = this.services.walk.of(this.#here)
    if (!queue) return
    const before = queue.ticketIds[queue.ticketIds.indexOf(this.#here) - 1]
    if (before === undefined) this.services.toast({ tone: 'info', text: walkWord('noPrevious') })
    else this.services.go(`/tickets/${before}`)
  }
  #back(): void {
    const last = this.services.walk.now?.last
    if (last && last.ticketId !== this.#here) this.services.go(`/tickets/${last.ticketId}`)
  }
  /** Their own step took the ticket out of their hands: on to the next one, unless they came another way or still write. */
  async #settledBy(how: WalkEnd | undefined): Promise<void> {
    const ticket = this.detail.value?.ticket
    const { walk, preferences } = this.services
    if (!ticket || how === undefined) return this.detail.reload()
    const text = walkWord(`ended.${how}`, { number: ticket.number })
    if (!walk.of(ticket.ticketId) || !preferences.goesOn || this.thread?.hasDraft === true) {
      this.services.toast({ tone: 'ok', text })
      this.detail.reload()
      return
    }
    walk.settled({ ticketId: ticket.ticketId, number: ticket.number, how })
    await this.#next()
  }
  /** Who waits for the heading by the keyboard gets the real one, once it is there. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed)
    if (!this.#isFocusOwed || this.detail.value === undefined) return
    this.#isFocusOwed = false
    this.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }
  #isFocusOwed = false
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed)
    if (document.activeElement?.matches('page-ticket h1.aloud') === true) this.#isFocusOwed = true
  }

  protected override render() {
    const last = this.services.walk.now?.last
    const isShown =
      this.detail.value !== undefined &&
      last != null &&
      last.ticketId !== this.#here &&
      this.services.walk.of(this.#here) !== undefined
    return html`${lastLine(isShown ? { ticketId: last.ticketId, text: walkWord(`ended.${last.how}`, { number: last.number }) } : undefined)}
      ${
        this.detail.value
          ? this.#workbench(this.detail.value)
          : html`<h1 class="aloud" tabindex="-1">${word('ticket')}</h1>${this.detail.view(() => nothing)}`
      }`
  }
  #place() {
    const queue = this.services.walk.of(this.#here)
    if (!queue) return nothing
    const at = queue.ticketIds.indexOf(this.#here)
    return html`<nav class="walk row" aria-label=${walkWord('queue')}>
      <button class="icon-button" aria-label=${walkWord('previous')} title="${walkWord('previous')} (k)" ?disabled=${at === 0} @click=${() => this.#previous()}>${icon('chevron-right')}</button>
      <span class="soft small number">${walkWord('place', { at: at + 1, count: queue.ticketIds.length })}</span>
      <button class="icon-button" aria-label=${walkWord('next')} title="${walkWord('next')} (j)" @click=${() => void this.#next()}>${icon('chevron-right')}</button>
    </nav>`
  }

  #workbench(detail: TicketDetail) {
    const { ticket, order } = detail
    const templates = this.templates.value?.templates ?? []
    return html`
      ${this.#head(detail)}
      ${
        this.conflict
          ? html`<p class="strip tone-warn" role="alert">${icon('triangle-alert')}<span>${word('conflictReloaded')}</span>
            <button class="quiet" @click=${() => (this.conflict = false)}>${word('close')}</button></p>`
          : nothing
      }
      ${this.detail.view(() => nothing)}
      ${viewerStrips(this.presence.others)} ${standingStrips(this.services, detail, () => void this.#wake())}
      <div
        class="workbench ${order ? '' : 'is-device'}"
        @changed=${() => this.detail.reload()}
        @answered=${(event: CustomEvent<TicketDetail>) => this.detail.replace(event.detail)}
        @refunded=${() => this.detail.reload()}
        @resolved=${() => void this.#settledBy('resolved')}
        @stepdone=${(event: CustomEvent<StepDone>) => void this.#stepDone(event.detail)}
        @decided=${() => this.detail.reload()}
        @resolve=${() => void this.#resolveAfterReload()}
        @writing=${() => this.requestUpdate()}
        @close=${{ handleEvent: () => this.requestUpdate(), capture: true }}
        @ticketaction=${(event: CustomEvent<{ kind: TicketActionKind; intoNumber?: number }>) => this.#act(event.detail.kind, event.detail.intoNumber)}
      >
        <div class="bench-thread"><ticket-thread .detail=${detail} .templates=${templates} .settled=${this.#settled}></ticket-thread></div>
        <div class="bench-evidence stack">
          <caller-card .detail=${detail} @callerstep=${(event: CustomEvent<TicketDetail>) => this.detail.replace(event.detail)}></caller-card>
          ${adviceStrip(detail, {
            refund: () => this.#refund(),
            explain: () => void this.thread?.openTemplates(),
            resolve: () => this.#resolve(),
            decide: () => this.#decideOpen(),
          })}
          ${
            order
              ? html`<evidence-axis .order=${order}></evidence-axis>${anomaliesPanel(this.services, order, (id) => this.#decide(id))}`
              : ticket.cabinetId && detail.caller?.isHidden !== true
                ? html`<cabinet-course .ticketId=${ticket.ticketId} .cabinetId=${ticket.cabinetId}></cabinet-course>
                    <cabinet-brief .cabinetId=${ticket.cabinetId} .ticket=${detail.actions.includes('setpoint') ? ticket : undefined} .hasSetpoint=${true} .hasChart=${true}></cabinet-brief>`
                : nothing
          }
          ${ticket.type === 'quality' && this.services.me?.permissions.includes('batch.read') === true ? html`<batch-card ticket-id=${ticket.ticketId}></batch-card>` : nothing}
          <ticket-pictures .detail=${detail} @changed=${() => this.detail.reload()}></ticket-pictures>
          <ticket-desk .detail=${detail}></ticket-desk>
          <macro-bar .detail=${detail} .templates=${templates}></macro-bar>
          <knowledge-help .type=${subjectOf(detail)} .text=${detail.note ?? ''} ticket-id=${ticket.ticketId}></knowledge-help>
        </div>
        ${
          order
            ? html`<div class="bench-money stack">
              ${order.arrears ? html`<arrears-card .order=${order}></arrears-card>` : nothing}
              ${linesPanel(order, detail.named)} ${paymentsPanel(this.services, order)} <compensation-card .order=${order}></compensation-card> ${consumerPanel(this.services, order)}
              ${ticket.cabinetId ? html`<cabinet-brief .cabinetId=${ticket.cabinetId}></cabinet-brief>` : nothing}
            </div>`
            : nothing
        }
        ${
          order
            ? html`<refund-dialog .order=${order} .ticket=${detail} .subject=${subjectOf(detail)}></refund-dialog><decide-dialog .order=${order}></decide-dialog>`
            : nothing
        }
        <ticket-action-dialog .detail=${detail}></ticket-action-dialog>
        <resolve-dialog .detail=${detail} .templates=${templates}></resolve-dialog>
      </div>
    `
  }

  #stepDone({ kind, answer }: StepDone): Promise<void> {
    return this.#settledBy(kind === 'snooze' || kind === 'task' ? endOf(kind, answer) : undefined)
  }
  /** The refund may have moved the ticket on; its version must be the one that is closed. */
  async #resolveAfterReload(): Promise<void> {
    await this.detail.reloaded()
    await this.updateComplete
    this.#resolve()
  }

  #head(detail: TicketDetail) {
    const { ticket, order } = detail
    const { time } = this.services
    // What was tapped says more than the name of its type.
    const trouble = detail.desk.intake.find(({ key }) => key === 'trouble')
    return html`<header class="page-head ticket-head">
      <div class="page-title">
        <a class="back" href="${BASE}/tickets">${icon('arrow-left')}<span class="aloud">${word('tickets')}</span></a>
        <h1 tabindex="-1"><span class="soft number">#${ticket.number}</span> ${wordOr(`ticketType.${subjectOf(detail)}`, subjectOf(detail))}${trouble === undefined ? nothing : html`<span class="soft"> · ${choose(trouble.text)}</span>`}</h1>
        ${ticketStateBadge(ticket.state)} ${priorityBadge(ticket.priority)} ${slaChips(time, ticket)}
        ${detail.rating === null ? nothing : html`<span class="badge tone-info">${word('rating', { score: detail.rating })}</span>`}
      </div>
      <div class="row">
        ${this.#place()}
        <span class="soft small">
          ${ticket.cabinetName ? html`<a href="${BASE}/cabinets/${ticket.cabinetId}">${choose(ticket.cabinetName)}</a> · ` : nothing}
          ${order ? html`<a href="${BASE}/orders/${order.order.orderId}">${word('order')}</a> ${idChip(this.services, order.order.orderId)} ${money(order.order.totalFen)} · ` : nothing}
          ${ticket.assignee ? word('ownedBy', { name: ticket.assignee.displayName }) : word('nobodyYet')}
        </span>
        ${detail.actions.includes('claim') ? html`<button class="button" @click=${() => void this.#claim()}>${word('claim')} <kbd aria-hidden="true">c</kbd></button>` : nothing}
        ${detail.actions.includes('refund') && order ? html`<button class="button" @click=${() => this.#refund()}>${icon('undo')}${order.actions.includes('refund') ? word('refundEllipsis') : goodWord('lowerEllipsis')} <kbd aria-hidden="true">r</kbd></button>` : nothing}
        ${detail.actions.includes('resolve') ? html`<button class="button" @click=${() => this.#resolve()}>${icon('check')}${word('resolveEllipsis')} <kbd aria-hidden="true">e</kbd></button>` : nothing}
      </div>
      ${
        detail.outcome
          ? html`<p class="outcome soft">${icon('circle-check')}${wordOr(`outcome.${detail.outcome}`, detail.outcome)}${detail.rootCause ? html` · ${word('rootCause')}: ${wordOr(`rootCause.${detail.rootCause}`, detail.rootCause)}` : nothing}</p>`
          : nothing
      }
    </header>`
  }
}
