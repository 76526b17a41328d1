import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createDueWork, type DueWork } from '#core/platform/due.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createTickets, type NewTicket, type Tickets } from '#core/support/tickets.ts'
import { eventually } from '#test/support/eventually.ts'
import { UNHEARD } from '#test/core/support/unheard.ts'

const MINUTE = 60_000
const anna = { staffId: 'st-anna', displayName: 'Anna' }
const question: NewTicket = {
  requestId: 'request-1',
  type: 'quality',
  origin: 'dispute',
  reason: 'quality',
  priority: 'normal',
  orderId: null,
  cabinetId: null,
  consumerId: 'co1',
  amountFen: 350,
  lines: [],
  note: null,
  language: 'zh',
  openedBy: 'co1',
}

let folder: string
let db: Database
let due: DueWork
let tickets: Tickets
function begin(policy: Record<string, unknown> = {}) {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const deps = {
    clock,
    random,
    ids: createIds(clock, random),
    log: pino({ level: 'silent' }),
    policy: createPolicy(policy),
  }
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
  due = createDueWork({ ...deps, db })
  tickets = createTickets({ ...deps, db, due, reactions: UNHEARD })
}
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tickets-'))
  begin()
  await db.write('staff', async (tx) => {
    await tx
      .insertInto('staff')
      .values({
        staffId: 'st-anna',
        name: 'anna',
        displayName: 'Anna',
        role: 'agent',
        language: 'zh',
        operator: null,
        passwordHash: 'x',
        isActive: 1,
        createdAtMs: 0,
      })
      .execute()
  })
})
afterEach(async () => {
  await due.stop()
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})
const open = (change: Partial<NewTicket> = {}) =>
  db.write('open', (tx) => tickets.open(tx, { ...question, ...change }))

describe('a ticket', () => {
  it('promises a first answer within 15 minutes and a solution within a day', async () => {
    const ticket = await open()
    expect([
      ticket.firstResponseDueMs - ticket.openedAtMs,
      ticket.resolutionDueMs - ticket.openedAtMs,
    ]).toEqual([15 * MINUTE, 24 * 60 * MINUTE])
  })
  it('sent twice is one ticket; the next one has the next number', async () => {
    const [first, again, other] = [await open(), await open(), await open({ requestId: 'request-2' })]
    expect(again.ticketId).toBe(first.ticketId)
    expect(other.number).toBe(first.number + 1)
  })
  it('is not written over somebody else’s change', async () => {
    const ticket = await open()
    await db.write('claim', (tx) => tickets.claim(tx, ticket.ticketId, 1, anna))
    await expect(
      db.write('reply', (tx) =>
        tickets.reply(tx, ticket.ticketId, anna, {
          requestId: 'r1',
          version: 1,
          text: 'Hello',
          isInternal: false,
        }),
      ),
    ).rejects.toMatchObject({ code: 'conflict' })
  })
  it('stops its first clock with an answer to the consumer, not with a note', async () => {
    const ticket = await open()
    const noted = await db.write('note', (tx) =>
      tickets.reply(tx, ticket.ticketId, anna, {
        requestId: 'r1',
        version: 1,
        text: 'look',
        isInternal: true,
      }),
    )
    expect(noted.firstRespondedAtMs).toBeNull()
    const answer = { requestId: 'r2', version: noted.version, text: 'Hello', isInternal: false }
    const answered = await db.write('reply', (tx) => tickets.reply(tx, ticket.ticketId, anna, answer))
    expect([answered.state, answered.firstRespondedAtMs !== null]).toEqual(['waiting_consumer', true])
    const again = await db.write('reply', (tx) => tickets.reply(tx, ticket.ticketId, anna, answer))
    expect(again.version).toBe(answered.version)
  })
  it('that was resolved can be opened again, and then has its clocks anew', async () => {
    const ticket = await open()
    await db.write('resolve', (tx) =>
      tickets.resolve(tx, ticket.ticketId, anna, { version: 1, outcome: 'explained', rootCause: 'network' }),
    )
    const again = await db.write('reopen', (tx) => tickets.reopen(tx, ticket.ticketId, 'r3', 'Still wrong'))
    expect([again.state, again.priority, again.firstRespondedAtMs, again.resolvedAtMs]).toEqual([
      'reopened',
      'high',
      null,
      null,
    ])
  })
  it('rises by itself when its clock has run out', async () => {
    await due.stop()
    await db.close()
    begin({ firstResponseMs: 1000 })
    due.start()
    const ticket = await open()
    await eventually(
      'a higher priority',
      async () => (await tickets.get(db.read, ticket.ticketId)).priority === 'high',
    )
  })
})

