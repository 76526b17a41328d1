import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { Suggestions } from '#protocol/api/knowledge.ts'
import type { TemplateList, TicketDetail } from '#protocol/api/staff/tickets.ts'
import { subjectOf } from '../../data/staff-advice.ts'
import { describeError } from '../../data/staff-errors.ts'
import { type Macro, type PlannedStep, planMacro, runMacro } from '../../data/staff-macros.ts'
import { knowledgeWord as word } from '../../words/knowledge.ts'
import { wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'

/** Macros that fit this ticket. Each shows what it will say and do before it does it. Fires `changed`. */
@customElement('macro-bar')
export class MacroBar extends StaffElement {
  @property({ attribute: false }) detail!: TicketDetail
  @property({ attribute: false }) templates: TemplateList['templates'] = []
  @state() private asked: Macro | undefined
  @state() private isRunning = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly found = new Resource<Suggestions, [string]>(this, {
    args: () => [subjectOf(this.detail)],
    load: ([type], signal) => this.services.api.suggestKnowledge('macro', type, '', signal),
  })

  get #plan(): PlannedStep[] {
    const { me } = this.services
    if (this.asked === undefined || me === undefined) return []
    return planMacro(this.asked, this.detail, this.templates, me)
  }
  async #ask(macro: Macro): Promise<void> {
    this.asked = macro
    this.error = undefined
    await this.updateComplete
    this.dialog.showModal()
    this.dialog.querySelector<HTMLElement>('button.primary')?.focus()
  }
  async #run(): Promise<void> {
    const { asked } = this
    if (asked === undefined || this.isRunning) return
    const { api, ids } = this.services
    this.isRunning = true
    this.error = undefined
    let hasEnded = false
    try {
      const plan = this.#plan
      await runMacro(api, ids, this.detail.ticket.ticketId, plan)
      await api.useKnowledge(asked.itemId, {
        version: asked.version,
        use: 'sent',
        ticketId: this.detail.ticket.ticketId,
      })
      this.dialog.close()
      hasEnded = plan.some(({ step }) => step.kind === 'resolve')
      if (!hasEnded) this.services.toast({ tone: 'ok', text: word('macroDone') })
    } catch (error) {
      this.error = error
    } finally {
      this.isRunning = false
      this.dispatchEvent(new CustomEvent(hasEnded ? 'resolved' : 'changed', { bubbles: true }))
    }
  }

  protected override render() {
    const macros = (this.found.value?.suggestions ?? []).filter(({ types }) =>
      types.includes(subjectOf(this.detail)),
    )
    const isOpen = this.detail.actions.includes('reply') || this.detail.actions.includes('claim')
    if (macros.length === 0 || !isOpen) return nothing
    return html`<section class="card" aria-labelledby="macros-title">
        <header class="card-head"><h2 id="macros-title">${word('kind.macro')}</h2></header>
        <div class="stack tight">${macros.map((macro) => html`<button class="button" @click=${() => void this.#ask(macro)}>${choose(macro.title)}</button>`)}</div>
      </section>
      ${this.#dialog()}`
  }
  #dialog() {
    const plan = this.#plan
    const isReady = plan.length > 0 && plan.every(({ obstacle }) => obstacle === undefined)
    return html`<dialog class="dialog" aria-labelledby="macro-title">
      <header class="dialog-head"><h2 id="macro-title">${this.asked === undefined ? word('one.macro') : choose(this.asked.title)}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <ol class="article-text">${plan.map((planned) => html`<li>${this.#step(planned)}</li>`)}</ol>
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <footer class="dialog-foot"><span class="grow"></span>
        <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
        <button class="button primary" ?disabled=${!isReady || this.isRunning} @click=${() => void this.#run()}>${word('macroRun')}</button></footer>
    </dialog>`
  }
  #step({ step, text, obstacle, open }: PlannedStep) {
    return html`${this.#stepText(step)}
      ${text === undefined ? nothing : html`<p class="quote" lang=${this.detail.language === 'zh' ? 'zh-CN' : 'en'}>${text}</p>`}
      ${
        obstacle === undefined
          ? nothing
          : html`<p class="strip tone-warn">${icon('triangle-alert')}<span>${word(`obstacle.${obstacle}`, { open: open.join(' ') })}</span></p>`
      }`
  }
  #stepText(step: PlannedStep['step']): string {
    switch (step.kind) {
      case 'claim':
        return word('step.claim')
      case 'reply':
        return word('step.replyWith')
      case 'note':
        return word('step.noteWith')
      case 'resolve':
        return word('step.resolve', {
          outcome: wordOr(`outcome.${step.outcome}`, step.outcome),
          rootCause: wordOr(`rootCause.${step.rootCause}`, step.rootCause),
        })
    }
  }
}
