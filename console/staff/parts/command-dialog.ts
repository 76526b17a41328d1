import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { CommandView } from '#protocol/api/control.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { type CommandName, KNOWN_GRAMS } from '#protocol/base/command-names.ts'
import { describeReason, describeResult } from '../../data/staff-control.ts'
import { describeError } from '../../data/staff-errors.ts'
import { formatGrams, shelfName } from '../../data/staff-format.ts'
import { controlWord, controlWordOr } from '../../words/control.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { commandBadge } from './command-views.ts'

const REASONS = ['reason.check', 'reason.cleaning', 'reason.repair', 'reason.complaint'] as const
const OVER: ReadonlySet<CommandView['state']> = new Set([
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
])
const CODE_DIGITS = 4

/**
 * Asks for a command: what it does, what must be known, why; then shows what becomes of it, live, in the same place. A
 * calibration goes on to its second step. Fires `sent`.
 */
@customElement('command-dialog')
export class CommandDialog extends StaffElement {
  @property({ attribute: false }) detail!: CabinetDetail
  @state() private name: CommandName = 'door.lock'
  @state() private reason = ''
  @state() private shelf = ''
  @state() private knownGrams = 2000
  @state() private code = ''
  @state() private goods: 'kept' | 'discarded' = 'kept'
  /** The command that was sent and is being watched. */
  @state() private commandId: string | undefined
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  #nextId = ''

