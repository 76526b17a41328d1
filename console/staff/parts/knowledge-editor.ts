import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { KnowledgeContent, KnowledgeItem, KnowledgeKind } from '#protocol/api/knowledge.ts'
import type { TicketTypeList } from '#protocol/api/tickets.ts'
import { TEMPLATE_VARIABLES } from '#protocol/words/template-variables.ts'
import { parseSteps, stepsText } from '../../data/staff-macro-steps.ts'
import { describeError } from '../../data/staff-errors.ts'
import { knowledgeWord as word } from '../../words/knowledge.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'

const KINDS: readonly KnowledgeKind[] = ['article', 'template', 'macro']
const EMPTY: KnowledgeContent = {
  title: { zh: '', en: '' },
  body: { zh: '', en: '' },
  types: [],
  keywords: '',
  isPublic: false,
  steps: [],
}

/** Writes a draft, of a new entry or of the next version of one. Fires `written` with the item. */
@customElement('knowledge-editor')
export class KnowledgeEditor extends StaffElement {
  @state() private ticketTypes: TicketTypeList['types'] = []
  @state() private item: KnowledgeItem | undefined
  @state() private content: KnowledgeContent | undefined
  @state() private kind: KnowledgeKind = 'article'
  @state() private error: string | undefined
  @state() private isSending = false
  @query('dialog') private dialog!: HTMLDialogElement

  /** @param item undefined: a new entry */
  async open(item: KnowledgeItem | undefined): Promise<void> {
    this.item = item
    this.content = item?.versions[0]?.content ?? EMPTY
    this.kind = item?.kind ?? 'article'
    this.error = undefined
    // Without the types a save would take them off.
    this.ticketTypes = (await this.services.api.ticketTypes()).types
    await this.updateComplete
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
    this.dialog.querySelector<HTMLElement>('form input, form select')?.focus()
  }
  #close(): void {
    this.dialog.close()
    this.content = undefined
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const parsed = parseSteps(fieldText(form, 'steps'))
    if (!('steps' in parsed)) {
      this.error = word('stepsWrong', parsed)
      return
    }
    const content: KnowledgeContent = {
      title: { zh: fieldText(form, 'titleZh'), en: fieldText(form, 'titleEn') },
      body: { zh: fieldText(form, 'bodyZh'), en: fieldText(form, 'bodyEn') },
      types: new FormData(form).getAll('types').filter((type) => typeof type === 'string'),
      keywords: fieldText(form, 'keywords'),
      isPublic: new FormData(form).has('isPublic'),
      steps: parsed.steps,
    }
    this.isSending = true
    this.error = undefined
    try {
      const { api } = this.services
      const newest = this.item?.versions[0]
      const written =
        this.item === undefined || newest === undefined
          ? await api.createKnowledge({ kind: this.kind, key: fieldText(form, 'key'), content })
          : await api.writeKnowledge(this.item.itemId, { expectedVersion: newest.version, content })
      this.#close()
      this.services.toast({ tone: 'ok', text: word('saved') })
      this.dispatchEvent(new CustomEvent('written', { detail: written }))
    } catch (error) {
      this.error = describeError(error)
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    return html`<dialog class="dialog wide-dialog" aria-labelledby="knowledge-editor-title" @close=${() => (this.content = undefined)}>
      <header class="dialog-head"><h2 id="knowledge-editor-title">${this.item === undefined ? word('newTitle') : word('edit')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.#close()}>${icon('x')}</button></header>
      ${this.content === undefined ? nothing : this.#form(this.content)}
    </dialog>`
  }

  #form(content: KnowledgeContent) {
    const isMacro = this.kind === 'macro'
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      ${this.item === undefined ? this.#newFields() : nothing}
      <div class="field-pair">
        ${this.#line('titleZh', word('titleZh'), content.title.zh, 'zh-CN')}
        ${this.#line('titleEn', word('titleEn'), content.title.en, 'en')}
      </div>
      ${
        isMacro
          ? this.#steps(content)
          : html`<div class="field-pair">
            ${this.#text('bodyZh', word('bodyZh'), content.body.zh, 'zh-CN')}
            ${this.#text('bodyEn', word('bodyEn'), content.body.en, 'en')}
          </div>
          <p class="soft small">${this.kind === 'template' ? word('variablesHint', { list: TEMPLATE_VARIABLES.map((name) => `{${name}}`).join(' ') }) : word('bodyHint')}</p>`
      }
      ${this.#line('keywords', word('keywords'), content.keywords, undefined, false)}
      <fieldset class="choices"><legend class="label">${word('types')}</legend>
        ${this.ticketTypes.map(
          ({ type, label }) =>
            html`<label class="check"><input type="checkbox" name="types" value=${type} .defaultChecked=${content.types.includes(type)} /><span>${choose(label)}</span></label>`,
        )}
      </fieldset>
      ${
        this.kind === 'article'
          ? html`<label class="check"><input type="checkbox" name="isPublic" .defaultChecked=${content.isPublic} /><span>${word('isPublic')}</span></label>`
          : nothing
      }
      ${this.error === undefined ? nothing : html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.error}</span></p>`}
      <footer class="dialog-foot"><span class="grow"></span>
        <button type="button" class="button" @click=${() => this.#close()}>${word('cancel')}</button>
        <button class="button primary" ?disabled=${this.isSending}>${word('save')}</button></footer>
    </form>`
  }
  #newFields() {
    return html`<div class="field-pair">
      <label class="field"><span class="label">${word('kindLabel')}</span>
        <select name="kind" @change=${(event: Event) => (this.kind = (event.target as HTMLSelectElement).value as KnowledgeKind)}>
          ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${word(`one.${kind}`)}</option>`)}
        </select></label>
      <label class="field"><span class="label">${word('key')}</span>
        <input name="key" required pattern="[a-z][a-z0-9_]{1,47}" maxlength="48" autocomplete="off" spellcheck="false" aria-describedby="key-hint" /></label>
    </div>
    <p class="soft small" id="key-hint">${word('keyHint')}</p>`
  }
  #line(name: string, label: string, value: string, lang: string | undefined, isRequired = true) {
    return html`<label class="field"><span class="label">${label}</span>
      <input name=${name} .defaultValue=${value} lang=${lang ?? nothing} ?required=${isRequired} maxlength=${isRequired ? 120 : 300} autocomplete="off" /></label>`
  }
  #text(name: string, label: string, value: string, lang: string) {
    return html`<label class="field"><span class="label">${label}</span>
      <textarea name=${name} rows="12" required maxlength="12000" lang=${lang} .defaultValue=${value}></textarea></label>`
  }
  #steps(content: KnowledgeContent) {
    return html`<label class="field"><span class="label">${word('steps')}</span>
      <textarea name="steps" rows="5" required spellcheck="false" aria-describedby="steps-hint" .defaultValue=${stepsText(content.steps)}></textarea></label>
      <p class="soft small" id="steps-hint">${word('stepsHint')}</p>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'knowledge-editor': KnowledgeEditor
  }
}
