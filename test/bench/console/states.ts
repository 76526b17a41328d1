import type { Page, Request, Route } from 'playwright-core'
import { until } from '#test/support/eventually.ts'
import { type BenchLanguage, type Found, isElsewhere, judge, open, settled, SIZES, whyNot } from './judge.ts'

/**
 * What pages of staff look like when something is not as it should be, brought about on the wire of the browser: the core
 * does not answer, answers that it cannot, or is cut off while somebody reads.
 */
export interface PageState {
  readonly name: string
  /** Before the page is opened. */
  readonly before?: (page: Page) => Promise<unknown>
  /** Whether a page can be in this state at all; all can when absent. */
  readonly concerns?: (address: string) => boolean
  /** After it was opened; ends when the state shows. @throws when it never does */
  readonly after: (page: Page) => Promise<unknown>
}

const API = '**/api/staff/**'
/** Who somebody is, is answered as always, so that it is this page that fails and not the sign-in. */
const loads = (handle: (route: Route) => Promise<void> | undefined) => (route: Route) =>
  route.request().method() !== 'GET' || new URL(route.request().url()).pathname === '/api/staff/me'
    ? route.fallback()
    : handle(route)

export const PAGE_STATES: readonly PageState[] = [
  {
    name: 'loading',
    before: (page) =>
      page.route(
        API,
        loads(() => undefined),
      ),
    // A page that loads nothing shows itself.
    after: (page) => page.locator('.spinner, main h1').first().waitFor(),
  },
  {
    name: 'failed',
    before: (page) =>
      page.route(
        API,
        loads((route) =>
          route.fulfill({
            status: 500,
            json: { code: 'internal', message: 'The database is being repaired.', requestId: 'rq-5b1c' },
          }),
        ),
      ),
    after: (page) => settledOrThrow(page),
  },
  {
    name: 'cut off',
    // Who has not signed in is told nothing live.
    concerns: (address) => address !== '/staff/login',
    async before(page) {
      // The stream of a browser that shares none, which is the page's own and can be cut here.
      await page.addInitScript('delete globalThis.SharedWorker')
      await page.route('**/api/live', (route) => route.abort('internetdisconnected'))
    },
    async after(page) {
      await settledOrThrow(page)
      await page.locator('.stale-banner').waitFor({ timeout: 20_000 })
    },
  },
]

async function settledOrThrow(page: Page): Promise<void> {
  const trouble = await settled(page)
  if (trouble !== undefined) throw new Error(trouble)
}

/** Each state on a page of its own, judged as a phone and a desk show it. */
export async function lookAtStates(
  newPage: () => Promise<Page>,
  at: { url: string; address: string; who: string; language: BenchLanguage },
  found: Found,
): Promise<void> {
  for (const { name, before, after, concerns } of PAGE_STATES) {
    if (concerns?.(at.address) === false) continue
    const place = `${at.who} ${at.address} (${name}) ${at.language}`
    const page = await newPage()
    await page.setViewportSize(SIZES.desk)
    await before?.(page)
    await open(page, at.url, at.address, at.language)
    const trouble = await whyNot(() => after(page))
    if (trouble === undefined) await judge(page, place, found, ['phone', 'desk'])
    else found.notShown.push(`${place}: ${trouble}`)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  }
}

// --- dialogs

/** Asks that change nothing, although they are sent like those that do. */
const ASKS = /\/(calculate|preview|what-if|lint|check|presence)$/
/** A dialog with a long form takes its time beside other work. */
const CLOSED_WITHIN_MS = 5000
const BUTTONS = 'main button:visible:enabled'
/** A page with more buttons than this repeats them in its rows. */
const BUTTONS_MOST = 60

/** Which dialogs were judged already: by language, route and heading. */
export type SeenDialogs = Set<string>

/**
 * Presses every button of the page and judges each dialog that opens and was not seen on this route, then the page with all
 * that its buttons have opened, and all that could not be done: nothing that changes anything reaches the core.
 * @returns how many dialogs were judged
 */
