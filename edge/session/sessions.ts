import { assert } from '#protocol/base/decision.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import type { EvidenceRef } from '#protocol/messages/session.ts'
import { createTeller, ROOM_AGAIN_MS } from '../delivery/teller.ts'
import type { KeptEvidence } from '../evidence/evidence-store.ts'
import { readingOfDoor } from '../hardware/door-view.ts'
import { type BoardReading, isLocked, type ScaleSweep } from '../hardware/ports.ts'
import { patiently } from '../patiently.ts'
import { encodeTrace } from '../weighing/live-weighing.ts'
import { createQuietRing } from '../weighing/quiet-ring.ts'
import {
  decideEnd,
  decideSeen,
  decideUnlocked,
  decideUnlockFailed,
  type SessionDecision,
  type SessionEffect,
} from './decide.ts'
import { createSessionJournal } from './journal.ts'
import { learnFrom } from './learning.ts'
import { beginLive, type LiveSession, reviveLive, sampleRowOf, sessionTimeOf } from './live-session.ts'
import { reconciledEvent } from './reconciled.ts'
import { type SessionRecord, startRecord } from './record.ts'
import { createSessionPictures } from './session-pictures.ts'
import type { Sessions, SessionsOptions } from './sessions-port.ts'
import { decideUnreadable } from './unreadable.ts'

export type { Sessions, SessionsOptions } from './sessions-port.ts'

