import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildConsole, firstRouteSizes } from '#scripts/build-console.ts'
import { DEMO_CABINET, type RunningSystem, startSystem } from '#scripts/system.ts'
import { arrive, leave, shop, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type World } from '#test/scenarios/world.ts'
import { launchBrowser } from '#test/support/browser.ts'
import { eventually } from '#test/support/eventually.ts'
import { createPhones, fieldsOf, type Phones } from './phones.ts'
import { chargedThoughPutBack, playStories, type Stories, STORY_POLICY } from './consumer-stories.ts'

/** The pages of consumers in a real browser, each state brought about at real cabinets before it is looked at. */
let browser: Browser
let dataDir: string
let system: RunningSystem
let world: World
let stories: Stories
let url: string
let phoneOf: Phones['phoneOf']
let faultsOf: Phones['faultsOf']

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'vc-consumer-states-'))
  await buildConsole()
  system = await startSystem({ dataDir, policy: STORY_POLICY, moreCabinets: 1 })
  ;({ url } = system.core)
  world = createWorld(system)
  browser = await launchBrowser()
  ;({ phoneOf, faultsOf } = createPhones(browser, url))
  stories = await playStories(world)
}, 240_000)
afterAll(async () => {
  await browser?.close()
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('a consumer who was charged for something that they put back', () => {
  it.each([
    ['zh', '已立即处理'],
    ['en', 'settled it at once'],
  ] as const)(
    'is settled in three taps, from the order to the answer, with nothing typed (%s)',
    async (language, settled) => {
      const consumer = await world.consumer('Anna')
      const order = await chargedThoughPutBack(world, consumer)
      const { page, problems } = await phoneOf(consumer, language)
      let taps = 0
      const tap = async (selector: string) => {
        taps++
        await page.locator(selector).first().tap()
      }
      await page.goto(`${url}/o/${order.orderId}`)
      await tap('[data-dispute]')
      await page.waitForURL('**/dispute')
      await tap('label:has([value="item_returned"])')
      await tap('button[type="submit"]')
      await page.waitForURL('**/d/**')
      expect(await page.locator('#answer').innerText()).toContain(settled)
      expect(await page.locator('.refund').innerText()).toContain('¥3.50')
      expect(taps).toBe(3)
      expect(problems).toEqual([])
      await page.context().close()
    },
  )
  it('comes from the line itself when there are several, still in three taps', async () => {
    const { page, posts } = await phoneOf(stories.buyer, 'en')
    await page.goto(`${url}/o/${stories.plain.orderId}`)
    await page.getByRole('link', { name: 'Something wrong with Cola' }).tap()
    await page.getByText('I put it back').tap()
    await page.getByRole('button', { name: 'Send' }).tap()
    await page.waitForURL('**/d/**')
    const colas = stories.plain.lines.find(({ sku }) => sku === 'cola-330')?.lineId
    expect(fieldsOf(posts[0])).toMatchObject({ line: colas, [`quantity.${colas}`]: '2' })
    await page.context().close()
  })
})

describe.each(['zh', 'en'] as const)('a consumer who asks where their refund is (%s)', (language) => {
  it('reads it without a tap: how much, how far it is and when it arrived', async () => {
    const { page, problems, posts } = await phoneOf(stories.buyer, language)
    await page.goto(`${url}/o/${stories.refunded.orderId}`)
    const refund = await page.locator('.refund').first().innerText()
    const [one] = stories.refunded.refunds
    expect(refund).toContain(`¥${((one?.amountFen ?? 0) / 100).toFixed(2)}`)
    expect(refund).toContain(language === 'zh' ? '退款成功' : 'Refund arrived')
    expect(await page.locator('.refund').first().isVisible()).toBe(true)
    expect(posts).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  })
})

describe('a visit at the cabinet', () => {
  it('follows the door by itself and ends on the order', async () => {
    const consumer = await world.consumer('Anna')
    await consumer.signIn()
    const { page, problems } = await phoneOf(consumer, 'en')
    await page.goto(`${url}/c/${DEMO_CABINET}`)
    await page.getByRole('button', { name: 'Open the door' }).tap()
    await page.getByRole('heading', { name: /Unlocking|Take what you like/ }).waitFor()
    await world.workshop.visit(arrive)
    await page.getByRole('heading', { name: 'Take what you like' }).waitFor()
    await world.workshop.visit([take('s3', 'coffee-latte'), ...leave])
    await page.waitForURL('**/o/**')
    await page.getByText('Paid').first().waitFor()
    expect(await page.locator('.amount').innerText()).toBe('¥12.00')
    expect(problems).toEqual([])
    await page.context().close()
  })
  it('a second tap on the button while it works is no second request, and a door that nobody pulls gives the button back', async () => {
    const consumer = await world.consumer('Anna')
    await consumer.signIn()
    const { page, posts } = await phoneOf(consumer, 'en')
    await page.goto(`${url}/c/${DEMO_CABINET}`)
    await page.getByRole('button', { name: 'Open the door' }).dblclick()
    await page.getByRole('heading', { name: /Unlocking|Take what you like|The door is unlocked/ }).waitFor()
    expect(posts.filter((request) => request.url().endsWith('/sessions'))).toHaveLength(1)
    await page.getByRole('button', { name: 'Open the door' }).waitFor({ timeout: 60_000 })
    expect(await page.locator('#session').innerText()).toContain('Nothing is charged')
    await page.context().close()
  })
})

describe('a page that is left open', () => {
  it('shows and speaks an answer of support without a reload, and keeps what is being typed', async () => {
    const { buyer, refunded } = stories
    const dispute = await buyer.dispute(refunded.orderId, {
      reason: 'quality',
      lines: refunded.lines.map(({ lineId }) => ({ lineId, quantity: 1 })),
    })
    const { page } = await phoneOf(buyer, 'en')
    await page.goto(`${url}/d/${dispute.disputeId}`)
    await page.locator('#text').fill('half a sen')
    const agent = await world.staff('agent')
    const row = (await agent.tickets()).find(({ ticketId }) => ticketId === dispute.disputeId)
    if (row === undefined) throw new Error('the dispute is in no queue')
    await agent.send('POST', `tickets/${row.ticketId}/reply`, {
      requestId: world.ids.next('request'),
      version: row.version,
      text: 'We looked at shelf 4.',
      isInternal: false,
    })
    await page.locator('#messages').getByText('We looked at shelf 4.').waitFor()
    expect(await page.locator('#spoken').textContent()).toBe('We looked at shelf 4.')
    expect(await page.locator('#text').inputValue()).toBe('half a sen')
    await page.context().close()
  })
})

describe('somebody who shows what was wrong', () => {
  it('adds a photograph in two taps, made smaller before it is sent, and loses none when the line drops', async () => {
    const { buyer, late } = stories
    const { disputeId } = await buyer.dispute(late.orderId, { reason: 'quality', lines: [] })
    const taken = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#a33' } })
      .jpeg({ quality: 100 })
      .toBuffer()
    const { page, posts } = await phoneOf(buyer, 'en')
    await page.goto(`${url}/d/${disputeId}`)
    await page.route('**/pictures?*', (route) => route.abort(), { times: 1 })
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.locator('label', { hasText: 'Add a picture' }).tap(),
    ])
    await chooser.setFiles({ name: 'IMG_0001.jpg', mimeType: 'image/jpeg', buffer: taken })
    await page.getByRole('img', { name: 'Your picture 1' }).waitFor()
    expect(await page.getByText('Sent. Thank you.').count()).toBe(1)
    const sent = posts.filter((request) => request.url().includes('/pictures'))
    expect(new Set(sent.map((request) => request.url())).size).toBe(1)

    await page.locator('input[type=file]').setInputFiles({
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('no picture'),
    })
    await page.getByText('This cannot be shown as a picture').waitFor()
    await page.context().close()
    const [mine] = (await (await world.staff('agent')).ticket(disputeId)).pictures
    expect(mine).toMatchObject({ from: 'consumer', widthPixels: 1600, heightPixels: 1200 })
    expect(await faultsOf(buyer, [`/d/${disputeId}`])).toEqual([])
  })
})

