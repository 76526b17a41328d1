import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shop, take } from '#test/scenarios/steps.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { PHONE } from '#test/support/browser.ts'
import { type Language, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** The knowledge base over the whole system, as it comes with the product. */
let desk: StaffDesk
beforeAll(async () => {
  desk = await startStaffDesk()
})
afterAll(() => desk?.stop())

async function signedIn(
  name: string,
  more: BrowserContextOptions = {},
  language: Language = 'en',
): Promise<Page> {
  const { page } = await desk.open(name, '/knowledge', language, more)
  await page.locator('page-knowledge table').waitFor()
  return page
}

describe('an agent who looks something up', () => {
  it('finds it by words of the other language', async () => {
    const page = await signedIn('agent-en')
    await page.locator('#knowledge-search').fill('过期')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Spoilt, out of date or damaged' }).click()
    await page.locator('page-knowledge-item .article-text li').first().waitFor()
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await page.context().close()
  })
})

describe('a lead and an agent who improve a reply', () => {
  it('write the next version, read it against the one before, and publish it', async () => {
    const agent = await signedIn('agent-en')
    await agent.goto(`${desk.url}/staff/knowledge?view=template`)
    await agent.getByRole('link', { name: 'Working on it' }).click()
    await agent.getByRole('button', { name: 'Write the next version' }).click()
    const editor = agent.locator('knowledge-editor dialog')
    await editor.locator('textarea[name=bodyEn]').fill('Hello, this is {agent}. I am looking at it now.')
    await editor.locator('button.primary').click()
    await agent.getByRole('button', { name: 'Hand in for a review' }).click()
    await agent.locator('.step-dialog button.primary').click()
    await agent.getByText('waits for a review').first().waitFor()
    const address = agent.url()

    const lead = await signedIn('lead')
    await lead.goto(address)
    await lead.getByRole('button', { name: 'Version 2' }).click()
    await lead.getByText('Compare with version 1').click()
    expect(await lead.locator('.diff ins').allTextContents()).toEqual([
      'Hello, this is {agent}. I am looking at it now.',
    ])
    expect([await findViolations(lead), await overflowPixels(lead)]).toEqual([[], 0])
    await lead.getByRole('button', { name: 'Publish' }).click()
    await lead.locator('.step-dialog button.primary').click()
    await lead.getByRole('button', { name: 'Archive' }).waitFor()
    const templates = await (await lead.request.get(`${desk.url}/api/staff/templates`)).json()
    expect(JSON.stringify(templates)).toContain('I am looking at it now')
    await Promise.all([agent.context().close(), lead.context().close()])
  })
})

describe('an agent with forty tickets', () => {
  it('asks for a picture of spoilt goods by a macro that shows first what it will say', async () => {
    const { world } = desk
    const consumer = await world.consumer()
    const { session } = await shop(world, consumer, [take('s1', 'yogurt-plain')])
    const { orderId, lines } = await consumer.orderIn(session.sessionId, ['paid'])
    const [line] = lines
    const { disputeId } = await consumer.dispute(orderId, {
      reason: 'quality',
      lines: [{ lineId: line?.lineId ?? '', quantity: 1 }],
      note: '过期了',
    })
    const ticket = (await (await desk.staff('agent')).tickets()).find((one) => one.orderId === orderId)

    const page = await signedIn('agent-en')
    await page.goto(`${desk.url}/staff/tickets/${ticket?.ticketId ?? ''}`)
    await page.getByText('Spoilt, out of date or damaged').waitFor()
    await page.getByRole('button', { name: 'Quality: ask for a picture' }).click()
    const dialog = page.locator('macro-bar dialog')
    expect(await dialog.locator('.quote').textContent()).toMatch(/商品照片|picture of the product/)
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await dialog.locator('button.primary').click()
    await dialog.waitFor({ state: 'hidden' })
    await page.locator('.thread .from-agent').first().waitFor()
    const told = await consumer.visitor.get(`/d/${disputeId}`)
    expect(JSON.stringify(told), 'the consumer reads it').toMatch(/商品照片|picture of the product/)
    await page.context().close()
  })
})

describe.each([
  ['light on a desk', 'en', { colorScheme: 'light' }],
  ['dark on a phone, in Chinese', 'zh', { ...PHONE, colorScheme: 'dark' }],
] as const)('the list, %s', (_, language, more) => {
  it('keeps the rules of accessibility and fits the screen, also while somebody writes', async () => {
    const page = await signedIn('lead', more, language)
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await page.locator('page-knowledge .page-head button.primary').click()
    await page.locator('knowledge-editor textarea').first().waitFor()
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await page.context().close()
  })
})
