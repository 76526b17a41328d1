import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import { paletteWord as text } from '../../words/palette.ts'
import { word } from '../../words/staff.ts'
import { language, setLanguage } from '../../words/words.ts'
import { maySee } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { ROUTES } from '../routes.ts'
import { SHORTCUTS, shortcutsOfPage } from '../shortcuts.ts'

interface Entry {
  readonly label: string
  readonly group: 'actions' | 'pages' | 'everywhere'
  /** Found by this as well: the address, which is the same in both languages. */
  readonly also: string
  readonly key?: string
  readonly run: () => void
}

const SHOWN_MOST = 12

/**
 * Ctrl+K or Cmd+K: every page that this person may see and everything that the page shown can do, by its name; what is no
 * name is searched for. It works while somebody types and when single keys are switched off.
 */
@customElement('command-palette')
export class CommandPalette extends StaffElement {
  @state() private typed = ''
  @state() private chosen = 0
  @query('dialog') private dialog!: HTMLDialogElement
  @query('input') private field!: HTMLInputElement
  /** Signs out; the shell knows how. */
  leave: () => void = () => undefined
  @state() private entries: readonly Entry[] = []

  async open(): Promise<void> {
    await this.updateComplete
    if (this.dialog.open) return this.dialog.close()
    // What the page can do is asked now, before the dialog lies above it.
    this.entries = this.#everything()
    this.typed = ''
    this.chosen = 0
    this.dialog.showModal()
    this.field.value = ''
    this.field.focus()
  }

  #everything(): Entry[] {
    const permissions = this.services.me?.permissions ?? []
    const actions = shortcutsOfPage().flatMap(({ key, run }): Entry[] => {
      const known = SHORTCUTS.find(({ keys, where }) => keys === key && where !== 'everywhere')
      return known === undefined ? [] : [{ label: word(known.does), group: 'actions', also: '', key, run }]
    })
    const pages = ROUTES.filter(
      ({ path, isPublic }) => isPublic !== true && !path.includes(':') && maySee(path, permissions),
    ).map(
      ({ path, title }): Entry => ({
        label: word(title),
        group: 'pages',
        also: path.replaceAll(/[/-]/g, ' '),
        run: () => this.services.go(path),
      }),
    )
    return [
      ...actions,
      ...pages,
      {
        label: text('otherLanguage'),
        group: 'everywhere',
        also: 'language 语言',
        run: () => setLanguage(language() === 'zh' ? 'en' : 'zh'),
      },
      { label: text('signOut'), group: 'everywhere', also: 'sign out', run: () => this.leave() },
    ]
  }

  /** By every word that was typed; what is left is searched for. */
  get #found(): Entry[] {
    const wanted = this.typed.trim().toLowerCase()
    const words = wanted.split(/\s+/)
    const named = this.entries.filter(({ label, also }) => {
      const name = `${label} ${also}`.toLowerCase()
      return words.every((one) => name.includes(one))
    })
    const shown = named.slice(0, SHOWN_MOST)
    if (wanted === '') return shown
    const permissions = this.services.me?.permissions ?? []
    const search = (path: string, label: string): Entry[] =>
      maySee(path, permissions)
        ? [
            {
              label,
              group: 'everywhere',
              also: '',
              run: () => this.services.go(`${path}?query=${encodeURIComponent(this.typed.trim())}`),
            },
          ]
        : []
    return [
      ...shown,
      ...search('/tickets', text('searchTickets', { text: this.typed.trim() })),
      ...search('/orders', text('searchOrders', { text: this.typed.trim() })),
    ]
  }

  #onKey(event: KeyboardEvent): void {
    const { length } = this.#found
    if (event.isComposing || length === 0) return
    if (event.key === 'ArrowDown') this.chosen = (this.chosen + 1) % length
    else if (event.key === 'ArrowUp') this.chosen = (this.chosen + length - 1) % length
    else if (event.key === 'Enter') this.#run(this.#found[this.chosen])
    else return
    event.preventDefault()
  }
  #run(entry: Entry | undefined): void {
    if (entry === undefined) return
    this.dialog.close()
    entry.run()
  }

  protected override render() {
    const found = this.#found
    return html`<dialog class="dialog palette" aria-label=${text('title')}>
      <div class="palette-field">
        ${icon('search')}
        <input
          type="text"
          role="combobox"
          aria-label=${text('field')}
          placeholder=${text('field')}
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls="palette-list"
          aria-activedescendant=${found.length === 0 ? nothing : `palette-${this.chosen}`}
          autocomplete="off"
          spellcheck="false"
          maxlength="100"
          @input=${(event: Event) => {
            this.typed = (event.target as HTMLInputElement).value
            this.chosen = 0
          }}
          @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
        />
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </div>
      <ul id="palette-list" role="listbox" aria-label=${text('title')} tabindex="-1">
        ${found.map(
          (entry, index) => html`<li
            id="palette-${index}"
            role="option"
            aria-selected=${index === this.chosen}
            @click=${() => this.#run(entry)}
          >
            <span>${entry.label}</span>
            <span class="soft small">${entry.key === undefined ? nothing : html`<kbd>${entry.key}</kbd> `}${text(entry.group)}</span>
          </li>`,
        )}
      </ul>
      ${found.length === 0 ? html`<p class="soft">${text('nothing')}</p>` : nothing}
      <p class="soft small">${text('hint')}</p>
      <p class="aloud" role="status">${text('found', { count: found.length })}</p>
    </dialog>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'command-palette': CommandPalette
  }
}
