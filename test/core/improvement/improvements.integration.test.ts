import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImprovementItem, ImprovementList } from '#protocol/api/improvements.ts'
import { CABINET } from '#test/core/core-bench.ts'
import {
  createTicketBench,
  type DeskPerson,
  OTHER_CABINET,
  type TicketBench,
} from '#test/core/support/ticket-bench.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let operator: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench({ recurrenceCases: 3, recurrenceWindowDays: 14 })
  ;[agent, lead, operator] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('operator'),
  ]
})
afterAll(() => desk.close())

async function solved(rootCause: string, more: Record<string, unknown> = {}): Promise<string> {
  const { ticket } = await agent.open({ type: 'other', channel: 'hotline', cabinetId: CABINET, ...more })
  await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause })
  return ticket.ticketId
}
const items = async (who = lead, view = 'open') =>
  ((await who.ask('GET', `/api/staff/improvements?view=${view}`)).body as ImprovementList).items
const about = async (rootCause: string, who = lead) =>
  (await items(who)).filter((item) => item.rootCause === rootCause)
const item = async (itemId: string) =>
  (await lead.ask('GET', `/api/staff/improvements/${itemId}`)).body as ImprovementItem
async function step(itemId: string, name: string, note = 'because of what was seen') {
  const { version } = (await item(itemId)).item
  return lead.ask('POST', `/api/staff/improvements/${itemId}/${name}`, { version, note })
}

describe('a cause that recurs on a cabinet', () => {
  it('opens one item at the third case, and counts further cases on it', async () => {
    await solved('network')
    await solved('network')
    expect(await about('network')).toEqual([])
    await solved('network')
    expect(await about('network')).toMatchObject([
      {
        source: 'recurrence',
        cases: 3,
        state: 'plan',
        ownerId: null,
        subject: { kind: 'cabinet', id: CABINET },
      },
    ])
    await solved('network')
    expect(await about('network')).toMatchObject([{ cases: 4 }])
  })
  it('does not count a ticket that was opened again because it was not solved', async () => {
    const first = await solved('camera')
    await solved('camera')
    const { core } = desk.bench
    await core.db.write('open again', async (tx) => {
      await core.commerce?.tickets.reopenFor(tx, first, { what: 'reopened' })
    })
    await solved('camera')
    expect(await about('camera')).toEqual([])
    await agent.act(first, 'resolve', { outcome: 'explained', rootCause: 'camera' })
    expect(await about('camera')).toMatchObject([{ cases: 3 }])
  })
  it('opens no second item when two cores decide about it at the same time', async () => {
    await Promise.all(Array.from({ length: 6 }, () => solved('power')))
    expect(await about('power')).toMatchObject([{ cases: 6 }])
  })
  it('is seen by its operator, and by no other', async () => {
    const stranger = await desk.stranger()
    expect((await about('network', operator)).length).toBe(1)
    expect(await items(stranger)).toEqual([])
    const [found] = await about('network')
    expect((await stranger.ask('GET', `/api/staff/improvements/${found?.itemId}`)).status).toBe(404)
    expect(
      (
        await stranger.ask('POST', `/api/staff/improvements/${found?.itemId}/begin`, {
          version: 1,
          note: 'mine',
        })
      ).status,
    ).toBe(404)
  })
})

describe('an improvement item', () => {
  it('goes from plan to act, and the check compares the cases before and after', async () => {
    const [found] = await about('network')
    const itemId = found?.itemId ?? ''
    expect((await step(itemId, 'finish')).status, 'not before it was begun').toBe(409)
    expect((await step(itemId, 'begin', 'A second SIM card')).status).toBe(200)
    expect((await step(itemId, 'finish', 'Mounted on Monday')).status).toBe(200)
    await solved('network')
    const checked = await item(itemId)
    expect(checked.effect).toMatchObject({ before: { cases: 3 }, after: { cases: 1 }, isWindowOver: false })
    expect(checked.actions).toEqual(['edit', 'effective', 'again'])
    expect((await step(itemId, 'again', 'One is one too many')).status).toBe(200)
    expect((await item(itemId)).item).toMatchObject({ state: 'plan', round: 2 })
    await step(itemId, 'begin')
    await step(itemId, 'finish')
    await step(itemId, 'effective')
    await step(itemId, 'close', 'Every cabinet gets two cards')
    const ended = await item(itemId)
    expect(ended.item.state).toBe('closed')
    expect(ended.actions).toEqual([])
    expect(ended.history.map(({ what }) => what)).toEqual([
      'opened',
      'counted',
      'begin',
      'finish',
      'counted',
      'again',
      'begin',
      'finish',
      'effective',
      'close',
    ])
  })
  it('that ended does not come back with the cases that were counted on it', async () => {
    await solved('network')
    await solved('network')
    expect(await about('network')).toEqual([])
    await solved('network')
    expect(await about('network')).toMatchObject([{ cases: 3, round: 1 }])
  })
  it('is never written over by the slower of two', async () => {
    const answer = await lead.ask('POST', '/api/staff/improvements', {
      requestId: desk.ids.next('request'),
      title: 'Labels fall off',
    })
    expect(answer.status).toBe(201)
    const { item: made } = answer.body as ImprovementItem
    const edit = { version: made.version, ownerId: null, dueAtMs: made.dueAtMs, plan: 'Glue', action: '' }
    expect((await lead.ask('PUT', `/api/staff/improvements/${made.itemId}`, edit)).status).toBe(200)
    expect((await lead.ask('PUT', `/api/staff/improvements/${made.itemId}`, edit)).status).toBe(409)
  })
  it('opened by hand about a cause that has one already leads to that one', async () => {
    const answer = await lead.ask('POST', '/api/staff/improvements', {
      requestId: desk.ids.next('request'),
      title: 'Bad network again',
      rootCause: 'network',
      subject: { kind: 'cabinet', id: CABINET },
    })
    const [open] = await about('network')
    expect([answer.status, (answer.body as { details: { itemId: string } }).details.itemId]).toEqual([
      409,
      open?.itemId,
    ])
  })
  it('is opened by an operator about their own cabinets only', async () => {
    const wish = { requestId: desk.ids.next('request'), title: 'Door squeaks' }
    const asked = (subject?: object) =>
      operator.ask('POST', '/api/staff/improvements', {
        ...wish,
        ...(subject === undefined ? {} : { subject }),
      })
    expect((await asked({ kind: 'cabinet', id: OTHER_CABINET })).status).toBe(404)
    expect((await asked()).status).toBe(400)
    expect((await asked({ kind: 'cabinet', id: CABINET })).status).toBe(201)
    expect((await agent.ask('POST', '/api/staff/improvements', wish)).status, 'an agent only reads').toBe(403)
  })
  it('is opened by a failed re-check once, however often it is told', async () => {
    const { core } = desk.bench
    const open = () =>
      core.db.write('a failed re-check', async (tx) =>
        core.commerce?.improvements.open(tx, {
          source: 'recheck',
          sourceId: 'recheck-1',
          title: { zh: '答复没有说明原因', en: 'The answer named no cause' },
          cases: [],
        }),
      )
    const [first, second] = [await open(), await open()]
    expect(first?.isNew).toBe(true)
    expect(second).toEqual({ itemId: first?.itemId, isNew: false })
  })
})
