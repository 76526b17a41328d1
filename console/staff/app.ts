import { provide } from '@lit/context'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { state } from 'lit/decorators.js'
import { keyed } from 'lit/directives/keyed.js'
import { ApiError } from '../data/api.ts'
import { keepOnlyFor } from '../data/draft.ts'
import type { Theme } from '../data/staff-preferences.ts'
import { describeError } from '../data/staff-errors.ts'
import { word } from '../words/staff.ts'
import { language, onLanguage, setLanguage } from '../words/words.ts'
import type { StaffPage } from './element.ts'
import { fieldText } from './forms.ts'
import { icon, type IconName } from './icons.ts'
import { Router, type Match } from './router.ts'
import { BASE, maySee } from './doors.ts'
import { NAVIGATION, ROUTES } from './routes.ts'
import { servicesContext, type Services, type Toast } from './services.ts'
import { loadingView } from './resource.ts'
import './parts/proof-dialog.ts'
import './parts/shortcut-dialog.ts'

/** The console's own loss of connection is told within five seconds; the stream gives up after 4.5 of silence. */
const TOAST_LIFE_MS = 6000
const LOADING_AFTER_MS = 400
const THEMES: ReadonlyArray<{ theme: Theme; icon: IconName }> = [
  { theme: 'auto', icon: 'monitor' },
  { theme: 'light', icon: 'sun' },
  { theme: 'dark', icon: 'moon' },
]

const ACCOUNT = '/account'
/** After the first page has had the line for itself. */
const PALETTE_AFTER_MS = 1500
const loadPalette = () => import('./parts/command-palette.ts')

type Parts = Omit<Services, 'me' | 'enter' | 'refreshMe' | 'go' | 'toast'>

/** The shell: who is signed in, which page, the frame around it, and what is said across pages. */
export class StaffApp extends LitElement {
  static parts: Parts

  @provide({ context: servicesContext })
  services: Services = {
    ...StaffApp.parts,
    me: undefined,
    enter: (to) => this.#enter(to),
    refreshMe: () => this.#learnMe(),
    go: (path, options) => this.#router.go(path, options),
    toast: (toast) => this.#toast(toast),
  }
  @state() private match: Match | undefined
  @state() private page: StaffPage | undefined
  @state() private problem: string | undefined
  @state() private isLoading = false
  @state() private isMenuOpen = false
  @state() private toasts: ReadonlyArray<Toast & { id: number }> = []
  @state() private staleSinceMs: number | undefined
  #router = new Router(BASE, ROUTES, (match) => void this.#show(match))
  #toastCount = 0
  #visits = 0

  protected override createRenderRoot(): HTMLElement {
    return this
  }

  override connectedCallback(): void {
    super.connectedCallback()
    const { api, live, preferences } = this.services
    onLanguage(() => {
      this.#markTitle()
      this.requestUpdate()
    })
    preferences.onChange(() => this.requestUpdate())
    live.onState(() => {
      this.requestUpdate()
      this.staleSinceMs = live.state === 'stale' ? (this.staleSinceMs ?? this.services.time.now()) : undefined
    })
    api.onSignedOut = () => this.#askToSignIn()
    api.askForProof = () => this.querySelector('proof-dialog')?.ask() ?? Promise.resolve(false)
    addEventListener('keydown', (event) => this.#onKey(event))
    addEventListener('unhandledrejection', (event) => this.#onUnanswered(event))
    void this.#start()
  }

  async #start(): Promise<void> {
    try {
      await this.#learnMe()
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        this.problem = describeError(error)
        return
      }
    }
    this.problem = undefined
    this.#router.start()
    // Whoever presses Ctrl+K types on at once: it is there by then.
    this.services.clock.setTimer('palette', PALETTE_AFTER_MS, () => void loadPalette())
  }

