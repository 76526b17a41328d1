import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorBody } from '#protocol/api/common.ts'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { ArticleList, CabinetHelp, OwnQuestions } from '#protocol/api/questions.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { installKnowledge } from '#core/knowledge/install.ts'
import { QUESTIONS_OPEN_MOST } from '#core/support/questions/questions.ts'
import { CABINET } from '#test/core/core-bench.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

let selling: SellingBench
let agent: string
beforeAll(async () => {
  selling = await createSellingBench(1)
  agent = await selling.bench.cookieOf('agent')
  await installKnowledge(selling.bench.core.deps)
})
afterAll(() => selling.close())

let asked = 0
let phones = 0
const requestId = () => `question-${++asked}`
async function send<T>(method: 'GET' | 'POST', url: string, cookie: string | undefined, payload?: object) {
  const answer = await selling.bench.core.http.inject({
    method,
    url,
    // Each request comes from a phone of its own, so that nobody is asked to slow down.
    remoteAddress: `198.51.100.${++phones % 250}`,
    headers: cookie === undefined ? {} : { cookie },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, body: answer.json<T>() }
}
const ask = <T = DisputeView>(payload: object, cookie: string | undefined = selling.cookie) =>
  send<T>('POST', `/api/consumer/cabinets/${CABINET}/questions`, cookie, payload)
const staff = <T>(method: 'GET' | 'POST', path: string, payload?: object) =>
  send<T>(method, `/api/staff/${path}`, agent, payload)

/** Somebody new each time, so that no story counts the questions of another. */
let people = 0
const somebody = async () => (await selling.signIn(`oSim0person${++people}`)).cookie

describe('somebody who stands at a cabinet and has no order', () => {
  it('asks with a kind alone; it is a ticket of that cabinet with its type, fields, clocks and way in', async () => {
    const { status, body } = await ask({ requestId: requestId(), kind: 'door_shut' }, await somebody())
    expect([status, body.state, body.orderId]).toEqual([201, 'in_review', ''])
    expect(body.about).toEqual({ zh: '门打不开', en: 'The door does not open' })
    expect(body.cabinet?.cabinetId).toBe(CABINET)
    expect(body.messages.at(-1)?.key).toBe('message.received')
    const { body: queue } = await staff<TicketList>('GET', 'tickets?view=open')
    expect(queue.tickets.find(({ ticketId }) => ticketId === body.disputeId)).toMatchObject({
      type: 'cabinet_trouble',
      channel: 'code',
      cabinetId: CABINET,
      orderId: null,
    })
    const { body: detail } = await staff<TicketDetail>('GET', `tickets/${body.disputeId}`)
    expect(detail.desk.intake.map(({ key }) => key)).toEqual(['cabinetId', 'trouble'])
    expect(detail.desk.type.suggestion.en).toContain('technician')
  })
  it('is told at once what our record says: nothing is charged for a door that was not opened', async () => {
    const { consumerId, cookie } = await selling.signIn('oSim0refused')
    await seedVisit(consumerId, 'denied')
    const { body } = await ask({ requestId: requestId(), kind: 'page', text: 'White page' }, cookie)
    const said = body.messages.map(({ key, text }) => key ?? text)
    expect(said[0]).toBe('White page')
    expect(said[1]).toBe('message.visit_not_opened')
    expect(said.at(-1)).toBe('message.received')
  })
  it('is one question when the request comes twice, and when it is asked again while it is open', async () => {
    const cookie = await somebody()
    const first = { requestId: requestId(), kind: 'door_shut' }
    const [one, two] = [await ask(first, cookie), await ask(first, cookie)]
    const again = { requestId: requestId(), kind: 'door_shut', text: 'still shut' }
    const [three, four] = [await ask(again, cookie), await ask(again, cookie)]
    expect(new Set([one, two, three, four].map(({ body }) => body.disputeId)).size).toBe(1)
    expect(four.body.messages.filter(({ text }) => text === 'still shut')).toHaveLength(1)
    const other = await ask({ requestId: requestId(), kind: 'goods' }, cookie)
    expect(other.body.disputeId).not.toBe(one.body.disputeId)
  })
  it('is asked to write in what is open when there is too much of it', async () => {
    const cookie = await somebody()
    for (let i = 0; i < QUESTIONS_OPEN_MOST; i++) await ask({ requestId: requestId(), kind: 'other' }, cookie)
    const { status, body } = await ask<ErrorBody>({ requestId: requestId(), kind: 'other' }, cookie)
    expect([status, body.code]).toEqual([409, 'too_many_questions'])
  })
  it.each([
    ['no such cabinet', 'cab-none', { kind: 'other' }, 404, 'unknown_cabinet'],
    ['no such kind', CABINET, { kind: 'nonsense' }, 400, 'bad_request'],
    ['a novel', CABINET, { kind: 'other', text: 'x'.repeat(1001) }, 400, 'bad_request'],
    ['an order of nobody', CABINET, { kind: 'food', orderId: 'order-of-nobody' }, 404, 'not_found'],
  ])('is refused with %s', async (_what, cabinetId, request, status, code) => {
    const url = `/api/consumer/cabinets/${cabinetId}/questions`
    const answer = await send<ErrorBody>('POST', url, await somebody(), {
      requestId: requestId(),
      ...request,
    })
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })
  it('follows it, answers, opens it again and rates it; others do not see it', async () => {
    const cookie = await somebody()
    const { body } = await ask({ requestId: requestId(), kind: 'goods', text: 'A can lies across' }, cookie)
    const at = (path: string) => `/api/consumer/disputes/${body.disputeId}${path}`
    expect((await send('GET', at(''), await somebody())).status).toBe(404)
    const ticket = async () => (await staff<TicketDetail>('GET', `tickets/${body.disputeId}`)).body.ticket
    await staff('POST', `tickets/${body.disputeId}/reply`, {
      requestId: requestId(),
      version: (await ticket()).version,
      text: 'We look.',
      isInternal: false,
    })
    await send('POST', at('/messages'), cookie, { requestId: requestId(), text: 'Thanks' })
    const resolve = async (outcome: string) =>
      staff('POST', `tickets/${body.disputeId}/resolve`, {
        version: (await ticket()).version,
        outcome,
        rootCause: 'hardware',
      })
    await resolve('explained')
    const solved = (await send<DisputeView>('GET', at(''), cookie)).body
    expect([solved.state, solved.outcomeKey]).toEqual(['resolved', 'outcome.answered'])
    await send('POST', at('/reopen'), cookie, { requestId: requestId() })
    expect((await ticket()).state).toBe('reopened')
    await resolve('restored')
    const rated = await send<DisputeView>('POST', at('/rating'), cookie, { score: 5 })
    expect([rated.status, rated.body.rating]).toEqual([200, 5])
  })
  it('finds it again among their questions, with where it stands', async () => {
    const cookie = await somebody()
    const { body } = await ask({ requestId: requestId(), kind: 'door_open' }, cookie)
    const own = await send<OwnQuestions>('GET', '/api/consumer/questions', cookie)
    expect(own.body.questions).toMatchObject([
      {
        disputeId: body.disputeId,
        number: body.number,
        state: 'in_review',
        about: { zh: '门关不上', en: 'The door does not close' },
      },
    ])
    expect((await send('GET', '/api/consumer/questions', undefined)).status).toBe(401)
  })
  it('keeps following what an agent split from it', async () => {
    const cookie = await somebody()
    const { body } = await ask({ requestId: requestId(), kind: 'other', text: 'Two things' }, cookie)
    const { body: detail } = await staff<TicketDetail>('GET', `tickets/${body.disputeId}`)
    const own = detail.messages.find(({ from }) => from === 'consumer')
    await staff('POST', `tickets/${body.disputeId}/split`, {
      requestId: requestId(),
      version: detail.ticket.version,
      type: 'purchase_help',
      messageIds: [own?.messageId],
      reason: 'a second question',
    })
    const { body: queue } = await staff<TicketList>('GET', 'tickets?view=open')
    const split = queue.tickets.find(
      ({ type, channel, ticketId }) =>
        type === 'purchase_help' && channel === 'code' && ticketId !== body.disputeId,
    )
    const seen = await send<DisputeView>('GET', `/api/consumer/disputes/${split?.ticketId}`, cookie)
    expect(seen.body.messages.map(({ text }) => text)).toContain('Two things')
  })
})

describe('somebody who found food bad', () => {
  it('names the purchase: the ticket has its order, and the shelf is looked at', async () => {
    const [order] = selling.orders
    const { body } = await ask({
      requestId: requestId(),
      kind: 'food',
      orderId: order?.orderId,
      problem: 'spoiled',
    })
    const { body: detail } = await staff<TicketDetail>('GET', `tickets/${body.disputeId}`)
    expect([detail.ticket.type, detail.ticket.channel, detail.order?.order.orderId]).toEqual([
      'quality',
      'code',
      order?.orderId,
    ])
    expect(detail.named.map(({ lineId }) => lineId)).toContain(order?.lineId)
    const incident = await selling.bench.core.db.read
      .selectFrom('incident')
      .select('subject')
      .where('kind', '=', 'shelf_check')
      .executeTakeFirst()
    expect(incident?.subject).toBe(CABINET)
  })
})

describe('a stranger at the cabinet', () => {
  it('reads what is known and what helps, without signing in', async () => {
    const { status, body } = await send<CabinetHelp>(
      'GET',
      `/api/consumer/cabinets/${CABINET}/help`,
      undefined,
    )
    expect([status, body.signedIn, body.visit]).toEqual([200, false, null])
    expect(body.articles.length).toBeGreaterThan(0)
    expect(body.answers.map(({ kind }) => kind)).toContain('door_shut')
  })
  it('is led to the payment app before the question is filed, and nothing is filed without', async () => {
    const count = async () => (await staff<TicketList>('GET', 'tickets?view=open')).body.tickets.length
    const before = await count()
    const refusal = await send<ErrorBody>('POST', `/api/consumer/cabinets/${CABINET}/questions`, undefined, {
      requestId: requestId(),
      kind: 'door_shut',
      text: 'It does not open',
    })
    expect([refusal.status, refusal.body.code]).toEqual([409, 'consent_required'])
    expect(String(refusal.body.details?.['consentUrl'])).toContain('http')
    expect(await count()).toBe(before)
  })
})

describe('what consumers may read', () => {
  it('is every public article that is published, in both languages, and found by words of either', async () => {
    const all = (await send<ArticleList>('GET', '/api/consumer/articles', undefined)).body.articles
    expect(all.length).toBeGreaterThan(10)
    expect(all.filter(({ body }) => body.zh === '' || body.en === '')).toEqual([])
    const found = async (query: string) =>
      (await send<ArticleList>('GET', `/api/consumer/articles?query=${encodeURIComponent(query)}`, undefined))
        .body.articles[0]?.key
    expect([await found('退款 多久到账'), await found('refund arrival')]).toEqual(['refunds', 'refunds'])
  })
  it('is nothing that was written for agents', async () => {
    const hidden = await selling.bench.core.db.read
      .selectFrom('knowledgeItem')
      .select(['key', 'kind'])
      .execute()
    const open = (await send<ArticleList>('GET', '/api/consumer/articles', undefined)).body.articles
    const shown = new Set(open.map(({ key }) => key))
    const other = hidden.find(({ key, kind }) => kind === 'article' && !shown.has(key))
    expect((await send('GET', `/api/consumer/articles/${other?.key}`, undefined)).status).toBe(404)
    expect((await send('GET', '/api/consumer/articles/refunds', undefined)).status).toBe(200)
  })
})

async function seedVisit(consumerId: string, state: 'denied'): Promise<void> {
  const { db } = selling.bench.core
  const template = await db.read.selectFrom('session').selectAll().limit(1).executeTakeFirstOrThrow()
  const atMs = createSystemClock().now()
  await db.write('a visit', (tx) =>
    tx
      .insertInto('session')
      .values({
        ...template,
        sessionId: `session-${consumerId}`.slice(0, 32),
        requestId: `request-${consumerId}`,
        commandId: `command-${consumerId}`.slice(0, 32),
        consumerId,
        state,
        deniedReason: 'cabinet_offline',
        requestedAtMs: atMs,
        startedAtMs: null,
        openedAtMs: null,
        closedAtMs: null,
        reconciledAtMs: null,
        reconciled: null,
      })
      .execute(),
  )
}
