import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallBackList } from '#protocol/api/call-backs.ts'
import type { ImprovementList } from '#protocol/api/improvements.ts'
import type { MonthList } from '#protocol/api/reports.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { buildConsole } from '#scripts/build-console.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '#test/scenarios/play.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type Staff } from '#test/scenarios/world.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, launchBrowser, openWatchedPage, PHONE } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'

/** Call-backs, improvement items and reports over the whole system, with a complaint and a cause that recurred. */
let system: RunningSystem
let browser: Browser
let lead: Staff
let callBackId = ''
let itemId = ''
let buyer: Consumer
let disputeId = ''
let month = ''
const dataDir = mkdtempSync(path.join(tmpdir(), 'learning-page-'))

beforeAll(async () => {
  await buildConsole()
  browser = await launchBrowser()
  system = await startSystem({
    dataDir,
    seed: 1,
    policy: { ...SHORT_POLICY, reopenWindowMs: 1000, npsShare: 1 },
    edgeSettings: SHORT_EDGE_SETTINGS,
  })
  const world = createWorld(system)
  buyer = await world.consumer()
  const { session } = await shop(world, buyer, [take('s2', 'salad-chicken')])
  const order = await buyer.orderIn(session.sessionId, ['paid'])
  disputeId = (await buyer.dispute(order.orderId, { reason: 'other', lines: [] })).disputeId
  const agent = await world.staff('agent')
  lead = await world.staff('lead')
  async function solved(wish: object, rootCause: string): Promise<void> {
    const { ticket } = (await agent.send('POST', 'tickets', {
      requestId: world.ids.next('request'),
      channel: 'hotline',
      note: 'asked on the telephone',
      ...wish,
    })) as TicketDetail
    const body = { version: ticket.version, outcome: 'explained', rootCause }
    await agent.send('POST', `tickets/${ticket.ticketId}/resolve`, body)
  }
  await agent.send('POST', `tickets/${disputeId}/resolve`, {
    version: (await agent.ticket(disputeId)).ticket.version,
    outcome: 'explained',
    rootCause: 'unknown',
  })
  await solved({ type: 'complaint', callerPhone: '13800137391', intake: { about: 'service' } }, 'unknown')
  for (let round = 0; round < 3; round++)
    await solved({ type: 'other', cabinetId: system.cabinetId }, 'network')
  await eventually('the call-back', async () => {
    const { callBacks } = (await lead.get('call-backs?view=coming')) as CallBackList
    callBackId = callBacks.find(({ segment }) => segment === 'complaint')?.callBackId ?? ''
    return callBackId !== ''
  })
  const { items } = (await lead.get('improvements')) as ImprovementList
  itemId = items[0]?.itemId ?? ''
  await eventually('the summary of the last month', async () => {
    const { months } = (await lead.get('reports/months')) as MonthList
    month = months[0]?.month ?? ''
    return month !== ''
  })
})
afterAll(async () => {
  await browser?.close()
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function signedIn(options: BrowserContextOptions = {}): Promise<Page> {
  const { page } = await openWatchedPage(
    browser,
    { ...DESK, viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options },
    system.core.url,
  )
  await page.goto(`${system.core.url}/staff/call-backs`)
  await page.locator('input[name=name]').fill('lead')
  const password = system.signIns().find(({ name }) => name === 'lead')?.password ?? ''
  await page.locator('input[name=password]').fill(password)
  await page.locator('form button.primary').click()
  await page.locator('page-call-backs h1').waitFor()
  return page
}
const open = (page: Page, at: string) => page.goto(`${system.core.url}/staff${at}`)

describe('a consumer whose question was solved', () => {
  it('rates with one tap, says why and whether they recommend us with one more each', async () => {
    const { page } = await openWatchedPage(browser, { ...PHONE, locale: 'en-GB' }, system.core.url)
    const { url } = system.core
    await page.context().addCookies(buyer.visitor.cookies().map((cookie) => ({ ...cookie, url })))
    const look = async (at: string) => {
      for (const language of ['zh', 'en']) {
        await page.goto(`${url}/d/${disputeId}?lang=${language}`)
        await page.locator('h1').waitFor()
        expect([at, language, await findViolations(page), await overflowPixels(page)]).toEqual([
          at,
          language,
          [],
          0,
        ])
      }
    }
    await look('before')
    await page.getByRole('button', { name: 'Bad', exact: true }).tap()
    await page.getByText('You rated us 2 of 5').waitFor()
    await look('rated')
    await page.getByText('Slow', { exact: true }).tap()
    await page.getByRole('button', { name: 'Send', exact: true }).first().tap()
    await page.getByText('Tell us why').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '3', exact: true }).tap()
    await page.getByText('You answered 3 of 10').waitFor()
    await look('answered')
    const { rating, ratingTags, nps } = await buyer.disputeView(disputeId)
    expect([rating, ratingTags, nps]).toEqual([2, ['slow'], { score: 3 }])
    await page.context().close()
  })
})

