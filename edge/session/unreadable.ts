import { assert } from '#protocol/base/decision.ts'
import { decideAbandoned, type SessionDecision } from './decide.ts'
import { sessionMachine } from './machine.ts'
import { startRecord } from './record.ts'

/** A session whose journal cannot be read: nothing is known of it but its name, and that is how it ends. */
export function decideUnreadable(sessionId: string, door: number): SessionDecision {
  const bare = startRecord(
    {
      sessionId,
      commandId: sessionId,
      kind: 'sale',
      door,
      planogramVersion: 1,
      policy: { notOpenedMs: 0, leftOpenWarningMs: 0, leftOpenAlarmMs: 0, reopenGraceMs: 0 },
    },
    false,
  )
  assert(
    sessionMachine.next(bare.phase, 'journalLost') !== undefined,
    'any session in progress can be abandoned',
  )
  return decideAbandoned(bare, 'journal_damaged')
}
