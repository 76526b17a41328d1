import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { type Clock, type Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { Camera } from '../hardware/ports.ts'
import {
  type CameraChange,
  type CameraObservation,
  type CameraThresholds,
  type CameraTrouble,
  type CameraWatchState,
  decideCamera,
  type FrameMeasures,
  initialCameraWatch,
  isFitForReference,
  judgeFrame,
} from './judge.ts'
import type { PictureReader } from './picture-reader.ts'
import { changedShare, type GreyPicture, measure } from './pixels.ts'
import { type CameraReference, createReferenceStore } from './reference-store.ts'

export interface CameraWatchOptions {
  db: EdgeDatabase
  outbox: Outbox
  cameras: readonly Camera[]
  readPicture: PictureReader
  clock: Clock
  log: Logger
  thresholds: CameraThresholds
  periodsMs: { idle: number; session: number }
  sessionId: () => string | undefined
  /** Door closed and nobody shopping: what is seen now may become the reference. */
  isAtRest: () => boolean
  onFrame: () => void
  onTrouble: (camera: string, kind: CameraTrouble | undefined, sinceMonoMs: number) => void
}

export interface CameraWatch {
  takeAll(): Promise<Array<{ camera: string; bytes: Uint8Array }>>
  presentTroubles(): Array<{ camera: string; kind: CameraTrouble }>
  /** The worst of all cameras, for the live feed. */
  readonly status: 'clear' | 'blocked' | 'frozen' | 'unreachable'
  start(): void
  stop(): void
}

/** A trouble at rest is looked at again sooner than the slow rhythm. */
const CONFIRM_PERIOD_MS = 1000
/** After each session the goods lie differently: the reference follows, when this many pictures agree that all is well. */
const GOOD_FRAMES_FOR_REFERENCE = 2

interface Watched {
  readonly camera: Camera
  state: CameraWatchState
  reference: CameraReference | undefined
  goodFramesAtRest: number
  isReferenceFresh: boolean
  lastMeasures: FrameMeasures | undefined
  isTaking: Promise<Uint8Array | undefined> | undefined
  timer: Timer | undefined
}

/** Looks through each camera in a quiet rhythm, faster during a session, and tells when it cannot see the cabinet. */
export function createCameraWatch(options: CameraWatchOptions): CameraWatch {
  const { db, outbox, clock, log, thresholds } = options
  const references = createReferenceStore(db)
  const watched: Watched[] = options.cameras.map((camera) => ({
    camera,
    state: initialCameraWatch,
    reference: references.find(camera.id),
    goodFramesAtRest: 0,
    isReferenceFresh: false,
    lastMeasures: undefined,
    isTaking: undefined,
    timer: undefined,
  }))
  let isStopped = false

  function take(one: Watched): Promise<Uint8Array | undefined> {
    one.isTaking ??= takeNew(one).finally(() => {
      one.isTaking = undefined
    })
    return one.isTaking
  }

  async function takeNew(one: Watched): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array
    let picture: GreyPicture
    try {
      bytes = (await one.camera.takeSnapshot()).bytes
      picture = await options.readPicture(bytes)
    } catch (error) {
      observe(one, { type: 'failed' }, undefined, messageOf(error))
      return undefined
    }
    const measures = measuresOf(picture, one.reference)
    const hash = createHash('sha256').update(bytes).digest('hex')
    observe(one, { type: 'picture', hash, trouble: judgeFrame(measures, thresholds) }, measures)
    options.onFrame()
    learn(one, picture, measures)
    return bytes
  }

  function observe(
    one: Watched,
    observation: CameraObservation,
    measures: FrameMeasures | undefined,
    failure?: string,
  ): void {
    if (isStopped) return
    one.lastMeasures = measures ?? one.lastMeasures
    const { state, changes } = decideCamera(one.state, observation, clock.monoMs(), thresholds)
    one.state = state
    for (const change of changes) report(one, change, failure)
  }

  function report(one: Watched, change: CameraChange, failure: string | undefined): void {
    const sessionId = options.sessionId()
    const about = { camera: one.camera.id, ...(sessionId === undefined ? {} : { sessionId }) }
    if (change.type === 'ended') {
      log.info({ ...about, kind: change.trouble }, 'the camera sees again')
      db.transact(() =>
        outbox.append('camera.cleared', {
          ...about,
          kind: change.trouble,
          blockedMs: Math.round(change.lastedMs),
        }),
      )
      options.onTrouble(one.camera.id, undefined, clock.monoMs())
      return
    }
    log.warn({ ...about, kind: change.trouble }, 'the camera cannot see the cabinet')
    db.transact(() => {
      if (change.trouble === 'frozen')
        outbox.append('camera.frozen', { ...about, frames: change.identicalCount })
      else if (change.trouble === 'unreachable')
        outbox.append('camera.unreachable', { ...about, reason: (failure ?? 'no picture').slice(0, 500) })
      else {
        const measures = one.lastMeasures
        outbox.append('camera.blocked', {
          ...about,
          kind: change.trouble,
          meanLuminance: rounded(measures?.meanLuminance ?? 0),
          laplacianVariance: rounded(measures?.laplacianVariance ?? 0),
          differenceFromReference: rounded(measures?.changedShare ?? 0),
        })
      }
    })
    options.onTrouble(one.camera.id, change.trouble, change.sinceMonoMs)
  }

  /** The goods change with every session, the light with the hour: the reference follows what is judged good. */
  function learn(one: Watched, picture: GreyPicture, measures: FrameMeasures): void {
    const isGood =
      options.isAtRest() &&
      one.state.trouble === undefined &&
      one.state.candidate === undefined &&
      isFitForReference(measures, thresholds)
    if (!options.isAtRest()) one.isReferenceFresh = false
    one.goodFramesAtRest = isGood ? one.goodFramesAtRest + 1 : 0
    if (one.isReferenceFresh || one.goodFramesAtRest < GOOD_FRAMES_FOR_REFERENCE) return
    one.reference = { picture, laplacianVariance: measures.laplacianVariance }
    one.isReferenceFresh = true
    references.save(one.camera.id, one.reference)
  }

  function schedule(one: Watched, afterMs: number): void {
    if (isStopped) return
    one.timer = clock.setTimer(`look through camera ${one.camera.id}`, afterMs, () => {
      void take(one)
        .catch((error: unknown) =>
          log.error({ err: error, camera: one.camera.id }, 'the camera watch failed'),
        )
        .finally(() => schedule(one, pauseMs(one)))
    })
  }
  function pauseMs(one: Watched): number {
    if (options.sessionId() !== undefined) return options.periodsMs.session
    const isUndecided = one.state.candidate !== one.state.trouble || !one.isReferenceFresh
    return isUndecided ? Math.min(CONFIRM_PERIOD_MS, options.periodsMs.idle) : options.periodsMs.idle
  }

  return {
    async takeAll() {
      const pictures: Array<{ camera: string; bytes: Uint8Array }> = []
      for (const one of watched) {
        const bytes = await take(one)
        if (bytes) pictures.push({ camera: one.camera.id, bytes })
        if (options.sessionId() !== undefined) hasten(one)
      }
      return pictures
    },
    presentTroubles: () =>
      watched.flatMap((one) =>
        one.state.trouble === undefined ? [] : [{ camera: one.camera.id, kind: one.state.trouble }],
      ),
    get status() {
      const troubles = new Set(watched.map((one) => one.state.trouble))
      if (troubles.has('unreachable')) return 'unreachable'
      if (troubles.has('frozen')) return 'frozen'
      return [...troubles].some((trouble) => trouble !== undefined) ? 'blocked' : 'clear'
    },
    start() {
      for (const one of watched) schedule(one, 0)
    },
    stop() {
      isStopped = true
      for (const one of watched) one.timer?.cancel()
    },
  }

  /** The idle rhythm may be half a minute away from its next look when a session starts. */
  function hasten(one: Watched): void {
    if (one.isTaking !== undefined) return
    one.timer?.cancel()
    schedule(one, options.periodsMs.session)
  }
}

function measuresOf(picture: GreyPicture, reference: CameraReference | undefined): FrameMeasures {
  return {
    ...measure(picture),
    changedShare: reference ? changedShare(picture, reference.picture) : null,
    referenceLaplacianVariance: reference?.laplacianVariance ?? null,
  }
}
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