describe('without JavaScript', () => {
  it('facts, proof and the form are there', async () => {
    const { buyer, late, quiet } = stories
    const { page } = await phoneOf(buyer, 'en', { javaScriptEnabled: false })
    await page.goto(`${url}/o/${late.orderId}`)
    const text = await page.locator('main').innerText()
    for (const fact of ['¥15.50', 'Paid', 'lost its connection', 'Cold brew latte', 'Taken: 1 × Cola'])
      expect(text).toContain(fact)
    await page.goto(`${url}/o/${quiet.orderId}/dispute?line=${quiet.lines[0]?.lineId}`)
    await page.getByText('It was bad or expired').tap()
    await page.getByRole('button', { name: 'Send' }).tap()
    await page.waitForURL('**/d/**')
    expect(await page.locator('main').innerText()).toContain('A person is looking at it')
    await page.context().close()
  })
})

describe('a consumer for whom no door opens for a while', () => {
  it('reads why and until when, and objects with one tap and no word', async () => {
    const { blocked, covered } = stories
    const { page, problems, posts } = await phoneOf(blocked, 'en')
    await page.goto(`${url}/restriction`)
    const text = await page.locator('main').innerText()
    expect(text).toContain('covered during 2 of your visits')
    expect(text).toMatch(/Ends by itself/)
    expect(await page.locator(`a[href="/o/${covered.orderId}"]`).count()).toBe(1)
    await page.getByRole('button', { name: 'Object' }).click()
    await page.waitForURL('**/d/**')
    expect(fieldsOf(posts.at(-1))).toEqual({ requestId: expect.any(String), text: '' })
    expect(problems).toEqual([])
    await page.context().close()
  })
})

