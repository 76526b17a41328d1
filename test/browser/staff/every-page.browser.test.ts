import type { BrowserContextOptions, Page } from 'playwright-core'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '#protocol/api/common.ts'
import type { DeadLetterList } from '#protocol/api/delivery.ts'
import { upTopic } from '#protocol/topics.ts'
import { firstRouteSizes } from '#scripts/build-console.ts'
import { CASES_POLICY } from '#test/bench/console/cases.ts'
import { prepareStages, type StagePage } from '#test/bench/console/stages.ts'
import { findViolations, overflowPixels, settleColours } from '#test/support/axe.ts'
import { readDeviceIdentity } from '#test/support/device-identity.ts'
import { eventually } from '#test/support/eventually.ts'
import { type DeskPage, LANGUAGES, type Language, type StaffDesk, startStaffDesk } from './staff-desk.ts'

/** Every page of the console with something to look at, by the role whose page it is, on one running system. */
let desk: StaffDesk
const pagesOf = new Map<Role, StagePage[]>()
beforeAll(async () => {
  desk = await startStaffDesk({ policy: CASES_POLICY })
  const { pages } = await prepareStages(desk.world)
  const letter = await aDeadLetter()
  for (const one of pages) {
    if (one.role === undefined) continue
    const address = one.route === '/staff/dead-letters/:id' ? `/staff/dead-letters/${letter}` : one.address
    pagesOf.set(one.role, [...(pagesOf.get(one.role) ?? []), { ...one, address }])
  }
}, 180_000)
afterAll(() => desk?.stop())

const THEMES = ['light', 'dark'] as const
const WIDTHS = [320, 375, 768, 1280, 1920]
const LOOK: BrowserContextOptions = { bypassCSP: true, reducedMotion: 'reduce' }
const PAGES_AT_A_TIME = 8
const AT_ONCE = 3

/** Something that is no message comes in the name of the cabinet. @returns the number under which it is kept */
async function aDeadLetter(): Promise<number> {
  const { cabinetId, partition, options } = readDeviceIdentity(desk.system.dataDir)
  const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${desk.system.core.mqttPort}`, options)
  await client.publishAsync(upTopic(partition, cabinetId, 'ev'), 'not json', { qos: 1 })
  await client.endAsync(true)
  const admin = await desk.staff('admin')
  const { id } = await eventually(
    'the dead letter',
    async () => ((await admin.get('dead-letters')) as DeadLetterList).deadLetters[0],
  )
  return id
}
/** Shown, with what it loads first. */
async function isShown(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
}
/** Goes through the pages of each role, each loaded once, a few at a time. @returns what is wrong, by the page */
async function everyPage(language: Language): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  const work = [...pagesOf].flatMap(([role, pages]) =>
    Array.from({ length: Math.ceil(pages.length / PAGES_AT_A_TIME) }, (_, index) => ({
      role,
      pages: pages.slice(index * PAGES_AT_A_TIME, (index + 1) * PAGES_AT_A_TIME),
    })),
  )
  const next = work[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const { role, pages } of next) {
        const { page, done } = await desk.open(role, '/help', language, LOOK)
        for (const { route, address } of pages) {
          await page.goto(`${desk.url}${address}`, { waitUntil: 'load' })
          await isShown(page)
          const here = await wrongOn(page)
          if (here.length > 0) found[`${role} ${route}`] = here
        }
        await done()
      }
    }),
  )
  return found
}
/** What reaches furthest, so that a failure names it. */
function widest(page: Page): Promise<string> {
  return page.evaluate<string>(
    `[...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(-3)
      .map((one) => one.tagName + '.' + one.className + ' ' + (one.textContent ?? '').trim().slice(0, 40)).join(' | ')`,
  )
}
async function wrongOn(page: Page): Promise<string[]> {
  const wrong: string[] = []
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await settleColours(page)
    for (const one of await findViolations(page)) wrong.push(`${colorScheme}: ${one}`)
  }
  const size = page.viewportSize()
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 })
    const pixels = await overflowPixels(page)
    if (pixels > 0) wrong.push(`too wide at ${width}: ${pixels} ${await widest(page)}`)
  }
  if (size !== null) await page.setViewportSize(size)
  return wrong
}

describe.each(LANGUAGES)('every page (%s)', (language) => {
  it('passes axe in light and dark, fits from 320 to 1920 pixels, keeps its policy and asks no other host', async () => {
    expect([...pagesOf.values()].flat().length).toBeGreaterThan(40)
    expect(await everyPage(language)).toEqual({})
  }, 240_000)
})

/**
 * Dialogs of a page: what opens each of them, a key or a selector, and what is there when it may be opened. A key that is
 * pressed before the page knows what its reader may do opens nothing.
 */
const DIALOGS: ReadonlyArray<{ role: Role; route: string; openers: readonly string[]; ready: string }> = [
  {
    role: 'agent',
    route: '/staff/tickets/:id',
    openers: ['r', 'e', 'z', 'w', '?', '/'],
    ready: '.ticket-head button.button kbd',
  },
  {
    role: 'agent',
    route: '/staff/tickets',
    openers: ['.page-head button.button'],
    ready: '.page-head button.button',
  },
  {
    role: 'technician',
    route: '/staff/cabinets/:id',
    openers: ['command-panel .command-group button.button'],
    ready: 'command-panel .command-group button.button',
  },
]
const OPENED = 'dialog[open], #template-filter'
async function opensAll(
  { page }: Pick<DeskPage, 'page'>,
  openers: readonly string[],
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  const judge = async (name: string, open: () => Promise<unknown>) => {
    await open()
    await page.locator(OPENED).first().waitFor()
    await settleColours(page)
    const violations = await findViolations(page)
    if (violations.length > 0) found[name] = violations
    await page.keyboard.press('Escape')
    await page.locator(OPENED).first().waitFor({ state: 'detached' })
  }
  for (const opener of openers) {
    if (opener.length === 1) await judge(opener, () => page.keyboard.press(opener))
    else {
      const buttons = await page.locator(opener).all()
      expect(buttons.length, opener).toBeGreaterThan(0)
      for (const button of buttons) await judge(await button.innerText(), () => button.click())
    }
  }
  return found
}

describe.each([
  ['zh', 'dark'],
  ['en', 'light'],
] as const)('every dialog (%s, %s)', (language, colorScheme) => {
  it.each(DIALOGS)('of $route passes axe', async ({ role, route, openers, ready }) => {
    const { address } = [...pagesOf.values()].flat().find((one) => one.route === route) ?? { address: route }
    const opened = await desk.open(role, address.replace('/staff', ''), language, {
      bypassCSP: true,
      colorScheme,
      reducedMotion: 'reduce',
    })
    await isShown(opened.page)
    await opened.page.locator(ready).first().waitFor()
    expect(await opensAll(opened, openers)).toEqual({})
    await opened.done()
  })
})

describe('somebody who reads with their ears', () => {
  it('is taken to the heading of the next page and told its title', async () => {
    const { page, done } = await desk.open('agent', '/', 'en')
    await page.locator('nav.rail a', { hasText: 'Fleet' }).click()
    await page.waitForURL('**/fleet')
    await expect.poll(() => page.title()).toBe('Fleet · Cabinet console')
    await expect.poll(() => page.locator('h1:focus').count()).toBe(1)
    await done()
  })
})

describe('the console', () => {
  it('needs at most 150 KiB of script before the first route shows', () => {
    expect(firstRouteSizes()['staff/index.html']).toBeLessThan(150)
  })
})
