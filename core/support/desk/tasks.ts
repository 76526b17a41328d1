import type { Kysely, Selectable } from 'kysely'
import type { TASK_AUDIENCES, TaskCreate, TaskList, TaskStep, TaskView } from '#protocol/api/tickets.ts'
import type { Role } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { getTicket, getUnchanged, saveTicket, type TicketRow } from '../ticket-store.ts'
import { CHECKLISTS } from '../checklists.ts'
import type { Tickets } from '../tickets.ts'

export type TaskRow = Selectable<Tables['ticketTask']>
type Audience = (typeof TASK_AUDIENCES)[number]
const KIND = 'ticket.task'
const LIST_LENGTH = 200
const LONGEST_MS = 60 * 86_400_000

/** Whose work a role sees. A manager and an administrator stand in for everybody. */
const AUDIENCES_OF: Partial<Record<Role, readonly Audience[]>> = {
  agent: ['agent'],
  lead: ['agent', 'lead'],
  manager: ['agent', 'lead', 'technician', 'operator'],
  admin: ['technician'],
  technician: ['technician'],
  operator: ['operator'],
}

export interface Tasks {
  create(tx: Tx, ticketId: string, by: StaffIdentity, wish: TaskCreate): Promise<TicketRow>
  /** R16: every step of an emergency at once, with an incident that the steps end. */
  beginChecklist(tx: Tx, ticket: TicketRow, kind: string): Promise<TicketRow>
  take(tx: Tx, taskId: string, by: StaffIdentity, step: TaskStep): Promise<TaskRow>
  done(tx: Tx, taskId: string, by: StaffIdentity, step: TaskStep): Promise<TaskRow>
  cancel(tx: Tx, taskId: string, by: StaffIdentity, step: TaskStep): Promise<TaskRow>
  /** What others were asked to do belongs to the ticket that goes on; a step that it has itself is asked for once. */
  move(tx: Tx, fromId: string, intoId: string): Promise<void>
}

