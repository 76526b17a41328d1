import { html } from 'lit'
import { customElement, query } from 'lit/decorators.js'
import { word } from '../../words/staff.ts'
import { walkWord } from '../../words/ticket-walk.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { SHORTCUTS } from '../shortcuts.ts'

/** `?`: what the keyboard can do, and the switch that turns single keys off. */
@customElement('shortcut-dialog')
export class ShortcutDialog extends StaffElement {
  @query('dialog') private dialog!: HTMLDialogElement

  open(): void {
    this.dialog.showModal()
  }
  protected override render() {
    return html`<dialog class="dialog" aria-labelledby="shortcut-title">
      <header class="dialog-head">
        <h2 id="shortcut-title">${word('shortcuts')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      ${shortcutTable()} ${singleKeySwitch(this)} ${goesOnSwitch(this)}
    </dialog>`
  }
}

export function shortcutTable() {
  return html`<table class="table compact">
    <caption class="aloud">${word('shortcuts')}</caption>
    <thead><tr><th scope="col">${word('key')}</th><th scope="col">${word('does')}</th><th scope="col">${word('where')}</th></tr></thead>
    <tbody>
      ${SHORTCUTS.map(
        (shortcut) => html`<tr>
          <td><kbd>${shortcut.keys}</kbd></td>
          <td>${word(shortcut.does)}</td>
          <td class="soft">${word(shortcut.where)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`
}

export function singleKeySwitch(host: StaffElement) {
  const { preferences } = host.services
  return html`<label class="check">
    <input
      name="single-keys"
      type="checkbox"
      .checked=${preferences.hasSingleKeys}
      @change=${(event: Event) => (preferences.hasSingleKeys = (event.target as HTMLInputElement).checked)}
    />
    <span>${word('singleKeysOn')}</span>
  </label>`
}

/** Whether the next ticket opens by itself. */
export function goesOnSwitch(host: StaffElement) {
  const { preferences } = host.services
  return html`<label class="check">
    <input
      name="goes-on"
      type="checkbox"
      .checked=${preferences.goesOn}
      @change=${(event: Event) => (preferences.goesOn = (event.target as HTMLInputElement).checked)}
    />
    <span>${walkWord('goesOn')}</span>
  </label>`
}

declare global {
  interface HTMLElementTagNameMap {
    'shortcut-dialog': ShortcutDialog
  }
}
