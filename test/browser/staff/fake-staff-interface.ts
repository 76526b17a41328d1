import type { ServerResponse } from 'node:http'
import pino from 'pino'
import sharp from 'sharp'
import type { Role } from '#protocol/api/common.ts'
import type { TaskView } from '#protocol/api/tickets.ts'
import type { LiveChange } from '#protocol/api/staff/desk.ts'
import type { RefundCalculate, RefundCreate } from '#protocol/api/staff/refunds.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { registerConsoleFiles } from '#core/pages/console-files.ts'
import { createHttpApp, type HttpApp } from '#core/platform/http.ts'
import {
  aBrokenPromise,
  aCabinet,
  aCabinetDetail,
  aDoubleChargedOrder,
  aMe,
  anAlarm,
  aTicket,
  aCabinetCourse,
  aTicketDetail,
  aTicketType,
  aTask,
  MINUTE_MS,
  NOW_MS,
  ORDER_ID,
  type Cabinet,
  type Refund,
  type Ticket,
} from './staff-fixtures.ts'

/**
 * The staff pages over an interface that answers from fixtures, for states that a running system reaches rarely (a lost
 * answer, a conflict, a silent feed). Headers, limits and files are the real ones of the core.
 */
export interface FakeStaffInterface {
  readonly app: HttpApp
  role: Role
  isSignedIn: boolean
  tickets: Ticket[]
  /** What a ticket shows beside its conversation, over the fixture. */
  desk: Partial<TicketDetail['desk']>
  /** What a refused change says of the others. */
  changes: TicketDetail['desk']['history']
  tasks: TaskView[]
  readonly messages: TicketDetail['messages']
  readonly refunds: Refund[]
  cabinet: Cabinet
  /** Bodies of what the pages sent, by the last word of their path. */
  readonly sent: Array<{ what: string; body: Record<string, unknown> }>
  /** The next refund is carried out, and its answer lost. */
  loseNextRefundAnswer: boolean
  /** Lists are empty, or fail. */
  mood: 'full' | 'empty' | 'broken'
  /** A feed that is silent keeps its connections and says nothing, like a cut cable. */
  isFeedSilent: boolean
  tell(change: Pick<LiveChange, 'kind' | 'subjectId' | 'cabinetId' | 'data'>): void
  close(): Promise<void>
}

const PUBLIC = { config: { access: { kind: 'public' as const } } }
const HEARTBEAT_MS = 1000

export async function createFakeStaffInterface(distFolder: string): Promise<FakeStaffInterface> {
  const app = await createHttpApp({
    log: pino({ level: 'silent' }),
    ids: createIds({ now: () => NOW_MS }, createSeededRandom(7)),
    publicUrl: () => 'http://127.0.0.1',
    authenticators: {},
  })
  const streams = new Set<ServerResponse>()
  let lastId = 0
  const fake: FakeStaffInterface = {
    app,
    role: 'lead',
    isSignedIn: true,
    tickets: someTickets(),
    desk: {},
    changes: [],
    tasks: [aTask()],
    messages: [
      {
        messageId: 'ms-1',
        atMs: NOW_MS - 7 * MINUTE_MS,
        from: 'system',
        text: '已收到您的反馈。',
        isInternal: false,
      },
      {
        messageId: 'ms-2',
        atMs: NOW_MS - 5 * MINUTE_MS,
        from: 'consumer',
        text: '怎么扣了两次 16.5？',
        isInternal: false,
      },
    ],
    refunds: [],
    cabinet: aCabinet(),
    sent: [],
    loseNextRefundAnswer: false,
    mood: 'full',
    isFeedSilent: false,
    tell(change) {
      lastId++
      const data = JSON.stringify({ ...change, atMs: NOW_MS })
      for (const stream of streams) stream.write(`id: ${lastId}\nevent: ${change.kind}\ndata: ${data}\n\n`)
    },
    async close() {
      clearInterval(heartbeat)
      for (const stream of streams) stream.end()
      await app.close()
    },
  }
  const heartbeat = setInterval(() => {
    if (!fake.isFeedSilent) for (const stream of streams) stream.write(': here\n\n')
  }, HEARTBEAT_MS)

  app.addHook('onRequest', async (request) => {
    const isOpen = request.url === '/api/staff/sign-in' || !request.url.startsWith('/api/')
    if (!fake.isSignedIn && !isOpen) throw new CabinetError('not_signed_in')
  })
  app.get('/api/live', PUBLIC, (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    reply.raw.write(`id: ${lastId}\n: connected\n\n`)
    streams.add(reply.raw)
    reply.raw.on('close', () => streams.delete(reply.raw))
  })
  registerAccount(app, fake)
  registerTickets(app, fake)
  registerMoney(app, fake)
  registerCabinets(app, fake)
  registerRecords(app, fake)
  registerConsoleFiles(app, distFolder)
  return fake
}

