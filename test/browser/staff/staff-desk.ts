import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { buildConsole } from '#scripts/build-console.ts'
import { type RunningSystem, startSystem, type SystemOptions } from '#scripts/system.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY, seedFileOf } from '#test/scenarios/play.ts'
import type { Scenario } from '#test/scenarios/scenario.ts'
import { createWorld, type Staff, type World } from '#test/scenarios/world.ts'
import { DESK, launchBrowser, openWatchedPage, type WatchedPage } from '#test/support/browser.ts'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

export interface DeskPage extends WatchedPage {
  /** Bodies of what the page sent to addresses that end so, in order. */
  readonly sent: (lastWord: string) => Array<Record<string, unknown>>
  /** Nothing went wrong on it; closes it. */
  readonly done: () => Promise<void>
}

/** One running system for all tests of a file, and pages of it for whoever is signed in. Each test makes tickets of its own. */
export interface StaffDesk {
  readonly system: RunningSystem
  readonly world: World
  readonly browser: Browser
  readonly url: string
  /** @param address below /staff */
  open(name: string, address: string, language: Language, more?: BrowserContextOptions): Promise<DeskPage>
  /** Signed in once. */
  staff(name: string): Promise<Staff>
  /** A ticket that somebody types in. */
  ticket(name: string, wish: object): Promise<TicketDetail>
  stop(): Promise<void>
}

/** @param options.goods  another first cabinet than that of the demonstration */
export async function startStaffDesk({
  goods,
  ...options
}: Partial<SystemOptions> & { goods?: Scenario['seed'] } = {}): Promise<StaffDesk> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'staff-desk-'))
  await buildConsole()
  const browser = await launchBrowser()
  const system = await startSystem({
    dataDir,
    seed: 1,
    seedFile: seedFileOf(goods, dataDir),
    edgeSettings: SHORT_EDGE_SETTINGS,
    ...options,
    policy: { ...SHORT_POLICY, ...options.policy },
  })
  const world = createWorld(system)
  const { url } = system.core
  const signedIn = new Map<string, Promise<Staff>>()
  function staff(name: string): Promise<Staff> {
    const known = signedIn.get(name) ?? world.staff(name)
    signedIn.set(name, known)
    return known
  }
  return {
    staff,
    system,
    world,
    browser,
    url,
    async open(name, address, language, more = {}) {
      const watched = await openWatchedPage(
        browser,
        {
          ...DESK,
          viewport: { width: 1440, height: 900 },
          locale: language === 'zh' ? 'zh-CN' : 'en-GB',
          ...more,
        },
        url,
      )
      const { page, problems } = watched
      const { visitor } = await staff(name)
      await page
        .context()
        .addCookies([
          ...visitor.cookies().map((cookie) => ({ ...cookie, url })),
          { name: 'lang', value: language, url },
        ])
      const sent = recordSent(page)
      await page.goto(`${url}/staff${address}`)
      await page.waitForSelector('h1')
      return {
        ...watched,
        sent,
        async done() {
          expect(problems).toEqual([])
          await page.context().close()
        },
      }
    },
    async ticket(name, wish) {
      const person = await staff(name)
      return (await person.send('POST', 'tickets', {
        requestId: world.ids.next('request'),
        ...wish,
      })) as TicketDetail
    },
    async stop() {
      await browser.close()
      await system.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function recordSent(page: Page): DeskPage['sent'] {
  const sent: Array<{ path: string; body: Record<string, unknown> }> = []
  page.on('request', (request) => {
    const body = request.postData()
    if (body === null || !request.url().includes('/api/')) return
    sent.push({
      path: new URL(request.url()).pathname,
      body: JSON.parse(body) as Record<string, unknown>,
    })
  })
  return (lastWord) => sent.flatMap(({ path: at, body }) => (at.endsWith(`/${lastWord}`) ? [body] : []))
}
