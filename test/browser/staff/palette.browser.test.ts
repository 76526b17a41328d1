import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findViolations } from '#test/support/axe.ts'
import { LANGUAGES, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** The palette over a running system: whatever its name is, it is a few letters away. */
let desk: StaffDesk
beforeAll(async () => {
  desk = await startStaffDesk()
})
afterAll(() => desk?.stop())

const WORDS = {
  zh: { page: '限制', open: '前往或操作' },
  en: { page: 'restr', open: 'Go to or do' },
}

describe.each(LANGUAGES)('somebody who knows what they want (%s)', (language) => {
  it('is there with Ctrl+K, a few letters and Enter, also with single keys switched off and while typing', async () => {
    const { page, done } = await desk.open('agent', '/tickets', language)
    await page.evaluate(() => localStorage.setItem('staff.single-keys', 'off'))
    await page.locator('#search').focus()
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog', { name: WORDS[language].open })
    await palette.waitFor()
    await page.keyboard.type(WORDS[language].page)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/staff/restrictions')
    expect(await palette.count()).toBe(0)
    await done()
  })
})

describe('the palette on a ticket', () => {
  it('has what the page can do by name, and is free of violations in light and dark', async () => {
    const ticket = await desk.ticket('agent', { type: 'purchase_help', note: 'How do I open it?' })
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, done } = await desk.open('agent', `/tickets/${ticket.ticket.ticketId}`, 'en', {
        colorScheme,
        bypassCSP: true,
      })
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('listbox').getByRole('option').first().waitFor()
      expect(await findViolations(page)).toEqual([])
      await page.keyboard.type('note')
      await page.keyboard.press('Enter')
      await page.locator('textarea:focus').waitFor()
      await done()
    }
  })
  it('searches for what is no name, among tickets first', async () => {
    const { page, done } = await desk.open('agent', '/', 'en')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('listbox').waitFor()
    await page.keyboard.type('¥6 cola')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/staff\/tickets\?query=/)
    expect(new URL(page.url()).searchParams.get('query')).toBe('¥6 cola')
    await done()
  })
  it('shows nobody a page that stays shut for them', async () => {
    const { page, done } = await desk.open('technician', '/', 'en')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('listbox').waitFor()
    await page.keyboard.type('people')
    await page.getByText('Nothing fits').waitFor()
    await done()
  })
})
