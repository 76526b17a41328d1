import type { VisitLine, VisitRequest } from '#protocol/api/restock.ts'
import { CabinetError, type ErrorCode, ERRORS } from '#protocol/base/errors.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { clearAlarm } from '#core/cabinets/alarms.ts'
import { operatorOf } from '#core/cabinets/registry.ts'
import type { CabinetCommands } from '#core/cabinets/commands.ts'
import { planogramOf, productsBySku, recordMovement, stockOf } from '#core/catalog/queries.ts'
import type { EventHandlers } from '#core/ingest/handlers.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { SessionWitness } from '#core/sessions/witness.ts'
import { bookBatches } from './batches.ts'
import { blockedGoodsOf, isOfBlocked } from './unsaleable.ts'
import { decideDifferences, decideEffects, findLineProblem } from './decide.ts'
import type { ExpiryWatch } from './expiry-watch.ts'
import { dateAt } from './local-date.ts'
import { visitMachine } from './machine.ts'
import { advanceVisit, FORGOTTEN_MS, findVisit, UNHEARD_MS, visitIn, type VisitRow } from './store.ts'
import { endUnheardVisits, isUnasked, UNHEARD } from './unheard.ts'

export interface Visits {
  /**
   * Unlocks a door for somebody of the staff. The same id again is the same visit.
   * @throws CabinetError with why the door stayed shut
   */
  begin(staff: StaffIdentity, cabinetId: string, request: VisitRequest): Promise<void>
  /** All lines, instead of those before. @throws visit_line_wrong naming the first that is */
  saveLines(staff: StaffIdentity, visitId: string, lines: readonly VisitLine[]): Promise<void>
  /** Books what the lines say. @throws visit_difference_unexplained when scales say otherwise and nobody says why */
  confirm(staff: StaffIdentity, visitId: string, note: string): Promise<void>
  /** Nothing was done that the books should know. */
  giveUp(staff: StaffIdentity, visitId: string, note: string): Promise<void>
}

const FAILED = new Set(['rejected', 'failed', 'expired'])

/** Fresh goods are those that a lockout protects. */
export function needsDate(foodClass: string): boolean {
  return foodClass !== 'ambient'
}

