import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderView } from '#protocol/api/consumer.ts'
import { SHORT_EDGE_SETTINGS } from '#test/scenarios/play.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { makeTwins } from '#test/scenarios/weighing.ts'
import type { Consumer } from '#test/scenarios/world.ts'
import { eventually } from '#test/support/eventually.ts'
import { type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** A cabinet with two goods that weigh the same, so that a purchase waits for a person; pictures come in small pieces. */
let desk: StaffDesk
let consumer: Consumer
let held: OrderView
beforeAll(async () => {
  desk = await startStaffDesk({
    goods: makeTwins,
    policy: { setpointPauseMs: 0 },
    edgeSettings: { ...SHORT_EDGE_SETTINGS, chunkBytes: 4096, evidenceRetryShortestMs: 100 },
  })
  consumer = await desk.world.consumer('王芳')
  const { session } = await shop(desk.world, consumer, [take('s5', 'chocolate-bar')])
  held = await consumer.orderIn(session.sessionId, ['held'], 40_000)
}, 120_000)
afterAll(() => desk?.stop())

const aCall = () => desk.ticket('agent', { type: 'other', channel: 'hotline', note: '柜门打不开' })

describe('single keys', () => {
  it('stay letters while somebody types', async () => {
    const { ticket } = await aCall()
    const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, 'zh')
    await page.locator('#composer').click()
    await page.keyboard.type('ze')
    expect(await page.locator('#composer').inputValue()).toBe('ze')
    expect(await page.locator('dialog[open]').count()).toBe(0)
    await done()
  })
  it('can be listed and switched off', async () => {
    const { ticket } = await aCall()
    const { page, done } = await desk.open('agent', `/tickets/${ticket.ticketId}`, 'zh')
    await page.locator('ticket-desk').first().waitFor()
    await page.keyboard.press('?')
    await page.locator('shortcut-dialog [name=single-keys]').uncheck()
    await page.keyboard.press('Escape')
    await page.keyboard.press('z')
    expect(await page.locator('dialog[open]').count()).toBe(0)
    await done()
  })
})

describe('an order whose weights fit more than one choice of goods', () => {
  it('says how sure the weights are, why, what else it could have been and the difference in money', async () => {
    const { page, done } = await desk.open('agent', `/orders/${held.orderId}`, 'en')
    const lines = page.locator('section.card', { has: page.locator('#card-lines') })
    await lines.locator('.alternatives').waitFor()
    const text = (await lines.innerText()).replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/Whole receipt [45]\d(\.\d)? % needs a look/)
    expect(text).toContain('two mixes fit More than one choice of goods weighs nearly the same.')
    expect(text).toMatch(/alternatively 1 × [^¥]+ [−+]¥4\.00 · [45]\d(\.\d)? %/)
    await done()
  })
  it('is decided by a person, with the lines as they really were', async () => {
    const agent = await desk.staff('agent')
    const { ticketId } = await eventually('the ticket that asks', async () =>
      (await agent.tickets()).find(({ orderId }) => orderId === held.orderId),
    )
    const { page, sent, done } = await desk.open('agent', `/tickets/${ticketId}`, 'en')
    await page.locator('.advice').waitFor()
    await page.keyboard.press('d')
    const dialog = page.locator('decide-dialog')
    await dialog.locator('input[value=charge_corrected]').check()
    for (const [name, step] of [
      ['Sea-salt crisps', 'Fewer'],
      ['Dark chocolate bar', 'More'],
    ] as const) {
      const group = dialog.getByRole('group', { name })
      if ((await group.locator('output').innerText()) !== (step === 'More' ? '1' : '0'))
        await group.getByRole('button', { name: step }).click()
    }
    await dialog.locator('#decide-send').click()
    await expect
      .poll(() => sent('decide'))
      .toMatchObject([{ decision: 'charge_corrected', lines: [{ sku: 'chocolate-bar', quantity: 1 }] }])
    const paid = await consumer.orderIn(held.sessionId, ['paid'], 30_000)
    expect(paid.paidFen).toBe(1150)
    await done()
  })
})

