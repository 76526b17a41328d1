import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { CASES_POLICY } from '#test/bench/console/cases.ts'
import { prepareStages, type StagePage } from '#test/bench/console/stages.ts'
import { createWorld, type World } from '#test/scenarios/world.ts'
import { DESK, describeBrowser, launchBrowser, PHONE } from '#test/support/browser.ts'
import { buildConsole } from './build-console.ts'
import { flagHelp, type FlagSpec, readFlags, UsageError } from './flags.ts'
import { ROOT, startSystem } from './system.ts'

const USAGE = 'npm run screenshots -- [flags]'
const ABOUT =
  'Starts a system, plays a sale, a doubt and a dispute, and takes pictures of every page in both languages, light and dark, phone and desk.'
const FLAGS = {
  out: { type: 'string', hint: 'DIR', default: '.tmp/screenshots', help: 'folder for all pictures' },
  only: { type: 'string', hint: 'ROUTE', help: 'only pages whose route begins so, such as /staff/tickets' },
  readme: {
    type: 'boolean',
    help: 'take only the pictures that README and docs show, and write them to docs/pictures',
  },
} satisfies Record<string, FlagSpec>

type Language = 'zh' | 'en'
type Size = 'phone' | 'desk'
const HEIGHT = 820
type Cookie = { name: string; value: string }

/** `/staff/tickets/:id` becomes `staff-tickets-id`. */
function nameOf({ route, role }: StagePage): string {
  const words = route.replaceAll(/[/:]+/g, ' ').trim().replaceAll(' ', '-')
  return role === undefined ? `consumer-${words || 'welcome'}` : words
}

async function shoot(
  browser: Browser,
  world: World,
  consumer: readonly Cookie[],
  shots: readonly StagePage[],
  out: string,
  isWanted: (name: string) => boolean,
  say: (line: string) => void,
): Promise<void> {
  const { url } = world.system.core
  const signedIn = new Map<string, readonly Cookie[]>()
  for (const role of new Set(shots.flatMap((shot) => shot.role ?? [])))
    signedIn.set(role, (await world.staff(role)).visitor.cookies())
  for (const size of ['phone', 'desk'] as const) {
    for (const theme of ['light', 'dark'] as const) {
      for (const language of ['zh', 'en'] as const) {
        const context = await browser.newContext({
          ...(size === 'phone' ? PHONE : { ...DESK, viewport: { width: 1440, height: 900 } }),
          colorScheme: theme,
          locale: language === 'zh' ? 'zh-CN' : 'en-US',
        })
        const page = await context.newPage()
        let taken = 0
        for (const shot of shots) {
          const name = `${nameOf(shot)}-${language}-${theme}-${size}`
          if (!isWanted(name)) continue
          taken++
          const cookies = shot.role === undefined ? consumer : signedIn.get(shot.role)
          await context.clearCookies()
          await context.addCookies((cookies ?? []).map(({ name, value }) => ({ name, value, url })))
          await takePicture(page, world, shot, { language, size }, path.join(out, `${name}.png`))
        }
        await context.close()
        say(`  ${size}, ${theme}, ${language}: ${taken} pictures`)
      }
    }
  }
}

/** What lies on the screen has arrived; what lies outside may be loaded later. */
const SEEN = `Promise.all([...document.images].map((image) => {
  const { top, left } = image.getBoundingClientRect()
  if (image.complete || top > innerHeight || left > innerWidth) return undefined
  return new Promise((resolve) => { image.onload = resolve; image.onerror = resolve; setTimeout(resolve, 5000) })
}))`

async function takePicture(
  page: Page,
  world: World,
  shot: StagePage,
  { language, size }: { language: Language; size: Size },
  file: string,
): Promise<void> {
  const address = new URL(shot.address, world.system.core.url)
  address.searchParams.set('lang', language)
  await page.goto(address.href)
  // The staff console keeps a stream open, so the network is never idle: wait for what it shows.
  await page.waitForLoadState('load')
  await page.locator('h1').first().waitFor({ timeout: 10_000 })
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached', timeout: 10_000 })
  await page.evaluate(SEEN)
  await page.screenshot({
    path: file,
    fullPage: size === 'phone' || shot.role === undefined,
  })
}

/** What README and docs show, cut to one height so that they stand side by side. */
const BEST: Readonly<Record<string, { from: string; size: Size }>> = {
  order: { from: 'consumer-o-id-en-light-phone', size: 'phone' },
  dispute: { from: 'consumer-d-id-zh-light-phone', size: 'phone' },
  workbench: { from: 'staff-tickets-id-zh-light-desk', size: 'desk' },
  evidence: { from: 'staff-orders-id-en-light-desk', size: 'desk' },
  cabinet: { from: 'staff-cabinets-id-en-dark-desk', size: 'desk' },
  planogram: { from: 'staff-cabinets-id-planogram-en-light-desk', size: 'desk' },
}

async function writeReadmePictures(out: string, folder: string): Promise<void> {
  for (const [name, { from, size }] of Object.entries(BEST)) {
    const picture = sharp(path.join(out, `${from}.png`))
    const cut =
      size === 'desk'
        ? picture.resize({ height: HEIGHT })
        : picture.resize({ width: 390, height: HEIGHT, fit: 'cover', position: 'top' })
    await cut.png({ compressionLevel: 9, palette: true }).toFile(path.join(folder, `${name}.png`))
  }
}

async function main(): Promise<number> {
  const { values, wantsHelp } = readFlags(USAGE, FLAGS, process.argv.slice(2))
  if (values.readme === true && values.only !== undefined)
    throw new UsageError('--readme shows pages of several routes: leave --only out.')
  if (wantsHelp) {
    process.stdout.write(flagHelp(USAGE, ABOUT, FLAGS))
    return 0
  }
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const out = path.resolve(ROOT, String(values.out))
  mkdirSync(out, { recursive: true })
  await buildConsole({ say })
  say(`Browser: ${await describeBrowser()}`)
  const dataDir = mkdtempSync(path.join(tmpdir(), 'screenshots-'))
  const system = await startSystem({ dataDir, seed: 1, cameras: 2, policy: CASES_POLICY, say })
  const browser = await launchBrowser()
  try {
    const world = createWorld(system)
    say('Playing a sale and a dispute …')
    const { pages, consumer } = await prepareStages(world)
    const only = values.only === undefined ? '/' : String(values.only)
    const wanted = pages.filter(({ route }) => route.startsWith(only))
    const best = new Set(Object.values(BEST).map(({ from }) => from))
    const isWanted = (name: string) => values.readme !== true || best.has(name)
    if (wanted.length === 0) throw new UsageError(`There is no page whose route begins with ${only}.`)
    await shoot(browser, world, consumer.cookies, wanted, out, isWanted, say)
    if (values.readme === true) {
      const pictures = path.join(ROOT, 'docs/pictures')
      mkdirSync(pictures, { recursive: true })
      await writeReadmePictures(out, pictures)
    }
    say(`Pictures: ${out}`)
  } finally {
    await browser.close()
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return 0
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    )
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
