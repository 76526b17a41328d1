import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { shop, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type World } from '#test/scenarios/world.ts'
import { DESK, describeBrowser, launchBrowser, PHONE } from '#test/support/browser.ts'
import { buildConsole } from './build-console.ts'
import { flagHelp, type FlagSpec, readFlags, UsageError } from './flags.ts'
import { DEMO_CABINET, ROOT, startSystem } from './system.ts'

const USAGE = 'npm run screenshots -- [flags]'
const ABOUT =
  'Starts a system, plays a sale, a doubt and a dispute, and takes pictures of the main pages in both languages, light and dark, phone and desk.'
const FLAGS = {
  out: { type: 'string', hint: 'DIR', default: '.tmp/screenshots', help: 'folder for all pictures' },
  readme: { type: 'boolean', help: 'also write the pictures that README and docs show (docs/pictures)' },
} satisfies Record<string, FlagSpec>

type Language = 'zh' | 'en'
type Theme = 'light' | 'dark'
type Size = 'phone' | 'desk'
type Cookie = { name: string; value: string }
interface Shot {
  name: string
  path: string
  sizes: readonly Size[]
  /** The role that signs in for it; undefined on consumer pages. */
  role?: 'agent' | 'lead' | 'operator' | 'admin'
}

/** The things that pictures show, made by playing it. */
async function prepare(world: World): Promise<{ shots: Shot[]; consumer: Consumer }> {
  const consumer = await world.consumer()
  const sale = await shop(world, consumer, [take('s3', 'cola-330'), take('s4', 'juice-orange')])
  const paid = await consumer.orderIn(sale.session.sessionId, ['paid'])
  const second = await shop(world, consumer, [
    take('s1', 'fruit-cup'),
    take('s2', 'salad-chicken'),
    take('s1', 'yogurt-plain'),
  ])
  const doubted = await consumer.orderIn(second.session.sessionId, ['paid'])
  const line = doubted.lines.find(({ sku }) => sku === 'fruit-cup')
  const dispute = await consumer.dispute(doubted.orderId, {
    reason: 'quality',
    lines: line === undefined ? [] : [{ lineId: line.lineId, quantity: 1 }],
    note: '水果杯有点酸',
  })
  const agent = await world.staff('agent')
  const ticket = (await agent.tickets()).find(({ orderId }) => orderId === doubted.orderId)
  const both = ['phone', 'desk'] as const
  const consumerPage = (name: string, address: string): Shot => ({
    name,
    path: address,
    sizes: both,
  })
  const staffPage = (name: string, address: string, role: Shot['role'] = 'lead'): Shot => ({
    name,
    path: `/staff/${address}`,
    sizes: both,
    role,
  })
  return {
    consumer,
    shots: [
      consumerPage('welcome', '/'),
      consumerPage('cabinet', `/c/${DEMO_CABINET}`),
      consumerPage('order', `/o/${paid.orderId}`),
      consumerPage('dispute-form', `/o/${paid.orderId}/dispute`),
      consumerPage('dispute', `/d/${dispute.disputeId}`),
      consumerPage('orders', '/orders'),
      consumerPage('privacy', '/privacy'),
      staffPage('home', ''),
      staffPage('tickets', 'tickets'),
      staffPage('workbench', `tickets/${ticket?.ticketId ?? ''}`, 'agent'),
      staffPage('orders', 'orders'),
      staffPage('order', `orders/${paid.orderId}`),
      staffPage('fleet', 'fleet', 'operator'),
      staffPage('cabinet', `cabinets/${DEMO_CABINET}`, 'operator'),
      staffPage('planogram', `cabinets/${DEMO_CABINET}/planogram`, 'operator'),
      staffPage('alarms', 'alarms', 'operator'),
      staffPage('approvals', 'approvals'),
      staffPage('audit', 'audit', 'admin'),
    ],
  }
}

async function shoot(
  browser: Browser,
  world: World,
  consumer: Consumer,
  shots: readonly Shot[],
  out: string,
  say: (line: string) => void,
): Promise<void> {
  const { url } = world.system.core
  const signedIn = new Map<string, Cookie[]>()
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
        for (const shot of shots.filter(({ sizes }) => sizes.includes(size))) {
          const cookies = shot.role === undefined ? consumer.visitor.cookies() : signedIn.get(shot.role)
          await context.clearCookies()
          await context.addCookies((cookies ?? []).map(({ name, value }) => ({ name, value, url })))
          await takePicture(page, world, shot, { language, theme, size }, out)
        }
        await context.close()
        say(`  ${size}, ${theme}, ${language}: ${shots.length} pictures`)
      }
    }
  }
}

async function takePicture(
  page: Page,
  world: World,
  shot: Shot,
  { language, theme, size }: { language: Language; theme: Theme; size: Size },
  out: string,
): Promise<void> {
  const address = new URL(shot.path, world.system.core.url)
  address.searchParams.set('lang', language)
  await page.goto(address.href)
  // The staff console keeps a stream open, so the network is never idle: wait for what it shows.
  await page.waitForLoadState('load')
  await page.locator('h1').first().waitFor({ timeout: 10_000 })
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached', timeout: 10_000 })
  await page.screenshot({
    path: path.join(
      out,
      `${shot.role === undefined ? 'consumer' : 'staff'}-${shot.name}-${language}-${theme}-${size}.png`,
    ),
    fullPage: size === 'phone' || shot.role === undefined,
  })
}

/** The two pictures of the README, cut to one height so that they stand side by side. */
async function writeReadmePictures(out: string, folder: string): Promise<void> {
  const order = sharp(path.join(out, 'consumer-order-en-light-phone.png')).resize({ width: 390 })
  await order
    .extract({ left: 0, top: 0, width: 390, height: 820 })
    .png({ compressionLevel: 9, palette: true })
    .toFile(path.join(folder, 'order.png'))
  await sharp(path.join(out, 'staff-workbench-zh-light-desk.png'))
    .resize({ height: 820 })
    .png({ compressionLevel: 9, palette: true })
    .toFile(path.join(folder, 'workbench.png'))
}

async function main(): Promise<number> {
  const { values, wantsHelp } = readFlags(USAGE, FLAGS, process.argv.slice(2))
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
  const system = await startSystem({ dataDir, seed: 1, cameras: 2, say })
  const browser = await launchBrowser()
  try {
    const world = createWorld(system)
    say('Playing a sale and a dispute …')
    const { shots, consumer } = await prepare(world)
    await shoot(browser, world, consumer, shots, out, say)
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
