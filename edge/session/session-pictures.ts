import type { Logger } from 'pino'
import { type Clock, wait } from '#protocol/base/clock.ts'
import type { EvidenceRef } from '#protocol/messages/session.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { SessionJournal } from './journal.ts'
import { type LiveSession, sessionTimeOf } from './live-session.ts'

export type PictureMoment = 'open' | 'step' | 'close'
/** Where pictures come from; the camera watch provides them. */
export interface SnapshotSource {
  /** One picture of each camera that gives one; never throws. */
  takeAll(): Promise<Array<{ camera: string; bytes: Uint8Array }>>
  /** Troubles that exist right now, for a session that starts under them. */
  presentTroubles(): Array<{ camera: string; kind: string }>
}

export interface SessionPictures {
  take(live: LiveSession, moment: PictureMoment): void
  /** Waits for pictures under way, but not for long. */
  settle(live: LiveSession): Promise<void>
}

/** A message names at most 60 pieces of evidence; one is the weight trace. */
const PICTURES_MOST = 50

/** Pictures of the moments that matter, kept as evidence of a session. */
export function createSessionPictures(options: {
  db: EdgeDatabase
  outbox: Outbox
  evidence: EvidenceStore
  journal: SessionJournal
  snapshots: SnapshotSource
  clock: Clock
  log: Logger
  waitMs: number
  isCurrent: (live: LiveSession) => boolean
}): SessionPictures {
  const { db, outbox, evidence, journal, snapshots, clock, log } = options

  function keep(
    live: LiveSession,
    camera: string,
    bytes: Uint8Array,
    moment: PictureMoment,
    tMs: number,
  ): void {
    if (live.record.evidence.length >= PICTURES_MOST) return
    const kept = evidence.keep(bytes)
    if (live.record.evidence.some((known) => known.sha256 === kept.sha256)) return
    const ref: EvidenceRef = { kind: 'snapshot', ...kept, mediaType: 'image/jpeg', tMs, moment, camera }
    const record = { ...live.record, evidence: [...live.record.evidence, ref] }
    const { sessionId } = record
    db.transact(() => {
      const seq = outbox.append('camera.snapshot-taken', { camera, sessionId, sha256: kept.sha256, moment })
      evidence.refer(kept, sessionId, 'snapshot', 'image/jpeg', seq)
      journal.save(record, sessionTimeOf(live, clock.monoMs()), clock.now())
    })
    live.record = record
  }

  return {
    take(live, moment) {
      if (live.record.evidence.length >= PICTURES_MOST || !evidence.hasRoomForPictures()) return
      const tMs = Math.round(sessionTimeOf(live, clock.monoMs()))
      const taking: Promise<void> = snapshots
        .takeAll()
        .then((pictures) => {
          // Pictures that arrive after the receipt was sent cannot be named by it any more.
          if (!options.isCurrent(live)) return
          for (const { camera, bytes } of pictures) keep(live, camera, bytes, moment, tMs)
        })
        .catch((error: unknown) =>
          log.error({ err: error, sessionId: live.record.sessionId }, 'pictures were not kept'),
        )
        .finally(() => live.pendingPictures.delete(taking))
      live.pendingPictures.add(taking)
    },
    async settle(live) {
      if (live.pendingPictures.size === 0) return
      const cut = new AbortController()
      await Promise.race([
        Promise.allSettled(live.pendingPictures),
        wait(clock, 'last pictures of the session', options.waitMs, cut.signal),
      ])
      cut.abort()
    },
  }
}
