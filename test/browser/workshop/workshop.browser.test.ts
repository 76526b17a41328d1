import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type Simulator, startSimulator } from '#simulator/app.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import { DESK, launchBrowser, openWatchedPage, PHONE } from '#test/support/browser.ts'

let dataDir: string
let simulator: Simulator
let browser: Browser
let origin: string

async function control(where: string, body: unknown = {}) {
  const answer = await fetch(`${simulator.addresses.controlUrl}/${where}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}
async function open(options = DESK, query = 'lang=zh&theme=light') {
  const watched = await openWatchedPage(browser, options, origin)
  await watched.page.goto(`${origin}/?${query}`)
  await watched.page.waitForSelector('.picture img')
  return watched
}

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'vc-workshop-'))
  const clock = createSystemClock()
  const random = createSystemRandom()
  simulator = await startSimulator({
    clock,
    random,
    ids: createIds(clock, random),
    dataDir,
    goodsFile: 'scripts/seed/demo.json',
    seed: 1,
    host: '127.0.0.1',
    ports: { control: 0, provider: 0, notices: 0, linkMqtt: 0, linkHttp: 0 },
    onSerialLost: (error) => {
      throw error
    },
    coreHttp: 'http://127.0.0.1:8080',
    coreMqtt: '127.0.0.1:1883',
  })
  origin = new URL(simulator.addresses.workshopUrl).origin
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await simulator.stop()
  rmSync(dataDir, { recursive: true })
})
beforeEach(async () => {
  await control('reset')
})

describe('a technician at the workshop page', () => {
  it('takes a can out of the open cabinet and puts it on another shelf', async () => {
    const { page, problems } = await open()
    await page.getByRole('button', { name: '插入钥匙' }).click()
    await page.getByText('已解锁').waitFor()
    await page.getByRole('button', { name: '开门', exact: true }).click()
    await page.getByRole('button', { name: '拿走 可乐 330 ml' }).last().click()
    await page.locator('.tray select').selectOption('s1')
    await page.locator('.tray-good').click()
    await page.getByText('点货架上的商品').waitFor()
    await page.getByRole('button', { name: '关门' }).waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })
  it('reads in their own language why a closed door gives nothing', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: '拿走 可乐 330 ml' }).last().click({ force: true })
    await page.getByRole('alert').getByText('门关着').waitFor()
    await page.context().close()
  })
  it('breaks things and sees each fault at the top, and all of them gone after a reset', async () => {
    const { page } = await open(DESK, 'lang=en')
    await page.getByRole('radio', { name: 'covered' }).click()
    await page.getByRole('radio', { name: 'hold downstream' }).click()
    await page.getByRole('radio', { name: 'jammed' }).click()
    await page.getByRole('radio', { name: 'unplugged' }).click()
    await page.getByRole('button', { name: 'Warm to 9 °C' }).click()
    for (const fault of [
      'Camera covered',
      'Network hold downstream',
      'Lock jammed',
      'Serial line unplugged',
      'air held warm',
    ]) {
      await page.locator('.faults').getByText(fault).waitFor()
    }
    await page.getByRole('button', { name: 'Reset everything' }).click()
    await page.getByText('all in order').waitFor()
    await page.context().close()
  })
  it('plays a visit and learns what was really taken', async () => {
    const { page } = await open(DESK, 'lang=en')
    await page.getByRole('button', { name: 'Two cans within 0.3 s' }).click()
    await page.getByText('Playing:').waitFor()
    await control('key', { action: 'turn' })
    await page.getByText('Really taken: Cola 330 ml ×2').waitFor()
    await page.context().close()
  })
})

describe('the workshop page', () => {
  it.each([
    ['zh', 'light'],
    ['en', 'dark'],
  ])('passes axe (%s, %s) and asks no other host', async (language, theme) => {
    const { page, problems } = await open({ ...DESK, bypassCSP: true }, `lang=${language}&theme=${theme}`)
    expect(await findViolations(page)).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  })
  it('fits a phone', async () => {
    const { page } = await open(PHONE)
    expect(await overflowPixels(page)).toBe(0)
    await page.context().close()
  })
})
