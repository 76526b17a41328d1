import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LinkProxy, startLinkProxy } from '#simulator/link/proxy.ts'
import { openWatchedPage, DESK } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'
import { type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** The queue of an agent whose line to the core can be cut: the page is reached through a proxy, the events are made beside it. */
let desk: StaffDesk
let line: LinkProxy
let page: Page
beforeAll(async () => {
  desk = await startStaffDesk()
  const core = new URL(desk.url)
  line = await startLinkProxy({
    clock: desk.world.clock,
    name: 'line',
    flag: '--line',
    host: core.hostname,
    port: 0,
    target: { host: core.hostname, port: Number(core.port) },
  })
}, 120_000)
afterAll(async () => {
  await desk?.stop()
  await line?.stop()
})
beforeEach(async () => {
  const url = `http://${new URL(desk.url).hostname}:${line.port}`
  ;({ page } = await openWatchedPage(desk.browser, { ...DESK, locale: 'en-GB' }, url))
  const { visitor } = await desk.staff('agent')
  await page
    .context()
    .addCookies([
      ...visitor.cookies().map((cookie) => ({ ...cookie, url })),
      { name: 'lang', value: 'en', url },
    ])
  await page.goto(`${url}/staff/tickets`)
  await page.locator('.link-live').waitFor()
  await page.locator('.blank, a.row-link').first().waitFor()
  return () => page.context().close()
})

const aCall = async () =>
  (await desk.ticket('agent', { type: 'other', channel: 'hotline', note: '柜门打不开' })).ticket
/** When the page first shows it, by the same clock as that of the core; to be asked before it happens. */
function shownAt(selector: string, text: string): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const look = () => {
      if (![...document.querySelectorAll('${selector}')].some((one) => one.textContent.includes('${text}'))) return
      watch.disconnect()
      resolve(Date.now())
    }
    const watch = new MutationObserver(look)
    watch.observe(document, { subtree: true, childList: true, characterData: true })
    look()
  })`)
}
const numbersShown = async () =>
  (await page.locator('a.row-link').allInnerTexts()).map((text) => /#\d+/.exec(text)?.[0])
/** Shows what waits behind the button, and each of these stands there once. */
async function standOnce(tickets: ReadonlyArray<{ number: number }>): Promise<void> {
  await page.getByRole('button', { name: `${tickets.length} new` }).click()
  const numbers = await eventually('the new rows', async () => {
    const shown = await numbersShown()
    return shown.includes(`#${tickets[0]?.number}`) && shown
  })
  for (const { number } of tickets) expect(numbers.filter((one) => one === `#${number}`)).toHaveLength(1)
}

describe('a new ticket', () => {
  it('is on the screen within a second, behind a button, and moves no row under the pointer', async () => {
    const before = await numbersShown()
    const delaysMs: number[] = []
    const tickets: Array<{ number: number }> = []
    for (let count = 1; count <= 5; count++) {
      const shown = shownAt('.new-rows button', `${count} new`)
      const ticket = await aCall()
      tickets.push(ticket)
      delaysMs.push((await shown) - ticket.openedAtMs)
    }
    // The middle one: a machine that is busy with other tests may be late once.
    expect(delaysMs.toSorted((a, b) => a - b)[2]).toBeLessThanOrEqual(1000)
    expect(await numbersShown()).toEqual(before)
    await standOnce(tickets)
  })
})

describe('the line to the core', () => {
  it('that falls silent is told within five seconds, and what happened meanwhile is there once when it is back', async () => {
    const stale = shownAt('.stale-banner', '')
    const cutMs = desk.world.clock.now()
    line.setMode('half-open')
    const tickets = [await aCall(), await aCall()]
    expect((await stale) - cutMs).toBeLessThanOrEqual(5000)
    expect(await page.locator('.new-rows button').count()).toBe(0)
    line.setMode('ok')
    await page.locator('.stale-banner').waitFor({ state: 'detached', timeout: 20_000 })
    await standOnce(tickets)
  }, 60_000)

  it('that breaks is told, and what happened meanwhile is there once when it is back', async () => {
    const stale = shownAt('.stale-banner', '')
    const cutMs = desk.world.clock.now()
    line.setMode('cut')
    expect((await stale) - cutMs).toBeLessThanOrEqual(5000)
    const tickets = [await aCall(), await aCall()]
    line.setMode('ok')
    await page.locator('.stale-banner').waitFor({ state: 'detached', timeout: 30_000 })
    await standOnce(tickets)
  }, 60_000)
})

describe('a queue that was loaded before its stream stood', () => {
  it('shows what happened in between', async () => {
    const own = await page.context().newPage()
    // With a stream of its own, which can be held up.
    await own.addInitScript('delete globalThis.SharedWorker')
    const made = Promise.withResolvers<void>()
    await own.route('**/api/live', async (route) => {
      await made.promise
      await route.continue()
    })
    await own.goto(page.url())
    await own.locator('.blank, a.row-link').first().waitFor()
    await aCall()
    made.resolve()
    await own.getByRole('button', { name: '1 new' }).waitFor()
    await own.unrouteAll({ behavior: 'ignoreErrors' })
  })
})