export function createVisits(
  deps: CoreDeps & {
    commands: CabinetCommands
    expiry: Pick<ExpiryWatch, 'review'>
    due: DueWork
    witness: Pick<SessionWitness, 'isGone'>
    presence: Pick<PresenceBook, 'nowOf'>
  },
): Visits {
  const { db, ids, log, commands, due } = deps
  endUnheardVisits(deps)

  async function begin(staff: StaffIdentity, cabinetId: string, request: VisitRequest): Promise<void> {
    const { visitId, kind, door = 0, reason } = request
    const planogram = await planogramOf(db.read, cabinetId)
    const newCommandId = ids.next('command')
    const commandId = await db.write('begin a visit of staff', async (tx) => {
      const same = visitIn(tx, visitId)
      if (same !== undefined) {
        if (same.cabinetId === cabinetId && same.staffId === staff.staffId && same.kind === kind)
          // A core that died between writing it down and asking the cabinet: the page asks again, and so do we.
          return isUnasked(tx, same) ? same.commandId : undefined
        throw new CabinetError('exists_with_different_contents')
      }
      const atMs = nowOf(tx)
      const other = await tx
        .selectFrom('staffVisit')
        .selectAll()
        .where('cabinetId', '=', cabinetId)
        .where('door', '=', door)
        .where('state', 'in', ['opening', 'open'])
        .executeTakeFirst()
      if (other?.state === 'opening' && atMs - other.startedAtMs > UNHEARD_MS)
        await advanceVisit(tx, other.visitId, 'notOpened', { endReason: 'not_opened' })
      else if (other?.state === 'open' && atMs - other.startedAtMs > FORGOTTEN_MS)
        await advanceVisit(tx, other.visitId, 'abandoned')
      else if (other !== undefined)
        throw new CabinetError('cabinet_busy', `${other.byName} is at this door.`, {
          context: { visitId: other.visitId },
        })
      await tx
        .insertInto('staffVisit')
        .values({
          visitId,
          cabinetId,
          door,
          kind,
          state: visitMachine.initial,
          endReason: null,
          staffId: staff.staffId,
          byName: staff.displayName,
          reason,
          commandId: newCommandId,
          planogramVersion: planogram?.version ?? 1,
          startedAtMs: atMs,
          openedAtMs: null,
          closedAtMs: null,
          confirmedAtMs: null,
          confirmedBy: null,
          lines: '[]',
          note: null,
          reconciled: null,
        })
        .execute()
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'visit.started',
        subject: `cabinet:${cabinetId}`,
        detail: { visitId, kind, door, reason },
      })
      await due.schedule(tx, { kind: UNHEARD, subjectId: visitId, dueAtMs: atMs + UNHEARD_MS })
      return newCommandId
    })
    if (commandId === undefined) return
    const stock = await stockOf(db.read, cabinetId)
    const answer = await commands.run({
      cabinetId,
      commandId,
      name: 'door.unlock',
      args: {
        sessionId: visitId,
        // To the cabinet a count is a filling by nothing: neither is sold, and both are weighed.
        kind: kind === 'service' ? 'service' : 'restock',
        door,
        planogramVersion: planogram?.version ?? 1,
        stock: stock.map((line) => ({ ...line, quantity: Math.max(0, line.quantity) })),
      },
      by: `staff:${staff.staffId}`,
      role: staff.role,
      cause: reason,
    })
    log.info({ visitId, cabinetId, kind, status: answer.status }, 'visit of staff')
    if (!FAILED.has(answer.status)) return
    const code = codeOf(answer.reason)
    await db.write('a visit that was refused', (tx) =>
      advanceVisit(tx, visitId, 'refused', { endReason: code }),
    )
    throw new CabinetError(code, answer.detail, { context: { visitId } })
  }

  async function mine(staff: StaffIdentity, visitId: string): Promise<VisitRow> {
    const visit = await findVisit(db.read, visitId)
    if (visit === undefined) throw new CabinetError('not_found')
    if (visitMachine.isTerminal(visit.state))
      throw new CabinetError('conflict', 'This visit is over; what was booked stays. Begin another one.')
    void staff
    return visit
  }

  async function saveLines(
    staff: StaffIdentity,
    visitId: string,
    lines: readonly VisitLine[],
  ): Promise<void> {
    const visit = await mine(staff, visitId)
    const planogram = await planogramOf(db.read, visit.cabinetId)
    const products = await productsBySku(db.read)
    const blocked = await blockedGoodsOf(db.read, (await operatorOf(db.read, visit.cabinetId)) ?? '')
    const today = dateAt(deps.clock.now(), await timeZoneOf(visit.cabinetId))
    for (const [index, line] of lines.entries()) {
      const product = products.get(line.sku)
      const problem =
        product === undefined
          ? `there is no product ${line.sku}`
          : findLineProblem(line, {
              isPlanned:
                planogram?.shelves
                  .find(({ id }) => id === line.shelf)
                  ?.products.some(({ sku }) => sku === line.sku) ?? false,
              needsDate: needsDate(product.foodClass),
              isBlocked: blocked.some((one) =>
                isOfBlocked(
                  { sku: line.sku, batch: line.batch ?? null, expiresOn: line.expiresOn ?? null },
                  one,
                ),
              ),
              today,
              kind: visit.kind,
            })
      if (problem !== undefined)
        throw new CabinetError('visit_line_wrong', `Line ${index + 1}, ${problem}.`, {
          context: { line: index + 1 },
        })
    }
    await db.write('lines of a visit', async (tx) => {
      await tx
        .updateTable('staffVisit')
        .set({ lines: JSON.stringify(lines) })
        .where('visitId', '=', visitId)
        .execute()
    })
  }

  async function confirm(staff: StaffIdentity, visitId: string, note: string): Promise<void> {
    const visit = await mine(staff, visitId)
    if (visit.state !== 'weighed')
      throw new CabinetError('door_open', 'Close the door first; the shelves are weighed when it is shut.')
    const lines = JSON.parse(visit.lines) as VisitLine[]
    const products = await productsBySku(db.read)
    const planogram = await planogramOf(db.read, visit.cabinetId)
    const differences = differencesOf(visit, lines, products, planogram?.shelves ?? [])
    const off = differences.filter(({ isOff }) => isOff)
    if (off.length > 0 && note.trim() === '')
      throw new CabinetError('visit_difference_unexplained', undefined, {
        context: { shelves: off.map(({ shelf }) => shelf).join(', ') },
      })
    const timeZone = await timeZoneOf(visit.cabinetId)
    await db.write('confirm a visit of staff', async (tx) => {
      const { cabinetId } = visit
      // The lines as they are now, and the stock as it is now: others may have bought meanwhile.
      const row = visitIn(tx, visitId)
      if (row?.lines !== visit.lines)
        throw new CabinetError('conflict', 'The lines changed meanwhile; look again.')
      const isDone = await advanceVisit(tx, visitId, 'confirm', {
        confirmedAtMs: nowOf(tx),
        confirmedBy: staff.displayName,
        note: note.trim() === '' ? null : note.trim(),
      })
      if (!isDone) throw new CabinetError('conflict')
      for (const { line, quantity, kind } of decideEffects(lines, await stockOf(tx, cabinetId)))
        await recordMovement(tx, {
          cabinetId,
          shelf: line.shelf,
          sku: line.sku,
          quantity,
          // A count that finds less than the books is a loss, and is looked at as one.
          kind: line.action === 'counted' && quantity < 0 ? 'shrinkage' : kind,
          sessionId: visitId,
          reason: line.reason ?? visit.kind,
        })
      // Somebody looked and counted: what moved without a visit is in the books now.
      if (visit.kind !== 'service')
        await clearAlarm(tx, cabinetId, 'stock_unattended', visit.door === 0 ? '' : `door-${visit.door}`)
      await bookBatches(tx, { cabinetId, visitId, timeZone }, lines)
      await deps.expiry.review(tx, cabinetId)
      await appendAudit(tx, {
        actor: `staff:${staff.staffId}`,
        action: 'visit.confirmed',
        subject: `cabinet:${cabinetId}`,
        detail: {
          visitId,
          lines: lines.length,
          off: off.map(({ shelf, differenceGrams }) => ({ shelf, differenceGrams })),
          note,
        },
      })
    })
  }

  async function timeZoneOf(cabinetId: string): Promise<string> {
    const row = await db.read
      .selectFrom('cabinet')
      .select('timeZone')
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirstOrThrow()
    return row.timeZone
  }

  return {
    begin,
    saveLines,
    confirm,
    async giveUp(staff, visitId, note) {
      const visit = await mine(staff, visitId)
      await db.write('give up a visit of staff', async (tx) => {
        if (!(await advanceVisit(tx, visitId, 'giveUp', { endReason: 'given_up', note })))
          throw new CabinetError('door_open', 'Close the door first.')
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'visit.given-up',
          subject: `cabinet:${visit.cabinetId}`,
          detail: { visitId, note },
        })
      })
    },
  }
}

