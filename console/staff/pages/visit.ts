import { html, nothing, type TemplateResult } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { VisitDetail, VisitLine } from '#protocol/api/restock.ts'
import { formatGrams, shelfName } from '../../data/staff-format.ts'
import { describeCode, describeError } from '../../data/staff-errors.ts'
import { ApiError } from '../../data/api.ts'
import { isErrorCode } from '#protocol/words/errors.ts'
import '../../components/product-picture.ts'
import { restockWord } from '../../words/restock.ts'
import { choose, language } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { VISIT_LOOK } from '../parts/visit-look.ts'
import { Resource } from '../resource.ts'
import { badge, exactTime, pageHead } from '../views.ts'

type Expected = VisitDetail['expected'][number]
const ACTIONS = ['put_in', 'taken_out', 'counted'] as const
const REASONS = ['expired', 'damaged', 'recalled', 'moved', 'other'] as const
const FIRST_ACTION = { restock: 'put_in', count: 'counted', service: 'taken_out' } as const

/** One visit, on the phone in front of the open door: what is done is written down, weighed, explained and booked. */
@customElement('page-visit')
export class VisitPage extends StaffPage {
  /** As typed; the core has them when `isDirty` is false. */
  @state() private lines: VisitLine[] = []
  @state() private isDirty = false
  @state() private isBusy = false
  @state() private trouble: string | undefined
  @state() private note = ''
  private readonly detail = new Resource<VisitDetail, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.visit(id, signal),
    isAffected: (change, value) => change.kind === 'cabinet' && change.subjectId === value?.cabinetId,
    onValue: (value) => {
      if (!this.isDirty) this.lines = value.lines
    },
  })

  async #act(run: () => Promise<VisitDetail>): Promise<void> {
    this.isBusy = true
    this.trouble = undefined
    try {
      const value = await run()
      this.isDirty = false
      this.lines = value.lines
      this.detail.reload()
    } catch (error) {
      // Which line, and what is wrong with it, only the answer itself says.
      const isNamed = error instanceof ApiError && error.code === 'visit_line_wrong' && language() === 'en'
      this.trouble = isNamed ? error.message : describeError(error)
    } finally {
      this.isBusy = false
    }
  }
  #change(index: number, change: Partial<VisitLine>): void {
    this.isDirty = true
    this.lines = this.lines.map((line, at) => {
      if (at !== index) return line
      const next = { ...line, ...change }
      if (next.action !== 'taken_out') delete next.reason
      else next.reason ??= 'damaged'
      if (next.action === 'counted') {
        delete next.batch
        delete next.expiresOn
      }
      return next
    })
  }
  #add(visit: VisitDetail, { shelf, sku, quantity, usualExpiresOn, needsDate }: Expected): void {
    this.isDirty = true
    const action = FIRST_ACTION[visit.kind]
    this.lines = [
      ...this.lines,
      {
        shelf,
        sku,
        action,
        quantity: action === 'counted' ? Math.max(0, quantity) : 1,
        ...(action === 'taken_out' ? { reason: 'damaged' as const } : {}),
        ...(action === 'put_in' && needsDate && usualExpiresOn !== null ? { expiresOn: usualExpiresOn } : {}),
      },
    ]
  }

  protected override render() {
    const visit = this.detail.value
    return html`${pageHead(
      visit ? `${restockWord(`kind.${visit.kind}`)} · ${choose(visit.cabinetName)}` : restockWord('visit'),
      {
        lead: visit
          ? html`<p><a href="${BASE}/cabinets/${visit.cabinetId}/visits">${icon('arrow-left')}${restockWord('visits')}</a></p>`
          : nothing,
      },
    )}${this.detail.view((loaded) => this.#body(loaded))}`
  }

  #body(visit: VisitDetail) {
    const look = VISIT_LOOK[visit.state]
    const shelves = [...new Set(visit.expected.map(({ shelf }) => shelf))]
    return html`<div class="stack visit">
      <section class="card stack tight">
        <div class="split">${badge(look.tone, look.icon, restockWord(`state.${visit.state}`))}<span class="soft small">${visit.by} · ${exactTime(this.services.time, visit.startedAtMs)}</span></div>
        <p aria-live="polite">${restockWord(`lead.${visit.state}`)} ${endText(visit.endReason)}</p>
        ${visit.note === null ? nothing : html`<p class="soft">${restockWord('note')}: ${visit.note}</p>`}
      </section>
      ${shelves.map((shelf) => this.#shelf(visit, shelf))}
      ${visit.actions.includes('lines') ? this.#footer(visit) : nothing}
      ${this.#pictures(visit)}
    </div>`
  }

  #shelf(visit: VisitDetail, shelf: string) {
    const isEditable = visit.actions.includes('lines')
    return html`<section class="card stack tight" aria-labelledby="shelf-${shelf}">
      <header class="split"><h2 id="shelf-${shelf}">${restockWord('shelf', { shelf: shelfName(shelf) })}</h2>${this.#difference(visit, shelf)}</header>
      ${visit.expected
        .filter((one) => one.shelf === shelf)
        .map(
          (one) => html`<div class="visit-product">
            <span class="product"><product-picture .picture=${one.picture}></product-picture><span>${choose(one.name)}<br /><span class="soft small number">${restockWord('books', { count: one.quantity, capacity: one.capacity })}</span></span></span>
            ${isEditable ? html`<button type="button" class="button" aria-label=${restockWord('add', { product: choose(one.name) })} @click=${() => this.#add(visit, one)}>${icon('plus')}</button>` : nothing}
          </div>
          ${this.lines.map((line, index) => (line.shelf === shelf && line.sku === one.sku ? (isEditable ? this.#line(one, line, index) : readOnlyLine(line)) : nothing))}`,
        )}
    </section>`
  }

  #difference(visit: VisitDetail, shelf: string) {
    const found = visit.differences.find((one) => one.shelf === shelf)
    if (found === undefined || this.isDirty) return nothing
    if (found.differenceGrams === null || found.weighedGrams === null)
      return badge('neutral', 'scale', restockWord('unweighed'))
    const title = restockWord('weighed', {
      weighed: formatGrams(found.weighedGrams),
      said: formatGrams(found.saidGrams),
    })
    if (!found.isOff)
      return html`<span title=${title}>${badge('ok', 'circle-check', restockWord('agrees'))}</span>`
    const grams = formatGrams(Math.abs(found.differenceGrams))
    const text = restockWord(found.differenceGrams > 0 ? 'off.more' : 'off.less', { grams })
    const pieces =
      found.pieces === null || found.pieces === 0
        ? ''
        : ` · ${restockWord('offPieces', { count: Math.abs(found.pieces) })}`
    return html`<span title=${title}>${badge('warn', 'triangle-alert', `${text}${pieces}`)}</span>`
  }

  #line(one: Expected, line: VisitLine, index: number) {
    const value = (event: Event) => (event.target as HTMLInputElement | HTMLSelectElement).value
    return html`<div class="visit-line" role="group" aria-label=${choose(one.name)}>
      <label class="field"><span class="aloud">${restockWord('kind')}</span>
        <select @change=${(event: Event) => this.#change(index, { action: value(event) as VisitLine['action'] })}>
          ${ACTIONS.map((action) => html`<option value=${action} ?selected=${action === line.action}>${restockWord(`action.${action}`)}</option>`)}
        </select>
      </label>
      <label class="field"><span class="label">${restockWord('pieces')}</span>
        <input type="number" inputmode="numeric" min="0" max="500" required .value=${String(line.quantity)}
          @input=${(event: Event) => this.#changeQuantity(index, value(event))} />
      </label>
      ${
        line.action === 'counted'
          ? nothing
          : html`<label class="field"><span class="label">${restockWord('expires')}${one.needsDate && line.action === 'put_in' ? '' : ` (${restockWord('optional')})`}</span>
              <input type="date" .value=${line.expiresOn ?? ''} ?required=${one.needsDate && line.action === 'put_in'}
                @input=${(event: Event) => this.#changeText(index, 'expiresOn', value(event))} /></label>
            <label class="field"><span class="label">${restockWord('batch')} (${restockWord('optional')})</span>
              <input maxlength="40" autocapitalize="characters" .value=${line.batch ?? ''}
                @input=${(event: Event) => this.#changeText(index, 'batch', value(event).trim())} /></label>`
      }
      ${
        line.action === 'taken_out'
          ? html`<label class="field"><span class="label">${restockWord('why')}</span>
              <select @change=${(event: Event) => this.#change(index, { reason: value(event) as NonNullable<VisitLine['reason']> })}>
                ${REASONS.map((reason) => html`<option value=${reason} ?selected=${reason === line.reason}>${restockWord(`why.${reason}`)}</option>`)}
              </select></label>`
          : nothing
      }
      <button type="button" class="button" aria-label=${restockWord('remove')} @click=${() => {
        this.isDirty = true
        this.lines = this.lines.filter((_line, at) => at !== index)
      }}>${icon('x')}</button>
    </div>`
  }
  /** A field that is empty for a moment, because somebody types another number, keeps the last one. */
  #changeQuantity(index: number, text: string): void {
    this.isDirty = true
    if (text !== '') this.#change(index, { quantity: Math.min(500, Math.max(0, Math.round(Number(text)))) })
  }
  #changeText(index: number, field: 'batch' | 'expiresOn', text: string): void {
    this.isDirty = true
    this.lines = this.lines.map((line, at) => {
      if (at !== index) return line
      const { [field]: _before, ...rest } = line
      return text === '' ? rest : { ...rest, [field]: text }
    })
  }

  #footer(visit: VisitDetail) {
    const { api } = this.services
    const isOff = visit.differences.some((one) => one.isOff)
    const mayConfirm = visit.actions.includes('confirm') && !this.isDirty
    return html`<section class="card stack visit-footer">
      ${this.trouble === undefined ? nothing : html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.trouble}</span></p>`}
      ${mayConfirm && isOff ? html`<p class="strip tone-warn">${icon('triangle-alert')}<span>${restockWord('noteNeeded')}</span></p>` : nothing}
      ${
        mayConfirm
          ? html`<label class="field"><span class="label">${restockWord('note')}${isOff ? '' : ` (${restockWord('optional')})`}</span>
              <input maxlength="500" .value=${this.note} @input=${(event: Event) => (this.note = (event.target as HTMLInputElement).value)} /></label>`
          : nothing
      }
      <div class="row wrap">
        <button type="button" class="button ${this.isDirty ? 'primary' : ''}" ?disabled=${!this.isDirty || this.isBusy}
          @click=${() => void this.#act(() => api.saveVisitLines(visit.visitId, this.lines))}>${restockWord('save')}</button>
        ${
          mayConfirm
            ? html`<button type="button" class="button primary" ?disabled=${this.isBusy || (isOff && this.note.trim() === '')}
                @click=${() => void this.#act(() => api.confirmVisit(visit.visitId, this.note))}>${restockWord('confirm')}</button>
              ${
                this.lines.length === 0
                  ? html`<button type="button" class="button" ?disabled=${this.isBusy}
                      @click=${() => void this.#act(() => api.giveUpVisit(visit.visitId, this.note))}>${restockWord('giveUp')}</button>`
                  : nothing
              }`
            : nothing
        }
      </div>
    </section>`
  }

  #pictures({ pictures }: VisitDetail) {
    if (pictures.length === 0) return nothing
    return html`<section class="card stack" aria-labelledby="visit-pictures">
      <h2 id="visit-pictures">${restockWord('pictures')}</h2>
      <div class="visit-pictures">${pictures.map(({ href, moment, isUploaded }) => {
        const text = restockWord(
          moment === 'open' ? 'pictureOpen' : moment === 'close' ? 'pictureClose' : 'pictureStep',
        )
        return html`<figure>${isUploaded ? html`<a href=${href} target="_blank" rel="noreferrer"><img src=${href} alt=${text} loading="lazy" /></a>` : html`<p class="soft small">${restockWord('pictureLater')}</p>`}<figcaption class="soft small">${text}</figcaption></figure>`
      })}</div>
    </section>`
  }
}

function readOnlyLine({ action, quantity, expiresOn, batch, reason }: VisitLine): TemplateResult {
  const details = [expiresOn, batch, reason === undefined ? undefined : restockWord(`why.${reason}`)].filter(
    (one) => one !== undefined,
  )
  return html`<p class="visit-said"><b>${restockWord(`action.${action}`)} <span class="number">${quantity}</span></b> <span class="soft small">${details.join(' · ')}</span></p>`
}
function endText(reason: string | null): string {
  if (reason === null) return ''
  if (reason === 'not_opened' || reason === 'given_up') return restockWord(`end.${reason}`)
  return isErrorCode(reason) ? describeCode(reason) : ''
}
