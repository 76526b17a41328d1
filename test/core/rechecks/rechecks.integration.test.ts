import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImprovementList } from '#protocol/api/improvements.ts'
import type { RecheckAnswer, RecheckDetail, RecheckList, ScorecardView } from '#protocol/api/rechecks.ts'
import { createTicketBench, type DeskPerson, type TicketBench } from '#test/core/support/ticket-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let manager: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench({ reopenWindowMs: 1000 })
  ;[agent, lead, manager] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('manager'),
  ]
  await desk.bench.core.start()
})
afterAll(() => desk.close())

async function list(who: DeskPerson, view: string): Promise<RecheckList> {
  return (await who.ask('GET', `/api/staff/rechecks?view=${view}`)).body as RecheckList
}
async function closed(who: DeskPerson, type = 'complaint'): Promise<string> {
  const { ticket } = await who.open({ type, channel: 'hotline', intake: { about: 'service' } })
  await who.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
  await eventually(
    'the ticket is closed',
    async () => (await who.ticket(ticket.ticketId)).ticket.state === 'closed',
  )
  return ticket.ticketId
}
async function waitingFor(ticketId: string): Promise<RecheckDetail> {
  const find = async () => (await list(lead, 'waiting')).rechecks.find((row) => row.ticketId === ticketId)
  await eventually('it is taken for a re-check', async () => (await find()) !== undefined)
  return (await lead.ask('GET', `/api/staff/rechecks/${(await find())?.recheckId}`)).body as RecheckDetail
}
function score(who: DeskPerson, detail: RecheckDetail, missed: readonly string[], more: object = {}) {
  const answers: RecheckAnswer[] = detail.criteria.map(({ key }) => ({
    key,
    mark: missed.includes(key) ? 'not_met' : 'met',
    note: missed.includes(key) ? 'nobody looked' : '',
  }))
  return who.ask('POST', `/api/staff/rechecks/${detail.recheck.recheckId}/score`, {
    version: detail.recheck.version,
    cardVersion: detail.cardVersion,
    answers,
    note: 'seen with the weights beside',
    ...more,
  })
}
async function failed(ticketId: string): Promise<RecheckDetail> {
  const answer = await score(lead, await waitingFor(ticketId), ['cause', 'evidence'], {
    rootCause: 'operation',
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body as RecheckDetail
}

describe('a closed complaint', () => {
  it('is taken once, however many cores run the work, and is not shown to its agent before it is scored', async () => {
    const ticketId = await closed(agent)
    await waitingFor(ticketId)
    const { core } = desk.bench
    await core.db.write('another core took the same work', (tx) =>
      core.due.schedule(tx, { kind: 'recheck.sample', subjectId: ticketId, dueAtMs: core.deps.clock.now() }),
    )
    await eventually(
      'the work is done',
      async () =>
        (await core.db.read
          .selectFrom('dueWork')
          .select('kind')
          .where('kind', '=', 'recheck.sample')
          .executeTakeFirst()) === undefined,
    )
    expect((await list(lead, 'waiting')).rechecks.filter((row) => row.ticketId === ticketId).length).toBe(1)
    expect((await list(agent, 'mine')).rechecks.some((row) => row.ticketId === ticketId)).toBe(false)
  })
  it('is never scored by whoever solved it', async () => {
    const detail = await waitingFor(await closed(lead))
    expect(detail.actions).toEqual([])
    expect((await score(lead, detail, [])).status).toBe(403)
    const answer = await score(manager, detail, [])
    expect((answer.body as RecheckDetail).recheck).toMatchObject({ state: 'passed', scorePercent: 100 })
  })
  it('is told every criterion that is not answered as it is asked', async () => {
    const detail = await waitingFor(await closed(agent))
    const answer = await score(lead, detail, [], { answers: [{ key: 'tone', mark: 'not_met', note: '' }] })
    expect(answer.status).toBe(400)
    expect((answer.body as { details: { fields: unknown[] } }).details.fields.length).toBe(
      detail.criteria.length,
    )
    expect((await score(lead, detail, ['cause', 'evidence'])).status).toBe(400)
  })
})

describe('a case that fails its re-check', () => {
  it('is opened again, tells its agent why, and its cause becomes an improvement item', async () => {
    const ticketId = await closed(agent)
    const detail = await failed(ticketId)
    expect(detail).toMatchObject({ follow: 'reopened', recheck: { state: 'failed', scorePercent: 65 } })
    const { ticket, desk: work } = await agent.ticket(ticketId)
    expect(ticket.state).toBe('reopened')
    expect(work.history.map(({ what }) => what)).toContain('recheckFailed')
    const { items } = (await lead.ask('GET', '/api/staff/improvements?view=open')).body as ImprovementList
    expect(items.find(({ itemId }) => itemId === detail.improvementId)).toMatchObject({
      source: 'recheck',
      rootCause: 'operation',
    })
    expect((await list(agent, 'mine')).rechecks.some((row) => row.ticketId === ticketId)).toBe(true)
  })
  it('is looked at again when it is closed again', async () => {
    const ticketId = await closed(agent)
    await failed(ticketId)
    await agent.act(ticketId, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    expect((await waitingFor(ticketId)).recheck.reason).toBe('again')
  })
  it('leaves a content consumer in peace: a case beside it is opened for the agent', async () => {
    const ticketId = await closed(agent)
    const detail = await waitingFor(ticketId)
    await desk.bench.core.db.write('they said that they are content', (tx) =>
      tx.updateTable('ticket').set({ rating: 5, ratedAtMs: 1 }).where('ticketId', '=', ticketId).execute(),
    )
    const answer = await score(lead, detail, ['refund'], { rootCause: 'operation' })
    const after = answer.body as RecheckDetail
    expect(after).toMatchObject({ follow: 'follow_up', isContent: true })
    expect((await agent.ticket(ticketId)).ticket.state).toBe('closed')
    const beside = await agent.ticket(after.followTicketId ?? '')
    expect(beside.ticket).toMatchObject({ state: 'new', priority: 'high' })
    expect(beside.ticket.consumerLabel ?? null).toBe(null)
  })
  it('may be objected to once by its agent, and is decided by somebody who did not score it', async () => {
    const { recheck } = await failed(await closed(agent))
    const url = `/api/staff/rechecks/${recheck.recheckId}`
    const mine = (await agent.ask('GET', url)).body as RecheckDetail
    expect(mine.actions).toEqual(['object'])
    const objected = await agent.ask('POST', `${url}/object`, {
      version: mine.recheck.version,
      text: 'the picture was looked at',
    })
    const version = (objected.body as RecheckDetail).recheck.version
    expect((objected.body as RecheckDetail).recheck.state).toBe('objected')
    const decision = { version, decision: 'lift', note: 'it was' }
    expect((await lead.ask('POST', `${url}/decide`, decision)).status).toBe(403)
    const lifted = await manager.ask('POST', `${url}/decide`, decision)
    expect((lifted.body as RecheckDetail).recheck.state).toBe('lifted')
    expect(
      (await agent.ask('POST', `${url}/object`, { version: version + 1, text: 'once more' })).status,
    ).toBe(409)
  })
})

describe('a lead who changes the scorecard', () => {
  it('makes a version; who saw an older one is told, and an agent may only read it', async () => {
    const url = '/api/staff/rechecks/scorecard'
    const { version, card } = (await lead.ask('GET', url)).body as ScorecardView
    const save = { baseVersion: version, reason: 'stricter', card: { ...card, passPercent: 90 } }
    expect((await agent.ask('PUT', url, save)).status).toBe(403)
    expect(((await lead.ask('PUT', url, save)).body as ScorecardView).version).toBe(version + 1)
    expect((await lead.ask('PUT', url, save)).status).toBe(409)
    const twice = { ...card, criteria: [...card.criteria, card.criteria[0]] }
    expect((await lead.ask('PUT', url, { ...save, baseVersion: version + 1, card: twice })).status).toBe(400)
  })
})