function someTickets(): Ticket[] {
  return [
    aTicket(1042, { consumerLabel: '微信用户 ·9c01', firstResponseDueMs: NOW_MS - 7 * MINUTE_MS }),
    aTicket(1041, {
      type: 'charged_twice',
      priority: 'urgent',
      amountFen: 1650,
      firstResponseDueMs: NOW_MS + 3 * MINUTE_MS,
    }),
    aTicket(1043, { type: 'charged_late', state: 'open', firstRespondedAtMs: NOW_MS - MINUTE_MS }),
    aTicket(1044, {
      type: 'temperature',
      priority: 'high',
      orderId: null,
      amountFen: null,
      consumerLabel: null,
    }),
  ]
}

function registerAccount(app: HttpApp, fake: FakeStaffInterface): void {
  app.post<{ Body: { password: string } }>('/api/staff/sign-in', PUBLIC, async (request) => {
    if (request.body.password !== 'right') throw new CabinetError('wrong_credentials')
    fake.isSignedIn = true
    return aMe(fake.role)
  })
  app.post('/api/staff/sign-out', PUBLIC, async (_request, reply) => {
    fake.isSignedIn = false
    return reply.code(204).send()
  })
  app.get('/api/staff/me', PUBLIC, async () => aMe(fake.role))
  app.get('/api/staff/home', PUBLIC, async () => ({
    openTickets: 4,
    myTickets: 1,
    breachingTickets: 2,
    approvals: 1,
    alarms: 2,
    deadLetters: 1,
    callBacks: 2,
    emergencies: 1,
    unreportedEmergencies: 1,
    rechecks: 2,
    lateRechecks: 1,
    lateImprovements: 1,
    cabinets: { online: 1, suspect: 0, offline: 1, unknown: 0, lockedOut: 1 },
    today: { orders: 148, paidFen: 214_350, refundedFen: 4950, settledWithoutPerson: 9, disputes: 13 },
    satisfaction: 4.6,
  }))
}

