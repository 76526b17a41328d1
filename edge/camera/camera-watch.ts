import type { Logger } from 'pino'
import { type Clock, type Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { Camera } from '../hardware/ports.ts'
import { createEye, type Eye, type Seen } from './eye.ts'
import type { CameraChange, CameraThresholds, CameraTrouble, FrameMeasures } from './judge.ts'
import type { PictureReader } from './picture-reader.ts'
import type { GreyPicture } from './pixels.ts'
import { createPreRoll, type RecentPicture } from './pre-roll.ts'
import { createReferenceStore } from './reference-store.ts'

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

interface Failure {
  readonly failure: string
}
export type Taken = { readonly bytes: Uint8Array } | Failure
/** One look through one camera. Neither promise rejects. */
export interface Look {
  readonly camera: string
  /** The picture, as soon as the camera gave it. */
  readonly taken: Promise<Taken>
  /** The picture was judged too. */
  readonly judged: Promise<void>
}

export interface CameraWatch {
  readonly cameras: readonly string[]
  /** One look through each camera that begins now or later: what a camera is just taking shows a moment before. */
  takeAll(): Look[]
  /** The newest picture of each camera that was taken while the cabinet was at rest, some moments ago at most. */
  before(): RecentPicture[]
  /** Somebody is about to open: looks once more while the door is still closed. */
  lookSoon(): void
  presentTroubles(): Array<{ camera: string; kind: CameraTrouble }>
  /** The worst of all cameras, for the live feed. */
  readonly status: CameraStatus
  /** Each camera by its name. */
  readonly statuses: Readonly<Record<string, CameraStatus>>
  start(): void
  stop(): void
}

export type CameraStatus = 'clear' | 'blocked' | 'frozen' | 'unreachable'
const WORST_FIRST: readonly CameraStatus[] = ['unreachable', 'frozen', 'blocked']

/** As old as a picture at rest may be; the quiet rhythm is half a minute. */
const PRE_ROLL_MS = 90_000
const PRE_ROLL_BYTES_MOST = 4 * 1024 * 1024

/** A trouble at rest is looked at again sooner than the slow rhythm. */
const CONFIRM_PERIOD_MS = 1000
interface Watched {
  readonly camera: Camera
  readonly eye: Eye
  lastMeasures: FrameMeasures | undefined
  /** A camera gives one picture at a time. */
  running: Look | undefined
  /** Begins when the running one is taken. */
  following: Look | undefined
  /** Pictures are judged in the order in which they were taken. */
  judged: Promise<void>
  timer: Timer | undefined
}

/** Looks through each camera in a quiet rhythm, faster during a session, and tells when it cannot see the cabinet. */
export function createCameraWatch(options: CameraWatchOptions): CameraWatch {
  const { db, outbox, clock, log, thresholds } = options
  const references = createReferenceStore(db)
  const watched: Watched[] = options.cameras.map((camera) => ({
    camera,
    eye: createEye(thresholds, references.find(camera.id)),
    lastMeasures: undefined,
    running: undefined,
    following: undefined,
    judged: Promise.resolve(),
    timer: undefined,
  }))
  const preRoll = createPreRoll({ bytesMost: PRE_ROLL_BYTES_MOST, keepMs: PRE_ROLL_MS })
  let isStopped = false

  /** The rhythm is content with a look that is under way. */
  function look(one: Watched): Look {
    return one.following ?? one.running ?? begin(one)
  }

  function lookAfresh(one: Watched): Look {
    const { running } = one
    if (running === undefined) return one.following ?? begin(one)
    if (one.following === undefined) {
      const begun = running.taken.then(() => {
        one.following = undefined
        return begin(one)
      })
      one.following = {
        camera: one.camera.id,
        taken: begun.then(({ taken }) => taken),
        judged: begun.then(({ judged }) => judged),
      }
    }
    return one.following
  }

  function begin(one: Watched): Look {
    const taken = capture(one.camera).finally(() => {
      one.running = undefined
    })
    const judged = Promise.all([taken, one.judged])
      .then(([given]) => judge(one, given))
      .catch((error: unknown) =>
        log.error({ err: error, camera: one.camera.id }, 'a picture could not be judged'),
      )
    one.judged = judged
    one.running = { camera: one.camera.id, taken, judged }
    return one.running
  }

  async function capture(camera: Camera): Promise<Taken> {
    try {
      const { bytes } = await camera.takeSnapshot()
      return { bytes }
    } catch (error) {
      return { failure: messageOf(error) }
    }
  }

  async function judge(one: Watched, taken: Taken): Promise<void> {
    const wasAtRest = options.isAtRest()
    const atMonoMs = clock.monoMs()
    const read = 'failure' in taken ? taken : await readOf(taken.bytes)
    if (isStopped) return
    if ('failure' in read) {
      tell(one, one.eye.see('failed', atMonoMs, wasAtRest), read.failure)
      return
    }
    const isAtRest = wasAtRest && options.isAtRest()
    if (isAtRest) preRoll.add({ camera: one.camera.id, bytes: read.jpeg, atMonoMs })
    const seen = one.eye.see(read, atMonoMs, isAtRest)
    tell(one, seen)
    options.onFrame()
    if (seen.newReference !== undefined) references.save(one.camera.id, seen.newReference)
  }

  async function readOf(jpeg: Uint8Array): Promise<{ jpeg: Uint8Array; picture: GreyPicture } | Failure> {
    try {
      return { jpeg, picture: await options.readPicture(jpeg) }
    } catch (error) {
      return { failure: messageOf(error) }
    }
  }

  function tell(one: Watched, seen: Seen, failure?: string): void {
    one.lastMeasures = seen.measures ?? one.lastMeasures
    for (const change of seen.changes) report(one, change, failure)
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
          differenceFromReference: rounded(measures?.comparison?.changedShare ?? 0),
        })
      }
    })
    options.onTrouble(one.camera.id, change.trouble, change.sinceMonoMs)
  }

  function schedule(one: Watched, afterMs: number): void {
    if (isStopped) return
    one.timer?.cancel()
    one.timer = clock.setTimer(`look through camera ${one.camera.id}`, afterMs, () => {
      void look(one).judged.then(() => schedule(one, pauseMs(one)))
    })
  }
  function pauseMs(one: Watched): number {
    if (options.sessionId() !== undefined) return options.periodsMs.session
    return one.eye.isUndecided ? Math.min(CONFIRM_PERIOD_MS, options.periodsMs.idle) : options.periodsMs.idle
  }

  return {
    cameras: options.cameras.map(({ id }) => id),
    takeAll: () =>
      watched.map((one) => {
        if (options.sessionId() !== undefined) hasten(one)
        return lookAfresh(one)
      }),
    before: () => preRoll.newest(clock.monoMs()),
    lookSoon() {
      for (const one of watched) {
        if (one.running !== undefined) continue
        one.timer?.cancel()
        schedule(one, 0)
      }
    },
    presentTroubles: () =>
      watched.flatMap((one) =>
        one.eye.trouble === undefined ? [] : [{ camera: one.camera.id, kind: one.eye.trouble }],
      ),
    get status() {
      const all = new Set(watched.map((one) => statusOf(one.eye.trouble)))
      return WORST_FIRST.find((status) => all.has(status)) ?? 'clear'
    },
    get statuses() {
      return Object.fromEntries(watched.map(({ camera, eye }) => [camera.id, statusOf(eye.trouble)]))
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
    if (one.running !== undefined) return
    one.timer?.cancel()
    schedule(one, options.periodsMs.session)
  }
}

function statusOf(trouble: CameraTrouble | undefined): CameraStatus {
  if (trouble === undefined) return 'clear'
  return trouble === 'unreachable' || trouble === 'frozen' ? trouble : 'blocked'
}
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
