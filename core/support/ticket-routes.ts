import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id, oneOf } from '#protocol/api/common.ts'
import {
  TicketCreate,
  TicketDetail,
  TicketList,
  TicketReply,
  TicketResolve,
} from '#protocol/api/staff/tickets.ts'
import {
  PresenceAnswer,
  PresenceReport,
  TaskCreate,
  TaskList,
  TaskStep,
  TicketMerge,
  TicketPriority,
  TicketSetpoint,
  TicketSnooze,
  TicketSplit,
  TicketTypeList,
  TicketVersion,
} from '#protocol/api/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { checkCabinetOf } from '#core/cabinets/owner.ts'
import type { Notices } from '#core/notices/notices.ts'
import { findOrder } from '#core/orders/store.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Seal } from '#core/privacy/seal.ts'
import type { Permission } from '#core/staff/permissions.ts'
import { ticketTypes } from './desk/desk-view.ts'
import type { DeviceWait } from './desk/device-wait.ts'
import type { Merging } from './desk/merging.ts'
import type { Snoozing } from './desk/snooze.ts'
import { type Tasks, tasksFor } from './desk/tasks.ts'
import { reportPresence, viewersOf } from './desk/viewers.ts'
import { decideIntake, phoneDigits } from './intake.ts'
import type { SupportQueries } from './queries.ts'
import { tellAnswered } from './tell-consumer.ts'
import { TICKET_VIEWS } from './ticket-list.ts'
import { findSent } from './ticket-store.ts'
import type { TicketRow, Tickets } from './tickets.ts'

const TicketSearch = Type.Object(
  {
    view: Type.Optional(oneOf(TICKET_VIEWS)),
    query: Type.Optional(Type.String({ maxLength: 100 })),
  },
  closed,
)
const TaskSearch = Type.Object({ view: Type.Optional(oneOf(['open', 'done'])) }, closed)
const params = Type.Object({ ticketId: Id })
const taskParams = Type.Object({ taskId: Id })
const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })

