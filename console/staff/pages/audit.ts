import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { AuditList } from '#protocol/api/staff/desk.ts'
import { word, wordOr } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { emptyView, idChip, moment, pageHead, personText } from '../views.ts'

/** Who did what to what, and when. Read only, for everybody. */
@customElement('page-audit')
export class AuditPage extends StaffPage {
  private readonly list = new Resource<AuditList, [string]>(this, {
    args: () => [this.#text],
    load: ([text], signal) => this.services.api.audit(text, signal),
  })
  get #text(): string {
    return this.query.get('query') ?? ''
  }
  #onSearch(event: SubmitEvent): void {
    event.preventDefault()
    const text = fieldText(event.currentTarget as HTMLFormElement, 'query')
    this.services.go(`/audit${text === '' ? '' : `?query=${encodeURIComponent(text)}`}`)
  }

  protected override render() {
    return html`${pageHead(word('audit'))}
      <div class="toolbar">
        <form class="search inline wide-search" role="search" aria-label=${word('searchAudit')} @submit=${(event: SubmitEvent) => this.#onSearch(event)}>
          ${icon('search')}
          <label class="aloud" for="audit-search">${word('searchAudit')}</label>
          <input id="audit-search" name="query" type="search" placeholder=${word('searchAuditHint')} .value=${this.#text} />
        </form>
        <button class="quiet" @click=${() => this.list.reload()}>${icon('refresh')}${word('refresh')}</button>
      </div>
      ${this.list.view(({ entries }) => (entries.length === 0 ? emptyView('noEntries', 'scroll') : this.#table(entries)))}`
  }

  #table(entries: AuditList['entries']) {
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('audit')}>
      <table class="table rows">
        <caption class="aloud">${word('audit')}</caption>
        <thead><tr><th scope="col" class="end">${word('sequence')}</th><th scope="col">${word('time')}</th><th scope="col">${word('who')}</th><th scope="col">${word('action')}</th><th scope="col">${word('subject')}</th><th scope="col">${word('details')}</th></tr></thead>
        <tbody>
          ${entries.map(
            (entry) => html`<tr>
              <td class="end number soft">${entry.seq}</td>
              <td>${moment(this.services.time, entry.atMs)}</td>
              <td title=${entry.actor}>${entry.actorName ?? personText(this.services, entry.actor)}</td>
              <td>${wordOr(`audit.${entry.action}`, entry.action)}</td>
              <td>${subjectKind(entry.subject)} ${idChip(this.services, entry.subject.replace(/^\w+:/, ''))}</td>
              <td class="small soft">${details(entry.detail) || nothing}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  }
}

/** `order:or1…` → the word for an order. */
function subjectKind(subject: string): string {
  const kind = /^(\w+):/.exec(subject)?.[1]
  return kind === undefined ? '' : wordOr(`kind.${kind}`, kind)
}

function details(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ')
}
