import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { eventually } from '#test/support/eventually.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { LANGUAGES, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** The case beside the conversation, in both languages; keys and clicks are counted. */
let desk: StaffDesk
let orderId: string
beforeAll(async () => {
  desk = await startStaffDesk({ policy: { setpointPauseMs: 0 } })
  const consumer = await desk.world.consumer('王芳')
  const { session } = await shop(desk.world, consumer, [take('s4', 'water-550')])
  ;({ orderId } = await consumer.orderIn(session.sessionId, ['paid']))
}, 120_000)
afterAll(() => desk?.stop())

const aCall = (wish: object = {}): Promise<TicketDetail> =>
  desk.ticket('agent', {
    type: 'other',
    channel: 'hotline',
    note: '柜门打不开',
    cabinetId: desk.system.cabinetId,
    ...wish,
  })
/** Two calls about one order: the second is suggested for the first. */
async function aCallTwice(): Promise<{ ticketId: string; other: TicketDetail['ticket'] }> {
  const wish = { type: 'order_query', orderId, note: '多扣了钱' }
  const { ticket: other } = await aCall(wish)
  const { ticket } = await aCall(wish)
  return { ticketId: ticket.ticketId, other }
}
/** Steps across roles, an incident, and somebody on the telephone. */
const anEmergency = () =>
  aCall({
    type: 'emergency',
    callerPhone: '13800137391',
    intake: { cabinetId: desk.system.cabinetId, kind: 'power', isDanger: false },
  })
