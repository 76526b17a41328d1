import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { PHONE } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { LANGUAGES, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** Somebody calls about a purchase: the page of the agent, in both languages; keys are counted. */
let desk: StaffDesk
let orderId: string
/** Paid, with a coupon that waits for a second person since before anybody called. */
let withWish: string
beforeAll(async () => {
  desk = await startStaffDesk({ policy: { callerQuestionsMost: 20, callerCodesMost: 20 } })
  const consumer = await desk.world.consumer('王芳')
  const { session } = await shop(desk.world, consumer, [take('s4', 'water-550')])
  ;({ orderId } = await consumer.orderIn(session.sessionId, ['paid']))
  const other = await desk.world.consumer('Anna')
  const visit = await shop(desk.world, other, [take('s4', 'water-550')])
  ;({ orderId: withWish } = await other.orderIn(visit.session.sessionId, ['paid']))
  const agent = await desk.staff('agent')
  await agent.send('POST', `orders/${withWish}/compensations`, {
    compensationId: desk.world.ids.next('compensation'),
    kind: 'coupon',
    amountFen: 20_000,
    reason: 'quality',
    note: 'the can leaked',
  })
}, 120_000)
afterAll(() => desk?.stop())

async function aCall(order = orderId): Promise<string> {
  const { ticket } = await desk.ticket('agent', {
    type: 'order_query',
    channel: 'hotline',
    orderId: order,
    note: '多扣了钱',
  })
  return ticket.ticketId
}
/** Somebody whom nobody has ever been found to be. */
async function aStranger(): Promise<{ order: string; ticketId: string }> {
  const buyer = await desk.world.consumer()
  const { session } = await shop(desk.world, buyer, [take('s4', 'water-550')])
  const { orderId: order } = await buyer.orderIn(session.sessionId, ['paid'])
  return { order, ticketId: await aCall(order) }
}
const codes = async () =>
  (await desk.world.phone.messages()).filter(({ template }) => template === 'caller_code')

for (const language of LANGUAGES)
  describe(`an agent on the telephone (${language})`, () => {
    it('sees nothing of the purchase, asks in one key, and sees it after four more', async () => {
      const { page, sent, done } = await desk.open('agent', `/tickets/${await aCall()}`, language)
      await page.locator('caller-card .badge.tone-warn').waitFor()
      expect(await page.locator('evidence-axis, compensation-card').count()).toBe(0)
      expect(await findViolations(page)).toEqual([])
      // v asks; space chooses, tab goes on to the next question, enter sends.
      const keys = ['v', 'Space', 'Tab', 'Space', 'Enter']
      for (const [index, key] of keys.entries()) {
        await page.keyboard.press(key)
        if (index === 0) {
          await page.locator('caller-card #caller-first:focus').waitFor()
          expect(await findViolations(page)).toEqual([])
        }
      }
      await page.locator('evidence-axis').first().waitFor()
      await page.locator('caller-card .badge.tone-ok').waitFor()
      expect(sent('answer')).toMatchObject([{ known: [true, true] }])
      expect(await findViolations(page)).toEqual([])
      await done()
    })
    it('is told that an answer was wrong, and the purchase stays away', async () => {
      const { page, done } = await desk.open('agent', `/tickets/${await aCall()}`, language)
      await page.locator('#caller-first').click()
      await page.locator('caller-card input[value=knew]').first().check()
      await page.locator('caller-card input[value=not]').last().check()
      await page.locator('caller-card form button.primary').click()
      await page.locator('caller-card .strip.tone-warn').waitFor()
      expect(await page.locator('evidence-axis').count()).toBe(0)
      await done()
    })
    it('types the code that the buyer reads out', async () => {
      const before = (await codes()).length
      const { page, done } = await desk.open('agent', `/tickets/${await aCall()}`, language)
      await page
        .locator('caller-card button', { hasText: language === 'zh' ? '发送验证码' : 'Send a code' })
        .click()
      const message = await eventually('the code', async () => (await codes())[before])
      const [code = ''] = /\d{6}/.exec(message.text) ?? []
      await page.locator('caller-card input[name=code]').fill(code === '000000' ? '000001' : '000000')
      await page.keyboard.press('Enter')
      await page
        .locator('caller-card', { hasText: language === 'zh' ? '还可尝试 4 次' : 'tries left: 4' })
        .waitFor()
      expect(await findViolations(page)).toEqual([])
      await page.locator('caller-card input[name=code]').fill(`${code.slice(0, 3)} ${code.slice(3)}`)
      await page.keyboard.press('Enter')
      await page.locator('evidence-axis').first().waitFor()
      await done()
    })
    it('is led from the order to the ticket on which to ask', async () => {
      const { order, ticketId } = await aStranger()
      const { page, problems } = await desk.open('agent', `/orders/${order}`, language)
      const link = page.getByRole('link', { name: language === 'zh' ? '打开工单' : 'Open the ticket' })
      await link.waitFor()
      expect(await link.getAttribute('href')).toContain(`/tickets/${ticketId}`)
      expect(await findViolations(page)).toEqual([])
      // The refusal itself is what the browser notes.
      expect(problems.every((problem) => problem.includes('403'))).toBe(true)
      await page.context().close()
    })
    it('reads in the list of orders and at the cabinet that the amount is not shown yet', async () => {
      const { order } = await aStranger()
      const hidden = language === 'zh' ? '暂不显示' : 'not shown yet'
      const { page, done } = await desk.open('agent', '/orders', language, PHONE)
      const row = page.locator('tbody tr', { has: page.locator(`a[href$="${order}"]`) })
      await row.getByRole('cell', { name: hidden }).first().waitFor()
      expect(await row.innerText()).not.toMatch(/[¥￥]/)
      expect(await overflowPixels(page)).toBeLessThanOrEqual(0)
      expect(await findViolations(page)).toEqual([])
      await done()
      const cabinet = await desk.open('agent', `/cabinets/${desk.system.cabinetId}`, language)
      const visit = cabinet.page.locator('.area-sessions tr', {
        has: cabinet.page.locator(`a[href$="${order}"]`),
      })
      await visit.getByRole('cell', { name: hidden }).waitFor()
      expect(await findViolations(cabinet.page)).toEqual([])
      await cabinet.done()
    })
    it('reads among what waits for a second person that it is decided once it is known who calls', async () => {
      await aCall(withWish)
      const { page, done } = await desk.open('lead', '/approvals', language, PHONE)
      const card = page.locator('page-approvals .card', { has: page.locator(`a[href$="${withWish}"]`) })
      await card
        .getByText(language === 'zh' ? '核实来电人之后才能审批' : 'It is decided once it is known')
        .waitFor()
      expect(await card.innerText()).not.toMatch(/[¥￥]|leaked/)
      expect(
        await card
          .getByRole('button')
          .filter({ hasText: /Approve|批准/ })
          .count(),
      ).toBe(0)
      expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
      await done()
    })
    it('fits on a phone', async () => {
      const { page, done } = await desk.open('agent', `/tickets/${await aCall()}`, language, PHONE)
      await page.locator('#caller-first').click()
      await page.locator('caller-card fieldset').first().waitFor()
      expect(await overflowPixels(page)).toBeLessThanOrEqual(0)
      await done()
    })
  })

describe('a lead', () => {
  it('goes on without questions, with a reason', async () => {
    const { page, sent, done } = await desk.open('lead', `/tickets/${await aCall()}`, 'en')
    await page.getByRole('button', { name: 'Go on without' }).click()
    await page.keyboard.type('The site knows them')
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'I answer for it' }).click()
    await page.locator('evidence-axis').first().waitFor()
    expect(sent('vouch')).toEqual([{ reason: 'The site knows them' }])
    await done()
  })
})
