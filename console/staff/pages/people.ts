import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { PeopleList, Person, PersonDeed } from '#protocol/api/accounts.ts'
import type { Role } from '#protocol/api/common.ts'
import { describeError } from '../../data/staff-errors.ts'
import { accountWord as word } from '../../words/accounts.ts'
import { PERMISSION_WORDS } from '../../words/permissions.ts'
import { word as staffWord } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

/** As in a choice: from the desk to the engine room. */
const ROLES = Object.keys({
  agent: 1,
  lead: 1,
  manager: 1,
  finance: 1,
  operator: 1,
  technician: 1,
  admin: 1,
} satisfies Record<Role, 1>) as Role[]
const PERSON_DEEDS = Object.keys({
  unlock: 1,
  'reset-password': 1,
  'reset-second-factor': 1,
  'end-sessions': 1,
} satisfies Record<PersonDeed, 1>) as PersonDeed[]
/** Roles that may be tied to the cabinets of one operator. */
const OF_ONE_OPERATOR: readonly Role[] = ['operator', 'technician']
type Asked = { kind: 'new' } | { kind: 'change'; person: Person } | { kind: PersonDeed; person: Person }

/** Accounts of the staff, and the one table of who may do what. */
@customElement('page-people')
export class PeoplePage extends StaffPage {
  @state() private asked: Asked | undefined
  @state() private chosenRole: Role = 'agent'
  @state() private given: { name: string; password: string } | undefined
  @state() private error: unknown
  @state() private isSending = false
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<PeopleList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.people(signal),
  })

  async #ask(asked: Asked): Promise<void> {
    this.asked = asked
    this.chosenRole = asked.kind === 'change' ? asked.person.role : 'agent'
    this.given = undefined
    this.error = undefined
    await this.updateComplete
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
    this.dialog.querySelector<HTMLElement>('form input')?.focus()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const { asked } = this
    if (asked === undefined) return
    const form = event.currentTarget as HTMLFormElement
    this.isSending = true
    this.error = undefined
    try {
      const { person, firstPassword } = await this.#carryOut(asked, form)
      if (firstPassword === null) {
        this.dialog.close()
        this.services.toast({ tone: 'ok', text: word('saved') })
      } else this.given = { name: person.displayName, password: firstPassword }
      this.list.reload()
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }
  #carryOut(asked: Asked, form: HTMLFormElement) {
    const { api } = this.services
    const reason = fieldText(form, 'reason')
    const operator = OF_ONE_OPERATOR.includes(this.chosenRole) ? fieldText(form, 'operator') || null : null
    const displayName = fieldText(form, 'displayName')
    if (asked.kind === 'new')
      return api.createPerson({
        name: fieldText(form, 'name'),
        displayName,
        role: this.chosenRole,
        operator,
        language: fieldText(form, 'language') === 'en' ? 'en' : 'zh',
      })
    if (asked.kind === 'change') {
      const isActive = new FormData(form).has('isActive')
      return api.changePerson(asked.person.staffId, {
        displayName,
        role: this.chosenRole,
        operator,
        isActive,
        reason,
      })
    }
    return api.doToPerson(asked.person.staffId, asked.kind, { reason })
  }

  protected override render() {
    return html`${pageHead(word('people'), {
      lead: html`<p class="soft">${word('peopleLead')}</p>`,
      actions: html`<button class="button primary" @click=${() => void this.#ask({ kind: 'new' })}>${icon('plus')}${word('newPerson')}</button>`,
    })}
    ${this.list.view((value) => html`${this.#table(value.people)} ${this.#permissions(value)}`)} ${this.#dialog()}`
  }

  #table(people: PeopleList['people']) {
    const { time } = this.services
    return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('people')}>
      <table class="table rows">
        <caption class="aloud">${word('people')}</caption>
        <thead><tr><th scope="col">${word('displayName')}</th><th scope="col">${word('role')}</th><th scope="col">${word('operator')}</th><th scope="col">${word('state')}</th><th scope="col">${word('codeColumn')}</th><th scope="col" class="end">${word('openSignIns')}</th><th scope="col">${word('lastSeen')}</th><th scope="col"><span class="aloud">${word('change')}</span></th></tr></thead>
        <tbody>${people.map(
          (person) => html`<tr>
            <th scope="row">${person.displayName}<br /><span class="soft small">${person.name}</span></th>
            <td>${staffWord(`role.${person.role}`)}</td>
            <td>${person.operator ?? html`<span class="soft">${word('allOperators')}</span>`}</td>
            <td>${this.#state(person)}</td>
            <td>${person.hasSecondFactor ? badge('ok', 'shield-check', word('yes')) : html`<span class="soft">${word('no')}</span>`}</td>
            <td class="end number">${person.openSessions}</td>
            <td>${person.lastSeenMs === null ? html`<span class="soft">${word('never')}</span>` : moment(time, person.lastSeenMs)}</td>
            <td>${person.mayChange ? this.#actions(person) : html`<span class="soft" title=${word('notYours')}>${icon('lock')}<span class="aloud">${word('notYours')}</span></span>`}</td>
          </tr>`,
        )}</tbody>
      </table>
    </div>`
  }
  #state(person: Person) {
    if (!person.isActive) return badge('neutral', 'minus', word('state.off'))
    if (person.lockedUntilMs !== null)
      return badge(
        'warn',
        'lock',
        word('state.resting', { until: this.services.time.momentText(person.lockedUntilMs) }),
      )
    return badge('ok', 'circle-check', word('state.active'))
  }
  #actions(person: Person) {
    const deeds = PERSON_DEEDS.filter(
      (deed) =>
        (deed !== 'unlock' || person.lockedUntilMs !== null) &&
        (deed !== 'reset-second-factor' || person.hasSecondFactor) &&
        (deed !== 'end-sessions' || person.openSessions > 0),
    )
    return html`<details class="more"><summary class="quiet" aria-label="${word('change')}: ${person.displayName}">${word('change')}</summary>
      <div class="more-list card">
        <button class="quiet" @click=${() => void this.#ask({ kind: 'change', person })}>${word('change')}</button>
        ${deeds.map((deed) => html`<button class="quiet" @click=${() => void this.#ask({ kind: deed, person })}>${word(`deed.${deed}`)}</button>`)}
      </div></details>`
  }

  #permissions({ permissions }: PeopleList) {
    return html`<details class="card"><summary>${word('permissions')}</summary>
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('permissions')}>
        <table class="table compact">
          <caption class="aloud">${word('permissions')}</caption>
          <thead><tr><th scope="col">${word('permission')}</th>${ROLES.map((role) => html`<th scope="col">${staffWord(`role.${role}`)}</th>`)}</tr></thead>
          <tbody>${permissions.map(
            ({
              permission,
              roles,
            }) => html`<tr><th scope="row">${choose(PERMISSION_WORDS[permission] ?? { zh: permission, en: permission })}</th>
              ${ROLES.map((role) => html`<td>${roles.includes(role) ? html`${icon('check')}<span class="aloud">${word('yes')}</span>` : html`<span class="aloud">${word('no')}</span>`}</td>`)}</tr>`,
          )}</tbody>
        </table>
      </div></details>`
  }

  #dialog() {
    const { asked, given } = this
    const operators = this.list.value?.operators ?? []
    const title =
      asked === undefined || asked.kind === 'new'
        ? word('newPerson')
        : `${asked.kind === 'change' ? word('change') : word(`deed.${asked.kind}`)}: ${asked.person.displayName}`
    return html`<dialog class="dialog" aria-labelledby="person-title">
      <header class="dialog-head"><h2 id="person-title">${given === undefined ? title : word('firstPassword', { name: given.name })}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      ${given === undefined ? this.#form(operators) : this.#firstPassword(given.password)}
    </dialog>`
  }
  #firstPassword(password: string) {
    return html`<div class="stack">
      <p><code class="secret figure">${password}</code></p>
      <p>${word('firstPasswordHint')}</p>
      <footer class="dialog-foot"><span class="grow"></span><button class="button primary" @click=${() => this.dialog.close()}>${word('kept')}</button></footer>
    </div>`
  }
  #form(operators: readonly string[]) {
    const { asked } = this
    if (asked === undefined) return nothing
    const name = asked.kind === 'new' ? '' : asked.person.displayName
    const isFields = asked.kind === 'new' || asked.kind === 'change'
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      ${isFields ? this.#fields(asked, operators) : html`<p>${word(`deedHint.${asked.kind}`, { name })}</p>`}
      ${asked.kind === 'change' ? html`<p class="soft small">${word('changesEndSignIns', { name })}</p>` : nothing}
      ${
        asked.kind === 'new'
          ? nothing
          : html`<label class="field"><span class="label">${word('reason')}</span><input name="reason" required maxlength="500" pattern=".*\\S.*" /></label>`
      }
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <footer class="dialog-foot"><span class="grow"></span>
        <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
        <button class="button primary" ?disabled=${this.isSending}>${asked.kind === 'new' ? word('make') : asked.kind === 'change' ? word('save') : word(`deed.${asked.kind}`)}</button></footer>
    </form>`
  }
  #fields(asked: Extract<Asked, { kind: 'new' | 'change' }>, operators: readonly string[]) {
    const person = asked.kind === 'change' ? asked.person : undefined
    return html`
      ${
        person === undefined
          ? html`<label class="field"><span class="label">${word('name')}</span>
            <input name="name" required maxlength="64" pattern="[a-z0-9][a-z0-9._\\-]{1,63}" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="name-hint" /></label>
            <p class="soft small" id="name-hint">${word('nameHint')}</p>`
          : nothing
      }
      <label class="field"><span class="label">${word('displayName')}</span>
        <input name="displayName" required maxlength="64" autocomplete="off" .defaultValue=${person?.displayName ?? ''} /></label>
      <label class="field"><span class="label">${word('role')}</span>
        <select name="role" @change=${(event: Event) => (this.chosenRole = (event.target as HTMLSelectElement).value as Role)}>
          ${ROLES.map((role) => html`<option value=${role} ?selected=${role === this.chosenRole}>${staffWord(`role.${role}`)}</option>`)}
        </select></label>
      ${
        OF_ONE_OPERATOR.includes(this.chosenRole)
          ? html`<label class="field"><span class="label">${word('operator')}</span>
            <select name="operator">
              ${this.chosenRole === 'operator' ? nothing : html`<option value="">${word('allOperators')}</option>`}
              ${operators.map((operator) => html`<option value=${operator} ?selected=${operator === person?.operator}>${operator}</option>`)}
            </select></label>`
          : nothing
      }
      ${
        person === undefined
          ? html`<label class="field"><span class="label">${word('language')}</span>
            <select name="language"><option value="zh" lang="zh-CN">中文</option><option value="en" lang="en">English</option></select></label>`
          : html`<label class="check"><input type="checkbox" name="isActive" .defaultChecked=${person.isActive} /><span>${word('isActive')}</span></label>`
      }`
  }
}
