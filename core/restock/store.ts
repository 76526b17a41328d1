import type { Kysely, Selectable } from 'kysely'
import { recordChange } from '#core/live/changes.ts'
import { directSql, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type VisitInput, visitMachine } from './machine.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { changeRow } from '#core/platform/rows.ts'

const presentVisit = preparedFor(
  (db, cabinetId: string, door: number, openAfterMs: number, openingAfterMs: number) =>
    db
      .selectFrom('staffVisit')
      .select('visitId')
      .where('cabinetId', '=', cabinetId)
      .where('door', '=', door)
      .where((eb) =>
        eb.or([
          eb.and([eb('state', '=', 'open'), eb('startedAtMs', '>', openAfterMs)]),
          eb.and([eb('state', '=', 'opening'), eb('startedAtMs', '>', openingAfterMs)]),
        ]),
      )
      .limit(1),
)

export type VisitRow = Selectable<Tables['staffVisit']>

export async function findVisit(db: Kysely<Tables>, visitId: string): Promise<VisitRow | undefined> {
  return db.selectFrom('staffVisit').selectAll().where('visitId', '=', visitId).executeTakeFirst()
}

/** As `findVisit`, without composing a query: the end of every session asks. */
export function visitIn(tx: Tx, visitId: string): VisitRow | undefined {
  return directSql(tx).get<VisitRow>('SELECT * FROM staffVisit WHERE visitId = ?', visitId)
}

/** A visit of which nothing was heard for so long after the unlock never opened the door. */
export const UNHEARD_MS = 2 * 60_000
/** A door that has been open for so long is one of which the end was lost. */
export const FORGOTTEN_MS = 4 * 3_600_000

/** Somebody of the staff is at this door, or is being let in. */
export async function isStaffAt(
  db: Kysely<Tables>,
  cabinetId: string,
  door: number,
  nowMs: number,
): Promise<boolean> {
  const [row] = await presentVisit(db, cabinetId, door, nowMs - FORGOTTEN_MS, nowMs - UNHEARD_MS)
  return row !== undefined
}

/** @returns false when nothing happens in the present state */
export async function advanceVisit(
  tx: Tx,
  visitId: string,
  input: VisitInput,
  change: Partial<Omit<VisitRow, 'visitId' | 'state'>> = {},
): Promise<boolean> {
  const visit = visitIn(tx, visitId)
  const state = visit === undefined ? undefined : visitMachine.next(visit.state, input)
  if (visit === undefined || state === undefined) return false
  changeRow(tx, 'staffVisit', { visitId }, { ...change, state })
  await recordChange(tx, { kind: 'cabinet', subjectId: visit.cabinetId, cabinetId: visit.cabinetId })
  return true
}
