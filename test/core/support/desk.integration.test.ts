import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CABINET } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'
import { createTicketBench, type DeskPerson, OTHER_CABINET, type TicketBench } from './ticket-bench.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let operator: DeskPerson
let technician: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench({ setpointPauseMs: 0 })
  ;[agent, lead, operator, technician] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('operator'),
    await desk.person('technician'),
  ]
  await desk.bench.core.start()
})
afterAll(() => desk.close())
const now = () => desk.bench.core.deps.clock.now()
const question = { type: 'other', channel: 'hotline' }
const codeOf = (answer: { body: unknown }) => (answer.body as { code?: string }).code

describe('an agent on the telephone', () => {
  it('is told every field that the type needs, at once', async () => {
    const answer = await agent.ask('POST', '/api/staff/tickets', {
      requestId: desk.ids.next('request'),
      type: 'temperature',
      note: 'too warm',
    })
    expect([answer.status, codeOf(answer)]).toEqual([400, 'intake_invalid'])
    expect((answer.body as { details: unknown }).details).toEqual({
      fields: [
        { key: 'cabinetId', problem: 'missing' },
        { key: 'wantedDeciCelsius', problem: 'missing' },
      ],
    })
  })
  it('finds the caller again by the end of the number, which nobody can read', async () => {
    const opened = await agent.open({ ...question, callerPhone: '138 0013 7391' })
    expect(opened.desk.callerPhoneTail).toBe('7391')
    for (const asked of ['7391', '138-0013-7391'])
      expect(
        (await agent.list(`query=${encodeURIComponent(asked)}`)).map(({ ticketId }) => ticketId),
      ).toContain(opened.ticket.ticketId)
    const row = await desk.bench.core.db.read
      .selectFrom('ticket')
      .select('phoneSealed')
      .where('ticketId', '=', opened.ticket.ticketId)
      .executeTakeFirstOrThrow()
    expect(row.phoneSealed).not.toContain('7391')
  })
  it('finds it by number, cabinet, words and what was written later, also after it was closed', async () => {
    const { ticket } = await agent.open({ ...question, note: 'the lamp flickers 闪烁', cabinetId: CABINET })
    await agent.act(ticket.ticketId, 'reply', {
      requestId: desk.ids.next('request'),
      text: 'a turquoise answer',
      isInternal: false,
    })
    await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'hardware' })
    for (const asked of [`%23${ticket.number}`, 'flickers', encodeURIComponent('闪烁'), 'turquoise'])
      expect((await agent.list(`view=open&query=${asked}`)).map(({ ticketId }) => ticketId)).toEqual([
        ticket.ticketId,
      ])
    expect((await agent.list(`query=${CABINET}`)).map(({ ticketId }) => ticketId)).toContain(ticket.ticketId)
    expect(await agent.list(`query=${encodeURIComponent('100%')}`)).toEqual([])
  })
  it('may raise a ticket with a reason, and the history says who did', async () => {
    const { ticket } = await agent.open(question)
    const raised = await agent.act(ticket.ticketId, 'priority', {
      priority: 'urgent',
      reason: 'a child is unwell',
    })
    expect(raised.ticket.priority).toBe('urgent')
    expect(raised.desk.history.at(-1)).toMatchObject({
      by: 'bench-agent',
      what: 'prioritised',
      values: { from: 'normal', to: 'urgent', reason: 'a child is unwell' },
    })
  })
})

describe('two agents on one ticket', () => {
  it('see each other, and what the other does, until they leave', async () => {
    const { ticket } = await agent.open(question)
    const at = `/api/staff/tickets/${ticket.ticketId}/presence`
    const look = (who: DeskPerson, doing: string) => who.ask('POST', at, { tab: 'tab-1234', doing })
    await look(agent, 'viewing')
    expect((await look(lead, 'refunding')).body).toMatchObject({
      others: [{ displayName: 'bench-agent', doing: 'viewing' }],
    })
    expect((await agent.ticket(ticket.ticketId)).desk.viewers).toMatchObject([
      { displayName: 'bench-lead', doing: 'refunding' },
    ])
    const told = await desk.bench.core.db.read
      .selectFrom('change')
      .select('data')
      .where('kind', '=', 'desk')
      .where('subjectId', '=', ticket.ticketId)
      .execute()
    await look(agent, 'viewing')
    expect(told.length).toBe(2)
    await look(lead, 'left')
    expect((await agent.ticket(ticket.ticketId)).desk.viewers).toEqual([])
  })
  it('never write over each other: the second reads what changed, and by whom', async () => {
    const { ticket } = await agent.open(question)
    await lead.act(ticket.ticketId, 'claim')
    const answer = await agent.ask('POST', `/api/staff/tickets/${ticket.ticketId}/reply`, {
      requestId: desk.ids.next('request'),
      version: ticket.version,
      text: 'Hello',
      isInternal: false,
    })
    expect(answer.status).toBe(409)
    expect((answer.body as { details: unknown }).details).toMatchObject({
      version: ticket.version + 1,
      changes: [{ by: 'bench-lead', what: 'claimed' }],
    })
  })
  it('leave the one who took it first responsible', async () => {
    const { ticket } = await agent.open(question)
    await agent.act(ticket.ticketId, 'claim')
    const handed = await lead.act(ticket.ticketId, 'claim')
    expect([handed.ticket.assignee?.displayName, handed.ticket.owner?.displayName]).toEqual([
      'bench-lead',
      'bench-agent',
    ])
    expect((await agent.list('view=mine')).map(({ ticketId }) => ticketId)).toContain(ticket.ticketId)
  })
})

