import type { PixelStatistics } from './pixels.ts'

/**
 * covered  something is before the lens, or it shows a place that is not the cabinet
 * dark     the light is off
 * blurred  the same place without its detail
 */
export type FrameTrouble = 'covered' | 'dark' | 'blurred'
export type CameraTrouble = FrameTrouble | 'frozen' | 'unreachable'

export interface FrameMeasures extends PixelStatistics {
  /** 0 to 1; null while there is no reference. */
  readonly changedShare: number | null
  readonly referenceLaplacianVariance: number | null
}
export interface CameraThresholds {
  readonly darkLuminance: number
  readonly flatSharpness: number
  readonly flatShare: number
  readonly changedShare: number
  readonly confirmFrames: number
  readonly frozenFrames: number
}

/** Half of the cabinet hidden and the rest without detail is not a matter of focus. */
const HALF_HIDDEN = 0.5

/** One picture by itself. @returns undefined when the camera sees the cabinet */
export function judgeFrame(measures: FrameMeasures, limits: CameraThresholds): FrameTrouble | undefined {
  if (measures.meanLuminance < limits.darkLuminance) return 'dark'
  if (measures.laplacianVariance < limits.flatSharpness) return 'covered'
  const { changedShare, referenceLaplacianVariance } = measures
  if (changedShare === null || referenceLaplacianVariance === null) return undefined
  if (changedShare >= limits.changedShare) return 'covered'
  if (measures.laplacianVariance < limits.flatShare * referenceLaplacianVariance)
    return changedShare >= HALF_HIDDEN ? 'covered' : 'blurred'
  return undefined
}

/** What is known about one camera, from picture to picture. */
export interface CameraWatchState {
  /** The confirmed trouble. */
  readonly trouble: CameraTrouble | undefined
  readonly troubleSinceMonoMs: number | undefined
  /** What the latest pictures say, in a row. */
  readonly candidate: CameraTrouble | undefined
  readonly candidateCount: number
  readonly candidateSinceMonoMs: number
  readonly lastHash: string | undefined
  readonly identicalCount: number
}
export const initialCameraWatch: CameraWatchState = {
  trouble: undefined,
  troubleSinceMonoMs: undefined,
  candidate: undefined,
  candidateCount: 0,
  candidateSinceMonoMs: 0,
  lastHash: undefined,
  identicalCount: 0,
}

export type CameraObservation =
  | { type: 'picture'; hash: string; trouble: FrameTrouble | undefined }
  | { type: 'failed' }

export type CameraChange =
  | { type: 'began'; trouble: CameraTrouble; sinceMonoMs: number; identicalCount: number }
  | { type: 'ended'; trouble: CameraTrouble; lastedMs: number }

/** A trouble counts when several pictures in a row agree, and is over when several in a row are good again. */
export function decideCamera(
  state: CameraWatchState,
  observation: CameraObservation,
  atMonoMs: number,
  limits: CameraThresholds,
): { state: CameraWatchState; changes: CameraChange[] } {
  const isSame = observation.type === 'picture' && observation.hash === state.lastHash
  const identicalCount =
    observation.type === 'failed' ? state.identicalCount : isSame ? state.identicalCount + 1 : 1
  const seen: CameraTrouble | undefined =
    observation.type === 'failed'
      ? 'unreachable'
      : identicalCount >= limits.frozenFrames
        ? 'frozen'
        : observation.trouble
  const isRun = state.candidateCount > 0 && seen === state.candidate
  const candidateCount = isRun ? state.candidateCount + 1 : 1
  const candidateSinceMonoMs = isRun ? state.candidateSinceMonoMs : atMonoMs
  const next: CameraWatchState = {
    ...state,
    candidate: seen,
    candidateCount,
    candidateSinceMonoMs,
    lastHash: observation.type === 'picture' ? observation.hash : state.lastHash,
    identicalCount,
  }
  // The count of identical pictures is its own confirmation.
  const isConfirmed =
    candidateCount >= limits.confirmFrames || (seen === 'frozen' && state.trouble !== 'frozen')
  if (!isConfirmed || seen === state.trouble) return { state: next, changes: [] }
  const changes: CameraChange[] = []
  if (state.trouble !== undefined) {
    changes.push({
      type: 'ended',
      trouble: state.trouble,
      lastedMs: Math.max(0, candidateSinceMonoMs - (state.troubleSinceMonoMs ?? candidateSinceMonoMs)),
    })
  }
  if (seen !== undefined)
    changes.push({ type: 'began', trouble: seen, sinceMonoMs: candidateSinceMonoMs, identicalCount })
  return {
    state: {
      ...next,
      trouble: seen,
      troubleSinceMonoMs: seen === undefined ? undefined : candidateSinceMonoMs,
    },
    changes,
  }
}