/** The addresses that a person has, by whose phone they are looked at. */
function statesOf({ buyer, plain, late, held, refunded, debtor, unpaid, blocked }: Stories) {
  const own: Array<[Consumer, string[]]> = [
    [
      buyer,
      [
        '/',
        ...[plain, late, held, refunded].map(({ orderId }) => `/o/${orderId}`),
        `/o/${plain.orderId}/dispute?line=${plain.lines[0]?.lineId}`,
        '/orders',
        '/privacy',
        '/help',
      ],
    ],
    // Somebody who was not at this cabinet: a page about a visit goes on to its order by itself.
    [debtor, [`/c/${DEMO_CABINET}`, `/c/${DEMO_CABINET}/code`, `/o/${unpaid.orderId}`]],
    [blocked, ['/restriction']],
  ]
  return own
}

describe('every main state, in both languages, light and dark, and on a narrow phone', () => {
  it('has no violation that axe finds, fits 320 pixels, asks no other host, and breaks no rule of the content policy', async () => {
    const faults: string[] = []
    for (const [consumer, states] of statesOf(stories)) faults.push(...(await faultsOf(consumer, states)))
    expect(faults).toEqual([])
  })
  it('has none while a dispute is looked at, answered and settled either', async () => {
    const { buyer, debtor, unpaid, refunded } = stories
    const lines = unpaid.lines.map(({ lineId }) => ({ lineId, quantity: 1 }))
    const inReview = await debtor.dispute(unpaid.orderId, { reason: 'other', lines, note: 'Not mine.' })
    const { disputeId: answered } = await buyer.dispute(refunded.orderId, {
      reason: 'quality',
      lines: refunded.lines.map(({ lineId }) => ({ lineId, quantity: 1 })),
    })
    const faults = [
      ...(await faultsOf(debtor, [`/d/${inReview.disputeId}`])),
      ...(await faultsOf(buyer, [`/d/${answered}`])),
    ]
    expect(faults).toEqual([])
  })
})

describe('a cabinet that cannot be reached', () => {
  it('says so during a visit and before one, and the visit goes on by itself when it is back', async () => {
    const consumer = await world.consumer('Anna')
    const { session } = await shop(world, consumer, [
      take('s4', 'juice-orange'),
      { do: 'network', mode: 'cut' },
    ])
    await eventually('the visit at a cabinet that is offline', async () => {
      const view = await consumer.session(session.sessionId)
      return view.isCabinetOffline
    })
    expect(await faultsOf(consumer, [`/c/${DEMO_CABINET}`])).toEqual([])
    const { page } = await phoneOf(consumer, 'en')
    await page.goto(`${url}/c/${DEMO_CABINET}`)
    const stranger = await phoneOf(stories.debtor, 'en')
    await stranger.page.goto(`${url}/c/${DEMO_CABINET}`)
    await stranger.page.getByText('cannot be reached right now').waitFor()
    await world.workshop.control('network', { mode: 'ok' })
    await page.waitForURL('**/o/**', { timeout: 60_000 })
    await stranger.page.getByRole('button', { name: 'Open the door' }).waitFor()
    await page.context().close()
    await stranger.page.context().close()
  })
})

describe('what a phone has to load', () => {
  it('is at most 15 KiB of script, compressed', () => {
    expect(firstRouteSizes()['consumer/consumer.ts']).toBeLessThanOrEqual(15)
  })
})
