import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  CallBackDetail,
  CallBackList,
  CallBackPlan,
  CallBackPlanView,
} from '#protocol/api/call-backs.ts'
import { OVERDUE_AFTER_MS } from '#core/follow-up/overdue.ts'
import { DEFAULT_PLAN } from '#core/follow-up/plan.ts'
import { isSampled } from '#core/support/satisfaction.ts'
import { CABINET } from '#test/core/core-bench.ts'
import { createTicketBench, type DeskPerson, type TicketBench } from '#test/core/support/ticket-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
const soon: CallBackPlan = {
  ...DEFAULT_PLAN,
  calendar: 'desk',
  rules: DEFAULT_PLAN.rules.map((rule) => ({ ...rule, afterHours: 0, attemptsMost: 2 })),
}
beforeAll(async () => {
  desk = await createTicketBench({ reopenWindowMs: 1000, npsShare: 1, npsPauseDays: 90 })
  ;[agent, lead] = [await desk.person('agent'), await desk.person('lead')]
  await desk.bench.core.start()
  const saved = await lead.ask('PUT', '/api/staff/call-backs/plan', {
    baseVersion: 0,
    reason: 'at once',
    plan: soon,
  })
  expect(saved.status, JSON.stringify(saved.body)).toBe(200)
})
afterAll(() => desk.close())

/** Whatever the wall clock says, the list of what comes later is looked at too: nobody is called at night. */
async function planned(who: DeskPerson, ticketId: string) {
  const lists = await Promise.all(
    (['due', 'coming', 'ended'] as const).map(
      async (view) =>
        ((await who.ask('GET', `/api/staff/call-backs?view=${view}`)).body as CallBackList).callBacks,
    ),
  )
  return lists.flat().filter((one) => one.ticketId === ticketId)
}
async function closed(type: string, more: Record<string, unknown> = {}): Promise<string> {
  const { ticket } = await agent.open({ type, channel: 'hotline', callerPhone: '138 0013 7391', ...more })
  await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
  await eventually(
    'the ticket is closed',
    async () => (await agent.ticket(ticket.ticketId)).ticket.state === 'closed',
  )
  return ticket.ticketId
}
const complaint = () => closed('complaint', { intake: { about: 'service' } })
async function one(ticketId: string): Promise<CallBackDetail> {
  await eventually('a call-back is planned', async () => (await planned(lead, ticketId)).length === 1)
  const [row] = await planned(lead, ticketId)
  return (await lead.ask('GET', `/api/staff/call-backs/${row?.callBackId}`)).body as CallBackDetail
}
const attempt = (who: DeskPerson, { callBack }: CallBackDetail, result: string, more: object = {}) =>
  who.ask('POST', `/api/staff/call-backs/${callBack.callBackId}/attempt`, {
    version: callBack.version,
    result,
    note: 'spoke slowly',
    answers: [],
    ...more,
  })
const happened = async (ticketId: string) =>
  (await agent.ticket(ticketId)).desk.history.map(({ what }) => what)

