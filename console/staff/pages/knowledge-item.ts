import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { KnowledgeItem, KnowledgeStep, KnowledgeVersion, MacroStep } from '#protocol/api/knowledge.ts'
import { diffLines } from '../../data/staff-diff.ts'
import { describeError } from '../../data/staff-errors.ts'
import { knowledgeWord as word } from '../../words/knowledge.ts'
import { wordOr } from '../../words/staff.ts'
import { choose, language } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { articleText } from '../parts/article-text.ts'
import '../parts/knowledge-editor.ts'
import { Resource } from '../resource.ts'
import { moment, pageHead } from '../views.ts'
import { knowledgeState } from './knowledge.ts'

type Action = KnowledgeItem['actions'][number]

/** One entry: its words in both languages, its versions and what changed between them, and what may be done with it. */
@customElement('page-knowledge-item')
export class KnowledgeItemPage extends StaffPage {
  @state() private shown: number | undefined
  @state() private asked: KnowledgeStep | undefined
  @state() private error: unknown
  @query('dialog.step-dialog') private dialog!: HTMLDialogElement
  private readonly item = new Resource<KnowledgeItem, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([itemId], signal) => this.services.api.knowledgeItem(itemId, signal),
    onValue: ({ itemId, versions, publishedVersion }) => {
      this.shown ??= publishedVersion ?? versions[0]?.version
      if (this.shown === publishedVersion && publishedVersion !== null)
        void this.#noteOpened(itemId, publishedVersion)
    },
  })
  #opened: string | undefined
  async #noteOpened(itemId: string, version: number): Promise<void> {
    if (this.#opened === itemId) return
    this.#opened = itemId
    try {
      await this.services.api.useKnowledge(itemId, { version, use: 'opened' })
    } catch {
      // A count that nobody here waits for: it is tried again when the entry is loaded again.
      this.#opened = undefined
    }
  }

  async #act(action: Action): Promise<void> {
    if (action === 'edit' || action === 'restore') {
      await this.querySelector('knowledge-editor')?.open(this.item.value)
      return
    }
    this.asked = action
    this.error = undefined
    await this.updateComplete
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const item = this.item.value
    const newest = item?.versions[0]
    if (item === undefined || newest === undefined || this.asked === undefined) return
    const form = event.currentTarget as HTMLFormElement
    const note = fieldText(form, 'note')
    try {
      const next = await this.services.api.stepKnowledge(item.itemId, this.asked, {
        version: newest.version,
        ...(note === '' ? {} : { note }),
      })
      form.reset()
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('done') })
      this.#put(next)
    } catch (error) {
      this.error = error
    }
  }
  #put(item: KnowledgeItem): void {
    this.shown = item.versions[0]?.version
    this.item.replace(item)
    this.item.reload()
  }

  protected override render() {
    return html`${this.item.page(word('knowledge'), (item) => this.#page(item))}
      <knowledge-editor @written=${(event: CustomEvent<KnowledgeItem>) => this.#put(event.detail)}></knowledge-editor>
      ${this.#stepDialog()}`
  }
  #page(item: KnowledgeItem) {
    const version = item.versions.find((one) => one.version === this.shown) ?? item.versions[0]
    if (version === undefined) return nothing
    const before = item.versions.find((one) => one.version === version.version - 1)
    return html`${pageHead(choose(version.content.title), {
      lead: html`<p class="soft"><a href="${BASE}/knowledge">${word('knowledge')}</a> · ${word(`one.${item.kind}`)} · <code>${item.key}</code></p>`,
      actions: item.actions.map(
        (action) =>
          html`<button class="button ${action === 'publish' || action === 'submit' ? 'primary' : ''}" @click=${() => void this.#act(action)}>${word(action === 'edit' && item.versions[0]?.state === 'draft' ? 'editDraft' : action)}</button>`,
      ),
    })}
      <div class="two-columns">
        <div class="stack">
          ${item.kind === 'macro' ? this.#steps(version.content.steps) : this.#texts(version)}
          ${before === undefined ? nothing : this.#compare(before, version)}
        </div>
        <div class="stack">${this.#versions(item)} ${this.#usage(item)}</div>
      </div>`
  }

  /** The reader's language first. */
  #texts({ content }: KnowledgeVersion) {
    const languages = language() === 'zh' ? (['zh', 'en'] as const) : (['en', 'zh'] as const)
    return languages.map(
      (one) => html`<section class="card" aria-label=${word(one === 'zh' ? 'chinese' : 'english')}>
        <header class="card-head"><h2 lang=${one === 'zh' ? 'zh-CN' : 'en'}>${content.title[one]}</h2></header>
        ${articleText(content.body[one], one)}
      </section>`,
    )
  }
  #steps(steps: readonly MacroStep[]) {
    return html`<section class="card" aria-labelledby="macro-steps"><header class="card-head"><h2 id="macro-steps">${word('steps')}</h2></header>
      <ol class="article-text">${steps.map((step) => html`<li>${this.#stepText(step)}</li>`)}</ol></section>`
  }
  #stepText(step: MacroStep): string {
    switch (step.kind) {
      case 'claim':
        return word('step.claim')
      case 'reply':
        return word('step.reply', { template: step.template })
      case 'note':
        return word('step.note', { text: step.text })
      case 'resolve':
        return word('step.resolve', {
          outcome: wordOr(`outcome.${step.outcome}`, step.outcome),
          rootCause: wordOr(`rootCause.${step.rootCause}`, step.rootCause),
        })
    }
  }
  #compare(before: KnowledgeVersion, after: KnowledgeVersion) {
    const lines = (['zh', 'en'] as const).flatMap((one) =>
      diffLines(
        `${before.content.title[one]}\n${before.content.body[one]}`,
        `${after.content.title[one]}\n${after.content.body[one]}`,
      ),
    )
    const hasChange = lines.some(({ kind }) => kind !== 'same')
    return html`<details class="card"><summary>${word('compare', { version: before.version })}</summary>
      ${
        hasChange
          ? html`<div class="diff">${lines.map(({ kind, text }) =>
              kind === 'added'
                ? html`<ins>${text || ' '}</ins>`
                : kind === 'removed'
                  ? html`<del>${text || ' '}</del>`
                  : html`<span>${text || ' '}</span>`,
            )}</div>`
          : html`<p class="soft">${word('noChange')}</p>`
      }</details>`
  }
  #versions({ versions }: KnowledgeItem) {
    return html`<section class="card" aria-labelledby="knowledge-versions"><header class="card-head"><h2 id="knowledge-versions">${word('versions')}</h2></header>
      <ol class="plain stack tight">${versions.map(
        (one) => html`<li>
          <div class="split"><button class="quiet" aria-pressed=${one.version === this.shown} @click=${() => (this.shown = one.version)}>${word('version', { version: one.version })}</button>${knowledgeState(one.state)}</div>
          <p class="soft small">${one.author === 'system' ? word('shipped') : word('writtenBy', { name: one.authorName })}, ${moment(this.services.time, one.writtenAtMs)}${one.reviewerName === null ? nothing : html` · ${word('reviewedBy', { name: one.reviewerName })}`}</p>
          ${one.note === null ? nothing : html`<p class="quote small">${one.note}</p>`}
        </li>`,
      )}</ol></section>`
  }
  #usage({ usage }: KnowledgeItem) {
    return html`<section class="card" aria-labelledby="knowledge-usage"><header class="card-head"><h2 id="knowledge-usage">${word('usageTitle')}</h2></header>
      <p>${word('usage', { opened: usage.opened, sent: usage.sent, helped: usage.helped, notHelped: usage.notHelped })}</p></section>`
  }
  #stepDialog() {
    return html`<dialog class="dialog step-dialog" aria-labelledby="knowledge-step">
      <header class="dialog-head"><h2 id="knowledge-step">${this.asked === undefined ? word('knowledge') : word(this.asked)}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        <label class="field"><span class="label">${word('note')}</span><textarea name="note" rows="3" maxlength="500" ?required=${this.asked === 'return'}></textarea></label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${this.asked === undefined ? nothing : word(this.asked)}</button></footer>
      </form></dialog>`
  }
}
