import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core'
import type { Consumer } from '#test/scenarios/world.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { openWatchedPage, PHONE } from '#test/support/browser.ts'

export interface OpenPhone {
  page: Page
  problems: string[]
  /** What the page asked the core to do. */
  posts: Request[]
}
export interface Phones {
  /** A phone on which this person is signed in; without one, of somebody whom nobody knows. */
  readonly phoneOf: (
    consumer: Consumer | undefined,
    language: 'zh' | 'en',
    more?: BrowserContextOptions,
  ) => Promise<OpenPhone>
  /** Looks at these states in both languages and colours, and narrow. @returns what is wrong, by state */
  readonly faultsOf: (consumer: Consumer | undefined, states: readonly string[]) => Promise<string[]>
}

/** What a form sent, by name. */
export function fieldsOf(post: Request | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(post?.postData() ?? ''))
}

const LOOKS = (['zh', 'en'] as const).flatMap((language) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ language, colorScheme })),
)

/** @param url  of the core whose pages are looked at */
export function createPhones(browser: Browser, url: string): Phones {
  const phoneOf: Phones['phoneOf'] = async (consumer, language, more = {}) => {
    const { page, problems } = await openWatchedPage(
      browser,
      { ...PHONE, locale: language === 'zh' ? 'zh-CN' : 'en-GB', ...more },
      url,
    )
    const cookies = consumer?.visitor.cookies() ?? []
    await page.context().addCookies(cookies.map((cookie) => ({ ...cookie, url })))
    const posts: Request[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(request)
    })
    return { page, problems, posts }
  }
  return {
    phoneOf,
    async faultsOf(consumer, states) {
      const faults: string[] = []
      for (const { language, colorScheme } of LOOKS) {
        // axe is injected by the test, which the policy of the pages rightly refuses.
        const { page } = await phoneOf(consumer, language, { colorScheme, bypassCSP: true })
        for (const state of states) {
          await page.goto(url + state)
          for (const found of await findViolations(page))
            faults.push(`${state} in ${language}, ${colorScheme}: ${found}`)
        }
        await page.context().close()
      }
      for (const language of ['zh', 'en'] as const) {
        const { page, problems } = await phoneOf(consumer, language, {
          viewport: { width: 320, height: 640 },
        })
        for (const state of states) {
          await page.goto(url + state)
          const over = await overflowPixels(page)
          if (over > 0) faults.push(`${state} in ${language} is too wide by ${over}px`)
        }
        faults.push(...problems)
        await page.context().close()
      }
      return faults
    },
  }
}
