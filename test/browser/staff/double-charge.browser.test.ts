import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderView } from '#protocol/api/consumer.ts'
import { refundIn } from '#test/scenarios/money-steps.ts'
import { paymentsOf, refundsOf, shop, take } from '#test/scenarios/steps.ts'
import type { Consumer } from '#test/scenarios/world.ts'
import { eventually } from '#test/support/eventually.ts'
import { type DeskPage, LANGUAGES, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/**
 * A second payment that the rule could not give back, because the provider refused it for good: the one double charge that a
 * person settles. Clicks and keys are counted from the open ticket to its end, and the books of the provider say what became of it.
 */
let desk: StaffDesk
let consumer: Consumer
beforeAll(async () => {
  desk = await startStaffDesk({ policy: { agentRefundFen: 1500 } })
  consumer = await desk.world.consumer('王芳')
}, 120_000)
afterAll(() => desk?.stop())

async function aDoubleCharge(): Promise<{ ticketId: string; order: OrderView }> {
  const { provider } = desk.world
  await provider.fault({ kind: 'double_payment', match: { openid: consumer.openid } })
  await provider.fault({ kind: 'refund_account_abnormal', match: { openid: consumer.openid } })
  const { session } = await shop(desk.world, consumer, [take('s4', 'juice-orange')])
  const { orderId } = await consumer.orderIn(session.sessionId, ['paid'], 30_000)
  const order = await refundIn(consumer, orderId, 'rejected')
  const agent = await desk.staff('agent')
  const { ticketId } = await eventually('the ticket that the refusal opens', async () =>
    (await agent.tickets()).find((one) => one.orderId === orderId && one.type === 'double_charge'),
  )
  return { ticketId, order }
}
/** One payment stays, the other went back whole, once. */
async function isSettled(order: OrderView): Promise<void> {
  await refundIn(consumer, order.orderId, 'succeeded')
  const books = await desk.world.provider.books()
  const ofOrder = ({ outOrderNo }: { outOrderNo: string }) => outOrderNo === order.orderId
  expect(paymentsOf(books, consumer).filter(ofOrder)).toHaveLength(2)
  expect(
    refundsOf(books, consumer)
      .filter(ofOrder)
      .map(({ amountFen }) => amountFen),
  ).toEqual([order.totalFen])
}
const isAnswered = ({ sent }: DeskPage, order: OrderView) => {
  expect(sent('refunds')).toMatchObject([
    { amountFen: order.totalFen, reason: 'duplicate', tellConsumer: true },
  ])
  expect(sent('resolve')).toMatchObject([
    { outcome: 'refunded', rootCause: 'provider', reply: expect.stringContaining('第二笔') },
  ])
}

describe('a consumer was charged twice', () => {
  it.each(LANGUAGES)(
    'is refunded, answered and closed in four clicks, on one page (%s)',
    async (language) => {
      const { ticketId, order } = await aDoubleCharge()
      const opened = await desk.open('agent', `/tickets/${ticketId}`, language)
      const { page } = opened
      let clicks = 0
      const click = async (selector: string) => {
        clicks++
        await page.locator(selector).click()
      }
      await click('.advice .button')
      await click('#refund-send:enabled')
      await click('#refund-next')
      await click('#resolve-send:enabled')
      await page.locator('.outcome').first().waitFor()
      expect(clicks).toBeLessThanOrEqual(4)
      expect(new URL(page.url()).pathname).toBe(`/staff/tickets/${ticketId}`)
      isAnswered(opened, order)
      await isSettled(order)
      await opened.done()
    },
  )

  it('who asks is not told that it comes, and is refunded, answered and closed in four keys', async () => {
    const { order } = await aDoubleCharge()
    const { disputeId, state } = await consumer.dispute(order.orderId, { reason: 'charged_twice', lines: [] })
    expect(state).toBe('in_review')
    const opened = await desk.open('agent', `/tickets/${disputeId}`, 'zh')
    const { page } = opened
    await page.locator('.advice .button').waitFor()
    const keys = ['r', 'Enter', 'Enter', 'Enter']
    const ready = [
      '#refund-send:focus:enabled',
      '#refund-next:focus',
      '#resolve-send:focus:enabled',
      '.outcome',
    ]
    for (const [index, key] of keys.entries()) {
      await page.keyboard.press(key)
      await page
        .locator(ready[index] ?? 'body')
        .first()
        .waitFor()
    }
    expect(keys.length).toBeLessThanOrEqual(6)
    isAnswered(opened, order)
    await isSettled(order)
    await opened.done()
  })
})

describe('a refund', () => {
  it('is never offered above what was paid, and is carried out once though its answer was lost', async () => {
    const { ticketId, order } = await aDoubleCharge()
    const { page, sent } = await desk.open('agent', `/tickets/${ticketId}`, 'en')
    await page.locator('.advice .button').click()
    await page.locator('#refund-send:enabled').waitFor()
    const amount = page.locator('refund-dialog input[type=number]')
    const advised = await amount.inputValue()
    await amount.fill('500')
    await amount.press('Tab')
    await page.locator('.calculation .tone-text-bad').waitFor()
    expect(await page.locator('#refund-send').isEnabled()).toBe(false)
    await amount.fill(advised)
    await amount.press('Tab')
    await page.locator('#refund-send:enabled').waitFor()
    // Carried out, and the answer lost on its way.
    await page.route(
      '**/refunds',
      async (route) => {
        await route.fetch()
        await route.abort('connectionreset')
      },
      { times: 1 },
    )
    await page.locator('#refund-send').click()
    const alert = page.locator('refund-dialog [role=alert]')
    await alert.waitFor()
    expect(await alert.innerText()).toContain('nobody knows yet')
    expect(await page.locator('refund-dialog .badge.tone-ok').count()).toBe(0)
    await page.locator('#refund-send').click()
    await page.locator('#refund-next').waitFor()
    const [first, second] = sent('refunds')
    expect(second).toEqual(first)
    await isSettled(order)
    await page.context().close()
  })

  it('above the authority of an agent is asked for, and waits for a lead', async () => {
    const { session } = await shop(desk.world, consumer, [take('s2', 'salad-chicken')])
    const order = await consumer.orderIn(session.sessionId, ['paid'], 30_000)
    const { disputeId } = await consumer.dispute(order.orderId, { reason: 'quality', lines: [] })
    const { page, done } = await desk.open('agent', `/tickets/${disputeId}`, 'en')
    await page.locator('.bench-money .ledger').first().waitFor()
    await page.keyboard.press('r')
    await page.getByRole('button', { name: /^Ask for approval of ¥/ }).click()
    await page.locator('#refund-next').waitFor()
    const view = await consumer.order(order.orderId)
    expect(view.refunds.map(({ state }) => state)).toEqual(['awaiting_approval'])
    await done()
  })
})
