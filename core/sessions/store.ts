import type { Kysely, Selectable } from 'kysely'
import { recordChange } from '#core/live/changes.ts'
import { directSql, type Tx } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { LIVE_SESSION_STATES, type SessionInput, sessionMachine } from './machine.ts'
import { changeRow } from '#core/platform/rows.ts'

export type SessionRow = Selectable<Tables['session']>
type Reader = Kysely<Tables>

const byId = preparedFor((db, sessionId: string) =>
  db.selectFrom('session').selectAll().where('sessionId', '=', sessionId),
)
const liveByDoor = preparedFor((db, cabinetId: string, door: number) =>
  db
    .selectFrom('session')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .where('door', '=', door)
    .where('state', 'in', [...LIVE_SESSION_STATES]),
)
const liveByConsumer = preparedFor((db, consumerId: string) =>
  db
    .selectFrom('session')
    .selectAll()
    .where('consumerId', '=', consumerId)
    .where('state', 'in', ['requested', 'authorised', 'unlocking', 'opened', 'closed']),
)

export async function findSession(db: Reader, sessionId: string): Promise<SessionRow | undefined> {
  const [row] = await byId(db, sessionId)
  return row
}
/** As `findSession`, in a unit and without composing a query: events of every cabinet ask. */
export function sessionIn(tx: Tx, sessionId: string): SessionRow | undefined {
  return directSql(tx).get<SessionRow>('SELECT * FROM session WHERE sessionId = ?', sessionId)
}
/** @param door  from 0 */
export async function liveSessionAt(
  db: Reader,
  cabinetId: string,
  door: number,
): Promise<SessionRow | undefined> {
  const [row] = await liveByDoor(db, cabinetId, door)
  return row
}

/** A visit of this consumer anywhere. One that a silent cabinet holds does not keep them from others. */
export async function liveSessionOf(db: Reader, consumerId: string): Promise<SessionRow | undefined> {
  const [row] = await liveByConsumer(db, consumerId)
  return row
}

/** @returns the row after it, or undefined when nothing happens in the present state */
export async function advanceSession(
  tx: Tx,
  sessionId: string,
  input: SessionInput,
  change: Partial<Omit<SessionRow, 'sessionId' | 'state'>> = {},
): Promise<SessionRow | undefined> {
  const session = sessionIn(tx, sessionId)
  if (session === undefined) return undefined
  const state = sessionMachine.next(session.state, input)
  if (state === undefined) return undefined
  changeRow(tx, 'session', { sessionId }, { ...change, state })
  await recordChange(tx, {
    kind: 'session',
    subjectId: sessionId,
    cabinetId: session.cabinetId,
    data: { state },
  })
  return { ...session, ...change, state }
}
