import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { isWithinHours } from '#protocol/base/selling-hours.ts'
import { PROTOCOL_MINOR, type Twin } from '#protocol/messages/frames.ts'
import type { PictureReader } from './camera/picture-reader.ts'
import { createCameraWatch } from './camera/camera-watch.ts'
import { createClimateKeeper } from './climate/climate-keeper.ts'
import type { MachineRun } from './climate/lockout-keeper.ts'
import { createCommandDesk } from './commands/command-desk.ts'
import { createCommandJournal } from './commands/command-journal.ts'
import type { CabinetState } from './commands/decide.ts'
import { createOnSiteProof } from './commands/on-site.ts'
import { createOperations } from './commands/operations.ts'
import { createSteadyWeight } from './commands/steady-weight.ts'
import type { Settings } from './config.ts'
import type { EdgeDatabase } from './database.ts'
import { createDelivery, type DeliveryListener } from './delivery/delivery.ts'
import type { Link } from './delivery/link.ts'
import { createOutbox } from './delivery/outbox.ts'
import type { DeviceApi } from './enrolment/device-api.ts'
import type { EvidenceFiles } from './evidence/evidence-files.ts'
import { createEvidenceQueue } from './evidence/evidence-queue.ts'
import { createEvidenceStore } from './evidence/evidence-store.ts'
import { createEvidenceUploader } from './evidence/uploader.ts'
import { correctCabinet, createScaleCorrections } from './hardware/corrected-cabinet.ts'
import { doorCount, doorView, readingOfAll } from './hardware/door-view.ts'
import { type Camera, type CabinetHardware, isLocked } from './hardware/ports.ts'
import { startIdentity } from './identity.ts'
import { createDoorWatch } from './session/door-watch.ts'
import { createDeferredCharges } from './session/deferred.ts'
import { createDoorSessions } from './session/door-sessions.ts'
import { createSessions } from './session/sessions.ts'
import { createDesiredDocument } from './twin/desired-document.ts'
import { patiently } from './patiently.ts'
import { createUpkeep } from './upkeep.ts'
import { decideSensors, type SensorWatch } from './weighing/sensor-watch.ts'

export const FIRMWARE = '0.1.0'

/** The wires to everything outside, and the three things that decide nothing by themselves. */
export interface AgentPorts {
  clock: Clock
  ids: Ids
  random: Random
  log: Logger
  db: EdgeDatabase
  hardware: CabinetHardware
  link: Link
  cameras: readonly Camera[]
  readPicture: PictureReader
  files: EvidenceFiles
  /** Whether another visit could be recorded to its end; without it there always is room. */
  hasRoom?: () => boolean
  /** @param nowMs  the core's time as the agent knows it, for signatures */
  createDeviceApi: (nowMs: () => number) => DeviceApi
  profileName: string
  /** Names the present run of the machine and how long it lasts; absent where the system does not tell. */
  machineRun?: () => MachineRun
  settings: Settings
  /** The core asked for a restart of the agent. */
  restart: () => void
  /** The core answers, and it is known what it wants of this cabinet: sessions can start. May be called again. */
  onReady: () => void
}

export interface Agent {
  readonly boot: number
  readonly epoch: string
  start(): void
  stop(): Promise<void>
}

