import { html, nothing, type PropertyValues } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { TicketList, TicketRow } from '#protocol/api/staff/tickets.ts'
import type { TicketView } from '../../data/staff-api.ts'
import { isView, VIEWS } from '../../data/ticket-walk.ts'
import { compareUrgency, nextClock, slaClocks } from '../../data/staff-sla.ts'
import { word, wordOr } from '../../words/staff.ts'
import { walkWord } from '../../words/ticket-walk.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { BASE } from '../doors.ts'
import { Shortcuts } from '../shortcuts.ts'
import { emptyView, moment, money, pageHead, priorityBadge, slaChip, ticketStateBadge } from '../views.ts'
import { lastLine } from '../parts/queue-end.ts'
import '../parts/new-ticket-dialog.ts'

/** The queue, most urgent first. Rows never move by themselves: what is new waits behind a button. */
@customElement('page-tickets')
export class TicketsPage extends StaffPage {
  /** What is on the screen; replaced by the reader, not by the feed. */
  @state() private shown: TicketList | undefined
  @state() private shownFor = ''
  private readonly list = new Resource<TicketList, [TicketView, string]>(this, {
    args: () => [this.#view, this.#text],
    load: ([view, text], signal) => this.services.api.tickets(view, text, signal),
    isAffected: (change) => change.kind === 'ticket',
    onValue: (value) => this.#receive(value),
  })

  constructor() {
    super()
    new Shortcuts(this, {
      j: () => this.#move(1),
      k: () => this.#move(-1),
      u: () => this.#openFirst(),
      b: () => this.#back(),
    })
  }
  get #view(): TicketView {
    const asked = this.query.get('view')
    return isView(asked) ? asked : 'open'
  }
  get #text(): string {
    return this.query.get('query') ?? ''
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.time.onSecond(() => this.requestUpdate()))
  }

  #receive(value: TicketList): void {
    this.services.time.learn(value.nowMs)
    const question = `${this.#view} ${this.#text}`
    const isSameRows = this.shown && this.shownFor === question
    if (!isSameRows) {
      this.shown = this.#inOrder(value, value.nowMs)
      this.shownFor = question
      return
    }
    // Rows that are there are brought up to date where they stand; what left stays until the reader reloads.
    const fresh = new Map(value.tickets.map((ticket) => [ticket.ticketId, ticket]))
    if (this.shown)
      this.shown = {
        ...this.shown,
        tickets: this.shown.tickets.map((ticket) => fresh.get(ticket.ticketId) ?? ticket),
      }
  }
  /** The queue was gone through to its end. */
  get #isDone(): boolean {
    return this.query.get('done') === '1'
  }
  /** From here the tickets are gone through in the order that is on the screen. */
  protected override updated(changed: PropertyValues): void {
    super.updated(changed)
    if (this.#isDone || !this.shown || this.shownFor !== `${this.#view} ${this.#text}`) return
    if (this.#walked === this.shown) return
    this.#walked = this.shown
    this.services.walk.look(
      this.#view,
      this.#text,
      this.shown.tickets.map(({ ticketId }) => ticketId),
    )
  }
  #walked: TicketList | undefined
  #back(): void {
    const last = this.services.walk.now?.last
    if (last) this.services.go(`/tickets/${last.ticketId}`)
  }
  #last() {
    const last = this.services.walk.now?.last
    return last
      ? { ticketId: last.ticketId, text: walkWord(`ended.${last.how}`, { number: last.number }) }
      : undefined
  }
  get #newCount(): number {
    const known = new Set(this.shown?.tickets.map((ticket) => ticket.ticketId))
    return this.list.value?.tickets.filter((ticket) => !known.has(ticket.ticketId)).length ?? 0
  }
  #showAll(): void {
    if (!this.list.value) return
    const { value } = this.list
    this.shown = this.#inOrder(value, this.services.time.now())
  }
  /** The queue by urgency; what was searched for stays with the best first. */
  #inOrder(value: TicketList, nowMs: number): TicketList {
    if (this.#text !== '') return value
    return { ...value, tickets: value.tickets.toSorted((a, b) => compareUrgency(a, b, nowMs)) }
  }
  #links(): HTMLAnchorElement[] {
    return [...this.querySelectorAll<HTMLAnchorElement>('a.row-link')]
  }
  #move(step: number): void {
    const links = this.#links()
    const here = links.findIndex((link) => link === document.activeElement)
    links[Math.min(links.length - 1, Math.max(0, here + step))]?.focus()
  }
  #openFirst(): void {
    this.#links()[0]?.click()
  }

  protected override render() {
    if (this.#isDone)
      return html`${pageHead(walkWord('allDone'), { actions: html`<a class="button" href="${BASE}/tickets?view=${this.#view}">${icon('inbox')}${walkWord('toQueue')}</a>` })}
        ${lastLine(this.list.value && this.#last())}<queue-end></queue-end>`
    return html`${pageHead(word('tickets'), {
      actions: html`<button class="button" @click=${() => this.querySelector('new-ticket-dialog')?.open()}>${icon('plus')}${word('newTicket')}</button>`,
    })}
      <div class="toolbar">
        <nav class="tabs" aria-label=${word('ticketViews')}>
          ${VIEWS.map(
            (view) =>
              html`<a href="${BASE}/tickets?view=${view}" aria-current=${view === this.#view ? 'page' : nothing}>${word(`ticketView.${view}`)}</a>`,
          )}
        </nav>
        <form class="search inline" role="search" aria-label=${word('searchTickets')} @submit=${(event: SubmitEvent) => this.#onSearch(event)}>
          ${icon('search')}
          <label class="aloud" for="ticket-search">${word('searchTickets')}</label>
          <input id="ticket-search" name="query" type="search" placeholder=${word('searchTicketsHint')} .value=${this.#text} />
        </form>
        <span role="status" class="new-rows">
          ${this.#newCount > 0 ? html`<button class="button primary" @click=${() => this.#showAll()}>${icon('refresh')}${word('nNew', { count: this.#newCount })}</button>` : nothing}
        </span>
      </div>
      ${this.list.view(() => this.#table(this.shown?.tickets ?? []))}
      <new-ticket-dialog @created=${(event: CustomEvent<string>) => this.services.go(`/tickets/${event.detail}`)}></new-ticket-dialog>`
  }

  #onSearch(event: SubmitEvent): void {
    event.preventDefault()
    const text = fieldText(event.currentTarget as HTMLFormElement, 'query')
    this.services.go(`/tickets?view=${this.#view}${text === '' ? '' : `&query=${encodeURIComponent(text)}`}`)
  }

  #table(tickets: readonly TicketRow[]) {
    if (tickets.length === 0 && this.#text !== '') return emptyView('noTicketFound', 'search')
    if (tickets.length === 0)
      return emptyView(this.#view === 'closed' ? 'noClosedTickets' : 'noTickets', 'inbox')
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('tickets')}>
      <table class="table rows">
        <caption class="aloud">${word('tickets')}</caption>
        <thead>
          <tr>
            <th scope="col">${word('due')}</th>
            <th scope="col">${word('ticket')}</th>
            <th scope="col">${word('priorityLabel')}</th>
            <th scope="col">${word('state')}</th>
            <th scope="col">${word('cabinet')}</th>
            <th scope="col">${word('consumer')}</th>
            <th scope="col" class="end">${word('amount')}</th>
            <th scope="col">${word('owner')}</th>
            <th scope="col">${word('opened')}</th>
          </tr>
        </thead>
        <tbody>
          ${tickets.map((ticket) => this.#row(ticket))}
        </tbody>
      </table>
    </div>`
  }

  #row(ticket: TicketRow) {
    const { time } = this.services
    const clock = nextClock(ticket, time.now()) ?? slaClocks(ticket, time.now())[1]
    return html`<tr class="is-${clock.state}">
      <td>${slaChip(time, clock, { isShort: true })}</td>
      <td>
        <a class="row-link" href="${BASE}/tickets/${ticket.ticketId}"><span class="soft number">#${ticket.number}</span> <b>${wordOr(`ticketType.${ticket.type}`, ticket.type)}</b></a>
        ${ticket.found === undefined ? nothing : foundLine(ticket.found)}
      </td>
      <td>${priorityBadge(ticket.priority)}</td>
      <td>${ticketStateBadge(ticket.state)}</td>
      <td>${ticket.cabinetName ? choose(ticket.cabinetName) : html`<span class="soft">–</span>`}</td>
      <td>${ticket.consumerLabel ?? html`<span class="soft">–</span>`}</td>
      <td class="end">${ticket.amountFen === null ? html`<span class="soft">–</span>` : money(ticket.amountFen)}</td>
      <td>${ticket.assignee?.displayName ?? html`<span class="soft">${word('nobodyYet')}</span>`}</td>
      <td>${moment(time, ticket.openedAtMs)}</td>
    </tr>`
  }
}

/** Where the words were found, and the stretch of text around them. */
function foundLine({ where, pieces }: NonNullable<TicketRow['found']>) {
  return html`<span class="found soft small">${word(`foundIn.${where}`)} ${pieces.map(({ text, isHit }) => (isHit ? html`<mark>${text}</mark>` : text))}</span>`
}