describe('a complaint that was closed', () => {
  it('is followed by one call-back, which is the lead’s and not the agent’s', async () => {
    const ticketId = await complaint()
    const found = await one(ticketId)
    expect(found.callBack).toMatchObject({
      segment: 'complaint',
      channel: 'phone',
      audience: 'lead',
      attempts: 0,
    })
    expect(await planned(agent, ticketId)).toEqual([])
    expect((await agent.ask('GET', `/api/staff/call-backs/${found.callBack.callBackId}`)).status).toBe(404)
    const { core } = desk.bench
    await core.db.write('another core took the same work', (tx) =>
      core.due.schedule(tx, { kind: 'callBack.plan', subjectId: ticketId, dueAtMs: core.deps.clock.now() }),
    )
    await eventually(
      'the work is done',
      async () =>
        (await core.db.read
          .selectFrom('dueWork')
          .select('kind')
          .where('kind', '=', 'callBack.plan')
          .where('subjectId', '=', ticketId)
          .executeTakeFirst()) === undefined,
    )
    expect((await planned(lead, ticketId)).length).toBe(1)
    expect(await happened(ticketId)).toContain('callBackPlanned')
  })
  it('shows the number to whoever makes the call only, and writes down who read it', async () => {
    const { callBack, phoneTail } = await one(await complaint())
    expect(phoneTail).toBe('7391')
    const number = `/api/staff/call-backs/${callBack.callBackId}/number`
    expect((await agent.ask('POST', number)).status).toBe(404)
    expect((await lead.ask('POST', number)).body).toEqual({ phone: '13800137391' })
    const entry = await desk.bench.core.db.read
      .selectFrom('audit')
      .select('actor')
      .where('action', '=', 'phone.viewed')
      .where('subject', '=', `ticket:${callBack.ticketId}`)
      .execute()
    expect(entry.length).toBe(1)
  })
  it('is tried again after the pause, and given up after the last try', async () => {
    const ticketId = await complaint()
    const first = await one(ticketId)
    const second = (await attempt(lead, first, 'not_reached')).body as CallBackDetail
    expect(second.callBack).toMatchObject({ state: 'planned', attempts: 1 })
    expect(second.callBack.dueAtMs).toBeGreaterThanOrEqual(desk.bench.core.deps.clock.now() + 23 * 3_600_000)
    const third = (await attempt(lead, second, 'not_reached')).body as CallBackDetail
    expect(third.callBack.state).toBe('unreachable')
    expect(third.actions).toEqual([])
    expect(await happened(ticketId)).toEqual(expect.arrayContaining(['callBackTried', 'callBackGivenUp']))
  })
  it('is reached only with the answers of the script', async () => {
    const found = await one(await complaint())
    const without = await attempt(lead, found, 'reached')
    expect([without.status, (without.body as { details: unknown }).details]).toEqual([
      400,
      {
        fields: [
          { key: 'solved', problem: 'missing' },
          { key: 'content', problem: 'missing' },
        ],
      },
    ])
    const answers = [
      { key: 'solved', value: true },
      { key: 'content', value: 4 },
    ]
    const reached = (await attempt(lead, found, 'reached', { answers })).body as CallBackDetail
    expect(reached.callBack.state).toBe('reached')
    expect(reached.tries).toMatchObject([
      { by: 'bench-lead', result: 'reached', answers, note: 'spoke slowly' },
    ])
  })
  it('is opened again from the call, with clocks of its own, and stays with whoever was responsible', async () => {
    const ticketId = await complaint()
    const before = await agent.ticket(ticketId)
    expect((await attempt(lead, await one(ticketId), 'wants_reopen')).status).toBe(200)
    const after = await agent.ticket(ticketId)
    expect(after.ticket).toMatchObject({ state: 'reopened', assignee: before.ticket.assignee })
    expect(after.ticket.resolutionDueMs).toBeGreaterThan(before.ticket.resolutionDueMs)
    expect(after.desk.history.at(-1)).toMatchObject({
      what: 'callBackReopened',
      by: 'bench-lead',
      values: { note: 'spoke slowly' },
    })
  })
  it('is not written over by the slower of two', async () => {
    const found = await one(await complaint())
    expect((await attempt(lead, found, 'refused')).status).toBe(200)
    expect((await attempt(lead, found, 'refused')).status).toBe(409)
  })
})

describe('a call-back that nobody makes', () => {
  it('goes to a lead after its hours, unless somebody tried meanwhile', async () => {
    const [missed, tried] = [await complaint(), await complaint()]
    const { core } = desk.bench
    const watched = async (ticketId: string) => {
      const { callBack } = await one(ticketId)
      await core.db.write('as a plan for agents has it', (tx) =>
        tx
          .updateTable('callBack')
          .set({ audience: 'agent' })
          .where('callBackId', '=', callBack.callBackId)
          .execute(),
      )
      const work = await core.db.read
        .selectFrom('dueWork')
        .selectAll()
        .where('kind', '=', 'callBack.overdue')
        .where('subjectId', '=', callBack.callBackId)
        .executeTakeFirstOrThrow()
      expect(work.dueAtMs).toBeGreaterThanOrEqual(callBack.dueAtMs + OVERDUE_AFTER_MS)
      return { callBack, payload: JSON.parse(work.payload) as object }
    }
    const comes = ({ callBack, payload }: Awaited<ReturnType<typeof watched>>) =>
      core.db.write('its time has come', (tx) =>
        core.due.schedule(tx, {
          kind: 'callBack.overdue',
          subjectId: callBack.callBackId,
          dueAtMs: core.deps.clock.now(),
          payload,
        }),
      )
    const late = await watched(tried)
    await attempt(lead, await one(tried), 'not_reached')
    await comes(late)
    await comes(await watched(missed))
    await eventually('the lead has it', async () => (await one(missed)).callBack.audience === 'lead')
    expect(await happened(missed)).toContain('callBackOverdue')
    expect(await happened(tried)).not.toContain('callBackOverdue')
    expect((await one(tried)).callBack.audience).toBe('agent')
  })
})

describe('a question that is nothing special', () => {
  it('is not followed by a call', async () => {
    const ticketId = await closed('purchase_help')
    const { core } = desk.bench
    await eventually(
      'the work is done',
      async () =>
        (await core.db.read
          .selectFrom('dueWork')
          .select('kind')
          .where('subjectId', '=', ticketId)
          .executeTakeFirst()) === undefined,
    )
    expect(await planned(lead, ticketId)).toEqual([])
  })
})

