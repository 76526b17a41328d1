import { createHash } from 'node:crypto'
import {
  type CameraChange,
  type CameraThresholds,
  type CameraTrouble,
  decideCamera,
  type FrameMeasures,
  initialCameraWatch,
  isFitForReference,
  judgeFrame,
} from './judge.ts'
import { compare, type GreyPicture, measure } from './pixels.ts'
import type { CameraReference } from './reference-store.ts'

export type Look = { readonly jpeg: Uint8Array; readonly picture: GreyPicture } | 'failed'

export interface Seen {
  readonly changes: readonly CameraChange[]
  /** Absent when there was no picture. */
  readonly measures: FrameMeasures | undefined
  /** Present when this picture became what later ones are compared with. */
  readonly newReference: CameraReference | undefined
}

/** What is known about one camera from look to look: no camera, no clock, no database. */
export interface Eye {
  see(look: Look, atMonoMs: number, isAtRest: boolean): Seen
  /** The confirmed trouble. */
  readonly trouble: CameraTrouble | undefined
  /** The latest pictures do not agree yet, or no reference of this rest is taken: worth another look soon. */
  readonly isUndecided: boolean
}

/** After each session the goods lie differently: the reference follows when this many pictures agree that all is well. */
const GOOD_FRAMES_FOR_REFERENCE = 2

export function createEye(limits: CameraThresholds, known: CameraReference | undefined): Eye {
  let state = initialCameraWatch
  let reference = known
  let goodFramesAtRest = 0
  let isReferenceFresh = false

  function measuresOf(picture: GreyPicture): FrameMeasures {
    return {
      ...measure(picture),
      comparison: reference === undefined ? null : compare(picture, reference.picture),
    }
  }

  /** The goods change with every session, the light with the hour: the reference follows what is judged good. */
  function learn(picture: GreyPicture, measures: FrameMeasures, isAtRest: boolean) {
    const isGood =
      isAtRest &&
      state.trouble === undefined &&
      state.candidate === undefined &&
      isFitForReference(measures, limits)
    if (!isAtRest) isReferenceFresh = false
    goodFramesAtRest = isGood ? goodFramesAtRest + 1 : 0
    if (isReferenceFresh || goodFramesAtRest < GOOD_FRAMES_FOR_REFERENCE) return undefined
    reference = { picture }
    isReferenceFresh = true
    return reference
  }

  return {
    see(look, atMonoMs, isAtRest) {
      if (look === 'failed') {
        const decision = decideCamera(state, { type: 'failed' }, atMonoMs, limits)
        state = decision.state
        return { changes: decision.changes, measures: undefined, newReference: undefined }
      }
      const measures = measuresOf(look.picture)
      const hash = createHash('sha256').update(look.jpeg).digest('hex')
      const observation = { type: 'picture', hash, trouble: judgeFrame(measures, limits) } as const
      const decision = decideCamera(state, observation, atMonoMs, limits)
      state = decision.state
      return {
        changes: decision.changes,
        measures,
        newReference: learn(look.picture, measures, isAtRest),
      }
    },
    get trouble() {
      return state.trouble
    },
    get isUndecided() {
      return state.candidate !== state.trouble || !isReferenceFresh
    },
  }
}
