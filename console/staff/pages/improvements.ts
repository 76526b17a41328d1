import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { ImprovementList, ImprovementRow, ImprovementView } from '#protocol/api/improvements.ts'
import { IMPROVEMENT_VIEWS, ROOT_CAUSES } from '../../data/staff-follow-up.ts'
import { describeError } from '../../data/staff-errors.ts'
import { followWord as word } from '../../words/follow-up.ts'
import { word as staffWord } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

/** What gets better: open items by their due date, those of the reader, those that are late, those that ended. */
@customElement('page-improvements')
export class ImprovementsPage extends StaffPage {
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  #requestId = ''
  private readonly list = new Resource<ImprovementList, [ImprovementView]>(this, {
    args: () => [this.#view],
    load: ([view], signal) => this.services.api.improvements(view, signal),
    isAffected: (change) => change.kind === 'improvement',
  })
  get #view(): ImprovementView {
    const asked = this.query.get('view')
    return IMPROVEMENT_VIEWS.find((view) => view === asked) ?? 'open'
  }
  #begin(): void {
    this.#requestId = this.services.ids.next('request')
    this.error = undefined
    this.dialog.showModal()
  }
  async #open(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const [title, cause, cabinetId] = ['title', 'cause', 'cabinet'].map((name) => fieldText(form, name))
    const rootCause = ROOT_CAUSES.find((one) => one === cause)
    try {
      const made = await this.services.api.openImprovement({
        requestId: this.#requestId,
        title: title ?? '',
        ...(rootCause === undefined ? {} : { rootCause }),
        ...(cabinetId === undefined || cabinetId === ''
          ? {}
          : { subject: { kind: 'cabinet', id: cabinetId } }),
      })
      this.dialog.close()
      this.services.go(`/improvements/${made.item.itemId}`)
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    const loaded = this.list.value
    return html`${pageHead(word('improvements'), {
      lead:
        loaded === undefined ? nothing : html`<p class="soft">${word('improvementsLead', loaded.rule)}</p>`,
      actions:
        loaded?.mayWork === true
          ? html`<button class="button primary" @click=${() => this.#begin()}>${icon('plus')}${word('newItem')}</button>`
          : undefined,
    })}
      <div class="toolbar">
        <nav class="tabs" aria-label=${word('improvements')}>
          ${IMPROVEMENT_VIEWS.map(
            (view) =>
              html`<a href="${BASE}/improvements?view=${view}" aria-current=${view === this.#view ? 'page' : nothing}>${word(`items.${view}`)}${loaded === undefined ? nothing : html` <span class="number soft">${loaded.counts[view]}</span>`}</a>`,
          )}
        </nav>
      </div>
      ${this.list.view(({ items }) => (items.length === 0 ? html`<div class="blank">${icon('check')}<p>${word('noItems')}</p></div>` : this.#table(items)))}
      ${this.#dialog()}`
  }

  #table(items: readonly ImprovementRow[]) {
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('improvements')}>
      <table class="table rows">
        <caption class="aloud">${word('improvements')}</caption>
        <thead><tr><th scope="col">${word('item')}</th><th scope="col">${word('state')}</th><th scope="col" class="end">${word('cases')}</th><th scope="col">${word('owner')}</th><th scope="col">${word('due')}</th></tr></thead>
        <tbody>${items.map(
          (item) => html`<tr>
            <td><a class="row-link" href="${BASE}/improvements/${item.itemId}"><b>${choose(item.title)}</b></a><br /><span class="soft small">#${item.number} · ${word(`source.${item.source}`)}</span></td>
            <td>${itemState(item.state)}${item.round > 1 ? html`<br /><span class="soft small">${word('round', { round: item.round })}</span>` : nothing}</td>
            <td class="end number">${item.cases}</td>
            <td>${item.ownerName ?? html`<span class="soft">${word('nobody')}</span>`}</td>
            <td>${moment(this.services.time, item.dueAtMs)}${item.isLate ? html`<br />${badge('bad', 'circle-alert', word('late'))}` : nothing}</td>
          </tr>`,
        )}</tbody>
      </table>
    </div>`
  }

  #dialog() {
    return html`<dialog class="dialog" aria-labelledby="new-item">
      <header class="dialog-head"><h2 id="new-item">${word('newItem')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#open(event)}>
        <label class="field"><span class="label">${word('itemTitle')}</span><input name="title" minlength="4" maxlength="120" required /></label>
        <div class="field-grid">
          <label class="field"><span class="label">${word('itemCause')}</span>
            <select name="cause"><option value="">${word('anyCause')}</option>${ROOT_CAUSES.map((cause) => html`<option value=${cause}>${staffWord(`rootCause.${cause}`)}</option>`)}</select></label>
          <label class="field"><span class="label">${word('itemCabinet')}</span><input name="cabinet" maxlength="64" /><span class="hint soft small">${word('itemCabinetHint')}</span></label>
        </div>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word('open')}</button></footer>
      </form></dialog>`
  }
}

export function itemState(state: ImprovementRow['state']) {
  switch (state) {
    case 'plan':
      return badge('info', 'circle', word('item.plan'))
    case 'do':
      return badge('info', 'refresh', word('item.do'))
    case 'check':
      return badge('warn', 'search', word('item.check'))
    case 'act':
      return badge('info', 'check', word('item.act'))
    case 'closed':
      return badge('ok', 'circle-check', word('item.closed'))
    case 'dropped':
      return badge('neutral', 'x', word('item.dropped'))
  }
}
