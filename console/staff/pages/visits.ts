import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { VisitList, VisitRequest, VisitSummary } from '#protocol/api/restock.ts'
import { shelfName } from '../../data/staff-format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { restockWord } from '../../words/restock.ts'
import '../../components/product-picture.ts'
import { word } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { VISIT_LOOK } from '../parts/visit-look.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

const KINDS = ['restock', 'count', 'service'] as const
const DAY_MS = 24 * 3_600_000
const SOON_MS = 3 * DAY_MS

/** In front of a cabinet with a phone: open it, and see who did what there. */
@customElement('page-visits')
export class VisitsPage extends StaffPage {
  @state() private kind: VisitRequest['kind'] = 'restock'
  @state() private door = 0
  @state() private reason: string | undefined
  @state() private isBusy = false
  @state() private trouble: string | undefined
  private readonly list = new Resource<VisitList, [string]>(this, {
    args: () => [this.#id],
    load: ([id], signal) => this.services.api.visits(id, signal),
    isAffected: (change) => change.kind === 'cabinet' && change.subjectId === this.#id,
  })
  get #id(): string {
    return this.params['id'] ?? ''
  }

  async #begin(): Promise<void> {
    this.isBusy = true
    this.trouble = undefined
    const visitId = this.services.ids.next('session')
    try {
      await this.services.api.beginVisit(this.#id, {
        visitId,
        kind: this.kind,
        ...(this.door === 0 ? {} : { door: this.door }),
        reason: (this.reason ?? restockWord(`reason.${this.kind}`)).trim(),
      })
      this.services.go(`/visits/${visitId}`)
    } catch (error) {
      this.trouble = describeError(error)
    } finally {
      this.isBusy = false
    }
  }

  protected override render() {
    return html`${pageHead(restockWord('visits'), {
      lead: html`<p><a href="${BASE}/cabinets/${this.#id}">${icon('arrow-left')}<code>${this.#id}</code></a></p>`,
    })}
    <div class="stack">
      ${this.services.me?.permissions.includes('restock.work') === true ? this.#starter() : nothing}
      ${this.list.view((list) => html`${this.#visits(list.visits)}${this.#batches(list.batches)}`)}
    </div>`
  }

  #starter() {
    return html`<form class="card stack" @submit=${(event: SubmitEvent) => {
      event.preventDefault()
      void this.#begin()
    }}>
      <p class="soft">${restockWord('lead')}</p>
      <div class="segments" role="group" aria-label=${restockWord('kind')}>
        ${KINDS.map(
          (kind) =>
            html`<button type="button" aria-pressed=${kind === this.kind} @click=${() => (this.kind = kind)}>${restockWord(`kind.${kind}`)}</button>`,
        )}
      </div>
      ${this.#doors()}
      <label class="field"><span class="label">${restockWord('reason')}</span>
        <input required maxlength="200" .value=${this.reason ?? restockWord(`reason.${this.kind}`)}
          @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />
      </label>
      ${this.trouble === undefined ? nothing : html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.trouble}</span></p>`}
      <footer class="row"><button class="button primary" ?disabled=${this.isBusy}>${icon('door-open')}${restockWord('begin')}</button></footer>
    </form>`
  }

  /** Which door, where there are several. */
  #doors() {
    const doors = this.list.value?.doors ?? []
    if (doors.length < 2) return nothing
    return html`<div class="segments" role="group" aria-label=${restockWord('door')}>
      ${doors.map(
        ({ door, shelves }) =>
          html`<button type="button" aria-pressed=${door === this.door} @click=${() => (this.door = door)}>${restockWord('doorNumber', { door: door + 1 })} <span class="soft small">${shelves.map((shelf) => shelfName(shelf)).join(' ')}</span></button>`,
      )}
    </div>`
  }

  #visits(visits: readonly VisitSummary[]) {
    return html`<section class="card" aria-labelledby="visits-earlier">
      <header class="card-head"><h2 id="visits-earlier">${restockWord('earlier')}</h2></header>
      ${
        visits.length === 0
          ? html`<p class="soft">${restockWord('none')}</p>`
          : html`<div class="table-frame" role="group" tabindex="0" aria-labelledby="visits-earlier"><table class="table compact">
              <thead><tr><th scope="col">${restockWord('when')}</th><th scope="col">${restockWord('kind')}</th><th scope="col">${restockWord('by')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${restockWord('lines')}</th></tr></thead>
              <tbody>${visits.map(
                (visit) => html`<tr>
                  <td><a href="${BASE}/visits/${visit.visitId}">${moment(this.services.time, visit.startedAtMs)}</a></td>
                  <td>${restockWord(`kind.${visit.kind}`)}</td>
                  <td>${visit.by}</td>
                  <td>${badge(VISIT_LOOK[visit.state].tone, VISIT_LOOK[visit.state].icon, restockWord(`state.${visit.state}`))}</td>
                  <td class="end number">${visit.lineCount}</td>
                </tr>`,
              )}</tbody></table></div>`
      }
    </section>`
  }

  #batches(batches: VisitList['batches']) {
    const nowMs = this.services.time.now()
    return html`<section class="card" aria-labelledby="visits-batches">
      <header class="card-head"><h2 id="visits-batches">${restockWord('batches')}</h2></header>
      ${
        batches.length === 0
          ? html`<p class="soft">${restockWord('noBatches')}</p>`
          : html`<p class="soft">${restockWord('batchesLead')}</p>
            <div class="table-frame" role="group" tabindex="0" aria-labelledby="visits-batches"><table class="table compact">
              <thead><tr><th scope="col">${restockWord('expires')}</th><th scope="col">${word('product')}</th><th scope="col">${restockWord('batch')}</th><th scope="col" class="end">${restockWord('left')}</th></tr></thead>
              <tbody>${batches.map(
                (one) => html`<tr>
                  <td><span class="number">${one.expiresOn ?? '–'}</span>
                    ${one.expiresAtMs === null || one.expiresAtMs - nowMs > SOON_MS ? nothing : one.expiresAtMs <= nowMs ? badge('bad', 'circle-alert', restockWord('expired')) : badge('warn', 'hourglass', restockWord('soon'))}</td>
                  <td><span class="product"><product-picture .picture=${one.picture}></product-picture><span>${choose(one.name)}<br /><span class="soft small">${restockWord('shelf', { shelf: shelfName(one.shelf) })}</span></span></span></td>
                  <td>${one.batch ?? '–'}</td>
                  <td class="end number">${one.left}${one.leftMost > one.left ? html`<br /><span class="soft small">${restockWord('leftMost', { count: one.leftMost })}</span>` : nothing}</td>
                </tr>`,
              )}</tbody></table></div>`
      }
    </section>`
  }
}
