import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { buildConsole, firstRouteSizes } from '#scripts/build-console.ts'
import { startSystem } from '#scripts/system.ts'
import { seedFileOf } from '#test/scenarios/play.ts'
import { makeTwins } from '#test/scenarios/weighing.ts'
import { createWorld } from '#test/scenarios/world.ts'
import { describeBrowser, launchBrowser } from '#test/support/browser.ts'
import { CASES_POLICY } from './cases.ts'
import {
  BENCH_LANGUAGES,
  type BenchLanguage,
  contextOf,
  createFound,
  type Found,
  judge,
  open,
  settled,
  SIZES,
  whyNot,
} from './judge.ts'
import { ODD_POLICY, playOddCases } from './odd-cases.ts'
import { emptyStages, prepareStages, type Stage, type Stages } from './stages.ts'
import { lookAtDialogs, lookAtKeys, lookAtStates, type SeenDialogs } from './states.ts'

export interface ConsoleFigures {
  /** Script that must arrive before the first page of the staff console shows: the entry, what it imports, and that page. */
  staffFirstRouteGzipKiB: number
  consumerGzipKiB: number
  /** Largest contentful paint over 1.6 Mbit/s with 150 ms and a processor four times as slow; the middle of several. */
  lcpMs: { staff: number; consumer: number }
  /** What axe found, each once for every place where it was found. */
  axeViolations: number
  /** Addresses, their states and their dialogs, times languages, themes, sizes and who looks. */
  routesChecked: number
  /** Dialogs that were opened, each once for a language and a route. */
  dialogsOpened: number
  /** Pages that were wider than their screen. */
  overflows: number
  /** Places that did not show what they should within 20 s. */
  notShown: number
  /** What scripts of the pages threw and nobody caught. */
  scriptErrors: number
  seconds: number
  browser: string
}

/** In the order in which they are done; each can be asked for by itself. */
export const CONSOLE_PARTS = ['empty', 'speed', 'pages', 'states', 'dialogs'] as const
export type ConsolePart = (typeof CONSOLE_PARTS)[number]

const PAGES_AT_ONCE = 3
const LCP_RUNS = 5
const SLOW_LINE = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 }
const SLOWER_BY = 4
const QUIET_MS = 1500

/**
 * Every address, for everybody who may come to it, in both languages, themes and sizes, in a real browser: with nothing in
 * it, with something in it, while it loads, when loading fails, when the line is cut, and with each dialog that it opens.
 * @param parts  all when absent
 * @param address  only addresses that contain this
 */
