import type { Browser, BrowserContext, Page, WebError } from 'playwright-core'
import { messageOf } from '#protocol/base/errors.ts'
import { findViolations, settleColours } from '#test/support/axe.ts'
import type { Stage } from './stages.ts'

export const BENCH_LANGUAGES = ['zh', 'en'] as const
export type BenchLanguage = (typeof BENCH_LANGUAGES)[number]
const THEMES = ['light', 'dark'] as const
export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } } as const
export type Size = keyof typeof SIZES

/** What is wrong, with the places where it was seen. */
export interface Found {
  /** Places by what axe found. */
  readonly violations: Map<string, string[]>
  checked: number
  /** Places that are wider than their screen. */
  readonly overflows: string[]
  /** Places that never came to show what they should. */
  readonly notShown: string[]
  /** What scripts threw and nobody caught, each once, by what they said and where. */
  readonly scriptErrors: Set<string>
  /** Told at once what was not seen before: a whole run is long. */
  readonly say: (line: string) => void
}
export function createFound(say: (line: string) => void): Found {
  return { violations: new Map(), checked: 0, overflows: [], notShown: [], scriptErrors: new Set(), say }
}

const SHOWN_WITHIN_MS = 20_000
const BUSY = '[aria-busy="true"]'

const NAVIGATIONS_MOST = 3
/**
 * The page as it stands, light and dark, in each of these sizes. One that goes elsewhere by itself meanwhile, as the page of
 * a cabinet does when a visit begins or ends, is judged where it arrives.
 */
export async function judge(page: Page, place: string, found: Found, sizes: readonly Size[]): Promise<void> {
  for (let navigations = 0; ; navigations++) {
    // What was found before it went elsewhere is not counted twice.
    const once = createFound(found.say)
    const trouble = (await whyNot(() => judgeOnce(page, place, once, sizes))) ?? ''
    if (trouble === '') {
      add(once, found)
      return
    }
    const whyNotShown = isElsewhere(trouble) && navigations < NAVIGATIONS_MOST ? await settled(page) : trouble
    if (whyNotShown !== undefined) {
      found.notShown.push(`${place}: ${whyNotShown}`)
      return
    }
    found.say(`${place}: ${trouble}; once more`)
  }
}

/** The page went to another address while it was looked at. */
export function isElsewhere(trouble: string): boolean {
  return /context was destroyed|navigation/i.test(trouble)
}

function add(once: Found, found: Found): void {
  found.checked += once.checked
  found.overflows.push(...once.overflows)
  for (const [violation, places] of once.violations)
    found.violations.set(violation, [...(found.violations.get(violation) ?? []), ...places])
}

async function judgeOnce(page: Page, place: string, found: Found, sizes: readonly Size[]): Promise<void> {
  for (const size of sizes) {
    await page.setViewportSize(SIZES[size])
    // Half under a bar that stays, a field seems smaller than it is.
    await page.evaluate('scrollTo(0, 0)')
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await settleColours(page)
      for (const one of await findViolations(page)) {
        // Marks of the template engine differ from page to page.
        const violation = one.replace(/<!--\?lit\$\d+\$-->/g, '')
        const places = found.violations.get(violation) ?? []
        if (places.length === 0) found.say(`${place} ${theme} ${size}: ${violation}`)
        places.push(`${place} ${theme} ${size}`)
        found.violations.set(violation, places)
      }
      found.checked++
    }
    if (await isTooWide(page)) found.overflows.push(`${place} ${size}`)
  }
}

function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(
    '[document.documentElement, ...document.querySelectorAll("dialog[open]")].some((one) => one.scrollWidth > one.clientWidth)',
  )
}

export async function open(page: Page, url: string, address: string, language: string): Promise<void> {
  const target = new URL(address, url)
  target.searchParams.set('lang', language)
  await page.goto(target.href, { waitUntil: 'load' })
}

/** @returns why the page does not count as shown */
export function settled(page: Page): Promise<string | undefined> {
  return whyNot(async () => {
    await page.locator('h1').first().waitFor({ timeout: SHOWN_WITHIN_MS })
    await page.locator(BUSY).first().waitFor({ state: 'detached', timeout: SHOWN_WITHIN_MS })
  })
}

/** @returns in one line what was waited for in vain */
export async function whyNot(wait: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await wait()
    return undefined
  } catch (error) {
    return messageOf(error).split('\n')[0]
  }
}

export async function contextOf(
  browser: Browser,
  url: string,
  cookies: Stage['cookies'],
  language: BenchLanguage,
  found: Found,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    bypassCSP: true,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  })
  context.on('weberror', (one) => noteScriptError(one, found))
  await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url })))
  return context
}

/** A button whose failure nobody caught leaves a person without a word. */
function noteScriptError(one: WebError, found: Found): void {
  const address = new URL(one.page()?.url() ?? 'about:blank').pathname
  const text = `${address}: ${messageOf(one.error())}`
  if (!found.scriptErrors.has(text)) found.say(`a script failed on ${text}`)
  found.scriptErrors.add(text)
}
