import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CABINET } from '#test/core/core-bench.ts'
import { createTicketBench, type DeskPerson, type TicketBench } from './ticket-bench.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let operator: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench({ setpointPauseMs: 0 })
  ;[agent, lead, operator] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('operator'),
  ]
})
afterAll(() => desk.close())

const emergency = (who: DeskPerson, note: string) =>
  who.open({ type: 'emergency', cabinetId: CABINET, note, intake: { kind: 'door', isDanger: true } })
/** Of an operator, with the temperature that they want. */
const tooWarm = () =>
  operator.open({ type: 'temperature', cabinetId: CABINET, intake: { wantedDeciCelsius: 20 } })
const say = (text: string) => ({ requestId: desk.ids.next('request'), text, isInternal: false })

describe('an emergency in which somebody is hurt', () => {
  it('has its steps, and is with a lead', async () => {
    const { ticket, desk: shown } = await emergency(agent, '有人受伤，已经报警')
    expect(shown.tasks.length).toBeGreaterThan(0)
    expect(shown.incident).toMatchObject({ resolvedAtMs: null })
    expect(ticket.assignee).not.toBeNull()
    expect(shown.history.map(({ what }) => what)).toContain('publicRisk.injury')
  })
  it('sent twice is one, with its steps once', async () => {
    const requestId = desk.ids.next('request')
    const sent = { requestId, type: 'emergency', cabinetId: CABINET, note: 'somebody is injured' }
    const enter = () => agent.open({ ...sent, intake: { kind: 'door', isDanger: true } })
    const [first, again] = [await enter(), await enter()]
    expect([again.ticket.ticketId, again.ticket.version]).toEqual([
      first.ticket.ticketId,
      first.ticket.version,
    ])
    expect(again.desk.tasks).toHaveLength(4)
  })
})

describe('one emergency that two people report', () => {
  it('is one ticket after merging: each step once, with its incident', async () => {
    const [first, second] = [await emergency(agent, 'open door'), await emergency(agent, 'door stands open')]
    const merged = await agent.act(second.ticket.ticketId, 'merge', {
      intoTicketId: first.ticket.ticketId,
      reason: 'the same door',
    })
    expect(merged.desk.tasks.map(({ step, state }) => [step, state])).toEqual([
      [1, 'open'],
      [2, 'open'],
      [3, 'open'],
      [4, 'open'],
    ])
    expect(merged.desk.incident).toMatchObject({ resolvedAtMs: null })
  })
  it('keeps whoever is on their way for it', async () => {
    const [first, second] = [await emergency(agent, 'open door'), await emergency(agent, 'door stands open')]
    const [step] = second.desk.tasks
    await lead.ask('POST', `/api/staff/tasks/${step?.taskId}/take`, { version: step?.version })
    const { version } = (await agent.ticket(second.ticket.ticketId)).ticket
    const merged = await agent.act(second.ticket.ticketId, 'merge', {
      version,
      intoTicketId: first.ticket.ticketId,
      reason: 'the same door',
    })
    const name = (await agent.ticket(second.ticket.ticketId)).desk.tasks[0]?.takenBy
    expect(name).toEqual(expect.any(String))
    expect(merged.desk.tasks.map(({ state, takenBy }) => [state, takenBy])).toEqual([
      ['taken', name],
      ['open', null],
      ['open', null],
      ['open', null],
    ])
  })
  it('keeps its steps and its incident when it is merged into a ticket that has none', async () => {
    const first = await emergency(agent, 'open door')
    const other = await agent.open({ type: 'cabinet_use', intake: { topic: 'other' }, cabinetId: CABINET })
    const merged = await agent.act(first.ticket.ticketId, 'merge', {
      intoTicketId: other.ticket.ticketId,
      reason: 'the same door',
    })
    expect(merged.desk.tasks).toHaveLength(4)
    expect(merged.desk.incident).toMatchObject({ incidentId: first.desk.incident?.incidentId })
  })
})