function registerTickets(app: HttpApp, fake: FakeStaffInterface): void {
  function find(ticketId: string): Ticket {
    const ticket = fake.tickets.find((candidate) => candidate.ticketId === ticketId)
    if (!ticket) throw new CabinetError('not_found')
    return ticket
  }
  app.get('/api/staff/tickets', PUBLIC, async () => {
    if (fake.mood === 'broken') throw new CabinetError('internal')
    return { tickets: fake.mood === 'empty' ? [] : fake.tickets, nowMs: NOW_MS }
  })
  app.get<{ Params: { id: string } }>('/api/staff/tickets/:id', PUBLIC, async (request) => {
    const ticket = find(request.params.id)
    const detail = aTicketDetail(
      ticket,
      ticket.orderId ? aDoubleChargedOrder(fake.refunds) : null,
      fake.messages,
    )
    return {
      ...detail,
      desk: { ...detail.desk, ...fake.desk },
      actions: fake.role === 'operator' ? ['answer', 'setpoint'] : detail.actions,
    }
  })
  app.get<{ Params: { id: string } }>('/api/staff/tickets/:id/cabinet', PUBLIC, async (request) =>
    aCabinetCourse(find(request.params.id).openedAtMs),
  )
  for (const what of ['claim', 'reply', 'note', 'resolve'] as const)
    app.post<{ Params: { id: string }; Body: Record<string, unknown> }>(
      `/api/staff/tickets/:id/${what}`,
      PUBLIC,
      async (request) => {
        const ticket = find(request.params.id)
        if (request.body['version'] !== ticket.version)
          throw new CabinetError('conflict', undefined, { context: { changes: fake.changes } })
        fake.sent.push({ what, body: request.body })
        ticket.version++
        if (what === 'resolve') ticket.state = 'resolved'
        if (what === 'reply') ticket.firstRespondedAtMs ??= NOW_MS
        if (what === 'claim') ticket.assignee = { staffId: 'st-li', displayName: '李敏' }
        if (what === 'reply' || what === 'note')
          fake.messages.push({
            messageId: `ms-${fake.messages.length + 1}`,
            atMs: NOW_MS,
            from: 'agent',
            authorName: '李敏',
            text: String(request.body['text']),
            isInternal: what === 'note',
          })
        return {}
      },
    )
  app.get('/api/staff/knowledge/suggest', PUBLIC, async () => ({ suggestions: [] }))
  for (const what of ['snooze', 'wake', 'merge', 'split', 'tasks', 'priority'] as const)
    app.post<{ Params: { id: string }; Body: Record<string, unknown> }>(
      `/api/staff/tickets/:id/${what}`,
      PUBLIC,
      async (request) => {
        const ticket = find(request.params.id)
        fake.sent.push({ what, body: request.body })
        ticket.version++
        if (what === 'snooze')
          ticket.snoozed = {
            kind: request.body['kind'] as 'until',
            untilMs: (request.body['untilMs'] as number | undefined) ?? null,
          }
        if (what === 'wake') ticket.snoozed = null
        return aTicketDetail(ticket, null, fake.messages)
      },
    )
  app.post<{ Params: { id: string }; Body: Record<string, unknown> }>(
    '/api/staff/tickets/:id/presence',
    PUBLIC,
    async (request) => {
      fake.sent.push({ what: 'presence', body: request.body })
      return { others: fake.desk.viewers ?? [], version: find(request.params.id).version }
    },
  )
  app.put<{ Params: { id: string }; Body: { setpointDeciCelsius: number } }>(
    '/api/staff/tickets/:id/setpoint',
    PUBLIC,
    async (request) => {
      const ticket = find(request.params.id)
      fake.sent.push({ what: 'ticket setpoint', body: request.body })
      ticket.state = 'waiting_device'
      ticket.version++
      const { setpointDeciCelsius } = request.body
      fake.desk = { ...fake.desk, device: { setpointDeciCelsius, askedAtMs: NOW_MS, version: 4 } }
      return aTicketDetail(ticket, null, fake.messages)
    },
  )
  app.get('/api/staff/ticket-types', PUBLIC, async () => ({
    types: [
      aTicketType(),
      aTicketType({
        type: 'temperature',
        label: { zh: '温度调节', en: 'Temperature adjustment' },
        side: 'operator',
        fields: [
          {
            key: 'cabinetId',
            kind: 'cabinet',
            label: { zh: '货柜', en: 'Cabinet' },
            isRequired: true,
            choices: [],
          },
          {
            key: 'wantedDeciCelsius',
            kind: 'celsius',
            label: { zh: '期望温度', en: 'Wanted temperature' },
            isRequired: true,
            choices: [],
          },
        ],
      }),
    ],
  }))
  app.post<{ Body: Record<string, unknown> }>('/api/staff/tickets', PUBLIC, async (request) => {
    fake.sent.push({ what: 'create', body: request.body })
    const ticket = aTicket(1060, { type: String(request.body['type']), orderId: null })
    fake.tickets.push(ticket)
    return aTicketDetail(ticket, null, [])
  })
  app.get('/api/staff/tasks', PUBLIC, async () => ({
    tasks: fake.mood === 'empty' ? [] : fake.tasks,
    nowMs: NOW_MS,
  }))
  app.post<{ Params: { id: string; step: string }; Body: Record<string, unknown> }>(
    '/api/staff/tasks/:id/:step',
    PUBLIC,
    async (request) => {
      fake.sent.push({ what: `task ${request.params.step}`, body: request.body })
      fake.tasks = fake.tasks.filter(({ taskId }) => taskId !== request.params.id)
      return { tasks: fake.tasks, nowMs: NOW_MS }
    },
  )
  app.get('/api/staff/templates', PUBLIC, async () => ({
    templates: [
      {
        key: 'hello',
        title: { zh: '正在核实', en: 'We are looking' },
        text: { zh: '您好，正在核实称重记录，请稍候。', en: 'Hello, we are looking at the weight records.' },
        types: [],
      },
      {
        key: 'double_charge',
        title: { zh: '重复扣款：已退款', en: 'Double charge: refunded' },
        text: {
          zh: '您好，这笔订单重复扣了一次，第二笔 ¥{amount} 已原路退回。',
          en: 'Hello, this order was charged twice. The second ¥{amount} is on its way back.',
        },
        types: ['charged_twice', 'refunded'],
      },
    ],
  }))
}

