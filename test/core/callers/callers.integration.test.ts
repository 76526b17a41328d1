import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallBackList } from '#protocol/api/call-backs.ts'
import type { CallerFact } from '#protocol/api/callers.ts'
import type { IncidentPreview, RefundCaseDetail } from '#protocol/api/refund-cases.ts'
import type { WriteOffList } from '#protocol/api/arrears.ts'
import type { CompensationList } from '#protocol/api/compensation.ts'
import type { LoweringRequestList } from '#protocol/api/staff/lowering.ts'
import type { ApprovalList } from '#protocol/api/staff/refunds.ts'
import type { CabinetCourse } from '#protocol/api/staff/cabinet-course.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { StaffOrderList } from '#protocol/api/staff/orders.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import { seedOrders } from '#test/bench/api/served.ts'
import { CABINET } from '#test/core/core-bench.ts'
import {
  createTicketBench,
  type DeskPerson,
  OTHER_CABINET,
  type TicketBench,
} from '#test/core/support/ticket-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let operator: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench({ callerKnownMs: 600_000, agentRefundFen: 300 })
  ;[agent, lead, operator] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('operator'),
  ]
  await desk.bench.core.start()
})
afterAll(() => desk.close())

const codeOf = (answer: { body: unknown }) => (answer.body as { code?: string }).code
let buyers = 0
/** Somebody who paid. */
async function aBuyer(cabinetId = CABINET) {
  const { db, commerce } = desk.bench.core
  const { consumerId, token } = await db.write('sign in', async (tx) => {
    if (commerce === undefined) throw new Error('this core sells nothing')
    return commerce.consumers.signIn(tx, `oSim0buyer${buyers++}`, 'en')
  })
  const [order] = await seedOrders(db, desk.ids, { consumerId, cabinetId }, 1)
  if (order === undefined) throw new Error('no order was seeded')
  return { ...order, consumerId, cookie: `consumer=${token}; lang=en` }
}
/** The same, and a call about it. */
async function aCall(more: Record<string, unknown> = {}, cabinetId = CABINET) {
  const buyer = await aBuyer(cabinetId)
  const opened = await agent.open({ type: 'other', channel: 'hotline', orderId: buyer.orderId, ...more })
  return { ...buyer, opened, ticketId: opened.ticket.ticketId }
}
const step = (who: DeskPerson, ticketId: string, name: 'ask' | 'answer' | 'vouch', body: unknown) =>
  who.ask('POST', `/api/staff/tickets/${ticketId}/caller/${name}`, body)
async function ask(ticketId: string, way: 'facts' | 'code') {
  const { body, status } = await step(agent, ticketId, 'ask', { way })
  expect(status, JSON.stringify(body)).toBe(200)
  return (body as TicketDetail).caller
}
async function answerFacts(ticketId: string, known: [boolean, boolean]) {
  const caller = await ask(ticketId, 'facts')
  const answer = await step(agent, ticketId, 'answer', { checkId: caller?.facts?.checkId, known })
  return (answer.body as TicketDetail).caller
}
const refund = (who: DeskPerson, about: { orderId: string; lineId: string }, more: object = {}) =>
  who.ask('POST', `/api/staff/orders/${about.orderId}/refunds`, {
    refundId: desk.ids.next('refund'),
    lines: [{ lineId: about.lineId, quantity: 1 }],
    reason: 'goodwill',
    stock: 'not_returned',
    tellConsumer: false,
    ...more,
  })
