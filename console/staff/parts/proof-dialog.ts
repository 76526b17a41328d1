import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import { describeError } from '../../data/staff-errors.ts'
import { accountWord as word } from '../../words/accounts.ts'
import { StaffElement } from '../element.ts'
import { fieldText, secretText } from '../forms.ts'
import { icon } from '../icons.ts'

/** Asks again who is at the keyboard, before money, a door or an account moves. */
@customElement('proof-dialog')
export class ProofDialog extends StaffElement {
  @state() private isOpen = false
  @state() private asksCode = false
  @state() private error: unknown
  @state() private isSending = false
  @query('dialog') private dialog!: HTMLDialogElement
  #answer: ((isProved: boolean) => void) | undefined

  /** @returns whether they showed it; a request that was refused for want of it may then be sent again */
  async ask(): Promise<boolean> {
    const { secondFactor } = await this.services.api.account()
    this.#answer?.(false)
    this.asksCode = secondFactor.isOn
    this.error = undefined
    this.isOpen = true
    await this.updateComplete
    this.dialog.showModal()
    this.dialog.querySelector<HTMLInputElement>('input')?.focus()
    return new Promise((resolve) => {
      this.#answer = resolve
    })
  }
  #finish(isProved: boolean): void {
    this.isOpen = false
    this.#answer?.(isProved)
    this.#answer = undefined
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.isSending = true
    this.error = undefined
    try {
      await this.services.api.prove(
        this.asksCode ? { code: fieldText(form, 'code') } : { password: secretText(form, 'password') },
      )
      this.#finish(true)
      this.dialog.close()
    } catch (error) {
      this.error = error
      form.querySelector('input')?.select()
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    return html`<dialog class="dialog" aria-labelledby="proof-title" @close=${() => this.#finish(false)}>
      <header class="dialog-head"><h2 id="proof-title">${word('proofTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      ${this.isOpen ? this.#form() : nothing}
    </dialog>`
  }

  /** Only while it is asked: a page has one password field at a time. */
  #form() {
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        <p>${word('proofLead')}</p>
        ${
          this.asksCode
            ? html`<label class="field"><span class="label">${word('code')}</span>
              <input name="code" autocomplete="one-time-code" inputmode="numeric" required maxlength="19" spellcheck="false" /></label>`
            : html`<label class="field"><span class="label">${word('password')}</span>
              <input name="password" type="password" autocomplete="current-password" required maxlength="200" /></label>`
        }
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending}>${word('proofGo')}</button></footer>
      </form>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'proof-dialog': ProofDialog
  }
}
