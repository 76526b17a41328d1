import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import type { Scorecard, ScorecardCriterion, ScorecardView } from '#protocol/api/rechecks.ts'
import { describeError } from '../../data/staff-errors.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

const CRITERIA_MOST = 16

/** What closed tickets are held against, and which of them. A lead changes it in versions. */
@customElement('page-scorecard')
export class ScorecardPage extends StaffPage {
  /** What is being edited; the one that holds until somebody adds or removes a criterion. */
  @state() private criteria: readonly ScorecardCriterion[] | undefined
  @state() private error: unknown
  private readonly view = new Resource<ScorecardView>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.scorecard(signal),
  })

  #cardOf(form: HTMLFormElement, view: ScorecardView): Scorecard {
    const text = (name: string) => fieldText(form, name)
    const number = (name: string) => Number(text(name))
    const shares = (kind: string, keys: readonly string[]) =>
      keys.flatMap((key) =>
        text(`${kind}-${key}`) === '' ? [] : [{ key, sharePercent: number(`${kind}-${key}`) }],
      )
    return {
      criteria: this.#read(form, view),
      passPercent: number('passPercent'),
      dueDays: number('dueDays'),
      objectionDays: number('objectionDays'),
      sample: {
        sharePercent: number('sharePercent'),
        everyCases: number('everyCases'),
        types: shares(
          'type',
          view.ticketTypes.map(({ key }) => key),
        ).map(({ key, sharePercent }) => ({ type: key, sharePercent })),
        agents: shares(
          'agent',
          view.agents.map(({ staffId }) => staffId),
        ).map(({ key, sharePercent }) => ({ staffId: key, sharePercent })),
      },
    }
  }
  #read(form: HTMLFormElement, view: ScorecardView): ScorecardCriterion[] {
    return (this.criteria ?? view.card.criteria).map(({ key }) => ({
      key,
      label: { zh: fieldText(form, `zh-${key}`), en: fieldText(form, `en-${key}`) },
      help: { zh: fieldText(form, `helpZh-${key}`), en: fieldText(form, `helpEn-${key}`) },
      weight: Number(fieldText(form, `weight-${key}`)),
      isCritical: fieldText(form, `critical-${key}`) !== '',
    }))
  }
  async #save(event: SubmitEvent, view: ScorecardView): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.error = undefined
    try {
      const saved = await this.services.api.saveScorecard({
        baseVersion: view.version,
        reason: fieldText(form, 'reason'),
        card: this.#cardOf(form, view),
      })
      this.criteria = undefined
      this.view.replace(saved)
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    }
  }
  #add(form: HTMLFormElement | null, view: ScorecardView): void {
    if (form === null) return
    const criteria = this.#read(form, view)
    const numbers = criteria.map(({ key }) => Number(/^more(\d+)$/.exec(key)?.[1] ?? 0))
    const blank = { zh: '', en: '' }
    this.criteria = [
      ...criteria,
      { key: `more${Math.max(0, ...numbers) + 1}`, label: blank, help: blank, weight: 10, isCritical: false },
    ]
  }

  /** What was typed into the others stays. */
  #remove(key: string, view: ScorecardView): void {
    const form = this.querySelector('form')
    if (form === null) return
    this.criteria = this.#read(form, view).filter((one) => one.key !== key)
  }

  protected override render() {
    return this.view.page(word('scorecard'), (view) => this.#page(view))
  }
  #page(view: ScorecardView) {
    return html`${pageHead(word('scorecard'), {
      lead: html`<p class="soft"><a href="${BASE}/rechecks">${word('rechecks')}</a> · ${view.version === 0 ? word('shipped') : word('version', { version: view.version })}</p>`,
    })}
      ${view.mayChange ? this.#form(view) : this.#read1(view)}
      ${
        view.versions.length === 0
          ? nothing
          : html`<section class="card"><ol class="plain stack tight">${view.versions.map((one) => html`<li>${word('version', { version: one.version })} · ${one.savedBy} · ${moment(this.services.time, one.savedAtMs)} <span class="quote">${one.reason}</span></li>`)}</ol></section>`
      }`
  }
  #read1({ card }: ScorecardView) {
    return html`<section class="card stack"><p class="soft small">${word('passMark', { value: card.passPercent })}</p><dl class="facts told">${card.criteria.map(
      ({ label, help, weight, isCritical }) =>
        html`<dt>${choose(label)}<br /><span class="soft small">${word('weight', { weight })}</span></dt><dd><span>${choose(help)} ${isCritical ? badge('warn', 'triangle-alert', word('critical')) : nothing}</span></dd>`,
    )}</dl></section>`
  }
  #form(view: ScorecardView) {
    const { card } = view
    const criteria = this.criteria ?? card.criteria
    const number = (name: string, label: Parameters<typeof word>[0], value: number, most: number) =>
      html`<label class="field"><span class="label">${word(label)}</span><input name=${name} type="number" min="1" max=${most} required .value=${String(value)} /></label>`
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#save(event, view)}>
      ${repeat(
        criteria,
        ({ key }) => key,
        (criterion) =>
          this.#criterion(
            criterion,
            criteria.length > 1 ? () => this.#remove(criterion.key, view) : undefined,
          ),
      )}
      <div class="row"><button type="button" class="button" ?disabled=${criteria.length >= CRITERIA_MOST} @click=${() => this.#add(this.querySelector('form'), view)}>${icon('plus')}${word('addCriterion')}</button></div>
      <section class="card"><div class="form-grid">
        ${number('passPercent', 'passPercent', card.passPercent, 100)}${number('dueDays', 'dueDays', card.dueDays, 60)}${number('objectionDays', 'objectionDays', card.objectionDays, 60)}
        <label class="field"><span class="label">${word('shareOfAll')}</span><input name="sharePercent" type="number" min="0" max="100" required .value=${String(card.sample.sharePercent)} /></label>
        ${number('everyCases', 'everyCases', card.sample.everyCases, 1000)}
      </div></section>
      ${this.#shares(
        'type',
        word('shareOfType'),
        view.ticketTypes.map(({ key, label }) => [
          key,
          choose(label),
          card.sample.types.find(({ type }) => type === key)?.sharePercent,
        ]),
      )}
      ${this.#shares(
        'agent',
        word('shareOfAgent'),
        view.agents.map(({ staffId, name }) => [
          staffId,
          name,
          card.sample.agents.find((one) => one.staffId === staffId)?.sharePercent,
        ]),
      )}
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <section class="card stack"><label class="field"><span class="label">${word('reason')}</span><input name="reason" required maxlength="500" /></label>
        <div class="row"><button class="button primary">${word('save')}</button></div></section>
    </form>`
  }
  #criterion({ key, label, help, weight, isCritical }: ScorecardCriterion, remove: (() => void) | undefined) {
    const name = choose(label) || word('criterionNew')
    const field = (name: string, text: string, value: string, most: number, isWide = false) =>
      html`<label class="field ${isWide ? 'wide' : ''}"><span class="label">${text}</span><input name="${name}-${key}" required maxlength=${most} .value=${value} /></label>`
    return html`<fieldset class="card"><legend class="aloud">${name}</legend>
      <header class="card-head"><h2>${name}</h2>${remove === undefined ? nothing : html`<button type="button" class="icon-button" aria-label="${word('removeCriterion')}: ${name}" title=${word('removeCriterion')} @click=${remove}>${icon('x')}</button>`}</header><div class="form-grid">
      ${field('zh', word('criterionZh'), label.zh, 60)}${field('en', word('criterionEn'), label.en, 60)}
      ${field('helpZh', word('helpZh'), help.zh, 240, true)}${field('helpEn', word('helpEn'), help.en, 240, true)}
      <label class="field"><span class="label">${word('weightLabel')}</span><input name="weight-${key}" type="number" min="1" max="100" required .value=${String(weight)} /></label>
      <label class="choice"><input type="checkbox" name="critical-${key}" ?checked=${isCritical} /><span>${word('criticalLabel')}</span></label></div>
    </fieldset>`
  }
  #shares(kind: string, title: string, rows: ReadonlyArray<readonly [string, string, number | undefined]>) {
    return html`<details class="card"><summary>${title}</summary><div class="form-grid">${rows.map(
      ([key, label, value]) =>
        html`<label class="field"><span class="label">${label}</span><input name="${kind}-${key}" type="number" min="0" max="100" placeholder=${word('asOthers')} .value=${value === undefined ? '' : String(value)} /></label>`,
    )}</div></details>`
  }
}
