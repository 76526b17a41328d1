import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserContextOptions } from 'playwright-core'
import type { PlanogramView } from '#protocol/api/staff/planogram.ts'
import { findViolations, overflowPixels } from '#test/support/axe.ts'
import type { WatchedPage } from '#test/support/browser.ts'
import { LANGUAGES, type Language, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** The planogram page over the whole system: the core lints, the page shows it beside the draft. */
let desk: StaffDesk
beforeAll(async () => {
  desk = await startStaffDesk()
})
afterAll(() => desk?.stop())

async function planogramPage(
  name: string,
  more: BrowserContextOptions = {},
  language: Language = 'en',
): Promise<WatchedPage> {
  const cabinet = `/cabinets/${desk.system.cabinetId}`
  const watched = await desk.open(name, cabinet, language, more)
  await watched.page.locator(`a[href$="${cabinet}/planogram"]`).click()
  await watched.page.locator('.lint-bars').waitFor()
  return watched
}
async function saved({ page }: WatchedPage): Promise<PlanogramView> {
  const answer = await page.request.get(`${desk.url}/api/staff/cabinets/${desk.system.cabinetId}/planogram`)
  return (await answer.json()) as PlanogramView
}
const shelvesOf = (view: PlanogramView, sku: string) =>
  view.shelves.filter(({ products }) => products.some((place) => place.sku === sku)).map(({ id }) => id)

describe('an operator puts the orange juice beside water that weighs nearly the same', () => {
  it('by keyboard, is told in words that the scales cannot tell them apart, and takes the better dealing', async () => {
    const watched = await planogramPage('operator')
    const { page, problems } = watched
    const shelf = page.getByLabel('Shelf of Orange juice')
    await shelf.focus()
    await page.keyboard.type('3')
    await page.locator('.lint li', { hasText: 'cannot be told apart' }).waitFor()
    const warning = page.locator('.lint li', { hasText: 'cannot be told apart' }).first()
    expect(await warning.innerText()).toMatch(/Orange juice.* on shelf 3 weigh \d\.\d g apart/s)
    // The focus went along to the row on its new shelf.
    expect(await page.evaluate<string>('document.activeElement.ariaLabel')).toMatch(/^Shelf of Orange juice/)

    await page.locator('#adopt').click()
    await page.locator('.lint li', { hasText: 'cannot be told apart' }).waitFor({ state: 'detached' })
    expect(shelvesOf(await saved(watched), 'juice-orange')).toEqual(['s4'])
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('sees what changes before it is saved; the risky planogram is a warning and not a refusal', async () => {
    const watched = await planogramPage('operator')
    const { page, problems } = watched
    await page.getByLabel('Shelf of Orange juice').selectOption({ label: '3' })
    await page.getByLabel('Price of Orange juice').fill('8.80')
    await page.getByLabel('Price of Orange juice').press('Tab')
    await page.locator('.lint li', { hasText: 'cannot be told apart' }).waitFor()
    await page.locator('#save').click()
    const dialog = page.locator('dialog[open]')
    expect(await dialog.locator('.ledger').innerText()).toMatch(
      /Orange juice.*: shelf 4 → 3\s+Orange juice.*, shelf 3: ¥8\.50 → ¥8\.80/s,
    )
    await dialog.locator('#save-send').click()
    await page.locator('.toast', { hasText: 'Version 2 is saved. Weight alone will be wrong' }).waitFor()
    const view = await saved(watched)
    expect([view.version, ...shelvesOf(view, 'juice-orange')]).toEqual([2, 's3'])
    expect(view.stock).toContainEqual({ shelf: 's3', sku: 'juice-orange', quantity: 8 })
    expect(problems).toEqual([])
    await page.context().close()
  })

  it('keeps the draft when somebody else saves first, and says so', async () => {
    const watched = await planogramPage('operator')
    const { page } = watched
    await page.getByLabel('Capacity of Orange juice').fill('12')
    await page.getByLabel('Capacity of Orange juice').press('Tab')
    const { version, shelves } = await saved(watched)
    const other = await page.request.put(
      `${desk.url}/api/staff/cabinets/${desk.system.cabinetId}/planogram`,
      { data: { expectedVersion: version, shelves } },
    )
    expect(other.status()).toBe(200)
    await page.locator('.strip', { hasText: `Somebody saved version ${version + 1}` }).waitFor()
    expect(await page.getByLabel('Capacity of Orange juice').inputValue()).toBe('12')
    await page.context().close()
  })
})

describe('an agent looks at the planogram', () => {
  it('reads it with its figures and is offered nothing to change', async () => {
    const { page, problems } = await planogramPage('agent')
    expect(await page.locator('.places').count()).toBe(5)
    expect(await page.locator('main input, main select, #save, #adopt').count()).toBe(0)
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('the planogram page', () => {
  for (const language of LANGUAGES)
    for (const colorScheme of ['light', 'dark'] as const)
      it(`passes axe and fits a telephone (${language}, ${colorScheme})`, async () => {
        const { page } = await planogramPage('operator', { colorScheme, bypassCSP: true }, language)
        await page.locator('.places select').first().selectOption({ index: 1 })
        await page.locator('#save:enabled').waitFor()
        const found = await findViolations(page)
        await page.locator('#save').click()
        found.push(...(await findViolations(page)))
        await page.keyboard.press('Escape')
        await page.setViewportSize({ width: 390, height: 844 })
        found.push(...(await findViolations(page)))
        expect(found).toEqual([])
        for (const width of [320, 390]) {
          await page.setViewportSize({ width, height: 844 })
          expect(await overflowPixels(page)).toBe(0)
        }
        await page.context().close()
      })
})
