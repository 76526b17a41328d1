import { type Database, directSql, nowOf, type Tx } from '#core/platform/database.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { SessionWitness } from '#core/sessions/witness.ts'
import { advanceVisit, FORGOTTEN_MS, UNHEARD_MS, visitIn, type VisitRow } from './store.ts'

export const UNHEARD = 'visit.unheard'
/** The cabinet will not open for it any more. */
const OVER = new Set(['failed', 'rejected', 'expired'])

function commandStateOf(tx: Tx, { commandId }: Pick<VisitRow, 'commandId'>): string | undefined {
  return directSql(tx).get<{ state: string }>('SELECT state FROM command WHERE commandId = ?', commandId)
    ?.state
}

/** Written down a moment ago, and the cabinet was never asked to open. */
export function isUnasked(tx: Tx, visit: VisitRow): boolean {
  return (
    visit.state === 'opening' &&
    nowOf(tx) - visit.startedAtMs <= UNHEARD_MS &&
    commandStateOf(tx, visit) === undefined
  )
}

/** The cabinet has said that it is carrying the command out. */
function wasBegun(tx: Tx, { commandId }: Pick<VisitRow, 'commandId'>): boolean {
  return (
    directSql(tx).get("SELECT 1 FROM commandStep WHERE commandId = ? AND state = 'executing'", commandId) !==
    undefined
  )
}

/**
 * A visit of which nothing more will be heard ends by itself, so that nobody is shown as standing at a door for ever: one
 * for which the cabinet was never asked or which it refused, one of which a cabinet that is there has said nothing for
 * longer than its timers, and one whose end was lost with the cabinet's memory. A cabinet that may have opened and cannot
 * be reached is waited for.
 */
export function endUnheardVisits(deps: {
  db: Database
  due: DueWork
  witness: Pick<SessionWitness, 'isGone'>
  presence: Pick<PresenceBook, 'nowOf'>
}): void {
  const { db, due, witness, presence } = deps
  due.on(UNHEARD, ({ subjectId: visitId }) =>
    db.write('a visit of which nothing is heard', async (tx) => {
      const visit = visitIn(tx, visitId)
      if (visit === undefined || (visit.state !== 'opening' && visit.state !== 'open')) return
      const isForgotten = nowOf(tx) - visit.startedAtMs >= FORGOTTEN_MS
      const state = commandStateOf(tx, visit)
      const isGone = isForgotten || witness.isGone(tx, { ...visit, sessionId: visitId })
      const isSilent = presence.nowOf(visit.cabinetId).presence === 'online' && !wasBegun(tx, visit)
      const isNeverOpened = isGone || isSilent || state === undefined || OVER.has(state)
      if (visit.state === 'opening' && isNeverOpened)
        await advanceVisit(tx, visitId, 'notOpened', { endReason: 'not_opened' })
      else if (visit.state === 'open' && isGone) await advanceVisit(tx, visitId, 'abandoned')
      else
        await due.schedule(tx, {
          kind: UNHEARD,
          subjectId: visitId,
          dueAtMs: Math.min(nowOf(tx) + UNHEARD_MS, visit.startedAtMs + FORGOTTEN_MS),
        })
    }),
  )
}