/** Solved, and the time in which it could be opened again has passed. */
async function close(ticketId: string): Promise<void> {
  const { core } = desk.bench
  await agent.act(ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
  await core.db.write('the time is over', (tx) =>
    core.due.schedule(tx, { kind: 'ticket.close', subjectId: ticketId, dueAtMs: core.deps.clock.now() }),
  )
  await eventually('the closed ticket', async () => (await agent.ticket(ticketId)).ticket.state === 'closed')
}
const auditOf = async (ticketId: string) =>
  (
    await desk.bench.core.db.read
      .selectFrom('audit')
      .select('action')
      .where('subject', '=', `ticket:${ticketId}`)
      .where('action', 'like', 'caller.%')
      .execute()
  ).map(({ action }) => action)

describe('a caller whom nobody knows yet', () => {
  it('leaves nothing about the purchase on the page, and says what to do', async () => {
    const { opened } = await aCall()
    expect(opened.order).toBeNull()
    expect(opened.advice).toBeNull()
    expect(opened.ticket.amountFen).toBeNull()
    expect(opened.caller).toMatchObject({ isHidden: true, known: null, actions: ['facts', 'code'] })
  })
  it('leaves nothing about the purchase in the queue and in what is found either, until they are known', async () => {
    const { ticketId, opened } = await aCall()
    const amounts = async () => {
      const lists = [
        await agent.ask('GET', '/api/staff/tickets?view=open'),
        await agent.ask('GET', `/api/staff/tickets?view=open&query=${opened.ticket.number}`),
      ]
      return lists.map(
        ({ body }) => (body as TicketList).tickets.find((one) => one.ticketId === ticketId)?.amountFen,
      )
    }
    expect(await amounts()).toEqual([null, null])
    await step(lead, ticketId, 'vouch', { reason: 'I know their voice' })
    const { amountFen } = (await agent.ticket(ticketId)).ticket
    expect(amountFen).toBeGreaterThan(0)
    expect(await amounts()).toEqual([amountFen, amountFen])
  })
  it('leaves what it came to out of the list of orders, for who speaks with callers, until they are known', async () => {
    const call = await aCall()
    const amounts = async (who: DeskPerson) => {
      const { body } = await who.ask('GET', `/api/staff/orders?query=${call.orderId}`)
      return (body as StaffOrderList).orders.map((one) => one.amounts)
    }
    const paid = [{ totalFen: expect.any(Number), paidFen: expect.any(Number), refundedFen: 0 }]
    expect(await amounts(agent)).toEqual([null])
    // Who keeps the books speaks with nobody.
    expect(await amounts(await desk.person('finance'))).toEqual(paid)
    await step(lead, call.ticketId, 'vouch', { reason: 'I know their voice' })
    expect(await amounts(agent)).toEqual(paid)
  })
  it('leaves amount and note out of what waits for a second person, until they are known', async () => {
    const { db, deps } = desk.bench.core
    const buyer = await aBuyer()
    const asked = await refund(agent, buyer, { lines: [], amountFen: 1000, note: 'the can leaked' })
    const compensationId = desk.ids.next('compensation')
    await agent.ask('POST', `/api/staff/orders/${buyer.orderId}/compensations`, {
      compensationId,
      kind: 'coupon',
      amountFen: 20_000,
      reason: 'quality',
      note: 'the can leaked',
    })
    const { refundId } = (asked.body as { refund: { refundId: string } }).refund
    const [loweringId, writeOffId] = [desk.ids.next('refund'), desk.ids.next('writeOff')]
    // What these two need before they can be asked for has tests of its own.
    await db.write('two more wishes', async (tx) => {
      const wish = {
        orderId: buyer.orderId,
        state: 'awaiting_approval' as const,
        amountFen: 1000,
        note: 'the can leaked',
        requestedBy: 'st-somebody',
        requestedAtMs: deps.clock.now(),
        decidedBy: null,
        decidedAtMs: null,
        decisionNote: null,
      }
      await tx
        .insertInto('loweringRequest')
        .values({ ...wish, refundId: loweringId, lines: '[]', reason: 'goodwill', ticketId: null })
        .execute()
      await tx
        .insertInto('writeOff')
        .values({ ...wish, writeOffId, reason: 'hardship', endedAtMs: null })
        .execute()
    })
    interface Read {
      amountFen: number | null
      note: string | null
    }
    const waiting = async (who: DeskPerson): Promise<Read[]> => {
      const read = async <T extends object>(path: string) => {
        const { body, status } = await who.ask('GET', `/api/staff/${path}`)
        expect(status, JSON.stringify(body)).toBe(200)
        return body as T
      }
      const all = [
        (await read<ApprovalList>('approvals')).approvals.find((one) => one.refundId === refundId),
        (await read<LoweringRequestList>('lowering-requests')).requests.find(
          (one) => one.refundId === loweringId,
        ),
        (await read<WriteOffList>('write-offs')).writeOffs.find((one) => one.writeOffId === writeOffId),
        (await read<CompensationList>('compensations')).compensations.find(
          (one) => one.compensationId === compensationId,
        ),
      ]
      return all.flatMap((one) => (one === undefined ? [] : [{ amountFen: one.amountFen, note: one.note }]))
    }
    const shown = [1000, 1000, 1000, 20_000].map((amountFen) => ({ amountFen, note: 'the can leaked' }))
    const left = shown.map(() => ({ amountFen: null, note: null }))
    expect(await waiting(agent)).toEqual(shown)
    const { ticket } = await agent.open({ type: 'other', channel: 'hotline', orderId: buyer.orderId })
    expect(await waiting(agent)).toEqual(left)
    expect(await waiting(lead)).toEqual(left)
    // Who keeps the books speaks with nobody.
    expect(await waiting(await desk.person('finance'))).toEqual(shown)
    await step(lead, ticket.ticketId, 'vouch', { reason: 'I know their voice' })
    expect([await waiting(agent), await waiting(lead)]).toEqual([shown, shown])
  })
  it('leaves what it came to out of the visits at the cabinet too, on its page and beside another ticket', async () => {
    const call = await aCall()
    const neighbour = await lead.open({ type: 'other', channel: 'hotline', cabinetId: CABINET })
    const onPage = async () => {
      const { body } = await agent.ask('GET', `/api/staff/cabinets/${CABINET}`)
      return (body as CabinetDetail).sessions.find(({ orderId }) => orderId === call.orderId)?.totalFen
    }
    const beside = async () => {
      const { body } = await agent.ask('GET', `/api/staff/tickets/${neighbour.ticket.ticketId}/cabinet`)
      const { visits } = body as CabinetCourse
      return visits.find(({ order }) => order?.orderId === call.orderId)?.order?.totalFen
    }
    expect([await onPage(), await beside()]).toEqual([null, null])
    // Whoever repairs the cabinet sees that it was used.
    const technician = await desk.person('technician')
    const { sessions } = (await technician.ask('GET', `/api/staff/cabinets/${CABINET}`)).body as CabinetDetail
    expect(sessions.length).toBeGreaterThan(0)
    expect(sessions.filter((one) => one.orderId !== null || one.totalFen !== null)).toEqual([])
    await step(lead, call.ticketId, 'vouch', { reason: 'I know their voice' })
    expect(await onPage()).toBeGreaterThan(0)
    expect(await beside()).toBe(await onPage())
  })
  it('moves no money and opens no order, whether their ticket is named or not', async () => {
    const call = await aCall()
    const { orderId, lineId, ticketId } = call
    const tried = [
      await refund(agent, call),
      await refund(agent, call, { ticketId }),
      await refund(lead, call),
      await agent.ask('GET', `/api/staff/orders/${orderId}`),
      await agent.ask('POST', `/api/staff/orders/${orderId}/refunds/calculate`, {
        lines: [{ lineId, quantity: 1 }],
        reason: 'goodwill',
        stock: 'not_returned',
      }),
      await agent.ask('POST', `/api/staff/orders/${orderId}/lower`, {
        refundId: desk.ids.next('refund'),
        lines: [{ lineId, quantity: 1 }],
        reason: 'goodwill',
      }),
      await agent.ask('POST', `/api/staff/orders/${orderId}/compensations`, {
        compensationId: desk.ids.next('compensation'),
        kind: 'coupon',
        amountFen: 100,
        reason: 'goodwill',
        note: 'sorry',
      }),
      await agent.ask('POST', `/api/staff/orders/${orderId}/collect`, {}),
      await lead.ask('POST', `/api/staff/orders/${orderId}/paid-elsewhere`, {
        paidAtMs: desk.bench.core.deps.clock.now(),
        reference: 'bank 4711',
      }),
      await agent.ask('POST', `/api/staff/orders/${orderId}/write-off`, {
        writeOffId: desk.ids.next('writeOff'),
        reason: 'hardship',
        note: 'let it go',
      }),
    ]
    expect(tried.map(codeOf)).toEqual(tried.map(() => 'caller_not_verified'))
    expect(tried[0]?.body).toMatchObject({ details: { ticketId } })
    const { count } = await desk.bench.core.db.read
      .selectFrom('refund')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    expect(count).toBe(0)
  })
  it('cannot be gone around by solving the ticket, or by merging it into one that a rule opened', async () => {
    const [solved, merged] = [await aCall(), await aCall()]
    await agent.act(solved.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    expect(codeOf(await refund(agent, solved))).toBe('caller_not_verified')
    const { db, commerce } = desk.bench.core
    const found = await db.write('a rule finds something', async (tx) => {
      if (commerce === undefined) throw new Error('this core sells nothing')
      return commerce.tickets.open(tx, {
        requestId: desk.ids.next('request'),
        type: 'double_charge',
        origin: 'anomaly',
        reason: null,
        priority: 'normal',
        orderId: merged.orderId,
        cabinetId: CABINET,
        consumerId: merged.consumerId,
        amountFen: null,
        lines: [],
        note: null,
        language: 'en',
        openedBy: 'rule:double_charge',
      })
    })
    expect((await agent.ticket(found.ticketId)).caller).toBeNull()
    const into = await agent.act(merged.ticketId, 'merge', {
      intoTicketId: found.ticketId,
      reason: 'the same order',
    })
    expect(into.caller).toMatchObject({ isHidden: true })
    expect(codeOf(await refund(agent, merged))).toBe('caller_not_verified')
  })
  it('holds up no money that the buyer asked for on their own page', async () => {
    const call = await aCall()
    const { db, commerce } = desk.bench.core
    await db.write('the buyer asks', async (tx) => {
      if (commerce === undefined) throw new Error('this core sells nothing')
      return commerce.tickets.open(tx, {
        requestId: desk.ids.next('request'),
        type: 'wrong_item',
        origin: 'dispute',
        reason: 'wrong_item',
        priority: 'normal',
        orderId: call.orderId,
        cabinetId: CABINET,
        consumerId: call.consumerId,
        amountFen: null,
        lines: [],
        note: null,
        language: 'en',
        openedBy: call.consumerId,
      })
    })
    // Not for the call, which nobody knows yet; for the question, whose writer is signed in.
    expect(codeOf(await refund(agent, call, { ticketId: call.ticketId }))).toBe('caller_not_verified')
    expect((await refund(agent, call)).status).toBe(201)
  })
  it('gets no money by another way than it came, and nobody sees the pictures for them', async () => {
    const { db } = desk.bench.core
    const call = await aCall()
    await answerFacts(call.ticketId, [true, true])
    const asked = await refund(agent, call)
    const { refundId } = (asked.body as { refund: { refundId: string } }).refund
    const { sessionId } = await db.read
      .selectFrom('order')
      .select('sessionId')
      .where('orderId', '=', call.orderId)
      .executeTakeFirstOrThrow()
    const sha256 = 'a'.repeat(64)
    await db.write('a picture was taken', (tx) =>
      desk.bench.core.evidence.registerEvidence(
        tx,
        { sessionId, cabinetId: CABINET, startedAtMs: desk.bench.core.deps.clock.now() },
        [
          {
            kind: 'snapshot',
            sha256,
            byteCount: 1000,
            mediaType: 'image/jpeg',
            tMs: 0,
            moment: 'open',
            camera: 'inside',
          },
        ],
      ),
    )
    const picture = `/api/evidence/${sessionId}/${sha256}`
    // Known: only that the cabinet has not sent it yet is in the way.
    expect(codeOf(await agent.ask('GET', picture))).toBe('not_found')
    // Somebody else says that they are the same person, and where the money should go.
    await close(call.ticketId)
    await agent.open({ type: 'other', channel: 'hotline', orderId: call.orderId })
    const finance = await desk.person('finance')
    const paid = { reference: 'transfer 4711' }
    const stuck = `/api/staff/stuck-refunds/${refundId}`
    expect([
      codeOf(await finance.ask('POST', `${stuck}/payout`, paid)),
      codeOf(await finance.ask('POST', `${stuck}/reroute`)),
      codeOf(await agent.ask('GET', picture)),
    ]).toEqual(['caller_not_verified', 'caller_not_verified', 'caller_not_verified'])
  })
  it('is left out of a case of many orders, which says so and goes on with the others', async () => {
    const [call, other] = [await aCall({}, OTHER_CABINET), await aBuyer(OTHER_CABINET)]
    const nowMs = desk.bench.core.deps.clock.now()
    const selection = {
      cabinetIds: [OTHER_CABINET],
      sku: null,
      fromMs: nowMs - 3_600_000,
      toMs: nowMs + 60_000,
    }
    const { body } = await lead.ask('POST', '/api/staff/refund-cases/preview', selection)
    const { count, totalFen } = body as IncidentPreview
    const caseId = desk.ids.next('refundCase')
    const at = `/api/staff/refund-cases/${caseId}`
    const asked = await lead.ask('POST', '/api/staff/refund-cases', {
      caseId,
      title: 'Warm shelf',
      selection,
      reason: 'quality',
      stock: 'not_returned',
      note: 'the cooling failed',
      count,
      totalFen,
    })
    expect(asked.status, JSON.stringify(asked.body)).toBe(201)
    const manager = await desk.person('manager')
    expect((await manager.ask('POST', `${at}/approve`, { reason: 'it was warm' })).status).toBe(200)
    const items = await eventually('every order of the case', async () => {
      const detail = (await lead.ask('GET', at)).body as RefundCaseDetail
      return detail.items.every(({ state }) => state !== 'waiting') && detail.items
    })
    const itemOf = ({ orderId }: { orderId: string }) => items.find((item) => item.orderId === orderId)
    expect(itemOf(call)).toMatchObject({ state: 'skipped', detail: 'caller_not_verified' })
    // What the provider makes of it is another story.
    expect(itemOf(other)?.detail).toBeNull()
  })
  it('is nobody who asks about nothing personal, and no operator', async () => {
    expect((await agent.open({ type: 'other', channel: 'hotline' })).caller).toBeNull()
    const own = await operator.open({ type: 'other', cabinetId: CABINET })
    expect([own.ticket.channel, own.caller]).toEqual(['console', null])
  })
  it('does not become known by a channel that an agent chooses', async () => {
    for (const channel of ['console', 'code']) {
      const answer = await agent.ask('POST', '/api/staff/tickets', {
        requestId: desk.ids.next('request'),
        type: 'other',
        note: 'it hums',
        channel,
      })
      expect([answer.status, codeOf(answer)]).toEqual([400, 'intake_invalid'])
    }
  })
})

describe('two questions', () => {
  it('are out of what is known and not told, with their answers, and the same for whoever looks again', async () => {
    const { ticketId } = await aCall({ note: 'was charged ¥16.50' })
    const first = (await ask(ticketId, 'facts'))?.facts
    expect(first?.questions.length).toBe(2)
    expect(first?.questions.every(({ answer }) => answer.en.length > 0 && answer.zh.length > 0)).toBe(true)
    expect((await ask(ticketId, 'facts'))?.facts).toEqual(first)
  })
  it('make the caller known when both were right: the order is there, and money moves', async () => {
    const call = await aCall()
    const caller = await answerFacts(call.ticketId, [true, true])
    expect(caller).toMatchObject({ isHidden: false, known: { way: 'facts', by: 'bench-agent' } })
    const shown = await agent.ticket(call.ticketId)
    expect(shown.order?.order.orderId).toBe(call.orderId)
    expect(shown.desk.history.map(({ what }) => what)).toEqual(['opened', 'callerAsked', 'callerKnown'])
    expect((await refund(agent, call, { ticketId: call.ticketId })).status).toBe(201)
    expect(await auditOf(call.ticketId)).toEqual(['caller.asked', 'caller.answered', 'caller.known'])
  })
  it('that were not both right are kept as that, and asked three times a day at most', async () => {
    const call = await aCall()
    const seen = new Set<CallerFact>()
    for (const left of [2, 1, 0]) {
      const facts = (await ask(call.ticketId, 'facts'))?.facts
      for (const { fact } of facts?.questions ?? []) seen.add(fact)
      const caller = await answerFacts(call.ticketId, [true, false])
      expect(caller).toMatchObject({
        isHidden: true,
        factsLeft: left,
        last: { state: 'failed', way: 'facts' },
      })
    }
    expect(seen.size).toBeGreaterThan(2)
    // Another call of the same person begins with nothing left.
    const again = await agent.open({ type: 'other', channel: 'hotline', orderId: call.orderId })
    expect(again.caller?.actions).toEqual(['code'])
    expect(codeOf(await step(agent, again.ticket.ticketId, 'ask', { way: 'facts' }))).toBe(
      'caller_checks_spent',
    )
    expect(codeOf(await refund(agent, call))).toBe('caller_not_verified')
  })
  it('are answered once', async () => {
    const { ticketId } = await aCall()
    const checkId = (await ask(ticketId, 'facts'))?.facts?.checkId
    await step(agent, ticketId, 'answer', { checkId, known: [false, true] })
    expect(codeOf(await step(agent, ticketId, 'answer', { checkId, known: [true, true] }))).toBe(
      'caller_check_over',
    )
  })
  it('need an order; on a ticket without one the caller names it first', async () => {
    const { orderId, ticketId } = await aCall()
    const loose = await agent.open({ type: 'other', channel: 'hotline' })
    const at = loose.ticket.ticketId
    expect(codeOf(await step(agent, at, 'ask', { way: 'facts' }))).toBe('caller_check_unavailable')
    const named = await step(agent, at, 'ask', { way: 'facts', orderId })
    expect((named.body as TicketDetail).ticket.orderId).toBe(orderId)
    expect((named.body as TicketDetail).caller?.facts?.questions.length).toBe(2)
    expect(ticketId).not.toBe(at)
  })
})

describe('a code', () => {
  async function codeFor(ticketId: string) {
    const caller = await ask(ticketId, 'code')
    const row = await desk.bench.core.db.read
      .selectFrom('callerCheck')
      .selectAll()
      .where('checkId', '=', caller?.code?.checkId ?? '')
      .executeTakeFirstOrThrow()
    const message = await eventually('the message with the code', async () =>
      (await desk.messages()).find(({ id }) => id === row.noticeId),
    )
    const [code] = /\d{6}/.exec(message.text) ?? []
    return { row, code: code ?? '', checkId: row.checkId }
  }
  const noticeOf = (noticeId: string | null) =>
    desk.bench.core.db.read
      .selectFrom('notice')
      .select(['text', 'title'])
      .where('noticeId', '=', noticeId ?? '')
      .executeTakeFirstOrThrow()

  it('reaches the buyer where they are known, and makes who reads it out known', async () => {
    const call = await aCall()
    const { row, code, checkId } = await codeFor(call.ticketId)
    expect(JSON.stringify(row)).not.toContain(code)
    const right = await step(agent, call.ticketId, 'answer', { checkId, code })
    expect((right.body as TicketDetail).caller?.known).toMatchObject({ way: 'code' })
    expect((await refund(agent, call)).status).toBe(201)
    // Neither the code nor anything to guess it by is left.
    expect((await noticeOf(row.noticeId)).text).toBe('')
    const after = await desk.bench.core.db.read
      .selectFrom('callerCheck')
      .select('codeHash')
      .where('checkId', '=', checkId)
      .executeTakeFirstOrThrow()
    expect(after.codeHash).toBeNull()
  })
  it('forgives few wrong figures, and each of them is kept', async () => {
    const { ticketId } = await aCall()
    const { code, checkId, row } = await codeFor(ticketId)
    const wrong = code === '000000' ? '000001' : '000000'
    for (const left of [4, 3, 2, 1]) {
      const answer = await step(agent, ticketId, 'answer', { checkId, code: wrong })
      expect((answer.body as TicketDetail).caller?.code?.triesLeft).toBe(left)
    }
    const last = await step(agent, ticketId, 'answer', { checkId, code: wrong })
    expect((last.body as TicketDetail).caller).toMatchObject({ code: null, last: { state: 'failed' } })
    expect(codeOf(await step(agent, ticketId, 'answer', { checkId, code }))).toBe('caller_check_over')
    expect((await noticeOf(row.noticeId)).text).toBe('')
    const { desk: shown } = await agent.ticket(ticketId)
    expect(shown.history.filter(({ what }) => what === 'callerFailed').length).toBe(5)
  })
  it('is not good for another ticket', async () => {
    const [one, other] = [await aCall(), await aCall()]
    const { code, checkId } = await codeFor(one.ticketId)
    expect(codeOf(await step(agent, other.ticketId, 'answer', { checkId, code }))).toBe('not_found')
  })
  it('is no digit too short: the request is refused before it counts', async () => {
    const { ticketId } = await aCall()
    const { checkId } = await codeFor(ticketId)
    expect((await step(agent, ticketId, 'answer', { checkId, code: '12345' })).status).toBe(400)
    expect((await agent.ticket(ticketId)).caller?.code?.triesLeft).toBe(5)
  })
})

describe('what was found out', () => {
  it('is a lead’s to answer for without questions, with a reason that is kept', async () => {
    const call = await aCall()
    expect((await step(agent, call.ticketId, 'vouch', { reason: 'I believe them' })).status).toBe(403)
    expect((await step(lead, call.ticketId, 'vouch', { reason: '' })).status).toBe(400)
    const answer = await step(lead, call.ticketId, 'vouch', { reason: 'spoke with the site, who know them' })
    expect((answer.body as TicketDetail).caller?.known).toMatchObject({
      way: 'lead',
      reason: 'spoke with the site, who know them',
    })
    expect(await auditOf(call.ticketId)).toEqual(['caller.vouched'])
    expect((await refund(agent, call)).status).toBe(201)
  })
  it('is among what the buyer takes along of what is known of them', async () => {
    const call = await aCall()
    await answerFacts(call.ticketId, [true, true])
    const answer = await desk.bench.core.http.inject({
      method: 'GET',
      url: '/api/consumer/own-data',
      headers: { cookie: call.cookie },
    })
    expect(answer.json<{ callerChecks: unknown[] }>().callerChecks).toMatchObject([
      { ticketId: call.ticketId, way: 'facts', state: 'passed' },
    ])
  })
  it('is not carried over by a split: whoever asks the other thing is asked again', async () => {
    const call = await aCall()
    await answerFacts(call.ticketId, [true, true])
    const split = await agent.act(call.ticketId, 'split', {
      requestId: desk.ids.next('request'),
      type: 'complaint',
      messageIds: [],
      reason: 'another matter',
    })
    expect(split.ticket.ticketId).not.toBe(call.ticketId)
    expect(split.caller).toMatchObject({ isHidden: true, known: null })
    expect(codeOf(await refund(agent, call, { ticketId: split.ticket.ticketId }))).toBe('caller_not_verified')
  })
  it('is not carried over by a merge', async () => {
    const call = await aCall()
    await answerFacts(call.ticketId, [true, true])
    const other = await agent.open({ type: 'other', channel: 'email', orderId: call.orderId })
    const merged = await agent.act(call.ticketId, 'merge', {
      intoTicketId: other.ticket.ticketId,
      reason: 'the same person',
    })
    expect(merged.caller).toMatchObject({ isHidden: true, known: null })
    expect(codeOf(await refund(agent, call))).toBe('caller_not_verified')
  })
  it('ends when the ticket is closed', async () => {
    const call = await aCall()
    await answerFacts(call.ticketId, [true, true])
    await close(call.ticketId)
    const states = await desk.bench.core.db.read
      .selectFrom('callerCheck')
      .select('state')
      .where('ticketId', '=', call.ticketId)
      .execute()
    expect(states).toEqual([{ state: 'ended' }])
    // What was open to the agent may be read again; nobody speaks on it any more.
    expect((await agent.ticket(call.ticketId)).caller?.isHidden).toBe(false)
  })
})

describe('a number to call back', () => {
  it('is there for whoever was found to be the buyer, and for nobody else', async () => {
    const complaint = { type: 'complaint', intake: { about: 'service' }, callerPhone: '138 0013 7391' }
    const [known, unknown] = [await aCall(complaint), await aCall(complaint)]
    await answerFacts(known.ticketId, [true, true])
    const numbers: unknown[] = []
    for (const { ticketId } of [known, unknown]) {
      await close(ticketId)
      const callBack = await eventually('the planned call-back', async () => {
        const lists = await Promise.all(
          ['due', 'coming'].map(async (view) => {
            const { body } = await lead.ask('GET', `/api/staff/call-backs?view=${view}`)
            return (body as CallBackList).callBacks
          }),
        )
        return lists.flat().find((one) => one.ticketId === ticketId)
      })
      const answer = await lead.ask('POST', `/api/staff/call-backs/${callBack.callBackId}/number`)
      numbers.push(codeOf(answer) ?? answer.body)
    }
    expect(numbers).toEqual([{ phone: '13800137391' }, 'caller_not_verified'])
  })
})

describe('a second person', () => {
  it('decides what was asked for while the caller was known, also when that has ended', async () => {
    const call = await aCall()
    await answerFacts(call.ticketId, [true, true])
    const asked = await refund(agent, call)
    const { refundId, state } = (asked.body as { refund: { refundId: string; state: string } }).refund
    expect(state).toBe('awaiting_approval')
    await desk.bench.core.db.write('time passes', (tx) =>
      tx
        .updateTable('callerCheck')
        .set({ validUntilMs: 1 })
        .where('ticketId', '=', call.ticketId)
        .where('state', '=', 'passed')
        .execute(),
    )
    expect(codeOf(await refund(agent, call))).toBe('caller_not_verified')
    const approved = await lead.ask('POST', `/api/staff/approvals/${refundId}/approve`, {
      reason: 'goods were bad',
    })
    expect(approved.status, JSON.stringify(approved.body)).toBe(200)
  })
})

describe('what was found out, for a moment', () => {
  it('ends by itself, with a line in the history', async () => {
    const short = await createTicketBench({ callerKnownMs: 1000 })
    const [person, boss] = [await short.person('agent'), await short.person('lead')]
    await short.bench.core.start()
    try {
      const { db, commerce } = short.bench.core
      const { consumerId } = await db.write('sign in', async (tx) => {
        if (commerce === undefined) throw new Error('this core sells nothing')
        return commerce.consumers.signIn(tx, 'oSim0brief', 'zh')
      })
      const [order] = await seedOrders(db, short.ids, { consumerId, cabinetId: CABINET }, 1)
      const { ticket } = await person.open({ type: 'other', channel: 'hotline', orderId: order?.orderId })
      await boss.ask('POST', `/api/staff/tickets/${ticket.ticketId}/caller/vouch`, {
        reason: 'known by voice',
      })
      const ended = await eventually('the end of it', async () => {
        const detail = await person.ticket(ticket.ticketId)
        return detail.desk.history.at(-1)?.what === 'callerEnded' && detail
      })
      expect(ended.caller).toMatchObject({ isHidden: true, known: null, last: { state: 'ended' } })
    } finally {
      await short.close()
    }
  })
})
