import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type {
  CabinetCredentials,
  CreatedEnrolmentCode,
  CredentialState,
  CredentialView,
} from '#protocol/api/credentials.ts'
import type { Tone } from '#protocol/words/states.ts'
import { describeError } from '../../data/staff-errors.ts'
import { accessWord } from '../../words/access.ts'
import { StaffElement } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment } from '../views.ts'

const LOOK: Record<CredentialState, { tone: Tone; icon: IconName }> = {
  issued: { tone: 'info', icon: 'clock' },
  active: { tone: 'ok', icon: 'circle-check' },
  ending: { tone: 'info', icon: 'refresh' },
  ended: { tone: 'neutral', icon: 'circle-x' },
  expired: { tone: 'warn', icon: 'clock' },
  revoked: { tone: 'bad', icon: 'circle-x' },
}
const LIVE: ReadonlySet<CredentialState> = new Set(['issued', 'active', 'ending', 'expired'])

/** How this cabinet gets in: what it proves itself with, a code for the technician, renewal, and the end of it. */
@customElement('access-card')
export class AccessCard extends StaffElement {
  @property({ attribute: false }) cabinetId = ''
  @state() private created: CreatedEnrolmentCode | undefined
  @state() private isWhole = false
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog.code-dialog') private codeDialog!: HTMLDialogElement
  @query('dialog.revoke-dialog') private revokeDialog!: HTMLDialogElement
  private readonly access = new Resource<CabinetCredentials, [string]>(this, {
    args: () => [this.cabinetId],
    load: ([id], signal) => this.services.api.credentials(id, signal),
    isAffected: (change) => change.kind === 'cabinet' && change.subjectId === this.cabinetId,
  })

