import type { Kysely } from 'kysely'
import {
  ABSENCE_LONGEST_MS,
  type ScheduleView,
  SHIFT_LONGEST_MS,
  type ShiftCreate,
} from '#protocol/api/team.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { OPEN_TICKET_STATES } from '#core/support/machine.ts'
import { getTicket, saveTicket, type TicketRow } from '#core/support/ticket-store.ts'
import { decideAssignee, type Hand, nextCoverMs, onShiftAt } from './decide-assignment.ts'
import { lacksFor } from './training.ts'

const ASSIGN = 'ticket.assign'
const HAND_OVER = 'shift.handOver'
const DAY_MS = 86_400_000
/** So far ahead the next shift is looked for. */
const HORIZON_MS = 60 * DAY_MS
const VIEW_LONGEST_MS = 62 * DAY_MS

export interface Schedule {
  /** A ticket was opened: whoever is on shift gets it, decided by due work, which only one core claims. */
  ticketOpened(tx: Tx, ticket: TicketRow): Promise<void>
  add(by: StaffIdentity, wish: ShiftCreate): Promise<void>
  cancel(by: StaffIdentity, shiftId: string, reason: string): Promise<void>
}

export function createSchedule(deps: CoreDeps & { due: DueWork }): Schedule {
  const { db, log, due } = deps
  due.on(ASSIGN, (work) => assign(work.subjectId))
  due.on(HAND_OVER, (work) => handOver(work.subjectId))

  async function assign(ticketId: string): Promise<void> {
    await db.write('assign a ticket', async (tx) => {
      const ticket = await getTicket(tx, ticketId)
      if (ticket.assigneeId !== null || (ticket.state !== 'new' && ticket.state !== 'reopened')) return
      const spans = await spansFrom(tx, nowOf(tx))
      const here = onShiftAt(spans, nowOf(tx))
      const to = decideAssignee(await handsOf(tx, here, ticket.type, ['agent']))
      if (to !== undefined) {
        await give(tx, ticket, to, 'assigned', '')
        return
      }
      // Nobody is here, or nobody who has learned it: the next shift is.
      const nextMs = nextCoverMs(spans, nowOf(tx))
      if (nextMs !== undefined) await due.schedule(tx, { kind: ASSIGN, subjectId: ticketId, dueAtMs: nextMs })
    })
  }
  async function give(tx: Tx, ticket: TicketRow, to: string, what: string, note: string): Promise<void> {
    const person = await tx
      .selectFrom('staff')
      .select('displayName')
      .where('staffId', '=', to)
      .executeTakeFirstOrThrow()
    await saveTicket(tx, ticket, { assigneeId: to }, { what, values: { to: person.displayName, note } })
    log.info({ ticketId: ticket.ticketId, staffId: to }, what)
  }

  /** What must be answered before they are back does not wait for them. Who took it first stays responsible. */
  async function handOver(shiftId: string): Promise<void> {
    await db.write('hand a shift over', async (tx) => {
      const shift = await tx.selectFrom('shift').selectAll().where('shiftId', '=', shiftId).executeTakeFirst()
      if (shift === undefined || shift.cancelledAtMs !== null) return
      const spans = await spansFrom(tx, nowOf(tx))
      const own = spans.filter(({ staffId }) => staffId === shift.staffId)
      if (onShiftAt(own, nowOf(tx)).length > 0) return
      const backAtMs = nextCoverMs(own, nowOf(tx)) ?? Number.MAX_SAFE_INTEGER
      const tickets = await tx
        .selectFrom('ticket')
        .selectAll()
        .where('assigneeId', '=', shift.staffId)
        .where('state', 'in', [...OPEN_TICKET_STATES])
        .where('isPaused', '=', 0)
        .where((eb) =>
          eb.or([
            eb('resolutionDueMs', '<', backAtMs),
            eb.and([eb('firstRespondedAtMs', 'is', null), eb('firstResponseDueMs', '<', backAtMs)]),
          ]),
        )
        .execute()
      const here = onShiftAt(spans, nowOf(tx))
      for (const ticket of tickets) {
        const named = shift.handOverToId
        const isLeads = (await roleOf(tx, shift.staffId)) === 'lead'
        const to =
          named !== null && (await lacksFor(tx, named, ticket.type, nowOf(tx))).length === 0
            ? named
            : decideAssignee(await handsOf(tx, here, ticket.type, isLeads ? ['lead'] : ['agent']))
        if (to !== undefined) await give(tx, ticket, to, 'handedOver', shift.note)
      }
    })
  }

  return {
    async ticketOpened(tx, ticket) {
      if (ticket.assigneeId !== null) return
      const planned = await tx
        .selectFrom('shift')
        .select('shiftId')
        .where('cancelledAtMs', 'is', null)
        .where('endsAtMs', '>', nowOf(tx))
        .executeTakeFirst()
      if (planned !== undefined)
        await due.schedule(tx, { kind: ASSIGN, subjectId: ticket.ticketId, dueAtMs: nowOf(tx) })
    },
    async add(by, wish) {
      await db.write('plan a shift', async (tx) => {
        const { shiftId, staffId, kind, startsAtMs, endsAtMs, handOverToId, note } = wish
        const before = await tx
          .selectFrom('shift')
          .selectAll()
          .where('shiftId', '=', shiftId)
          .executeTakeFirst()
        if (before !== undefined) {
          if (before.staffId !== staffId || before.startsAtMs !== startsAtMs || before.endsAtMs !== endsAtMs)
            throw new CabinetError('exists_with_different_contents')
          return
        }
        const longestMs = kind === 'work' ? SHIFT_LONGEST_MS : ABSENCE_LONGEST_MS
        if (endsAtMs <= startsAtMs || endsAtMs - startsAtMs > longestMs)
          throw new CabinetError(
            'bad_request',
            kind === 'work'
              ? 'A shift ends after it begins, at most 16 hours later.'
              : 'An absence ends after it begins, at most three months later.',
          )
        if (endsAtMs <= nowOf(tx)) throw new CabinetError('bad_request', 'This time is over.')
        if (handOverToId === staffId)
          throw new CabinetError('bad_request', 'Somebody else takes over, not the same person.')
        for (const id of [staffId, ...(handOverToId === null ? [] : [handOverToId])]) {
          const role = await roleOf(tx, id)
          if (role !== 'agent' && role !== 'lead')
            throw new CabinetError('not_found', 'Agents and leads with an account that works have shifts.')
        }
        const same = await tx
          .selectFrom('shift')
          .select('shiftId')
          .where('staffId', '=', staffId)
          .where('kind', '=', kind)
          .where('cancelledAtMs', 'is', null)
          .where('startsAtMs', '<', endsAtMs)
          .where('endsAtMs', '>', startsAtMs)
          .executeTakeFirst()
        if (same !== undefined)
          throw new CabinetError(
            'conflict',
            'This person has something planned in this time; cancel that first.',
          )
        await tx
          .insertInto('shift')
          .values({
            shiftId,
            staffId,
            kind,
            startsAtMs,
            endsAtMs,
            handOverToId,
            note,
            createdBy: by.staffId,
            createdAtMs: nowOf(tx),
            cancelledAtMs: null,
          })
          .execute()
        // A shift hands over at its end, an absence when it begins.
        const handOverAtMs = kind === 'work' ? endsAtMs : Math.max(startsAtMs, nowOf(tx))
        await due.schedule(tx, { kind: HAND_OVER, subjectId: shiftId, dueAtMs: handOverAtMs })
        await written(tx, by, 'shift.planned', shiftId, { staffId, kind, startsAtMs, endsAtMs, handOverToId })
      })
    },
    async cancel(by, shiftId, reason) {
      await db.write('cancel a shift', async (tx) => {
        const shift = await tx
          .selectFrom('shift')
          .selectAll()
          .where('shiftId', '=', shiftId)
          .executeTakeFirst()
        if (shift === undefined) throw new CabinetError('not_found', 'There is no such shift.')
        if (shift.cancelledAtMs !== null) return
        if (shift.endsAtMs <= nowOf(tx))
          throw new CabinetError('conflict', 'What was worked is not cancelled.')
        await tx
          .updateTable('shift')
          .set({ cancelledAtMs: nowOf(tx) })
          .where('shiftId', '=', shiftId)
          .execute()
        await due.cancel(tx, HAND_OVER, shiftId)
        await written(tx, by, 'shift.cancelled', shiftId, { staffId: shift.staffId, reason })
      })
    },
  }
}