function registerMoney(app: HttpApp, fake: FakeStaffInterface): void {
  app.get<{ Querystring: { query?: string } }>('/api/staff/orders', PUBLIC, async () => {
    const { order, consumer } = aDoubleChargedOrder(fake.refunds)
    return {
      orders:
        fake.mood === 'empty'
          ? []
          : [{ ...pick(order), consumerLabel: consumer.label, atMs: NOW_MS - 50 * MINUTE_MS }],
    }
  })
  app.get('/api/staff/orders/:id', PUBLIC, async () => aDoubleChargedOrder(fake.refunds))
  app.post<{ Body: RefundCalculate }>('/api/staff/orders/:id/refunds/calculate', PUBLIC, async ({ body }) => {
    const order = aDoubleChargedOrder(fake.refunds)
    const amountFen = amountOf(body)
    return {
      amountFen,
      refundableFen: order.refundableFen,
      needsApproval: amountFen > 3000,
      limitFen: 3000,
      arrivalKey: 'arrival.balance',
      way: 'refund',
      lines: [],
      stockEffect: [],
      refusal: amountFen > order.refundableFen ? 'amount_above_paid' : null,
    }
  })
  app.post<{ Body: RefundCreate }>('/api/staff/orders/:id/refunds', PUBLIC, async (request, reply) => {
    const { body } = request
    fake.sent.push({ what: 'refund', body })
    let refund = fake.refunds.find((candidate) => candidate.refundId === body.refundId)
    if (!refund) {
      refund = {
        refundId: body.refundId,
        state: 'unknown',
        amountFen: amountOf(body),
        reason: body.reason,
        requestedAtMs: NOW_MS,
        acceptedAtMs: null,
        succeededAtMs: null,
        arrivalKey: 'arrival.balance',
        isAutomatic: false,
      }
      fake.refunds.push(refund)
      // A refund moves the ticket on, as it does in the core.
      const ticket = fake.tickets.find((candidate) => candidate.ticketId === body.ticketId)
      if (ticket) ticket.version++
    }
    if (fake.loseNextRefundAnswer) {
      fake.loseNextRefundAnswer = false
      // Cut in the middle of the answer: a browser repeats a request whose answer has not begun by itself.
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      reply.raw.write('{')
      setTimeout(() => request.raw.destroy(), 50)
      return reply
    }
    return { refund }
  })
  app.post<{ Body: Record<string, unknown> }>('/api/staff/anomalies/:id/decide', PUBLIC, async ({ body }) => {
    fake.sent.push({ what: 'decide', body })
    return {}
  })
  app.get('/api/staff/lowering-requests', PUBLIC, async () => ({ requests: [] }))
  app.get('/api/staff/write-offs', PUBLIC, async () => ({
    writeOffs: [
      {
        writeOffId: 'wo-one',
        orderId: ORDER_ID,
        state: 'awaiting_approval',
        amountFen: 650,
        reason: 'hardship',
        note: '手机和银行卡都丢了。',
        requestedBy: '李敏',
        requestedAtMs: NOW_MS - 4 * MINUTE_MS,
        decidedBy: null,
        decidedAtMs: null,
        mayDecide: true,
      },
    ],
  }))
  app.get('/api/staff/compensations', PUBLIC, async () => ({ compensations: [] }))
  app.get('/api/staff/refund-cases', PUBLIC, async () => ({ cases: [] }))
  app.get('/api/staff/approvals', PUBLIC, async () => ({
    approvals: [
      {
        refundId: 'rf-one',
        orderId: ORDER_ID,
        amountFen: 6800,
        reason: 'quality',
        requestedBy: 'Zhang Wei',
        requestedAtMs: NOW_MS - 5 * MINUTE_MS,
        note: '整箱酸奶过期。',
        mayDecide: true,
      },
      {
        refundId: 'rf-two',
        orderId: ORDER_ID,
        amountFen: 5200,
        reason: 'goodwill',
        requestedBy: '李敏',
        requestedAtMs: NOW_MS - 15 * MINUTE_MS,
        note: null,
        mayDecide: false,
      },
    ],
  }))
}

