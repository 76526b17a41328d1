import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type {
  CallBackPlan,
  CallBackPlanView,
  CallBackQuestion,
  CallBackRule,
} from '#protocol/api/call-backs.ts'
import { CALL_BACK_AUDIENCES, CALL_BACK_CALENDARS, CALL_BACK_CHANNELS } from '../../data/staff-follow-up.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { type FollowWord, followWord as word } from '../../words/follow-up.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

const KINDS = ['yes_no', 'score', 'text'] as const
const QUESTIONS_MOST = 8

/** The plan of call-backs as a form; each save is a version of its own. */
@customElement('page-call-back-plan')
export class CallBackPlanPage extends StaffPage {
  @state() private draft: CallBackPlan | undefined
  @state() private shown: number | undefined
  @state() private error: unknown
  private readonly plan = new Resource<CallBackPlanView>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.callBackPlan(signal),
    onValue: (view) => this.#take(view.plan, view.version),
  })
  #take(plan: CallBackPlan, version: number): void {
    this.draft = structuredClone(plan)
    this.shown = version
  }
  async #save(event: SubmitEvent, view: CallBackPlanView): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    if (this.draft === undefined) return
    const reason = fieldText(form, 'reason')
    try {
      const saved = await this.services.api.saveCallBackPlan({
        baseVersion: view.version,
        reason,
        plan: this.draft,
      })
      this.error = undefined
      form.reset()
      this.plan.replace(saved)
      this.#take(saved.plan, saved.version)
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    }
  }
  #change(change: Partial<CallBackPlan>): void {
    if (this.draft !== undefined) this.draft = { ...this.draft, ...change }
  }
  #changeRule(segment: CallBackRule['segment'], change: Partial<CallBackRule>): void {
    const rules = this.draft?.rules.map((rule) => (rule.segment === segment ? { ...rule, ...change } : rule))
    if (rules !== undefined) this.#change({ rules })
  }

  protected override render() {
    return this.plan.page(word('callBacks'), (view) => this.#page(view))
  }
  #page(view: CallBackPlanView) {
    const { draft } = this
    if (draft === undefined) return nothing
    return html`${pageHead(word('planTitle'), {
      lead: html`<p class="soft"><a href="${BASE}/call-backs">${word('callBacks')}</a> · ${word('planLead')}</p>`,
    })}
      <div class="stack"><form class="stack" @submit=${(event: SubmitEvent) => void this.#save(event, view)}>
        <fieldset class="plain-fieldset stack" ?disabled=${!view.mayChange}>
          <legend class="aloud">${word('planTitle')}</legend>
          <section class="card field-grid">
            ${choice(
              'calendar',
              draft.calendar,
              CALL_BACK_CALENDARS,
              (one) => `calendar.${one}`,
              (calendar) => this.#change({ calendar }),
            )}
            ${amount('largeRefund', draft.largeRefundFen / 100, [1, 100_000], (yuan) => this.#change({ largeRefundFen: Math.round(yuan * 100) }))}
            ${amount('repeated', draft.repeatedContacts, [2, 50], (repeatedContacts) => this.#change({ repeatedContacts }))}
            ${amount('repeatedDays', draft.repeatedDays, [1, 365], (repeatedDays) => this.#change({ repeatedDays }))}
            ${amount('lowScore', draft.lowScoreMost, [1, 4], (lowScoreMost) => this.#change({ lowScoreMost }))}
          </section>
          ${draft.rules.map((rule) => this.#rule(rule))}
        </fieldset>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${isConflict(this.error) ? word('changedMeanwhile') : describeError(this.error)}</span></p>` : nothing}
        ${
          view.mayChange
            ? html`<section class="card stack"><label class="field"><span class="label">${word('reason')}</span><input name="reason" maxlength="500" required /></label>
              <div class="row"><span class="grow"></span><button class="button primary">${word('savePlan')}</button></div></section>`
            : nothing
        }
      </form>
      ${this.#versions(view)}</div>`
  }

  #rule(rule: CallBackRule) {
    const { segment } = rule
    const set = (change: Partial<CallBackRule>) => this.#changeRule(segment, change)
    return html`<section class="card stack" aria-labelledby="rule-${segment}">
      <header class="card-head"><h2 id="rule-${segment}">${word(`segment.${segment}`)}</h2>
        <label class="check"><input type="checkbox" .checked=${rule.isOn} @change=${(event: Event) => set({ isOn: (event.target as HTMLInputElement).checked })} /> ${word('isOn')}</label></header>
      ${
        rule.isOn
          ? html`<div class="field-grid">
              ${choice(
                'byWhom',
                rule.audience,
                CALL_BACK_AUDIENCES,
                (one) => `audience.${one}`,
                (audience) => set({ audience }),
              )}
              ${choice(
                'way',
                rule.channel,
                CALL_BACK_CHANNELS,
                (one) => `channel.${one}`,
                (channel) => set({ channel }),
              )}
              ${amount('after', rule.afterHours, [0, 720], (afterHours) => set({ afterHours }))}
              ${amount('most', rule.attemptsMost, [1, 5], (attemptsMost) => set({ attemptsMost }))}
              ${amount('pause', rule.pauseHours, [1, 168], (pauseHours) => set({ pauseHours }))}
            </div>
            <details><summary>${word('questions')} <span class="soft small">${rule.questions.map(({ text }) => choose(text)).join(' · ')}</span></summary>
              <div class="stack">${rule.questions.map((question, index) => this.#question(rule, question, index))}
              ${rule.questions.length < QUESTIONS_MOST ? html`<button type="button" class="quiet" @click=${() => set({ questions: [...rule.questions, { key: freeKey(rule), kind: 'yes_no', text: { zh: '', en: '' } }] })}>${icon('plus')}${word('addQuestion')}</button>` : nothing}</div>
            </details>`
          : nothing
      }</section>`
  }
  #question(rule: CallBackRule, question: CallBackQuestion, index: number) {
    const put = (next: CallBackQuestion | undefined) =>
      this.#changeRule(rule.segment, {
        questions: rule.questions.flatMap((one, at) =>
          at === index ? (next === undefined ? [] : [next]) : [one],
        ),
      })
    const said = (language: 'zh' | 'en') =>
      html`<label class="field"><span class="label">${word('question', { number: index + 1 })}, ${word(language === 'zh' ? 'inChinese' : 'inEnglish')}</span>
        <input maxlength="200" minlength="2" required lang=${language === 'zh' ? 'zh-CN' : 'en'} .value=${question.text[language]} @change=${(event: Event) => put({ ...question, text: { ...question.text, [language]: (event.target as HTMLInputElement).value } })} /></label>`
    return html`<div class="field-grid">${said('zh')}${said('en')}
      ${choice(
        'answerKind',
        question.kind,
        KINDS,
        (one) => `kind.${one}`,
        (kind) => put({ ...question, kind }),
      )}
      ${rule.questions.length > 1 ? html`<button type="button" class="icon-button" aria-label=${word('removeQuestion', { number: index + 1 })} @click=${() => put(undefined)}>${icon('x')}</button>` : nothing}</div>`
  }

  #versions({ versions, version, plan }: CallBackPlanView) {
    return html`<section class="card" aria-labelledby="plan-versions"><header class="card-head"><h2 id="plan-versions">${word('versions')}</h2></header>
      <ol class="plain stack tight">
        ${versions.map(
          (
            one,
          ) => html`<li><div class="split"><span><b>${word('planVersion', { version: one.version })}</b> ${one.version === version ? badge('ok', 'check', word('isOn')) : nothing}
            <span class="soft small">${one.savedBy}, ${moment(this.services.time, one.savedAtMs)}</span></span>
            <button class="quiet" aria-pressed=${one.version === this.shown} @click=${() => this.#take(one.plan, one.version)}>${word('takeOver')}</button></div>
            <p class="quote small">${one.reason}</p></li>`,
        )}
        ${version === 0 ? html`<li>${word('planShipped')} <button class="quiet" @click=${() => this.#take(plan, 0)}>${word('takeOver')}</button></li>` : nothing}
      </ol></section>`
  }
}

function freeKey({ questions }: CallBackRule): string {
  let number = questions.length + 1
  while (questions.some(({ key }) => key === `question_${number}`)) number += 1
  return `question_${number}`
}
function choice<const T extends string>(
  label: FollowWord,
  value: T,
  all: readonly T[],
  wordOf: (one: T) => FollowWord,
  set: (one: T) => void,
) {
  return html`<label class="field"><span class="label">${word(label)}</span>
    <select @change=${(event: Event) => {
      const chosen = all.find((one) => one === (event.target as HTMLSelectElement).value)
      if (chosen !== undefined) set(chosen)
    }}>${all.map((one) => html`<option value=${one} ?selected=${one === value}>${word(wordOf(one))}</option>`)}</select></label>`
}
function amount(
  label: FollowWord,
  value: number,
  [least, most]: readonly [number, number],
  set: (value: number) => void,
) {
  return html`<label class="field"><span class="label">${word(label)}</span>
    <input type="number" inputmode="numeric" required min=${least} max=${most} .value=${String(value)} @change=${(
      event: Event,
    ) => {
      const { valueAsNumber } = event.target as HTMLInputElement
      if (Number.isFinite(valueAsNumber)) set(valueAsNumber)
    }} /></label>`
}
