import type { DisputeReason } from '#protocol/api/common.ts'
import type { OrderView } from '#protocol/api/consumer.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { TicketDetail, TicketList, TicketResolve } from '#protocol/api/staff/tickets.ts'
import type { TaskList } from '#protocol/api/tickets.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { createVisitor } from '#test/support/browserless.ts'
import { readOutCode } from './callers.ts'
import type { Scenario } from './scenario.ts'
import { refundsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

/** Everybody around one ticket, and what it is about. */
interface Case {
  readonly world: World
  readonly agent: Staff
  readonly consumer: Consumer
  readonly order: OrderView
  /** The ticket as it is now. */
  readonly now: () => Promise<TicketDetail>
  readonly act: (action: string, body: object) => Promise<TicketDetail>
}
interface Story {
  readonly type: string
  readonly shows: string
  /** A paid order comes first. */
  readonly hasOrder?: boolean
  /** Who brings it and how: the consumer on their order, an operator in the console, or an agent who types. */
  readonly by: 'consumer' | 'operator' | 'agent' | 'provider'
  readonly intake?: (about: Case) => Record<string, string | number | boolean>
  /** What happens between taking it and closing it. */
  readonly handle?: (about: Case) => Promise<void>
  readonly outcome: TicketResolve['outcome']
  readonly rootCause: TicketResolve['rootCause']
}

/** Closed for good soon after it was solved, so that the story reaches the archive. */
const POLICY = { reopenWindowMs: 1000, setpointPauseMs: 0, complaintLookMs: 1000 }

/** The whole way back of one line, by the hand of an agent. */
async function refundLine({ world, agent, order, consumer, now }: Case): Promise<void> {
  const [line] = order.lines
  expectThat(line, 'the order has no line')
  const { ticket, caller } = await now()
  // Whoever calls is known to be the buyer before money moves.
  if (caller?.isHidden === true) await readOutCode(world, agent, ticket.ticketId)
  await agent.send('POST', `orders/${order.orderId}/refunds`, {
    refundId: world.ids.next('refund'),
    ticketId: ticket.ticketId,
    lines: [{ lineId: line.lineId, quantity: 1 }],
    reason: 'goodwill',
    stock: 'not_returned',
    tellConsumer: true,
  })
  await eventually(
    'the refund in the provider’s books',
    async () => refundsOf(await world.provider.books(), consumer).length === 1,
  )
  await eventually('the ticket back from its refund', async () => (await now()).ticket.state === 'open')
}

/** Asks a role to do something; they do it on their page. */
async function askOther(
  { world, now, act }: Case,
  role: 'technician' | 'operator',
  text: string,
): Promise<void> {
  await act('tasks', {
    requestId: world.ids.next('request'),
    audience: role,
    text,
    dueAtMs: (await now()).ticket.openedAtMs + 3_600_000,
  })
  const other = await world.staff(role)
  const { ticket } = await now()
  expectEqual(ticket.state, 'waiting_internal', 'the ticket that waits for somebody')
  const { tasks } = (await other.get('tasks')) as TaskList
  const task = tasks.find(({ ticketId }) => ticketId === ticket.ticketId)
  expectThat(task, `the ${role} does not see what is asked of them`)
  await other.send('POST', `tasks/${task.taskId}/done`, { version: task.version, result: 'done' })
  expectEqual((await now()).ticket.state, 'open', 'the ticket after it was done')
}

/** The operator sets the temperature in the ticket; the board on the bus holds it before the ticket goes on. */
async function setTemperature({ world, now }: Case): Promise<void> {
  const operator = await world.staff('operator')
  const wish = 30
  const { ticket } = await now()
  const { cabinet } = (await operator.get(`cabinets/${world.system.cabinetId}`)) as CabinetDetail
  await operator.send('PUT', `tickets/${ticket.ticketId}/setpoint`, {
    version: ticket.version,
    expectedVersion: cabinet.setpoint.desiredVersion,
    setpointDeciCelsius: wish,
    reason: 'the operator asked',
  })
  const answered = await eventually('the answer of the cabinet in the ticket', async () => {
    const detail = await now()
    return detail.messages.some(({ key }) => key === 'message.device_applied') && detail
  })
  expectEqual([answered.ticket.state, answered.desk.device], ['open', null], 'the ticket after the answer')
  const state = (await world.workshop.state()) as unknown as { climate: { setpointDeciCelsius: number } }
  expectEqual(state.climate.setpointDeciCelsius, wish, 'the register of the board')
}

/** Everybody does their step; the incident ends with the last. */
async function workThrough({ world, now }: Case): Promise<void> {
  const { desk } = await now()
  expectThat(desk.incident !== null, 'the emergency has no incident')
  for (const step of desk.tasks) {
    const person = await world.staff(step.audience)
    await person.send('POST', `tasks/${step.taskId}/done`, { version: step.version })
  }
  const { desk: after } = await now()
  expectThat(
    after.incident?.resolvedAtMs !== null && after.tasks.every(({ doneBy }) => doneBy !== null),
    `the incident is not over: ${JSON.stringify(after.incident)}`,
  )
}

/** Put off until the cabinet is back on the network, and woken by its first word. */
async function waitForCabinet({ world, agent, now, act }: Case): Promise<void> {
  await world.workshop.control('network', { mode: 'cut' })
  await eventually(
    'the cabinet being offline',
    async () => (await agent.cabinet()).cabinet.presence !== 'online',
    { withinMs: 60_000 },
  )
  await act('snooze', { kind: 'cabinet_online' })
  expectEqual((await now()).ticket.snoozed?.kind, 'cabinet_online', 'what the ticket waits for')
  await world.workshop.control('network', { mode: 'ok' })
  await eventually('the ticket awake', async () => (await now()).ticket.snoozed === null, {
    withinMs: 60_000,
  })
}

const STORIES: readonly Story[] = [
  {
    type: 'order_query',
    shows: 'a caller asks what an order was; found by the order, explained, archived',
    hasOrder: true,
    by: 'agent',
    intake: ({ order }) => ({ orderId: order.orderId }),
    outcome: 'explained',
    rootCause: 'consumer',
  },
  {
    type: 'refund_request',
    shows: 'a caller asks for a part of the money; refunded by hand, woken when it has arrived, archived',
    hasOrder: true,
    by: 'agent',
    intake: ({ order }) => ({ orderId: order.orderId, wanted: 'part' }),
    handle: refundLine,
    outcome: 'partly_refunded',
    rootCause: 'consumer',
  },
  ...(['charged_late', 'wrong_item', 'not_taken', 'other'] as const).map(
    (type): Story => ({
      type,
      shows: `a caller says “${type.replace('_', ' ')}” about an order; looked at, explained, archived`,
      hasOrder: true,
      by: 'agent',
      intake: ({ order }) => ({ orderId: order.orderId }),
      outcome: 'explained',
      rootCause: 'weighing',
    }),
  ),
  {
    type: 'quality',
    shows: 'a consumer reports spoiled food on the order; inspected by the operator, refunded, archived',
    hasOrder: true,
    by: 'consumer',
    async handle(about) {
      await askOther(about, 'operator', 'Look at this batch')
      await refundLine(about)
    },
    outcome: 'refunded',
    rootCause: 'quality',
  },
  {
    type: 'charged_twice',
    shows: 'a caller fears a second charge; the books show one, explained, archived',
    hasOrder: true,
    by: 'agent',
    intake: ({ order }) => ({ orderId: order.orderId }),
    outcome: 'explained',
    rootCause: 'provider',
  },
  {
    type: 'item_returned',
    shows: 'a caller says that it was put back; refunded by hand after looking, archived',
    hasOrder: true,
    by: 'agent',
    intake: ({ order }) => ({ orderId: order.orderId }),
    handle: refundLine,
    outcome: 'refunded',
    rootCause: 'weighing',
  },
  {
    type: 'camera_blocked',
    shows: 'a caller asks about a covered camera; the weights are explained, archived',
    hasOrder: true,
    by: 'agent',
    intake: ({ order }) => ({ orderId: order.orderId }),
    outcome: 'explained',
    rootCause: 'camera',
  },
  {
    type: 'purchase_help',
    shows: 'a caller does not know how to open; explained, archived',
    by: 'agent',
    outcome: 'explained',
    rootCause: 'consumer',
  },
  {
    type: 'cabinet_trouble',
    shows: 'a caller stands at a door that stays shut; a technician looks, the cabinet is back, archived',
    by: 'agent',
    intake: ({ world }) => ({ cabinetId: world.system.cabinetId, trouble: 'door_shut' }),
    handle: (about) => askOther(about, 'technician', 'Look at the lock'),
    outcome: 'restored',
    rootCause: 'hardware',
  },
  {
    type: 'complaint',
    shows: 'a complaint is received, classified, handled by a lead, answered in detail, archived',
    by: 'agent',
    intake: () => ({ about: 'service' }),
    async handle({ world, now }) {
      const lead = await world.staff('lead')
      const { ticket } = await now()
      await lead.send('POST', `tickets/${ticket.ticketId}/claim`, { version: ticket.version })
      const { owner, assignee } = (await now()).ticket
      expectThat(owner?.staffId !== assignee?.staffId, 'the first owner does not stay responsible')
    },
    outcome: 'explained',
    rootCause: 'unknown',
  },
  {
    type: 'provider_complaint',
    shows:
      'a complaint filed with the payment provider becomes a ticket with its outer deadlines, is answered there, archived',
    hasOrder: true,
    by: 'provider',
    async handle({ now }) {
      const { clocks } = (await now()).desk
      const kinds = clocks.map(({ kind }) => kind)
      expectThat(
        kinds.includes('provider_reply') && kinds.includes('provider_done'),
        `the ticket has no deadlines of the provider: ${kinds.join(', ')}`,
      )
    },
    outcome: 'explained',
    rootCause: 'provider',
  },
  {
    type: 'cabinet_use',
    shows:
      'an operator asks about a cabinet that is offline; put off until it is online, woken by it, archived',
    by: 'operator',
    intake: ({ world }) => ({ cabinetId: world.system.cabinetId, topic: 'settings' }),
    handle: waitForCabinet,
    outcome: 'explained',
    rootCause: 'network',
  },
  {
    type: 'temperature',
    shows:
      'an operator adjusts the temperature inside the ticket, which waits for the cabinet and shows its answer',
    by: 'operator',
    intake: ({ world }) => ({ cabinetId: world.system.cabinetId, wantedDeciCelsius: 30 }),
    handle: setTemperature,
    outcome: 'adjusted',
    rootCause: 'operation',
  },
  {
    type: 'restock',
    shows: 'an operator asks for goods; a technician goes, the ticket comes back by itself, archived',
    by: 'operator',
    intake: ({ world }) => ({ cabinetId: world.system.cabinetId }),
    handle: (about) => askOther(about, 'technician', 'Fill shelf 2'),
    outcome: 'restocked',
    rootCause: 'operation',
  },
  {
    type: 'emergency',
    shows: 'the power fails: a list across roles with an incident, everybody ticks their step, archived',
    by: 'operator',
    intake: ({ world }) => ({ cabinetId: world.system.cabinetId, kind: 'power', isDanger: false }),
    handle: workThrough,
    outcome: 'restored',
    rootCause: 'power',
  },
]

async function play(world: World, story: Story): Promise<void> {
  const agent = await world.staff('agent')
  const consumer = await world.consumer()
  const order = story.hasOrder === true ? await buy(world, consumer) : ({} as OrderView)
  let ticketId = ''
  const about: Case = {
    world,
    agent,
    consumer,
    order,
    now: () => agent.ticket(ticketId),
    async act(action, body) {
      const { version } = (await agent.ticket(ticketId)).ticket
      return (await agent.send('POST', `tickets/${ticketId}/${action}`, { version, ...body })) as TicketDetail
    },
  }

  // Intake
  if (story.by === 'consumer') {
    const [line] = order.lines
    const dispute = await consumer.dispute(order.orderId, {
      reason: story.type as DisputeReason,
      lines: line === undefined ? [] : [{ lineId: line.lineId, quantity: 1 }],
    })
    ticketId = dispute.disputeId
  } else if (story.by === 'provider') ticketId = await complain(about)
  else {
    const person = story.by === 'operator' ? await world.staff('operator') : agent
    const opened = (await person.send('POST', 'tickets', {
      requestId: world.ids.next('request'),
      type: story.type,
      note: `${story.type} 测试`,
      intake: story.intake?.(about) ?? {},
      ...(story.by === 'agent' ? { channel: 'hotline', callerPhone: '13800137391' } : {}),
    })) as TicketDetail
    ticketId = opened.ticket.ticketId
  }
  const asked = await about.now()
  expectThat(
    asked.ticket.firstResponseDueMs > asked.ticket.openedAtMs &&
      asked.ticket.resolutionDueMs > asked.ticket.firstResponseDueMs,
    'the ticket has no deadlines',
  )
  // It is found by what somebody reads aloud.
  const spoken = story.by === 'agent' ? '7391' : `%23${asked.ticket.number}`
  await expectFound(agent, `tickets?query=${spoken}`, ticketId)

  // Handling: taken, answered, done
  await about.act('claim', {})
  await about.act('reply', {
    requestId: world.ids.next('request'),
    text: '您好，正在处理。',
    isInternal: false,
  })
  expectThat((await about.now()).ticket.firstRespondedAtMs !== null, 'the first response was not noted')
  await story.handle?.(about)

  // Closing
  const done = await about.act('resolve', {
    outcome: story.outcome,
    rootCause: story.rootCause,
    reply: '已处理完毕。',
  })
  expectEqual(
    [done.ticket.state, done.outcome, done.rootCause],
    ['resolved', story.outcome, story.rootCause],
    'the closed ticket',
  )
  if (story.by === 'consumer') {
    const seen = await consumer.disputeView(ticketId)
    expectEqual(seen.outcomeKey, `outcome.${story.outcome}`, 'what the consumer reads')
  }
  if (story.by === 'provider')
    await eventually('our answer and the end at the provider', async () => {
      const { complaints } = (await world.provider.books()) as unknown as {
        complaints: Array<{ state: string }>
      }
      return complaints.every(({ state }) => state === 'PROCESSED')
    })
  await eventually('the ticket in the archive', async () => (await about.now()).ticket.state === 'closed')
  await expectFound(agent, 'tickets?view=closed', ticketId)
  await expectFound(agent, `tickets?query=${spoken}`, ticketId)
  const whole = (await about.now()).desk.history.map(({ what }) => what)
  const afterwards = whole.slice(whole.indexOf('closed') + 1)
  expectThat(
    whole[0] === 'opened' &&
      whole.includes('resolved') &&
      whole.includes('closed') &&
      // Important cases are called back about.
      afterwards.every((what) => what.startsWith('callBack')),
    `the history has holes: ${whole.join(', ')}`,
  )
}

/** The consumer complains to the provider instead of to us. */
async function complain({ world, agent, consumer, order }: Case): Promise<string> {
  const { serviceOrders } = await world.provider.books()
  const outOrderNo = serviceOrders.find(({ openid }) => openid === consumer.openid)?.outOrderNo
  const provider = createVisitor(world.system.simulator.providerUrl)
  const filed = await provider.send('POST', '/control/complaints', { outOrderNo, text: '扣款金额不对' })
  expectThat(filed.status < 300, `the complaint was refused: ${JSON.stringify(filed.body)}`)
  const ticket = await eventually('the ticket of the complaint', async () =>
    (await agent.tickets()).find(
      ({ type, orderId }) => type === 'provider_complaint' && orderId === order.orderId,
    ),
  )
  return ticket.ticketId
}

async function buy(world: World, consumer: Consumer): Promise<OrderView> {
  const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
  return consumer.orderIn(session.sessionId, ['paid'])
}
async function expectFound(agent: Staff, path: string, ticketId: string): Promise<void> {
  const { tickets } = (await agent.get(path)) as TicketList
  expectThat(
    tickets.some((ticket) => ticket.ticketId === ticketId),
    `the ticket is not in ${path}`,
  )
}

/** One for every type that a person brings, from intake to archive. */
export const SUPPORT_STORIES: readonly Scenario[] = STORIES.map((story) => ({
  name: `support-${story.type.replaceAll('_', '-')}`,
  shows: story.shows,
  policy: POLICY,
  run: (world) => play(world, story),
}))
