import type { ReactiveController } from 'lit'
import type { StaffWord } from '../words/staff.ts'
import type { StaffElement } from './element.ts'

const onPage = new Set<Readonly<Record<string, () => void>>>()
/** What the page that is shown does by single keys, whether they are switched on or not. */
export function shortcutsOfPage(): ReadonlyArray<{ key: string; run: () => void }> {
  return [...onPage].flatMap((keys) => Object.entries(keys).map(([key, run]) => ({ key, run })))
}

/** What `?` and the help page list. The handlers stand with the pages that have them. */
export const SHORTCUTS: ReadonlyArray<{ keys: string; does: StaffWord; where: StaffWord }> = [
  { keys: 'Ctrl+K / ⌘K', does: 'keyPalette', where: 'everywhere' },
  { keys: '?', does: 'keyHelp', where: 'everywhere' },
  { keys: 's', does: 'keySearch', where: 'everywhere' },
  { keys: 'h', does: 'keyHome', where: 'everywhere' },
  { keys: 't', does: 'keyTickets', where: 'everywhere' },
  { keys: 'f', does: 'keyFleet', where: 'everywhere' },
  { keys: 'j / k', does: 'keyNextRow', where: 'tickets' },
  { keys: 'Enter', does: 'keyOpenRow', where: 'tickets' },
  { keys: 'u', does: 'keyMostUrgent', where: 'tickets' },
  { keys: 'c', does: 'keyClaim', where: 'ticket' },
  { keys: '/', does: 'keyTemplate', where: 'ticket' },
  { keys: 'i', does: 'keyNote', where: 'ticket' },
  { keys: 'r', does: 'keyRefund', where: 'ticket' },
  { keys: 'd', does: 'keyDecide', where: 'ticket' },
  { keys: 'e', does: 'keyResolve', where: 'ticket' },
  { keys: 'w', does: 'keyTask', where: 'ticket' },
  { keys: 'z', does: 'keySnooze', where: 'ticket' },
  { keys: 'v', does: 'keyVerify', where: 'ticket' },
  { keys: 'j / k', does: 'keyNextTicket', where: 'ticket' },
  { keys: 'b', does: 'keyBack', where: 'ticket' },
  { keys: 'Ctrl+Enter', does: 'keySend', where: 'ticket' },
  { keys: '← →', does: 'keyCursor', where: 'chart' },
  { keys: 'Esc', does: 'keyEscape', where: 'everywhere' },
]

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

/**
 * Single keys of a page. They act only outside of inputs and dialogs and can be switched off (WCAG 2.1.4).
 * A key with Ctrl, Meta or Alt is the browser's.
 */
export class Shortcuts implements ReactiveController {
  readonly #host: StaffElement
  readonly #keys: Readonly<Record<string, () => void>>

  constructor(host: StaffElement, keys: Readonly<Record<string, () => void>>) {
    this.#host = host
    this.#keys = keys
    host.addController(this)
  }
  hostConnected(): void {
    onPage.add(this.#keys)
    addEventListener('keydown', this.#onKey)
  }
  hostDisconnected(): void {
    onPage.delete(this.#keys)
    removeEventListener('keydown', this.#onKey)
  }
  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (!this.#host.services.preferences.hasSingleKeys) return
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return
    const run = Object.hasOwn(this.#keys, event.key) ? this.#keys[event.key] : undefined
    if (!run) return
    event.preventDefault()
    run()
  }
}
