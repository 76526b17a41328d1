import type { Timer } from '#protocol/base/clock.ts'
import { type Agent, type AgentPorts, FIRMWARE } from './agent-ports.ts'
import { createCabinetState } from './cabinet-state.ts'
import { createCameraWatch } from './camera/camera-watch.ts'
import { createClimateKeeper } from './climate/climate-keeper.ts'
import { createCommandDesk } from './commands/command-desk.ts'
import { createCommandJournal } from './commands/command-journal.ts'
import { createOnSiteProof } from './commands/on-site.ts'
import { createOperations } from './commands/operations.ts'
import { createSteadyWeight } from './commands/steady-weight.ts'
import { createDelivery, type DeliveryListener } from './delivery/delivery.ts'
import { createOutbox } from './delivery/outbox.ts'
import { createTeller } from './delivery/teller.ts'
import { createEvidenceQueue } from './evidence/evidence-queue.ts'
import { createEvidenceStore } from './evidence/evidence-store.ts'
import { createEvidenceUploader } from './evidence/uploader.ts'
import { correctCabinet, createScaleCorrections } from './hardware/corrected-cabinet.ts'
import { doorCount, doorView, readingOfAll } from './hardware/door-view.ts'
import { startIdentity } from './identity.ts'
import { createLiveTelemetry } from './live-telemetry.ts'
import { patiently } from './patiently.ts'
import { createReadings } from './readings.ts'
import { createDoorWatch } from './session/door-watch.ts'
import { createDeferredCharges } from './session/deferred.ts'
import { createDoorSessions } from './session/door-sessions.ts'
import { createSessions } from './session/sessions.ts'
import { createDesiredDocument } from './twin/desired-document.ts'
import { createPolicies } from './twin/policies.ts'
import { createUpkeep } from './upkeep.ts'

/** How long the hardware may take to say where the lock is, before the agent goes on without it. */
const FIRST_READING_MS = 1500

