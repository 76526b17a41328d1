import type { Logger } from 'pino'
import { type Clock, wait } from '#protocol/base/clock.ts'
import type { EvidenceRef } from '#protocol/messages/session.ts'
import type { EvidenceMissing } from '#protocol/messages/camera.ts'
import type { CameraWatch, Look } from '../camera/camera-watch.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { SessionJournal } from './journal.ts'
import { type LiveSession, sessionTimeOf } from './live-session.ts'

export type PictureMoment = EvidenceMissing['moment']
/** Where pictures come from; `takeAll` never throws. */
export type SnapshotSource = Pick<CameraWatch, 'cameras' | 'takeAll' | 'before' | 'presentTroubles'>

export interface SessionPictures {
  take(live: LiveSession, moment: PictureMoment): void
  /** Waits for pictures under way, but not for long. */
  settle(live: LiveSession): Promise<void>
  /** Inside the transaction that ends the session: tells which pictures of opening and closing its receipt does not name. */
  tellAbsent(live: LiveSession): void
}

/** A message names at most 60 pieces of evidence; one is the weight trace, and the closing needs room after many steps. */
const STEP_PICTURES_MOST = 40
const PICTURES_MOST = 59
/** Of every session that was opened there should be these. */
const EXPECTED: readonly PictureMoment[] = ['open', 'close']

/** Pictures of the moments that matter, kept as evidence of a session. What cannot be kept is told, once for each moment. */
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

  function whyNone(live: LiveSession, moment: PictureMoment): EvidenceMissing['reason'] | undefined {
    if (!evidence.hasRoomForPictures()) return 'no_room'
    const most = moment === 'step' ? STEP_PICTURES_MOST : PICTURES_MOST
    return live.record.evidence.length >= most ? 'too_many' : undefined
  }

  function keep(live: LiveSession, camera: string, bytes: Uint8Array, moment: PictureMoment, tMs: number) {
    const reason = whyNone(live, moment)
    if (reason !== undefined) return tellMissing(live, { camera, moment, reason })
    if (!keepPicture(live, camera, bytes, moment, tMs))
      tellMissing(live, { camera, moment, reason: 'same_picture' })
  }

  /** @returns false when the session has the very same bytes already */
  function keepPicture(
    live: LiveSession,
    camera: string,
    bytes: Uint8Array,
    moment: EvidenceRef['moment'],
    tMs: number,
  ): boolean {
    const kept = evidence.keep(bytes)
    if (live.record.evidence.some((known) => known.sha256 === kept.sha256)) return false
    const ref: EvidenceRef = { kind: 'snapshot', ...kept, mediaType: 'image/jpeg', tMs, moment, camera }
    const record = { ...live.record, evidence: [...live.record.evidence, ref] }
    const { sessionId } = record
    db.transact(() => {
      const seq = outbox.append('camera.snapshot-taken', { camera, sessionId, ...kept, moment })
      evidence.refer(kept, sessionId, 'snapshot', 'image/jpeg', seq)
      // The receipt was sent already: the message about the picture alone takes it to the core.
      if (options.isCurrent(live)) journal.save(record, sessionTimeOf(live, clock.monoMs()), clock.now())
    })
    live.record = record
    return true
  }

  function tellMissing(live: LiveSession, about: Omit<EvidenceMissing, 'sessionId'>): void {
    const { sessionId, missing = [] } = live.record
    if (missing.some(({ camera, moment }) => camera === about.camera && moment === about.moment)) return
    log.warn({ sessionId, ...about }, 'a picture of the session is missing')
    const record = { ...live.record, missing: [...missing, { camera: about.camera, moment: about.moment }] }
    db.transact(() => {
      outbox.append('evidence.missing', { sessionId, ...about })
      if (options.isCurrent(live)) journal.save(record, sessionTimeOf(live, clock.monoMs()), clock.now())
    })
    live.record = record
  }

  /** How the shelves were before anybody reached in. There may be none: the agent has only just started. */
  function keepBefore(live: LiveSession): void {
    for (const { camera, bytes, atMonoMs } of snapshots.before()) {
      const isKept = live.record.evidence.some((one) => one.camera === camera && one.moment === 'before')
      if (isKept || whyNone(live, 'open') !== undefined) continue
      keepPicture(live, camera, bytes, 'before', Math.round(sessionTimeOf(live, atMonoMs)))
    }
  }

  async function keepWhenTaken(live: LiveSession, moment: PictureMoment, tMs: number, look: Look) {
    const { camera } = look
    try {
      const taken = await look.taken
      if ('bytes' in taken) keep(live, camera, taken.bytes, moment, tMs)
      else tellMissing(live, { camera, moment, reason: 'no_answer', detail: taken.failure.slice(0, 500) })
      // A camera that turns out to be covered belongs into the receipt too.
      await look.judged
    } catch (error) {
      log.error({ err: error, sessionId: live.record.sessionId, camera }, 'a picture was not kept')
    }
  }

  return {
    take(live, moment) {
      const reason = whyNone(live, moment)
      if (reason !== undefined) {
        for (const camera of snapshots.cameras) tellMissing(live, { camera, moment, reason })
        return
      }
      const tMs = Math.round(sessionTimeOf(live, clock.monoMs()))
      if (moment === 'open') keepBefore(live)
      for (const look of snapshots.takeAll()) {
        const taking: Promise<void> = keepWhenTaken(live, moment, tMs, look).finally(() =>
          live.pendingPictures.delete(taking),
        )
        live.pendingPictures.add(taking)
      }
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
    tellAbsent(live) {
      const { sessionId, openedMs, evidence: kept, missing = [] } = live.record
      if (openedMs === null) return
      const reason = live.pendingPictures.size > 0 ? 'late' : 'interrupted'
      for (const camera of snapshots.cameras)
        for (const moment of EXPECTED) {
          const isKnown = [...kept, ...missing].some((one) => one.camera === camera && one.moment === moment)
          if (!isKnown) outbox.append('evidence.missing', { sessionId, camera, moment, reason })
        }
    },
  }
}
