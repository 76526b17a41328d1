import type { DeciCelsius } from '#protocol/base/units.ts'
import type { ProbeFault } from '#protocol/messages/climate.ts'

/** Limits beyond which a reading says more about the probe than about the air. */
export interface ProbeLimits {
  readonly lowest: DeciCelsius
  readonly highest: DeciCelsius
  readonly silentMs: number
  /** The same reading for this long, although the compressor started and stopped or the door was open. */
  readonly stuckMs: number
  /** Air does not change by more than this between two readings. */
  readonly jump: DeciCelsius
  /** Jumps that are forgiven within `jumpsWithinMs`. */
  readonly jumpsMost: number
  readonly jumpsWithinMs: number
}

/** What is known of one probe from reading to reading. */
export interface ProbeState {
  readonly fault: ProbeFault | undefined
  /** The air as this probe measures it, null while it is not to be believed. */
  readonly air: DeciCelsius | null
  readonly lastValidMonoMs: number
  /** The reading that is believed, and since when it is exactly the same. */
  readonly level: DeciCelsius | null
  readonly levelSinceMonoMs: number
  /** What should have moved it since: the compressor's last state, how often it changed, how long the door was open. */
  readonly wasCompressorOn: boolean | null
  readonly compressorChanges: number
  readonly doorOpenMs: number
  readonly lastMonoMs: number
  /** A level that nobody believes yet. */
  readonly candidate:
    | { readonly air: DeciCelsius; readonly count: number; readonly sinceMonoMs: number }
    | undefined
  readonly jumpsMonoMs: readonly number[]
  /** The last reading that was too far off; of a loose contact nobody knows which of its two levels is the air. */
  readonly lastJumpMonoMs: number
}

export interface ProbeView {
  readonly atMonoMs: number
  readonly raw: DeciCelsius | null
  readonly isCompressorOn: boolean | null
  readonly isDoorOpen: boolean | null
}

/** A jump is believed when so many readings in a row, over so long a time, agree on the new level. */
const AGREEING = 3
const AGREEING_MS = 4000
/** After a reading that was too far off, the old level counts again only when none was for so long. */
const QUIET_MS = 10_000
/** One start and one stop of the compressor move the air of every cabinet by more than a tenth of a degree. */
const COMPRESSOR_CHANGES = 2
const DOOR_OPEN_MS = 60_000

export function initialProbe(atMonoMs: number): ProbeState {
  return {
    fault: undefined,
    air: null,
    lastValidMonoMs: atMonoMs,
    level: null,
    levelSinceMonoMs: atMonoMs,
    wasCompressorOn: null,
    compressorChanges: 0,
    doorOpenMs: 0,
    lastMonoMs: atMonoMs,
    candidate: undefined,
    jumpsMonoMs: [],
    lastJumpMonoMs: Number.NEGATIVE_INFINITY,
  }
}

export function evolveProbe(state: ProbeState, view: ProbeView, limits: ProbeLimits): ProbeState {
  const at = view.atMonoMs
  const isPossible = view.raw !== null && view.raw >= limits.lowest && view.raw <= limits.highest
  const jumpsMonoMs = state.jumpsMonoMs.filter((then) => at - then < limits.jumpsWithinMs)
  const moved = evolveMovers({ ...state, jumpsMonoMs }, view)
  if (view.raw === null || !isPossible) {
    const isLong = at - state.lastValidMonoMs >= limits.silentMs
    const fault = isLong ? (view.raw === null ? 'silent' : 'out-of-range') : state.fault
    return { ...moved, air: null, fault, candidate: undefined }
  }
  const settled = evolveLevel({ ...moved, lastValidMonoMs: at }, view.raw, at, limits)
  const fault = faultOf(settled, at, limits)
  const isQuiet = at - settled.lastJumpMonoMs >= QUIET_MS
  const isTold = settled.candidate === undefined && fault === undefined && isQuiet
  return { ...settled, fault, air: isTold ? settled.level : null }
}

/** What moves the air, since the level last changed. */
function evolveMovers(state: ProbeState, view: ProbeView): ProbeState {
  const { isCompressorOn } = view
  const isChange =
    isCompressorOn !== null && state.wasCompressorOn !== null && isCompressorOn !== state.wasCompressorOn
  return {
    ...state,
    lastMonoMs: view.atMonoMs,
    wasCompressorOn: isCompressorOn ?? state.wasCompressorOn,
    compressorChanges: state.compressorChanges + Number(isChange),
    doorOpenMs: state.doorOpenMs + (view.isDoorOpen === true ? view.atMonoMs - state.lastMonoMs : 0),
  }
}

function evolveLevel(state: ProbeState, air: DeciCelsius, at: number, limits: ProbeLimits): ProbeState {
  const { level, candidate } = state
  if (level === air) return { ...state, candidate: undefined }
  const isJump = level !== null && Math.abs(air - level) > limits.jump
  if (isJump) {
    const agrees = candidate !== undefined && Math.abs(air - candidate.air) <= limits.jump
    const count = agrees ? candidate.count + 1 : 1
    const sinceMonoMs = agrees ? candidate.sinceMonoMs : at
    const jumpsMonoMs = agrees ? state.jumpsMonoMs : [...state.jumpsMonoMs, at].slice(-20)
    if (count < AGREEING || at - sinceMonoMs < AGREEING_MS)
      return { ...state, jumpsMonoMs, lastJumpMonoMs: at, candidate: { air, count, sinceMonoMs } }
  }
  return {
    ...state,
    level: air,
    levelSinceMonoMs: at,
    compressorChanges: 0,
    doorOpenMs: 0,
    candidate: undefined,
    // What holds for so long is the air.
    lastJumpMonoMs: isJump ? Number.NEGATIVE_INFINITY : state.lastJumpMonoMs,
  }
}

function faultOf(state: ProbeState, at: number, limits: ProbeLimits): ProbeFault | undefined {
  if (state.jumpsMonoMs.length > limits.jumpsMost) return 'jumping'
  const isLong = at - state.levelSinceMonoMs >= limits.stuckMs
  const shouldMove = state.compressorChanges >= COMPRESSOR_CHANGES || state.doorOpenMs >= DOOR_OPEN_MS
  return isLong && shouldMove ? 'stuck' : undefined
}

/** Time passes without any reading at all. */
export function evolveSilence(state: ProbeState, atMonoMs: number, limits: ProbeLimits): ProbeState {
  const isSilent = atMonoMs - state.lastValidMonoMs >= limits.silentMs
  if (!isSilent || (state.fault !== undefined && state.air === null)) return state
  return { ...state, fault: 'silent', air: null, candidate: undefined }
}

/**
 * The air that counts. Of two probes the warmer: food rules ask for the warmest part. While one is broken the other
 * counts; null: none can be believed.
 */
export function airOf(probes: readonly ProbeState[]): DeciCelsius | null {
  const valid = probes.flatMap(({ air }) => (air === null ? [] : [air]))
  return valid.length === 0 ? null : Math.max(...valid)
}

/** How far two probes are apart; null while fewer than two can be believed. */
export function apartOf(probes: readonly ProbeState[]): DeciCelsius | null {
  const valid = probes.flatMap(({ air }) => (air === null ? [] : [air]))
  return valid.length < 2 ? null : Math.max(...valid) - Math.min(...valid)
}
