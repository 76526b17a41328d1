import type { CallBackDetail, CallBackList, CallBackRow } from '#protocol/api/call-backs.ts'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { ImprovementItem, ImprovementList } from '#protocol/api/improvements.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const DAY_MS = 86_400_000

/** Nobody is called at night: whatever the wall clock says, both lists are looked at. */
async function callBacksOf(staff: Staff, ticketId: string): Promise<CallBackRow[]> {
  const lists = await Promise.all(
    (['due', 'coming', 'ended'] as const).map(
      async (view) => ((await staff.get(`call-backs?view=${view}`)) as CallBackList).callBacks,
    ),
  )
  return lists.flat().filter((one) => one.ticketId === ticketId)
}
async function onlyCallBack(staff: Staff, ticketId: string): Promise<CallBackRow> {
  const [row] = await eventually('the call-back', async () => {
    const rows = await callBacksOf(staff, ticketId)
    return rows.length > 0 && rows
  })
  expectThat(row, 'there is no call-back')
  return row
}
async function tapped(
  consumer: Consumer,
  disputeId: string,
  path: string,
  body: object,
): Promise<DisputeView> {
  const { status, body: view } = await consumer.visitor.send(
    'POST',
    `/api/consumer/disputes/${disputeId}/${path}`,
    body,
  )
  expectEqual(status, 200, `the answer to ${path}`)
  return view as DisputeView
}
async function solvedByHand(world: World, wish: object, rootCause: string): Promise<string> {
  const agent = await world.staff('agent')
  const opened = (await agent.send('POST', 'tickets', {
    requestId: world.ids.next('request'),
    channel: 'hotline',
    note: 'asked on the telephone',
    ...wish,
  })) as TicketDetail
  const { ticketId, version } = opened.ticket
  await agent.send('POST', `tickets/${ticketId}/resolve`, { version, outcome: 'explained', rootCause })
  return ticketId
}

const supportLowScore: Scenario = {
  name: 'support-low-score',
  shows:
    'a consumer rates 1 of 5 and would not recommend us: one call-back for the lead, who writes; the consumer wants it opened again, and it is',
  policy: { npsShare: 1 },
  async run(world) {
    const consumer = await world.consumer()
    const { session } = await shop(world, consumer, [take('s2', 'salad-chicken')])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const { disputeId } = await consumer.dispute(order.orderId, { reason: 'other', lines: [] })
    const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
    const { ticket } = await agent.ticket(disputeId)
    await agent.send('POST', `tickets/${disputeId}/resolve`, {
      version: ticket.version,
      outcome: 'explained',
      rootCause: 'unknown',
      reply: '您好，已为您核对，本次扣款无误。',
    })
    const solved = await consumer.disputeView(disputeId)
    expectThat(
      solved.actions.includes('rate') && solved.actions.includes('recommend'),
      `the page asks for nothing: ${solved.actions.join(', ')}`,
    )
    const page = await consumer.page(`/d/${disputeId}?lang=en`)
    expectThat(/Would you recommend/.test(page), 'the question is not on the page without JavaScript')
    expectEqual((await tapped(consumer, disputeId, 'rating', { score: 1 })).rating, 1, 'the score')
    await tapped(consumer, disputeId, 'rating', { score: 1, tags: ['unclear'] })
    await tapped(consumer, disputeId, 'recommendation', { score: 2 })
    const row = await onlyCallBack(lead, disputeId)
    expectEqual(
      [row.segment, row.audience, row.rating, row.nps],
      ['low_score', 'lead', 1, 2],
      'the call-back',
    )
    expectEqual((await callBacksOf(lead, disputeId)).length, 1, 'call-backs after three taps')
    expectEqual(await callBacksOf(agent, disputeId), [], 'what the agent sees of it')
    await lead.send('POST', `call-backs/${row.callBackId}/message`, {
      version: row.version,
      text: '您好，我是主管，想了解哪里没有做好。',
    })
    await eventually('the consumer reading the lead', async () =>
      (await consumer.disputeView(disputeId)).messages.some(({ text }) => text.includes('主管')),
    )
    const { callBack } = (await lead.get(`call-backs/${row.callBackId}`)) as CallBackDetail
    await lead.send('POST', `call-backs/${row.callBackId}/attempt`, {
      version: callBack.version,
      result: 'wants_reopen',
      note: 'the salad was spoiled, not wrongly charged',
      answers: [],
    })
    const again = await agent.ticket(disputeId)
    expectEqual(again.ticket.state, 'reopened', 'the ticket after the call')
    expectThat(
      again.desk.history.some(({ what, by }) => what === 'callBackReopened' && by !== ''),
      'the history does not say who opened it again',
    )
    expectEqual((await consumer.disputeView(disputeId)).actions.includes('reply'), true, 'may write again')
  },
}