/** Work of others for a ticket: asked with a time of its own, shown on their page, and told to the ticket when it is done. */
export function createTasks(deps: CoreDeps & { due: DueWork; tickets: Tickets }): Tasks {
  const { db, ids, due, tickets } = deps
  due.on(KIND, (work) => late(work.subjectId))

  async function insert(
    tx: Tx,
    ticket: TicketRow,
    task: Pick<
      TaskRow,
      'requestId' | 'step' | 'needs' | 'audience' | 'textZh' | 'textEn' | 'dueAtMs' | 'createdBy'
    >,
  ): Promise<void> {
    const taskId = ids.next('task')
    await tx
      .insertInto('ticketTask')
      .values({
        taskId,
        ticketId: ticket.ticketId,
        cabinetId: ticket.cabinetId,
        operator: ticket.operator,
        ...task,
        state: 'open',
        createdAtMs: nowOf(tx),
        takenById: null,
        takenAtMs: null,
        doneById: null,
        doneAtMs: null,
        result: null,
        lateAtMs: null,
        version: 1,
      })
      .execute()
    await due.schedule(tx, { kind: KIND, subjectId: taskId, dueAtMs: task.dueAtMs })
    await tell(tx, taskId, ticket.cabinetId)
  }

  async function passOn(tx: Tx, ticket: TicketRow, what: string, by?: StaffIdentity): Promise<TicketRow> {
    const happening = { what, ...(by === undefined ? {} : { by }) }
    const passed = await tickets.advance(tx, ticket.ticketId, 'passedOn', {}, happening)
    return passed ?? saveTicket(tx, ticket, {}, happening)
  }

  /** Nobody did it in time: the ticket says so, and a lead is responsible for the next step. */
  async function late(taskId: string): Promise<void> {
    await db.write('a task is late', async (tx) => {
      const task = await tx
        .selectFrom('ticketTask')
        .selectAll()
        .where('taskId', '=', taskId)
        .executeTakeFirst()
      if (task === undefined || task.lateAtMs !== null || isEnded(task)) return
      await tx
        .updateTable('ticketTask')
        .set({ lateAtMs: nowOf(tx), version: task.version + 1 })
        .where('taskId', '=', taskId)
        .execute()
      const ticket = await getTicket(tx, task.ticketId)
      await saveTicket(
        tx,
        ticket,
        { priority: ticket.priority === 'urgent' ? 'urgent' : 'high' },
        { what: 'taskLate', values: { audience: task.audience } },
      )
      await tell(tx, taskId, task.cabinetId)
    })
  }

  async function step(
    tx: Tx,
    taskId: string,
    by: StaffIdentity,
    version: number,
    change: Partial<TaskRow>,
  ): Promise<TaskRow> {
    const task = await taskSeenBy(tx, by, taskId)
    if (task.version !== version)
      throw new CabinetError('conflict', 'Somebody else worked on this task.', {
        context: { version: task.version },
      })
    if (isEnded(task)) throw new CabinetError('conflict', 'This task has ended.')
    const next = { ...task, ...change, version: task.version + 1 }
    await tx
      .updateTable('ticketTask')
      .set({ ...change, version: next.version })
      .where('taskId', '=', taskId)
      .execute()
    if (isEnded(next)) await due.cancel(tx, KIND, taskId)
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: `task.${next.state}`,
      subject: `ticket:${task.ticketId}`,
      detail: { taskId, audience: task.audience, result: next.result },
    })
    await tell(tx, taskId, task.cabinetId)
    return next
  }

  /** The last task that ended gives the ticket back, and the last step of a list ends its incident. */
  async function afterEnd(tx: Tx, task: TaskRow, by: StaffIdentity): Promise<void> {
    const ticket = await getTicket(tx, task.ticketId)
    const happening = {
      what: task.state === 'done' ? 'taskDone' : 'taskCancelled',
      by,
      values: { audience: task.audience, result: task.result ?? '' },
    }
    const open = await tx
      .selectFrom('ticketTask')
      .select(['taskId', 'step'])
      .where('ticketId', '=', task.ticketId)
      .where('state', 'in', ['open', 'taken'])
      .execute()
    const back =
      open.length === 0 ? await tickets.advance(tx, task.ticketId, 'answered', {}, happening) : undefined
    if (back === undefined) await saveTicket(tx, ticket, {}, happening)
    if (task.step !== null && ticket.incidentId !== null && open.every((one) => one.step === null))
      await tx
        .updateTable('incident')
        .set({ resolvedAtMs: nowOf(tx) })
        .where('incidentId', '=', ticket.incidentId)
        .where('resolvedAtMs', 'is', null)
        .execute()
  }

  async function checkNeeds(tx: Tx, task: TaskRow): Promise<void> {
    if (task.needs !== 'in_service' || task.cabinetId === null) return
    const report = await tx
      .selectFrom('cabinetReport')
      .select(['isOutOfService', 'isLockedOut'])
      .where('cabinetId', '=', task.cabinetId)
      .executeTakeFirst()
    if (report?.isOutOfService === 1 || report?.isLockedOut === 1)
      throw new CabinetError('conflict', 'The cabinet still says that it is not in service.', {
        context: { isOutOfService: report.isOutOfService === 1, isLockedOut: report.isLockedOut === 1 },
      })
  }

  return {
    async create(tx, ticketId, by, { requestId, version, audience, text, dueAtMs }) {
      const before = await tx
        .selectFrom('ticketTask')
        .select('taskId')
        .where('ticketId', '=', ticketId)
        .where('requestId', '=', requestId)
        .executeTakeFirst()
      if (before !== undefined) return getTicket(tx, ticketId)
      const ticket = await getUnchanged(tx, ticketId, version)
      if (dueAtMs <= nowOf(tx) || dueAtMs > nowOf(tx) + LONGEST_MS)
        throw new CabinetError('intake_invalid', 'A task is due within the next 60 days.', {
          context: { fields: [{ key: 'dueAtMs', problem: 'wrong' }] },
        })
      if (audience === 'operator' && ticket.operator === null)
        throw new CabinetError(
          'intake_invalid',
          'This ticket names no cabinet, so no operator sees the task.',
          {
            context: { fields: [{ key: 'audience', problem: 'wrong' }] },
          },
        )
      await insert(tx, ticket, {
        requestId,
        step: null,
        needs: null,
        audience,
        textZh: text,
        textEn: text,
        dueAtMs,
        createdBy: by.staffId,
      })
      return passOn(tx, ticket, 'taskAsked', by)
    },
    async beginChecklist(tx, ticket, kind) {
      const subject = ticket.cabinetId ?? ticket.ticketId
      await raiseIncident(tx, ids, {
        kind: `emergency_${kind}`,
        subject,
        message: `Emergency at ${subject} (${kind}); its steps are in ticket ${ticket.number}.`,
      })
      const incident = await tx
        .selectFrom('incident')
        .select('incidentId')
        .where('kind', '=', `emergency_${kind}`)
        .where('subject', '=', subject)
        .where('resolvedAtMs', 'is', null)
        .executeTakeFirstOrThrow()
      for (const [index, one] of (CHECKLISTS[kind] ?? []).entries())
        await insert(tx, ticket, {
          requestId: `step-${index + 1}`,
          step: index + 1,
          needs: one.needs,
          audience: one.audience,
          textZh: one.text.zh,
          textEn: one.text.en,
          dueAtMs: nowOf(tx) + one.withinMs,
          createdBy: 'rule:emergency-1',
        })
      return saveTicket(
        tx,
        ticket,
        { incidentId: incident.incidentId },
        { what: 'checklistBegun', values: { kind } },
      )
    },
    take: (tx, taskId, by, { version }) =>
      step(tx, taskId, by, version, { state: 'taken', takenById: by.staffId, takenAtMs: nowOf(tx) }),
    async done(tx, taskId, by, { version, result }) {
      await checkNeeds(tx, await taskSeenBy(tx, by, taskId))
      const task = await step(tx, taskId, by, version, {
        state: 'done',
        doneById: by.staffId,
        doneAtMs: nowOf(tx),
        result: result ?? null,
      })
      await afterEnd(tx, task, by)
      return task
    },
    async cancel(tx, taskId, by, { version, result }) {
      const task = await step(tx, taskId, by, version, { state: 'cancelled', result: result ?? null })
      await afterEnd(tx, task, by)
      return task
    },
    async move(tx, fromId, intoId) {
      const rows = await tx
        .selectFrom('ticketTask')
        .select([
          'taskId',
          'ticketId',
          'requestId',
          'cabinetId',
          'state',
          'version',
          'takenById',
          'takenAtMs',
        ])
        .where('ticketId', 'in', [fromId, intoId])
        .execute()
      const there = new Map(
        rows.filter(({ ticketId }) => ticketId === intoId).map((task) => [task.requestId, task]),
      )
      for (const task of rows.filter((row) => row.ticketId === fromId && !isEnded(row))) {
        const twin = there.get(task.requestId)
        const isTwice = twin !== undefined
        await tx
          .updateTable('ticketTask')
          .set({
            ...(isTwice ? { state: 'cancelled' as const } : { ticketId: intoId }),
            version: task.version + 1,
          })
          .where('taskId', '=', task.taskId)
          .execute()
        if (isTwice) await due.cancel(tx, KIND, task.taskId)
        await tell(tx, task.taskId, task.cabinetId)
        // Whoever is on their way for the one is on their way for both.
        if (twin?.state !== 'open' || task.state !== 'taken') continue
        const { takenById, takenAtMs } = task
        await tx
          .updateTable('ticketTask')
          .set({ state: 'taken', takenById, takenAtMs, version: twin.version + 1 })
          .where('taskId', '=', twin.taskId)
          .execute()
        await tell(tx, twin.taskId, twin.cabinetId)
      }
    },
  }
}

