import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { CommandView } from '#protocol/api/control.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { CommandName } from '#protocol/base/command-names.ts'
import { describeReason, describeResult, describeTarget, picturesOf } from '../../data/staff-control.ts'
import { formatSpan } from '../../data/staff-format.ts'
import { controlWord, type ControlWord } from '../../words/control.ts'
import { word } from '../../words/staff.ts'
import { StaffElement } from '../element.ts'
import { icon, type IconName } from '../icons.ts'
import { exactTime, moment, personText } from '../views.ts'
import { type CommandDialog, commandTitle } from './command-dialog.ts'
import { commandBadge } from './command-views.ts'

/** In the order in which a technician looks for them. The second step of a calibration has no button of its own. */
const GROUPS: ReadonlyArray<{
  title: ControlWord
  commands: ReadonlyArray<{ name: CommandName; icon: IconName }>
}> = [
  {
    title: 'group.door',
    commands: [
      { name: 'door.unlock', icon: 'door-open' },
      { name: 'door.lock', icon: 'lock' },
    ],
  },
  {
    title: 'group.scale',
    commands: [
      { name: 'scale.tare', icon: 'scale' },
      { name: 'scale.calibrate-empty', icon: 'scale' },
    ],
  },
  {
    title: 'group.cold',
    commands: [
      { name: 'climate.defrost', icon: 'snowflake' },
      { name: 'lockout.clear', icon: 'shield-check' },
    ],
  },
  {
    title: 'group.agent',
    commands: [
      { name: 'camera.snapshot', icon: 'camera' },
      { name: 'agent.restart', icon: 'refresh' },
    ],
  },
]
const SHOWN = 5

/** What may be asked of a cabinet now, and what became of what was asked. Fires `sent`. */
@customElement('command-panel')
export class CommandPanel extends StaffElement {
  @property({ attribute: false }) detail!: CabinetDetail
  @state() private isWhole = false
  @query('command-dialog') private dialog!: CommandDialog

  protected override render() {
    const { commands } = this.detail
    const shown = this.isWhole ? commands : commands.slice(0, SHOWN)
    return html`${this.#buttons()}
      ${
        commands.length === 0
          ? html`<p class="soft">${controlWord('noCommands')}</p>`
          : html`<ul class="ledger">${shown.map((command) => this.#row(command))}</ul>`
      }
      ${
        commands.length > SHOWN
          ? html`<button class="quiet small" aria-expanded=${String(this.isWhole)} @click=${() => (this.isWhole = !this.isWhole)}>${this.isWhole ? controlWord('showFewer') : controlWord('showAll', { count: commands.length })}</button>`
          : nothing
      }
      <command-dialog .detail=${this.detail}></command-dialog>`
  }

  #buttons() {
    const { allowedCommands, cabinet } = this.detail
    const groups = GROUPS.map(({ title, commands }) => ({
      title,
      commands: commands.filter(
        // There is nothing to clear most of the time.
        ({ name }) => allowedCommands.includes(name) && (name !== 'lockout.clear' || cabinet.isLockedOut),
      ),
    })).filter(({ commands }) => commands.length > 0)
    if (groups.length === 0) return nothing
    return html`<div class="command-groups">
      ${groups.map(
        ({
          title,
          commands,
        }) => html`<div class="command-group" role="group" aria-label=${controlWord(title)}>
          <span class="label" aria-hidden="true">${controlWord(title)}</span>
          ${commands.map(({ name, icon: look }) => html`<button class="button" @click=${() => this.dialog.open(name)}>${icon(look)}${controlWord(`command.${name}`)}</button>`)}
        </div>`,
      )}
    </div>`
  }

  #row(command: CommandView) {
    const { time } = this.services
    const { createdAtMs, finishedAtMs, state: now } = command
    const person = personText(this.services, command.by)
    const target = describeTarget(command)
    const outcome = now === 'succeeded' ? describeResult(command) : describeReason(command)
    return html`<li class="command-row">
      <div class="split"><b class="command-name">${commandTitle(command.name, command.by)}${target === '' ? nothing : html` <span class="soft">${target}</span>`}</b>${commandBadge(now)}</div>
      ${outcome === '' ? nothing : html`<p class="small">${outcome}</p>`}
      ${this.#pictures(command)}
      <details>
        <summary class="small">
          ${moment(time, createdAtMs)} · ${command.role === null ? person : controlWord('askedBy', { name: person, role: word(`role.${command.role}`) })}${finishedAtMs === null ? nothing : html` · ${controlWord('took', { span: formatSpan(finishedAtMs - createdAtMs) })}`}
        </summary>
        ${command.cause === null ? nothing : html`<p class="small">${controlWord('because', { reason: command.cause })}</p>`}
        <ol class="command-steps small">
          ${command.steps.map((step) => html`<li>${exactTime(time, step.atMs)} <span>${controlWord(`state.${step.state}`)}</span></li>`)}
        </ol>
      </details>
    </li>`
  }

  #pictures(command: CommandView) {
    const pictures = picturesOf(command)
    if (pictures.length === 0) return nothing
    const { cabinetId } = this.detail.cabinet
    return html`<p class="row wrap command-pictures">
      ${pictures.map(
        ({ camera, sha256 }) =>
          html`<a href="/api/staff/cabinets/${cabinetId}/commands/${command.commandId}/pictures/${sha256}" target="_blank" rel="noopener">${icon('camera')}${controlWord('picture', { camera })}</a>`,
      )}
    </p>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'command-panel': CommandPanel
  }
}
