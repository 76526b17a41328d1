import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type {
  PolicyDetail,
  PolicyLimit,
  PolicyName,
  PolicyVersionView,
  WhatIf,
} from '#protocol/api/policies.ts'
import { ApiError } from '../../data/api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { formOf, fromField, isSame, stepOf, toField } from '../../data/staff-policies.ts'
import { policyWord as word } from '../../words/policies.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { limitText } from '../parts/policy-views.ts'
import { whatIfView } from '../parts/what-if-view.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

type Draft = Readonly<Record<string, number>>
const PERIODS = [7, 30, 90, 365] as const
const PERIOD_USUAL = 30

/** One rule: its limits, what others would have decided on past cases, and the versions that held before. */
@customElement('page-policy')
export class PolicyPage extends StaffPage {
  /** What is typed and differs from what holds; undefined while a field holds no number. */
  @state() private draft: Record<string, number | undefined> = {}
  @state() private days: number = PERIOD_USUAL
  /** What held when the draft was begun or last tried: whoever saves has seen what it replaces. */
  @state() private seenVersion: number | undefined
  @state() private answer: { draft: Draft; days: number; whatIf: WhatIf } | undefined
  @state() private isAsking = false
  @state() private isSaving = false
  @state() private restoredFrom: number | undefined
  @state() private error: unknown
  private readonly detail = new Resource<PolicyDetail, [string]>(this, {
    args: () => [this.params['policy'] ?? ''],
    load: ([policy], signal) => this.services.api.policy(policy as PolicyName, signal),
    isAffected: (change, value) => change.kind === 'policy' && change.subjectId === value?.policy.policy,
    isOlder: (loaded, shown) =>
      loaded.policy.policy === shown.policy.policy && loaded.policy.version < shown.policy.version,
  })

  protected override render() {
    return this.detail.page(word('policies'), (detail) => {
      const { policy } = detail.policy
      const isAllowed = detail.actions.includes('change')
      return html`${pageHead(word(`name.${policy}`), { lead: html`<p class="soft">${word(`lead.${policy}`)}</p>` })}
        <div class="stack">${this.#limits(detail, isAllowed)}${this.#answerView(detail, isAllowed)}${this.#versions(detail, isAllowed)}</div>`
    })
  }

  // --- limits