/** Somebody else has the ticket open. */
async function look(ticketId: string, doing: 'refunding' | 'left'): Promise<void> {
  const other = await desk.staff('agent-en')
  await other.send('POST', `tickets/${ticketId}/presence`, { tab: 'the-other-one', doing })
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
      const { ticket } = await aCall()
      const { page, sent, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await actions(page)
      await page.keyboard.press('z')
      await page.locator('ticket-action-dialog dialog[open]').waitFor()
      await page.keyboard.press('Enter')
      await page.locator('.strip', { hasText: language === 'zh' ? '延后' : 'Put off' }).waitFor()
      expect(sent('snooze')).toMatchObject([{ kind: 'until' }])
      await done()
    })
    it('asks a technician in one key, the words and one more key', async () => {
      const { ticket } = await aCall()
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await actions(page)
      await page.keyboard.press('w')
      await page.locator('ticket-action-dialog textarea').fill('看一下风扇')
      await page.locator('#ticket-action-send').press('Enter')
      await page.locator('ticket-desk .task', { hasText: '看一下风扇' }).waitFor()
      const agent = await desk.staff('agent')
      expect((await agent.ticket(ticket.ticketId)).desk.tasks).toMatchObject([
        { audience: 'technician', state: 'open', dueAtMs: expect.any(Number) },
      ])
      await done()
    })
    it('merges what was suggested in two clicks and a reason', async () => {
      const { ticketId, other } = await aCallTwice()
      const { page, sent, done } = await desk.open('agent', `/tickets/${ticketId}`, language)
      const merge = language === 'zh' ? `合并到 #${other.number}` : `Merge into #${other.number}`
      await page.getByRole('button', { name: merge }).click()
      await page.locator('ticket-action-dialog input[name=reason]').fill('同一问题')
      await page.locator('#ticket-action-send').click()
      const agent = await desk.staff('agent')
      await eventually(
        'the merged ticket',
        async () => (await agent.ticket(ticketId)).ticket.state === 'merged',
      )
      expect(sent('merge')).toMatchObject([{ intoTicketId: other.ticketId, reason: '同一问题' }])
      await done()
    })
    it('sees at once that somebody else refunds, and what the caller and the steps are', async () => {
      const { ticket } = await anEmergency()
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await actions(page)
      await look(ticket.ticketId, 'refunding')
      const warning = page.locator('.viewers .strip')
      await warning.waitFor()
      expect(await warning.innerText()).toContain(
        language === 'zh' ? 'Alice (agent) 正在退款' : 'Alice (agent) is refunding',
      )
      await look(ticket.ticketId, 'left')
      await warning.waitFor({ state: 'detached' })
      expect(await page.locator('ticket-desk').innerText()).toContain('7391')
      expect(await page.locator('ticket-desk .task').count()).toBeGreaterThanOrEqual(3)
      await done()
    })
    it('is told what changed when somebody was faster, and keeps every word', async () => {
      const { ticket } = await aCall()
      const { page } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await page.locator('#composer').fill('您好，我们正在核实。')
      // The other one takes it while the reply is on its way.
      await page.route(
        '**/reply',
        async (route) => {
          const other = await desk.staff('agent-en')
          await other.send('POST', `tickets/${ticket.ticketId}/claim`, { version: ticket.version })
          await route.continue()
        },
        { times: 1 },
      )
      await page.locator('#composer').press('Control+Enter')
      const alert = page.locator('.composer [role=alert]')
      await alert.waitFor()
      expect(await alert.innerText()).toContain(
        language === 'zh' ? 'Alice (agent) 接手' : 'Taken by Alice (agent)',
      )
      expect(await page.locator('#composer').inputValue()).toBe('您好，我们正在核实。')
      const loaded = page.waitForResponse((response) =>
        response.url().endsWith(`/tickets/${ticket.ticketId}`),
      )
      await alert.getByRole('button').click()
      await loaded
      await alert.waitFor({ state: 'detached' })
      await page.locator('#composer').press('Control+Enter')
      await page.locator('.message.from-agent').waitFor()
      await page.context().close()
    })
    it('reads in an open dialog what a colleague did, keeps every word, and goes on with one more key', async () => {
      const { ticket } = await aCall()
      const { page, sent, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await actions(page)
      await page.keyboard.press('w')
      await page.locator('ticket-action-dialog textarea').fill('看一下风扇')
      // Shut by accident, it comes back with the words.
      await page.keyboard.press('Escape')
      await page.locator('ticket-action-dialog dialog[open]').waitFor({ state: 'detached' })
      await page.keyboard.press('w')
      await page.locator('ticket-action-dialog dialog[open]').waitFor()
      expect(await page.locator('ticket-action-dialog textarea').inputValue()).toBe('看一下风扇')
      const other = await desk.staff('agent-en')
      await other.send('POST', `tickets/${ticket.ticketId}/claim`, { version: ticket.version })
      const told = page.locator('ticket-action-dialog .strip', {
        hasText: language === 'zh' ? 'Alice (agent) 接手' : 'Taken by Alice (agent)',
      })
      await told.waitFor()
      await page.locator('#ticket-action-send').press('Enter')
      await page
        .locator('#ticket-action-send', { hasText: language === 'zh' ? '已了解' : 'I have read it' })
        .waitFor()
      expect(sent('tasks')).toEqual([])
      await page.locator('#ticket-action-send').press('Enter')
      await page.locator('ticket-desk .task', { hasText: '看一下风扇' }).waitFor()
      await done()
    })
    it('takes it and answers faster than the core says that it is taken, and is no stranger to themselves', async () => {
      const { ticket } = await aCall()
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await actions(page)
      const typed = Promise.withResolvers<void>()
      await page.route('**/claim', async (route) => {
        const answer = await route.fetch()
        await typed.promise
        await route.fulfill({ response: answer })
      })
      // Loading again is slower still: what was answered is shown all the same.
      await page.route(`**/api/staff/tickets/${ticket.ticketId}`, () => undefined)
      await page.keyboard.press('c')
      await page.locator('#composer').fill('您好，我们正在核实。')
      await page.locator('#composer').press('Control+Enter')
      typed.resolve()
      await page.locator('.message.from-agent').waitFor()
      expect(await page.locator('[role=alert]').count()).toBe(0)
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await done()
    })
    it('says to others that an answer is being written', async () => {
      const { ticket } = await aCall()
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      const other = await desk.staff('agent-en')
      const seen = async () =>
        (await other.ticket(ticket.ticketId)).desk.viewers.map(({ doing }) => doing).join()
      await eventually('one who looks', async () => (await seen()) === 'viewing')
      await page.locator('#composer').fill('您')
      await eventually('one who replies', async () => (await seen()) === 'replying')
      await done()
    })
    it('enters a call by the fields of its type, and lands on the ticket', async () => {
      const { page, done } = await desk.open('agent', '/tickets', language)
      await page.getByRole('button', { name: language === 'zh' ? '新建工单' : 'New ticket' }).click()
      const dialog = page.locator('new-ticket-dialog dialog[open]')
      await dialog.locator('select[name=type]').selectOption('temperature')
      await dialog.locator('input[name=intake-cabinetId]').fill(desk.system.cabinetId)
      await dialog.locator('input[name=intake-wantedDeciCelsius]').fill('2.5')
      await dialog.locator('input[name=callerPhone]').fill('13800137391')
      await dialog.locator('textarea[name=note]').fill('热')
      await dialog.locator('button.primary').click()
      await page.waitForURL('**/tickets/tk*')
      const agent = await desk.staff('agent')
      const entered = await agent.ticket(page.url().split('/').at(-1) ?? '')
      expect(entered.ticket).toMatchObject({ type: 'temperature', cabinetId: desk.system.cabinetId })
      expect(entered.desk).toMatchObject({ callerPhoneTail: '7391' })
      expect(entered.desk.intake.map(({ text }) => text.en).join(' ')).toContain('2.5')
      const { cabinet } = await agent.cabinet()
      expect(entered.desk.intake.find(({ key }) => key === 'cabinetId')?.text).toEqual(cabinet.name)
      await done()
    })
    it('does a task in one click', async () => {
      const { ticket } = await aCall()
      const agent = await desk.staff('agent')
      const text = `Call them back in ${language}`
      await agent.send('POST', `tickets/${ticket.ticketId}/tasks`, {
        requestId: desk.world.ids.next('request'),
        version: ticket.version,
        audience: 'agent',
        text,
        dueAtMs: ticket.openedAtMs + 3_600_000,
      })
      const { page, done } = await desk.open('agent', '/tasks', language)
      const row = page.locator('main li, main tr', { hasText: text })
      await row.getByRole('button', { name: language === 'zh' ? '完成' : 'Done', exact: true }).click()
      await row.waitFor({ state: 'detached' })
      const [task] = (await agent.ticket(ticket.ticketId)).desk.tasks
      expect(task?.state).toBe('done')
      await done()
    })
  })