function amountOf(body: RefundCalculate): number {
  if (body.amountFen !== undefined) return body.amountFen
  const { lines } = aDoubleChargedOrder().order
  return body.lines.reduce((sum, { lineId, quantity }) => {
    const line = lines.find((candidate) => candidate.lineId === lineId)
    return sum + (line?.unitPriceFen ?? 0) * quantity
  }, 0)
}

function pick(order: ReturnType<typeof aDoubleChargedOrder>['order']) {
  const { orderId, sessionId, cabinetId, cabinetName, state, totalFen, paidFen, refundedFen } = order
  return { orderId, sessionId, cabinetId, cabinetName, state, totalFen, paidFen, refundedFen }
}

function registerCabinets(app: HttpApp, fake: FakeStaffInterface): void {
  app.get('/api/staff/fleet', PUBLIC, async () => ({
    cabinets: [
      fake.cabinet,
      aCabinet({
        cabinetId: 'cab-002',
        name: { zh: '地铁站 1 号柜', en: 'Metro No. 1' },
        presence: 'offline',
        lastHeardMs: NOW_MS - 41 * MINUTE_MS,
        isDoorOpen: null,
        isLockedOut: true,
        airDeciCelsius: 92,
      }),
    ],
    nowMs: NOW_MS,
  }))
  app.get('/api/staff/cabinets/:id', PUBLIC, async () => aCabinetDetail(fake.cabinet))
  app.get('/api/staff/cabinets/:id/credentials', PUBLIC, async () => ({
    enrolment: 'enrolled',
    enrolledAtMs: NOW_MS,
    revokedAtMs: null,
    credentials: [],
    rotationAskedAtMs: null,
    openCode: null,
    actions: [],
    nowMs: NOW_MS,
  }))
  app.get<{ Querystring: { fromMs: string; toMs: string } }>(
    '/api/staff/cabinets/:id/readings',
    PUBLIC,
    async ({ query }) => {
      const fromMs = Number(query.fromMs)
      const toMs = Number(query.toMs)
      const air: Array<[number, number, number, number]> = []
      for (let atMs = fromMs; atMs < toMs; atMs += 5 * MINUTE_MS) {
        const mean = 40 + Math.round(6 * Math.sin(atMs / 1.5e6))
        const isGap = atMs > toMs - 60 * MINUTE_MS && atMs < toMs - 30 * MINUTE_MS
        if (!isGap) air.push([atMs, mean - 4, mean, mean + 5])
      }
      return {
        air,
        setpoints: [[fromMs - 1000, 40]],
        doorOpen: [[toMs - 90 * MINUTE_MS, toMs - 80 * MINUTE_MS]],
        lockouts: [],
        gaps: [[toMs - 60 * MINUTE_MS, toMs - 30 * MINUTE_MS]],
        limitDeciCelsius: 50,
      }
    },
  )
  app.put<{ Body: { expectedVersion: number; setpointDeciCelsius: number; reason: string } }>(
    '/api/staff/cabinets/:id/setpoint',
    PUBLIC,
    async ({ body }) => {
      if (body.expectedVersion !== fake.cabinet.setpoint.desiredVersion) throw new CabinetError('conflict')
      fake.sent.push({ what: 'setpoint', body })
      const setpoint = {
        ...fake.cabinet.setpoint,
        state: 'sending' as const,
        desired: body.setpointDeciCelsius,
        desiredVersion: body.expectedVersion + 1,
        desiredBy: '李敏',
        desiredAtMs: NOW_MS,
      }
      fake.cabinet = { ...fake.cabinet, setpoint }
      return setpoint
    },
  )
  app.get('/api/staff/alarms', PUBLIC, async () => ({
    alarms: [{ ...anAlarm(), cabinetId: 'cab-001', cabinetName: fake.cabinet.name, clearedAtMs: null }],
  }))
  app.post('/api/staff/alarms/:id/acknowledge', PUBLIC, async () => {
    fake.sent.push({ what: 'acknowledge', body: {} })
    return {}
  })
}

