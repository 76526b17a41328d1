import type { Database, Tx } from '#core/platform/database.ts'
import { dayOf, startOfDay } from './day.ts'
import { closingEntry } from './entries.ts'
import { balancesOf, closingSubject, isClosed, post } from './journal.ts'

const HOUR_MS = 3_600_000
/** A day is closed at noon of the next one: two hours after its bill can be had, so that its fees are in it. */
const CLOSED_AFTER_MS = 36 * HOUR_MS

/** What a day brought and cost goes to its operator; afterwards it never changes. @returns false when it was closed before or holds nothing */
export async function closeDay(tx: Tx, day: string, operator: string): Promise<boolean> {
  if (await isClosed(tx, day, operator)) return false
  const shape = closingEntry(await balancesOf(tx, { day, operator }))
  return post(tx, shape, {
    subjectId: closingSubject(day, operator),
    orderId: null,
    cabinetId: null,
    operator,
    occurredAtMs: startOfDay(day) ?? 0,
  })
}

/** Every day whose time has come. @returns how many were closed */
export async function closeDueDays(db: Database, nowMs: number): Promise<number> {
  const open = await db.read
    .selectFrom('ledgerEntry as e')
    .select(['e.day', 'e.operator'])
    .distinct()
    .where('e.day', '<', dayOf(nowMs))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('ledgerEntry as c')
            .select('c.seq')
            .where('c.kind', '=', 'day_closed')
            .whereRef('c.day', '=', 'e.day')
            .whereRef('c.operator', '=', 'e.operator'),
        ),
      ),
    )
    .orderBy('e.day')
    .execute()
  let closed = 0
  for (const { day, operator } of open) {
    if (nowMs < (startOfDay(day) ?? 0) + CLOSED_AFTER_MS) continue
    if (await db.write('close a day', (tx) => closeDay(tx, day, operator))) closed++
  }
  return closed
}
