import type { StaffWord } from '../words/staff.ts'

export interface Route {
  /** Path below the base, in URLPattern syntax; its named groups become `params` of the page. */
  readonly path: string
  /** Custom element of the page; `load` defines it. */
  readonly tag: string
  readonly load: () => Promise<unknown>
  readonly title: StaffWord
  /** Who has it may see the page (core/staff/permissions.ts); left out: everyone who is signed in. */
  readonly permission?: string
  readonly isPublic?: boolean
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
}

/**
 * History and URLPattern, nothing more: finds the route of an address, follows links inside the base without loading
 * the page again, and tells who listens. What is shown meanwhile, titles and focus belong to the shell.
 */
export class Router {
  readonly #base: string
  readonly #routes: ReadonlyArray<{ route: Route; pattern: URLPattern }>
  readonly #onMatch: (match: Match | undefined) => void

  constructor(base: string, routes: readonly Route[], onMatch: (match: Match | undefined) => void) {
    this.#base = base
    this.#routes = routes.map((route) => ({
      route,
      pattern: new URLPattern({ pathname: `${base}${route.path}` }),
    }))
    this.#onMatch = onMatch
  }

  start(): void {
    addEventListener('popstate', () => this.#resolve())
    document.addEventListener('click', (event) => this.#onClick(event))
    this.#resolve()
  }
  /** @param path below the base, starting with `/` */
  go(path: string, options: { replace?: boolean } = {}): void {
    const address = `${this.#base}${path}`
    if (options.replace) history.replaceState(null, '', address)
    else history.pushState(null, '', address)
    this.#resolve()
  }
  /** The path below the base as it stands, with its query. */
  get here(): string {
    return location.pathname.slice(this.#base.length) + location.search
  }

  #resolve(): void {
    for (const { route, pattern } of this.#routes) {
      const found = pattern.exec({ pathname: location.pathname })
      if (!found) continue
      const params: Record<string, string> = {}
      for (const [name, value] of Object.entries(found.pathname.groups)) {
        if (value !== undefined) params[name] = decodeURIComponent(value)
      }
      this.#onMatch({ route, params, query: new URLSearchParams(location.search) })
      return
    }
    this.#onMatch(undefined)
  }

  #onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return
    // Another tab or a download is the browser's business.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const anchor = event.composedPath().find((node) => node instanceof HTMLAnchorElement)
    if (!anchor || anchor.target !== '' || anchor.hasAttribute('download')) return
    if (anchor.origin !== location.origin || !anchor.pathname.startsWith(`${this.#base}/`)) return
    // A link within the page moves the focus, not the route.
    if (anchor.pathname === location.pathname && anchor.hash !== '') return
    event.preventDefault()
    this.go(anchor.pathname.slice(this.#base.length) + anchor.search)
  }
}