describe('a ticket that is put off', () => {
  it('until a time leaves the queue and comes back by itself', async () => {
    const { ticket } = await agent.open(question)
    await agent.act(ticket.ticketId, 'snooze', { kind: 'until', untilMs: now() + 1500 })
    const ids = async (view: string) => (await agent.list(`view=${view}`)).map(({ ticketId }) => ticketId)
    expect([
      (await ids('open')).includes(ticket.ticketId),
      (await ids('snoozed')).includes(ticket.ticketId),
    ]).toEqual([false, true])
    await eventually('the ticket in the queue', async () => (await ids('open')).includes(ticket.ticketId))
  })
  it('until the cabinet is online comes back when it is, also after a restart', async () => {
    const { ticket } = await agent.open({ ...question, cabinetId: CABINET })
    await agent.act(ticket.ticketId, 'snooze', { kind: 'cabinet_online' })
    const { presence } = desk.bench.core
    presence.heard(CABINET)
    await eventually(
      'the ticket awake',
      async () => (await agent.ticket(ticket.ticketId)).ticket.snoozed === null,
    )
  })
  it('is refused when what it would wait for cannot come', async () => {
    const { ticket } = await agent.open(question)
    for (const wish of [
      { kind: 'refund_settled' },
      { kind: 'cabinet_online' },
      { kind: 'until', untilMs: 5 },
    ]) {
      const answer = await agent.ask('POST', `/api/staff/tickets/${ticket.ticketId}/snooze`, {
        version: ticket.version,
        ...wish,
      })
      expect([answer.status, codeOf(answer)]).toEqual([400, 'intake_invalid'])
    }
  })
})

describe('the same question asked twice', () => {
  it('is suggested, merged with its history and the earlier deadlines, and stays to be found', async () => {
    const first = await agent.open({ ...question, cabinetId: CABINET, note: 'first call about the hum' })
    const second = await agent.open({ type: 'cabinet_use', intake: { topic: 'other' }, cabinetId: CABINET })
    const operators = await operator.open({
      type: 'cabinet_use',
      intake: { topic: 'other' },
      cabinetId: CABINET,
    })
    const across = await agent.ask('POST', `/api/staff/tickets/${first.ticket.ticketId}/merge`, {
      version: first.ticket.version,
      intoTicketId: operators.ticket.ticketId,
      reason: 'the same hum',
    })
    expect(across.status, 'what an operator wrote is not for a caller').toBe(409)
    const merged = await agent.act(first.ticket.ticketId, 'merge', {
      intoTicketId: second.ticket.ticketId,
      reason: 'the same hum',
    })
    expect(merged.ticket.ticketId).toBe(second.ticket.ticketId)
    expect(merged.ticket.firstResponseDueMs).toBe(first.ticket.firstResponseDueMs)
    expect(merged.desk.merged).toEqual([{ ticketId: first.ticket.ticketId, number: first.ticket.number }])
    const gone = await agent.ticket(first.ticket.ticketId)
    expect([gone.ticket.state, gone.desk.mergedInto?.number]).toEqual(['merged', second.ticket.number])
  })
  it('a second question in one ticket gets one of its own, with its messages', async () => {
    const { ticket } = await agent.open(question)
    const noted = await agent.act(ticket.ticketId, 'reply', {
      requestId: desk.ids.next('request'),
      text: 'and the price is wrong as well',
      isInternal: false,
    })
    const messageId = noted.messages.at(-1)?.messageId
    const fresh = await agent.act(ticket.ticketId, 'split', {
      requestId: desk.ids.next('request'),
      type: 'purchase_help',
      messageIds: [messageId],
      reason: 'the price is another question',
    })
    expect([fresh.ticket.type, fresh.messages.map((message) => message.messageId)]).toEqual([
      'purchase_help',
      [messageId],
    ])
    expect((await agent.ticket(ticket.ticketId)).messages).toEqual([])
  })
})

