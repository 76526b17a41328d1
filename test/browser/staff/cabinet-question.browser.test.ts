import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shop, take } from '#test/scenarios/steps.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** A question that came from the code on a cabinet, without an order. */
let desk: StaffDesk
let ticketId: string
let orderId: string
beforeAll(async () => {
  desk = await startStaffDesk({ policy: { notOpenedMs: 2000 } })
  const other = await desk.world.consumer('王芳')
  const { session } = await shop(desk.world, other, [take('s4', 'water-550')])
  ;({ orderId } = await other.orderIn(session.sessionId, ['paid']))
  const asker = await desk.world.consumer('李伟')
  const visit = await asker.open()
  await asker.sessionIn(visit.sessionId, ['not_opened'])
  ;({ disputeId: ticketId } = await asker.ask({ kind: 'door_shut', text: '拉不开' }))
}, 120_000)
afterAll(() => desk?.stop())

const LOOKS = [
  ['zh', 'dark', ['门打不开', '提问者本人', '未打开']],
  ['en', 'light', ['The door does not open', 'Whoever asked', 'not opened']],
] as const

describe('an agent who is asked from a cabinet', () => {
  it.each(LOOKS)(
    'sees how it came, what is asked, and what happened there in place of an order (%s, %s)',
    async (language, colorScheme, words) => {
      const { page, done } = await desk.open('agent', `/tickets/${ticketId}`, language, {
        bypassCSP: true,
        colorScheme,
      })
      const course = page.locator('cabinet-course')
      await course.locator('tbody tr').nth(1).waitFor()
      const text = await page.locator('main').innerText()
      for (const word of words) expect(text).toContain(word)
      expect(await page.locator('h1').innerText()).toContain(words[0])
      expect(await course.locator(`a[href$="/orders/${orderId}"]`).count()).toBe(1)
      expect(await findViolations(page)).toEqual([])
      await page.setViewportSize({ width: 320, height: 800 })
      expect(await overflowPixels(page)).toBe(0)
      await done()
    },
  )
})
