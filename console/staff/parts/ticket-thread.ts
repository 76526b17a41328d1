import { html, nothing, type PropertyValues } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { TemplateList, TicketDetail } from '#protocol/api/staff/tickets.ts'
import type { Language } from '#protocol/words/words.ts'
import { fillTemplate, rankTemplates, subjectOf, unfilled, type Template } from '../../data/staff-advice.ts'
import { checkTone } from '../../data/staff-tone.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { draftOf, keepDraft } from '../../data/draft.ts'
import { changesOf } from '../../data/ticket-entry.ts'
import { knowsSentence, sentence } from '../../data/staff-evidence.ts'
import { word, wordOr } from '../../words/staff.ts'
import { ticketWord } from '../../words/tickets.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { card, moment } from '../views.ts'

type Message = TicketDetail['messages'][number]
const MESSAGE_ICONS: Record<Message['from'], IconName> = {
  consumer: 'user',
  agent: 'help',
  system: 'activity',
}

/** The conversation and the composer. Fires `answered` with the ticket as the core has it after something was sent. */
@customElement('ticket-thread')
export class TicketThread extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail
  @property({ attribute: false }) templates: TemplateList['templates'] = []
  /** Resolves when a step that was begun elsewhere on the page, such as taking the ticket, has been answered. */
  @property({ attribute: false }) settled: () => Promise<unknown> = () => Promise.resolve()
  @state() private text = ''
  @state() private wantsNote = false
  @state() private isMenuOpen = false
  @state() private filter = ''
  @state() private active = 0
  @state() private isSending = false
  @state() private error: unknown
  @state() private templateLanguage: Language | undefined
  @query('#composer') private composer: HTMLTextAreaElement | null | undefined
  @query('#template-filter') private filterInput: HTMLInputElement | null | undefined
  /** Kept until the core has answered, so that a repeated send is the same message. */
  #requestId: string | undefined

  /** What was typed before the page was left or loaded again. */
  protected override firstUpdated(): void {
    const draft = draftOf(this.detail.ticket.ticketId)
    this.text = draft.text
    this.wantsNote = draft.isNote
  }
  protected override updated(changed: PropertyValues): void {
    super.updated(changed)
    if (changed.has('text') || changed.has('wantsNote'))
      keepDraft(this.detail.ticket.ticketId, this.text, this.wantsNote)
  }
  get hasDraft(): boolean {
    return this.text.trim() !== ''
  }
  /** A reply is typed that was not sent yet. */
  get isWriting(): boolean {
    return this.text.trim() !== '' && !this.#isNote
  }
  /** The operator who asked has no notes and no templates. */
  get #isAsker(): boolean {
    return this.detail.actions.includes('answer')
  }
  async openTemplates(): Promise<void> {
    if (!this.detail.actions.includes('reply')) return
    this.wantsNote = false
    this.isMenuOpen = true
    this.filter = ''
    this.active = 0
    await this.updateComplete
    this.filterInput?.focus()
  }
  async startNote(): Promise<void> {
    if (!this.detail.actions.includes('note')) return
    this.wantsNote = true
    await this.updateComplete
    this.composer?.focus()
  }

  /** A ticket that is closed takes notes only. */
  get #isNote(): boolean {
    return this.wantsNote || !(this.detail.actions.includes('reply') || this.#isAsker)
  }
  get #language(): Language {
    return this.templateLanguage ?? this.detail.language
  }
  get #choices(): Template[] {
    const wanted = this.filter.trim().toLowerCase()
    return rankTemplates(this.templates, this.detail, this.services.me?.displayName ?? '').filter(
      (template) =>
        wanted === '' ||
        [template.key, template.title.zh, template.title.en, template.text[this.#language]].some((text) =>
          text.toLowerCase().includes(wanted),
        ),
    )
  }

  async #insert(template: Template): Promise<void> {
    const filled = fillTemplate(
      template.text[this.#language],
      this.detail,
      this.services.me?.displayName ?? '',
      this.#language,
    )
    const { composer } = this
    const at = composer?.selectionStart ?? this.text.length
    const before = this.text.slice(0, at).replace(/\/$/, '')
    this.text = `${before}${filled}${this.text.slice(at)}`
    this.isMenuOpen = false
    await this.updateComplete
    composer?.focus()
    composer?.setSelectionRange(before.length + filled.length, before.length + filled.length)
  }

  async #send(): Promise<void> {
    const text = this.text.trim()
    if (text === '' || this.isSending || (!this.#isNote && unfilled(text).length > 0)) return
    this.isSending = true
    this.#requestId ??= this.services.ids.next('request')
    const { api } = this.services
    const { ticketId } = this.detail.ticket
    try {
      // Their own step before this one is no change by somebody else.
      await this.settled()
      const { version } = this.detail.ticket
      const body = { requestId: this.#requestId, version, text }
      const answer = this.#isNote
        ? await api.note(ticketId, body)
        : this.#isAsker
          ? await api.answerTicket(ticketId, body)
          : await api.reply(ticketId, body)
      this.text = ''
      this.error = undefined
      this.#requestId = undefined
      this.dispatchEvent(new CustomEvent('answered', { bubbles: true, detail: answer }))
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    const { detail } = this
    return card(
      'conversation',
      html`<ol class="thread" tabindex="0" aria-label=${word('conversation')}>
          <li class="message from-consumer">
            <p class="message-head">${icon('user')}<b>${this.#asker(detail)}</b>${moment(this.services.time, detail.ticket.openedAtMs)}</p>
            <p><b>${wordOr(`ticketType.${subjectOf(detail)}`, subjectOf(detail))}</b></p>
            ${detail.note && !detail.messages.some((message) => message.text === detail.note) ? html`<p lang=${this.#langTag(detail.language)}>${detail.note}</p>` : nothing}
          </li>
          ${detail.messages.map((message) => this.#message(message))}
        </ol>
        ${['reply', 'note', 'answer'].some((action) => detail.actions.includes(action)) ? this.#composer() : nothing}`,
      { className: 'thread-card' },
    )
  }

  /** Who asked, as far as it is known. */
  #asker({ ticket, desk }: TicketDetail): string {
    if (ticket.consumerLabel !== null) return ticket.consumerLabel
    if (ticket.channel === 'console') return ticketWord('audience.operator')
    return desk.callerPhoneTail === null
      ? word('consumer')
      : ticketWord('caller', { tail: desk.callerPhoneTail })
  }
  #langTag(language: Language): string {
    return language === 'zh' ? 'zh-CN' : 'en'
  }
  #message(message: Message) {
    const text =
      message.key && knowsSentence(message.key) ? sentence(message.key, message.values ?? {}) : message.text
    // The consumer has one name on this page, at the first message and at all others.
    const consumer = message.from === 'consumer' ? this.detail.ticket.consumerLabel : null
    const who = message.authorName ?? consumer ?? word(`from.${message.from}`)
    return html`<li class="message from-${message.from} ${message.isInternal ? 'is-internal' : ''}">
      <p class="message-head">
        ${icon(message.isInternal ? 'lock' : MESSAGE_ICONS[message.from])}<b>${who}</b>
        ${message.isInternal ? html`<span class="soft">${word('internalNote')}</span>` : nothing} ${moment(this.services.time, message.atMs)}
      </p>
      <p class="message-text">${text}</p>
    </li>`
  }

  #composer() {
    const open = this.#isNote ? [] : unfilled(this.text)
    const findings = this.#isNote ? [] : checkTone(this.text)
    const canReply = this.detail.actions.includes('reply')
    const canNote = this.detail.actions.includes('note')
    return html`<form
      class="composer ${this.#isNote ? 'is-internal' : ''}"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        void this.#send()
      }}
    >
      <div class="row composer-head">
        <div class="segments" role="group" aria-label=${word('messageKind')}>
          ${canReply ? html`<button type="button" aria-pressed=${!this.#isNote} @click=${() => (this.wantsNote = false)}>${word('reply')}</button>` : nothing}
          ${canNote ? html`<button type="button" aria-pressed=${this.#isNote} @click=${() => (this.wantsNote = true)}>${icon('lock')}${word('note')}</button>` : nothing}
        </div>
        <span class="grow"></span>
        ${
          canReply && !this.#isNote
            ? html`<button type="button" class="quiet" aria-expanded=${this.isMenuOpen} aria-controls="template-menu" @click=${() => void this.#toggleMenu()}>
              ${icon('scroll')}${word('templates')} <kbd aria-hidden="true">/</kbd>
            </button>`
            : nothing
        }
      </div>
      ${this.isMenuOpen ? this.#menu() : nothing}
      <label class="aloud" for="composer">${word(this.#isNote ? 'internalNote' : 'reply')}</label>
      <textarea
        id="composer"
        rows="5"
        maxlength="2000"
        lang=${this.#langTag(this.detail.language)}
        placeholder=${word(this.#isNote ? 'noteHint' : 'replyHint', { language: word(`language.${this.detail.language}`) })}
        .value=${this.text}
        @input=${(event: Event) => this.#onInput((event.target as HTMLTextAreaElement).value)}
        @keydown=${(event: KeyboardEvent) => this.#onComposerKey(event)}
      ></textarea>
      ${open.length > 0 ? html`<p class="tone-text-warn small">${icon('triangle-alert')}${word('fillIn', { names: open.join(' ') })}</p>` : nothing}
      <div role="status" class="stack tight">${findings.map(
        (finding) =>
          html`<p class="tone-finding tone-text-warn small">${icon('triangle-alert')}<span>“${finding.words}”: ${choose(finding.advice)}</span></p>`,
      )}</div>
      ${this.error ? this.#error() : nothing}
      <div class="row">
        <span class="grow soft small">${word('ctrlEnter')}</span>
        <button class="button primary" ?disabled=${this.isSending || this.text.trim() === '' || open.length > 0}>
          ${this.isSending ? word('sending') : word(this.#isNote ? 'saveNote' : 'send')}
        </button>
      </div>
    </form>`
  }

  #onInput(text: string): void {
    const was = this.isWriting
    this.text = text
    if (was !== this.isWriting) this.dispatchEvent(new CustomEvent('writing', { bubbles: true }))
  }

  #error() {
    const changes = changesOf(this.error)
    return html`<p class="strip tone-bad" role="alert">
      ${icon('circle-alert')}<span>${changes !== '' ? ticketWord('changedMeanwhile', { changes }) : isConflict(this.error) ? word('conflict') : describeError(this.error)}</span>
      ${
        isConflict(this.error)
          ? html`<button type="button" class="quiet" @click=${() => {
              this.error = undefined
              this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
            }}>${icon('refresh')}${word('reload')}</button>`
          : nothing
      }
    </p>`
  }

  async #toggleMenu(): Promise<void> {
    if (this.isMenuOpen) this.isMenuOpen = false
    else await this.openTemplates()
  }

  #menu() {
    const choices = this.#choices
    return html`<div id="template-menu" class="template-menu">
      <div class="row">
        <input
          id="template-filter"
          role="combobox"
          aria-expanded="true"
          aria-controls="template-list"
          aria-activedescendant=${choices.length > 0 ? `template-${this.active}` : nothing}
          aria-label=${word('findTemplate')}
          placeholder=${word('findTemplate')}
          autocomplete="off"
          .value=${this.filter}
          @input=${(event: Event) => {
            this.filter = (event.target as HTMLInputElement).value
            this.active = 0
          }}
          @keydown=${(event: KeyboardEvent) => this.#onMenuKey(event, choices)}
        />
        <div class="segments" role="group" aria-label=${word('templateLanguage')}>
          ${(['zh', 'en'] as const).map(
            (
              language,
            ) => html`<button type="button" lang=${this.#langTag(language)} aria-pressed=${this.#language === language} @click=${() => (this.templateLanguage = language)}>
              ${language === 'zh' ? '中文' : 'English'}
            </button>`,
          )}
        </div>
      </div>
      <ul id="template-list" role="listbox" aria-label=${word('templates')}>
        ${choices.map(
          (template, index) => html`<li
            id="template-${index}"
            role="option"
            aria-selected=${index === this.active}
            @pointermove=${() => (this.active = index)}
            @click=${() => void this.#insert(template)}
          >
            <b>${template.title[this.#language]}</b><span class="soft small clamp">${template.text[this.#language]}</span>
          </li>`,
        )}
      </ul>
      ${choices.length === 0 ? html`<p class="soft small pad">${word('noTemplate')}</p>` : nothing}
    </div>`
  }

  #onMenuKey(event: KeyboardEvent, choices: readonly Template[]): void {
    const chosen = choices[this.active]
    if (event.key === 'ArrowDown') this.active = Math.min(choices.length - 1, this.active + 1)
    else if (event.key === 'ArrowUp') this.active = Math.max(0, this.active - 1)
    else if (event.key === 'Enter' && chosen) void this.#insert(chosen)
    else if (event.key === 'Escape') {
      this.isMenuOpen = false
      this.composer?.focus()
    } else return
    event.preventDefault()
  }

  #onComposerKey(event: KeyboardEvent): void {
    if (event.isComposing) return
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      void this.#send()
    } else if (event.key === '/' && !this.#isNote && this.text === '') {
      event.preventDefault()
      void this.openTemplates()
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'ticket-thread': TicketThread
  }
}
