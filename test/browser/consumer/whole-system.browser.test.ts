import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsole } from '#scripts/build-console.ts'
import { DEMO_CABINET, type RunningSystem, startSystem } from '#scripts/system.ts'
import { arrive, leave, take } from '#test/scenarios/steps.ts'
import { createWorld, type World } from '#test/scenarios/world.ts'
import { findViolations } from '#test/support/axe.ts'
import { launchBrowser, PHONE } from '#test/support/browser.ts'

/** One phone, one cabinet, every wire real: from the code on the cabinet to the answer of a dispute. */
let system: RunningSystem
let world: World
let browser: Browser
let dataDir: string

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'vc-consumer-pages-'))
  await buildConsole()
  system = await startSystem({ dataDir })
  world = createWorld(system)
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** On the provider's page: the first person there with money, and yes. */
async function consent(page: Page): Promise<void> {
  const { people } = await world.provider.books()
  const person = people.find(({ balanceFen }) => balanceFen >= 10_000)
  if (person === undefined) throw new Error('the provider knows nobody with money')
  await page.locator(`input[name="openid"][value="${person.openid}"]`).check()
  await page.locator('form button').first().tap()
}

describe('somebody who stands before the cabinet for the first time', () => {
  it('scans, consents, opens, takes two things, sees the order by itself, and disputes one of them in three taps', async () => {
    const context = await browser.newContext({ ...PHONE, locale: 'zh-CN', bypassCSP: true })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))

    await page.goto(`${system.core.url}/c/${DEMO_CABINET}`)
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: '打开柜门' }).tap()
    await page.waitForURL((url) => url.origin !== system.core.url)
    await consent(page)
    await page.waitForURL(`${system.core.url}/c/${DEMO_CABINET}?consent=ok`)
    await page.getByRole('button', { name: '打开柜门' }).tap()
    await page.getByRole('heading', { name: /正在开锁|请挑选商品/ }).waitFor()
    await world.workshop.visit([...arrive, take('s3', 'cola-330'), take('s4', 'juice-orange'), ...leave])

    await page.waitForURL('**/o/**')
    await page.getByText('已支付').first().waitFor()
    expect(await page.locator('.amount').innerText()).toBe('¥12.00')
    const lines = await page.locator('.lines').innerText()
    expect(lines).toContain('可乐')
    expect(lines).toContain('橙汁')
    await page.locator('.curve').first().waitFor()
    expect(await page.locator('.marks li').count()).toBe(2)
    await page.locator('.snapshots img').first().waitFor()
    expect(await findViolations(page)).toEqual([])
    const order = new URL(page.url()).pathname

    await page.getByRole('link', { name: /可乐.*有问题/ }).tap()
    await page.getByText('商品变质或过期').tap()
    await page.getByRole('button', { name: '提交' }).tap()
    await page.waitForURL('**/d/**')
    expect(await page.locator('#answer').innerText()).toMatch(/人工核对中[^]*前首次回复/)
    expect(await findViolations(page)).toEqual([])
    expect(errors).toEqual([])

    const stranger = await browser.newContext({ ...PHONE, locale: 'en-GB' })
    const other = await stranger.newPage()
    await other.goto(system.core.url + order)
    const seen = await other.locator('main').innerText()
    expect(seen).toContain('belongs to the phone that bought it')
    expect(seen).not.toContain('12.00')
    await stranger.close()
    await context.close()
  })
})
