import { type Kysely, type Selectable, sql } from 'kysely'
import type { ImprovementSubject } from '#protocol/api/improvements.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'

export type ItemRow = Selectable<Tables['improvementItem']>
export interface Person {
  readonly staffId: string
  readonly displayName: string
}
export interface ItemHappening {
  readonly what: string
  readonly by?: Person
  readonly values?: Readonly<Record<string, string | number>>
}
export const ENDED_STATES = ['closed', 'dropped'] as const

/** @throws not_found */
export async function getItem(db: Kysely<Tables>, itemId: string): Promise<ItemRow> {
  const row = await db
    .selectFrom('improvementItem')
    .selectAll()
    .where('itemId', '=', itemId)
    .executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such improvement item.')
  return row
}

export async function findOpenItem(
  db: Kysely<Tables>,
  rootCause: string,
  subject: ImprovementSubject,
): Promise<ItemRow | undefined> {
  return db
    .selectFrom('improvementItem')
    .selectAll()
    .where('rootCause', '=', rootCause)
    .where('subjectKind', '=', subject.kind)
    .where('subjectId', '=', subject.id)
    .where('state', 'not in', [...ENDED_STATES])
    .executeTakeFirst()
}

/** When the last item about this ended: what was counted on it does not open the next. */
export async function lastEndOf(
  db: Kysely<Tables>,
  rootCause: string,
  subject: ImprovementSubject,
): Promise<number> {
  const row = await db
    .selectFrom('improvementItem')
    .select((eb) => eb.fn.max('endedAtMs').as('atMs'))
    .where('rootCause', '=', rootCause)
    .where('subjectKind', '=', subject.kind)
    .where('subjectId', '=', subject.id)
    .executeTakeFirst()
  return row?.atMs ?? 0
}

/** Cases of a cause on a subject, after `fromMs` and until `toMs`. */
export function casesOf(
  db: Kysely<Tables>,
  rootCause: string,
  subject: ImprovementSubject | null,
  fromMs: number,
  toMs: number,
) {
  let rows = db
    .selectFrom('causeCase')
    .select(['kind', 'caseId', sql<number>`max("atMs")`.as('atMs')])
    .where('rootCause', '=', rootCause)
    .where('atMs', '>', fromMs)
    .where('atMs', '<=', toMs)
    .groupBy(['kind', 'caseId'])
  if (subject !== null)
    rows = rows.where('subjectKind', '=', subject.kind).where('subjectId', '=', subject.id)
  return rows.orderBy('atMs').execute()
}

export async function insertItem(tx: Tx, row: ItemRow, happening: ItemHappening): Promise<void> {
  await tx.insertInto('improvementItem').values(row).execute()
  await writeEvent(tx, row, happening)
}

/** Every write makes a version, a line of the history, and a change that pages hear of. */
export async function saveItem(
  tx: Tx,
  row: ItemRow,
  change: Partial<ItemRow>,
  happening: ItemHappening,
): Promise<ItemRow> {
  const next = { ...row, ...change, version: row.version + 1 }
  await tx
    .updateTable('improvementItem')
    .set({ ...change, version: next.version })
    .where('itemId', '=', row.itemId)
    .execute()
  await writeEvent(tx, next, happening)
  return next
}
async function writeEvent(tx: Tx, row: ItemRow, { what, by, values = {} }: ItemHappening): Promise<void> {
  await tx
    .insertInto('improvementEvent')
    .values({
      itemId: row.itemId,
      version: row.version,
      atMs: nowOf(tx),
      actor: by === undefined ? 'system' : `staff:${by.staffId}`,
      actorName: by?.displayName ?? '',
      what,
      eventValues: JSON.stringify(values),
    })
    .execute()
  await recordChange(tx, {
    kind: 'improvement',
    subjectId: row.itemId,
    ...(row.subjectKind === 'cabinet' && row.subjectId !== null ? { cabinetId: row.subjectId } : {}),
    data: { state: row.state },
  })
}

/** @returns whether the item did not have it yet */
export async function addCase(
  tx: Tx,
  itemId: string,
  one: { kind: 'ticket' | 'anomaly'; caseId: string; atMs: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('improvementCase')
    .values({ itemId, kind: one.kind, caseId: one.caseId, atMs: one.atMs })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
