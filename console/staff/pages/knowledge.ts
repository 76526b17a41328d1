import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { KnowledgeItem, KnowledgeKind, KnowledgeList, KnowledgeRow } from '#protocol/api/knowledge.ts'
import { knowledgeWord as word } from '../../words/knowledge.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import '../parts/knowledge-editor.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

type View = KnowledgeKind | 'all' | 'waiting'
const VIEWS: readonly View[] = ['all', 'article', 'template', 'macro', 'waiting']

/** Articles, replies and macros: found by words, by kind, or by what waits for a review. */
@customElement('page-knowledge')
export class KnowledgePage extends StaffPage {
  private readonly list = new Resource<KnowledgeList, [View, string]>(this, {
    args: () => [this.#view, this.#text],
    load: ([view, text], signal) =>
      this.services.api.knowledge(
        {
          ...(view === 'waiting' ? { state: 'review' } : view === 'all' ? {} : { kind: view }),
          query: text,
        },
        signal,
      ),
  })
  get #view(): View {
    const asked = this.query.get('view')
    return VIEWS.find((view) => view === asked) ?? 'all'
  }
  get #text(): string {
    return this.query.get('query') ?? ''
  }
  #onSearch(event: SubmitEvent): void {
    event.preventDefault()
    const text = fieldText(event.currentTarget as HTMLFormElement, 'query')
    this.services.go(
      `/knowledge?view=${this.#view}${text === '' ? '' : `&query=${encodeURIComponent(text)}`}`,
    )
  }

  protected override render() {
    const mayWrite = this.services.me?.permissions.includes('knowledge.write') ?? false
    return html`${pageHead(word('knowledge'), {
      lead: html`<p class="soft">${word('lead')}</p>`,
      actions: mayWrite
        ? html`<button class="button primary" @click=${() => void this.querySelector('knowledge-editor')?.open(undefined)}>${icon('plus')}${word('new')}</button>`
        : undefined,
    })}
      <div class="toolbar">
        <nav class="tabs" aria-label=${word('knowledge')}>
          ${VIEWS.map(
            (view) =>
              html`<a href="${BASE}/knowledge?view=${view}" aria-current=${view === this.#view ? 'page' : nothing}>${view === 'all' ? word('all') : view === 'waiting' ? word('waiting') : word(`kind.${view}`)}</a>`,
          )}
        </nav>
        <form class="search inline" role="search" aria-label=${word('search')} @submit=${(event: SubmitEvent) => this.#onSearch(event)}>
          ${icon('search')}
          <label class="aloud" for="knowledge-search">${word('search')}</label>
          <input id="knowledge-search" name="query" type="search" placeholder=${word('searchHint')} .value=${this.#text} />
        </form>
      </div>
      ${this.list.view(({ items }) => (items.length === 0 ? html`<div class="blank">${icon('search')}<p>${word('none')}</p></div>` : this.#table(items)))}
      <knowledge-editor @written=${(event: CustomEvent<KnowledgeItem>) => this.services.go(`/knowledge/${event.detail.itemId}`)}></knowledge-editor>`
  }

  #table(items: readonly KnowledgeRow[]) {
    const labels = new Map<string, string>(
      this.list.value?.ticketTypes.map(({ key, label }) => [key, choose(label)]),
    )
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('knowledge')}>
      <table class="table rows">
        <caption class="aloud">${word('knowledge')}</caption>
        <thead><tr><th scope="col">${word('title')}</th><th scope="col">${word('kindLabel')}</th><th scope="col">${word('forTypes')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${word('uses')}</th><th scope="col">${word('changed')}</th></tr></thead>
        <tbody>${items.map(
          (item) => html`<tr>
            <td><a class="row-link" href="${BASE}/knowledge/${item.itemId}"><b>${choose(item.title)}</b></a></td>
            <td>${word(`one.${item.kind}`)}${item.isPublic ? html` <span class="soft small">· ${word('public')}</span>` : nothing}</td>
            <td class="small soft">${item.types.map((type) => labels.get(type) ?? type).join(' · ')}</td>
            <td>${knowledgeState(item.state)}${item.openVersion !== null && item.openVersion !== item.publishedVersion && item.publishedVersion !== null ? html`<br /><span class="soft small">${word('openVersion', { version: item.openVersion })}</span>` : nothing}</td>
            <td class="end number">${item.uses}</td>
            <td>${moment(this.services.time, item.changedAtMs)}</td>
          </tr>`,
        )}</tbody>
      </table>
    </div>`
  }
}

export function knowledgeState(state: KnowledgeRow['state']) {
  switch (state) {
    case 'draft':
      return badge('neutral', 'circle', word('state.draft'))
    case 'review':
      return badge('info', 'hourglass', word('state.review'))
    case 'published':
      return badge('ok', 'circle-check', word('state.published'))
    case 'archived':
      return badge('neutral', 'minus', word('state.archived'))
  }
}