describe('a lead who calls somebody back', () => {
  it('reads the case, sees the number when they need it, and writes down what came of it', async () => {
    const page = await signedIn()
    await open(page, '/call-backs?view=coming')
    await page
      .getByRole('row', { name: /Complaint/ })
      .locator('a.row-link')
      .click()
    await page.getByRole('button', { name: 'Show the number' }).click()
    await page.getByRole('link', { name: '13800137391' }).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Answer every question').waitFor()
    await page.getByRole('button', { name: 'Yes', exact: true }).click()
    await page.getByRole('button', { name: '4', exact: true }).click()
    await page.locator('textarea[name=note]').fill('Thanked us for calling')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Thanked us for calling').waitFor()
    expect(await page.locator('page-call-back .badge').first().textContent()).toMatch(/reached/)
    await page.context().close()
  })
  it('changes the plan, which becomes its next version', async () => {
    const page = await signedIn()
    await open(page, '/call-backs/plan')
    const limit = page.getByLabel('A refund is large from (yuan)')
    await limit.fill('50')
    await page.getByLabel('Why it is changed').fill('Smaller refunds matter too')
    await page.getByRole('button', { name: 'Save as the next version' }).click()
    await page.getByText('Version 1').waitFor()
    expect(await page.getByText('Smaller refunds matter too').count()).toBe(1)
    await page.context().close()
  })
})

describe('a lead who improves something', () => {
  it('takes an item that opened itself from plan to act, and sees the cases before and after', async () => {
    const page = await signedIn()
    await open(page, '/improvements')
    await page.getByRole('link', { name: /The network fails/ }).click()
    const say = async (button: string, note: string) => {
      await page.getByRole('button', { name: button, exact: true }).first().click()
      await page.locator('dialog textarea[name=note]').fill(note)
      await page.locator('dialog button.primary').click()
      await page.locator('page-improvement .said', { hasText: note }).waitFor()
    }
    await say('Begin', 'A second SIM card')
    await say('Done, check it', 'Mounted on Monday')
    await page.getByText('The time after the change is shorter').waitFor()
    await say('It helped', 'No case since')
    await say('Close', 'Every cabinet gets two cards')
    await page.locator('page-improvement .badge', { hasText: 'Closed' }).waitFor()
    expect(await page.getByRole('button', { name: 'Change', exact: true }).count()).toBe(0)
    await page.context().close()
  })
})

describe('a lead who reads the report', () => {
  it('sees every figure with what it means, the days as a table, and takes a table as a file', async () => {
    const page = await signedIn()
    await open(page, '/reports')
    await page.locator('.tile.figure').first().waitFor()
    expect(await page.locator('.tile.figure').count()).toBe(19)
    await page.getByRole('button', { name: 'Show what each figure means' }).click()
    await page.getByText('those merged into others are left out').first().waitFor()
    await page.locator('.chart').getByRole('button', { name: 'Show as table' }).click()
    await page.locator('.chart table').waitFor()
    const waiting = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Tickets by type as CSV' }).click()
    expect((await waiting).suggestedFilename()).toMatch(/^types-.*\.csv$/)
    await page.context().close()
  })
})

const ROUTES = () => [
  '/call-backs?view=ended',
  `/call-backs/${callBackId}`,
  '/call-backs/plan',
  '/improvements?view=ended',
  `/improvements/${itemId}`,
  '/reports',
  `/reports/${month}`,
]
describe.each([
  ['a desk in the light', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }],
  ['a phone in the dark', { ...PHONE, colorScheme: 'dark' }],
] as const)('the pages of learning on %s', (_, options) => {
  it.each(['zh', 'en'] as const)('fit and are read aloud, in %s', async (language) => {
    const page = await signedIn(options)
    for (const route of ROUTES()) {
      await open(page, `${route}${route.includes('?') ? '&' : '?'}lang=${language}`)
      await page.locator('main h1').waitFor()
      await page.locator('main .card, main table, main .blank').first().waitFor()
      expect([route, await findViolations(page), await overflowPixels(page)]).toEqual([route, [], 0])
    }
    await page.context().close()
  })
})