describe('an answer of an operator that crosses the end of their ticket', () => {
  it('opens it again, with clocks that run', async () => {
    const { ticket } = await tooWarm()
    await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    const answer = await operator.act(ticket.ticketId, 'answer', say('No, it is still too warm'))
    expect(answer.ticket.state).toBe('reopened')
    expect(answer.desk.clocks.filter(({ metAtMs }) => metAtMs === null).length).toBeGreaterThan(0)
    const row = await desk.bench.core.db.read
      .selectFrom('ticket')
      .select(['resolvedAtMs', 'firstRespondedAtMs'])
      .where('ticketId', '=', ticket.ticketId)
      .executeTakeFirstOrThrow()
    expect(row).toEqual({ resolvedAtMs: null, firstRespondedAtMs: null })
  })
  it('that speaks of going further brings it to a lead', async () => {
    const { ticket } = await tooWarm()
    await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    const answer = await operator.act(ticket.ticketId, 'answer', say('Then I call the police'))
    expect(answer.ticket.priority).toBe('urgent')
    expect(answer.desk.history.map(({ what }) => what)).toContain('publicRisk.authority')
  })
  it('reaches the ticket into which theirs was merged', async () => {
    const [first, second] = [await tooWarm(), await tooWarm()]
    await agent.act(first.ticket.ticketId, 'merge', {
      intoTicketId: second.ticket.ticketId,
      reason: 'asked twice',
    })
    await lead.act(second.ticket.ticketId, 'reply', say('Which shelf?'))
    await operator.act(first.ticket.ticketId, 'answer', say('The lowest one'))
    const went = await lead.ticket(second.ticket.ticketId)
    expect(went.messages.at(-1)).toMatchObject({ text: 'The lowest one', from: 'consumer' })
    expect(went.ticket.state).toBe('open')
  })
  it('is refused, and not lost, once it was solved too long ago to be opened again', async () => {
    const { ticket } = await tooWarm()
    await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    await desk.bench.core.db.write('four days pass', (tx) =>
      tx
        .updateTable('ticket')
        .set({ resolvedAtMs: Date.now() - 4 * 86_400_000 })
        .where('ticketId', '=', ticket.ticketId)
        .execute(),
    )
    const { status } = await operator.ask('POST', `/api/staff/tickets/${ticket.ticketId}/answer`, {
      version: 1,
      ...say('It is warm again'),
    })
    expect(status).toBe(409)
    expect((await operator.ticket(ticket.ticketId)).messages).toEqual([])
  })
})

describe('the answer of a cabinet that comes when its ticket no longer waits for it alone', () => {
  const versionOf = async () =>
    (
      await desk.bench.core.db.read
        .selectFrom('twin')
        .select('setpointVersion')
        .where('cabinetId', '=', CABINET)
        .executeTakeFirstOrThrow()
    ).setpointVersion
  const answers = (version: number) =>
    desk.bench.core.db.write('the cabinet answers', async (tx) =>
      desk.bench.core.commerce?.handlers['climate.setpoint-applied']?.(
        tx,
        { cabinetId: CABINET, epoch: 'ep', seq: 1, occurredAtMs: 1, receivedAtMs: 1, isLate: false },
        { twinEpoch: 'te', version, status: 'applied', value: 20 },
      ),
    )
  it('ends the wait, and what is set later is not told there', async () => {
    const { ticket } = await tooWarm()
    const asked = await operator.ask('PUT', `/api/staff/tickets/${ticket.ticketId}/setpoint`, {
      version: ticket.version,
      expectedVersion: await versionOf(),
      setpointDeciCelsius: 20,
      reason: 'lunch',
    })
    expect(asked.body).toMatchObject({ ticket: { state: 'waiting_device' } })
    await agent.act(ticket.ticketId, 'reply', say('It is being set.'))
    const version = await versionOf()
    await answers(version)
    const done = await operator.ticket(ticket.ticketId)
    expect([done.ticket.state, done.desk.device]).toEqual(['waiting_consumer', null])
    await answers(version + 1)
    const keys = (await operator.ticket(ticket.ticketId)).messages.flatMap(({ key }) => key ?? [])
    expect(keys).toEqual(['message.device_applied'])
  })
  it('is not asked for by a ticket that is solved: nothing is set', async () => {
    const { ticket } = await tooWarm()
    const solved = await agent.act(ticket.ticketId, 'resolve', {
      outcome: 'explained',
      rootCause: 'unknown',
    })
    const before = await versionOf()
    const { status } = await operator.ask('PUT', `/api/staff/tickets/${ticket.ticketId}/setpoint`, {
      version: solved.ticket.version,
      expectedVersion: before,
      setpointDeciCelsius: 30,
      reason: 'lunch',
    })
    expect([status, await versionOf()]).toEqual([409, before])
  })
})
