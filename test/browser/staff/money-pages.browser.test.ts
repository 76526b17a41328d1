import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IncidentPreview } from '#protocol/api/refund-cases.ts'
import { SOON, unpaidVisit } from '#test/scenarios/arrears.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** The pages on which money goes back in bulk, is not there, or is made good, with each of their dialogs. */
let desk: StaffDesk
let caseId: string
let paidId: string
let unpaidId: string
beforeAll(async () => {
  desk = await startStaffDesk({ policy: SOON })
  const { world } = desk
  const fromMs = world.clock.now()
  const buyer = await world.consumer('王芳')
  const { session } = await shop(world, buyer, [take('s4', 'juice-orange')])
  ;({ orderId: paidId } = await buyer.orderIn(session.sessionId, ['paid'], 30_000))
  const selection = {
    cabinetIds: [desk.system.cabinetId],
    sku: 'juice-orange',
    fromMs,
    toMs: world.clock.now(),
  }
  const lead = await desk.staff('lead')
  const preview = (await lead.send('POST', 'refund-cases/preview', selection)) as IncidentPreview
  caseId = world.ids.next('refundCase')
  await lead.send('POST', 'refund-cases', {
    caseId,
    title: 'Warm juice, shelf 4',
    selection,
    reason: 'quality',
    stock: 'written_off',
    note: 'the cooling failed at noon',
    count: preview.count,
    totalFen: preview.totalFen,
  })
  ;({ orderId: unpaidId } = await unpaidVisit(world, await world.consumer('李伟')))
}, 180_000)
afterAll(() => desk?.stop())

/** Opens what each of these buttons opens. @returns what axe finds, by the words on the button */
async function violationsOf(page: Page, buttons: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = { page: await findViolations(page) }
  for (const button of await page.locator(buttons).all()) {
    const name = await button.innerText()
    await button.click()
    await page.locator('dialog[open]').waitFor()
    found[name] = await findViolations(page)
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  }
  await page.setViewportSize({ width: 320, height: 800 })
  const over = await overflowPixels(page)
  if (over > 0) found['narrow'] = [`too wide by ${over}px`]
  expect(Object.keys(found).length, 'nothing was opened').toBeGreaterThan(1)
  return Object.fromEntries(Object.entries(found).filter(([, violations]) => violations.length > 0))
}

describe.each([
  ['zh', 'dark'],
  ['en', 'light'],
] as const)('pages of money with each of their dialogs (%s, %s)', (language, colorScheme) => {
  const look = { bypassCSP: true, colorScheme }
  it('pass axe and fit a phone: an incident of many refunds that waits for a second person', async () => {
    const { page, done } = await desk.open('finance', `/incidents/${caseId}`, language, look)
    const buttons = 'page-refund-case .row > button.button'
    await page.locator(buttons).first().waitFor()
    expect(await violationsOf(page, buttons)).toEqual({})
    await done()
  })
  it('pass axe and fit a phone: a coupon for a paid order', async () => {
    const { page, done } = await desk.open('agent', `/orders/${paidId}`, language, look)
    const buttons = 'compensation-card header button.button'
    await page.locator(buttons).first().waitFor()
    expect(await violationsOf(page, buttons)).toEqual({})
    await done()
  })
  it('pass axe and fit a phone: an order that is not paid', async () => {
    const { page, done } = await desk.open('lead', `/orders/${unpaidId}`, language, look)
    const buttons = 'arrears-card button[data-deed]'
    await page.locator(buttons).first().waitFor()
    expect(await violationsOf(page, buttons)).toEqual({})
    await done()
  })
})
