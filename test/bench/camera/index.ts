import { createEye } from '#edge/camera/eye.ts'
import type { CameraThresholds, CameraTrouble } from '#edge/camera/judge.ts'
import { readPicture } from '#edge/camera/picture-reader.ts'
import type { GreyPicture } from '#edge/camera/pixels.ts'
import { parseSettings } from '#edge/config.ts'
import { film, type Frame } from './films.ts'
import { TROUBLES, type Trouble } from './troubles.ts'

export interface CameraBenchOptions {
  readonly films?: number
  readonly seed?: number
  readonly onProgress: (line: string) => void
}
interface Rates {
  readonly precision: number
  readonly recall: number
}
export interface CameraBenchFigures extends Rates {
  readonly frames: number
  readonly judgedFrames: number
  readonly perKind: Readonly<Record<Trouble, Rates & { readonly frames: number }>>
  /** Reading and judging, one core. */
  readonly framesPerSecond: number
  /** Confirmed troubles where there was none, at a picture each 30 s at rest and a second in 40 visits of 30 s a day. */
  readonly falseAlarmsPerDay: number
  /** Upper end of the 95 % interval of it (Poisson). */
  readonly falseAlarmsPerDayAtMost: number
  readonly daysWatched: number
}

const FILMS = 40
const FIRST_SEED = 500_000
const FRAMES_PER_DAY = 24 * 120 + 40 * 30
/** Half a minute between looks would do; the watch counts looks, not seconds. */
const LOOK_MS = 1000

/**
 * How well the watch of a camera tells trouble from daily life, over rendered and perturbed films: other goods, mounts,
 * light, people, noise and compression in each. Judged is what the watch has confirmed, so the pictures in which a
 * change cannot be confirmed yet (the second of the two that must agree, the fifth of a frozen row) are not counted.
 */
export async function runCameraBench(options: CameraBenchOptions): Promise<CameraBenchFigures> {
  const films = options.films ?? FILMS
  const first = options.seed ?? FIRST_SEED
  const limits = shippedLimits()
  const counts = new Map<string, number>()
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  let frames = 0
  let judgedFrames = 0
  let quietFrames = 0
  let falseAlarms = 0
  let busyMs = 0
  for (let index = 0; index < films; index++) {
    const eye = createEye(limits, undefined)
    let lookAtMs = 0
    for await (const frame of film(first + index)) {
      frames++
      lookAtMs += LOOK_MS
      const startedMs = performance.now()
      const look = await develop(frame)
      const { changes } = eye.see(look, lookAtMs, frame.isAtRest)
      busyMs += performance.now() - startedMs
      if (frame.truth === undefined) {
        quietFrames++
        falseAlarms += changes.filter(({ type }) => type === 'began').length
      }
      if (frame.run < confirmedAfter(frame.truth, limits)) continue
      judgedFrames++
      count(`${frame.truth ?? 'none'} as ${eye.trouble ?? 'none'}`)
    }
    options.onProgress(`camera: film ${index + 1} of ${films}, ${frames} pictures`)
  }
  const perKind = Object.fromEntries(
    TROUBLES.map((kind) => [kind, ratesOf(counts, [kind])]),
  ) as CameraBenchFigures['perKind']
  const { precision, recall } = ratesOf(counts, TROUBLES)
  const daysWatched = quietFrames / FRAMES_PER_DAY
  return {
    frames,
    judgedFrames,
    precision,
    recall,
    perKind,
    framesPerSecond: Math.round((1000 * frames) / busyMs),
    falseAlarmsPerDay: falseAlarms / daysWatched,
    falseAlarmsPerDayAtMost: poissonUpper(falseAlarms) / daysWatched,
    daysWatched,
  }
}

function shippedLimits(): CameraThresholds {
  const settings = parseSettings({}, 'the defaults')
  return {
    darkLuminance: settings.cameraDarkLuminance,
    flatSharpness: settings.cameraFlatSharpness,
    blurredFocus: settings.cameraBlurredFocus,
    inPlaceLikeness: settings.cameraInPlaceLikeness,
    confirmFrames: settings.cameraConfirmFrames,
    frozenFrames: settings.cameraFrozenFrames,
  }
}

async function develop(
  frame: Frame,
): Promise<'failed' | { readonly jpeg: Uint8Array; readonly picture: GreyPicture }> {
  const { bytes } = frame
  if (bytes === undefined) return 'failed'
  return readPicture(bytes).then(
    (picture) => ({ jpeg: bytes, picture }),
    () => 'failed' as const,
  )
}

function confirmedAfter(truth: CameraTrouble | undefined, limits: CameraThresholds): number {
  return truth === 'frozen' ? limits.frozenFrames : limits.confirmFrames
}

/** Of the named kinds together; a trouble taken for another one counts against both. */
function ratesOf(counts: ReadonlyMap<string, number>, kinds: readonly Trouble[]): Rates & { frames: number } {
  let right = 0
  let said = 0
  let held = 0
  for (const [key, value] of counts) {
    const [truth, verdict] = key.split(' as ')
    const isTrue = kinds.some((kind) => kind === truth)
    const isSaid = kinds.some((kind) => kind === verdict)
    if (isTrue) held += value
    if (isSaid) said += value
    if (isTrue && truth === verdict) right += value
  }
  return { frames: held, precision: said === 0 ? 1 : right / said, recall: held === 0 ? 1 : right / held }
}

/** Upper end of the 95 % interval of a Poisson count, by Wilson and Hilferty; 3 for none ("rule of three"). */
function poissonUpper(count: number): number {
  if (count === 0) return 3
  const next = count + 1
  return next * (1 - 1 / (9 * next) + 1.645 / (3 * Math.sqrt(next))) ** 3
}
