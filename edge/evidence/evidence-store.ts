import { createHash } from 'node:crypto'
import type { Clock } from '#protocol/base/clock.ts'
import type { EvidenceFiles } from './evidence-files.ts'
import type { EvidenceKind, EvidenceQueue } from './evidence-queue.ts'

export interface KeptEvidence {
  sha256: string
  byteCount: number
}

/** Puts bytes into files and remembers that they must go to the core. */
export interface EvidenceStore {
  /** Before the transaction: the file is durable before anything refers to it. */
  keep(bytes: Uint8Array): KeptEvidence
  /** Inside the transaction that appends the event `refersSeq`. */
  refer(
    kept: KeptEvidence,
    sessionId: string,
    kind: EvidenceKind,
    mediaType: 'image/jpeg' | 'application/json',
    refersSeq: number,
  ): void
  /** False when the folder is full: pictures are no longer kept, weight traces always are. */
  hasRoomForPictures(): boolean
  /** Removes what the core has accepted and nobody needs here. @param nowMs  true time; while it is unknown nothing is old */
  tidy(nowMs: number | undefined): void
}

export function createEvidenceStore(
  files: EvidenceFiles,
  queue: EvidenceQueue,
  clock: Clock,
  limits: { bytesMost: number; keepMs: number },
): EvidenceStore {
  return {
    keep(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      files.put(sha256, bytes)
      return { sha256, byteCount: bytes.byteLength }
    },
    refer(kept, sessionId, kind, mediaType, refersSeq) {
      queue.add(
        {
          sha256: kept.sha256,
          session_id: sessionId,
          kind,
          media_type: mediaType,
          byte_count: kept.byteCount,
          refers_seq: refersSeq,
        },
        clock.now(),
      )
    },
    hasRoomForPictures: () => queue.byteCount() < limits.bytesMost,
    tidy(nowMs) {
      if (nowMs !== undefined) queue.settleTimes(nowMs)
      const excessBytes = queue.byteCount() - limits.bytesMost * 0.8
      const acceptedBeforeMs = nowMs === undefined ? 0 : nowMs - limits.keepMs
      for (const sha256 of queue.takeDeletable(acceptedBeforeMs, excessBytes)) files.delete(sha256)
    },
  }
}
