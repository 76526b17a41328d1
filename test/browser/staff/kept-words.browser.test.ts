import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { LANGUAGES, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** What somebody wrote and chose on a ticket and has not sent yet: it comes back until it is sent, and to nobody else. */
let desk: StaffDesk
let orderId: string
beforeAll(async () => {
  desk = await startStaffDesk()
  const consumer = await desk.world.consumer('王芳')
  const { session } = await shop(desk.world, consumer, [take('s4', 'water-550')])
  ;({ orderId } = await consumer.orderIn(session.sessionId, ['paid']))
}, 120_000)
afterAll(() => desk?.stop())

const aCall = () =>
  desk.ticket('agent', {
    type: 'other',
    channel: 'hotline',
    note: '柜门打不开',
    cabinetId: desk.system.cabinetId,
  })
/** One with a consumer, to whom a last reply is proposed. */
const aQuestion = () =>
  desk.ticket('agent', { type: 'order_query', channel: 'hotline', orderId, note: '多扣了钱' })

async function openResolving(page: Page) {
  await page.locator('ticket-desk').first().waitFor()
  await page.keyboard.press('e')
  const dialog = page.locator('resolve-dialog dialog[open]')
  await dialog.waitFor()
  return {
    reply: dialog.locator('textarea'),
    outcome: dialog.locator('select[name=outcome]'),
    rootCause: dialog.locator('select[name=rootCause]'),
    send: dialog.locator('#resolve-send'),
    async shut() {
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
    },
  }
}
for (const language of LANGUAGES)
  describe(`an agent who has not sent it yet (${language})`, () => {
    it('finds what was typed when the page is loaded again, until it is sent', async () => {
      const { ticket } = await aCall()
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      await page.locator('#composer').fill('您好，我们正在核实。')
      await page.reload()
      await expect.poll(() => page.locator('#composer').inputValue()).toBe('您好，我们正在核实。')
      await page.locator('#composer').press('Control+Enter')
      await page.locator('.message.from-agent').waitFor()
      await page.reload()
      await page.locator('#composer').waitFor()
      expect(await page.locator('#composer').inputValue()).toBe('')
      await done()
    })
    it('leaves no words to whoever signs in next at the same desk, and keeps them for whoever comes back', async () => {
      const { ticket } = await aCall()
      const address = `/staff/tickets/${ticket.ticketId}`
      const { page } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      const signInAs = async (name: string) => {
        await page.locator('input[name=name]').fill(name)
        await page
          .locator('input[name=password]')
          .fill(desk.system.signIns().find((one) => one.name === name)?.password ?? '')
        await page.locator('form button.primary').click()
        await page.locator('#composer').waitFor()
      }
      await page.locator('#composer').fill('您好，我们正在核实。')
      // The sign-in ended in the middle of a sentence.
      await page.context().clearCookies({ name: /^(?!lang)/ })
      await page.goto(`${desk.url}${address}`)
      await signInAs('agent')
      await expect.poll(() => page.locator('#composer').inputValue()).toBe('您好，我们正在核实。')
      await page.context().clearCookies({ name: /^(?!lang)/ })
      await page.goto(`${desk.url}${address}`)
      await signInAs('agent-en')
      expect(await page.locator('#composer').inputValue()).toBe('')
      await page.context().close()
    })
    it('finds the last reply, the outcome and the root cause again, however the dialog was shut', async () => {
      const { ticket } = await aQuestion()
      const { page, sent, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      const first = await openResolving(page)
      expect(await first.reply.inputValue()).not.toBe('')
      await first.reply.fill('您好，已核实，只扣了一次。')
      const chosen = { outcome: 'explained', rootCause: 'camera' }
      expect(await first.outcome.inputValue()).not.toBe(chosen.outcome)
      expect(await first.rootCause.inputValue()).not.toBe(chosen.rootCause)
      await first.outcome.selectOption(chosen.outcome)
      await first.rootCause.selectOption(chosen.rootCause)
      await first.shut()
      const shown = async () => {
        const { reply, outcome, rootCause } = await openResolving(page)
        return [await reply.inputValue(), await outcome.inputValue(), await rootCause.inputValue()]
      }
      const kept = ['您好，已核实，只扣了一次。', chosen.outcome, chosen.rootCause]
      expect(await shown()).toEqual(kept)
      await page.reload()
      expect(await shown()).toEqual(kept)
      await page.locator('#resolve-send').click()
      await page.locator('resolve-dialog dialog[open]').waitFor({ state: 'detached' })
      expect(sent('resolve')).toMatchObject([{ reply: '您好，已核实，只扣了一次。', ...chosen }])
      // Sent is not kept: whoever opens the ticket again is proposed what fits then.
      expect(
        await page.evaluate('Object.keys(sessionStorage).filter((key) => key.startsWith("draft/"))'),
      ).toEqual([])
      await done()
    })
    it('who emptied the last reply on purpose does not find the proposed one in it again', async () => {
      const { ticket } = await aQuestion()
      const { page, sent, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      const first = await openResolving(page)
      expect(await first.reply.inputValue()).not.toBe('')
      await first.reply.fill('')
      await first.shut()
      const second = await openResolving(page)
      expect(await second.reply.inputValue()).toBe('')
      await second.send.click()
      await page.locator('resolve-dialog dialog[open]').waitFor({ state: 'detached' })
      const [body] = sent('resolve')
      expect(body).toBeDefined()
      expect(body).not.toHaveProperty('reply')
      await done()
    })
    it('is proposed the last reply again where nothing was written', async () => {
      const { ticket } = await aQuestion()
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, language)
      const first = await openResolving(page)
      const proposed = await first.reply.inputValue()
      await first.shut()
      expect(await (await openResolving(page)).reply.inputValue()).toBe(proposed)
      await done()
    })
  })

describe('an agent whose case went on after an outcome was chosen', () => {
  it('is proposed the outcome that fits now, and keeps what was written', async () => {
    const consumer = await desk.world.consumer('Anna')
    const { session } = await shop(desk.world, consumer, [take('s4', 'water-550')])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const { disputeId } = await consumer.dispute(order.orderId, { reason: 'other', lines: [] })
    const { page, done } = await desk.open('agent', `/tickets/${disputeId}`, 'zh')
    const before = await openResolving(page)
    await before.reply.fill('您好，已为您处理。')
    await before.outcome.selectOption('no_action')
    await before.shut()
    const agent = await desk.staff('agent')
    await agent.send('POST', `orders/${order.orderId}/refunds`, {
      refundId: desk.world.ids.next('refund'),
      ticketId: disputeId,
      lines: [{ lineId: order.lines[0]?.lineId, quantity: 1 }],
      reason: 'goodwill',
      stock: 'not_returned',
      tellConsumer: true,
    })
    await eventually('the ticket back from its refund', async () => {
      const { ticket, order: refunded } = await agent.ticket(disputeId)
      return ticket.state === 'open' && refunded?.order.refunds[0]?.state === 'succeeded'
    })
    await page.reload()
    const after = await openResolving(page)
    expect(await after.outcome.inputValue()).toBe('refunded')
    expect(await after.reply.inputValue()).toBe('您好，已为您处理。')
    await done()
  })
})