for (const language of LANGUAGES)
  describe(`an operator (${language})`, () => {
    const aWarmOne = () =>
      desk.ticket('operator', {
        type: 'temperature',
        note: '饮料不够凉',
        intake: { cabinetId: desk.system.cabinetId, wantedDeciCelsius: 30 },
      })
    it('sets the temperature inside the ticket in two clicks and reads what the cabinet says', async () => {
      const { ticket } = await aWarmOne()
      const { page, sent, done } = await desk.open('operator', `/tickets/${ticket.ticketId}`, language)
      const card = page.locator('setpoint-card')
      await card.getByRole('button', { name: language === 'zh' ? /低/ : 'Half a degree colder' }).click()
      await card.locator('button.primary').click()
      await page
        .locator('.message', {
          hasText: language === 'zh' ? /货柜已按 [\d.]+ °C 运行/ : /keeps [\d.]+ °C now/,
        })
        .waitFor({ timeout: 20_000 })
      expect(sent('setpoint')).toHaveLength(1)
      await done()
    })
    it('sees no door that stays shut for them', async () => {
      const shut = language === 'zh' ? '无权查看此页面' : 'may not see this page'
      const { page, done } = await desk.open('operator', '/', language)
      const doors = page.locator('nav.rail a')
      await doors.first().waitFor()
      const addresses: string[] = []
      for (const door of await doors.all()) addresses.push((await door.getAttribute('href')) ?? '')
      expect(addresses).toContain('/staff/tickets')
      for (const address of addresses) {
        await page.goto(`${desk.url}${address}`)
        await page.locator('h1').first().waitFor()
        await page.waitForLoadState('load')
        await expect.poll(() => page.locator('main [aria-busy=true]').count(), { message: address }).toBe(0)
        expect(await page.locator('main .blank[role=alert]').count(), address).toBe(0)
        expect(await page.locator('h1').first().innerText()).not.toContain(shut)
      }
      await page.goto(`${desk.url}/staff/audit`)
      await expect.poll(() => page.locator('h1').first().innerText()).toContain(shut)
      await done()
    })
    it('writes again without templates or notes', async () => {
      const { ticket } = await aWarmOne()
      const { page, done } = await desk.open('operator', `/tickets/${ticket.ticketId}`, language)
      await page.locator('#composer').fill('还是热')
      expect(await page.locator('.composer kbd').count()).toBe(0)
      await done()
    })
  })

describe('the case with everything in it', () => {
  for (const [language, colorScheme] of [
    ['zh', 'dark'],
    ['en', 'light'],
  ] as const)
    it(`passes axe with each of its dialogs (${language}, ${colorScheme}) and fits a phone`, async () => {
      const cases = [(await anEmergency()).ticket.ticketId, (await aCallTwice()).ticketId]
      for (const ticketId of cases) {
        await look(ticketId, 'refunding')
        const { page, done } = await desk.open('agent', `/tickets/${ticketId}`, language, {
          bypassCSP: true,
          colorScheme,
        })
        await actions(page)
        await page.locator('.viewers .strip').waitFor()
        const found: Record<string, string[]> = {}
        const judge = async (name: string) => {
          const violations = await findViolations(page)
          if (violations.length > 0) found[name] = violations
        }
        for (const summary of await page.locator('ticket-desk summary').all()) await summary.click()
        await judge('case')
        for (const button of await page.locator('ticket-desk > section > .row button.button').all()) {
          const name = await button.innerText()
          await button.click()
          await page.locator('ticket-action-dialog dialog[open]').waitFor()
          await judge(name)
          await page.keyboard.press('Escape')
          await page.locator('ticket-action-dialog dialog[open]').waitFor({ state: 'detached' })
        }
        expect(found).toEqual({})
        await page.setViewportSize({ width: 320, height: 800 })
        expect(await overflowPixels(page), await widest(page)).toBe(0)
        await done()
      }
    }, 60_000)
})