/** The composition root: it connects the parts and decides nothing. */
export function createAgent(ports: AgentPorts): Agent {
  const { clock, ids, random, log, db, settings } = ports
  const corrections = createScaleCorrections(db)
  const hardware = correctCabinet(ports.hardware, corrections)
  const wholeBoard = () => readingOfAll(hardware.board())
  const part = (name: string) => log.child({ part: name })
  const identity = startIdentity(db, ids)
  const outbox = createOutbox(
    db,
    identity,
    clock,
    {
      bytesMost: settings.outboxBytesMost,
      rewindKeepMs: settings.rewindKeepMs,
      rewindBytesMost: settings.rewindBytesMost,
    },
    part('outbox'),
  )
  const delivery = createDelivery({
    outbox,
    link: ports.link,
    identity,
    clock,
    ids,
    random,
    log: part('delivery'),
    policy: settings,
  })
  const desired = createDesiredDocument({
    db,
    outbox,
    limits: { shelves: new Set(hardware.sensors.map(({ shelf }) => shelf)) },
    clock,
    log: part('twin'),
  })
  const policies = createPolicies(desired, settings)
  const queue = createEvidenceQueue(db)
  const evidence = createEvidenceStore(ports.files, queue, clock, {
    bytesMost: settings.evidenceBytesMost,
    keepMs: settings.evidenceKeepMs,
  })
  const uploader = createEvidenceUploader({
    queue,
    files: ports.files,
    api: ports.createDeviceApi(() => delivery.correctedNowMs()),
    clock,
    random,
    log: part('evidence'),
    ackedSeq: () => outbox.range().ackedSeq,
    isReachable: () => delivery.isReachable,
    knownNowMs: () => delivery.knownNowMs(),
    settings,
  })
  const deferred = createDeferredCharges(
    db,
    outbox,
    clock,
    part('session'),
    settings.chargeDeferredAfterMs,
    () => delivery.isReachable,
  )
  const cameras = createCameraWatch({
    db,
    outbox,
    cameras: ports.cameras,
    readPicture: ports.readPicture,
    clock,
    log: part('camera'),
    thresholds: {
      darkLuminance: settings.cameraDarkLuminance,
      flatSharpness: settings.cameraFlatSharpness,
      blurredFocus: settings.cameraBlurredFocus,
      inPlaceLikeness: settings.cameraInPlaceLikeness,
      confirmFrames: settings.cameraConfirmFrames,
      frozenFrames: settings.cameraFrozenFrames,
    },
    periodsMs: { idle: settings.cameraIdleMs, session: settings.cameraSessionMs },
    sessionId: () => sessions.current?.sessionId,
    isAtRest: () => sessions.current === undefined && wholeBoard().isDoorOpen === false,
    onFrame: () => sessions.onCameraFrame(),
    onTrouble: (camera, kind, sinceMonoMs) => sessions.onCameraTrouble(camera, kind, sinceMonoMs),
  })
  const doors = Array.from({ length: doorCount(hardware) }, (_, door) => doorView(hardware, door))
  const sessions = createDoorSessions(
    doors.map((own, door) =>
      createSessions({
        db,
        outbox,
        evidence,
        deferred,
        hardware: own,
        door,
        snapshots: cameras,
        clock,
        log: part('session'),
        isReachable: () => delivery.isReachable,
        settings,
      }),
    ),
  )
  const climate = createClimateKeeper({
    db,
    outbox,
    hardware,
    clock,
    log: part('climate'),
    lockoutPolicy: policies.lockout,
    isSessionOpen: () => sessions.current !== undefined,
    silentMs: () => delivery.silentMs(),
    knownNowMs: () => delivery.knownNowMs(),
    machineRun: ports.machineRun ?? (() => ({ boot: null, uptimeMs: null })),
    onLockout: () => onSite.look(),
    settings,
  })
  const onSite = createOnSiteProof({
    db,
    outbox,
    hardware,
    clock,
    random,
    log: part('on-site'),
    isLockedOut: () => climate.isLockedOut,
    sessionKind,
  })
  const live = createLiveTelemetry({ clock, hardware, sessions, climate, cameras, delivery, settings })
  const steady = createSteadyWeight({
    clock,
    sensors: hardware.sensors,
    weighFast: () => live.hurryForAWhile(),
  })
  const journal = createCommandJournal(db, settings.commandRowsMost)
  const state = createCabinetState({
    hardware,
    doors,
    sessions,
    climate,
    cameras,
    desired,
    outbox,
    delivery,
    journal,
    hasRoom: ports.hasRoom ?? (() => true),
  })
  const desk = createCommandDesk({
    db,
    outbox,
    journal,
    identity,
    clock,
    ids,
    log: part('commands'),
    linkId: () => delivery.linkId,
    knownNowMs: () => delivery.knownNowMs(),
    sendReply: (reply) => delivery.sendReply(reply),
    cabinetState: () => state.forCommands(),
    operations: createOperations({
      db,
      outbox,
      hardware,
      corrections,
      steady,
      onSite,
      sessions,
      climate,
      evidence,
      snapshots: cameras,
      clock,
      boot: identity.boot,
      planogram: () => desired.current?.planogram ?? null,
      sessionPolicy: policies.session,
      lockoutPolicy: policies.lockout,
      defrostPauseMs: settings.defrostPauseMs,
      onPrepared() {
        cameras.lookSoon()
        live.hurryForAWhile()
      },
      restart: ports.restart,
    }),
  })
  const doorWatches = doors.map((own, door) =>
    createDoorWatch({
      db,
      outbox,
      hardware: own,
      door,
      clock,
      log: part('door'),
      hasSession: () => sessions.at(door).current !== undefined,
      lockRetryMs: settings.lockRetryMs,
    }),
  )
  const upkeep = createUpkeep({
    db,
    outbox,
    evidence,
    journal,
    clock,
    log: part('upkeep'),
    knownNowMs: () => delivery.knownNowMs(),
    commandKeepMs: settings.commandKeepMs,
    upkeepLookMs: settings.upkeepLookMs,
  })
  let readingTimer: Timer | undefined
  let isOnline = false

  desired.onChanged((twin) => climate.onTwin(twin))
  sessions.onEnded(() => {
    // A door that was prepared while the visit before it ended opens at any moment, and is weighed fast from then on.
    if (sessions.current === undefined && !live.isHurrying) hardware.setPace('idle')
    uploader.nudge()
  })

  function sessionKind(): string | undefined {
    const { running } = sessions
    return (running.find(({ kind }) => kind === 'service') ?? running[0])?.kind
  }
  function readyWhenKnown(): void {
    if (delivery.isReachable && desired.current !== undefined) ports.onReady()
  }
  const deliveryListener: DeliveryListener = {
    describe: () => state.forGreeting(),
    onCommand: (bytes, isRetained) => desk.onCommand(bytes, isRetained),
    onTwin(bytes) {
      desired.onTwin(bytes)
      readyWhenKnown()
    },
    onReachable(isReachable) {
      sessions.onReachable(isReachable)
      deferred.onReachable()
      readyWhenKnown()
      if (isReachable) uploader.nudge()
    },
    onConfirmed(ackedSeq) {
      deferred.onConfirmed(ackedSeq)
      uploader.nudge()
    },
  }

  /** The first hello and the end of interrupted commands tell what the hardware says, or that it is silent. */
  function goOnline(): void {
    if (isOnline) return
    isOnline = true
    readingTimer?.cancel()
    desk.settleUnfinished()
    delivery.start(deliveryListener)
  }

  return {
    boot: identity.boot,
    get epoch() {
      return outbox.epoch
    },
    start() {
      const resumedSessionId = sessions.resume()
      // The disk may be full already: the door is looked after and the core is greeted all the same.
      createTeller({ db, outbox, clock, log }).tell([
        {
          type: 'agent.started',
          data: {
            boot: identity.boot,
            version: FIRMWARE,
            profile: ports.profileName,
            ...(resumedSessionId === undefined ? {} : { resumedSessionId }),
          },
        },
      ])
      log.info({ boot: identity.boot, epoch: outbox.epoch, resumedSessionId }, 'agent started')
      if (resumedSessionId !== undefined) hardware.setPace('session')
      readingTimer = clock.setTimer('first reading of the lock', FIRST_READING_MS, goOnline)
      hardware.start(
        createReadings({
          db,
          outbox,
          clock,
          log: part('readings'),
          sensors: hardware.sensors,
          sessions,
          doorWatches,
          climate,
          onSite,
          steady,
          onLockKnown: goOnline,
        }),
      )
      climate.start()
      onSite.start()
      cameras.start()
      deferred.start()
      uploader.start()
      upkeep.start()
      live.start()
    },
    async stop() {
      live.stop()
      readingTimer?.cancel()
      upkeep.stop()
      deferred.stop()
      cameras.stop()
      await hardware.stop()
      // What finds no room now is read from the journal at the next start; stopping must not fail for it.
      const lastWrites = part('agent')
      patiently(lastWrites, 'the last record of the cold', () => climate.stop())()
      onSite.stop()
      patiently(lastWrites, 'the last record of the session', () => sessions.stop())()
      await uploader.stop()
      await delivery.stop()
      db.close()
    },
  }
}
