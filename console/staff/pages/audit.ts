import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { AuditList } from '#protocol/api/staff/desk.ts'
import { hasWord, word, wordOr } from '../../words/staff.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { auditDetail } from '../parts/audit-detail.ts'
import { Resource } from '../resource.ts'
import { emptyView, idChip, moment, pageHead, personText } from '../views.ts'

/** Where a subject is looked at; whoever may not open it is told so there. */
const PAGES: Readonly<Record<string, string>> = {
  order: '/orders',
  ticket: '/tickets',
  cabinet: '/cabinets',
  emergency: '/emergencies',
  refundCase: '/incidents',
  improvement: '/improvements',
  knowledge: '/knowledge',
  policy: '/policies',
}

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
              <td class="row-name">${wordOr(`audit.${entry.action}`, entry.action)}</td>
              <td>${this.#subject(entry.subject)}</td>
              <td class="row-text audit-detail">${auditDetail(entry.detail, this.services.time)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  }

  /** `order:or1…`: the word for an order, which leads to it, and the end of its id. */
  #subject(subject: string) {
    const colon = subject.indexOf(':')
    const kind = colon < 0 ? '' : subject.slice(0, colon)
    const id = subject.slice(colon + 1)
    const whole = `kind.${id}`
    if (kind === '' && hasWord(whole)) return word(whole)
    const name = kind === '' ? nothing : wordOr(`kind.${kind}`, kind)
    const page = PAGES[kind]
    return html`${page === undefined ? name : html`<a href="${BASE}${page}/${id}">${name}</a>`} ${idChip(this.services, id)}`
  }
}
