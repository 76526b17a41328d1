import { say, sayNoConnection } from './say.ts'

/**
 * Keeps the parts of a page true while somebody looks at it. The server renders the same address again and each part
 * with `data-live` is exchanged only when its mark changed, so nothing moves without a reason and there is one set of
 * templates. A part that is being typed in stays.
 */
const SLOWEST_MS = 30_000
export const TIMEOUT_MS = 8_000

export function keepFresh(): void {
  const root = document.querySelector<HTMLElement>('[data-poll]')
  if (root === null) return
  let failures = 0
  let timer = 0
  let isAsking = false
  const plan = () => {
    const periodMs = Number(document.querySelector<HTMLElement>('[data-poll]')?.dataset['poll'] ?? SLOWEST_MS)
    timer = window.setTimeout(run, Math.min(SLOWEST_MS, periodMs * 2 ** failures))
  }
  const run = async () => {
    clearTimeout(timer)
    // Coming back to the page asks at once; a question that is under way already is enough.
    if (document.hidden || isAsking) return
    isAsking = true
    try {
      await refresh()
      if (failures > 0) say(undefined)
      failures = 0
    } catch (error) {
      failures = Math.min(failures + 1, 6)
      if (failures > 1) sayNoConnection()
      console.info('the page could not be refreshed', error)
    }
    isAsking = false
    plan()
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void run()
  })
  plan()
}

/** What the server called the page that is shown; the same page is not sent twice. */
let shownTag: string | null = null

/** Fetches this page again and takes over what changed. @throws when the server cannot be reached or refuses */
export async function refresh(): Promise<void> {
  const response = await fetch(location.pathname, {
    headers: { accept: 'text/html', ...(shownTag === null ? {} : { 'if-none-match': shownTag }) },
    credentials: 'same-origin',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.status === 304) return
  if (!response.ok) throw new Error(`status ${response.status}`)
  shownTag = response.headers.get('etag')
  const next = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of document.querySelectorAll<HTMLElement>('[data-live]')) {
    const newer = next.getElementById(part.id)
    if (newer === null || newer.dataset['live'] === part.dataset['live']) continue
    if (isBeingUsed(part)) {
      // It is left as it is for now, and must be sent again.
      shownTag = null
      continue
    }
    exchange(part, newer)
  }
  const poll = next.querySelector<HTMLElement>('[data-poll]')?.dataset['poll']
  const root = document.querySelector<HTMLElement>('[data-poll]')
  if (poll !== undefined && root !== null) root.dataset['poll'] = poll
}

function exchange(part: HTMLElement, newer: HTMLElement): void {
  const focused = part.contains(document.activeElement)
    ? document.activeElement?.getAttribute('href')
    : undefined
  part.replaceWith(document.adoptNode(newer))
  if (typeof focused === 'string')
    newer.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus()
  const spoken = document.getElementById('spoken')
  if (spoken !== null && newer.dataset['spoken'] !== undefined) spoken.textContent = newer.dataset['spoken']
}

function isBeingUsed(part: HTMLElement): boolean {
  const active = document.activeElement
  if (active === null || !part.contains(active)) return false
  return (
    active instanceof HTMLTextAreaElement ||
    active instanceof HTMLSelectElement ||
    active instanceof HTMLInputElement
  )
}
