import type {
  CallBackAttempt,
  CallBackCancel,
  CallBackMessage,
  CallBackPlan,
} from '#protocol/api/call-backs.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { homeZone, zoneOfCabinet } from '#core/cabinets/zones.ts'
import { mustHaveKnownCaller } from '#core/callers/must-be-known.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Notices } from '#core/notices/notices.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { CALENDARS } from '#core/support/clocks/calendar.ts'
import { sayOnTicket } from '#core/support/messages.ts'
import { tellAnswered } from '#core/support/tell-consumer.ts'
import { getTicket, type Happening, saveTicket, type TicketRow } from '#core/support/ticket-store.ts'
import type { Tickets } from '#core/support/tickets.ts'
import {
  type CallBackDecision,
  decideCallBack,
  inputOf,
  isLowScore,
  problemsIn,
  ruleOf,
  triesWith,
  withinHours,
} from './decide-call-back.ts'
import { type CallBackRow, callBackSeenBy, questionsOf, reasonsOf } from './call-back-rows.ts'
import { factsOf, roundOf } from './followed-case.ts'
import { type CallBackInput, callBackMachine } from './machine.ts'
import { createOverdueWatch } from './overdue.ts'
import { heldPlan } from './plan-book.ts'

const KIND = 'callBack.plan'
const HOUR_MS = 3_600_000

export interface CallBacks {
  /** A ticket was closed: whether somebody is called is decided by due work, which only one core claims. */
  ticketClosed(tx: Tx, ticket: TicketRow): Promise<void>
  /** It is worked on again: nobody is called about it before it is closed. */
  ticketReopened(tx: Tx, ticket: TicketRow): Promise<void>
  /** A score was given; a low one opens a call-back, once, or makes the one that is planned a matter of the lead. */
  scored(tx: Tx, ticket: TicketRow): Promise<void>
  /** @throws conflict when somebody was faster, intake_invalid with every answer that is wrong */
  attempt(by: StaffIdentity, callBackId: string, attempt: CallBackAttempt): Promise<void>
  message(by: StaffIdentity, callBackId: string, message: CallBackMessage): Promise<void>
  cancel(by: StaffIdentity, callBackId: string, cancel: CallBackCancel): Promise<void>
  /** @throws not_found without a number, caller_not_verified when who left it was never found to be the buyer */
  number(by: StaffIdentity, callBackId: string): Promise<string>
}