  async #send(action: () => Promise<void>): Promise<void> {
    if (this.isSending) return
    this.isSending = true
    this.error = undefined
    try {
      await action()
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
      this.access.reload()
    }
  }
  #makeCode(): Promise<void> {
    return this.#send(async () => {
      this.created = await this.services.api.createEnrolmentCode(this.cabinetId)
      await this.updateComplete
      this.codeDialog.showModal()
    })
  }
  #renew(): Promise<void> {
    return this.#send(async () => {
      const { when } = await this.services.api.rotateCredentials(this.cabinetId)
      this.services.toast({ tone: 'ok', text: accessWord(when === 'now' ? 'renewNow' : 'renewLater') })
    })
  }
  #revoke(): Promise<void> {
    return this.#send(async () => {
      await this.services.api.revokeCabinet(this.cabinetId)
      this.revokeDialog.close()
      this.services.toast({ tone: 'ok', text: accessWord('revoked') })
    })
  }
  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.created?.code ?? '')
      this.services.toast({ tone: 'ok', text: accessWord('copied') })
    } catch {
      this.services.toast({ tone: 'bad', text: accessWord('copyFailed') })
    }
  }
  #forget(): void {
    this.created = undefined
  }

  protected override render() {
    return html`${this.access.view((loaded) => this.#body(loaded))} ${this.#codeView()} ${this.#revokeView()}`
  }

  #body(loaded: CabinetCredentials) {
    const { time } = this.services
    const live = loaded.credentials.filter((one) => LIVE.has(one.state))
    const earlier = loaded.credentials.filter((one) => !LIVE.has(one.state))
    const at = (atMs: number | null) => time.momentText(atMs ?? 0)
    return html`<p class=${loaded.enrolment === 'revoked' ? 'strip tone-bad' : 'soft small'}>${
      loaded.enrolment === 'revoked'
        ? html`${icon('circle-alert')}<span>${accessWord('enrolment.revoked', { time: at(loaded.revokedAtMs) })}</span>`
        : accessWord(`enrolment.${loaded.enrolment}`, { time: at(loaded.enrolledAtMs) })
    }</p>
      ${live.length === 0 ? nothing : html`<ul class="ledger">${live.map((one) => this.#row(one))}</ul>`}
      ${loaded.rotationAskedAtMs === null ? nothing : html`<p class="strip tone-info">${icon('refresh')}<span>${accessWord('asked', { time: at(loaded.rotationAskedAtMs) })}</span></p>`}
      ${loaded.openCode === null ? nothing : html`<p class="strip tone-info">${icon('clock')}<span>${accessWord('openCode', { time: at(loaded.openCode.expiresAtMs), tries: loaded.openCode.triesLeft })}</span></p>`}
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      ${
        loaded.actions.length === 0
          ? nothing
          : html`<p class="row wrap">
              ${loaded.actions.includes('rotate') ? html`<button class="button" ?disabled=${this.isSending} @click=${() => void this.#renew()}>${icon('refresh')}${accessWord('rotate')}</button>` : nothing}
              ${loaded.actions.includes('code') ? html`<button class="button" ?disabled=${this.isSending} @click=${() => void this.#makeCode()}>${icon('plus')}${accessWord('code')}</button>` : nothing}
              ${loaded.actions.includes('revoke') ? html`<button class="button danger" @click=${() => this.revokeDialog.showModal()}>${icon('circle-x')}${accessWord('revoke')}</button>` : nothing}
            </p>`
      }
      ${
        earlier.length === 0
          ? nothing
          : html`<button class="quiet small" aria-expanded=${String(this.isWhole)} @click=${() => (this.isWhole = !this.isWhole)}>${this.isWhole ? accessWord('fewer') : accessWord('earlier', { count: earlier.length })}</button>
            ${this.isWhole ? html`<ul class="ledger">${earlier.map((one) => this.#row(one))}</ul>` : nothing}`
      }`
  }

  #row(one: CredentialView) {
    const { time } = this.services
    const look = LOOK[one.state]
    return html`<li>
      <div class="split"><b>${accessWord(`kind.${one.kind}`)}</b>${badge(look.tone, look.icon, accessWord(`state.${one.state}`))}</div>
      <dl class="facts">
        <dt>${accessWord('issued')}</dt><dd>${moment(time, one.issuedAtMs)}</dd>
        ${
          one.endsAtMs === null
            ? html`<dt>${accessWord('expires')}</dt><dd>${one.expiresAtMs === null ? accessWord('never') : moment(time, one.expiresAtMs)}</dd>`
            : html`<dt>${accessWord('ends')}</dt><dd>${moment(time, one.endsAtMs)}</dd>`
        }
        <dt>${accessWord('lastUsed')}</dt><dd>${one.lastUsedAtMs === null ? accessWord('notUsed') : moment(time, one.lastUsedAtMs)}</dd>
        ${one.lastAddress === null ? nothing : html`<dt>${accessWord('address')}</dt><dd><code>${one.lastAddress}</code></dd>`}
      </dl>
    </li>`
  }

  #codeView() {
    const { created } = this
    return html`<dialog class="dialog code-dialog" aria-labelledby="code-title" @close=${() => this.#forget()}>
      <header class="dialog-head"><h2 id="code-title">${accessWord('codeTitle')}</h2></header>
      ${
        created === undefined
          ? nothing
          : html`<p>${accessWord('codeLead', { time: this.services.time.momentText(created.expiresAtMs) })}</p>
            <p class="setup-code"><code>${created.code}</code></p>
            <p class="soft small">${accessWord('codeReplaces')}</p>`
      }
      <footer class="dialog-foot">
        <button type="button" class="button" @click=${() => void this.#copy()}>${accessWord('copy')}</button>
        <span class="grow"></span>
        <button type="button" class="button primary" @click=${() => this.codeDialog.close()}>${accessWord('done')}</button>
      </footer>
    </dialog>`
  }

  #revokeView() {
    return html`<dialog class="dialog revoke-dialog" aria-labelledby="revoke-title">
      <header class="dialog-head"><h2 id="revoke-title">${accessWord('revokeTitle')}</h2></header>
      <p>${accessWord('revokeEffect')}</p>
      <footer class="dialog-foot">
        <button type="button" class="button" @click=${() => this.revokeDialog.close()}>${accessWord('cancel')}</button>
        <span class="grow"></span>
        <button type="button" class="button danger" ?disabled=${this.isSending} @click=${() => void this.#revoke()}>${accessWord('revokeWord')}</button>
      </footer>
    </dialog>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'access-card': AccessCard
  }
}