function codeOf(reason: string | undefined): ErrorCode {
  return reason !== undefined && Object.hasOwn(ERRORS, reason) ? (reason as ErrorCode) : 'unlock_failed'
}

/** What each shelf gained by the scales, beside what the lines say. */
export function differencesOf(
  visit: VisitRow,
  lines: readonly VisitLine[],
  products: ReadonlyMap<string, { unitGrams: number; sigmaGrams: number }>,
  shelves: ReadonlyArray<{ id: string; products: ReadonlyArray<{ sku: string }> }>,
) {
  if (visit.reconciled === null) return []
  const { shelfDeltas } = JSON.parse(visit.reconciled) as SessionReconciled
  return decideDifferences(
    lines,
    shelfDeltas,
    (sku) => products.get(sku),
    (shelf) => shelves.find(({ id }) => id === shelf)?.products.map(({ sku }) => sku) ?? [],
  )
}

/** What a cabinet tells of a visit. There is no consumer and no order: nothing here leads to money. */
export function visitHandlers(): EventHandlers {
  return {
    'door.opened': async (tx, context, { sessionId }) => {
      if (sessionId !== undefined)
        await advanceVisit(tx, sessionId, 'opened', { openedAtMs: context.occurredAtMs })
    },
    'session.reconciled': async (tx, context, receipt) => {
      if (receipt.kind === 'sale' || visitIn(tx, receipt.sessionId)?.cabinetId !== context.cabinetId) return
      const startedAtMs = context.occurredAtMs - receipt.startedAgoMs
      await advanceVisit(tx, receipt.sessionId, 'reconciled', {
        openedAtMs: startedAtMs + receipt.openedMs,
        closedAtMs: startedAtMs + receipt.closedMs,
        reconciled: JSON.stringify(receipt),
      })
    },
    'session.not-opened': async (tx, _context, { sessionId }) => {
      await advanceVisit(tx, sessionId, 'notOpened', { endReason: 'not_opened' })
    },
    'session.abandoned': async (tx, context, { sessionId }) => {
      await advanceVisit(tx, sessionId, 'abandoned', { closedAtMs: context.occurredAtMs })
    },
    'command.finished': async (tx, _context, { commandId, name, status, reason }) => {
      if (name !== 'door.unlock' || !FAILED.has(status)) return
      const visit = await tx
        .selectFrom('staffVisit')
        .select('visitId')
        .where('commandId', '=', commandId)
        .executeTakeFirst()
      if (visit !== undefined) await advanceVisit(tx, visit.visitId, 'refused', { endReason: codeOf(reason) })
    },
  }
}