/** How long the hardware may take to say where the lock is, before the agent goes on without it. */
const FIRST_READING_MS = 1500
/** A prepared door is weighed fast for this long, whether it is unlocked or not. */
const PREPARED_PACE_MS = 6000

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
    lockoutPolicy,
    isSessionOpen: () => sessions.current !== undefined,
    silentMs: () => delivery.silentMs(),
    knownNowMs: () => delivery.knownNowMs(),
    machineRun: ports.machineRun ?? (() => ({ boot: null, uptimeMs: null })),
    onLockout: () => onSite.look(),
    settings,
  })
  const onSite = createOnSiteProof({
    db,
    hardware,
    clock,
    random,
    log: part('on-site'),
    isLockedOut: () => climate.isLockedOut,
    sessionKind,
  })
  const steady = createSteadyWeight({ clock, sensors: hardware.sensors, weighFast: weighFastForAWhile })
  const journal = createCommandJournal(db)
  const desk = createCommandDesk({
    db,
    outbox,
    journal,
    identity,
    clock,
    ids,
    log: part('commands'),
    linkId: () => delivery.linkId,
    sendReply: (reply) => delivery.sendReply(reply),
    cabinetState,
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
      sessionPolicy,
      lockoutPolicy,
      defrostPauseMs: settings.defrostPauseMs,
      onPrepared() {
        cameras.lookSoon()
        weighFastForAWhile()
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
  })
  let sensorWatch: SensorWatch = {}
  let liveTimer: Timer | undefined
  let paceTimer: Timer | undefined
  let readingTimer: Timer | undefined
  let isOnline = false
  let fastUntilMonoMs = 0

  desired.onChanged((twin) => climate.onTwin(twin))
  sessions.onEnded(() => {
    if (sessions.current === undefined) hardware.setPace('idle')
    uploader.nudge()
  })

  function cabinetState(): CabinetState {
    const board = wholeBoard()
    return {
      isDoorOpen: board.isDoorOpen,
      isLocked: isLocked(board),
      hasSession: sessions.current !== undefined,
      isLockedOut: climate.isLockedOut,
      isOutOfService: desired.current?.isOutOfService ?? false,
      planogramVersion: desired.current?.planogram?.version,
      isOutboxFull: outbox.pressure().level === 'full',
      hasRoom: ports.hasRoom?.() ?? true,
      isOutboxRefused: delivery.haltReason !== undefined,
      doorCount: doors.length,
      ...(doors.length === 1
        ? {}
        : {
            doors: doors.map((own, door) => ({
              isDoorOpen: own.board().isDoorOpen,
              isLocked: isLocked(own.board()),
              hasSession: sessions.at(door).current !== undefined,
            })),
          }),
      isSellingTime: isWithinHours(desired.current?.sellingHours, delivery.correctedNowMs()),
      isCameraReady:
        desired.current?.cameraPolicy?.isNeededForSale !== true ||
        Object.values(cameras.statuses).includes('clear'),
    }
  }
  function sessionKind(): string | undefined {
    const { running } = sessions
    return (running.find(({ kind }) => kind === 'service') ?? running[0])?.kind
  }
  function lockoutPolicy(): Twin['lockout'] {
    return (
      desired.current?.lockout ?? {
        isEnabled: true,
        limitDeciCelsius: settings.lockoutLimitDeciCelsius,
        afterMs: settings.lockoutAfterMs,
        afterDoorCloseMs: settings.lockoutAfterDoorCloseMs,
        afterDefrostMs: settings.lockoutAfterDefrostMs,
      }
    )
  }
  function sessionPolicy(): Twin['sessionPolicy'] {
    return (
      desired.current?.sessionPolicy ?? {
        notOpenedMs: settings.notOpenedMs,
        leftOpenWarningMs: settings.leftOpenWarningMs,
        leftOpenAlarmMs: settings.leftOpenAlarmMs,
        reopenGraceMs: settings.reopenGraceMs,
      }
    )
  }
  function weighFastForAWhile(): void {
    hardware.setPace('session')
    fastUntilMonoMs = clock.monoMs() + PREPARED_PACE_MS
    liveTimer?.cancel()
    sendLive()
    paceTimer?.cancel()
    paceTimer = clock.setTimer('back to the idle pace', PREPARED_PACE_MS, () => {
      if (sessions.current === undefined) hardware.setPace('idle')
    })
  }
  function sendLive(): void {
    const board = wholeBoard()
    const sample = hardware.climate()
    const sessionId = sessions.current?.sessionId
    delivery.sendLive({
      ...(sessionId === undefined ? {} : { sessionId }),
      isDoorOpen: board.isDoorOpen,
      isLocked: isLocked(board),
      grams: { ...hardware.scales().grams },
      airDeciCelsius: climate.airDeciCelsius,
      setpointDeciCelsius: sample.setpointDeciCelsius,
      isCompressorOn: sample.isCompressorOn,
      ...(ports.cameras.length === 0 ? {} : { camera: cameras.status, cameras: cameras.statuses }),
    })
    scheduleLive()
  }
  function scheduleLive(): void {
    const isWatched = sessions.current !== undefined || clock.monoMs() < fastUntilMonoMs
    const pauseMs = isWatched ? settings.liveSessionMs : settings.liveIdleMs
    liveTimer = clock.setTimer('send live telemetry', pauseMs, sendLive)
  }
  function readyWhenKnown(): void {
    if (delivery.isReachable && desired.current !== undefined) ports.onReady()
  }
  const deliveryListener: DeliveryListener = {
    describe: () => {
      const { current } = sessions
      const board = wholeBoard()
      return {
        firmware: FIRMWARE,
        minor: PROTOCOL_MINOR,
        commands: journal.tail(),
        twin: climate.reported,
        ...(current === undefined
          ? {}
          : { session: { sessionId: current.sessionId, state: current.phase.toLowerCase() } }),
        hardware: {
          isDoorOpen: board.isDoorOpen,
          isLocked: isLocked(board),
          isLockedOut: climate.isLockedOut,
          isOutOfService: desired.current?.isOutOfService ?? false,
          ...(doors.length === 1
            ? {}
            : {
                doors: doors.map(({ sensors }) => ({
                  shelves: [...new Set(sensors.map(({ shelf }) => shelf))],
                })),
              }),
        },
      }
    },
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
      db.transact(() =>
        outbox.append('agent.started', {
          boot: identity.boot,
          version: FIRMWARE,
          profile: ports.profileName,
          ...(resumedSessionId === undefined ? {} : { resumedSessionId }),
        }),
      )
      log.info({ boot: identity.boot, epoch: outbox.epoch, resumedSessionId }, 'agent started')
      if (resumedSessionId !== undefined) hardware.setPace('session')
      readingTimer = clock.setTimer('first reading of the lock', FIRST_READING_MS, goOnline)
      hardware.start({
        onBoard(reading) {
          sessions.onBoard(reading)
          for (const watch of doorWatches) watch.onBoard(reading)
          const whole = readingOfAll(reading)
          climate.onBoard(whole)
          onSite.onBoard(whole)
          if (reading.isUnlocked !== null) goOnline()
        },
        onClimate: (sample) => climate.onClimate(sample),
        onScales(sweep) {
          sessions.onScales(sweep)
          steady.onScales(sweep)
          const seen = decideSensors(sensorWatch, sweep, hardware.sensors)
          sensorWatch = seen.watch
          for (const watch of doorWatches) watch.onScales(sweep)
          if (seen.events.length > 0)
            db.transact(() => {
              for (const event of seen.events) outbox.append(event.type, event.data)
            })
        },
        onBusFault: ({ phase, reason, detail }) =>
          void db.transact(() =>
            outbox.append('agent.bus-fault', {
              phase,
              reason,
              ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }),
            }),
          ),
      })
      climate.start()
      onSite.start()
      cameras.start()
      deferred.start()
      uploader.start()
      upkeep.start()
      scheduleLive()
    },
    async stop() {
      liveTimer?.cancel()
      paceTimer?.cancel()
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
