import type { EventData } from '#protocol/messages/index.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { EventContext, EventHandlers } from '#core/ingest/handlers.ts'
import { type Database, directSql, nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { decideUnlockRefusal } from './decide.ts'
import { sessionMachine } from './machine.ts'
import type { Opening, SessionMoney } from './opening.ts'
import { advanceSession, findSession, sessionIn, type SessionRow } from './store.ts'
import type { SessionWitness } from './witness.ts'

/** What happens to a session after the unlock was asked for; the money follows through these. */
export interface SessionReactions {
  /** In the transaction of the event, after the session has it. */
  reconciled(tx: Tx, session: SessionRow, receipt: EventData<'session.reconciled'>): Promise<void>
  abandoned(tx: Tx, session: SessionRow, reason: string): Promise<void>
  /** A receipt for a session that we had ended: goods may have left without an order. */
  unexpected(tx: Tx, session: SessionRow, receipt: EventData<'session.reconciled'>): Promise<void>
}

/** The cabinet was given another memory, or an older one, while somebody was at its door. */
const MEMORY_LOST = 'memory_lost'
const FAILED_STATUSES = new Set(['rejected', 'failed', 'expired'])

export function createSessionCourse(
  deps: CoreDeps & {
    due: DueWork
    presence: PresenceBook
    witness: Pick<SessionWitness, 'isGone' | 'isMemoryNew'>
    opening: Pick<Opening, 'deny'>
    money: Pick<SessionMoney, 'giveUp'>
    reactions: SessionReactions
  },
): { handlers: EventHandlers; resume(): Promise<void> } {
  const { ids, log, policy, due, presence, witness, opening, money, reactions } = deps
  const db: Database = deps.db

  due.on('session.unlocking', (work) => lookAtUnlocking(work))
  due.on('session.overdue', (work) => lookAtSilence(work))

  async function endTimers(tx: Tx, sessionId: string): Promise<void> {
    await due.cancel(tx, 'session.unlocking', sessionId)
    await due.cancel(tx, 'session.overdue', sessionId)
  }

  async function giveUp(tx: Tx, sessionId: string): Promise<void> {
    const ended = await advanceSession(tx, sessionId, 'notOpened')
    if (ended === undefined) return
    await endTimers(tx, sessionId)
    await money.giveUp(tx, sessionId)
  }

  async function abandon(tx: Tx, sessionId: string, reason: string): Promise<void> {
    const session = await advanceSession(tx, sessionId, 'abandoned')
    if (session === undefined) return
    await endTimers(tx, sessionId)
    await reactions.abandoned(tx, session, reason)
  }

  /** A sale only: restock and service sessions have no consumer and no order. */
  async function reconcile(
    tx: Tx,
    context: EventContext,
    receipt: EventData<'session.reconciled'>,
  ): Promise<void> {
    const session = await findSession(tx, receipt.sessionId)
    if (session === undefined || session.cabinetId !== context.cabinetId) {
      if (receipt.kind === 'sale')
        await raiseIncident(tx, ids, {
          kind: 'session_unknown',
          subject: receipt.sessionId,
          message: `The cabinet ${context.cabinetId} reports the end of a session that it was not asked for.`,
        })
      return
    }
    const startedAtMs = context.occurredAtMs - receipt.startedAgoMs
    const facts = {
      startedAtMs,
      openedAtMs: session.openedAtMs ?? startedAtMs + receipt.openedMs,
      closedAtMs: startedAtMs + receipt.closedMs,
      reconciledAtMs: nowOf(tx),
      reconciled: JSON.stringify(receipt),
    }
    const moved = await advanceSession(tx, session.sessionId, 'reconciled', facts)
    if (moved !== undefined) {
      await endTimers(tx, session.sessionId)
      await reactions.reconciled(tx, moved, receipt)
      return
    }
    if (session.reconciled !== null) return
    await tx.updateTable('session').set(facts).where('sessionId', '=', session.sessionId).execute()
    await reactions.unexpected(tx, { ...session, ...facts }, receipt)
  }

  async function lookAtUnlocking(work: DueItem): Promise<void> {
    const session = await findSession(db.read, work.subjectId)
    if (session?.state === 'requested' || session?.state === 'authorised') {
      log.warn({ sessionId: session.sessionId }, 'an opening came to no end; it is denied')
      await db.write('deny what was never unlocked', (tx) =>
        opening.deny(tx, session.sessionId, 'command_expired'),
      )
      return
    }
    if (session?.state !== 'unlocking' || session.startedAtMs !== null) return
    const isHeard = presence.nowOf(session.cabinetId).presence === 'online'
    await db.write('look at an unlock', async (tx) => {
      // Its memory was lost together with the beginning: somebody may have been at the open door.
      const mayHaveBegun = wasBegun(tx, session.commandId) || witness.isMemoryNew(tx, session)
      if (isHeard && mayHaveBegun && witness.isGone(tx, session))
        await abandon(tx, session.sessionId, MEMORY_LOST)
      // Heard now and silent about this session for longer than its timers: the unlock never reached the lock.
      else if (isHeard && !mayHaveBegun) await giveUp(tx, session.sessionId)
      else
        await due.schedule(tx, {
          kind: work.kind,
          subjectId: session.sessionId,
          dueAtMs: nowOf(tx) + policy.notOpenedMs,
        })
    })
  }

  /** The cabinet has said that it is carrying the command out, or that it has: of the two words one may be lost. */
  function wasBegun(tx: Tx, commandId: string): boolean {
    return (
      directSql(tx).get(
        "SELECT 1 FROM commandStep WHERE commandId = ? AND state IN ('executing', 'succeeded')",
        commandId,
      ) !== undefined
    )
  }

  async function lookAtSilence(work: DueItem): Promise<void> {
    const session = await findSession(db.read, work.subjectId)
    if (session === undefined || sessionMachine.next(session.state, 'abandoned') === undefined) return
    const isHeard = presence.nowOf(session.cabinetId).presence === 'online'
    await db.write('look at a silent session', async (tx) => {
      if (isHeard && witness.isGone(tx, session)) {
        log.warn({ sessionId: session.sessionId }, 'the cabinet knows nothing of this session any more')
        await abandon(tx, session.sessionId, MEMORY_LOST)
        return
      }
      if (!isHeard) await advanceSession(tx, session.sessionId, 'wentSilent')
      // Until it ends: a cabinet that comes back with an empty memory must not leave its last visit standing.
      await due.schedule(tx, {
        kind: work.kind,
        subjectId: session.sessionId,
        dueAtMs: nowOf(tx) + policy.sessionOverdueMs,
      })
    })
  }

  const handlers: EventHandlers = {
    'session.started': async (tx, context, { sessionId }) => {
      const session = sessionIn(tx, sessionId)
      if (session === undefined) return
      if (session.startedAtMs === null)
        await tx
          .updateTable('session')
          .set({ startedAtMs: context.occurredAtMs })
          .where('sessionId', '=', sessionId)
          .execute()
      // One that was mended after its session ended tells of nothing that goes on now.
      if (sessionMachine.isTerminal(session.state) && !context.isLate)
        await raiseIncident(tx, ids, {
          kind: 'late_unlock',
          subject: sessionId,
          message: `The cabinet ${context.cabinetId} began a session that had been ended as ${session.state}; it locks by itself when nobody opens.`,
        })
    },
    'door.opened': async (tx, context, { sessionId }) => {
      if (sessionId === undefined) return
      const session = sessionIn(tx, sessionId)
      await advanceSession(tx, sessionId, 'opened', {
        openedAtMs: session?.openedAtMs ?? context.occurredAtMs,
      })
    },
    'door.closed': async (tx, context, { sessionId }) => {
      if (sessionId !== undefined)
        await advanceSession(tx, sessionId, 'closed', { closedAtMs: context.occurredAtMs })
    },
    'session.not-opened': async (tx, _context, { sessionId }) => giveUp(tx, sessionId),
    'session.reconciled': (tx, context, receipt) => reconcile(tx, context, receipt),
    'session.abandoned': (tx, _context, { sessionId, reason }) => abandon(tx, sessionId, reason),
    'command.finished': async (tx, _context, { commandId, name, status, reason }) => {
      if (name !== 'door.unlock' || !FAILED_STATUSES.has(status)) return
      const session = await tx
        .selectFrom('session')
        .select('sessionId')
        .where('commandId', '=', commandId)
        .executeTakeFirst()
      if (session !== undefined)
        await opening.deny(tx, session.sessionId, decideUnlockRefusal(status, reason))
    },
  }

  return {
    handlers,
    /**
     * After a start: what was asked for but never sent cannot have moved a lock, so it is denied. The phone that asks again
     * hears why, as everybody does whose door was not reached in time.
     */
    async resume() {
      const waiting = await db.read
        .selectFrom('session')
        .select('sessionId')
        .where('state', 'in', ['requested', 'authorised'])
        .execute()
      if (waiting.length === 0) return
      log.warn(
        { sessions: waiting.length },
        'sessions were being opened when the core ended; they are denied',
      )
      await db.write('deny what was never unlocked', async (tx) => {
        for (const { sessionId } of waiting) await opening.deny(tx, sessionId, 'command_expired')
      })
    },
  }
}
