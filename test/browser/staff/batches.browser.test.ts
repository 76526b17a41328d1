import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BatchBlockList } from '#protocol/api/batch-blocks.ts'
import { badJuice } from '#test/scenarios/batches.ts'
import { findViolations } from '#test/support/axe.ts'
import { LANGUAGES, startStaffDesk, type StaffDesk } from './staff-desk.ts'

const WORDS = {
  en: {
    block: 'Block this batch …',
    send: 'Block it',
    blocked: 'Blocked',
    lift: 'Lift …',
    liftSend: 'Lift the block',
  },
  zh: { block: '停售该批次…', send: '停售', blocked: '已停售', lift: '解除…', liftSend: '解除停售' },
}

describe('two complaints about one batch', () => {
  let desk: StaffDesk
  let ticketId: string
  beforeAll(async () => {
    desk = await startStaffDesk()
    ticketId = (await badJuice(desk.world)).tickets[1]
  }, 120_000)
  afterAll(() => desk.stop())

  it.each(LANGUAGES)(
    'block it everywhere in two clicks and a reason, and lift it again (%s)',
    async (language) => {
      const words = WORDS[language]
      const { page, done } = await desk.open('lead', `/tickets/${ticketId}`, language)
      const card = page.locator('batch-card')
      await card.getByText('J-0711').waitFor()
      await card.getByRole('button', { name: words.block }).click()
      const dialog = card.getByRole('dialog')
      await dialog.getByRole('textbox').fill('Two consumers found it sour')
      expect(await findViolations(page)).toEqual([])
      await dialog.getByRole('button', { name: words.send }).click()
      await card.getByText(words.blocked, { exact: true }).waitFor()
      const lead = await desk.staff('lead')
      const [block] = ((await lead.get('batch-blocks')) as BatchBlockList).blocks
      expect([block?.batch, block?.state, block?.ticketIds]).toEqual(['J-0711', 'blocked', [ticketId]])
      await page.goto(`${desk.url}/staff/batches`)
      await page.getByText('J-0711').first().waitFor()
      expect(await findViolations(page)).toEqual([])
      await page.getByRole('button', { name: words.lift }).click()
      await page.getByRole('dialog').getByRole('textbox').fill('The maker names another pallet')
      await page.getByRole('dialog').getByRole('button', { name: words.liftSend }).click()
      await page.getByRole('button', { name: words.lift }).waitFor({ state: 'detached' })
      expect(((await lead.get('batch-blocks')) as BatchBlockList).blocks[0]?.state).toBe('lifted')
      await done()
    },
  )

  it('are shown to an agent, who is told who can block it', async () => {
    const { page, done } = await desk.open('agent', `/tickets/${ticketId}`, 'en')
    const card = page.locator('batch-card')
    await card.getByText('2 complaints about its quality').waitFor()
    await card.getByText('A lead or the operator can block it.').waitFor()
    expect(await card.getByRole('button', { name: WORDS.en.block }).count()).toBe(0)
    await done()
  })
})
