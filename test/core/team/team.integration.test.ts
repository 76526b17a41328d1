import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HolidayView, ScheduleView, TeamFigures, TrainingView } from '#protocol/api/team.ts'
import { countedMs, CALENDARS } from '#core/support/clocks/calendar.ts'
import { createTicketBench, type DeskPerson, type TicketBench } from '#test/core/support/ticket-bench.ts'
import { eventually } from '#test/support/eventually.ts'

const HOUR = 3_600_000
let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let manager: DeskPerson
let agentId = ''
let leadId = ''
beforeAll(async () => {
  desk = await createTicketBench({ figureCasesLeast: 1 })
  ;[agent, lead, manager] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('manager'),
  ]
  await desk.bench.core.start()
  const idOf = async (who: DeskPerson) =>
    ((await who.ask('GET', '/api/staff/me')).body as { staffId: string }).staffId
  agentId = await idOf(agent)
  leadId = await idOf(lead)
})
afterAll(() => desk.close())

const nowMs = () => desk.bench.core.deps.clock.now()
const plan = (who: DeskPerson, more: Record<string, unknown>) =>
  who.ask('POST', '/api/staff/schedule/shifts', {
    shiftId: desk.ids.next('shift'),
    staffId: agentId,
    kind: 'work',
    startsAtMs: nowMs(),
    endsAtMs: nowMs() + HOUR,
    handOverToId: null,
    note: '',
    ...more,
  })
const intake = { about: 'service' }
const history = async (ticketId: string) => (await lead.ticket(ticketId)).desk.history.map(({ what }) => what)
const assignee = async (ticketId: string) => (await lead.ticket(ticketId)).ticket.assignee

describe('before anybody has planned a shift', () => {
  it('a ticket waits for whoever takes it, as before', async () => {
    const { ticket } = await lead.open({ type: 'complaint', channel: 'hotline', intake })
    expect(await assignee(ticket.ticketId)).toBe(null)
    expect(await history(ticket.ticketId)).toEqual(['opened'])
  })
})

describe('a shift', () => {
  it('is planned by a lead, not twice in one time, and not too long', async () => {
    expect((await plan(agent, {})).status).toBe(403)
    const shiftId = desk.ids.next('shift')
    const times = { startsAtMs: nowMs() + 10 * HOUR, endsAtMs: nowMs() + 11 * HOUR }
    expect((await plan(lead, { shiftId, ...times })).status).toBe(204)
    expect((await plan(lead, { shiftId, ...times })).status).toBe(204)
    expect((await plan(lead, times)).status).toBe(409)
    expect((await plan(lead, { endsAtMs: nowMs() + 20 * HOUR })).status).toBe(400)
    expect(
      (await lead.ask('POST', `/api/staff/schedule/shifts/${shiftId}/cancel`, { reason: 'ill' })).status,
    ).toBe(204)
    const { shifts } = (await agent.ask('GET', '/api/staff/schedule')).body as ScheduleView
    expect(shifts).toEqual([])
  })
  it('gives new tickets to whoever has it, and at its end what is due to whoever takes over', async () => {
    const endsAtMs = nowMs() + 2500
    expect((await plan(lead, { endsAtMs, handOverToId: leadId, note: 'the caller rings back' })).status).toBe(
      204,
    )
    const { ticket } = await lead.open({ type: 'complaint', channel: 'hotline', intake })
    await eventually('it is assigned', async () => (await assignee(ticket.ticketId)) !== null)
    const first = await assignee(ticket.ticketId)
    expect(await history(ticket.ticketId)).toContain('assigned')
    await eventually('it is handed over', async () => (await history(ticket.ticketId)).includes('handedOver'))
    expect(await assignee(ticket.ticketId)).not.toBe(first)
    const { isUncovered } = (await agent.ask('GET', '/api/staff/schedule')).body as ScheduleView
    expect(isUncovered).toBe(false)
  })
  it('that nobody has now leaves a ticket for the next, and says so', async () => {
    const startsAtMs = nowMs() + 1500
    expect((await plan(lead, { startsAtMs, endsAtMs: startsAtMs + HOUR })).status).toBe(204)
    const { ticket } = await lead.open({ type: 'complaint', channel: 'hotline', intake })
    const view = (await agent.ask('GET', '/api/staff/schedule')).body as ScheduleView
    expect(view).toMatchObject({ isUncovered: true, nextShiftAtMs: startsAtMs })
    expect(await assignee(ticket.ticketId)).toBe(null)
    await eventually('the next shift has it', async () => (await assignee(ticket.ticketId)) !== null)
  })
})