export function createCallBacks(
  deps: CoreDeps & { due: DueWork; tickets: Pick<Tickets, 'reopenFor'>; notices: Notices; seal: Seal },
): CallBacks {
  const { db, ids, log, due, tickets } = deps
  due.on(KIND, (work) => planFor(work.subjectId))
  const overdue = createOverdueWatch({
    db,
    due,
    log,
    zoneOf: async (tx, ticketId) => zoneOf(tx, await getTicket(tx, ticketId)),
  })

  async function planFor(ticketId: string): Promise<void> {
    await db.write('plan a call-back', async (tx) => {
      const ticket = await getTicket(tx, ticketId)
      if (ticket.state !== 'closed' || ticket.closedAtMs === null) return
      const { plan, version } = await heldPlan(tx)
      const decision = decideCallBack(plan, await factsOf(tx, ticket, plan))
      if (decision === undefined) return
      const round = await roundOf(tx, ticketId)
      await insert(tx, ticket, `closed/${round}`, decision, plan, version, ticket.closedAtMs)
    })
  }

  async function insert(
    tx: Tx,
    ticket: TicketRow,
    occasion: string,
    { rule, channel, reasons }: CallBackDecision,
    plan: CallBackPlan,
    planVersion: number,
    sinceMs: number,
  ): Promise<void> {
    const already = await tx
      .selectFrom('callBack')
      .selectAll()
      .where('ticketId', '=', ticket.ticketId)
      .execute()
    if (already.some((one) => one.occasion === occasion)) return
    const planned = already.find(({ state }) => state === 'planned')
    const zone = await zoneOf(tx, ticket)
    const dueAtMs = withinHours(
      CALENDARS[plan.calendar],
      zone,
      Math.max(nowOf(tx), sinceMs + rule.afterHours * HOUR_MS),
    )
    if (planned !== undefined) return addReasons(tx, ticket, planned, { rule, channel, reasons }, dueAtMs)
    // Whoever was spoken to since it was solved is not called a second time about the same answer.
    if (already.some(({ createdAtMs }) => createdAtMs >= (ticket.resolvedAtMs ?? 0))) return
    const callBackId = ids.next('callBack')
    await tx
      .insertInto('callBack')
      .values({
        callBackId,
        ticketId: ticket.ticketId,
        occasion,
        segment: rule.segment,
        reasons: JSON.stringify(reasons),
        planVersion,
        state: callBackMachine.initial,
        channel,
        audience: rule.audience,
        calendar: plan.calendar,
        attempts: 0,
        attemptsMost: rule.attemptsMost,
        pauseHours: rule.pauseHours,
        questions: JSON.stringify(rule.questions),
        dueAtMs,
        createdAtMs: nowOf(tx),
        endedAtMs: null,
        endedById: null,
        version: 1,
      })
      .execute()
    await overdue.expect(tx, { callBackId, calendar: plan.calendar }, dueAtMs)
    await saveTicket(tx, ticket, {}, { what: 'callBackPlanned', values: { segment: rule.segment, dueAtMs } })
    await tell(tx, callBackId, ticket)
    log.info({ callBackId, ticketId: ticket.ticketId, segment: rule.segment }, 'call-back planned')
  }

  /** One person is called once: what comes to a planned call-back joins it, sooner, and leads when it weighs more. */
  async function addReasons(
    tx: Tx,
    ticket: TicketRow,
    planned: CallBackRow,
    { rule, reasons }: CallBackDecision,
    dueAtMs: number,
  ): Promise<void> {
    const before = reasonsOf(planned)
    const added = reasons.filter((reason) => !before.includes(reason))
    if (added.length === 0) return
    const questions = questionsOf(planned)
    const joined = [
      ...rule.questions,
      ...questions.filter(({ key }) => !rule.questions.some((one) => one.key === key)),
    ]
    await tx
      .updateTable('callBack')
      .set({
        segment: rule.segment,
        reasons: JSON.stringify([...new Set([...reasons, ...before])]),
        audience: planned.audience === 'lead' ? 'lead' : rule.audience,
        questions: JSON.stringify(joined.slice(0, 8)),
        dueAtMs: Math.min(planned.dueAtMs, dueAtMs),
        version: planned.version + 1,
      })
      .where('callBackId', '=', planned.callBackId)
      .execute()
    await overdue.expect(tx, planned, Math.min(planned.dueAtMs, dueAtMs))
    await saveTicket(tx, ticket, {}, { what: 'callBackPlanned', values: { segment: rule.segment, dueAtMs } })
    await tell(tx, planned.callBackId, ticket)
  }

  /** @throws not_found, conflict */
  async function openOne(
    tx: Tx,
    by: StaffIdentity,
    callBackId: string,
    version: number,
  ): Promise<CallBackRow> {
    const row = await callBackSeenBy(tx, by, callBackId)
    if (row.version !== version)
      throw new CabinetError('conflict', 'Somebody else worked on this call-back.', {
        context: { version: row.version },
      })
    if (row.state !== 'planned') throw new CabinetError('conflict', 'This call-back has ended.')
    return row
  }

  async function advance(
    tx: Tx,
    row: CallBackRow,
    input: CallBackInput,
    by: StaffIdentity | undefined,
    change: Partial<CallBackRow> = {},
  ): Promise<void> {
    const state = callBackMachine.next(row.state, input)
    if (state === undefined) throw new CabinetError('conflict', 'This call-back has ended.')
    const end = state === 'planned' ? {} : { endedAtMs: nowOf(tx), endedById: by?.staffId ?? null }
    await tx
      .updateTable('callBack')
      .set({ ...change, ...end, state, version: row.version + 1 })
      .where('callBackId', '=', row.callBackId)
      .execute()
    if (state === 'planned') await overdue.expect(tx, row, change.dueAtMs ?? row.dueAtMs)
  }

  async function tried(
    tx: Tx,
    row: CallBackRow,
    by: StaffIdentity,
    one: { result: Tables['callBackTry']['result']; note: string; answers: CallBackAttempt['answers'] },
  ): Promise<void> {
    const last = await tx
      .selectFrom('callBackTry')
      .select((eb) => eb.fn.max('attempt').as('attempt'))
      .where('callBackId', '=', row.callBackId)
      .executeTakeFirst()
    const attempt = (last?.attempt ?? 0) + 1
    await tx
      .insertInto('callBackTry')
      .values({
        callBackId: row.callBackId,
        attempt,
        atMs: nowOf(tx),
        staffId: by.staffId,
        result: one.result,
        note: one.note,
        answers: JSON.stringify(one.answers),
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'callBack.tried',
      subject: `ticket:${row.ticketId}`,
      detail: { callBackId: row.callBackId, attempt, result: one.result },
    })
  }
  async function nextAtMs(tx: Tx, row: CallBackRow): Promise<number> {
    const ticket = await getTicket(tx, row.ticketId)
    const calendar = CALENDARS[row.calendar as keyof typeof CALENDARS]
    return withinHours(calendar, await zoneOf(tx, ticket), nowOf(tx) + row.pauseHours * HOUR_MS)
  }
  const history = async (tx: Tx, ticketId: string, happening: Happening) =>
    saveTicket(tx, await getTicket(tx, ticketId), {}, happening)

  return {
    async ticketClosed(tx, ticket) {
      await due.schedule(tx, { kind: KIND, subjectId: ticket.ticketId, dueAtMs: nowOf(tx) })
    },
    async ticketReopened(tx, ticket) {
      await due.cancel(tx, KIND, ticket.ticketId)
      const planned = await tx
        .selectFrom('callBack')
        .selectAll()
        .where('ticketId', '=', ticket.ticketId)
        .where('state', '=', 'planned')
        .executeTakeFirst()
      if (planned === undefined) return
      await advance(tx, planned, 'cancelled', undefined)
      await tell(tx, planned.callBackId, ticket)
    },
    async scored(tx, ticket) {
      const { plan, version } = await heldPlan(tx)
      const facts = await factsOf(tx, ticket, plan)
      const rule = ruleOf(plan, 'low_score')
      if (rule?.isOn !== true || !isLowScore(plan, facts)) return
      const decision = decideCallBack(plan, facts)
      if (decision !== undefined) await insert(tx, ticket, 'score', decision, plan, version, nowOf(tx))
    },
    async attempt(by, callBackId, { version, result, note, answers }) {
      await db.write('a call-back was tried', async (tx) => {
        const row = await openOne(tx, by, callBackId, version)
        const problems = problemsIn(questionsOf(row), answers, result)
        if (problems.length > 0)
          throw new CabinetError('intake_invalid', 'Not every question is answered as it is asked.', {
            context: { fields: problems },
          })
        await tried(tx, row, by, { result, note, answers })
        const input = inputOf(result, row)
        const dueAtMs = input === 'notReached' ? await nextAtMs(tx, row) : row.dueAtMs
        await advance(tx, row, input, by, { attempts: triesWith(row), dueAtMs })
        const values = { attempt: triesWith(row), segment: row.segment, note }
        const what = HISTORY[input]
        const ticket =
          input === 'reopened'
            ? await tickets.reopenFor(tx, row.ticketId, { what, by, values })
            : await history(tx, row.ticketId, { what, by, values })
        if (input === 'reopened') await keepResponsible(tx, ticket, by)
        await tell(tx, callBackId, ticket)
      })
    },
    async message(by, callBackId, { version, text }) {
      await db.write('a call-back by message', async (tx) => {
        const row = await openOne(tx, by, callBackId, version)
        if (row.channel !== 'message')
          throw new CabinetError('conflict', 'This call-back is made by telephone.')
        if (row.attempts >= row.attemptsMost)
          throw new CabinetError('conflict', 'It was tried as often as planned; write down what came of it.')
        await tried(tx, row, by, { result: 'message_sent', note: text, answers: [] })
        await sayOnTicket(tx, ids, row.ticketId, {
          requestId: `call-back/${callBackId}/${row.attempts + 1}`,
          sender: 'agent',
          author: by,
          text,
        })
        await advance(tx, row, 'notReached', by, {
          attempts: row.attempts + 1,
          dueAtMs: await nextAtMs(tx, row),
        })
        const ticket = await history(tx, row.ticketId, {
          what: 'callBackSent',
          by,
          values: { attempt: row.attempts + 1, segment: row.segment },
        })
        await tellAnswered(tx, deps.notices, ticket, `${callBackId}/${row.attempts + 1}`)
        await tell(tx, callBackId, ticket)
      })
    },
    async cancel(by, callBackId, { version, note }) {
      await db.write('cancel a call-back', async (tx) => {
        const row = await openOne(tx, by, callBackId, version)
        await advance(tx, row, 'cancelled', by)
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: 'callBack.cancelled',
          subject: `ticket:${row.ticketId}`,
          detail: { callBackId, note },
        })
        const values = { segment: row.segment, note }
        await tell(tx, callBackId, await history(tx, row.ticketId, { what: 'callBackCancelled', by, values }))
      })
    },
    async number(by, callBackId) {
      return db.write('read a telephone number', async (tx) => {
        const row = await callBackSeenBy(tx, by, callBackId)
        const ticket = await getTicket(tx, row.ticketId)
        if (ticket.phoneSealed === null || row.state !== 'planned')
          throw new CabinetError('not_found', 'There is no number to call.')
        await mustHaveKnownCaller(tx, ticket)
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: 'phone.viewed',
          subject: `ticket:${row.ticketId}`,
          detail: { callBackId },
        })
        return deps.seal.open(ticket.phoneSealed, `ticket/phone/${ticket.requestId}`)
      })
    },
  }
}

const HISTORY: Record<CallBackInput, string> = {
  reached: 'callBackReached',
  refused: 'callBackRefused',
  notReached: 'callBackTried',
  gaveUp: 'callBackGivenUp',
  reopened: 'callBackReopened',
  cancelled: 'callBackCancelled',
}

/** Whoever heard that it is not solved has it, when nobody was responsible. */
async function keepResponsible(tx: Tx, ticket: TicketRow, by: StaffIdentity): Promise<void> {
  if (ticket.assigneeId !== null) return
  await saveTicket(
    tx,
    ticket,
    { assigneeId: by.staffId, ownerId: ticket.ownerId ?? by.staffId },
    {
      what: 'claimed',
      by,
    },
  )
}

async function tell(tx: Tx, callBackId: string, ticket: TicketRow): Promise<void> {
  await recordChange(tx, {
    kind: 'callBack',
    subjectId: callBackId,
    ...(ticket.cabinetId === null ? {} : { cabinetId: ticket.cabinetId }),
  })
}
async function zoneOf(tx: Tx, ticket: TicketRow): Promise<string> {
  const own = ticket.cabinetId === null ? undefined : await zoneOfCabinet(tx, ticket.cabinetId)
  return own ?? homeZone(tx)
}
