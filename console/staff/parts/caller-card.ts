import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { CallerPanel } from '#protocol/api/callers.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { describeError } from '../../data/staff-errors.ts'
import { callerWord as word } from '../../words/callers.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { badge } from '../views.ts'

type Step = 'ask' | 'answer' | 'vouch'
/** The gateway answers within seconds; looked at again that often while it has not. */
const LOOK_EVERY_SECONDS = 3
const LOOKS_MOST = 5

/**
 * “Is it really them?”: what is hidden and why, two questions, a code, or a lead who answers for it. Fires `callerstep`
 * with the ticket as it is then, and `changed` when it should be looked at again.
 * One thing at a time: what is being asked replaces the choice.
 */
@customElement('caller-card')
export class CallerCard extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail
  @state() private isSending = false
  @state() private isVouching = false
  @state() private error: unknown
  @query('#caller-first') private first: HTMLElement | null | undefined
  #seconds = 0
  #isToFocus = false

  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.time.onSecond(() => this.#look()))
  }
  /** From the keyboard: to what is to be done next, and with nothing begun yet the questions are asked. */
  async begin(): Promise<void> {
    const { caller } = this.detail
    if (caller === null || !caller.isHidden) return
    if (caller.facts === null && caller.code === null && caller.actions.includes('facts'))
      await this.#send('ask', { way: 'facts' })
    else this.first?.focus()
  }

  /** Whether a code was delivered is heard a moment later. */
  #look(): void {
    if (this.detail.caller?.code?.delivery !== 'waiting') return
    this.#seconds += 1
    if (this.#seconds % LOOK_EVERY_SECONDS === 0 && this.#seconds <= LOOK_EVERY_SECONDS * LOOKS_MOST)
      this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
  }

  async #send(step: Step, body: object): Promise<void> {
    if (this.isSending) return
    this.isSending = true
    this.error = undefined
    this.#seconds = 0
    try {
      const detail = await this.services.api.callerStep(this.detail.ticket.ticketId, step, body)
      this.isVouching = false
      this.#isToFocus = step === 'ask'
      this.dispatchEvent(new CustomEvent<TicketDetail>('callerstep', { bubbles: true, detail }))
      if (detail.caller?.isHidden === false) this.services.toast({ tone: 'ok', text: word('nowKnown') })
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }
  /** Whoever asked goes on at what was asked, once it is there. */
  protected override updated(): void {
    const { caller } = this.detail
    if (!this.#isToFocus || caller === null || (caller.facts === null && caller.code === null)) return
    this.#isToFocus = false
    this.first?.focus()
  }
  #submit(event: SubmitEvent, step: Step, bodyOf: (form: HTMLFormElement) => object): void {
    event.preventDefault()
    void this.#send(step, bodyOf(event.currentTarget as HTMLFormElement))
  }

  protected override render() {
    const { caller } = this.detail
    if (caller === null) return this.#noOrder()
    return html`<section class="card stack caller" aria-labelledby="card-caller">
      <header class="card-head">
        <h2 id="card-caller">${word('title')}</h2>
        ${caller.isHidden ? badge('warn', 'lock', word('unknown')) : badge('ok', 'shield-check', word('known'))}
      </header>
      ${caller.isHidden ? this.#unknown(caller) : this.#known(caller)}
      ${this.#problem()}
    </section>`
  }

  #known({ known }: CallerPanel) {
    if (known === null) return nothing
    const { time } = this.services
    return html`<p>${word('knownBy', { way: word(`way.${known.way}`), by: known.by, at: time.momentText(known.atMs) })}</p>
      ${known.reason === null ? nothing : html`<p class="soft">${known.reason}</p>`}
      <p class="soft small">${word('knownUntil', { until: time.momentText(known.untilMs) })}</p>`
  }

  #unknown(caller: CallerPanel) {
    const { ticket } = this.detail
    const isOver = ticket.state === 'closed' || ticket.state === 'merged'
    return html`<p>${word(isOver ? 'over' : 'why')}</p>
      ${this.#last(caller)}
      ${caller.facts ? this.#facts(caller.facts) : caller.code ? this.#code(caller.code) : nothing}
      ${this.isVouching ? this.#vouch() : this.#choice(caller, isOver)}`
  }

  #last({ last, factsLeft, codesLeft }: CallerPanel) {
    if (last === null) return nothing
    const at = this.services.time.momentText(last.atMs)
    return html`<p class="strip tone-warn" role="status">${icon('triangle-alert')}
      <span>${word(`last.${last.state}`, { at })} ${word('left', { facts: factsLeft, codes: codesLeft })}</span></p>`
  }

  #choice({ actions, facts, code }: CallerPanel, isOver: boolean) {
    const may = (action: CallerPanel['actions'][number]) => actions.includes(action)
    const isAsking = facts !== null || code !== null
    return html`${actions.length === 0 && !isAsking && !isOver ? html`<p class="tone-text-warn">${icon('circle-alert')}${word('askLead')}</p>` : nothing}
      <div class="row">
        ${
          may('facts') && facts === null
            ? html`<button type="button" class="button ${isAsking ? '' : 'primary'}" id=${isAsking ? nothing : 'caller-first'} ?disabled=${this.isSending}
                @click=${() => void this.#send('ask', { way: 'facts' })}>${word('askFacts')} <kbd aria-hidden="true">v</kbd></button>`
            : nothing
        }
        ${
          may('code')
            ? html`<button type="button" class="button" ?disabled=${this.isSending}
                @click=${() => void this.#send('ask', { way: 'code' })}>${word(code === null ? 'sendCode' : 'sendAgain')}</button>`
            : nothing
        }
        ${may('lead') ? html`<button type="button" class="quiet" ?disabled=${this.isSending} @click=${() => this.#openVouch()}>${word('lead')}…</button>` : nothing}
      </div>`
  }
  #openVouch(): void {
    this.isVouching = true
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('textarea[name=reason]')?.focus())
  }

  #facts({ checkId, questions }: NonNullable<CallerPanel['facts']>) {
    return html`<form class="stack" @submit=${(event: SubmitEvent) =>
      this.#submit(event, 'answer', (form) => ({
        checkId,
        known: questions.map((_, index) => new FormData(form).get(`fact-${index}`) === 'knew'),
      }))}>
      <p class="soft small">${word('factsHow')}</p>
      ${questions.map(
        ({ fact, answer }, index) => html`<fieldset class="plain-fieldset caller-question">
          <legend>${word(`fact.${fact}`)}</legend>
          <p class="soft">${word('shouldSay', { answer: choose(answer) })}</p>
          <div class="row">
            <label class="choice"><input type="radio" name="fact-${index}" value="knew" required id=${index === 0 ? 'caller-first' : nothing} /><span>${word('knew')}</span></label>
            <label class="choice"><input type="radio" name="fact-${index}" value="not" required /><span>${word('knewNot')}</span></label>
          </div>
        </fieldset>`,
      )}
      <div class="row"><button class="button primary" ?disabled=${this.isSending}>${word('done')}</button></div>
    </form>`
  }

  #code({ checkId, sentAtMs, expiresAtMs, triesLeft, delivery }: NonNullable<CallerPanel['code']>) {
    const { time } = this.services
    if (delivery === 'refused' || delivery === 'given_up')
      return html`<p class="strip tone-bad" role="alert">${icon('mail-warning')}<span>${word('codeLost')}</span></p>`
    return html`<form class="stack" @submit=${(event: SubmitEvent) =>
      this.#submit(event, 'answer', (form) => ({
        checkId,
        code: fieldText(form, 'code').replaceAll(/\D/g, ''),
      }))}>
      <p>${word('codeHow', { at: time.momentText(sentAtMs), until: time.momentText(expiresAtMs) })}</p>
      <div class="field-row">
        <label class="field"><span class="label">${word('code')} <span class="soft">· ${word('codeTries', { count: triesLeft })}</span></span>
          <input id="caller-first" class="code-input" name="code" inputmode="numeric" autocomplete="off" required pattern="[0-9 ]{6,8}" maxlength="8" /></label>
        <button class="button primary" ?disabled=${this.isSending}>${word('check')}</button>
      </div>
    </form>`
  }

  #vouch() {
    return html`<form class="stack" @submit=${(event: SubmitEvent) =>
      this.#submit(event, 'vouch', (form) => ({ reason: fieldText(form, 'reason').trim() }))}>
      <p>${word('leadHow')}</p>
      <label class="field"><span class="label">${word('reason')}</span>
        <textarea name="reason" rows="2" minlength="5" maxlength="500" required placeholder=${word('reasonHint')}></textarea></label>
      <div class="row"><button class="button primary" ?disabled=${this.isSending}>${icon('shield-check')}${word('goOn')}</button></div>
    </form>`
  }

  /** Somebody on the telephone whose purchase nobody named yet. */
  #noOrder() {
    const { ticket, actions } = this.detail
    const isCall = ticket.channel === 'hotline' || ticket.channel === 'email' || ticket.channel === 'social'
    if (!isCall || ticket.orderId !== null || ticket.consumerLabel !== null || !actions.includes('resolve'))
      return nothing
    return html`<details class="card caller">
      <summary>${word('noOrder')}</summary>
      <form class="stack" @submit=${(event: SubmitEvent) =>
        this.#submit(event, 'ask', (form) => ({ way: 'facts', orderId: fieldText(form, 'orderId').trim() }))}>
        <p class="soft small">${word('noOrderHow')}</p>
        <div class="field-row">
          <label class="field"><span class="label">${word('orderId')}</span>
            <input name="orderId" required pattern="\\s*[a-z]{2}[0-9a-z]{30}\\s*" maxlength="40" autocomplete="off" spellcheck="false" /></label>
          <button class="button" ?disabled=${this.isSending}>${word('nameOrder')}</button>
        </div>
      </form>
      ${this.#problem()}
    </details>`
  }

  #problem() {
    return this.error
      ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>`
      : nothing
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'caller-card': CallerCard
  }
}
