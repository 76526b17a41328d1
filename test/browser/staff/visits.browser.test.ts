import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsole } from '#scripts/build-console.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import { arrive, leave } from '#test/scenarios/steps.ts'
import { createWorld, type World } from '#test/scenarios/world.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { launchBrowser } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'

/** A phone in front of a cabinet, over the real wires: nothing here is invented but the goods. */
describe('an operator who restocks with a phone', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'visits-'))
  let system: RunningSystem
  let browser: Browser
  let world: World
  let context: BrowserContext
  let page: Page
  beforeAll(async () => {
    await buildConsole()
    system = await startSystem({ dataDir, seed: 1 })
    browser = await launchBrowser()
    world = createWorld(system)
    const operator = await world.staff('operator')
    context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' })
    await context.addCookies(
      operator.visitor.cookies().map(({ name, value }) => ({ name, value, url: system.core.url })),
    )
    page = await context.newPage()
  }, 90_000)
  afterAll(async () => {
    await browser.close()
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('unlocks, writes down what came in, is told where the scale differs, corrects it and books', async () => {
    await page.goto(`${system.core.url}/staff/cabinets/${system.cabinetId}/visits?lang=zh`)
    await page.getByRole('button', { name: '开门' }).click()
    await page.getByText('锁已打开').waitFor()
    await world.workshop.visit([
      ...arrive,
      { do: 'restock', shelf: 's4', sku: 'juice-orange', quantity: 2 },
      { do: 'wait', ms: 1000 },
    ])
    await page.getByText('柜门已打开').waitFor()
    await page.getByRole('button', { name: /橙汁/ }).click()
    await page.getByLabel('件数').fill('3')
    await page.getByLabel('批次 (选填)').fill('J1')
    await page.getByRole('button', { name: '保存并核对' }).click()
    await world.workshop.visit([...leave])
    await page.getByText(/比填写的少/).waitFor({ timeout: 30_000 })
    // Nobody books a difference that nobody explains.
    expect(await page.getByRole('button', { name: '确认入账' }).isDisabled()).toBe(true)
    await page.getByLabel('件数').fill('2')
    await page.getByRole('button', { name: '保存并核对' }).click()
    await page.getByText(/比填写的少/).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '确认入账' }).click()
    await page.getByText('已入账，库存与批次已更新').waitFor()
    const operator = await world.staff('operator')
    const { batches } = (await operator.get(`cabinets/${system.cabinetId}/visits`)) as {
      batches: Array<{ batch: string; left: number }>
    }
    expect(batches).toMatchObject([{ batch: 'J1', left: 2 }])
  }, 90_000)
  it.each(['zh', 'en'])(
    'the pages pass axe and fit the phone (%s)',
    async (language) => {
      const operator = await world.staff('operator')
      const { visits } = (await operator.get(`cabinets/${system.cabinetId}/visits`)) as {
        visits: Array<{ visitId: string }>
      }
      for (const address of [`cabinets/${system.cabinetId}/visits`, `visits/${visits[0]?.visitId}`]) {
        await page.goto(`${system.core.url}/staff/${address}?lang=${language}`)
        await eventually('the page being there', async () => (await page.locator('.card').count()) > 1)
        expect(await findViolations(page)).toEqual([])
        expect(await overflowPixels(page)).toBe(0)
      }
    },
    60_000,
  )
})