describe('several cores on one database', () => {
  it('climb every rung of every ticket once', async () => {
    const COUNT = 40
    await due.stop()
    await db.close()
    begin({ firstResponseMs: 4000 })
    for (let index = 0; index < COUNT; index++) await open({ requestId: `request-${index}` })
    const program = path.join(import.meta.dirname, 'clock-process.ts')
    const cores = [1, 2].map(() =>
      spawn(process.execPath, [program, path.join(folder, 'core.sqlite')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    try {
      await Promise.all(cores.map((core) => once(core.stdout, 'data')))
      const rungs = () => db.read.selectFrom('ticketEscalation').selectAll().execute()
      await eventually('three rungs of every ticket', async () => (await rungs()).length >= 3 * COUNT, {
        withinMs: 30_000,
        lastSeen: async () => (await rungs()).length,
      })
      const events = await db.read
        .selectFrom('ticketEvent')
        .select((eb) => ['what', eb.fn.countAll<number>().as('count')])
        .groupBy('what')
        .orderBy('what')
        .execute()
      expect(events).toEqual([
        { what: 'escalated', count: COUNT },
        { what: 'opened', count: COUNT },
        { what: 'raised', count: COUNT },
        { what: 'reminded', count: COUNT },
      ])
      expect(
        await db.read.selectFrom('ticket').select('priority').distinct().execute(),
        'raised once, not by each core',
      ).toEqual([{ priority: 'high' }])
    } finally {
      for (const core of cores) core.stdin.end()
      await Promise.all(cores.map((core) => once(core, 'exit')))
    }
  })
})

describe('a ticket whose end comes near', () => {
  it('goes to the lead with the least to do, stays the responsibility of who took it, and tells the consumer why', async () => {
    await db.write('leads', async (tx) => {
      for (const name of ['busy', 'free'])
        await tx
          .insertInto('staff')
          .values({
            staffId: `st-${name}`,
            name,
            displayName: name,
            role: 'lead',
            language: 'zh',
            operator: null,
            passwordHash: 'x',
            isActive: 1,
            createdAtMs: 0,
          })
          .execute()
    })
    await due.stop()
    await db.close()
    begin({ firstResponseMs: 1000, resolutionMs: 3000 })
    const load = await open({ requestId: 'load' })
    await db.write('claim', (tx) =>
      tickets.claim(tx, load.ticketId, 1, { staffId: 'st-busy', displayName: 'busy' }),
    )
    const { ticketId } = await open()
    await db.write('answer', async (tx) => {
      await tickets.claim(tx, ticketId, 1, anna)
      await tickets.reply(tx, ticketId, anna, {
        requestId: 'r1',
        version: 2,
        text: 'Hello',
        isInternal: false,
      })
      await tickets.write(tx, ticketId, { requestId: 'r2', sender: 'consumer', text: 'and now?' })
    })
    due.start()
    const handed = await eventually('a lead', async () => {
      const ticket = await tickets.get(db.read, ticketId)
      return ticket.assigneeId === 'st-free' && ticket
    })
    expect(handed.ownerId).toBe('st-anna')
    const told = await db.read
      .selectFrom('ticketMessage')
      .select(['sender', 'key', 'text'])
      .where('ticketId', '=', ticketId)
      .where('sender', '=', 'system')
      .execute()
    expect(told).toMatchObject([{ key: 'message.delay_checking' }])
    expect(told[0]?.text).toContain('仍在核对记录')
  })
  it('goes to a lead with the third message that nobody answered', async () => {
    await db.write('lead', (tx) =>
      tx
        .insertInto('staff')
        .values({
          staffId: 'st-lead',
          name: 'lead',
          displayName: 'Lead',
          role: 'lead',
          language: 'zh',
          operator: null,
          passwordHash: 'x',
          isActive: 1,
          createdAtMs: 0,
        })
        .execute(),
    )
    const { ticketId } = await open()
    const assignees: Array<string | null> = []
    for (const requestId of ['m-1', 'm-2', 'm-3', 'm-4'])
      assignees.push(
        (
          await db.write('write', (tx) =>
            tickets.write(tx, ticketId, { requestId, sender: 'consumer', text: 'and?' }),
          )
        ).assigneeId,
      )
    expect(assignees).toEqual([null, null, 'st-lead', 'st-lead'])
  })
  it('stands still while it waits for the consumer, and goes on where it stopped', async () => {
    const { ticketId } = await open()
    const replied = await db.write('answer', (tx) =>
      tickets.reply(tx, ticketId, anna, {
        requestId: 'r1',
        version: 1,
        text: 'Which one?',
        isInternal: false,
      }),
    )
    expect(replied.isPaused).toBe(1)
    const waiting = await db.read
      .selectFrom('ticketClock')
      .select(['kind', 'runningSinceMs', 'metAtMs'])
      .where('ticketId', '=', ticketId)
      .orderBy('kind')
      .execute()
    expect(waiting).toMatchObject([
      { kind: 'detailed_answer', runningSinceMs: null },
      { kind: 'first_response', metAtMs: expect.any(Number) },
      { kind: 'resolution', runningSinceMs: null },
    ])
    const again = await db.write('consumer', (tx) =>
      tickets.write(tx, ticketId, { requestId: 'r2', sender: 'consumer', text: 'the milk' }),
    )
    expect([again.isPaused, again.resolutionDueMs >= replied.resolutionDueMs]).toEqual([0, true])
  })
})
