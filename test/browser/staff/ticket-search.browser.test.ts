import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findViolations } from '#test/support/axe.ts'
import { LANGUAGES, type StaffDesk, startStaffDesk } from './staff-desk.ts'

let desk: StaffDesk
beforeAll(async () => {
  desk = await startStaffDesk()
  await desk.ticket('agent', {
    type: 'purchase_help',
    note: 'A long walk to the machine, then the mango lassi was out, and the coupon for mango lassi had gone too.',
  })
  await desk.ticket('agent', { type: 'purchase_help', note: '芒果酸奶买不到，mango lassi?' })
})
afterAll(() => desk?.stop())

const FOUND = { zh: '提问：', en: 'Asked:' }
const NOTHING = { zh: '没有找到', en: 'Nothing was found' }

describe.each(LANGUAGES)('an agent who looks for words that somebody wrote (%s)', (language) => {
  it('reads them in their sentence under each ticket, marked, the best first', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, done } = await desk.open('agent', '/tickets?view=open', language, {
        colorScheme,
        bypassCSP: true,
      })
      await page.locator('#ticket-search').fill('MANGO lassi')
      await page.locator('#ticket-search').press('Enter')
      const lines = page.locator('tbody .found')
      await lines.nth(1).waitFor()
      expect(await lines.count()).toBe(2)
      expect(await lines.first().innerText()).toBe(`${FOUND[language]} 芒果酸奶买不到，mango lassi?`)
      expect(await lines.first().locator('mark').allInnerTexts()).toEqual(['mango', 'lassi'])
      expect(await findViolations(page)).toEqual([])
      await done()
    }
  })
  it('is told what to try when nothing was found', async () => {
    const { page, done } = await desk.open('agent', '/tickets?view=open&query=qqqqq', language)
    await page.getByText(NOTHING[language]).waitFor()
    await done()
  })
})