async function written(
  tx: Tx,
  by: StaffIdentity,
  action: string,
  shiftId: string,
  detail: object,
): Promise<void> {
  await appendAudit(tx, {
    actor: `staff:${by.staffId}`,
    action,
    subject: `shift:${shiftId}`,
    detail: { ...detail },
  })
  await recordChange(tx, { kind: 'team', subjectId: shiftId })
}
async function roleOf(tx: Tx, staffId: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('staff')
    .select('role')
    .where('staffId', '=', staffId)
    .where('isActive', '=', 1)
    .executeTakeFirst()
  return row?.role
}
async function spansFrom(db: Kysely<Tables>, fromMs: number) {
  return db
    .selectFrom('shift')
    .select(['staffId', 'kind', 'startsAtMs', 'endsAtMs'])
    .where('cancelledAtMs', 'is', null)
    .where('endsAtMs', '>', fromMs)
    .where('startsAtMs', '<', fromMs + HORIZON_MS)
    .execute()
}
async function handsOf(
  tx: Tx,
  staffIds: readonly string[],
  ticketType: string,
  roles: ReadonlyArray<'agent' | 'lead'>,
): Promise<Hand[]> {
  if (staffIds.length === 0) return []
  const rows = await tx
    .selectFrom('staff as s')
    .select((eb) => [
      's.staffId',
      eb
        .selectFrom('ticket as t')
        .select((inner) => inner.fn.countAll<number>().as('count'))
        .whereRef('t.assigneeId', '=', 's.staffId')
        .where('t.state', 'in', [...OPEN_TICKET_STATES])
        .as('busy'),
    ])
    .where('s.staffId', 'in', [...staffIds])
    .where('s.role', 'in', [...roles])
    .where('s.isActive', '=', 1)
    .execute()
  const hands: Hand[] = []
  for (const { staffId, busy } of rows)
    hands.push({
      staffId,
      openTickets: busy ?? 0,
      isTrained: (await lacksFor(tx, staffId, ticketType, nowOf(tx))).length === 0,
    })
  return hands
}