describe('the evidence of an order', () => {
  it('is read mark by mark with the arrow keys, and as a table', async () => {
    const { page, done } = await desk.open('agent', `/orders/${held.orderId}`, 'en')
    const axis = page.locator('.axis')
    await axis.focus()
    await page.keyboard.press('Home')
    const heard: string[] = []
    for (let index = 0; index < 12; index++) {
      await page.keyboard.press('ArrowRight')
      heard.push((await axis.getAttribute('aria-valuetext')) ?? '')
    }
    expect(heard.join(' ')).toMatch(/Shelf 5: Taken: 1 × /)
    await page.getByRole('button', { name: 'Show as table' }).first().click()
    expect(await page.locator('evidence-axis table').innerText()).toContain('Door')
    await done()
  })
  it('says of a picture that it is still at the cabinet, and opens it when it has come', async () => {
    const { session } = await shop(desk.world, consumer, [
      { do: 'network', mode: 'ok', delayMs: 400 },
      take('s4', 'water-550'),
    ])
    const { orderId } = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    const { page, done } = await desk.open('agent', `/orders/${orderId}`, 'en')
    const waiting = page.locator('.shot:disabled', { hasText: 'still at the cabinet' })
    await waiting.first().waitFor()
    await desk.world.workshop.control('network', { mode: 'ok', delayMs: 0 })
    await page.locator('.shot:enabled').first().waitFor({ timeout: 30_000 })
    await page.locator('.shot:enabled').first().click()
    await page.locator('.viewer-image').waitFor()
    expect(await page.locator('.viewer').getAttribute('open')).not.toBeNull()
    await done()
  }, 90_000)
})

describe('a list', () => {
  it('that is empty says so', async () => {
    const { page, done } = await desk.open('agent-en', '/tickets?view=mine', 'en')
    await page.locator('.blank').waitFor()
    expect(await page.locator('.blank').innerText()).toContain('Nothing is waiting')
    await done()
  })
  it('that cannot be loaded says what happened and tries again when asked', async () => {
    await aCall()
    const { page } = await desk.open('agent', '/help', 'en')
    await page.route('**/api/staff/tickets?**', (route) => route.abort('connectionreset'))
    await page.locator('nav.rail a[href$="/tickets"]').click()
    await page.locator('.blank[role=alert]').waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('a.row-link').first().waitFor()
    await page.context().close()
  })
})

describe('an action that the core cannot hear', () => {
  it('is never silent, whichever button it was, and is done when it is pressed again', async () => {
    const { page } = await desk.open('agent', '/', 'en')
    const signOut = page.getByRole('button', { name: 'Sign out' })
    await page.route('**/api/staff/sign-out', (route) => route.abort('connectionreset'))
    await signOut.click()
    await page.locator('.toast', { hasText: 'No connection to the server' }).waitFor()
    await page.unrouteAll()
    await signOut.click()
    await page.waitForURL('**/staff/login')
    await page.context().close()
  })
})

describe('the setpoint of a cabinet', () => {
  const address = () => `/cabinets/${desk.system.cabinetId}`
  it('outside of the range is not sent', async () => {
    const { page, sent, done } = await desk.open('operator', address(), 'en')
    const input = page.locator('setpoint-card #setpoint-input')
    await input.fill('99')
    await input.press('Enter')
    await expect.poll(() => input.getAttribute('aria-invalid')).toBe('true')
    expect(sent('setpoint')).toEqual([])
    await done()
  })
  it('of a cabinet without a connection shows both values until the cabinet is back and has answered', async () => {
    const operator = await desk.staff('operator')
    const wanted = (await operator.cabinet()).cabinet.setpoint.desired - 5
    const [before, after] = [wanted + 5, wanted].map((deci) => `${(deci / 10).toFixed(1)} °C`)
    await desk.system.kill('edge')
    await eventually(
      'the cabinet that counts as offline',
      async () => (await operator.cabinet()).cabinet.presence === 'offline',
      { withinMs: 30_000 },
    )
    const { page, done } = await desk.open('operator', address(), 'en')
    const card = page.locator('setpoint-card')
    await card.getByRole('button', { name: 'Half a degree colder' }).click()
    await card.getByRole('button', { name: `Set ${after}` }).click()
    await card.locator('.setpoint-state', { hasText: 'offline' }).waitFor()
    const pair = await card.locator('.pair').innerText()
    expect(pair.indexOf(String(after))).toBeGreaterThanOrEqual(0)
    expect(pair.indexOf(String(before))).toBeGreaterThan(pair.indexOf(String(after)))
    await desk.system.restart('edge')
    await card.locator('.setpoint-state', { hasText: 'Applied' }).waitFor({ timeout: 40_000 })
    await done()
  }, 120_000)
})