export function createSessions(options: SessionsOptions): Sessions {
  const { db, outbox, evidence, deferred, hardware, snapshots, clock, log, settings } = options
  const door = options.door ?? 0
  const journal = createSessionJournal(db, door)
  const ring = createQuietRing(settings.quietBeforeMs)
  const endListeners: Array<(sessionId: string) => void> = []
  let live: LiveSession | undefined

  const pictures = createSessionPictures({
    db,
    outbox,
    evidence,
    journal,
    snapshots,
    clock,
    log,
    waitMs: settings.snapshotWaitMs,
    isCurrent: (one) => live === one,
  })
  const timeNow = (one: LiveSession) => sessionTimeOf(one, clock.monoMs())

  /** Saves the record and its events in one transaction, then does what cannot be undone. */
  function apply(one: LiveSession, decision: SessionDecision, alongside?: () => void): void {
    if (decision.record === one.record && decision.effects.length === 0 && alongside === undefined) return
    const isFinished = decision.effects.some((effect) => effect.type === 'finished')
    const tMs = timeNow(one)
    const write = () => {
      flushSamples(one)
      for (const effect of decision.effects) {
        if (effect.type === 'event') outbox.append(effect.event.type, effect.event.data)
      }
      if (isFinished) journal.finish(decision.record, tMs, clock.now())
      else journal.save(decision.record, tMs, clock.now())
      alongside?.()
    }
    try {
      db.transact(write)
    } catch (error) {
      // A receipt and an outcome must be written; a door is watched and locked whether or not there is room to say so.
      if (storageTroubleOf(error) !== 'full' || isFinished || alongside !== undefined) throw error
      keepUntold(one, decision)
    }
    const before = one.record.phase
    one.record = decision.record
    if (before !== decision.record.phase) {
      log.info({ sessionId: one.record.sessionId, phase: one.record.phase }, 'session moved on')
    }
    for (const effect of decision.effects) act(one, effect)
    if (isFinished) ended(one)
  }

  function act(one: LiveSession, effect: SessionEffect): void {
    switch (effect.type) {
      case 'lock':
        void engageLock(one)
        break
      case 'snapshot':
        pictures.take(one, effect.moment)
        break
      case 'reconcile':
        void reconcile(one)
        break
      case 'event':
      case 'finished':
        break
    }
  }

  async function engageLock(one: LiveSession): Promise<void> {
    if (one.isLocking) return
    one.isLocking = true
    try {
      await hardware.lock.lock()
    } catch (error) {
      log.warn({ sessionId: one.record.sessionId }, `the lock could not be commanded: ${messageOf(error)}`)
    } finally {
      one.isLocking = false
    }
  }

  function ended(one: LiveSession): void {
    if (live === one) live = undefined
    ring.clear()
    for (const run of endListeners) run(one.record.sessionId)
  }

  /** The session goes on in memory; journal and events follow with the next thing that can be written. */
  function keepUntold(one: LiveSession, decision: SessionDecision): void {
    const at = { atMs: clock.now(), monoMs: clock.monoMs() }
    for (const effect of decision.effects)
      if (effect.type === 'event') one.untoldEvents.push({ event: effect.event, ...at })
    one.writeAgainMs = timeNow(one) + ROOM_AGAIN_MS
    log.error(
      { sessionId: one.record.sessionId, phase: decision.record.phase },
      'the disk is full: the session goes on in memory until there is room',
    )
  }

  function flushSamples(one: LiveSession): void {
    const rows = one.unsaved
    const events = one.untoldEvents
    if (rows.length === 0 && events.length === 0) return
    db.transact(() => {
      for (const { event, atMs, monoMs } of events) outbox.append(event.type, event.data, { atMs, monoMs })
      if (events.length > 0) journal.save(one.record, timeNow(one), clock.now())
      journal.appendSamples(one.record.sessionId, rows, clock.now())
      db.afterCommit(() => {
        one.untoldEvents = one.untoldEvents.slice(events.length)
        one.unsaved = one.unsaved.slice(rows.length)
        one.flushedAtMs = timeNow(one)
      })
    })
  }

  async function reconcile(one: LiveSession): Promise<void> {
    if (one.isEnding) return
    one.isEnding = true
    const { closedMs } = one.record
    try {
      await pictures.settle(one)
      // Opened again while the last pictures were awaited: the session goes on.
      if (live === one && one.record.phase === 'closing' && one.record.closedMs === closedMs) finish(one)
    } catch (error) {
      log.error(
        { err: error, sessionId: one.record.sessionId },
        'the session could not be finished; it is tried again',
      )
    } finally {
      one.isEnding = false
    }
  }

  function finish(one: LiveSession): void {
    const settledMs = timeNow(one)
    const result = one.weighing.result()
    const decision = decideEnd(
      one.record,
      result.receipt.lines.length > 0 || result.steps.length > 0,
      Math.round(settledMs),
    )
    if (decision.record.phase === 'notOpened') {
      apply(one, decision)
      return
    }
    const samples = [...journal.readSamples(one.record.sessionId), ...one.unsaved]
    const trace: KeptEvidence = evidence.keep(encodeTrace(one.record.sessionId, one.planogram, samples))
    const ref: EvidenceRef = {
      kind: 'weight-trace',
      ...trace,
      mediaType: 'application/json',
      tMs: Math.round(settledMs),
      moment: 'whole',
    }
    const record = { ...decision.record, evidence: [ref, ...decision.record.evidence] }
    const { sessionId } = record
    apply(one, { ...decision, record }, () => {
      learnFrom({ db, outbox, hardware }, one, result)
      pictures.tellAbsent(one)
      const seq = outbox.append('session.reconciled', reconciledEvent(record, result, settledMs))
      evidence.refer(trace, sessionId, 'weight-trace', 'application/json', seq)
      deferred.watch(sessionId, seq)
    })
    log.info(
      {
        sessionId,
        lines: result.receipt.lines,
        probability: result.receipt.probability,
        verdict: result.receipt.verdict,
      },
      'session reconciled',
    )
  }

  function look(one: LiveSession, reading: BoardReading): void {
    if (reading.isDoorOpen !== null) one.isDoorOpen = reading.isDoorOpen
    if (one.isEnding && reading.isDoorOpen !== true) return
    const decision = decideSeen(
      one.record,
      {
        tMs: Math.round(sessionTimeOf(one, reading.atMonoMs)),
        isDoorOpen: reading.isDoorOpen,
        isLocked: isLocked(reading),
        areWeightsSettled: one.weighing.isSettled(),
        watchedMs: reading.atMonoMs - one.baseMonoMs,
      },
      settings,
    )
    apply(one, decision)
  }

  function weigh(one: LiveSession, sweep: ScaleSweep): void {
    const row = sampleRowOf(sessionTimeOf(one, sweep.atMonoMs), one.isDoorOpen, sweep, one.planogram.sensors)
    const steps = one.weighing.push(row)
    one.sampleCount++
    if (one.sampleCount <= settings.traceSamplesMost || one.sampleCount % 10 === 0) one.unsaved.push(row)
    one.untold.push(...steps)
    const nowMs = timeNow(one)
    if (nowMs < one.writeAgainMs) return
    try {
      if (one.untold.length > 0) reportSteps(one)
      else if (one.untoldEvents.length > 0 || nowMs - one.flushedAtMs >= settings.journalFlushMs)
        flushSamples(one)
    } catch (error) {
      if (storageTroubleOf(error) === 'full') one.writeAgainMs = nowMs + ROOM_AGAIN_MS
      throw error
    }
  }

  /** A disk that is full keeps them here; they go with the next weighing that can be written. */
  function reportSteps(one: LiveSession): void {
    const { sessionId } = one.record
    db.transact(() => {
      flushSamples(one)
      for (const step of one.untold) {
        outbox.append('weighing.step', {
          sessionId,
          shelf: step.shelf,
          grams: Math.round(step.grams * 10) / 10,
          sigmaGrams: Math.round(step.sigmaGrams * 10) / 10,
          explanation: step.explanation.slice(0, 500),
        })
      }
    })
    one.untold = []
    if (one.record.phase === 'open' || one.record.phase === 'closing') pictures.take(one, 'step')
  }

  function annotate(one: LiveSession, change: Partial<SessionRecord>): void {
    const record = { ...one.record, ...change }
    db.transact(() => journal.save(record, timeNow(one), clock.now()))
    one.record = record
  }

  return {
    get current() {
      return live?.record
    },
    begin(about, planogram) {
      assert(live === undefined, 'one session at a time')
      const nowMonoMs = clock.monoMs()
      const troubles = snapshots.presentTroubles().map((one) => ({ ...one, fromMs: 0, toMs: null }))
      const record = { ...startRecord(about, !options.isReachable()), cameraTroubles: troubles }
      const rows = ring
        .sweeps()
        .map((sweep) => sampleRowOf(sweep.atMonoMs - nowMonoMs, false, sweep, planogram.sensors))
      journal.begin(record, planogram, rows, clock.now())
      const begun = beginLive(record, planogram, rows, nowMonoMs)
      db.afterCommit(() => {
        live = begun
      })
    },
    concludeUnlock(isUnlocked, alongside) {
      const one = live
      // The door can have been seen open before the lock was read back; then it is unlocked, whatever the lock says.
      const isFree = isUnlocked || (one !== undefined && one.record.phase !== 'unlocking')
      if (one === undefined) {
        db.transact(() => alongside(isFree))
        return
      }
      try {
        apply(one, isFree ? decideUnlocked(one.record) : decideUnlockFailed(one.record), () =>
          alongside(isFree),
        )
      } catch (error) {
        // Nothing of it was written, as on a full disk: what the board shows from here on leads the session to its end.
        one.record = { ...one.record, isResumed: true }
        throw error
      }
    },
    leaveUnlockToHardware() {
      if (live) annotate(live, { isResumed: true })
    },
    onBoard(board) {
      const reading = readingOfDoor(board, door)
      if (reading.isDoorOpen === true) ring.clear()
      if (live) look(live, reading)
    },
    onScales(sweep) {
      if (live) weigh(live, sweep)
      else if (hardware.board().isDoorOpen === false) ring.push(sweep)
    },
    forgetBaseline: () => ring.clear(),
    onReachable(isReachable) {
      if (!live) return
      const tMs = timeNow(live)
      const offline = isReachable
        ? live.record.offline.map((one) => ({ ...one, toMs: one.toMs ?? tMs }))
        : [...live.record.offline, { fromMs: tMs, toMs: null }]
      annotate(live, { offline })
    },
    onCameraFrame() {
      // Counted in memory; it reaches the journal with whatever is written next.
      if (live) live.record = { ...live.record, framesChecked: live.record.framesChecked + 1 }
    },
    onCameraTrouble(camera, kind, sinceMonoMs) {
      if (!live) return
      const tMs = Math.max(0, sessionTimeOf(live, sinceMonoMs))
      const ended = live.record.cameraTroubles.map((one) =>
        one.camera === camera && one.toMs === null ? { ...one, toMs: tMs } : one,
      )
      annotate(live, {
        cameraTroubles: kind === undefined ? ended : [...ended, { camera, kind, fromMs: tMs, toMs: null }],
      })
    },
    resume() {
      const sessionId = journal.findUnfinishedId()
      if (sessionId === undefined) return undefined
      try {
        const stored = journal.findUnfinished()
        assert(stored !== undefined, 'the unfinished session is there')
        const at = { wallMs: clock.now(), monoMs: clock.monoMs() }
        const revived = reviveLive(stored, at, !options.isReachable())
        live = revived.live
        live.unsaved = [...revived.gap]
      } catch (error) {
        log.error({ sessionId, err: error }, 'the journal of the session in progress cannot be replayed')
        abandon(sessionId)
        return undefined
      }
      // With what follows at the latest; a disk that is full is no reason to give a visit up.
      const one = live
      patiently(log, 'the first record of the session that goes on', () => {
        db.transact(() => {
          flushSamples(one)
          journal.save(one.record, timeNow(one), clock.now())
        })
      })()
      log.warn(
        { sessionId, phase: live.record.phase, restarts: live.record.restarts },
        'the session in progress goes on',
      )
      return sessionId
    },
    onEnded: (run) => void endListeners.push(run),
    stop() {
      const one = live
      if (one)
        db.transact(() => {
          flushSamples(one)
          journal.save(one.record, timeNow(one), clock.now())
        })
    },
  }

  function abandon(sessionId: string): void {
    const decision = decideUnreadable(sessionId, door)
    const events = decision.effects.flatMap((effect) => (effect.type === 'event' ? [effect.event] : []))
    createTeller(options).tell(events, () => journal.finish(decision.record, 0, clock.now()))
  }
}
