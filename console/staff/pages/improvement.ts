import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { ImprovementItem, ImprovementState, ImprovementStep } from '#protocol/api/improvements.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { followWord as word, hasFollowWord } from '../../words/follow-up.ts'
import { word as staffWord, wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'
import { itemState } from './improvements.ts'

const COURSE = ['plan', 'do', 'check', 'act'] as const satisfies readonly ImprovementState[]
const PRIMARY: readonly ImprovementStep[] = ['begin', 'finish', 'effective', 'close']
const DAY_MS = 86_400_000

/** One improvement item: its course, what the cases say before and after, and what may be done with it. */
@customElement('page-improvement')
export class ImprovementPage extends StaffPage {
  @state() private asked: ImprovementStep | 'edit' | undefined
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly item = new Resource<ImprovementItem, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([itemId], signal) => this.services.api.improvement(itemId, signal),
    isAffected: (change) => change.kind === 'improvement' && change.subjectId === this.params['id'],
  })

  async #ask(what: ImprovementStep | 'edit'): Promise<void> {
    this.asked = what
    this.error = undefined
    await this.updateComplete
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent, { item }: ImprovementItem): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const { itemId, version } = item
    const { asked } = this
    if (asked === undefined) return
    try {
      const next =
        asked === 'edit'
          ? await this.services.api.editImprovement(itemId, {
              version,
              ownerId: fieldText(form, 'owner') || null,
              dueAtMs: dueOf(fieldText(form, 'due'), item.dueAtMs),
              plan: fieldText(form, 'plan'),
              action: fieldText(form, 'action'),
            })
          : await this.services.api.stepImprovement(itemId, asked, { version, note: fieldText(form, 'note') })
      this.item.replace(next)
      this.dialog.close()
      form.reset()
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    return this.item.page(word('improvements'), (detail) => this.#page(detail))
  }
  #page(detail: ImprovementItem) {
    const { item, actions } = detail
    return html`${pageHead(choose(item.title), {
      lead: html`<p class="soft"><a href="${BASE}/improvements">${word('improvements')}</a> · #${item.number} · ${word(`source.${item.source}`)}${item.round > 1 ? html` · ${word('round', { round: item.round })}` : nothing}</p>`,
      actions: actions.map((action) =>
        action === 'edit'
          ? html`<button class="button" @click=${() => void this.#ask('edit')}>${word('edit')}</button>`
          : html`<button class="button ${PRIMARY.includes(action) ? 'primary' : ''}" @click=${() => void this.#ask(action)}>${word(`step.${action}`)}</button>`,
      ),
    })}
      <div class="two-columns">
        <div class="stack">${this.#course(detail)}${this.#effect(detail)}${this.#cases(detail)}</div>
        <div class="stack">${this.#facts(detail)}${this.#history(detail)}</div>
      </div>
      ${this.#dialog(detail)}`
  }

  #course(detail: ImprovementItem) {
    const { item } = detail
    const texts = { plan: detail.plan, do: detail.action, check: detail.check, act: detail.standard }
    const labels = { plan: 'planText', do: 'actionText', check: 'checkText', act: 'standardText' } as const
    return html`<section class="card" aria-labelledby="course"><header class="card-head"><h2 id="course">${word('course')}</h2>${itemState(item.state)}</header>
      <ol class="plain stack">${COURSE.map(
        (step) => html`<li aria-current=${step === item.state ? 'step' : nothing}>
          <p class="label">${step === item.state ? icon('chevron-right') : nothing}<b>${word(labels[step])}</b></p>
          ${texts[step] === '' ? html`<p class="soft">${word('notYet')}</p>` : html`<p class="said">${texts[step]}</p>`}</li>`,
      )}</ol></section>`
  }

  #effect({ effect }: ImprovementItem) {
    if (effect === null) return nothing
    const { time } = this.services
    const day = (atMs: number) => time.momentText(atMs)
    const line = (label: string, figure: { cases: number; fromMs: number; toMs: number }) =>
      html`<dt>${label}</dt><dd><span>${word('figureOf', { cases: figure.cases, from: day(figure.fromMs), to: day(figure.toMs) })}</span></dd>`
    const most = Math.max(1, ...effect.weeks.map(({ cases }) => cases))
    return html`<section class="card" aria-labelledby="effect"><header class="card-head"><h2 id="effect">${word('effect')}</h2></header>
      <dl class="facts">${line(word('before'), effect.before)}${effect.after === null ? nothing : line(word('afterChange'), effect.after)}</dl>
      <p class="soft small">${effect.after === null ? word('noEffectYet') : word(effect.isWindowOver ? 'windowOver' : 'windowRuns')}</p>
      <table class="table compact bars"><caption class="label start">${word('weeks')}</caption>
        <tbody>${effect.weeks.map(
          ({ fromMs, cases }) =>
            html`<tr><th scope="row" class="small soft">${word('week', { at: dateOf(fromMs) })}</th><td class="bar-cell" aria-hidden="true"><i class="bar" style="width: ${(cases / most) * 100}%"></i></td><td class="end number">${cases}</td></tr>`,
        )}</tbody></table></section>`
  }

  #cases({ cases }: ImprovementItem) {
    return html`<section class="card" aria-labelledby="cases"><header class="card-head"><h2 id="cases">${word('countedCases')}</h2></header>
      ${
        cases.length === 0
          ? html`<p class="soft">${word('noCases')}</p>`
          : html`<ol class="plain stack tight">${cases.map(
              (one) =>
                html`<li class="split">${one.ticketId === null ? html`<span>${word('case.anomaly')}</span>` : html`<a href="${BASE}/tickets/${one.ticketId}">#${one.ticketNumber} ${wordOr(`disputeReason.${one.ticketType ?? ''}`, wordOr(`ticketType.${one.ticketType ?? ''}`, ''))}</a>`}${moment(this.services.time, one.atMs)}</li>`,
            )}</ol>`
      }</section>`
  }

  #facts({ item }: ImprovementItem) {
    const fact = (label: string, value: unknown) => html`<dt>${label}</dt><dd>${value}</dd>`
    const { subject } = item
    return html`<section class="card" aria-labelledby="facts"><header class="card-head"><h2 id="facts">${word('item')}</h2></header>
      <dl class="facts">
        ${item.rootCause === null ? nothing : fact(word('itemCause'), staffWord(`rootCause.${item.rootCause}`))}
        ${subject === null ? nothing : fact(word('about'), subject.kind === 'cabinet' ? html`<a href="${BASE}/cabinets/${subject.id}">${choose(subject.name)}</a>` : choose(subject.name))}
        ${fact(word('cases'), html`<span class="number">${item.cases}</span>`)}
        ${fact(word('owner'), item.ownerName ?? html`<span class="soft">${word('nobody')}</span>`)}
        ${fact(word('due'), html`${moment(this.services.time, item.dueAtMs)} ${item.isLate ? badge('bad', 'circle-alert', word('late')) : nothing}`)}
      </dl></section>`
  }

  #history({ history }: ImprovementItem) {
    return html`<section class="card" aria-labelledby="item-history"><header class="card-head"><h2 id="item-history">${word('history')}</h2></header>
      <ol class="plain stack tight">${history.toReversed().map(({ what, by, values, atMs }) => {
        const key = `did.${what}`
        return html`<li><p>${hasFollowWord(key) ? word(key, { ...values, by }) : what}</p><p class="soft small">${moment(this.services.time, atMs)}</p></li>`
      })}</ol></section>`
  }

  #dialog(detail: ImprovementItem) {
    const { asked } = this
    return html`<dialog class="dialog" aria-labelledby="item-dialog">
      <header class="dialog-head"><h2 id="item-dialog">${asked === undefined ? nothing : asked === 'edit' ? word('editTitle') : word(`step.${asked}`)}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event, detail)}>
        ${asked === 'edit' ? this.#editFields(detail) : nothing}
        ${
          asked === undefined || asked === 'edit'
            ? nothing
            : html`<label class="field"><span class="label">${word(`ask.${asked}`)}</span>
              <textarea name="note" rows="5" maxlength="2000" required .value=${asked === 'begin' ? detail.plan : asked === 'finish' ? detail.action : ''}></textarea></label>`
        }
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${isConflict(this.error) ? staffWord('conflict') : describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${asked === undefined || asked === 'edit' ? word('save') : word(`step.${asked}`)}</button></footer>
      </form></dialog>`
  }
  #editFields({ item, plan, action, people }: ImprovementItem) {
    return html`<div class="field-grid">
        <label class="field"><span class="label">${word('owner')}</span>
          <select name="owner"><option value="">${word('nobody')}</option>${people.map(({ staffId, name }) => html`<option value=${staffId} ?selected=${staffId === item.ownerId}>${name}</option>`)}</select></label>
        <label class="field"><span class="label">${word('due')}</span><input type="date" name="due" required .value=${dateOf(item.dueAtMs)} /></label>
      </div>
      <label class="field"><span class="label">${word('planText')}</span><textarea name="plan" rows="4" maxlength="2000" .value=${plan}></textarea></label>
      <label class="field"><span class="label">${word('actionText')}</span><textarea name="action" rows="4" maxlength="2000" .value=${action}></textarea></label>`
  }
}

function dateOf(atMs: number): string {
  const date = new Date(atMs)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
/** The end of the day that was chosen, where the reader is; the day as it was stays as it was. */
function dueOf(text: string, before: number): number {
  return text === dateOf(before) ? before : new Date(`${text}T00:00`).getTime() + DAY_MS - 1
}
