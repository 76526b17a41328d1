import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { TemplateList, TicketDetail, TicketResolve } from '#protocol/api/staff/tickets.ts'
import { choiceOf, forgetWords, keepChoice, keepWords, wordsOf } from '../../data/draft.ts'
import { fillTemplate, rankTemplates, startingResolution, unfilled } from '../../data/staff-advice.ts'
import { SeenTicket } from '../../data/seen-ticket.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { changesOf, eventText } from '../../data/ticket-entry.ts'
import { word } from '../../words/staff.ts'
import { ticketWord } from '../../words/tickets.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'

/** Where what was written and chosen is kept until it is sent. */
const KEPT = { reply: 'last-reply', outcome: 'outcome', rootCause: 'root-cause' } as const

/** Closing needs an outcome and a root cause; both are proposed, and the last reply goes out with them. Fires `resolved`. */
@customElement('resolve-dialog')
export class ResolveDialog extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail
  @property({ attribute: false }) templates: TemplateList['templates'] = []
  @state() private outcome: TicketResolve['outcome'] = 'explained'
  @state() private rootCause: TicketResolve['rootCause'] = 'unknown'
  @state() private reply = ''
  @state() private isSending = false
  @state() private error: unknown
  /** What others did since the dialog was opened, once its owner has been told. */
  @state() private meanwhile = ''
  @query('dialog') private dialog!: HTMLDialogElement

  /** As the case was when the dialog was opened. */
  #proposed: Pick<TicketResolve, 'outcome' | 'rootCause'> = { outcome: 'explained', rootCause: 'unknown' }
  readonly #seen = new SeenTicket()

  async open(): Promise<void> {
    this.#seen.open(this.detail)
    this.meanwhile = ''
    this.#choose()
    this.error = undefined
    const hasConsumer = this.detail.ticket.orderId !== null
    const template = hasConsumer
      ? rankTemplates(this.templates, this.detail, this.services.me?.displayName ?? '')[0]
      : undefined
    const language = this.detail.language
    this.reply =
      wordsOf(this.detail.ticket.ticketId, KEPT.reply) ??
      (template === undefined
        ? ''
        : fillTemplate(template.text[language], this.detail, this.services.me?.displayName ?? '', language))
    await this.updateComplete
    this.dialog.showModal()
    this.querySelector<HTMLButtonElement>('#resolve-send')?.focus()
  }

  /** What was chosen before comes first, then what is proposed; a type of ticket may have neither. */
  #choose(): void {
    const { outcomes, rootCauses } = this.detail.desk.type
    this.#proposed = startingResolution(this.detail)
    const wanted = (field: 'outcome' | 'rootCause') => [
      choiceOf(this.detail.ticket.ticketId, KEPT[field], this.#proposed[field]),
      this.#proposed[field],
    ]
    this.outcome = firstAmong(outcomes, wanted('outcome')) ?? outcomes[0] ?? 'no_action'
    this.rootCause = firstAmong(rootCauses, wanted('rootCause')) ?? 'unknown'
  }
  #keepChoice(field: 'outcome' | 'rootCause'): void {
    keepChoice(this.detail.ticket.ticketId, KEPT[field], this.#proposed[field], this[field])
  }

  async #send(): Promise<void> {
    if (this.isSending) return
    this.error = undefined
    const unseen = this.#unseen()
    if (unseen !== '') {
      this.meanwhile = unseen
      this.#seen.see(this.detail)
      return
    }
    this.isSending = true
    try {
      await this.services.api.resolve(this.detail.ticket.ticketId, {
        version: this.#seen.versionOf(this.detail),
        outcome: this.outcome,
        rootCause: this.rootCause,
        ...(this.reply.trim() === '' ? {} : { reply: this.reply.trim() }),
      })
      for (const field of Object.values(KEPT)) forgetWords(this.detail.ticket.ticketId, field)
      this.dialog.close()
      this.dispatchEvent(new CustomEvent('resolved', { bubbles: true }))
    } catch (error) {
      this.error = error
      if (isConflict(error)) {
        this.meanwhile = changesOf(error)
        this.#seen.see(this.detail, error)
        this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
      }
    } finally {
      this.isSending = false
    }
  }

  #unseen(): string {
    return this.#seen
      .unseen(this.detail, this.services.me?.displayName ?? '')
      .map(eventText)
      .join(' · ')
  }

  protected override render() {
    const open = unfilled(this.reply)
    const meanwhile = this.#unseen() || this.meanwhile
    return html`<dialog class="dialog" aria-labelledby="resolve-title">
      <header class="dialog-head">
        <h2 id="resolve-title">${word('resolveTitle', { number: this.detail.ticket.number })}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form
        class="stack"
        @submit=${(event: SubmitEvent) => {
          event.preventDefault()
          void this.#send()
        }}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault()
            void this.#send()
          }
        }}
      >
        <div class="field-grid">
          <label class="field"><span class="label">${word('outcome')}</span>
            <select name="outcome" @change=${(event: Event) => {
              this.outcome = (event.target as HTMLSelectElement).value as TicketResolve['outcome']
              this.#keepChoice('outcome')
            }}>
              ${this.detail.desk.type.outcomes.map((outcome) => html`<option value=${outcome} ?selected=${outcome === this.outcome}>${word(`outcome.${outcome}`)}</option>`)}
            </select>
          </label>
          <label class="field"><span class="label">${word('rootCause')}</span>
            <select name="rootCause" @change=${(event: Event) => {
              this.rootCause = (event.target as HTMLSelectElement).value as TicketResolve['rootCause']
              this.#keepChoice('rootCause')
            }}>
              ${this.detail.desk.type.rootCauses.map((cause) => html`<option value=${cause} ?selected=${cause === this.rootCause}>${word(`rootCause.${cause}`)}</option>`)}
            </select>
          </label>
        </div>
        <label class="field"><span class="label">${word('lastReply')}</span>
          <textarea rows="6" maxlength="2000" lang=${this.detail.language === 'zh' ? 'zh-CN' : 'en'} .value=${this.reply}
            @input=${(event: Event) => {
              this.reply = (event.target as HTMLTextAreaElement).value
              keepWords(this.detail.ticket.ticketId, KEPT.reply, this.reply)
            }}></textarea>
        </label>
        ${open.length > 0 ? html`<p class="tone-text-warn small">${icon('triangle-alert')}${word('fillIn', { names: open.join(' ') })}</p>` : nothing}
        ${
          meanwhile !== ''
            ? html`<p class="strip tone-warn" role="alert">${icon('triangle-alert')}<span>${ticketWord('changedMeanwhile', { changes: meanwhile })}</span></p>`
            : nothing
        }
        ${
          this.error && meanwhile === ''
            ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${isConflict(this.error) ? word('conflict') : describeError(this.error)}</span></p>`
            : nothing
        }
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button id="resolve-send" class="button primary" ?disabled=${this.isSending || open.length > 0}>
            ${this.isSending ? word('sending') : this.meanwhile !== '' ? ticketWord('sendAnyway') : this.reply.trim() === '' ? word('resolveOnly') : word('sendAndResolve')}
          </button>
        </footer>
      </form>
    </dialog>`
  }
}

function firstAmong<T extends string>(known: readonly T[], wanted: ReadonlyArray<string | undefined>) {
  return wanted.flatMap((one) => known.find((other) => other === one) ?? [])[0]
}

declare global {
  interface HTMLElementTagNameMap {
    'resolve-dialog': ResolveDialog
  }
}
