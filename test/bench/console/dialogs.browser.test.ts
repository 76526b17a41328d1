import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wait } from '#protocol/base/clock.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { launchBrowser } from '#test/support/browser.ts'
import { createFound } from './judge.ts'
import { lookAtDialogs } from './states.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

const URL_OF_PAGE = 'http://bench.test'
/** The first dialog asks the core before it opens, the second opens at once, and stands below the first in the page. */
const PAGE = `<!doctype html><html lang="en"><title>Bench</title><main><h1>Bench</h1>
  <button id="slow">Edit</button><button id="quick">Archive</button>
  <dialog id="editor"><h2>Editor</h2></dialog><dialog id="question"><h2>Question</h2></dialog></main>
  <script>
    slow.onclick = async () => { await (await fetch('/api/staff/types')).json(); editor.showModal() }
    quick.onclick = () => question.showModal()
  </script></html>`
/** Longer than a dialog takes to open when it asks for nothing. */
const ANSWER_MS = 600

describe('a dialog that opens only when the core has answered', () => {
  it('is looked at and shut before the next button is pressed', async () => {
    const context = await browser.newContext({ bypassCSP: true })
    await context.route(`${URL_OF_PAGE}/**`, async (route) => {
      if (!route.request().url().includes('/api/'))
        return route.fulfill({ contentType: 'text/html', body: PAGE })
      await wait(createSystemClock(), 'a slow answer', ANSWER_MS)
      return route.fulfill({ json: {} })
    })
    const found = createFound(() => undefined)
    const seen = new Set<string>()
    const at = { url: URL_OF_PAGE, address: '/staff/thing', who: 'lead', language: 'en' } as const
    expect(await lookAtDialogs(await context.newPage(), at, found, seen)).toBe(2)
    expect([...seen]).toEqual([
      'en /staff/thing Editor',
      'en /staff/thing Question',
      'en /staff/thing buttons',
    ])
    expect(found.notShown).toEqual([])
    await context.close()
  })
})
