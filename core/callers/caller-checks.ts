import { timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { CallerAnswer, CallerAsk, CallerFact } from '#protocol/api/callers.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Notices } from '#core/notices/notices.ts'
import { getOrder } from '#core/orders/store.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Seal } from '#core/privacy/seal.ts'
import type { Happening, TicketRow } from '#core/support/ticket-store.ts'
import { chooseFacts } from './choose-facts.ts'
import { factsOf } from './facts.ts'
import { type CallerCheckInput, callerCheckMachine } from './machine.ts'
import { type CallerCheckRow, callerTriesLeft, checksOfDay } from './tries.ts'

/** A button that is pressed twice sends one code. */
const CODE_PAUSE_MS = 15_000
const CODE_DIGITS = 6
const MINUTE_MS = 60_000
const KIND = 'callerCheck.end'

/** Whether who speaks on a ticket is the consumer it is about. */
export interface CallerChecks {
  /** @throws CabinetError `caller_check_unavailable`, `caller_checks_spent`, `conflict` */
  ask(tx: Tx, staff: StaffIdentity, ticketId: string, wish: CallerAsk): Promise<void>
  /**
   * A wrong answer is a result that is kept, not an error.
   * @throws CabinetError `caller_check_over` when it is not being asked any more
   */
  answer(tx: Tx, staff: StaffIdentity, ticketId: string, answer: CallerAnswer): Promise<void>
  /** @throws CabinetError `caller_check_unavailable` for a ticket that is about nobody */
  vouch(tx: Tx, staff: StaffIdentity, ticketId: string, reason: string): Promise<void>
  /** What was found out ends with the ticket. */
  ticketClosed(tx: Tx, ticket: Pick<TicketRow, 'ticketId'>): Promise<void>
}

export function createCallerChecks(
  deps: CoreDeps & {
    due: DueWork
    notices: Pick<Notices, 'tell' | 'clear'>
    seal: Pick<Seal, 'blindIndex'>
    ticketOf: (db: Kysely<Tables>, ticketId: string) => Promise<TicketRow>
    /** A line of the ticket's history, with what changes on it. */
    note: (tx: Tx, ticket: TicketRow, change: Partial<TicketRow>, happening: Happening) => Promise<TicketRow>
  },
): CallerChecks {
  const { db, ids, policy, random, due, notices, seal, ticketOf, note } = deps
  due.on(KIND, (work) => db.write('end what was known of a caller', (tx) => endInTime(tx, work.subjectId)))

  async function endInTime(tx: Tx, checkId: string): Promise<void> {
    const row = await tx
      .selectFrom('callerCheck')
      .selectAll()
      .where('checkId', '=', checkId)
      .executeTakeFirst()
    if (row?.state === 'asked' && row.expiresAtMs <= nowOf(tx)) await settle(tx, row, 'lapsed', {})
    if (row?.state === 'passed' && (row.validUntilMs ?? 0) <= nowOf(tx)) {
      await settle(tx, row, 'ended', {})
      await note(tx, await ticketOf(tx, row.ticketId), {}, { what: 'callerEnded' })
    }
  }

  /** @returns the row as it is then; a code leaves neither its hash nor the text that carried it */
  async function settle(
    tx: Tx,
    row: CallerCheckRow,
    input: CallerCheckInput,
    change: Partial<CallerCheckRow>,
  ): Promise<void> {
    const state = callerCheckMachine.next(row.state, input)
    if (state === undefined) throw new CabinetError('caller_check_over')
    const decided = row.state === 'asked' ? { decidedAtMs: nowOf(tx), codeHash: null } : {}
    await tx
      .updateTable('callerCheck')
      .set({ ...decided, ...change, state })
      .where('checkId', '=', row.checkId)
      .execute()
    if (row.state === 'asked' && row.noticeId !== null) await notices.clear(tx, row.noticeId)
  }

  async function audit(
    tx: Tx,
    staff: StaffIdentity,
    action: string,
    row: Pick<CallerCheckRow, 'ticketId' | 'checkId' | 'way'>,
    detail: object = {},
  ): Promise<void> {
    await appendAudit(tx, {
      actor: `staff:${staff.staffId}`,
      action,
      subject: `ticket:${row.ticketId}`,
      detail: { checkId: row.checkId, way: row.way, ...detail },
    })
  }

  async function insert(
    tx: Tx,
    staff: StaffIdentity,
    given: Pick<CallerCheckRow, 'checkId' | 'ticketId' | 'consumerId' | 'way' | 'expiresAtMs'> &
      Partial<CallerCheckRow>,
  ): Promise<CallerCheckRow> {
    const row: CallerCheckRow = {
      state: callerCheckMachine.initial,
      facts: '[]',
      known: '[]',
      codeHash: null,
      noticeId: null,
      tries: 0,
      askedAtMs: nowOf(tx),
      askedBy: staff.staffId,
      decidedAtMs: null,
      decidedBy: null,
      validUntilMs: null,
      reason: null,
      ...given,
    }
    await tx.insertInto('callerCheck').values(row).execute()
    await due.schedule(tx, {
      kind: KIND,
      subjectId: row.checkId,
      dueAtMs: row.validUntilMs ?? row.expiresAtMs,
    })
    return row
  }

  /** The caller names an order on a ticket that had none; from then on it is about that person. */
  async function withOrder(
    tx: Tx,
    staff: StaffIdentity,
    ticket: TicketRow,
    orderId: string | undefined,
  ): Promise<TicketRow> {
    if (orderId === undefined || ticket.orderId === orderId) return ticket
    const order = await getOrder(tx, orderId)
    if (ticket.orderId !== null || (ticket.consumerId !== null && ticket.consumerId !== order.consumerId))
      throw new CabinetError(
        'conflict',
        'The ticket is about another order; open one of its own for this one.',
      )
    return note(
      tx,
      ticket,
      {
        orderId,
        consumerId: order.consumerId,
        sessionId: order.sessionId,
        cabinetId: ticket.cabinetId ?? order.cabinetId,
        amountFen: order.totalFen,
      },
      { what: 'orderNamed', by: staff, values: { orderId } },
    )
  }

  /** @returns undefined when a second press means what is being asked already */
  async function makeRoom(
    tx: Tx,
    ticket: TicketRow,
    way: CallerAsk['way'],
  ): Promise<{ isAskedAlready: boolean }> {
    const open = await tx
      .selectFrom('callerCheck')
      .selectAll()
      .where('ticketId', '=', ticket.ticketId)
      .where('state', '=', 'asked')
      .executeTakeFirst()
    if (open === undefined) return { isAskedAlready: false }
    const isLive = open.expiresAtMs > nowOf(tx)
    const isRepeat = open.way === 'facts' || open.askedAtMs > nowOf(tx) - CODE_PAUSE_MS
    if (isLive && open.way === way && isRepeat) return { isAskedAlready: true }
    await settle(tx, open, isLive ? 'withdrawn' : 'lapsed', {})
    return { isAskedAlready: false }
  }

  async function askFacts(
    tx: Tx,
    staff: StaffIdentity,
    ticket: TicketRow & { consumerId: string },
  ): Promise<CallerCheckRow> {
    const { orderId } = ticket
    const before = await checksOfDay(tx, ticket.consumerId, nowOf(tx))
    if (callerTriesLeft(before, policy).facts === 0) throw spent('questions')
    if (orderId === null) throw new CabinetError('caller_check_unavailable', 'The ticket has no order.')
    const { facts, told } = await factsOf(tx, { ...ticket, orderId }, nowOf(tx))
    const asked = new Set(before.flatMap((one) => JSON.parse(one.facts) as CallerFact[]))
    const chosen = chooseFacts(facts, { told, asked }, random)
    if (chosen === undefined)
      throw new CabinetError('caller_check_unavailable', 'Too little is known of this order to ask about it.')
    return insert(tx, staff, {
      checkId: ids.next('callerCheck'),
      ticketId: ticket.ticketId,
      consumerId: ticket.consumerId,
      way: 'facts',
      facts: JSON.stringify(chosen.map(({ fact }) => fact)),
      expiresAtMs: nowOf(tx) + policy.callerQuestionsMs,
    })
  }

  async function sendCode(
    tx: Tx,
    staff: StaffIdentity,
    ticket: TicketRow & { consumerId: string },
  ): Promise<CallerCheckRow> {
    const { consumerId, ticketId } = ticket
    const before = await checksOfDay(tx, consumerId, nowOf(tx))
    if (callerTriesLeft(before, policy).codes === 0) throw spent('codes')
    const checkId = ids.next('callerCheck')
    const code = newCode()
    const noticeId = await notices.tell(tx, {
      consumerId,
      template: 'caller_code',
      // One code, one notice: another code is another message.
      subjectId: checkId,
      values: { code, minutes: Math.ceil(policy.callerCodeMs / MINUTE_MS) },
    })
    return insert(tx, staff, {
      checkId,
      ticketId,
      consumerId,
      way: 'code',
      codeHash: hashOf(checkId, code),
      noticeId,
      expiresAtMs: nowOf(tx) + policy.callerCodeMs,
    })
  }
  /** Of 2³² numbers a million codes are as good as equally likely. */
  function newCode(): string {
    const number = Buffer.from(random.bytes(4)).readUInt32BE() % 10 ** CODE_DIGITS
    return String(number).padStart(CODE_DIGITS, '0')
  }
  const hashOf = (checkId: string, code: string) => seal.blindIndex(`caller-code/${checkId}/${code}`)
  const spent = (what: string) =>
    new CabinetError('caller_checks_spent', `As many ${what} were used for this person today as may be.`)

  async function pass(
    tx: Tx,
    staff: StaffIdentity,
    row: CallerCheckRow,
    change: Partial<CallerCheckRow>,
  ): Promise<void> {
    const untilMs = nowOf(tx) + policy.callerKnownMs
    await endKnown(tx, row.ticketId)
    await settle(tx, row, 'passed', { ...change, decidedBy: staff.staffId, validUntilMs: untilMs })
    await due.schedule(tx, { kind: KIND, subjectId: row.checkId, dueAtMs: untilMs })
    await audit(tx, staff, 'caller.known', row, { untilMs })
    const values = { way: row.way, untilMs }
    await note(tx, await ticketOf(tx, row.ticketId), {}, { what: 'callerKnown', by: staff, values })
  }
  /** @returns whether anything was known */
  async function endKnown(tx: Tx, ticketId: string): Promise<boolean> {
    const known = await tx
      .selectFrom('callerCheck')
      .selectAll()
      .where('ticketId', '=', ticketId)
      .where('state', '=', 'passed')
      .executeTakeFirst()
    if (known === undefined) return false
    await settle(tx, known, 'ended', { validUntilMs: Math.min(known.validUntilMs ?? 0, nowOf(tx)) })
    await due.cancel(tx, KIND, known.checkId)
    return true
  }
  async function fail(
    tx: Tx,
    staff: StaffIdentity,
    row: CallerCheckRow,
    change: Partial<CallerCheckRow>,
  ): Promise<void> {
    await settle(tx, row, 'failed', { ...change, decidedBy: staff.staffId })
    await note(
      tx,
      await ticketOf(tx, row.ticketId),
      {},
      { what: 'callerFailed', by: staff, values: { way: row.way } },
    )
  }

  return {
    async ask(tx, staff, ticketId, wish) {
      const before = await ticketOf(tx, ticketId)
      if (before.state === 'closed' || before.state === 'merged')
        throw new CabinetError('conflict', 'The ticket is closed; nobody speaks on it any more.')
      const { consumerId, ...ticket } = await withOrder(tx, staff, before, wish.orderId)
      if (consumerId === null)
        throw new CabinetError('caller_check_unavailable', 'The ticket is about nobody whom we know.')
      const about = { ...ticket, consumerId }
      if ((await makeRoom(tx, about, wish.way)).isAskedAlready) return
      const row = await (wish.way === 'facts' ? askFacts : sendCode)(tx, staff, about)
      await audit(tx, staff, 'caller.asked', row, { facts: JSON.parse(row.facts) as CallerFact[] })
      await note(
        tx,
        await ticketOf(tx, ticketId),
        {},
        { what: 'callerAsked', by: staff, values: { way: row.way } },
      )
    },

    async answer(tx, staff, ticketId, answer) {
      const row = await tx
        .selectFrom('callerCheck')
        .selectAll()
        .where('checkId', '=', answer.checkId)
        .where('ticketId', '=', ticketId)
        .executeTakeFirst()
      if (row === undefined) throw new CabinetError('not_found', 'There is no such question.')
      const isCode = 'code' in answer
      if (row.state !== 'asked' || isCode !== (row.way === 'code'))
        throw new CabinetError('caller_check_over')
      if (row.expiresAtMs <= nowOf(tx)) return settle(tx, row, 'lapsed', {})
      if (!isCode) {
        const known = JSON.stringify(answer.known)
        await audit(tx, staff, 'caller.answered', row, { facts: row.facts, known })
        return answer.known.every((one) => one)
          ? pass(tx, staff, row, { known })
          : fail(tx, staff, row, { known })
      }
      const tries = row.tries + 1
      const isRight = isSame(hashOf(row.checkId, answer.code), row.codeHash ?? '')
      await audit(tx, staff, 'caller.answered', row, { isRight, tries })
      if (isRight) return pass(tx, staff, row, { tries })
      if (tries >= policy.callerCodeTriesMost) return fail(tx, staff, row, { tries })
      await tx.updateTable('callerCheck').set({ tries }).where('checkId', '=', row.checkId).execute()
      const values = { way: row.way, tries }
      await note(tx, await ticketOf(tx, ticketId), {}, { what: 'callerFailed', by: staff, values })
    },

    async vouch(tx, staff, ticketId, reason) {
      const ticket = await ticketOf(tx, ticketId)
      const { consumerId } = ticket
      if (consumerId === null)
        throw new CabinetError('caller_check_unavailable', 'The ticket is about nobody whom we know.')
      const open = await tx
        .selectFrom('callerCheck')
        .selectAll()
        .where('ticketId', '=', ticketId)
        .where('state', '=', 'asked')
        .executeTakeFirst()
      if (open !== undefined) await settle(tx, open, 'withdrawn', {})
      await endKnown(tx, ticketId)
      const untilMs = nowOf(tx) + policy.callerKnownMs
      const row = await insert(tx, staff, {
        checkId: ids.next('callerCheck'),
        ticketId,
        consumerId,
        way: 'lead',
        state: 'passed',
        reason,
        expiresAtMs: untilMs,
        decidedAtMs: nowOf(tx),
        decidedBy: staff.staffId,
        validUntilMs: untilMs,
      })
      await audit(tx, staff, 'caller.vouched', row, { reason, untilMs })
      await note(tx, ticket, {}, { what: 'callerVouched', by: staff, values: { reason, untilMs } })
    },

    async ticketClosed(tx, { ticketId }) {
      const open = await tx
        .selectFrom('callerCheck')
        .selectAll()
        .where('ticketId', '=', ticketId)
        .where('state', '=', 'asked')
        .executeTakeFirst()
      if (open !== undefined) await settle(tx, open, 'withdrawn', {})
      await endKnown(tx, ticketId)
    },
  }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
