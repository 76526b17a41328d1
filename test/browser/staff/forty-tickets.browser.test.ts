import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVisitor } from '#test/support/browserless.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import type { Consumer } from '#test/scenarios/world.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { eventually } from '#test/support/eventually.ts'
import { type DeskPage, type Language, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/**
 * A tired agent and a full queue: from the first ticket to the last with keys alone, without going back to the list. What is done is
 * what the kind of ticket needs; the keys are counted for each.
 */
type Kind = 'refund' | 'answer' | 'close' | 'putOff'
/** The most keys that a ticket of a kind may take, from its page to that of the next (docs/reference/goals-of-use.md). */
const MOST_KEYS: Readonly<Record<Kind, number>> = { refund: 5, answer: 7, close: 3, putOff: 2 }
const SKUS = ['water-550', 'juice-orange'] as const

let desk: StaffDesk
let consumer: Consumer
beforeAll(async () => {
  desk = await startStaffDesk({ policy: { complaintLookMs: 1000 } })
  consumer = await desk.world.consumer('王芳')
}, 120_000)
afterAll(() => desk?.stop())

interface Queue {
  readonly disputedOrders: number
  readonly complaints: number
  readonly calls: number
  readonly questions: number
}
const WALKS: ReadonlyArray<{ language: Language; queue: Queue; count: number }> = [
  { language: 'zh', queue: { disputedOrders: 3, complaints: 1, calls: 25, questions: 8 }, count: 40 },
  { language: 'en', queue: { disputedOrders: 1, complaints: 0, calls: 6, questions: 2 }, count: 10 },
]

/** What callers, consumers and the provider bring in. @returns the kind of each ticket */
async function fill(queue: Queue): Promise<Map<string, Kind>> {
  const kinds = new Map<string, Kind>()
  for (let visit = 0; visit < queue.disputedOrders; visit++) {
    const { session } = await shop(
      desk.world,
      consumer,
      SKUS.map((sku) => take('s4', sku)),
    )
    const order = await consumer.orderIn(session.sessionId, ['paid'], 30_000)
    for (const line of order.lines) {
      const { disputeId } = await consumer.dispute(order.orderId, {
        reason: 'quality',
        lines: [{ lineId: line.lineId, quantity: 1 }],
        note: '有异味',
      })
      kinds.set(disputeId, 'refund')
    }
    if (visit < queue.complaints) kinds.set(await complaint(order.orderId), 'answer')
  }
  for (let call = 0; call < queue.calls; call++) {
    const { ticket } = await desk.ticket('agent', {
      type: call % 2 === 0 ? 'purchase_help' : 'other',
      channel: 'hotline',
      note: `第 ${call + 1} 个电话：柜门打不开`,
      cabinetId: desk.system.cabinetId,
    })
    kinds.set(ticket.ticketId, call % 5 === 4 ? 'putOff' : 'close')
  }
  for (let question = 0; question < queue.questions; question++) {
    const { ticket } = await desk.ticket('agent', {
      type: 'cabinet_trouble',
      channel: 'hotline',
      note: `第 ${question + 1} 个问题：屏幕不亮`,
      cabinetId: desk.system.cabinetId,
      intake: { cabinetId: desk.system.cabinetId, trouble: 'door_shut' },
    })
    kinds.set(ticket.ticketId, 'answer')
  }
  return kinds
}
async function complaint(orderId: string): Promise<string> {
  const provider = createVisitor(desk.system.simulator.providerUrl)
  const { status } = await provider.send('POST', '/control/complaints', {
    outOrderNo: orderId,
    text: '扣款金额不对',
  })
  expect(status).toBeLessThan(300)
  const agent = await desk.staff('agent')
  const { ticketId } = await eventually('the ticket of the complaint', async () =>
    (await agent.tickets()).find((one) => one.type === 'provider_complaint' && one.orderId === orderId),
  )
  return ticketId
}

const here = ({ page }: DeskPage) => new URL(page.url()).pathname.split('/').at(-1) ?? ''
async function settle(opened: DeskPage, kind: Kind): Promise<number> {
  const { page } = opened
  let keys = 0
  const press = (key: string) => {
    keys++
    return page.keyboard.press(key)
  }
  const hasFocus = (selector: string) => page.locator(`${selector}:focus`).waitFor()
  // The heading says where one has come to, and there is something to read.
  await hasFocus('.ticket-head h1')
  await page.locator('.bench-evidence .card').first().waitFor()
  if (kind === 'putOff') {
    await press('z')
    await page.locator('ticket-action-dialog dialog[open] :focus').waitFor()
    await press('Enter')
    return keys
  }
  await press('c')
  await page.locator('.ticket-head button', { hasText: /领取|Take/ }).waitFor({ state: 'detached' })
  if (kind === 'refund') {
    await page.locator('.bench-money .ledger').first().waitFor()
    await press('r')
    await hasFocus('#refund-send:enabled')
    await press('Enter')
    await hasFocus('#refund-next')
    await press('Enter')
  } else {
    if (kind === 'answer') {
      await expect
        .poll(() =>
          page
            .locator('ticket-thread')
            .evaluate<number, { templates: [] }>((thread) => thread.templates.length),
        )
        .toBeGreaterThan(0)
      await press('/')
      await hasFocus('#template-filter')
      await press('Enter')
      await hasFocus('#composer')
      await press('Control+Enter')
      await page.locator('.message.from-agent').first().waitFor()
      // Out of the text, where letters are letters.
      await press('Tab')
    }
    await press('e')
  }
  await hasFocus('#resolve-send:enabled')
  await press('Enter')
  return keys
}

/** Calls at the front of the queue, the most urgent opened from there. */
async function fromTheQueue(language: Language): Promise<{ opened: DeskPage; first: string }> {
  await fill({ disputedOrders: 0, complaints: 0, calls: 2, questions: 0 })
  const opened = await desk.open('agent', '/tickets', language)
  await opened.page.locator('a.row-link').nth(1).waitFor()
  await opened.page.keyboard.press('u')
  await opened.page.locator('.ticket-head h1:focus').waitFor()
  return { opened, first: here(opened) }
}

describe('an agent on the way through the queue', () => {
  it('leafs with j and k, comes back to what was settled with b, and finds what was typed', async () => {
    const { opened, first } = await fromTheQueue('en')
    const { page, done } = opened
    await page.locator('.bench-evidence .card').first().waitFor()
    await page.keyboard.press('i')
    await page.locator('#composer:focus').waitFor()
    await page.keyboard.type('the door is stiff')
    await page.locator('.ticket-head h1').focus()
    await page.keyboard.press('j')
    await page.waitForURL((url) => !url.pathname.endsWith(`/${first}`))
    await page.locator('.ticket-head h1:focus').waitFor()
    const second = here(opened)
    await settle(opened, 'close')
    await page.waitForURL((url) => !url.pathname.endsWith(`/${second}`))
    await page.locator('.ticket-head h1:focus').waitFor()
    await page.keyboard.press('b')
    await page.waitForURL(`**/tickets/${second}`)
    await page.locator('.outcome').first().waitFor()
    await page.locator('.ticket-head h1:focus').waitFor()
    await page.keyboard.press('k')
    await page.waitForURL(`**/tickets/${first}`)
    // A note comes back as a note: it must not go to the consumer.
    await page.locator('.composer.is-internal').waitFor()
    expect(await page.locator('#composer').inputValue()).toBe('the door is stiff')
    await done()
  })
  it('stays on the ticket when that is switched off on the page of the account', async () => {
    const { opened, first } = await fromTheQueue('zh')
    const { page, done } = opened
    await page.goto(`${desk.url}/staff/account`)
    await page.locator('page-account [name=goes-on]').uncheck()
    await page.goto(`${desk.url}/staff/tickets/${first}`)
    await page.locator('.bench-evidence .card').first().waitFor()
    await page.locator('.ticket-head h1').focus()
    await settle(opened, 'close')
    await page.locator('.outcome').first().waitFor()
    expect(here(opened)).toBe(first)
    await done()
  })
})

describe.each(WALKS)('a full queue ($language)', ({ language, queue, count }) => {
  it('is gone through with keys alone, each ticket within its keys, to a page that says what comes back', async () => {
    const kinds = await fill(queue)
    expect(kinds.size).toBeGreaterThanOrEqual(count)
    const opened = await desk.open('agent', '/tickets', language, { bypassCSP: true })
    const { page, done } = opened
    await page.locator('a.row-link').first().waitFor()
    const most = new Map<Kind, number>()
    const met = new Set<string>()
    await page.keyboard.press('u')
    await page.waitForURL(/tickets\/[^/]+$/)
    for (let tickets = 0; tickets < 60; tickets++) {
      const ticketId = here(opened)
      expect(met.has(ticketId)).toBe(false)
      met.add(ticketId)
      const kind = kinds.get(ticketId) ?? 'close'
      most.set(kind, Math.max(most.get(kind) ?? 0, await settle(opened, kind)))
      // The next one comes by itself, and says what became of this one.
      await page.waitForURL((url) => !url.pathname.endsWith(`/${ticketId}`))
      await page.locator('.walk-last .strip').waitFor()
      if (new URL(page.url()).searchParams.get('done') === '1') break
    }
    for (const ticketId of kinds.keys()) expect(met).toContain(ticketId)
    for (const [kind, keys] of most) expect([kind, keys <= MOST_KEYS[kind], keys]).toEqual([kind, true, keys])
    const waiting = [...kinds.values()].filter((kind) => kind === 'putOff').length
    await expect
      .poll(() => page.locator('queue-end .card').first().locator('li').count())
      .toBeGreaterThanOrEqual(waiting)
    expect(await page.locator('queue-end').innerText()).toMatch(language === 'zh' ? /回来/ : /back at/)
    await page.locator('h1:focus').waitFor()
    expect(await findViolations(page)).toEqual([])
    expect(await overflowPixels(page)).toBe(0)
    await done()
  }, 150_000)
})
