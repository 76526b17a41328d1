import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RecheckList } from '#protocol/api/rechecks.ts'
import type { TrainingView } from '#protocol/api/team.ts'
import { buildConsole } from '#scripts/build-console.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '#test/scenarios/play.ts'
import { createWorld, type Staff } from '#test/scenarios/world.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, launchBrowser, openWatchedPage, PHONE } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'

/** Re-checks, serious incidents, the schedule and the team over the whole system. */
let system: RunningSystem
let browser: Browser
let lead: Staff
let recheckId = ''
const dataDir = mkdtempSync(path.join(tmpdir(), 'quality-page-'))

beforeAll(async () => {
  await buildConsole()
  browser = await launchBrowser()
  system = await startSystem({
    dataDir,
    seed: 1,
    policy: { ...SHORT_POLICY, reopenWindowMs: 1000 },
    edgeSettings: SHORT_EDGE_SETTINGS,
  })
  const world = createWorld(system)
  const agent = await world.staff('agent')
  lead = await world.staff('lead')
  const { ticket } = (await agent.send('POST', 'tickets', {
    requestId: world.ids.next('request'),
    channel: 'hotline',
    note: 'asked on the telephone',
    type: 'complaint',
    intake: { about: 'service' },
  })) as { ticket: { ticketId: string; version: number } }
  const body = { version: ticket.version, outcome: 'explained', rootCause: 'unknown' }
  await agent.send('POST', `tickets/${ticket.ticketId}/resolve`, body)
  await eventually('the sample', async () => {
    const { rechecks } = (await lead.get('rechecks?view=waiting')) as RecheckList
    recheckId = rechecks[0]?.recheckId ?? ''
    return recheckId !== ''
  })
})
afterAll(async () => {
  await browser?.close()
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function signedIn(name: string, where: string, more: BrowserContextOptions = {}): Promise<Page> {
  const { page } = await openWatchedPage(
    browser,
    { ...DESK, viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...more },
    system.core.url,
  )
  await page.goto(`${system.core.url}/staff${where}`)
  await page.locator('input[name=name]').fill(name)
  await page
    .locator('input[name=password]')
    .fill(system.signIns().find((one) => one.name === name)?.password ?? '')
  await page.locator('form button.primary').click()
  // The page that asks for the password has a heading too: who goes on before the answer is signed in nowhere.
  await page.locator('html[data-signed-in]').waitFor()
  return page
}
const leadName = () => system.signIns().find(({ role }) => role === 'lead')?.name ?? ''

describe('a lead who looks at a closed case again', () => {
  it('scores it beside its conversation, and finds the ticket open again and an improvement item', async () => {
    const page = await signedIn(leadName(), '/rechecks')
    await page.locator('page-rechecks a.row-link').first().click()
    const form = page.locator('page-recheck form')
    await form.locator('fieldset').first().waitFor()
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    const count = await form.locator('fieldset').count()
    for (let index = 0; index < count; index++)
      await form
        .locator('fieldset')
        .nth(index)
        .locator(`input[value=${index === 0 ? 'not_met' : 'met'}]`)
        .check()
    await form
      .locator('fieldset')
      .first()
      .locator('input:not([type=radio])')
      .fill('nobody asked for the order')
    await form.locator('select[name=rootCause]').selectOption('operation')
    await form.locator('button.primary').click()
    await page.getByText('The ticket was opened again.').waitFor()
    await page.getByRole('link', { name: 'Improvement item' }).click()
    await page.locator('page-improvement h1').waitFor()
    await page.context().close()
  })
})

describe('somebody who finds that many people are concerned', () => {
  it('enters it, reports it with the text that is prepared, and asks for a notice in both languages', async () => {
    const page = await signedIn(leadName(), '/emergencies')
    await page.getByRole('button', { name: 'Enter an incident' }).first().click()
    const dialog = page.locator('page-emergencies dialog')
    await dialog.locator('input[name=title]').fill('the cooling failed over night')
    await dialog.locator('textarea[name=note]').fill('14 degrees in the morning')
    expect(await findViolations(page)).toEqual([])
    await dialog.locator('button.primary').click()
    await page.getByRole('button', { name: 'Report it' }).click()
    const asked = page.locator('page-emergency dialog')
    expect(await asked.locator('textarea[name=text]').inputValue()).toContain('14 degrees in the morning')
    await asked.locator('input[name=recipient]').fill('market authority')
    await asked.locator('button.primary').click()
    await page.locator('page-emergency .page-title .tone-ok').waitFor()
    await page.getByRole('button', { name: 'Notify everybody concerned: operators' }).click()
    expect(await asked.locator('textarea[name=textZh]').inputValue()).toContain('停止销售')
    await asked.locator('button.primary').click()
    await page.getByText('waits for approval').waitFor()
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await page.context().close()
  })
})

describe('a lead who plans', () => {
  it('gives somebody a shift, which a phone shows day by day', async () => {
    const page = await signedIn(leadName(), '/schedule')
    await page.getByRole('button', { name: 'Plan a shift' }).click()
    const dialog = page.locator('#plan-shift')
    await dialog.locator('input[name=note]').fill('the early one')
    await dialog.locator('button.primary').click()
    await page.getByText('the early one').first().waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    expect([await findViolations(page), await overflowPixels(page)]).toEqual([[], 0])
    await page.context().close()
  })
})

describe('every page of the team, in both languages', () => {
  it.each([
    ['en-GB', 'light'],
    ['zh-CN', 'dark'],
  ] as const)('in %s and %s has no fault and fits a phone', async (locale, colorScheme) => {
    const page = await signedIn(leadName(), '/team', { ...PHONE, locale, colorScheme })
    const faults: unknown[] = []
    for (const where of [
      '/team?tab=figures',
      '/team?tab=training',
      '/team?tab=holidays',
      '/rechecks?view=done',
      `/rechecks/${recheckId}`,
      '/rechecks/scorecard',
      '/emergencies',
      '/schedule',
    ]) {
      await page.goto(
        `${system.core.url}/staff${where}${where.includes('?') ? '&' : '?'}lang=${locale.slice(0, 2)}`,
      )
      await page.locator('main .card, main table, main .blank').first().waitFor()
      const found = [await findViolations(page), await overflowPixels(page)]
      if (JSON.stringify(found) !== '[[],0]') faults.push([where, found])
    }
    expect(faults).toEqual([])
    await page.context().close()
  })
})

describe('the training of a team on a phone', () => {
  it.each(['zh', 'en'] as const)(
    'is a card for each person, whose every cell names its course and lies on the screen (%s)',
    async (language) => {
      const { courses, people } = (await lead.get('training')) as TrainingView
      expect(courses.length * people.length).toBeGreaterThan(1)
      const page = await signedIn(leadName(), '/team', { ...PHONE, locale: language })
      await page.goto(`${system.core.url}/staff/team?tab=training&lang=${language}`)
      await page.locator('page-team tbody tr').first().waitFor()
      // Words before a cell are its style's, so they are read as the browser draws them.
      const drawn = await page.evaluate<{
        cells: Array<{ label: string; right: number }>
        hidden: number
      }>(`(() => {
      const frame = document.querySelector('page-team .table-frame')
      const cells = [...frame.querySelectorAll('tbody td')].map((cell) => ({
        label: getComputedStyle(cell, '::before').content,
        right: cell.getBoundingClientRect().right,
      }))
      return { cells, hidden: frame.scrollWidth - frame.clientWidth }
    })()`)
      expect(drawn.cells).toHaveLength(courses.length * people.length)
      for (const [index, { label, right }] of drawn.cells.entries()) {
        expect(label).toContain(courses[index % courses.length]?.course.title[language])
        expect(right).toBeLessThanOrEqual(390)
      }
      expect([drawn.hidden, await overflowPixels(page)]).toEqual([0, 0])
      await page.context().close()
    },
  )
})