describe('a course that a lead enforces', () => {
  it('keeps its tickets from whoever lacks it, until somebody else has assessed them', async () => {
    const view = async (who: DeskPerson) => (await who.ask('GET', '/api/staff/training')).body as TrainingView
    const held = (await view(lead)).courses.find(({ key }) => key === 'refunds')
    const put = (who: DeskPerson) =>
      who.ask('PUT', '/api/staff/training/courses/refunds', {
        baseVersion: held?.version,
        reason: 'too many corrections',
        course: { ...held?.course, isEnforced: true },
      })
    expect((await put(agent)).status).toBe(403)
    expect((await put(lead)).status).toBe(200)
    expect((await put(lead)).status).toBe(409)
    const { ticket } = await lead.open({
      type: 'order_query',
      channel: 'hotline',
      intake: {},
    })
    await desk.bench.core.db.write('a ticket about money', (tx) =>
      tx
        .updateTable('ticket')
        .set({ type: 'refund_request' })
        .where('ticketId', '=', ticket.ticketId)
        .execute(),
    )
    const claim = async () => {
      const { version } = (await agent.ticket(ticket.ticketId)).ticket
      return agent.ask('POST', `/api/staff/tickets/${ticket.ticketId}/claim`, { version })
    }
    const refused = await claim()
    expect([refused.status, (refused.body as { code: string }).code]).toEqual([403, 'training_missing'])
    const solved = await agent.ask('POST', `/api/staff/tickets/${ticket.ticketId}/resolve`, {
      version: (await agent.ticket(ticket.ticketId)).ticket.version,
      outcome: 'explained',
      rootCause: 'unknown',
      reply: 'It was charged once.',
    })
    expect([solved.status, (solved.body as { code: string }).code]).toEqual([403, 'training_missing'])
    const assess = (who: DeskPerson, staffId: string, practicePercent: number) =>
      who.ask('POST', '/api/staff/training/assessments', {
        assessmentId: desk.ids.next('assessment'),
        courseKey: 'refunds',
        staffId,
        theoryPercent: 90,
        practicePercent,
        note: '',
      })
    expect((await assess(lead, leadId, 100)).status).toBe(403)
    expect((await assess(lead, agentId, 60)).status).toBe(200)
    expect((await claim()).status).toBe(403)
    expect((await assess(lead, agentId, 90)).status).toBe(200)
    expect((await claim()).status).toBe(200)
    const own = await view(agent)
    expect(own.people.map(({ staffId }) => staffId)).toEqual([agentId])
    expect(own.assessments.map(({ isPassed }) => isPassed)).toEqual([true, false])
  })
})

describe('figures', () => {
  it('show an agent their own and a lead the team', async () => {
    const { ticket } = await agent.open({ type: 'complaint', channel: 'hotline', intake })
    await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    const own = (await agent.ask('GET', '/api/staff/team/figures')).body as TeamFigures
    expect([own.people.map(({ staffId }) => staffId), own.team]).toEqual([[agentId], []])
    const all = (await lead.ask('GET', '/api/staff/team/figures')).body as TeamFigures
    expect(all.people.length).toBeGreaterThan(1)
    expect(all.team.find(({ key }) => key === 'solved')?.value).toBeGreaterThan(0)
  })
})

describe('the holidays of a year that was not shipped', () => {
  it('count from the moment in which an administrator enters them', async () => {
    const url = '/api/staff/holidays'
    const before = (await manager.ask('GET', url)).body as HolidayView
    expect(before.years.some(({ year }) => year === 2031)).toBe(false)
    const day = () =>
      countedMs(
        CALENDARS.office,
        'Asia/Shanghai',
        Date.parse('2031-01-23T00:00+08:00'),
        Date.parse('2031-01-24T00:00+08:00'),
      )
    expect(day()).toBeGreaterThan(0)
    const save = {
      baseVersion: 0,
      reason: 'the notice of the State Council',
      days: { off: [{ first: '2031-01-22', last: '2031-01-28' }], work: ['2031-01-19'] },
    }
    expect((await agent.ask('PUT', `${url}/2031`, save)).status).toBe(403)
    expect((await manager.ask('PUT', `${url}/2031`, { ...save, days: { off: [], work: [] } })).status).toBe(
      400,
    )
    expect((await manager.ask('PUT', `${url}/2031`, save)).status).toBe(200)
    expect((await manager.ask('PUT', `${url}/2031`, save)).status).toBe(409)
    expect(day()).toBe(0)
  })
})