export async function runConsoleBench({
  parts = CONSOLE_PARTS,
  address = '',
  say,
}: {
  parts?: readonly ConsolePart[]
  address?: string
  say: (line: string) => void
}): Promise<ConsoleFigures> {
  await buildConsole({ say })
  const dataDir = mkdtempSync(path.join(tmpdir(), 'bench-console-'))
  const system = await startSystem({
    dataDir,
    seed: 1,
    seedFile: seedFileOf(makeTwins, dataDir),
    cameras: 1,
    policy: { ...ODD_POLICY, ...CASES_POLICY },
    say,
  })
  const browser = await launchBrowser()
  const startedMs = performance.now()
  try {
    const { url } = system.core
    const world = createWorld(system)
    const found = createFound(say)
    let dialogsOpened = 0
    const wanted = (part: ConsolePart) => parts.includes(part)
    const look = (stages: readonly Stage[]) =>
      inEachLanguage(only(stages, address), found, (stage, language) =>
        lookAtPages(browser, url, stage, language, found, say),
      )
    if (wanted('empty')) await look(await emptyStages(world))
    say('Playing a sale and a dispute …')
    // First: a technician is at the cabinet when the others are played.
    const odd = await playOddCases(world)
    const played = await prepareStages(world)
    const { consumer, staff, pages } = played
    const lcpMs = wanted('speed')
      ? {
          staff: await middleLcp(browser, url, staff, found),
          consumer: await middleLcp(browser, url, consumer, found),
        }
      : { staff: Number.NaN, consumer: Number.NaN }
    const stages = [...played.stages, ...odd]
    if (wanted('pages')) await look(stages)
    if (wanted('states'))
      await inEachLanguage(only(stagesOfPages(played, pages), address), found, (stage, language) =>
        lookAtEachState(browser, url, stage, language, found, say),
      )
    if (wanted('dialogs')) {
      const seen: SeenDialogs = new Set()
      const work = only(stages, address).flatMap((stage) =>
        stage.addresses.filter((one) => one.startsWith('/staff')).map((one) => ({ stage, one })),
      )
      await severalAtOnce(work, ({ stage, one }) =>
        withoutEnding(`${stage.who} ${one} (dialogs)`, found, async () => {
          const opened = await openDialogs(browser, url, stage, one, found, seen)
          dialogsOpened += opened
        }),
      )
    }
    tellFound(found, say)
    const sizes = firstRouteSizes({ 'staff/index.html': ['staff/pages/home.ts'] })
    return {
      staffFirstRouteGzipKiB: sizes['staff/index.html'] ?? Number.NaN,
      consumerGzipKiB: sizes['consumer/consumer.ts'] ?? Number.NaN,
      lcpMs,
      axeViolations: [...found.violations.values()].reduce((sum, places) => sum + places.length, 0),
      routesChecked: found.checked,
      dialogsOpened,
      overflows: found.overflows.length,
      notShown: found.notShown.length,
      scriptErrors: found.scriptErrors.size,
      seconds: (performance.now() - startedMs) / 1000,
      browser: await describeBrowser(),
    }
  } finally {
    await browser.close()
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function tellFound(found: Found, say: (line: string) => void): void {
  for (const [violation, places] of found.violations)
    say(
      `${violation}\n    ${places.slice(0, 4).join(', ')}${places.length > 4 ? ` and ${places.length - 4} more` : ''}`,
    )
  for (const place of found.notShown) say(`not shown: ${place}`)
  for (const error of found.scriptErrors) say(`a script failed on ${error}`)
  for (const place of found.overflows) say(`wider than the screen: ${place}`)
}

function only(stages: readonly Stage[], address: string): Stage[] {
  return stages
    .map((stage) => ({ ...stage, addresses: stage.addresses.filter((one) => one.includes(address)) }))
    .filter(({ addresses }) => addresses.length > 0)
}
/** Each page of staff once, for the one whose page it is. */
function stagesOfPages({ stages }: Stages, pages: Stages['pages']): Stage[] {
  return stages.map((stage) => ({
    ...stage,
    addresses: pages.filter(({ role }) => role === stage.who).map(({ address }) => address),
  }))
}

async function inEachLanguage(
  stages: readonly Stage[],
  found: Found,
  run: (stage: Stage, language: BenchLanguage) => Promise<void>,
): Promise<void> {
  const work = stages.flatMap((stage) => BENCH_LANGUAGES.map((language) => ({ stage, language })))
  await severalAtOnce(work, ({ stage, language }) =>
    withoutEnding(`${stage.who} ${language}`, found, () => run(stage, language)),
  )
}
/** A whole run is long: a page that fails where nothing expects it is told among those that were not shown, and the rest go on. */
async function withoutEnding(place: string, found: Found, run: () => Promise<void>): Promise<void> {
  const trouble = await whyNot(run)
  if (trouble === undefined) return
  found.say(`${place}: ${trouble}`)
  found.notShown.push(`${place}: ${trouble}`)
}
async function severalAtOnce<T>(work: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const next = work[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: PAGES_AT_ONCE }, async () => {
      for (const one of next) await run(one)
    }),
  )
}

async function lookAtPages(
  browser: Browser,
  url: string,
  stage: Stage,
  language: BenchLanguage,
  found: Found,
  say: (line: string) => void,
): Promise<void> {
  const context = await contextOf(browser, url, stage.cookies, language, found)
  const page = await context.newPage()
  for (const address of stage.addresses) {
    const place = `${stage.who} ${address} ${language}`
    await withoutEnding(place, found, async () => {
      await page.setViewportSize(SIZES.desk)
      await open(page, url, address, language)
      const trouble = await settled(page)
      if (trouble === undefined) await judge(page, place, found, ['phone', 'desk'])
      else found.notShown.push(`${place}: ${trouble}`)
    })
  }
  await context.close()
  say(`  ${stage.who}, ${language}: ${stage.addresses.length} addresses`)
}

async function lookAtEachState(
  browser: Browser,
  url: string,
  { who, cookies, addresses }: Stage,
  language: BenchLanguage,
  found: Found,
  say: (line: string) => void,
): Promise<void> {
  const context = await contextOf(browser, url, cookies, language, found)
  for (const address of addresses)
    await withoutEnding(`${who} ${address} (states) ${language}`, found, () =>
      lookAtStates(() => context.newPage(), { url, address, who, language }, found),
    )
  await context.close()
  say(`  ${who}, ${language}: states of ${addresses.length} addresses`)
}

/** In the second language only what opened one in the first. */
async function openDialogs(
  browser: Browser,
  url: string,
  { who, cookies }: Stage,
  address: string,
  found: Found,
  seen: SeenDialogs,
): Promise<number> {
  let opened = 0
  for (const language of BENCH_LANGUAGES) {
    const context = await contextOf(browser, url, cookies, language, found)
    const at = { url, address, who, language }
    let here = await lookAtDialogs(await context.newPage(), at, found, seen)
    if (address === '/staff/') here += await lookAtKeys(await context.newPage(), at, found)
    await context.close()
    if (here === 0) break
    opened += here
  }
  if (opened > 0) found.say(`  ${who} ${address}: ${opened} dialogs`)
  return opened
}

/** Each run is a browser that was never here. */
async function middleLcp(
  browser: Browser,
  url: string,
  { address, cookies }: { address: string; cookies: Stage['cookies'] },
  found: Found,
): Promise<number> {
  const taken: number[] = []
  for (let run = 0; run < LCP_RUNS; run++) {
    const context = await contextOf(browser, url, cookies, 'zh', found)
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
