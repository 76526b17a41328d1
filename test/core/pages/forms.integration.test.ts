import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderView } from '#protocol/api/consumer.ts'
import { DEMO_CABINET, type RunningSystem, startSystem } from '#scripts/system.ts'
import { SOON, unpaidVisit } from '#test/scenarios/arrears.ts'
import { arrive, leave, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type World } from '#test/scenarios/world.ts'
import { createVisitor } from '#test/support/browserless.ts'

/** What a phone without a script can do: read pages and send forms, to a whole system. */
let system: RunningSystem
let world: World
let dataDir: string
let buyer: Consumer
let order: OrderView

const CABINET = `/c/${DEMO_CABINET}`
/** The page loads itself again, as no script does it. */
const RELOADS = /<noscript><meta http-equiv="refresh"/

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'vc-forms-'))
  system = await startSystem({ dataDir, policy: { ...SOON, npsShare: 1 } })
  world = createWorld(system)
  buyer = await world.consumer()
  await buyer.signIn()
})
afterAll(async () => {
  await system?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const requestId = () => world.ids.next('request')

describe('a phone without JavaScript', () => {
  it('opens the cabinet with the form and comes back to the page that shows the visit', async () => {
    const sent = await buyer.visitor.form(CABINET, { requestId: requestId() })
    expect([sent.status, sent.headers.get('location')]).toEqual([303, CABINET])
    const page = await buyer.visitor.page(`${CABINET}?lang=en`)
    expect(page.body).toMatch(/Unlocking|Take what you like/)
    expect(page.body).toMatch(RELOADS)
    expect(page.body).not.toContain('Open the door</span>')
    const cabinet = await buyer.visitor.get(`/api/consumer/cabinets/${DEMO_CABINET}`)
    const { sessionId } = (cabinet.body as { session: { sessionId: string } }).session
    const goods = [take('s3', 'coffee-latte'), take('s3', 'cola-330'), take('s3', 'cola-330')]
    await world.workshop.visit([...arrive, ...goods, ...leave])
    order = await buyer.orderIn(sessionId, ['paid'])
  })
  it('is led to the consent of the payment app by a link that says what it is', async () => {
    const stranger = createVisitor(system.core.url)
    const page = await stranger.form(`${CABINET}?lang=en`, { requestId: requestId() })
    expect(page.status).toBe(200)
    const [, link = ''] = /href="(http[^"]*apply_permissions_token=[^"]*)"/.exec(String(page.body)) ?? []
    expect(new URL(link).origin).toBe(system.simulator.providerUrl)
    expect(link).toContain('&amp;redirect_url=')
  })
  it('reads why the door stays closed and where the unpaid order is', async () => {
    const debtor = await world.consumer('赵敏')
    const { orderId } = await unpaidVisit(world, debtor)
    const sent = await debtor.visitor.form(CABINET, { requestId: requestId() })
    const page = await debtor.visitor.page(String(sent.headers.get('location')), { 'accept-language': 'en' })
    expect(page.body).toContain('An earlier order is not paid yet')
    expect(page.body).toContain(`href="/o/${orderId}"`)
  })
  it('is asked for the reason when it was left out, in the language that was chosen last, and nothing is sent', async () => {
    const page = await buyer.visitor.form(`/o/${order.orderId}/dispute`, { requestId: requestId() })
    expect(page.status).toBe(400)
    expect(page.body).toContain('Please choose what is wrong')
    expect((await buyer.order(order.orderId)).disputeId).toBeNull()
  })
  it('sends a dispute about two of three goods, and reads the answer', async () => {
    const [cola, latte] = ['cola-330', 'coffee-latte'].map(
      (sku) => order.lines.find((line) => line.sku === sku)?.lineId ?? sku,
    )
    const sent = await buyer.visitor.form(`/o/${order.orderId}/dispute`, {
      requestId: requestId(),
      reason: 'quality',
      line: [`${cola}`, `${latte}`],
      [`quantity.${cola}`]: '1',
      note: '  ',
    })
    expect(sent.status).toBe(303)
    const disputeId = String(sent.headers.get('location')).split('/').at(-1)
    const ticket = await (await world.staff('agent')).ticket(String(disputeId))
    expect(ticket.ticket.amountFen).toBe(350 + 1200)
    expect(ticket.named).toEqual([
      { lineId: cola, quantity: 1 },
      { lineId: latte, quantity: 1 },
    ])
    const page = await buyer.visitor.page(`/d/${disputeId}?lang=en`)
    expect(page.body).toContain('A person is looking at it')
  })
  it('writes, is answered, rates and says why, is asked whether to recommend us, and reopens', async () => {
    const disputeId = String((await buyer.order(order.orderId)).disputeId)
    await buyer.visitor.form(`/d/${disputeId}/messages`, { requestId: requestId(), text: '<b>谢谢</b>' })
    expect((await buyer.visitor.page(`/d/${disputeId}`)).body).toContain('&lt;b&gt;谢谢&lt;/b&gt;')
    const agent = await world.staff('agent')
    await agent.send('POST', `tickets/${disputeId}/resolve`, {
      version: (await agent.ticket(disputeId)).ticket.version,
      outcome: 'refused',
      rootCause: 'consumer',
      reply: 'The record shows both leaving the shelf; nothing is refunded.',
    })
    await buyer.visitor.form(`/d/${disputeId}/rating`, { score: '5' })
    const rated = (await buyer.visitor.page(`/d/${disputeId}?lang=en`)).body
    expect(rated).toContain('You rated us 5 of 5')
    expect(rated).toMatch(/name="tags" value="quick"/)
    await buyer.visitor.form(`/d/${disputeId}/rating`, { score: '5', tags: 'quick' })
    await buyer.visitor.form(`/d/${disputeId}/recommendation`, { score: '9' })
    const said = (await buyer.visitor.page(`/d/${disputeId}?lang=en`)).body
    expect(said).toContain('You answered 9 of 10')
    expect(said).not.toMatch(/name="tags"/)
    expect((await buyer.disputeView(disputeId)).ratingTags).toEqual(['quick'])
    await buyer.visitor.form(`/d/${disputeId}/reopen`, { requestId: requestId() })
    expect((await buyer.disputeView(disputeId)).state).toBe('in_review')
  })
})

describe('a phone without JavaScript at the help of a cabinet', () => {
  const HELP = `${CABINET}/help`
  it('is led there from the page of the cabinet, and reads how the cabinet is, its last visit and what often helps', async () => {
    expect((await buyer.visitor.page(`${CABINET}?lang=en`)).body).toContain(`href="${HELP}"`)
    const { body } = await buyer.visitor.page(`${HELP}?lang=en`)
    expect(body).toContain('As far as we can see it works')
    expect(body).toContain(`href="/o/${order.orderId}"`)
    expect(body).toContain('The door does not open or does not close')
    expect(body).toContain('<a href="tel:')
  })
  it('is asked for the kind when it was left out, and keeps what was written when it is refused', async () => {
    const none = await buyer.visitor.form(HELP, { requestId: requestId(), text: 'hello' })
    expect([none.status, String(none.body).includes('Please choose what is wrong')]).toEqual([400, true])
    const wrong = { requestId: requestId(), kind: 'food', order: 'order-of-nobody', text: 'It smells' }
    const refused = await buyer.visitor.form(HELP, wrong)
    expect(refused.status).toBe(404)
    expect(refused.body).toContain('It smells</textarea>')
    expect(refused.body).toMatch(/value="food" required checked/)
  })
  it('asks about food with what is known of it, and reads the answer', async () => {
    const sent = await buyer.visitor.form(HELP, {
      requestId: requestId(),
      kind: 'food',
      order: order.orderId,
      sku: 'coffee-latte',
      problem: 'spoiled',
    })
    expect(sent.status).toBe(303)
    const page = String(sent.headers.get('location'))
    const ticket = await (await world.staff('agent')).ticket(page.split('/').at(-1) ?? '')
    expect([ticket.ticket.type, ticket.ticket.channel]).toEqual(['quality', 'code'])
    expect(ticket.desk.intake.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['orderId', 'sku', 'boughtAtMs', 'problem', 'isHarmed']),
    )
    expect((await buyer.visitor.page(page)).status).toBe(200)
  })
  it('that nobody knows yet is led to the payment app, and its question is there when it comes back', async () => {
    const stranger = await world.consumer('Anna')
    const page = await stranger.visitor.form(`${HELP}?lang=en`, {
      requestId: requestId(),
      kind: 'door_shut',
      text: 'It clicks and stays shut',
    })
    expect([page.status, String(page.body).includes('So that the answer finds you')]).toEqual([200, true])
    const [, link = ''] = /href="(http[^"]*apply_permissions_token=[^"]*)"/.exec(String(page.body)) ?? []
    const landed = await stranger.agree(link.replaceAll('&amp;', '&'))
    expect(landed).toMatch(/^\/d\//)
    const question = await stranger.disputeView(landed.split('/').at(-1) ?? '')
    expect(question.messages.map(({ text }) => text)).toContain('It clicks and stays shut')
  })
})

describe('the answers for everybody', () => {
  it('are there without JavaScript, searched by a plain form, each at an address of its own', async () => {
    const reader = createVisitor(system.core.url)
    const all = await reader.page('/help?lang=en')
    expect(all.body).toContain('<details id="refunds">')
    const found = String((await reader.page('/help?q=refund%20arrival')).body)
    expect(found.indexOf('id="refunds"')).toBeGreaterThan(0)
    expect(found).not.toContain('id="camera_and_privacy"')
    expect((await reader.page('/help?q=zzzz')).body).toContain('Nothing found for “zzzz”')
    expect((await reader.page('/help/refunds')).body).toContain('<h1>Refunds')
    expect((await reader.page('/help/no_such_article')).status).toBe(404)
    expect((await reader.page('/help?q=%3Cscript%3E')).body).not.toContain('<script>')
  })
})

describe('the language of a page', () => {
  it('is what the reader chose last, then what the browser asks for, else Chinese', async () => {
    const reader = createVisitor(system.core.url)
    expect((await reader.page('/help')).body).toContain('<html lang="zh-CN">')
    expect((await reader.page('/help', { 'accept-language': 'en-GB,en' })).body).toContain('<html lang="en">')
    await reader.page('/help?lang=en', { 'accept-language': 'zh-CN' })
    expect((await reader.page('/help', { 'accept-language': 'zh-CN' })).body).toContain('<html lang="en">')
  })
})

describe('an address that leads nowhere', () => {
  it('tells a person calmly, and a program in JSON', async () => {
    const stranger = createVisitor(system.core.url)
    const page = await stranger.page('/nothing', { 'accept-language': 'en' })
    expect([page.status, String(page.body).includes('Nothing here')]).toEqual([404, true])
    const api = await stranger.page('/api/nothing', { accept: 'application/json' })
    expect([api.status, (api.body as { code: string }).code]).toEqual([404, 'not_found'])
  })
  it('says whose phone an order belongs to without saying what is in it', async () => {
    const page = await createVisitor(system.core.url).page(`/o/${order.orderId}?lang=en`)
    expect([page.status, String(page.body).includes('belongs to the phone that bought it')]).toEqual([
      401,
      true,
    ])
    expect(page.body).not.toContain('19.00')
  })
})
