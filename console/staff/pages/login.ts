import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { ApiError } from '../../data/api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { accountWord } from '../../words/accounts.ts'
import { word } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { fieldText, secretText } from '../forms.ts'
import { icon } from '../icons.ts'

@customElement('page-login')
export class LoginPage extends StaffPage {
  @state() private isSending = false
  @state() private error: unknown
  /** The account asks for a code besides the password. */
  @state() private asksCode = false

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.isSending = true
    this.error = undefined
    try {
      const code = fieldText(form, 'code')
      await this.services.api.signIn(
        fieldText(form, 'name'),
        secretText(form, 'password'),
        code === '' ? undefined : code.toLowerCase(),
      )
      const next = this.query.get('next') ?? '/'
      // Only a path of ours: an address from a link must not lead elsewhere.
      await this.services.enter(/^\/(?!\/)/.test(next) ? next : '/')
    } catch (error) {
      const code = error instanceof ApiError ? error.code : undefined
      if (code === 'second_factor_code_needed' && !this.asksCode) {
        this.asksCode = true
        await this.updateComplete
      } else this.error = error
      const isCode = code === 'second_factor_code_needed' || code === 'second_factor_wrong'
      form.querySelector<HTMLInputElement>(isCode ? '[name=code]' : '[name=password]')?.select()
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    return html`<div class="login">
      <form class="card stack" @submit=${(event: SubmitEvent) => void this.#onSubmit(event)}>
        <div class="login-mark" aria-hidden="true"><span class="brand-mark"></span></div>
        <h1 tabindex="-1">${word('signIn')}</h1>
        <label class="field"><span class="label">${word('name')}</span>
          <input name="name" autocomplete="username" autocapitalize="off" spellcheck="false" required maxlength="64" autofocus />
        </label>
        <label class="field"><span class="label">${word('password')}</span>
          <input name="password" type="password" autocomplete="current-password" required maxlength="200" />
        </label>
        ${
          this.asksCode
            ? html`<label class="field"><span class="label">${accountWord('code')}</span>
              <input name="code" autocomplete="one-time-code" inputmode="numeric" required maxlength="19" spellcheck="false" aria-describedby="code-hint" /></label>
              <p class="soft small" id="code-hint">${accountWord('codeHint')}</p>`
            : nothing
        }
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <button class="button primary large" ?disabled=${this.isSending}>${this.isSending ? word('signingIn') : word('signIn')}</button>
        <p class="soft small">${word('signInHint')}</p>
      </form>
    </div>`
  }
}