export async function lookAtDialogs(
  page: Page,
  at: { url: string; address: string; who: string; language: BenchLanguage },
  found: Found,
  seen: SeenDialogs,
): Promise<number> {
  let judged = 0
  // What differs between two tickets is not another page.
  const route = at.address.replace(/\?.*/, '').replace(/\/[a-z]{2}[0-9a-z]{26,}$/, '/:id')
  const place = (what: string) => `${at.who} ${at.address} (${what}) ${at.language}`
  await page.route(API, (route) => {
    const request = route.request()
    return request.method() === 'GET' || ASKS.test(new URL(request.url()).pathname)
      ? route.fallback()
      : route.abort('internetdisconnected')
  })
  async function begin(): Promise<boolean> {
    await page.setViewportSize(SIZES.desk)
    await open(page, at.url, at.address, at.language)
    const trouble = await settled(page)
    if (trouble !== undefined) found.notShown.push(`${place('buttons')}: ${trouble}`)
    return trouble === undefined
  }
  const questions = questionsOf(page)
  if (!(await begin())) return 0
  const path = new URL(page.url()).pathname
  const pressed = new Set<string>()
  for (let index = 0; index < BUTTONS_MOST; index++) {
    const buttons = page.locator(BUTTONS)
    if (index >= (await buttons.count())) break
    const label = (await buttons.nth(index).innerText()).replaceAll(/\d+/g, '').trim()
    // The same button in each row opens the same dialog.
    if (label !== '' && pressed.has(label)) continue
    pressed.add(label)
    await buttons.nth(index).evaluate<void, { click(): void }>((button) => button.click())
    // Some load what they ask about first. A button that is pressed meanwhile would open a second dialog below the first.
    const unanswered = await questions.unanswered()
    if (unanswered !== undefined) found.notShown.push(`${place(label)}: ${unanswered}`)
    const dialog = page.locator('dialog[open]')
    const isNone = (await dialog.count()) === 0
    if (isNone) {
      if (new URL(page.url()).pathname !== path && !(await begin())) return judged
      continue
    }
    const heading = (await dialog.first().locator('h2').first().innerText()).replaceAll(/\d+/g, '')
    const key = `${at.language} ${route} ${heading}`
    if (!seen.has(key)) {
      seen.add(key)
      judged++
      await judge(page, place(heading), found, ['phone', 'desk'])
      await page.setViewportSize(SIZES.desk)
    }
    await page.keyboard.press('Escape')
    const stays = await whyNot(() => dialog.first().waitFor({ state: 'detached', timeout: CLOSED_WITHIN_MS }))
    if (stays !== undefined) {
      const open = (await dialog.locator('h2').allInnerTexts()).join(', ')
      found.notShown.push(`${place(heading)}: Escape does not close it; open is: ${open}`)
      if (!(await begin())) return judged
    }
  }
  const key = `${at.language} ${route} buttons`
  // A button may have led elsewhere, which is another page.
  const isHere = (await settled(page)) === undefined && new URL(page.url()).pathname === path
  if (!seen.has(key) && pressed.size > 0 && isHere) {
    seen.add(key)
    await judge(page, place('every button pressed, nothing could be done'), found, ['phone', 'desk'])
  }
  return judged
}

/** What the page has asked the core and has not been told yet, but for the stream, which never ends. */
function questionsOf(page: Page): { unanswered(): Promise<string | undefined> } {
  const asked = new Set<Request>()
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/') && pathname !== '/api/live') asked.add(request)
  })
  const answered = (request: Request) => void asked.delete(request)
  page.on('requestfinished', answered)
  page.on('requestfailed', answered)
  // Two pictures: what was pressed or told is drawn in the first.
  const drawn = () =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  return {
    async unanswered() {
      const trouble = await whyNot(async () => {
        await drawn()
        await until(() => asked.size === 0)
        await drawn()
      })
      return trouble !== undefined && !isElsewhere(trouble) ? trouble : undefined
    },
  }
}

/** Dialogs of the whole console, by their keys. */
export async function lookAtKeys(
  page: Page,
  at: { url: string; who: string; language: BenchLanguage },
  found: Found,
): Promise<number> {
  await page.setViewportSize(SIZES.desk)
  await open(page, at.url, '/staff/', at.language)
  await settled(page)
  for (const key of ['Control+k', '?']) {
    await page.keyboard.press(key)
    const dialog = page.locator('dialog[open]')
    const place = `${at.who} /staff/ (${key}) ${at.language}`
    const trouble = await whyNot(() => dialog.first().waitFor({ timeout: 10_000 }))
    if (trouble === undefined) await judge(page, place, found, ['phone', 'desk'])
    else found.notShown.push(`${place}: ${trouble}`)
    await page.setViewportSize(SIZES.desk)
    await page.keyboard.press('Escape')
    await dialog.first().waitFor({ state: 'detached' })
  }
  return 2
}