describe('the plan of call-backs', () => {
  it('is saved in versions by a lead, never over the version of somebody else', async () => {
    const view = (await lead.ask('GET', '/api/staff/call-backs/plan')).body as CallBackPlanView
    const save = (who: DeskPerson) =>
      who.ask('PUT', '/api/staff/call-backs/plan', {
        baseVersion: view.version,
        reason: 'smaller refunds too',
        plan: { ...view.plan, largeRefundFen: 5000 },
      })
    expect((await save(agent)).status).toBe(403)
    const saved = await save(lead)
    expect(saved.body).toMatchObject({ version: view.version + 1, plan: { largeRefundFen: 5000 } })
    expect((await save(lead)).status).toBe(409)
  })
})

describe('a consumer who asked from an order', () => {
  const consumerId = 'co000000000000000000000000000001'
  async function solved(number: number): Promise<string> {
    const { core } = desk.bench
    return core.db.write('a dispute that was solved', async (tx) => {
      await tx
        .insertInto('consumer')
        .values({
          consumerId,
          openidIndex: 'nobody',
          openidSealed: 'nothing',
          language: 'zh',
          createdAtMs: 0,
          permissionLostAtMs: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const tickets = core.commerce?.tickets
      if (tickets === undefined) throw new Error('the bench sells')
      const ticket = await tickets.open(tx, {
        requestId: `dispute-${number}`,
        type: 'not_taken',
        origin: 'dispute',
        reason: 'not_taken',
        priority: 'normal',
        orderId: null,
        cabinetId: CABINET,
        consumerId,
        amountFen: 600,
        lines: [],
        note: null,
        language: 'zh',
        openedBy: `consumer:${consumerId}`,
      })
      await tickets.settle(tx, ticket.ticketId, {
        outcome: 'explained',
        key: 'outcome.explained',
        values: {},
        rootCause: 'unknown',
      })
      return ticket.ticketId
    })
  }
  const disputes = () => {
    const { commerce } = desk.bench.core
    if (commerce === undefined) throw new Error('the bench sells')
    return commerce.disputes
  }
  let first = ''

  it('rates with one tap, says why with a second, and is asked whether they recommend us', async () => {
    first = await solved(1)
    expect(await disputes().view(consumerId, first)).toMatchObject({
      rating: null,
      nps: { score: null },
      actions: expect.arrayContaining(['rate', 'recommend']),
    })
    await disputes().rate(consumerId, first, { score: 5 })
    await disputes().rate(consumerId, first, { score: 5, tags: ['quick'] })
    const view = await disputes().view(consumerId, first)
    expect(view).toMatchObject({ rating: 5, ratingTags: ['quick'] })
    expect(view.actions).not.toContain('tag')
    expect(await planned(lead, first)).toEqual([])
  })
  it('who would not recommend us is called back by a lead, once, whatever they tap next', async () => {
    await disputes().recommend(consumerId, first, 3)
    await disputes().recommend(consumerId, first, 9)
    await disputes().rate(consumerId, first, { score: 1 })
    await disputes().rate(consumerId, first, { score: 2 })
    expect(await planned(lead, first)).toMatchObject([
      { segment: 'low_score', audience: 'lead', nps: 3, rating: 2 },
    ])
  })
  it('is not asked the same again within three months', async () => {
    expect((await disputes().view(consumerId, await solved(2))).nps).toBeNull()
  })
  it('reads the message of a call-back where they asked', async () => {
    const found = await one(first)
    expect(found.callBack.channel).toBe('message')
    const sent = await lead.ask('POST', `/api/staff/call-backs/${found.callBack.callBackId}/message`, {
      version: found.callBack.version,
      text: '您好，想了解一下哪里没有做好。',
    })
    expect(sent.status, JSON.stringify(sent.body)).toBe(200)
    expect((await disputes().view(consumerId, first)).messages.at(-1)).toMatchObject({
      from: 'agent',
      authorName: 'bench-lead',
    })
  })
})

describe('the sample', () => {
  it('is the same for a ticket whoever asks, and about as large as was set', () => {
    const ids = Array.from({ length: 2000 }, (_, index) => `tk${index}`)
    const share = (of: number) => ids.filter((id) => isSampled(id, of)).length / ids.length
    expect(share(0)).toBe(0)
    expect(share(1)).toBe(1)
    expect(share(0.2)).toBeGreaterThan(0.17)
    expect(share(0.2)).toBeLessThan(0.23)
    expect(ids.filter((id) => isSampled(id, 0.1)).every((id) => isSampled(id, 0.2))).toBe(true)
  })
})
