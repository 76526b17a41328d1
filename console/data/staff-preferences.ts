export type Theme = 'auto' | 'light' | 'dark'

const THEME_KEY = 'staff.theme'
const KEYS_KEY = 'staff.single-keys'
const GOES_ON_KEY = 'staff.goes-on'

/** What one person chose on this machine. Language lives in a cookie, because the server reads it too (`words/words.ts`). */
export class StaffPreferences {
  readonly #storage: Storage
  readonly #listeners = new Set<() => void>()

  constructor(storage: Storage) {
    this.#storage = storage
    this.#markTheme()
  }
  get theme(): Theme {
    const stored = this.#storage.getItem(THEME_KEY)
    return stored === 'light' || stored === 'dark' ? stored : 'auto'
  }
  set theme(theme: Theme) {
    this.#storage.setItem(THEME_KEY, theme)
    this.#markTheme()
    this.#tell()
  }
  /** Single letters as shortcuts; people who dictate switch them off (WCAG 2.1.4). */
  get hasSingleKeys(): boolean {
    return this.#storage.getItem(KEYS_KEY) !== 'off'
  }
  set hasSingleKeys(isOn: boolean) {
    this.#storage.setItem(KEYS_KEY, isOn ? 'on' : 'off')
    this.#tell()
  }
  /** Whether the next ticket opens by itself when one is settled. */
  get goesOn(): boolean {
    return this.#storage.getItem(GOES_ON_KEY) !== 'off'
  }
  set goesOn(isOn: boolean) {
    this.#storage.setItem(GOES_ON_KEY, isOn ? 'on' : 'off')
    this.#tell()
  }
  onChange(run: () => void): () => void {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }
  #markTheme(): void {
    if (this.theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = this.theme
  }
  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