/** @throws bad_request when more than two months are asked for */
export async function scheduleView(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  fromMs: number,
  toMs: number,
  nowMs: number,
): Promise<ScheduleView> {
  if (toMs <= fromMs || toMs - fromMs > VIEW_LONGEST_MS)
    throw new CabinetError('bad_request', 'At most two months are shown at once.')
  const [shifts, spans, members] = await Promise.all([
    db
      .selectFrom('shift')
      .select(['shiftId', 'staffId', 'kind', 'startsAtMs', 'endsAtMs', 'handOverToId', 'note'])
      .where('cancelledAtMs', 'is', null)
      .where('endsAtMs', '>', fromMs)
      .where('startsAtMs', '<', toMs)
      .orderBy('startsAtMs')
      .execute(),
    spansFrom(db, nowMs),
    db
      .selectFrom('staff as s')
      .select((eb) => [
        's.staffId',
        's.displayName as name',
        's.role',
        eb
          .selectFrom('ticket as t')
          .select((inner) => inner.fn.countAll<number>().as('count'))
          .whereRef('t.assigneeId', '=', 's.staffId')
          .where('t.state', 'in', [...OPEN_TICKET_STATES])
          .as('openTickets'),
      ])
      .where('s.role', 'in', ['agent', 'lead'])
      .where('s.isActive', '=', 1)
      .orderBy('s.displayName')
      .execute(),
  ])
  const here = onShiftAt(spans, nowMs)
  return {
    shifts,
    people: members.map((one) => ({
      ...one,
      openTickets: one.openTickets ?? 0,
      isOnShift: here.includes(one.staffId),
    })),
    isUncovered: spans.some(({ kind }) => kind === 'work') && here.length === 0,
    nextShiftAtMs: nextCoverMs(spans, nowMs) ?? null,
    mayChange: staff.permissions.has('team.manage'),
  }
}
