import type { Kysely } from 'kysely'
import { formatMoment } from '#protocol/words/format.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { CalendarName } from './clocks/calendar.ts'
import {
  ANSWER_CLOCKS,
  type ClockKind,
  type ClockPromise,
  decideEscalation,
  dueOf,
  meetClock,
  mergeClocks,
  pauseClock,
  promisesOf,
  resumeClock,
  type RungReached,
  rungKey,
  type SlaName,
  SLA_NAMES,
  startClock,
  type TicketClock,
} from './clocks/clocks.ts'
import { OPEN_TICKET_STATES } from './machine.ts'
import { sayOnTicket } from './messages.ts'
import { type Author, getTicket, saveTicket, type TicketRow } from './ticket-store.ts'

/** The zone of a ticket without a cabinet. */
const HOME_ZONE = 'Asia/Shanghai'
const KIND = 'ticket.clock'
const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const

/** What the list shows and sorts by. */
export type Dues = Pick<TicketRow, 'firstResponseDueMs' | 'resolutionDueMs'>
export interface TicketClocks {
  begin(tx: Tx, ticket: Pick<TicketRow, 'ticketId' | 'cabinetId' | 'sla'>, round: number): Promise<Dues>
  /** A deadline that somebody else set, in absolute time. */
  addOuter(tx: Tx, ticketId: string, kind: ClockKind, dueAtMs: number): Promise<Dues>
  answered(tx: Tx, ticketId: string): Promise<Dues>
  ended(tx: Tx, ticketId: string): Promise<Dues>
  setPaused(tx: Tx, ticketId: string, isPaused: boolean): Promise<Dues>
  merge(tx: Tx, into: TicketRow, from: TicketRow): Promise<Dues>
  /** To a lead at once, for another reason than a clock. */
  handToLead(tx: Tx, ticket: TicketRow, reason: string): Promise<TicketRow>
}
export interface ClockReactions {
  /** The consumer was told on the ticket that it takes longer; whoever reaches them elsewhere does. */
  delayTold(tx: Tx, ticket: TicketRow): Promise<void>
}

export async function clocksOf(db: Kysely<Tables>, ticketId: string): Promise<TicketClock[]> {
  const rows = await db
    .selectFrom('ticketClock')
    .select([
      'kind',
      'calendar',
      'zone',
      'allowedMs',
      'usedMs',
      'runningSinceMs',
      'metAtMs',
      'dueAtMs',
      'round',
    ])
    .where('ticketId', '=', ticketId)
    .execute()
  return rows.map((row) => ({
    ...row,
    kind: row.kind as ClockKind,
    calendar: row.calendar as CalendarName,
  }))
}

/**
 * The promises of tickets: kept as rows, computed here and nowhere else. What is due next is one row of due work; whichever
 * core claims it climbs the ladder, and a rung that was climbed once is written in the same transaction, so that two cores
 * that run at the same time never climb it twice.
 */
