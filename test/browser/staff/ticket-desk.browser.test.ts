import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildConsole } from '#scripts/build-console.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, launchBrowser, openWatchedPage, type WatchedPage } from '#test/support/browser.ts'
import { createFakeStaffInterface, type FakeStaffInterface } from './fake-staff-interface.ts'
import { aTask, NOW_MS } from './staff-fixtures.ts'

/** The case beside the conversation, in both languages; keys and clicks are counted. */
let browser: Browser
let dist: string
let fake: FakeStaffInterface
let url: string
beforeAll(async () => {
  dist = (await buildConsole()).folder
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
beforeEach(async () => {
  fake = await createFakeStaffInterface(dist)
  url = await fake.app.listen({ port: 0, host: '127.0.0.1' })
  return () => fake.close()
})

const LANGUAGES = ['zh', 'en'] as const
async function desk(
  path: string,
  language: (typeof LANGUAGES)[number],
  more: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  const options = { ...DESK, viewport: { width: 1440, height: 900 }, locale, ...more }
  const watched = await openWatchedPage(browser, options, url)
  const { page } = watched
  await page.clock.install({ time: NOW_MS })
  await page.clock.resume()
  await page.context().addCookies([{ name: 'lang', value: language, url }])
  await page.goto(`${url}/staff${path}`)
  await page.waitForSelector('h1')
  return watched
}
async function done({ page, problems }: WatchedPage): Promise<void> {
  expect(problems).toEqual([])
  await page.context().close()
}
const sent = (what: string) => fake.sent.filter((entry) => entry.what === what).map((entry) => entry.body)
const withEverything = () => {
  fake.desk = {
    viewers: [{ staffId: 'st-wang', displayName: '王芳', doing: 'refunding', untilMs: NOW_MS + 60_000 }],
    tasks: [
      aTask({
        step: 1,
        audience: 'agent',
        state: 'done',
        doneBy: '李敏',
        doneAtMs: NOW_MS - 60_000,
        actions: [],
      }),
      aTask({ taskId: 'ts-2', step: 2 }),
      aTask({ taskId: 'ts-3', step: 3, audience: 'operator', dueAtMs: NOW_MS - 60_000, actions: [] }),
    ],
    alike: [
      {
        ticketId: 'tk-1042',
        number: 1042,
        type: 'charged_twice',
        openedAtMs: NOW_MS,
        because: ['session', 'consumer'],
      },
    ],
    incident: { incidentId: 'in-1', raisedAtMs: NOW_MS - 600_000, resolvedAtMs: null },
    intake: [
      { key: 'problem', label: { zh: '问题', en: 'What is wrong' }, text: { zh: '变质', en: 'Spoiled' } },
    ],
    callerPhoneTail: '7391',
  }
  for (const ticket of fake.tickets) ticket.owner = { staffId: 'st-li', displayName: '李敏' }
}
/** What reaches furthest, so that a failure names it. */
function widest(page: Page): Promise<string> {
  return page.evaluate<string>(
    `[...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(-3)
      .map((one) => one.tagName + '.' + one.className + ' ' + (one.textContent ?? '').slice(0, 40)).join(' | ')`,
  )
}
async function actions(page: Page): Promise<void> {
  await page.locator('ticket-desk').first().waitFor()
}

for (const language of LANGUAGES)
  describe(`an agent (${language})`, () => {
    it('puts a ticket off in two keys', async () => {
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      await actions(page)
      await page.keyboard.press('z')
      await page.locator('ticket-action-dialog dialog[open]').waitFor()
      await page.keyboard.press('Enter')
      await expect.poll(() => sent('snooze')).toMatchObject([{ kind: 'until' }])
      await page.locator('.strip', { hasText: language === 'zh' ? '延后' : 'Put off' }).waitFor()
      await done(watched)
    })
    it('asks a technician in one key, the words and one more key', async () => {
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      await actions(page)
      await page.keyboard.press('w')
      await page.locator('ticket-action-dialog textarea').fill('看一下风扇')
      await page.locator('#ticket-action-send').press('Enter')
      await expect
        .poll(() => sent('tasks'))
        .toMatchObject([{ audience: 'technician', text: '看一下风扇', dueAtMs: expect.any(Number) }])
      await done(watched)
    })
    it('merges what was suggested in two clicks and a reason', async () => {
      withEverything()
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      await page
        .getByRole('button', { name: language === 'zh' ? '合并到 #1042' : 'Merge into #1042' })
        .click()
      await page.locator('ticket-action-dialog input[name=reason]').fill('同一问题')
      await page.locator('#ticket-action-send').click()
      await expect.poll(() => sent('merge')).toMatchObject([{ intoTicketId: 'tk-1042', reason: '同一问题' }])
      await done(watched)
    })
    it('sees at once that somebody else refunds, and what the caller and the steps are', async () => {
      withEverything()
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      const warning = page.locator('.viewers .strip')
      await warning.waitFor()
      expect(await warning.innerText()).toContain(language === 'zh' ? '王芳 正在退款' : '王芳 is refunding')
      fake.tell({ kind: 'desk', subjectId: 'tk-1041', data: { viewers: [] } })
      await warning.waitFor({ state: 'detached' })
      expect(await page.locator('ticket-desk').innerText()).toContain('7391')
      expect(await page.locator('ticket-desk .task').count()).toBe(3)
      await done(watched)
    })
    it('is told what changed when somebody was faster, and keeps every word', async () => {
      fake.changes = [{ version: 2, atMs: NOW_MS, by: '王芳', what: 'claimed', values: {} }]
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      await page.locator('#composer').fill('您好，我们正在核实。')
      const ticket = fake.tickets.find(({ ticketId }) => ticketId === 'tk-1041')
      if (ticket) ticket.version = 9
      await page.locator('#composer').press('Control+Enter')
      const alert = page.locator('.composer [role=alert]')
      await alert.waitFor()
      expect(await alert.innerText()).toContain(language === 'zh' ? '王芳 接手' : 'Taken by 王芳')
      expect(await page.locator('#composer').inputValue()).toBe('您好，我们正在核实。')
      await page.context().close()
    })
    it('finds what was typed when the page is loaded again, until it is sent', async () => {
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      await page.locator('#composer').fill('您好，我们正在核实。')
      await page.reload()
      await expect.poll(() => page.locator('#composer').inputValue()).toBe('您好，我们正在核实。')
      await page.locator('#composer').press('Control+Enter')
      await page.locator('.message.from-agent').waitFor()
      await page.reload()
      await page.locator('#composer').waitFor()
      expect(await page.locator('#composer').inputValue()).toBe('')
      await done(watched)
    })
    it('says to others that an answer is being written', async () => {
      const watched = await desk('/tickets/tk-1041', language)
      const { page } = watched
      await page.locator('#composer').fill('您')
      await expect.poll(() => sent('presence').map((body) => body['doing'])).toEqual(['viewing', 'replying'])
      await done(watched)
    })
    it('enters a call by the fields of its type, and lands on the ticket', async () => {
      const watched = await desk('/tickets', language)
      const { page } = watched
      await page.getByRole('button', { name: language === 'zh' ? '新建工单' : 'New ticket' }).click()
      const dialog = page.locator('new-ticket-dialog dialog[open]')
      await dialog.locator('select[name=type]').selectOption('temperature')
      await dialog.locator('input[name=intake-cabinetId]').fill('cab-001')
      await dialog.locator('input[name=intake-wantedDeciCelsius]').fill('2.5')
      await dialog.locator('input[name=callerPhone]').fill('13800137391')
      await dialog.locator('textarea[name=note]').fill('热')
      await dialog.locator('button.primary').click()
      await page.waitForURL('**/tickets/tk-1060')
      expect(sent('create')).toMatchObject([
        {
          type: 'temperature',
          channel: 'hotline',
          callerPhone: '13800137391',
          intake: { cabinetId: 'cab-001', wantedDeciCelsius: 25 },
        },
      ])
      await done(watched)
    })
    it('does a task in one click', async () => {
      const watched = await desk('/tasks', language)
      const { page } = watched
      await page.getByRole('button', { name: language === 'zh' ? '完成' : 'Done', exact: true }).click()
      await page.locator('.blank').waitFor()
      expect(sent('task done')).toMatchObject([{ version: 1 }])
      await done(watched)
    })
  })

for (const language of LANGUAGES)
  describe(`an operator (${language})`, () => {
    it('sets the temperature inside the ticket in two clicks and reads what the cabinet says', async () => {
      fake.role = 'operator'
      const watched = await desk('/tickets/tk-1044', language)
      const { page } = watched
      const card = page.locator('setpoint-card')
      await card.getByRole('button', { name: language === 'zh' ? /低/ : 'Half a degree colder' }).click()
      await card.locator('button.primary').click()
      await page.locator('.strip', { hasText: '3.5' }).waitFor()
      expect(sent('ticket setpoint')).toMatchObject([{ setpointDeciCelsius: 35, expectedVersion: 3 }])
      fake.desk = { ...fake.desk, device: null }
      fake.messages.push({
        messageId: 'ms-9',
        atMs: NOW_MS,
        from: 'system',
        text: '',
        key: 'message.device_applied',
        values: { wanted: '3.5' },
        isInternal: false,
      })
      fake.tell({ kind: 'ticket', subjectId: 'tk-1044' })
      await page
        .locator('.message', { hasText: language === 'zh' ? '货柜已按 3.5 °C 运行' : 'keeps 3.5 °C now' })
        .waitFor()
      await done(watched)
    })
    it('writes again without templates or notes', async () => {
      fake.role = 'operator'
      const watched = await desk('/tickets/tk-1044', language)
      const { page } = watched
      await page.locator('#composer').fill('还是热')
      expect(await page.locator('.composer kbd').count()).toBe(0)
      await page.context().close()
    })
  })

describe('the case with everything in it', () => {
  for (const [language, colorScheme] of [
    ['zh', 'dark'],
    ['en', 'light'],
  ] as const)
    it(`passes axe with each of its dialogs (${language}, ${colorScheme}) and fits a phone`, async () => {
      withEverything()
      const watched = await desk('/tickets/tk-1041', language, { bypassCSP: true, colorScheme })
      const { page } = watched
      await actions(page)
      const found: Record<string, string[]> = {}
      const look = async (name: string) => {
        const violations = await findViolations(page)
        if (violations.length > 0) found[name] = violations
      }
      for (const summary of await page.locator('ticket-desk summary').all()) await summary.click()
      await look('case')
      for (const button of await page.locator('ticket-desk > section > .row button.button').all()) {
        const name = await button.innerText()
        await button.click()
        await page.locator('ticket-action-dialog dialog[open]').waitFor()
        await look(name)
        await page.keyboard.press('Escape')
        await page.locator('ticket-action-dialog dialog[open]').waitFor({ state: 'detached' })
      }
      expect(found).toEqual({})
      await page.setViewportSize({ width: 320, height: 800 })
      expect(await overflowPixels(page), await widest(page)).toBe(0)
      await done(watched)
    })
})