function isEnded(task: Pick<TaskRow, 'state'>): boolean {
  return task.state === 'done' || task.state === 'cancelled'
}
async function tell(tx: Tx, taskId: string, cabinetId: string | null): Promise<void> {
  await recordChange(tx, {
    kind: 'task',
    subjectId: taskId,
    ...(cabinetId === null ? {} : { cabinetId }),
  })
}

function mayTouch(staff: StaffIdentity, task: Pick<TaskRow, 'audience' | 'operator'>): boolean {
  if (staff.operator !== null && task.operator !== staff.operator) return false
  return staff.permissions.has('ticket.work') || (AUDIENCES_OF[staff.role] ?? []).includes(task.audience)
}
/** @throws not_found for what is somebody else's */
async function taskSeenBy(db: Kysely<Tables>, staff: StaffIdentity, taskId: string): Promise<TaskRow> {
  const task = await db.selectFrom('ticketTask').selectAll().where('taskId', '=', taskId).executeTakeFirst()
  if (task === undefined || !mayTouch(staff, task))
    throw new CabinetError('not_found', 'There is no such task.')
  return task
}

/** What the role of the reader is asked to do; with a ticket, everything that is asked for it. */
export async function tasksFor(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  of: { ticketId: string } | { isDone: boolean },
): Promise<TaskList['tasks']> {
  let rows = db
    .selectFrom('ticketTask as k')
    .innerJoin('ticket as t', 't.ticketId', 'k.ticketId')
    .leftJoin('cabinet as c', 'c.cabinetId', 'k.cabinetId')
    .leftJoin('staff as taker', 'taker.staffId', 'k.takenById')
    .leftJoin('staff as doer', 'doer.staffId', 'k.doneById')
    .selectAll('k')
    .select([
      't.number',
      't.type',
      'c.nameZh',
      'c.nameEn',
      'taker.displayName as takerName',
      'doer.displayName as doerName',
    ])
  if ('ticketId' in of) rows = rows.where('k.ticketId', '=', of.ticketId).orderBy('k.step')
  else {
    rows = rows
      .where('k.audience', 'in', [...(AUDIENCES_OF[staff.role] ?? [])])
      .where('k.state', 'in', of.isDone ? ['done', 'cancelled'] : ['open', 'taken'])
      .orderBy(of.isDone ? 'k.doneAtMs' : 'k.dueAtMs', of.isDone ? 'desc' : 'asc')
  }
  if (staff.operator !== null) rows = rows.where('k.operator', '=', staff.operator)
  const found = await rows.orderBy('k.dueAtMs').limit(LIST_LENGTH).execute()
  return found.map((row): TaskView => {
    const isOpen = !isEnded(row) && mayTouch(staff, row)
    return {
      taskId: row.taskId,
      ticketId: row.ticketId,
      ticketNumber: row.number,
      ticketType: row.type,
      step: row.step,
      audience: row.audience,
      cabinetId: row.cabinetId,
      cabinetName: row.nameZh === null ? null : { zh: row.nameZh, en: row.nameEn ?? row.nameZh },
      text: { zh: row.textZh, en: row.textEn },
      state: row.state,
      dueAtMs: row.dueAtMs,
      createdAtMs: row.createdAtMs,
      takenBy: row.takerName,
      takenAtMs: row.takenAtMs,
      doneBy: row.doerName,
      doneAtMs: row.doneAtMs,
      result: row.result,
      version: row.version,
      actions: isOpen
        ? [
            ...(row.state === 'open' ? (['take'] as const) : []),
            'done',
            ...(staff.permissions.has('ticket.work') && row.step === null ? (['cancel'] as const) : []),
          ]
        : [],
    }
  })
}