/** Tickets and the work around them. `protocol/api/tickets.ts` and `protocol/api/staff/`. */
export function registerTicketRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    support: SupportQueries
    tickets: Tickets
    snoozing: Snoozing
    tasks: Tasks
    merging: Merging
    deviceWait: DeviceWait
    /** @throws training_missing for whoever has not passed what the type of the ticket asks for */
    mayTake: (tx: Tx, staff: StaffIdentity, ticketId: string) => Promise<void>
    notices: Notices
    seal: Seal
  },
): void {
  const { db, clock, support, tickets, snoozing, tasks, merging } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }

  // reading
  app.get(
    '/api/staff/tickets',
    { ...allow('ticket.read'), schema: { querystring: TicketSearch, response: { 200: TicketList } } },
    (request) => support.tickets(me(request), request.query.view ?? 'open', request.query.query),
  )
  app.get(
    '/api/staff/tickets/:ticketId',
    { ...allow('ticket.read'), schema: { params, response: { 200: TicketDetail } } },
    (request) => support.ticket(me(request), request.params.ticketId),
  )
  app.get(
    '/api/staff/ticket-types',
    { ...allow('ticket.read'), schema: { response: { 200: TicketTypeList } } },
    () => ({ types: ticketTypes() }),
  )

  // intake
  app.post(
    '/api/staff/tickets',
    { ...allow('ticket.create'), schema: { body: TicketCreate } },
    async (request, reply) => {
      const staff = me(request)
      const ticket = await enter(staff, request.body)
      return reply.code(201).send(await support.ticket(staff, ticket.ticketId))
    },
  )
  async function enter(staff: StaffIdentity, body: Type.Static<typeof TicketCreate>): Promise<TicketRow> {
    const values = {
      ...body.intake,
      ...(body.orderId === undefined ? {} : { orderId: body.orderId }),
      ...(body.cabinetId === undefined ? {} : { cabinetId: body.cabinetId }),
    }
    checkChannel(staff, body.channel)
    const intake = decideIntake(body.type, onlyFieldsOf(body, values), clock.now())
    const orderId = body.orderId ?? text(intake.values['orderId'])
    const order = orderId === undefined ? undefined : await findOrder(db.read, orderId)
    if (orderId !== undefined && order === undefined)
      throw new CabinetError('not_found', `There is no order ${orderId}.`)
    const cabinetId = order?.cabinetId ?? body.cabinetId ?? text(intake.values['cabinetId'])
    if (cabinetId !== undefined) await checkCabinetOf(db.read, staff, cabinetId)
    const digits = body.callerPhone === undefined ? undefined : phoneDigits(body.callerPhone)
    const kind = text(intake.values['kind'])
    return db.write('open a ticket', async (tx) => {
      const before = await findSent(tx, staff.staffId, body.requestId)
      if (before !== undefined) return before
      const opened = await tickets.open(tx, {
        requestId: body.requestId,
        type: body.type,
        origin: 'staff',
        reason: null,
        priority: body.priority ?? intake.priority,
        severity: intake.severity,
        intake: intake.values,
        orderId: order?.orderId ?? null,
        cabinetId: cabinetId ?? null,
        consumerId: order?.consumerId ?? null,
        amountFen: order?.totalFen ?? null,
        lines: [],
        note: body.note,
        language: staff.language,
        openedBy: staff.staffId,
        channel: body.channel ?? (staff.operator === null ? 'hotline' : 'console'),
        operator: staff.operator,
        ...(body.channel === 'email' || body.channel === 'social' ? { sla: body.channel } : {}),
        ...(digits === undefined
          ? {}
          : {
              phone: {
                tail: digits.slice(-4),
                sealed: deps.seal.seal(digits, `ticket/phone/${body.requestId}`),
              },
            }),
      })
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'ticket.opened',
        subject: `ticket:${opened.ticketId}`,
        detail: { type: body.type },
      })
      return body.type === 'emergency' && kind !== undefined ? tasks.beginChecklist(tx, opened, kind) : opened
    })
  }

  /** Only what the reader may see may be worked on; what somebody else's is does not exist. */
  async function work(
    request: FastifyRequest<{ Params: { ticketId: string } }>,
    act: (tx: Tx, staff: StaffIdentity, ticketId: string) => Promise<TicketRow>,
  ) {
    const staff = me(request)
    const { ticketId } = request.params
    await support.seen(staff, ticketId)
    const ticket = await db.write('work on a ticket', (tx) => act(tx, staff, ticketId))
    return support.ticket(staff, ticket.ticketId)
  }
  const at = (path: string) => `/api/staff/tickets/:ticketId/${path}`
  const response = { 200: TicketDetail }

  // handling
  app.post(
    at('claim'),
    { ...allow('ticket.work'), schema: { params, body: TicketVersion, response } },
    (request) =>
      work(request, async (tx, staff, ticketId) => {
        await deps.mayTake(tx, staff, ticketId)
        return tickets.claim(tx, ticketId, request.body.version, staff)
      }),
  )
  for (const path of ['reply', 'note'] as const)
    app.post(
      at(path),
      { ...allow('ticket.work'), schema: { params, body: TicketReply, response } },
      (request) =>
        work(request, async (tx, staff, ticketId) => {
          const isInternal = path === 'note' || request.body.isInternal
          if (!isInternal) await deps.mayTake(tx, staff, ticketId)
          const ticket = await tickets.reply(tx, ticketId, staff, { ...request.body, isInternal })
          if (!isInternal) await tellAnswered(tx, deps.notices, ticket, request.body.requestId)
          return ticket
        }),
    )
  app.post(
    at('answer'),
    { ...allow('ticket.answer'), schema: { params, body: TicketReply, response } },
    (request) =>
      work(request, (tx, staff, ticketId) =>
        tickets.write(tx, ticketId, {
          requestId: request.body.requestId,
          sender: 'consumer',
          text: request.body.text,
          author: staff,
        }),
      ),
  )
  app.post(
    at('resolve'),
    { ...allow('ticket.work'), schema: { params, body: TicketResolve, response } },
    (request) =>
      work(request, async (tx, staff, ticketId) => {
        await deps.mayTake(tx, staff, ticketId)
        const ticket = await tickets.resolve(tx, ticketId, staff, request.body)
        if (request.body.reply !== undefined && request.body.reply !== '')
          await tellAnswered(tx, deps.notices, ticket, `${ticket.ticketId}/${ticket.version}`)
        return ticket
      }),
  )
  app.post(
    at('priority'),
    { ...allow('ticket.work'), schema: { params, body: TicketPriority, response } },
    (request) =>
      work(request, (tx, staff, ticketId) => tickets.setPriority(tx, ticketId, staff, request.body)),
  )
  app.post(
    at('snooze'),
    { ...allow('ticket.work'), schema: { params, body: TicketSnooze, response } },
    (request) => work(request, (tx, staff, ticketId) => snoozing.snooze(tx, ticketId, staff, request.body)),
  )
  app.post(
    at('wake'),
    { ...allow('ticket.work'), schema: { params, body: TicketVersion, response } },
    (request) =>
      work(request, (tx, staff, ticketId) => snoozing.wake(tx, ticketId, request.body.version, staff)),
  )
  app.post(
    at('merge'),
    { ...allow('ticket.work'), schema: { params, body: TicketMerge, response } },
    (request) => work(request, (tx, staff, ticketId) => merging.merge(tx, ticketId, staff, request.body)),
  )
  app.post(
    at('split'),
    { ...allow('ticket.work'), schema: { params, body: TicketSplit, response } },
    (request) => work(request, (tx, staff, ticketId) => merging.split(tx, ticketId, staff, request.body)),
  )
  app.post(
    at('tasks'),
    { ...allow('ticket.work'), schema: { params, body: TaskCreate, response } },
    (request) => work(request, (tx, staff, ticketId) => tasks.create(tx, ticketId, staff, request.body)),
  )
  app.put(
    at('setpoint'),
    { ...allow('setpoint.change'), schema: { params, body: TicketSetpoint, response } },
    async (request) => {
      const staff = me(request)
      const { ticketId } = request.params
      await support.seen(staff, ticketId)
      await deps.deviceWait.setSetpoint(ticketId, staff, request.body)
      return support.ticket(staff, ticketId)
    },
  )
  app.post(
    at('presence'),
    { ...allow('ticket.read'), schema: { params, body: PresenceReport, response: { 200: PresenceAnswer } } },
    async (request): Promise<PresenceAnswer> => {
      const staff = me(request)
      const { ticketId } = request.params
      const { version } = await support.seen(staff, ticketId)
      await db.write('somebody looks at a ticket', (tx) => reportPresence(tx, ticketId, staff, request.body))
      return { others: await viewersOf(db.read, ticketId, clock.now(), staff.staffId), version }
    },
  )

  // the work of others
  const taskList = async (staff: StaffIdentity, isDone: boolean): Promise<TaskList> => ({
    tasks: await tasksFor(db.read, staff, { isDone }),
    nowMs: clock.now(),
  })
  app.get(
    '/api/staff/tasks',
    { ...allow('task.read'), schema: { querystring: TaskSearch, response: { 200: TaskList } } },
    (request) => taskList(me(request), request.query.view === 'done'),
  )
  for (const step of ['take', 'done', 'cancel'] as const)
    app.post(
      `/api/staff/tasks/:taskId/${step}`,
      {
        ...allow(step === 'cancel' ? 'ticket.work' : 'task.work'),
        schema: { params: taskParams, body: TaskStep, response: { 200: TaskList } },
      },
      async (request) => {
        const staff = me(request)
        await db.write('work on a task', (tx) => tasks[step](tx, request.params.taskId, staff, request.body))
        return taskList(staff, false)
      },
    )
}

/**
 * How somebody reached us says whether they have to be known. An operator is, in their console; a consumer is, who asked
 * on their own page: neither is for others to choose.
 * @throws CabinetError `intake_invalid`
 */
function checkChannel(staff: StaffIdentity, channel: Type.Static<typeof TicketCreate>['channel']): void {
  if (channel === undefined || (channel === 'console' ? staff.operator !== null : channel !== 'code')) return
  throw new CabinetError(
    'intake_invalid',
    `A ticket of the channel ${channel} is not entered by hand here.`,
    {
      context: { fields: [{ key: 'channel', problem: 'wrong' }] },
    },
  )
}

/** The order and the cabinet may come beside the fields of a type that does not ask for them. */
function onlyFieldsOf(
  body: Type.Static<typeof TicketCreate>,
  values: Record<string, string | number | boolean>,
): Record<string, string | number | boolean> {
  const fields = ticketTypes().find(({ type }) => type === body.type)?.fields ?? []
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key]) => body.intake?.[key] !== undefined || fields.some((field) => field.key === key),
    ),
  )
}
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
