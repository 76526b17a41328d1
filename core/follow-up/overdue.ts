import type { Selectable } from 'kysely'
import type { Logger } from 'pino'
import { recordChange } from '#core/live/changes.ts'
import { type Database, nowOf, type Tx } from '#core/platform/database.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { afterCounted, CALENDARS } from '#core/support/clocks/calendar.ts'
import { getTicket, saveTicket } from '#core/support/ticket-store.ts'

const KIND = 'callBack.overdue'
/** Counted while people may be called: nobody is late over night. */
export const OVERDUE_AFTER_MS = 4 * 3_600_000

export interface OverdueWatch {
  /** In the transaction that plans the next try. */
  expect(
    tx: Tx,
    callBack: Pick<Selectable<Tables['callBack']>, 'callBackId' | 'calendar'>,
    dueAtMs: number,
  ): Promise<void>
}

/** A call-back that nobody makes becomes a matter of the lead, and the ticket says so, once for each try that is missed. */
export function createOverdueWatch(deps: {
  db: Database
  due: DueWork
  log: Logger
  zoneOf: (tx: Tx, ticketId: string) => Promise<string>
}): OverdueWatch {
  const { db, due, log, zoneOf } = deps
  due.on(KIND, async ({ subjectId, payload }) => {
    await db.write('a call-back is overdue', async (tx) => {
      const row = await tx
        .selectFrom('callBack')
        .selectAll()
        .where('callBackId', '=', subjectId)
        .executeTakeFirst()
      // Whoever tried meanwhile has moved it; that try has a watch of its own.
      if (row === undefined || row.state !== 'planned' || row.dueAtMs !== payload['dueAtMs']) return
      await tx
        .updateTable('callBack')
        .set({ audience: 'lead', version: row.version + 1 })
        .where('callBackId', '=', subjectId)
        .execute()
      const ticket = await getTicket(tx, row.ticketId)
      await saveTicket(
        tx,
        ticket,
        {},
        { what: 'callBackOverdue', values: { segment: row.segment, dueAtMs: row.dueAtMs } },
      )
      await recordChange(tx, {
        kind: 'callBack',
        subjectId,
        ...(ticket.cabinetId === null ? {} : { cabinetId: ticket.cabinetId }),
      })
      log.warn({ callBackId: subjectId, ticketId: row.ticketId, atMs: nowOf(tx) }, 'call-back overdue')
    })
  })
  return {
    async expect(tx, { callBackId, calendar }, dueAtMs) {
      const row = await tx
        .selectFrom('callBack')
        .select('ticketId')
        .where('callBackId', '=', callBackId)
        .executeTakeFirstOrThrow()
      const hours = CALENDARS[calendar as keyof typeof CALENDARS]
      await due.schedule(tx, {
        kind: KIND,
        subjectId: callBackId,
        dueAtMs: afterCounted(hours, await zoneOf(tx, row.ticketId), dueAtMs, OVERDUE_AFTER_MS),
        payload: { dueAtMs },
      })
    },
  }
}
