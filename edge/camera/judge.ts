import { type Comparison, FOUND_LEAD, type PixelStatistics } from './pixels.ts'

/**
 * covered  something is before the lens
 * dark     the light is off
 * blurred  the same place without its detail
 * moved    sharp, but another place
 */
export type FrameTrouble = 'covered' | 'dark' | 'blurred' | 'moved'
export type CameraTrouble = FrameTrouble | 'frozen' | 'unreachable'

export interface FrameMeasures extends PixelStatistics {
  /** Null while there is no reference. */
  readonly comparison: Comparison | null
}
export interface CameraThresholds {
  readonly darkLuminance: number
  readonly flatSharpness: number
  /** Fine detail below this part of the reference's is out of focus. */
  readonly blurredFocus: number
  /** Likeness of the edges below which the cabinet is not where it was. */
  readonly inPlaceLikeness: number
  readonly confirmFrames: number
  readonly frozenFrames: number
}

/** Fewer tiles with detail than this, and there is nothing to see, reference or not. */
const FEATURELESS_SHARE = 0.06
/** Another place is as sharp as the old one; what hides the lens is too near to be. Part of the reference's sharpness. */
const MOVED_SHARPNESS_SHARE = 0.3
/** Sharp and quite unlike: another place. Arms, glare and a restock together leave more of the old one than this. */
const ANOTHER_PLACE_LIKENESS = 0.25
/** Without its fine detail the place is still known by this much of its edges. */
const BLURRED_LIKENESS = 0.28
/** A milky sheet leaves the edges where they were, but hardly any contrast. Part of the reference's sharpness. */
const VEILED_SHARPNESS_SHARE = 0.08
/** The old place found again elsewhere in the picture: this like it, and `FOUND_LEAD` more than what is in its place now. */
const FOUND_LIKENESS = 0.5
/** A reference needs light and detail, or a cabinet that starts with a covered camera would take that for normal. */
const REFERENCE_DETAIL_SHARE = 0.3
const REFERENCE_LUMINANCE_FACTOR = 2

/** One picture by itself. @returns undefined when the camera sees the cabinet */
export function judgeFrame(measures: FrameMeasures, limits: CameraThresholds): FrameTrouble | undefined {
  if (measures.meanLuminance < limits.darkLuminance) return 'dark'
  if (measures.laplacianVariance < limits.flatSharpness && measures.detailShare < REFERENCE_DETAIL_SHARE)
    return 'covered'
  if (measures.detailShare < FEATURELESS_SHARE) return 'covered'
  if (measures.comparison === null) return undefined
  const { inPlace, elsewhere, focus, sharpness } = measures.comparison
  if (focus < limits.blurredFocus && inPlace >= BLURRED_LIKENESS) return 'blurred'
  if (inPlace < limits.inPlaceLikeness) {
    if (elsewhere >= FOUND_LIKENESS && elsewhere - inPlace >= FOUND_LEAD) return 'moved'
    if (sharpness < MOVED_SHARPNESS_SHARE) return 'covered'
    return inPlace < ANOTHER_PLACE_LIKENESS ? 'moved' : undefined
  }
  return sharpness < VEILED_SHARPNESS_SHARE ? 'covered' : undefined
}

/** May this picture be what the camera is compared with from now on? */
export function isFitForReference(measures: FrameMeasures, limits: CameraThresholds): boolean {
  return (
    measures.detailShare >= REFERENCE_DETAIL_SHARE &&
    measures.meanLuminance >= REFERENCE_LUMINANCE_FACTOR * limits.darkLuminance
  )
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
  // While all is well, any trouble after any trouble confirms it: a cloth that moves may look blurred, then covered.
  const isRun =
    state.candidateCount > 0 &&
    (seen === state.candidate ||
      (state.trouble === undefined && seen !== undefined && state.candidate !== undefined))
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
