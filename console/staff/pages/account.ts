import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { AccountView } from '#protocol/api/accounts.ts'
import { describeError } from '../../data/staff-errors.ts'
import type { Theme } from '../../data/staff-preferences.ts'
import { accountWord as word } from '../../words/accounts.ts'
import { language, setLanguage } from '../../words/words.ts'
import { StaffPage } from '../element.ts'
import { secretText } from '../forms.ts'
import { icon } from '../icons.ts'
import { goesOnSwitch, singleKeySwitch } from '../parts/shortcut-dialog.ts'
import '../parts/second-factor-card.ts'
import { Resource } from '../resource.ts'
import { moment, pageHead } from '../views.ts'

const THEMES: readonly Theme[] = ['auto', 'light', 'dark']

/** One's own sign-in: what it lacks first, then password, second factor, where one is signed in, and how it looks. */
@customElement('page-account')
export class AccountPage extends StaffPage {
  @state() private error: unknown
  private readonly account = new Resource<AccountView>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.account(signal),
  })
  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.preferences.onChange(() => this.requestUpdate()))
  }

  /** What the account lacked may be there now: permissions change with it. */
  async #changed(): Promise<void> {
    await this.services.refreshMe()
    this.account.reload()
  }
  async #changePassword(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.error = undefined
    try {
      await this.services.api.changePassword({
        current: secretText(form, 'current'),
        next: secretText(form, 'next'),
      })
      form.reset()
      this.services.toast({ tone: 'ok', text: word('passwordChanged') })
      await this.#changed()
    } catch (error) {
      this.error = error
    }
  }
  async #end(sessionId: string | undefined): Promise<void> {
    const { api } = this.services
    try {
      await (sessionId === undefined ? api.endOtherSignIns() : api.endSignIn(sessionId))
      this.services.toast({ tone: 'ok', text: word('ended') })
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
    this.account.reload()
  }
  async #choose(next: 'zh' | 'en'): Promise<void> {
    setLanguage(next)
    await this.services.api.setLanguage(next)
  }

  protected override render() {
    return this.account.page(
      word('account'),
      (
        view,
      ) => html`${pageHead(word('account'), { lead: html`<p class="soft">${word('accountLead', { name: view.name })}</p>` })}
        ${view.lacks === null ? nothing : html`<p class="strip tone-warn" role="status">${icon('triangle-alert')}<span>${word(view.lacks === 'password' ? 'lacksPassword' : 'lacksSecondFactor')}</span></p>`}
        <div class="account-grid">
          ${view.lacks === 'second_factor' ? nothing : this.#password()}
          <div class="stack">
            <second-factor-card .view=${view} @changed=${() => void this.#changed()}></second-factor-card>
            ${view.lacks === 'second_factor' ? nothing : this.#appearance()}
          </div>
          ${view.lacks === 'second_factor' ? html`<div class="stack">${this.#password()} ${this.#appearance()}</div>` : nothing}
          ${this.#signIns(view)}
        </div>`,
    )
  }

  #password() {
    return html`<section class="card" aria-labelledby="account-password">
      <header class="card-head"><h2 id="account-password">${word('password')}</h2></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#changePassword(event)}>
        <input type="text" autocomplete="username" .value=${this.services.me?.name ?? ''} hidden readonly />
        <label class="field"><span class="label">${word('currentPassword')}</span>
          <input name="current" type="password" autocomplete="current-password" required maxlength="200" /></label>
        <label class="field"><span class="label">${word('nextPassword')}</span>
          <input name="next" type="password" autocomplete="new-password" required minlength="12" maxlength="200" aria-describedby="password-hint" /></label>
        <p class="soft small" id="password-hint">${word('passwordHint')} ${word('passwordEnds')}</p>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <div class="row"><button class="button primary">${word('changePassword')}</button></div>
      </form>
    </section>`
  }

  #signIns({ sessions }: AccountView) {
    const { time } = this.services
    return html`<section class="card wide" aria-labelledby="account-sign-ins">
      <header class="card-head"><h2 id="account-sign-ins">${word('signIns')}</h2>
        ${sessions.length > 1 ? html`<button class="quiet" @click=${() => void this.#end(undefined)}>${icon('log-out')}${word('endOthers')}</button>` : nothing}</header>
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('signIns')}>
        <table class="table rows">
          <caption class="aloud">${word('signIns')}</caption>
          <thead><tr><th scope="col">${word('device')}</th><th scope="col">${word('address')}</th><th scope="col">${word('since')}</th><th scope="col">${word('lastSeen')}</th><th scope="col"><span class="aloud">${word('end')}</span></th></tr></thead>
          <tbody>${sessions.map(
            (session) => html`<tr>
              <td title=${session.device}>${browserName(session.device) ?? word('unknownDevice')}${session.isThis ? html` <span class="soft">· ${word('thisOne')}</span>` : nothing}</td>
              <td class="number">${session.address || '–'}</td>
              <td>${moment(time, session.createdAtMs)}</td>
              <td>${moment(time, session.lastSeenMs)}</td>
              <td class="end">${session.isThis ? nothing : html`<button class="quiet" @click=${() => void this.#end(session.sessionId)}>${word('end')}</button>`}</td>
            </tr>`,
          )}</tbody>
        </table>
      </div>
    </section>`
  }

  #appearance() {
    const { preferences } = this.services
    return html`<section class="card" aria-labelledby="account-look">
      <header class="card-head"><h2 id="account-look">${word('appearance')}</h2></header>
      <div class="stack">
        <fieldset class="choices"><legend class="label">${word('language')}</legend>
          ${(['zh', 'en'] as const).map(
            (one) =>
              html`<label class="check"><input type="radio" name="language" .checked=${language() === one} @change=${() => void this.#choose(one)} /><span lang=${one === 'zh' ? 'zh-CN' : 'en'}>${one === 'zh' ? '中文' : 'English'}</span></label>`,
          )}
        </fieldset>
        <fieldset class="choices"><legend class="label">${word('theme')}</legend>
          ${THEMES.map(
            (one) =>
              html`<label class="check"><input type="radio" name="theme" .checked=${preferences.theme === one} @change=${() => (preferences.theme = one)} /><span>${word(`theme.${one}`)}</span></label>`,
          )}
        </fieldset>
        ${singleKeySwitch(this)} ${goesOnSwitch(this)}
      </div>
    </section>`
  }
}

const BROWSERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/(Firefox|FxiOS)\//, 'Firefox'],
  [/MicroMessenger\//, 'WeChat'],
  [/(Chrome|Chromium|CriOS)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const SYSTEMS: ReadonlyArray<readonly [RegExp, string]> = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]
/** What a user agent means to a person; the whole text is shown on hover. */
function browserName(device: string): string | undefined {
  const browser = BROWSERS.find(([pattern]) => pattern.test(device))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(device))?.[1]
  if (browser === undefined && system === undefined) return device === '' ? undefined : device.slice(0, 40)
  return [browser, system].filter((part) => part !== undefined).join(' · ')
}
