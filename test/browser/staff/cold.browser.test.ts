import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsole } from '#scripts/build-console.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import {
  air,
  COLD,
  lockedOut,
  measured,
  SHORT_COLD_POLICY,
  SHORT_COLD_SETTINGS,
  WARM,
} from '#test/scenarios/cold-steps.ts'
import { createWorld, type Staff, type World } from '#test/scenarios/world.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { launchBrowser } from '#test/support/browser.ts'

/** A cabinet that was too warm and stopped its sales, over the real wires, as an inspector is shown it. */
describe('the cold log of a cabinet', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'cold-log-'))
  let system: RunningSystem
  let browser: Browser
  let world: World
  let operator: Staff
  beforeAll(async () => {
    await buildConsole()
    system = await startSystem({
      dataDir,
      seed: 1,
      cameras: 2,
      policy: SHORT_COLD_POLICY,
      edgeSettings: { ...SHORT_COLD_SETTINGS, liveIdleMs: 1000 },
    })
    browser = await launchBrowser()
    world = createWorld(system)
    operator = await world.staff('operator')
    await measured(operator, (deci) => deci < 50)
    await air(world, WARM)
    await lockedOut(world, operator)
    await air(world, COLD)
    await measured(operator, (deci) => deci < 50)
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function open(
    look: { width: number; language: 'zh' | 'en'; colorScheme: 'light' | 'dark' },
    address = 'cold',
  ): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext({
      viewport: { width: look.width, height: 900 },
      locale: look.language === 'zh' ? 'zh-CN' : 'en-GB',
      colorScheme: look.colorScheme,
      bypassCSP: true,
    })
    await context.addCookies(
      operator.visitor.cookies().map(({ name, value }) => ({ name, value, url: system.core.url })),
    )
    const page = await context.newPage()
    const rest = address === '' ? '' : `/${address}`
    await page.goto(`${system.core.url}/staff/cabinets/${system.cabinetId}${rest}?lang=${look.language}`)
    return { context, page }
  }

  it('is reached from the cabinet, shows the lockout and its cause, and gives the file', async () => {
    const { context, page } = await open({ width: 1440, language: 'en', colorScheme: 'light' }, '')
    await page.getByRole('link', { name: 'Cold log and download' }).click()
    await page.getByText('Too warm for longer than allowed').waitFor()
    await page.getByText('not cleared yet').waitFor()
    await page.locator('time-chart canvas').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^cold-cab-001-\d{4}-\d\d-\d\d\.csv$/)
    await context.close()
  }, 60_000)
  it.each([
    { width: 1440, language: 'en', colorScheme: 'light' },
    { width: 1440, language: 'zh', colorScheme: 'dark' },
    { width: 390, language: 'zh', colorScheme: 'light' },
    { width: 320, language: 'en', colorScheme: 'dark' },
  ] as const)(
    'passes axe and fits the screen ($width px, $language, $colorScheme)',
    async (look) => {
      const { context, page } = await open(look)
      await page.locator('time-chart canvas').waitFor()
      expect(await findViolations(page)).toEqual([])
      expect(await overflowPixels(page)).toBe(0)
      await context.close()
    },
    60_000,
  )
})
