import { html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { KnowledgeUse, Suggestions } from '#protocol/api/knowledge.ts'
import { knowledgeWord as word } from '../../words/knowledge.ts'
import { choose, language } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { articleText } from './article-text.ts'

const SHOWN = 3
type Suggestion = Suggestions['suggestions'][number]

/** What was written about a case like this one, beside it: by the type of the ticket, then by what the consumer wrote. */
@customElement('knowledge-help')
export class KnowledgeHelp extends StaffElement {
  @property() type = ''
  @property() text = ''
  @property({ attribute: 'ticket-id' }) ticketId = ''
  @state() private judged: ReadonlySet<string> = new Set()
  private readonly found = new Resource<Suggestions, [string, string]>(this, {
    args: () => [this.type, this.text],
    load: ([type, text], signal) => this.services.api.suggestKnowledge('article', type, text, signal),
  })
  #noted = new Set<string>()

  async #note(suggestion: Suggestion, use: KnowledgeUse['use']): Promise<void> {
    const { itemId, version } = suggestion
    await this.services.api.useKnowledge(itemId, { version, use, ticketId: this.ticketId })
    if (use === 'opened') return
    this.judged = new Set([...this.judged, itemId])
    this.services.toast({ tone: 'ok', text: word('thanks') })
  }
  #onToggle(event: Event, suggestion: Suggestion): void {
    if (!(event.target as HTMLDetailsElement).open || this.#noted.has(suggestion.itemId)) return
    this.#noted.add(suggestion.itemId)
    // A count that nobody here waits for: it is tried again when it is opened again.
    this.#note(suggestion, 'opened').catch(() => this.#noted.delete(suggestion.itemId))
  }

  protected override render() {
    return html`<section class="card" aria-labelledby="knowledge-help">
      <header class="card-head"><h2 id="knowledge-help">${word('suggestions')}</h2><a href="${BASE}/knowledge">${word('knowledge')}</a></header>
      ${this.found.view(({ suggestions }) =>
        suggestions.length === 0
          ? html`<p class="soft">${word('noSuggestion')}</p>`
          : html`<div class="stack tight">${suggestions.slice(0, SHOWN).map((one) => this.#article(one))}</div>`,
      )}
    </section>`
  }
  #article(one: Suggestion) {
    return html`<details @toggle=${(event: Event) => this.#onToggle(event, one)}>
      <summary>${choose(one.title)}</summary>
      ${articleText(one.body[language()], language())}
      ${
        this.judged.has(one.itemId)
          ? nothing
          : html`<p class="row">
            <button class="quiet" @click=${() => void this.#note(one, 'helped')}>${icon('check')}${word('helped')}</button>
            <button class="quiet" @click=${() => void this.#note(one, 'not_helped')}>${icon('x')}${word('notHelped')}</button>
          </p>`
      }
    </details>`
  }
}