function registerRecords(app: HttpApp, fake: FakeStaffInterface): void {
  const letter = {
    id: 1,
    cabinetId: 'cab-001',
    receivedAtMs: NOW_MS - 13 * MINUTE_MS,
    topic: 'vc/1/07/cab-001/up/ev',
    kind: 'event',
    epoch: 'ep-1',
    seq: 4711,
    reason: 'door.closed: /openMs must be integer',
    bodyText: '{"type":"door.closed","data":{"openMs":"long"}}',
  }
  app.get('/api/staff/system', PUBLIC, async () => aBrokenPromise())
  app.get('/api/staff/dead-letters', PUBLIC, async () => ({
    deadLetters: [letter],
    total: 1,
    mayResolve: true,
  }))
  app.get('/api/staff/dead-letters/:id', PUBLIC, async () => ({
    letter,
    event: { type: 'door.closed', data: { openMs: 'long' } },
    schema: { type: 'object', properties: { openMs: { type: 'integer' } } },
    eventTypes: ['door.opened', 'door.closed'],
    earlierId: null,
    resolution: null,
    mayResolve: true,
  }))
  app.get('/api/staff/cabinets/:id/delivery', PUBLIC, async () => ({
    cabinetId: 'cab-001',
    name: fake.cabinet.name,
    epoch: 'ep-2',
    continuesEpoch: 'ep-1',
    lastSeq: 5120,
    lastAtMs: NOW_MS - MINUTE_MS,
    linkId: 'ln-1',
    clockSkewMs: 0,
    outbox: null,
    deadLetters: 1,
    unprojected: 0,
    halt: {
      reason: 'fork',
      epoch: 'ep-1',
      seq: 4720,
      boot: 7,
      firmware: '0.1.0',
      firstSeq: 3900,
      lastSeq: 4733,
      sinceMs: NOW_MS - 50 * MINUTE_MS,
      lastAtMs: NOW_MS - MINUTE_MS,
      permittedBy: null,
    },
    mayGoOn: true,
  }))
  app.get('/api/staff/audit', PUBLIC, async () => ({
    entries:
      fake.mood === 'empty'
        ? []
        : [
            {
              seq: 912,
              atMs: NOW_MS - MINUTE_MS,
              actor: '李敏',
              actorName: null,
              action: 'evidence.viewed',
              subject: ORDER_ID,
              detail: { sha256: '3fa9c1' },
            },
          ],
  }))
  app.get('/evidence/:sha256', PUBLIC, async (_request, reply) => {
    const picture = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#7fa6a0' } })
      .jpeg()
      .toBuffer()
    return reply.type('image/jpeg').send(picture)
  })
}
