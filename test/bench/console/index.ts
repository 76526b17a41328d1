import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { messageOf } from '#protocol/base/errors.ts'
import { buildConsole, firstRouteSizes } from '#scripts/build-console.ts'
import { startSystem } from '#scripts/system.ts'
import { createWorld } from '#test/scenarios/world.ts'
import { findViolations } from '#test/support/axe.ts'
import { describeBrowser, launchBrowser } from '#test/support/browser.ts'
import { CASES_POLICY } from './cases.ts'
import { prepareStages, type Stage } from './stages.ts'

export interface ConsoleFigures {
  /** Script that must arrive before the first page of the staff console shows: the entry, what it imports, and that page. */
  staffFirstRouteGzipKiB: number
  consumerGzipKiB: number
  /** Largest contentful paint over 1.6 Mbit/s with 150 ms and a processor four times as slow; the middle of several. */
  lcpMs: { staff: number; consumer: number }
  /** What axe found, each once for every place where it was found. */
  axeViolations: number
  /** Addresses times languages, themes, sizes and who looks. */
  routesChecked: number
  /** Pages that were wider than their screen. */
  overflows: number
  /** Pages that showed no heading within 20 s. */
  notShown: number
  seconds: number
  browser: string
}

const LANGUAGES = ['zh', 'en'] as const
const THEMES = ['light', 'dark'] as const
const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } } as const
const PAGES_AT_ONCE = 3
const LCP_RUNS = 5
const SLOW_LINE = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 }
const SLOWER_BY = 4
const QUIET_MS = 1500
const SHOWN_WITHIN_MS = 20_000
/**
 * Colours that are on their way to the other theme are judged where they arrive. A colour that arrives sets those off that
 * are inherited from it, so that one round is not enough.
 */
const SETTLE = `(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  for (let round = 0; round < 20; round++) {
    const moving = document.getAnimations().filter(
      (one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity,
    )
    for (const animation of moving) animation.finish()
    await frame()
    await frame()
    if (moving.length === 0) return
  }
})()`

/** Every address, for everybody who may come to it, in both languages, themes and sizes, in a real browser. */
export async function runConsoleBench({ say }: { say: (line: string) => void }): Promise<ConsoleFigures> {
  await buildConsole({ say })
  const dataDir = mkdtempSync(path.join(tmpdir(), 'bench-console-'))
  const system = await startSystem({ dataDir, seed: 1, cameras: 1, policy: CASES_POLICY, say })
  const browser = await launchBrowser()
  const startedMs = performance.now()
  try {
    const { url } = system.core
    say('Playing a sale and a dispute …')
    const { stages, consumer, staff } = await prepareStages(createWorld(system))
    const lcpMs = {
      staff: await middleLcp(browser, url, staff),
      consumer: await middleLcp(browser, url, consumer),
    }
    const found = {
      violations: new Map<string, string[]>(),
      checked: 0,
      overflows: [] as string[],
      notShown: [] as string[],
    }
    const work = stages.flatMap((stage) => LANGUAGES.map((language) => ({ stage, language })))
    const next = work[Symbol.iterator]()
    await Promise.all(
      Array.from({ length: PAGES_AT_ONCE }, async () => {
        for (const { stage, language } of next) {
          await look(browser, url, stage, language, found)
          say(`  ${stage.who}, ${language}: ${stage.addresses.length} addresses`)
        }
      }),
    )
    for (const [violation, places] of found.violations)
      say(
        `${violation}\n    ${places.slice(0, 4).join(', ')}${places.length > 4 ? ` and ${places.length - 4} more` : ''}`,
      )
    for (const place of found.notShown) say(`not shown: ${place}`)
    for (const place of found.overflows) say(`wider than the screen: ${place}`)
    const sizes = firstRouteSizes({ 'staff/index.html': ['staff/pages/home.ts'] })
    return {
      staffFirstRouteGzipKiB: sizes['staff/index.html'] ?? Number.NaN,
      consumerGzipKiB: sizes['consumer/consumer.ts'] ?? Number.NaN,
      lcpMs,
      axeViolations: [...found.violations.values()].reduce((sum, places) => sum + places.length, 0),
      routesChecked: found.checked,
      overflows: found.overflows.length,
      notShown: found.notShown.length,
      seconds: (performance.now() - startedMs) / 1000,
      browser: await describeBrowser(),
    }
  } finally {
    await browser.close()
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function look(
  browser: Browser,
  url: string,
  stage: Stage,
  language: (typeof LANGUAGES)[number],
  found: { violations: Map<string, string[]>; checked: number; overflows: string[]; notShown: string[] },
): Promise<void> {
  const context = await contextOf(browser, url, stage.cookies, language)
  const page = await context.newPage()
  for (const address of stage.addresses) {
    await page.setViewportSize(SIZES.desk)
    const target = new URL(address, url)
    target.searchParams.set('lang', language)
    await page.goto(target.href, { waitUntil: 'load' })
    const trouble = await settled(page)
    if (trouble !== undefined) {
      found.notShown.push(`${stage.who} ${address} ${language}: ${trouble}`)
      continue
    }
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport)
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await page.evaluate(SETTLE)
        const place = `${stage.who} ${address} ${language} ${theme} ${size}`
        for (const one of await findViolations(page)) {
          // Marks of the template engine differ from page to page.
          const violation = one.replace(/<!--\?lit\$\d+\$-->/g, '')
          const places = found.violations.get(violation) ?? []
          places.push(place)
          found.violations.set(violation, places)
        }
        found.checked++
      }
      if (await isTooWide(page)) found.overflows.push(`${stage.who} ${address} ${language} ${size}`)
    }
  }
  await context.close()
}

/** @returns why the page does not count as shown */
async function settled(page: Page): Promise<string | undefined> {
  try {
    await page.locator('h1').first().waitFor({ timeout: SHOWN_WITHIN_MS })
    await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached', timeout: SHOWN_WITHIN_MS })
    return undefined
  } catch (error) {
    return messageOf(error).split('\n')[0]
  }
}

function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth')
}

async function contextOf(
  browser: Browser,
  url: string,
  cookies: Stage['cookies'],
  language: (typeof LANGUAGES)[number],
): Promise<BrowserContext> {
  const context = await browser.newContext({
    bypassCSP: true,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  })
  await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url })))
  return context
}

/** Each run is a browser that was never here. */
async function middleLcp(
  browser: Browser,
  url: string,
  { address, cookies }: { address: string; cookies: Stage['cookies'] },
): Promise<number> {
  const taken: number[] = []
  for (let run = 0; run < LCP_RUNS; run++) {
    const context = await contextOf(browser, url, cookies, 'zh')
    const page = await context.newPage()
    await page.setViewportSize(SIZES.phone)
    const devtools = await context.newCDPSession(page)
    await devtools.send('Network.emulateNetworkConditions', SLOW_LINE)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER_BY })
    await page.goto(new URL(address, url).href, { waitUntil: 'load' })
    await page.locator('h1').first().waitFor({ timeout: 20_000 })
    // The largest paint is known once nothing larger comes for a while.
    taken.push(
      await page.evaluate<number>(`new Promise((resolve) => {
        let last = 0
        let timer = 0
        const wait = () => { clearTimeout(timer); timer = setTimeout(() => resolve(last), ${QUIET_MS}) }
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) last = entry.startTime
          wait()
        }).observe({ type: 'largest-contentful-paint', buffered: true })
        wait()
      })`),
    )
    await context.close()
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length / 2)] ?? Number.NaN
}