export function createTicketClocks(
  deps: CoreDeps & { due: DueWork; reactions: ClockReactions },
): TicketClocks {
  const { db, ids, log, policy, due, reactions } = deps
  due.on(KIND, (work) => climb(work.subjectId))

  async function zoneOf(tx: Tx, cabinetId: string | null): Promise<string> {
    const cabinet =
      cabinetId === null
        ? undefined
        : await tx
            .selectFrom('cabinet')
            .select('timeZone')
            .where('cabinetId', '=', cabinetId)
            .executeTakeFirst()
    return cabinet?.timeZone ?? HOME_ZONE
  }
  async function doneRungs(tx: Tx, ticketId: string): Promise<Set<string>> {
    const rows = await tx
      .selectFrom('ticketEscalation')
      .select(['clock', 'round', 'percent'])
      .where('ticketId', '=', ticketId)
      .execute()
    return new Set(rows.map((row) => rungKey({ ...row, clock: row.clock as ClockKind })))
  }

  /** Written as they are now, with the next look at them. */
  async function keep(tx: Tx, ticketId: string, clocks: readonly TicketClock[]): Promise<Dues> {
    for (const clock of clocks)
      await tx
        .insertInto('ticketClock')
        .values({ ticketId, ...clock })
        .onConflict((conflict) => conflict.columns(['ticketId', 'kind']).doUpdateSet(clock))
        .execute()
    const { reached, nextAtMs } = decideEscalation(clocks, await doneRungs(tx, ticketId), nowOf(tx))
    const dueAtMs = reached.length > 0 ? nowOf(tx) : nextAtMs
    if (dueAtMs === undefined) await due.cancel(tx, KIND, ticketId)
    else await due.schedule(tx, { kind: KIND, subjectId: ticketId, dueAtMs })
    return {
      firstResponseDueMs: dueOf(clocks, true)?.dueAtMs ?? nowOf(tx),
      resolutionDueMs: dueOf(clocks, false)?.dueAtMs ?? nowOf(tx),
    }
  }
  async function change(
    tx: Tx,
    ticketId: string,
    each: (clock: TicketClock, nowMs: number) => TicketClock,
  ): Promise<Dues> {
    const clocks = await clocksOf(tx, ticketId)
    return keep(
      tx,
      ticketId,
      clocks.map((clock) => each(clock, nowOf(tx))),
    )
  }

  // --- the ladder

  async function climb(ticketId: string): Promise<void> {
    await db.write('look at the clocks of a ticket', async (tx) => {
      const ticket = await getTicket(tx, ticketId)
      if (!(OPEN_TICKET_STATES as readonly string[]).includes(ticket.state)) return
      const clocks = await clocksOf(tx, ticketId)
      const { reached } = decideEscalation(clocks, await doneRungs(tx, ticketId), nowOf(tx))
      let now = ticket
      for (const rung of reached) now = await take(tx, now, rung)
      await keep(tx, ticketId, clocks)
    })
  }

  async function take(tx: Tx, ticket: TicketRow, rung: RungReached): Promise<TicketRow> {
    const lead = rung.action === 'lead' ? await freestLead(tx, ticket) : undefined
    await tx
      .insertInto('ticketEscalation')
      .values({
        ticketId: ticket.ticketId,
        clock: rung.clock,
        round: rung.round,
        percent: rung.percent,
        atMs: nowOf(tx),
        action: rung.action,
        staffId: lead?.staffId ?? null,
      })
      .execute()
    const values = { clock: rung.clock, percent: rung.percent }
    log.info({ ticketId: ticket.ticketId, ...values, action: rung.action }, 'a clock of a ticket runs')
    if (rung.action === 'raise') {
      const higher = PRIORITIES[Math.min(PRIORITIES.length - 1, PRIORITIES.indexOf(ticket.priority) + 1)]
      const priority = higher ?? ticket.priority
      return saveTicket(tx, ticket, { priority }, { what: 'raised', values: { ...values, priority } })
    }
    if (rung.action === 'remind') return saveTicket(tx, ticket, {}, { what: 'reminded', values })
    // A lead takes it over; whoever took it first stays responsible for it until it is closed.
    const handed = await saveTicket(
      tx,
      ticket,
      {
        ...(lead === undefined ? {} : { assigneeId: lead.staffId, ownerId: ticket.ownerId ?? lead.staffId }),
        snoozeKind: null,
        snoozeUntilMs: null,
        snoozedBy: null,
      },
      { what: 'escalated', values: { ...values, to: lead?.displayName ?? '' } },
    )
    if (!ANSWER_CLOCKS.includes(rung.clock)) await tellDelay(tx, handed, rung)
    return handed
  }

  /** The one with the least to do; nobody when there is no lead, or one has it already. */
  async function freestLead(tx: Tx, ticket: TicketRow): Promise<Author | undefined> {
    const leads = await tx
      .selectFrom('staff as s')
      .select((eb) => [
        's.staffId',
        's.displayName',
        eb
          .selectFrom('ticket as t')
          .select((inner) => inner.fn.countAll<number>().as('count'))
          .whereRef('t.assigneeId', '=', 's.staffId')
          .where('t.state', 'in', [...OPEN_TICKET_STATES])
          .as('busy'),
      ])
      .where('s.role', '=', 'lead')
      .where('s.isActive', '=', 1)
      .orderBy('busy')
      .orderBy('s.staffId')
      .execute()
    if (leads.some(({ staffId }) => staffId === ticket.assigneeId)) return undefined
    // Whoever is at work now; anybody when no lead is.
    const present = await presentOf(
      tx,
      leads.map(({ staffId }) => staffId),
    )
    return leads.find(({ staffId }) => present.includes(staffId)) ?? leads[0]
  }

  /** R7: told before it slips, with the reason. */
  async function tellDelay(tx: Tx, ticket: TicketRow, rung: RungReached): Promise<void> {
    if (ticket.consumerId === null) return
    await sayOnTicket(tx, ids, ticket.ticketId, {
      requestId: `delay/${rungKey(rung)}`,
      sender: 'system',
      key: `message.delay_${reasonOf(ticket.state)}`,
      values: {
        due: formatMoment(
          ticket.language,
          ticket.resolutionDueMs,
          nowOf(tx),
          await zoneOf(tx, ticket.cabinetId),
        ),
      },
    })
    await reactions.delayTold(tx, ticket)
  }

  return {
    async begin(tx, ticket, round) {
      const name = (SLA_NAMES as readonly string[]).includes(ticket.sla)
        ? (ticket.sla as SlaName)
        : 'standard'
      const zone = await zoneOf(tx, ticket.cabinetId)
      const outer = (await clocksOf(tx, ticket.ticketId)).filter(({ kind }) => kind.startsWith('provider_'))
      const promises: readonly ClockPromise[] = promisesOf(name, policy)
      const own = promises.map((promise) => startClock(promise, zone, nowOf(tx), round))
      return keep(tx, ticket.ticketId, [...own, ...outer])
    },
    async addOuter(tx, ticketId, kind, dueAtMs) {
      const clocks = await clocksOf(tx, ticketId)
      const allowedMs = Math.max(1, dueAtMs - nowOf(tx))
      const outer = startClock({ kind, calendar: 'always', allowedMs }, HOME_ZONE, nowOf(tx), 0)
      return keep(tx, ticketId, [...clocks, { ...outer, dueAtMs }])
    },
    answered: (tx, ticketId) =>
      change(tx, ticketId, (clock, nowMs) =>
        ANSWER_CLOCKS.includes(clock.kind) ? meetClock(clock, nowMs) : clock,
      ),
    ended: (tx, ticketId) => change(tx, ticketId, meetClock),
    setPaused: (tx, ticketId, isPaused) => change(tx, ticketId, isPaused ? pauseClock : resumeClock),
    async handToLead(tx, ticket, reason) {
      const lead = await freestLead(tx, ticket)
      if (lead === undefined) return ticket
      return saveTicket(
        tx,
        ticket,
        { assigneeId: lead.staffId, ownerId: ticket.ownerId ?? lead.staffId },
        { what: 'escalated', values: { clock: reason, to: lead.displayName } },
      )
    },
    async merge(tx, into, from) {
      const [ours, theirs] = [await clocksOf(tx, into.ticketId), await clocksOf(tx, from.ticketId)]
      await change(tx, from.ticketId, meetClock)
      return keep(tx, into.ticketId, mergeClocks(ours, theirs, nowOf(tx), into.isPaused === 1))
    },
  }
}

/** Those of them who have a shift now and are not absent. */
async function presentOf(tx: Tx, staffIds: readonly string[]): Promise<string[]> {
  if (staffIds.length === 0) return []
  const rows = await tx
    .selectFrom('shift')
    .select(['staffId', 'kind'])
    .where('cancelledAtMs', 'is', null)
    .where('startsAtMs', '<=', nowOf(tx))
    .where('endsAtMs', '>', nowOf(tx))
    .where('staffId', 'in', [...staffIds])
    .execute()
  const away = rows.filter(({ kind }) => kind === 'absence').map(({ staffId }) => staffId)
  return rows.map(({ staffId }) => staffId).filter((staffId) => !away.includes(staffId))
}

/** Why it takes longer, as far as the state of the ticket says. */
function reasonOf(state: TicketRow['state']): 'device' | 'provider' | 'onsite' | 'checking' {
  if (state === 'waiting_device') return 'device'
  if (state === 'waiting_refund') return 'provider'
  return state === 'waiting_internal' ? 'onsite' : 'checking'
}
