import { html, nothing, svg } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { AccountView, SecondFactorSetup } from '#protocol/api/accounts.ts'
import { describeError } from '../../data/staff-errors.ts'
import { accountWord as word } from '../../words/accounts.ts'
import { StaffElement } from '../element.ts'
import { fieldText, secretText } from '../forms.ts'
import { icon } from '../icons.ts'

type Step = 'resting' | 'password' | 'app' | 'codes' | 'off'
const FEW_CODES = 3

/** Sets up an authenticator app in three steps, shows the recovery codes once, and switches it off. Fires `changed`. */
@customElement('second-factor-card')
export class SecondFactorCard extends StaffElement {
  @property({ attribute: false }) view!: AccountView
  @state() private step: Step = 'resting'
  @state() private setup: SecondFactorSetup | undefined
  @state() private codes: readonly string[] = []
  @state() private error: unknown

  async #do(event: SubmitEvent, deed: (form: HTMLFormElement) => Promise<void>): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.error = undefined
    try {
      await deed(form)
      form.reset()
    } catch (error) {
      this.error = error
      form.querySelector('input')?.select()
    }
  }
  async #go(step: Step): Promise<void> {
    this.step = step
    this.error = undefined
    await this.updateComplete
    this.querySelector<HTMLElement>('form input, [data-first]')?.focus()
  }
  #begin = (form: HTMLFormElement) =>
    this.services.api.beginSecondFactor(secretText(form, 'password')).then((setup) => {
      this.setup = setup
      return this.#go('app')
    })
  #confirm = (form: HTMLFormElement) =>
    this.services.api.confirmSecondFactor(fieldText(form, 'code')).then(({ recoveryCodes }) => {
      this.codes = recoveryCodes
      this.setup = undefined
      return this.#go('codes')
    })
  #drop = async (form: HTMLFormElement) => {
    await this.services.api.dropSecondFactor(fieldText(form, 'code'))
    this.services.toast({ tone: 'ok', text: word('switchedOff') })
    this.#finish()
  }
  #finish(): void {
    this.codes = []
    this.step = 'resting'
    this.dispatchEvent(new CustomEvent('changed'))
  }
  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(this.codes.join('\n'))
    this.services.toast({ tone: 'ok', text: word('copied') })
  }

  protected override render() {
    return html`<section class="card" aria-labelledby="account-code">
      <header class="card-head"><h2 id="account-code">${word('secondFactor')}</h2></header>
      ${this.#body()}
    </section>`
  }
  #body() {
    switch (this.step) {
      case 'resting':
        return this.#resting()
      case 'password':
        return this.#form(this.#begin, word('step1'), this.#passwordField(), word('next'))
      case 'app':
        return this.#app()
      case 'codes':
        return this.#recovery()
      case 'off':
        return this.#form(this.#drop, nothing, this.#codeField(word('codeHint')), word('switchOff'))
    }
  }

  #resting() {
    const { isOn, sinceMs, recoveryCodesLeft, isRequired } = this.view.secondFactor
    return html`<div class="stack">
      ${
        isOn
          ? html`<p>${icon('shield-check')} ${word('secondFactorOn', { since: this.services.time.momentText(sinceMs ?? 0) })}</p>
            <p class=${recoveryCodesLeft < FEW_CODES ? '' : 'soft small'}>${word('codesLeft', { count: recoveryCodesLeft })} ${recoveryCodesLeft < FEW_CODES ? word('fewCodes') : nothing}</p>`
          : html`<p>${word('secondFactorOff')}</p>`
      }
      ${isRequired ? html`<p class="soft small">${word('secondFactorRequired')}</p>` : nothing}
      <div class="row">
        <button class="button ${isOn ? '' : 'primary'}" @click=${() => void this.#go('password')}>${word(isOn ? 'setUpAnew' : 'setUp')}</button>
        ${isOn && !isRequired ? html`<button class="button" @click=${() => void this.#go('off')}>${word('switchOff')}</button>` : nothing}
      </div>
    </div>`
  }
  #app() {
    const { setup } = this
    if (setup === undefined) return nothing
    return this.#form(
      this.#confirm,
      html`<p>${word('step2')}</p>
        <svg class="qr" viewBox="0 0 ${setup.qr.width} ${setup.qr.width}" role="img" aria-label=${word('pictureLabel')} shape-rendering="crispEdges">
          ${svg`<rect width="100%" height="100%" fill="#fff"></rect><path d=${setup.qr.path} fill="#000"></path>`}
        </svg>
        <p>${word('key')} <code class="secret">${setup.secret.match(/.{1,4}/g)?.join(' ')}</code></p>
        <p>${word('step3')}</p>`,
      this.#codeField(),
      word('confirm'),
    )
  }
  #recovery() {
    return html`<div class="stack">
      <h3 tabindex="-1" data-first>${word('recoveryTitle')}</h3>
      <p>${word('recoveryHint')}</p>
      <ul class="plain recovery">${this.codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <div class="row">
        <button class="button" @click=${() => void this.#copy()}>${icon('copy')}${word('copyAll')}</button>
        <button class="button primary" @click=${() => this.#finish()}>${word('kept')}</button>
      </div>
    </div>`
  }
  #passwordField() {
    return html`<label class="field"><span class="label">${word('currentPassword')}</span>
      <input name="password" type="password" autocomplete="current-password" required maxlength="200" /></label>`
  }
  #codeField(hint: unknown = nothing) {
    return html`<label class="field"><span class="label">${word('code')}</span>
      <input name="code" autocomplete="one-time-code" inputmode="numeric" required maxlength="19" spellcheck="false" /></label>
      ${hint === nothing ? nothing : html`<p class="soft small">${hint}</p>`}`
  }
  #form(deed: (form: HTMLFormElement) => Promise<void>, lead: unknown, field: unknown, label: string) {
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#do(event, deed)}>
      ${typeof lead === 'string' ? html`<p>${lead}</p>` : lead} ${field}
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <div class="row"><button class="button primary">${label}</button>
        <button type="button" class="button" @click=${() => void this.#go('resting')}>${word('cancel')}</button></div>
    </form>`
  }
}