const supportCallBack: Scenario = {
  name: 'support-call-back',
  shows:
    'a complaint is closed: one call-back by plan, tried twice, reached with the answers of the script; the telephone number is on record, everything in the history',
  policy: { reopenWindowMs: 1000 },
  async run(world) {
    const lead = await world.staff('lead')
    const ticketId = await solvedByHand(
      world,
      { type: 'complaint', callerPhone: '13800137391', intake: { about: 'service' } },
      'unknown',
    )
    const row = await onlyCallBack(lead, ticketId)
    expectEqual([row.segment, row.channel, row.attempts], ['complaint', 'phone', 0], 'the call-back by plan')
    expectThat(
      row.dueAtMs > (await lead.ticket(ticketId)).ticket.openedAtMs + DAY_MS / 2,
      'it comes too soon',
    )
    const { phone } = (await lead.send('POST', `call-backs/${row.callBackId}/number`, {})) as {
      phone: string
    }
    expectEqual(phone, '13800137391', 'the number that the lead calls')
    const missed = (await lead.send('POST', `call-backs/${row.callBackId}/attempt`, {
      version: row.version,
      result: 'not_reached',
      note: '',
      answers: [],
    })) as CallBackDetail
    expectEqual([missed.callBack.state, missed.callBack.attempts], ['planned', 1], 'after the first try')
    const reached = (await lead.send('POST', `call-backs/${row.callBackId}/attempt`, {
      version: missed.callBack.version,
      result: 'reached',
      note: 'thanked us for calling',
      answers: [
        { key: 'solved', value: true },
        { key: 'content', value: 5 },
      ],
    })) as CallBackDetail
    expectEqual(reached.callBack.state, 'reached', 'after the second try')
    expectEqual((await callBacksOf(lead, ticketId)).length, 1, 'call-backs in all')
    const history = (await lead.ticket(ticketId)).desk.history.map(({ what }) => what)
    for (const what of ['callBackPlanned', 'callBackTried', 'callBackReached'])
      expectThat(history.includes(what), `the history has no ${what}: ${history.join(', ')}`)
  },
}

const supportRecurringCause: Scenario = {
  name: 'support-recurring-cause',
  shows:
    'a late charge after a cut network and two callers about it: the third case opens an improvement item by itself, further ones are counted on it, the change is checked against the cases before',
  policy: { delayedChargeMs: 500, recurrenceCases: 3 },
  async run(world) {
    const [consumer, lead] = [await world.consumer(), await world.staff('lead')]
    const cabinetId = world.system.cabinetId
    const session = await consumer.open()
    await world.workshop.visit([
      ...arrive,
      { do: 'network', mode: 'cut' },
      take('s2', 'salad-chicken'),
      ...leave,
    ])
    await eventually(
      'the page saying that the cabinet is offline',
      async () => (await consumer.session(session.sessionId)).isCabinetOffline,
    )
    await world.workshop.control('network', { mode: 'ok' })
    await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    const about = async () =>
      ((await lead.get('improvements')) as ImprovementList).items.filter(
        ({ rootCause }) => rootCause === 'network',
      )
    await solvedByHand(world, { type: 'other', cabinetId }, 'network')
    expectEqual(await about(), [], 'items after two cases')
    await solvedByHand(world, { type: 'other', cabinetId }, 'network')
    const [item] = await about()
    expectThat(item, 'the third case opened nothing')
    expectEqual([item.source, item.cases, item.subject?.id], ['recurrence', 3, cabinetId], 'the item')
    const detail = (await lead.get(`improvements/${item.itemId}`)) as ImprovementItem
    expectEqual(
      detail.cases.map(({ kind }) => kind).toSorted(),
      ['anomaly', 'ticket', 'ticket'],
      'the late charge counts without a ticket of its own',
    )
    await solvedByHand(world, { type: 'other', cabinetId }, 'network')
    expectEqual(
      (await about()).map(({ cases }) => cases),
      [4],
      'one item, with the further case',
    )
    const step = async (name: string, note: string) => {
      const { version } = ((await lead.get(`improvements/${item.itemId}`)) as ImprovementItem).item
      return (await lead.send('POST', `improvements/${item.itemId}/${name}`, {
        version,
        note,
      })) as ImprovementItem
    }
    await step('begin', 'A second SIM card for this cabinet')
    const done = await step('finish', 'Mounted and tested')
    expectEqual([done.effect?.before.cases, done.effect?.after?.cases], [3, 0], 'cases before and after')
    await step('effective', 'No case since')
    const closed = await step('close', 'New cabinets come with two cards')
    expectEqual([closed.item.state, closed.actions], ['closed', []], 'the item at its end')
  },
}

export const LEARNING_STORIES: readonly Scenario[] = [supportLowScore, supportCallBack, supportRecurringCause]