  get #watched(): CommandView | undefined {
    return this.detail.commands.find((one) => one.commandId === this.commandId)
  }

  open(name: CommandName): void {
    this.#begin(name)
    this.reason = ''
    this.code = ''
    this.shelf = this.detail.shelves[0] ?? ''
    this.dialog.showModal()
  }
  #begin(name: CommandName): void {
    this.name = name
    this.error = undefined
    this.commandId = undefined
    // One id for one wish: sending it again after a lost answer asks for the same, not for a second one.
    this.#nextId = this.services.ids.next('command')
  }

  #args(): Record<string, unknown> {
    switch (this.name) {
      case 'scale.tare':
      case 'scale.calibrate-empty':
        return { shelf: this.shelf }
      case 'scale.calibrate':
        return { shelf: this.shelf, knownGrams: this.knownGrams }
      case 'lockout.clear':
        return { goods: this.goods, ...(this.code === '' ? {} : { code: this.code }) }
      case 'door.unlock':
      case 'door.lock':
      case 'climate.defrost':
      case 'camera.snapshot':
      case 'agent.restart':
        return {}
    }
  }
  #isComplete(): boolean {
    if (this.reason.trim() === '') return false
    if (this.name === 'scale.calibrate')
      return this.knownGrams >= KNOWN_GRAMS.least && this.knownGrams <= KNOWN_GRAMS.most
    if (this.name === 'lockout.clear') return this.code === '' || this.code.length === CODE_DIGITS
    return true
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (this.isSending || !this.#isComplete()) return
    this.isSending = true
    this.error = undefined
    const commandId = this.#nextId
    try {
      await this.services.api.command(this.detail.cabinet.cabinetId, {
        commandId,
        name: this.name,
        args: this.#args(),
        reason: this.reason.trim(),
      })
      this.commandId = commandId
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
    this.dispatchEvent(new CustomEvent('sent', { bubbles: true }))
  }

  protected override render() {
    const { name } = this
    const isGuided = name === 'scale.calibrate-empty' || name === 'scale.calibrate'
    return html`<dialog class="dialog" aria-labelledby="command-title">
      <header class="dialog-head">
        <h2 id="command-title">${controlWord(isGuided ? 'command.scale.calibrate-empty' : `command.${name}`)}</h2>
        <button class="icon-button" aria-label=${controlWord('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      ${isGuided ? html`<p class="soft small">${controlWord('step', { step: name === 'scale.calibrate' ? 2 : 1 })} · ${controlWord('shelfNumber', { shelf: shelfName(this.shelf) })}</p>` : nothing}
      ${this.commandId === undefined ? this.#form() : this.#progress()}
    </dialog>`
  }

  #form() {
    const { name } = this
    const isAway = this.detail.cabinet.presence !== 'online'
    const send =
      name === 'scale.calibrate-empty' ? 'sendStep' : name === 'scale.calibrate' ? 'sendWeight' : 'send'
    return html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
      <p>${controlWord(`effect.${name}`)}</p>
      ${isAway ? html`<p class="strip tone-warn">${icon('offline')}<span>${controlWord('offlineNow')}</span></p>` : nothing}
      ${this.#fields()}
      <div>
        <label class="field"><span class="label">${controlWord('reason')}</span>
          <input required maxlength="200" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />
        </label>
        <p class="row wrap suggestions">${REASONS.map((one) => html`<button type="button" class="chip" @click=${() => (this.reason = controlWord(one))}>${controlWord(one)}</button>`)}</p>
      </div>
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <footer class="dialog-foot">
        <span class="grow"></span>
        <button type="button" class="button" @click=${() => this.dialog.close()}>${controlWord('cancel')}</button>
        <button class="button primary" ?disabled=${this.isSending || isAway || !this.#isComplete()}>${controlWord(this.isSending ? 'sending' : send)}</button>
      </footer>
    </form>`
  }

  #fields() {
    switch (this.name) {
      case 'scale.tare':
      case 'scale.calibrate-empty':
        return html`<label class="field"><span class="label">${controlWord('shelf')}</span>
          <select @change=${(event: Event) => (this.shelf = (event.target as HTMLSelectElement).value)}>
            ${this.detail.shelves.map((shelf) => html`<option value=${shelf} ?selected=${shelf === this.shelf}>${controlWord('shelfNumber', { shelf: shelfName(shelf) })}</option>`)}
          </select>
        </label>`
      case 'scale.calibrate':
        return html`<div>
          <label class="field" for="known-grams"><span class="label">${controlWord('knownGrams')}</span></label>
          <span class="with-unit"><input id="known-grams" class="short" type="number" inputmode="numeric" required min=${KNOWN_GRAMS.least} max=${KNOWN_GRAMS.most} step="any" aria-describedby="known-grams-help"
            .value=${String(this.knownGrams)} @input=${(event: Event) => (this.knownGrams = (event.target as HTMLInputElement).valueAsNumber)} />${controlWord('gramsUnit')}</span>
          <p id="known-grams-help" class="soft small">${controlWord('knownGramsHelp', { least: formatGrams(KNOWN_GRAMS.least), most: formatGrams(KNOWN_GRAMS.most) })}</p>
        </div>`
      case 'lockout.clear':
        return html`<div>
            <label class="field" for="on-site-code"><span class="label">${controlWord('onSiteCode')}</span></label>
            <input id="on-site-code" class="short code-input" inputmode="numeric" autocomplete="off" maxlength="4" pattern="[0-9]{4}" aria-describedby="on-site-help"
              .value=${this.code} @input=${(event: Event) => (this.code = (event.target as HTMLInputElement).value.replaceAll(/\D/g, ''))} />
            <p id="on-site-help" class="soft small">${controlWord('onSiteCodeHelp')}</p>
          </div>
          <fieldset class="plain-fieldset"><legend class="label">${controlWord('goods')}</legend>
            ${(['kept', 'discarded'] as const).map((one) => html`<label class="check"><input type="radio" name="goods" .checked=${this.goods === one} @change=${() => (this.goods = one)} />${controlWord(`goods.${one}`)}</label>`)}
          </fieldset>`
      case 'door.unlock':
      case 'door.lock':
      case 'climate.defrost':
      case 'camera.snapshot':
      case 'agent.restart':
        return nothing
    }
  }

  #progress() {
    const watched = this.#watched
    const isOver = watched !== undefined && OVER.has(watched.state)
    const isDone = watched?.state === 'succeeded'
    const goesOn = this.name === 'scale.calibrate-empty' && isDone
    return html`<div class="stack">
      <div class="command-progress" role="status" aria-live="polite">
        ${watched === undefined ? html`<p>${controlWord('sending')}</p>` : commandBadge(watched.state)}
        ${watched !== undefined && isOver ? html`<p>${isDone ? describeResult(watched) : describeReason(watched)}</p>` : html`<div class="progress-line" aria-hidden="true"></div>`}
      </div>
      <footer class="dialog-foot">
        <span class="grow"></span>
        <button type="button" class="button ${goesOn ? '' : isOver ? 'primary' : ''}" @click=${() => this.dialog.close()}>${controlWord('close')}</button>
        ${isOver && !isDone ? html`<button type="button" class="button" @click=${() => this.#begin(this.name)}>${controlWord('again')}</button>` : nothing}
        ${goesOn ? html`<button type="button" class="button primary" @click=${() => this.#begin('scale.calibrate')}>${controlWord('next')}</button>` : nothing}
      </footer>
    </div>`
  }
}

/** The name of a command as an act that has happened. @param by  who asked, such as `consumer:…`: a buyer's door is opened for no service */
export function commandTitle(name: string, by: string): string {
  if (name === 'door.unlock' && by.startsWith('consumer:')) return controlWord('past.purchase')
  return controlWordOr(`past.${name}`, controlWordOr(`command.${name}`, name))
}

declare global {
  interface HTMLElementTagNameMap {
    'command-dialog': CommandDialog
  }
}