  async #learnMe(): Promise<void> {
    this.services.me = await this.services.api.me()
    keepOnlyFor(this.services.me.staffId)
    this.services.time.learnZone(this.services.me.timeZone)
    // Without permissions nothing is told live; it begins when the account has what it lacks.
    if (this.services.me.lacks === null) this.services.live.start(this.services.me.changeId)
    this.requestUpdate()
  }

  /** The sign-in page calls this after the core has set the cookie. */
  async #enter(to: string): Promise<void> {
    await this.#learnMe()
    this.#router.go(to, { replace: true })
  }

  async #leave(): Promise<void> {
    await this.services.api.signOut()
    this.#forgetMe()
    this.#router.go('/login')
  }
  #forgetMe(): void {
    this.services.me = undefined
    this.services.live.stop()
  }
  #askToSignIn(): void {
    if (this.services.me === undefined) return
    const here = this.#router.here
    this.#forgetMe()
    this.#router.go(`/login?next=${encodeURIComponent(here)}`, { replace: true })
  }

  /** Guards, then loads the code of the page, then shows it; the old page stays until the new one is there. */
  async #show(match: Match | undefined): Promise<void> {
    const visit = ++this.#visits
    this.isMenuOpen = false
    if (match && !match.route.isPublic && !this.services.me) {
      this.#router.go(`/login?next=${encodeURIComponent(this.#router.here)}`, { replace: true })
      return
    }
    if (match && this.services.me?.lacks && match.route.path !== ACCOUNT && !match.route.isPublic) {
      this.#router.go(ACCOUNT, { replace: true })
      return
    }
    const permission = match?.route.permission
    if (match && permission && !this.services.me?.permissions.includes(permission)) {
      this.#put(match, undefined, word('noPermission'))
      return
    }
    if (!match) {
      this.#put(undefined, undefined, word('noSuchPage'))
      return
    }
    const slow = this.services.clock.setTimer('route', LOADING_AFTER_MS, () => {
      this.isLoading = true
    })
    try {
      await match.route.load()
    } catch (error) {
      // A new version of the console removes the old files: the page must be loaded again, not the route.
      if (!(error instanceof Error)) throw error
      if (visit === this.#visits) this.#put(match, undefined, word('pageNotLoaded'))
      return
    } finally {
      slow.cancel()
      if (visit === this.#visits) this.isLoading = false
    }
    if (visit !== this.#visits) return
    // Same page, other parameters: the element stays, so that a filter does not lose the scroll position.
    const isSame = this.page?.localName === match.route.tag && samePath(this.match, match)
    const page = isSame && this.page ? this.page : (document.createElement(match.route.tag) as StaffPage)
    page.params = match.params
    page.query = match.query
    this.#put(match, page, undefined)
    if (!isSame) await this.#moveFocus(visit)
  }

  #put(match: Match | undefined, page: StaffPage | undefined, problem: string | undefined): void {
    this.match = match
    this.page = page
    this.problem = problem
    this.#markTitle()
  }

  async #moveFocus(visit: number): Promise<void> {
    await this.updateComplete
    await this.page?.updateComplete
    scrollTo(0, 0)
    // The first page belongs to the browser: a screen reader starts at its top by itself.
    if (visit === 1) return
    const target =
      this.page?.querySelector<HTMLElement>('[autofocus], h1') ?? this.querySelector<HTMLElement>('main')
    if (!target) return
    if (!target.hasAttribute('autofocus')) target.tabIndex = -1
    target.focus({ preventScroll: true })
  }

  #markTitle(): void {
    const title = this.match ? word(this.match.route.title) : word('noSuchPage')
    document.title = `${title} · ${word('brand')}`
  }

  /** What was asked of the core and failed where no page says so itself is told all the same: no button stays silent. */
  #onUnanswered(event: PromiseRejectionEvent): void {
    if (!(event.reason instanceof ApiError)) return
    event.preventDefault()
    this.#toast({ tone: 'bad', text: describeError(event.reason) })
  }
  #toast(toast: Toast): void {
    const id = ++this.#toastCount
    this.toasts = [...this.toasts.slice(-2), { ...toast, id }]
    this.services.clock.setTimer('toast', TOAST_LIFE_MS, () => {
      this.toasts = this.toasts.filter((candidate) => candidate.id !== id)
    })
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.target
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      void this.#openPalette()
      return
    }
    const isTyping = target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
    if (event.defaultPrevented || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    if (
      !this.services.preferences.hasSingleKeys ||
      document.querySelector('dialog[open]') ||
      !this.services.me
    )
      return
    const paths: Readonly<Record<string, string>> = { h: '/', t: '/tickets', f: '/fleet' }
    const path = paths[event.key]
    if (event.key === '?') this.querySelector('shortcut-dialog')?.open()
    else if (event.key === 's') this.querySelector<HTMLInputElement>('#search')?.focus()
    else if (path !== undefined && maySee(path, this.services.me.permissions)) this.#router.go(path)
    else return
    event.preventDefault()
  }

  async #openPalette(): Promise<void> {
    const others = document.querySelector('dialog[open]:not(.palette)')
    if (this.services.me === undefined || this.services.me.lacks !== null || others !== null) return
    await loadPalette()
    const palette = this.querySelector('command-palette')
    if (palette === null) return
    palette.leave = () => void this.#leave()
    await palette.open()
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed)
    document.documentElement.toggleAttribute('data-signed-in', this.services.me !== undefined)
  }

  protected override render() {
    const isSignedIn = this.services.me !== undefined && !this.match?.route.isPublic
    return html`
      <a class="skip" href="#main">${word('skipToContent')}</a>
      ${this.#header(isSignedIn)}
      <div class="frame ${isSignedIn ? '' : 'frame-alone'}">
        ${isSignedIn ? this.#navigation() : nothing}
        <main id="main" tabindex="-1">
          ${this.staleSinceMs !== undefined && isSignedIn ? this.#staleBanner(this.staleSinceMs) : nothing}
          ${this.isLoading ? loadingView() : nothing}
          ${this.problem ? this.#problem(this.problem) : keyed(this.page, this.page ?? nothing)}
        </main>
      </div>
      <div class="toasts" role="status" aria-live="polite">
        ${this.toasts.map(
          (toast) => html`<p class="toast tone-${toast.tone}">
            ${icon(toast.tone === 'ok' ? 'circle-check' : toast.tone === 'bad' ? 'circle-alert' : 'activity')}
            <span>${toast.text}</span>
          </p>`,
        )}
      </div>
      <shortcut-dialog></shortcut-dialog>
      <command-palette></command-palette>
      <proof-dialog></proof-dialog>
    `
  }

  #header(isSignedIn: boolean) {
    const { me, preferences, live } = this.services
    const theme = THEMES.find((candidate) => candidate.theme === preferences.theme) ?? THEMES[0]!
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!
    const other = language() === 'zh' ? 'en' : 'zh'
    return html`<header class="top">
      ${
        isSignedIn
          ? html`<button
            class="icon-button only-narrow"
            aria-expanded=${this.isMenuOpen}
            aria-controls="navigation"
            aria-label=${word('menu')}
            @click=${() => (this.isMenuOpen = !this.isMenuOpen)}
          >
            ${icon(this.isMenuOpen ? 'x' : 'menu')}
          </button>`
          : nothing
      }
      <a class="brand" href="${BASE}/" aria-label=${word('brand')}><span class="brand-mark" aria-hidden="true"></span><span>${word('brand')}</span></a>
      ${
        isSignedIn && me && maySee('/orders', me.permissions)
          ? html`<form class="search" role="search" @submit=${(event: SubmitEvent) => this.#onSearch(event)}>
            <label class="aloud" for="search">${word('searchLabel')}</label>
            ${icon('search')}
            <input id="search" name="query" type="search" autocomplete="off" spellcheck="false" placeholder=${word('searchHint')} />
            ${preferences.hasSingleKeys ? html`<kbd aria-hidden="true">s</kbd>` : nothing}
          </form>`
          : html`<span class="grow"></span>`
      }
      ${
        isSignedIn && me?.lacks === null
          ? html`<span class="link-state link-${live.state}" title=${word(`link.${live.state}`)}>
            <span class="dot" aria-hidden="true"></span><span class="wide-only">${word(`link.${live.state}`)}</span>
          </span>`
          : nothing
      }
      <button class="icon-button language" lang=${other === 'zh' ? 'zh-CN' : 'en'} aria-label=${other === 'zh' ? '中文' : 'English'} @click=${() => setLanguage(other)}>
        ${icon('languages')}<span>${other === 'zh' ? '中文' : 'English'}</span>
      </button>
      <button
        class="icon-button theme"
        aria-label=${word('themeSwitch', { now: word(`theme.${theme.theme}`), next: word(`theme.${next.theme}`) })}
        title=${word(`theme.${theme.theme}`)}
        @click=${() => (preferences.theme = next.theme)}
      >
        ${icon(theme.icon)}
      </button>
      ${
        isSignedIn && me
          ? html`<a class="who" href="${BASE}${ACCOUNT}" title=${word('account')}><b>${me.displayName}</b><span class="soft small">${word(`role.${me.role}`)}</span></a>
            <button class="icon-button" aria-label=${word('signOut')} title=${word('signOut')} @click=${() => void this.#leave()}>
              ${icon('log-out')}
            </button>`
          : nothing
      }
    </header>`
  }

  #navigation() {
    const permissions = this.services.me?.permissions ?? []
    const here = this.match?.route.path ?? ''
    return html`<nav id="navigation" class="rail ${this.isMenuOpen ? 'is-open' : ''}" aria-label=${word('mainNavigation')}>
      <ul>
        ${NAVIGATION.filter((item) => maySee(item.path, permissions)).map((item) => {
          const isHere =
            item.path === '/' ? here === '/' : here.startsWith(item.path) || isChildOf(here, item.path)
          return html`<li>
            <a href="${BASE}${item.path}" aria-current=${isHere ? 'page' : nothing}>${icon(item.icon)}<span>${word(item.label)}</span></a>
          </li>`
        })}
      </ul>
    </nav>`
  }

  #staleBanner(sinceMs: number) {
    return html`<p class="strip stale-banner tone-warn" role="alert">
      ${icon('offline')}<span>${word('staleBanner', { since: this.services.time.exactText(sinceMs) })}</span>
    </p>`
  }

  #problem(text: string) {
    return html`<div class="blank" role="alert">
      ${icon('circle-alert')}
      <h1 tabindex="-1">${text}</h1>
      <p class="row">
        <button class="button" @click=${() => location.reload()}>${icon('refresh')}${word('loadAgain')}</button>
        <a class="button" href="${BASE}/">${word('home')}</a>
      </p>
    </div>`
  }

  #onSearch(event: SubmitEvent): void {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const text = fieldText(form, 'query')
    if (text !== '') this.#router.go(`/orders?query=${encodeURIComponent(text)}`)
  }
}

/** A cabinet belongs to the fleet: its menu entry stays marked. */
function isChildOf(here: string, item: string): boolean {
  return item === '/fleet' && here.startsWith('/cabinets')
}
function samePath(before: Match | undefined, after: Match): boolean {
  return JSON.stringify(before?.params ?? {}) === JSON.stringify(after.params)
}