  #limits(detail: PolicyDetail, isAllowed: boolean) {
    const { limits, version } = detail.policy
    const changed = this.#whole(detail)
    return html`<section class="card" aria-labelledby="limits">
      <header class="card-head"><h2 id="limits">${word('limits')}</h2><span class="soft small">${version === 0 ? word('versionStarted') : word('versionNow', { version })}</span></header>
      ${
        limits.length === 0
          ? html`<p class="soft">${word('noLimits')}</p>`
          : html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#ask(event, detail)}>
        <div class="field-grid">${limits.map((limit) => this.#field(detail, limit, isAllowed))}</div>
        ${this.restoredFrom === undefined ? nothing : html`<p class="strip tone-info">${icon('undo')}<span>${word('goingBack', { version: this.restoredFrom })}</span></p>`}
        ${this.#isOvertaken(detail) ? overtaken(detail) : nothing}
        ${this.error && !this.answer ? this.#trouble(detail) : nothing}
        <div class="field-row">
          <label class="field"><span class="label">${word('lookBack')}</span><select name="days" @change=${(event: Event) => this.#setDays(event)}>${PERIODS.map((days) => html`<option value=${days} ?selected=${days === this.days}>${word('lookBackDays', { days })}</option>`)}</select></label>
          <button class="button primary" ?disabled=${this.isAsking || changed === undefined}>${icon('scale')}${this.isAsking ? word('trying') : word('tryIt')}</button>
          ${this.#isChanged(detail) ? html`<button type="button" class="button" @click=${() => this.#reset()}>${icon('undo')}${word('reset')}</button>` : nothing}
        </div>
        ${this.#isChanged(detail) ? nothing : html`<p class="soft small">${word('notChanged')}</p>`}
      </form>`
      }
    </section>`
  }

  #field(detail: PolicyDetail, limit: PolicyLimit, isAllowed: boolean) {
    const value = limit.name in this.draft ? this.draft[limit.name] : limit.value
    const form = formOf(limit)
    const id = `limit-${limit.name}`
    return html`<div class="field">
      <label class="label" for=${id}>${word(`limit.${limit.name as 'clearProbability'}`)}</label>
      <div class="with-unit">${form === 'yuan' ? html`<span>${word('unit.yuan')}</span>` : nothing}
        <input id=${id} type="number" inputmode="decimal" required step=${stepOf(limit)} min=${toField(limit, limit.minimum)} max=${toField(limit, limit.maximum)}
          .value=${value === undefined ? '' : String(toField(limit, value))} ?readonly=${!isAllowed} aria-describedby="${id}-hint"
          @input=${(event: Event) => this.#type(detail, limit, (event.currentTarget as HTMLInputElement).value)} />
        ${form === 'yuan' || form === 'count' ? nothing : html`<span>${word(`unit.${form}`)}</span>`}</div>
      <p class="soft small" id="${id}-hint">${limit.value === limit.configured ? nothing : word('startedWith', { value: limitText(limit, limit.configured) })}</p>
    </div>`
  }
  #type(detail: PolicyDetail, limit: PolicyLimit, text: string): void {
    if (!this.#isChanged(detail)) this.seenVersion = detail.policy.version
    const { [limit.name]: _before, ...others } = this.draft
    const value = fromField(limit, text)
    this.draft = value === limit.value ? others : { ...others, [limit.name]: value }
    this.restoredFrom = undefined
    this.error = undefined
  }
  #reset(): void {
    this.draft = {}
    this.answer = undefined
    this.seenVersion = undefined
    this.restoredFrom = undefined
    this.error = undefined
  }
  #setDays(event: Event): void {
    this.days = Number((event.currentTarget as HTMLSelectElement).value)
  }
  #isChanged(detail: PolicyDetail): boolean {
    return detail.policy.limits.some(
      (limit) => limit.name in this.draft && this.draft[limit.name] !== limit.value,
    )
  }
  /** Somebody saved other limits while these were typed. */
  #isOvertaken(detail: PolicyDetail): boolean {
    return this.#isChanged(detail) && this.seenVersion !== detail.policy.version
  }
  /** All limits as they are typed; undefined while one of them is no number. */
  #whole(detail: PolicyDetail): Draft | undefined {
    const whole: Record<string, number> = {}
    for (const { name, value } of detail.policy.limits) {
      const typed = name in this.draft ? this.draft[name] : value
      if (typed === undefined) return undefined
      whole[name] = typed
    }
    return whole
  }

  // --- what it would have decided

  async #ask(event: SubmitEvent, detail: PolicyDetail): Promise<void> {
    event.preventDefault()
    await this.#try(detail)
  }
  async #try(detail: PolicyDetail): Promise<void> {
    const draft = this.#whole(detail)
    if (draft === undefined) return
    this.isAsking = true
    this.seenVersion = detail.policy.version
    this.error = undefined
    try {
      const { days } = this
      const whatIf = await this.services.api.whatIf(detail.policy.policy, { limits: { ...draft }, days })
      this.answer = { draft, days, whatIf }
    } catch (error) {
      this.answer = undefined
      this.error = error
    } finally {
      this.isAsking = false
    }
  }

  #answerView(detail: PolicyDetail, isAllowed: boolean) {
    const { answer } = this
    if (answer === undefined) return nothing
    const draft = this.#whole(detail)
    // A figure that belongs to other limits than those on the screen would mislead.
    if (
      draft === undefined ||
      !isSame(draft, answer.draft) ||
      answer.days !== this.days ||
      this.#isOvertaken(detail)
    )
      return html`<p class="strip tone-info">${icon('scale')}<span>${word('tryFirst')}</span></p>`
    return html`${whatIfView(this.services, answer.whatIf)}
      ${isAllowed && this.#isChanged(detail) ? this.#saving(detail, answer.whatIf) : nothing}`
  }

  #saving(detail: PolicyDetail, whatIf: WhatIf) {
    const next = detail.policy.version + 1
    return html`<section class="card" aria-labelledby="saving"><header class="card-head"><h2 id="saving">${word('saveTitle')}</h2></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#save(event, detail, whatIf)}>
        <p>${word('saveLead')}</p>
        <label class="field"><span class="label">${word('reason')}</span><textarea name="reason" required minlength="3" maxlength="500" rows="2"></textarea></label>
        ${this.error ? this.#trouble(detail) : nothing}
        <div class="row"><button class="button primary" ?disabled=${this.isSaving}>${icon('check')}${word('save', { version: next })}</button></div>
      </form></section>`
  }
  async #save(event: SubmitEvent, detail: PolicyDetail, whatIf: WhatIf): Promise<void> {
    event.preventDefault()
    const limits = this.#whole(detail)
    if (limits === undefined) return
    this.isSaving = true
    this.error = undefined
    try {
      const { policy, version } = detail.policy
      const saved = await this.services.api.savePolicy(policy, {
        limits: { ...limits },
        reason: fieldText(event.currentTarget as HTMLFormElement, 'reason'),
        baseVersion: version,
        seen: { cases: whatIf.cases, changed: whatIf.changed },
        ...(this.restoredFrom === undefined ? {} : { restoredFrom: this.restoredFrom }),
      })
      this.#reset()
      this.detail.replace(saved)
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    } finally {
      this.isSaving = false
    }
  }
  #trouble(detail: PolicyDetail) {
    const isConflict = this.error instanceof ApiError && this.error.code === 'conflict'
    return html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${isConflict ? word('conflict') : describeError(this.error)}</span>
      ${isConflict ? html`<button type="button" class="quiet" @click=${() => this.#loadAgain(detail)}>${word('reload')}</button>` : nothing}</p>`
  }
  #loadAgain(_detail: PolicyDetail): void {
    this.#reset()
    this.detail.reload()
  }

  // --- versions

  #versions(detail: PolicyDetail, isAllowed: boolean) {
    const { limits, version } = detail.policy
    if (limits.length === 0) return nothing
    return html`<section class="card" aria-labelledby="versions"><header class="card-head"><h2 id="versions">${word('versions')}</h2></header>
      <ul class="ledger">${detail.versions.map((one) => this.#version(detail, one, isAllowed && one.version !== version))}</ul></section>`
  }
  #version(detail: PolicyDetail, one: PolicyVersionView, mayGoBack: boolean) {
    const { limits, version } = detail.policy
    return html`<li><div class="split"><b>${one.version === 0 ? word('versionStarted') : word('versionNow', { version: one.version })}</b>
        ${one.version === version ? badge('ok', 'circle-check', word('current')) : nothing}</div>
      ${one.reason === null ? nothing : html`<p>${one.reason}</p>`}
      <p class="soft small">${one.savedBy === null ? nothing : html`${one.savedBy}, ${moment(this.services.time, one.savedAtMs)}`}
        ${one.restoredFrom === null ? nothing : html` · ${word('restoredFrom', { version: one.restoredFrom })}`}
        ${one.cases === null || one.changed === null ? nothing : html` · ${word('seenBefore', { changed: one.changed, cases: one.cases })}`}</p>
      <dl class="limits-list small">${limits.map((limit) => html`<dt>${word(`limit.${limit.name as 'clearProbability'}`)}</dt><dd class="number">${limitText(limit, one.limits[limit.name] ?? limit.configured)}</dd>`)}</dl>
      ${mayGoBack ? html`<p><button class="button" @click=${() => this.#goBack(detail, one)}>${icon('undo')}${word('goBack')}<span class="aloud"> (${one.version})</span></button></p>` : nothing}
    </li>`
  }
  /** Into the form first: what it would have decided is seen before it holds again. */
  #goBack(detail: PolicyDetail, one: PolicyVersionView): void {
    this.draft = Object.fromEntries(
      detail.policy.limits
        .map((limit) => [limit.name, one.limits[limit.name] ?? limit.configured, limit.value] as const)
        .filter(([, value, held]) => value !== held)
        .map(([name, value]) => [name, value]),
    )
    this.restoredFrom = one.version
    scrollTo({ top: 0 })
    void this.#try(detail)
  }
}

function overtaken({ policy: { version, savedBy } }: PolicyDetail) {
  return html`<p class="strip tone-warn" role="status">${icon('circle-alert')}<span>${word('overtaken', { version, name: savedBy ?? '' })}</span></p>`
}