describe('work that others are asked to do', () => {
  it('is on their page with its own time, and gives the ticket back when it is done', async () => {
    const { ticket } = await agent.open({ ...question, cabinetId: CABINET })
    const dueAtMs = now() + 3_600_000
    const asked = await agent.act(ticket.ticketId, 'tasks', {
      requestId: desk.ids.next('request'),
      audience: 'technician',
      text: 'Look at the fan',
      dueAtMs,
    })
    expect(asked.ticket.state).toBe('waiting_internal')
    const task = (await technician.tasks()).find(({ ticketId }) => ticketId === ticket.ticketId)
    expect(task).toMatchObject({ text: { en: 'Look at the fan' }, dueAtMs, actions: ['take', 'done'] })
    expect((await operator.tasks()).some(({ ticketId }) => ticketId === ticket.ticketId)).toBe(false)
    await technician.ask('POST', `/api/staff/tasks/${task?.taskId}/done`, {
      version: 1,
      result: 'a leaf in it',
    })
    const back = await agent.ticket(ticket.ticketId)
    expect([back.ticket.state, back.desk.tasks[0]?.doneBy, back.desk.tasks[0]?.result]).toEqual([
      'open',
      'bench-technician',
      'a leaf in it',
    ])
  })
  it('that is not done in time is told to the ticket, once', async () => {
    const { ticket } = await agent.open({ ...question, cabinetId: CABINET })
    await agent.act(ticket.ticketId, 'tasks', {
      requestId: desk.ids.next('request'),
      audience: 'operator',
      text: 'Count the shelf',
      dueAtMs: now() + 1000,
    })
    await eventually('a task that is late', async () => {
      const { desk: seen, ticket: now } = await agent.ticket(ticket.ticketId)
      return now.priority === 'high' && seen.history.filter(({ what }) => what === 'taskLate').length === 1
    })
  })
})

describe('an emergency', () => {
  it('is a list of steps across roles with an incident, and ends when the cabinet is back in service', async () => {
    const opened = await operator.open({
      type: 'emergency',
      cabinetId: CABINET,
      intake: { kind: 'power', isDanger: false },
    })
    const { ticketId } = opened.ticket
    expect([opened.ticket.priority, opened.desk.incident?.resolvedAtMs]).toEqual(['urgent', null])
    const steps = (await lead.ticket(ticketId)).desk.tasks
    expect(steps.map(({ audience, step }) => [step, audience])).toEqual([
      [1, 'agent'],
      [2, 'operator'],
      [3, 'technician'],
      [4, 'lead'],
    ])
    const people = { agent, operator, technician, lead }
    const outOfService = (isOutOfService: 0 | 1) =>
      desk.bench.core.db.write('service', (tx) =>
        tx.updateTable('cabinetReport').set({ isOutOfService }).where('cabinetId', '=', CABINET).execute(),
      )
    await outOfService(1)
    for (const { taskId, audience } of steps.slice(0, 3))
      await people[audience].ask('POST', `/api/staff/tasks/${taskId}/done`, { version: 1 })
    const last = `/api/staff/tasks/${steps[3]?.taskId}/done`
    expect((await lead.ask('POST', last, { version: 1 })).status).toBe(409)
    await outOfService(0)
    expect((await lead.ask('POST', last, { version: 1 })).status).toBe(200)
    const done = await lead.ticket(ticketId)
    expect(done.desk.incident?.resolvedAtMs).not.toBeNull()
    expect(done.desk.tasks.map(({ doneBy }) => doneBy)).toEqual([
      'bench-agent',
      'bench-operator',
      'bench-technician',
      'bench-lead',
    ])
  })
})

describe('a temperature that is adjusted inside a ticket', () => {
  it('waits for the answer of the cabinet and shows it', async () => {
    const opened = await operator.open({
      type: 'temperature',
      cabinetId: CABINET,
      intake: { wantedDeciCelsius: 20 },
    })
    const { ticketId, version } = opened.ticket
    expect(opened.actions).toEqual(['answer', 'setpoint'])
    const { setpointVersion } = await desk.bench.core.db.read
      .selectFrom('twin')
      .select('setpointVersion')
      .where('cabinetId', '=', CABINET)
      .executeTakeFirstOrThrow()
    const answer = await operator.ask('PUT', `/api/staff/tickets/${ticketId}/setpoint`, {
      version,
      expectedVersion: setpointVersion,
      setpointDeciCelsius: 20,
      reason: 'lunch',
    })
    expect(answer.body).toMatchObject({
      ticket: { state: 'waiting_device' },
      desk: { device: { setpointDeciCelsius: 20 } },
    })
    const { commerce, db } = desk.bench.core
    const applied = commerce?.handlers['climate.setpoint-applied']
    await db.write('the cabinet answers', async (tx) => {
      const waiting = await tx
        .selectFrom('ticket')
        .select('deviceVersion')
        .where('ticketId', '=', ticketId)
        .executeTakeFirstOrThrow()
      await applied?.(
        tx,
        { cabinetId: CABINET, epoch: 'ep', seq: 1, occurredAtMs: 1, receivedAtMs: 1, isLate: false },
        { twinEpoch: 'te', version: Number(waiting.deviceVersion), status: 'applied', value: 20 },
      )
    })
    const done = await operator.ticket(ticketId)
    expect([done.ticket.state, done.desk.device, done.messages.at(-1)]).toMatchObject([
      'open',
      null,
      { key: 'message.device_applied', values: { wanted: '2.0' } },
    ])
  })
  it('of somebody else’s cabinet does not exist', async () => {
    const answer = await operator.ask('POST', '/api/staff/tickets', {
      requestId: desk.ids.next('request'),
      type: 'temperature',
      cabinetId: OTHER_CABINET,
      note: 'colder',
      intake: { wantedDeciCelsius: 20 },
    })
    expect(answer.status).toBe(404)
  })
})
