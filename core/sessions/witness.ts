import type { Hello } from '#protocol/messages/frames.ts'
import { directSql, type Tx } from '#core/platform/database.ts'

/**
 * Knows of a session whose cabinet does not know it any more: its memory was replaced, or put back to an earlier time.
 * The proof is what the cabinet says when it greets on a newer link than that of the unlock, for on that link nothing can
 * begin under the old command: it has no such session, and everything that it had written by then has been received. What
 * is neither running nor told will never be told.
 */
export interface SessionWitness {
  /** Of the link that the cabinet is on now. */
  onHello(cabinetId: string, hello: Hello): void
  /** The cabinet will say nothing more of it. */
  isGone(tx: Tx, session: { cabinetId: string; sessionId: string; commandId: string }): boolean
  /**
   * The cabinet began an empty memory after the command was given. Its silence then proves nothing: whatever it wrote of the
   * command is gone with the old one, also that the door was open.
   */
  isMemoryNew(tx: Tx, command: { cabinetId: string; commandId: string }): boolean
}

export function createSessionWitness(): SessionWitness {
  const greetings = new Map<string, Pick<Hello, 'linkId' | 'epoch' | 'lastSeq' | 'session' | 'hardware'>>()
  return {
    onHello(cabinetId, { linkId, epoch, lastSeq, session, hardware }) {
      greetings.set(cabinetId, {
        linkId,
        epoch,
        lastSeq,
        hardware,
        ...(session === undefined ? {} : { session }),
      })
    },
    isGone(tx, { cabinetId, sessionId, commandId }) {
      // What a person may mend yet may tell of it; a late frame of a memory that was replaced only says that there was one.
      const hello = greetings.get(cabinetId)
      if (hello === undefined || hello.session?.sessionId === sessionId) return false
      // Of several that are running a cabinet with several doors names one.
      if (hello.session !== undefined && hello.hardware.doors !== undefined) return false
      const row = directSql(tx).get<{ isOver: number }>(
        `SELECT c.linkId IS NOT NULL AND c.linkId <> ? AND r.epoch = ? AND r.lastSeq >= ?
          AND NOT EXISTS (SELECT 1 FROM deadLetter d WHERE d.cabinetId = r.cabinetId AND d.resolvedAtMs IS NULL
            AND d.kind NOT IN ('stale_epoch', 'fork')) AS isOver
        FROM command c JOIN receiver r ON r.cabinetId = c.cabinetId WHERE c.commandId = ? AND c.cabinetId = ?`,
        hello.linkId,
        hello.epoch,
        hello.lastSeq,
        commandId,
        cabinetId,
      )
      return row?.isOver === 1
    },
    isMemoryNew(tx, { cabinetId, commandId }) {
      const row = directSql(tx).get(
        `SELECT 1 FROM receiver r JOIN command c ON c.cabinetId = r.cabinetId
        WHERE r.cabinetId = ? AND c.commandId = ? AND r.openedAtMs >= c.createdAtMs AND r.continuesEpoch IS NULL`,
        cabinetId,
        commandId,
      )
      return row !== undefined
    },
  }
}
