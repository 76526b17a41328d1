import { logAdd } from './densities.ts'
import type { Level, Passage } from './level.ts'

/** A longer way than this between two levels holds more than two moves: it proves nothing. */
const longestPassageMs = 2600
const ringCapacity = 256
/** Readings that lie closer together are taken as one, their mean. */
const binMs = 40
/** Of the rest before the first move, this much is looked at. */
const leadMs = 250

/** How long the parts of a move take, on average: to leave the first weight, to push, to rest between two moves. */
const waitMs = 500
const pushMs = 200
const restMs = 150
/** A fall goes through thirds; it lasts a tenth of a second, seldom two. */
const thirds = 3
const thirdMs = 20
/** Share of moves in which the hand pushes first. */
const pushShare = 0.65
/** How hard: share, and the most. */
const pushes = [
  [0.6, 55],
  [0.4, 120],
] as const
/** The next hand may push while the first unit still leaves. */
const overlapShare = 0.2
/** Handling shakes a shelf by several times its own noise: how often, and how many times. */
const shaking = [
  [0.45, 1.3],
  [0.4, 3.5],
  [0.13, 9],
] as const
const strayShare = 0.01
const strayRangeGrams = 3000
/** Between readings time goes on in steps no longer than this. */
const strideMs = 25
/** Beyond the square of this many standard deviations a density is nothing. */
const farSquare = 60
/** A passage ends at rest; other ends are all but impossible. */
const unfinishedShare = 0.02
/** Ways that no story of clean moves fits: a hand that wanders, with steps of about this size. */
const wanderShare = 0.02
const wanderGrams = 20

/** The newest readings of one shelf, so that the way between two levels can be looked at when the second is found. */
export class PassageRing {
  readonly #t = new Float64Array(ringCapacity)
  readonly #x = new Float64Array(ringCapacity)
  #next = 0
  #size = 0

  push(tMs: number, grams: number): void {
    this.#t[this.#next] = tMs
    this.#x[this.#next] = grams
    this.#next = (this.#next + 1) % ringCapacity
    if (this.#size < ringCapacity) this.#size++
  }

  /** @returns null when the way is too long, or not wholly kept, or has no readings of its own */
  between(fromMs: number, untilMs: number, offsetGrams: number, noiseGrams: number): Passage | null {
    if (untilMs - fromMs > longestPassageMs) return null
    const tMs: number[] = []
    const grams: number[] = []
    let reaches = this.#size < ringCapacity
    let startMs = Number.NEGATIVE_INFINITY
    let count = 0
    for (let i = this.#size; i >= 1; i--) {
      const at = (this.#next - i + ringCapacity) % ringCapacity
      const t = this.#t[at] as number
      if (t <= fromMs) reaches = true
      else if (t <= untilMs) {
        const x = (this.#x[at] as number) + offsetGrams
        if (t - startMs < binMs) {
          const last = grams.length - 1
          count++
          tMs[last] = (tMs[last] as number) + (t - (tMs[last] as number)) / count
          grams[last] = (grams[last] as number) + (x - (grams[last] as number)) / count
        } else {
          startMs = t
          count = 1
          tMs.push(t)
          grams.push(x)
        }
      }
    }
    if (!reaches || tMs.length < 2) return null
    return { fromMs, tMs: Float64Array.from(tMs), grams: Float64Array.from(grams), noiseGrams }
  }
}

/** What the way between two levels says about how many moves it was. */
export interface PassageEvidence {
  /**
   * Log likelihood that the shelf rested at this weight for a moment, against that it went straight from level to level.
   * @param grams against the level before @param variance of that weight
   */
  via(grams: number, variance: number): number
  /** The same for a rest at a weight that nothing tells: a hand or a thing lifted for a moment. */
  readonly viaAnything: number
  readonly isSilent: boolean
}

const silentEvidence: PassageEvidence = { via: () => 0, viaAnything: 0, isSilent: true }

/** Weights at which a hand may rest: a plateau of this many grams among this many. */
const plateauShare = 1 / 1000
/** A hand that rests or lifts is not as still as goods: its weight moves by about this share. */
const handShare = 0.03

export function passageEvidence(passage: Passage | null, before: Level, after: Level): PassageEvidence {
  if (passage === null || passage.fromMs > before.endMs) return silentEvidence
  const way = cut(passage, before)
  if (way.offsets.length < 2) return silentEvidence
  const deltaGrams = after.headGrams - before.tailGrams
  let others: { wander: number; direct: number } | undefined
  const known = new Map<string, number>()
  const via = (grams: number, variance: number): number => {
    if (others === undefined) {
      const wander = Math.log(wanderShare) + wanderLikelihood(way)
      others = { wander, direct: logAdd(likelihood(way, [0, deltaGrams], [0, 0]), wander) }
    }
    const key = `${grams}/${variance}`
    let found = known.get(key)
    if (found === undefined) {
      found = logAdd(likelihood(way, [0, grams, deltaGrams], [0, variance, 0]), others.wander) - others.direct
      known.set(key, found)
    }
    return found
  }
  let anything: number | undefined
  return {
    via,
    get viaAnything() {
      if (anything === undefined) {
        anything = Number.NEGATIVE_INFINITY
        for (const grams of plateausOf(way, deltaGrams)) {
          anything = Math.max(anything, via(grams, 4), via(grams, 4 + (handShare * grams) ** 2))
        }
        anything += Math.log(plateauShare)
      }
      return anything
    },
    isSilent: false,
  }
}

type Way = { tMs: readonly number[]; offsets: readonly number[]; noiseGrams: number }

function cut(passage: Passage, before: Level): Way {
  const { tMs, grams, noiseGrams } = passage
  const tail = before.tailGrams
  let first = 0
  while (first < tMs.length && (tMs[first] as number) <= before.endMs) first++
  let moving = first
  while (moving < tMs.length - 1 && Math.abs((grams[moving] as number) - tail) < 5 * noiseGrams + 2) moving++
  while (first < moving && (tMs[first] as number) < (tMs[moving] as number) - leadMs) first++
  return {
    tMs: [...tMs.subarray(first)],
    offsets: [...grams.subarray(first)].map((x) => x - tail),
    noiseGrams,
  }
}

/** Where the shelf may have rested on its way: among what lies well above, and among what lies well below. */
function plateausOf(way: Way, deltaGrams: number): number[] {
  const high = Math.max(...way.offsets)
  const low = Math.min(...way.offsets)
  const plateaus: number[] = []
  const top = Math.max(0, deltaGrams)
  const bottom = Math.min(0, deltaGrams)
  if (high > top + 10) plateaus.push(...amongst(way.offsets.filter((x) => x > (high + top) / 2)))
  if (low < bottom - 10) plateaus.push(...amongst(way.offsets.filter((x) => x < (low + bottom) / 2)))
  return plateaus
}

/** The ends, the middle and the quarters. */
function amongst(values: number[]): number[] {
  values.sort((a, b) => a - b)
  const last = values.length - 1
  const places = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * last))
  return [...new Set(places)].map((place) => values[place] as number)
}

function wanderLikelihood(way: Way): number {
  let total = 0
  let last = 0
  for (const x of way.offsets) {
    const off = (x - last) / wanderGrams
    total -= Math.log(Math.PI * wanderGrams * (1 + off * off))
    last = x
  }
  return total
}

/**
 * Log likelihood of the readings if the shelf rested at these weights one after another: a hidden Markov chain of
 * rest, push and the thirds of a fall. Exact but for the steps of time.
 */
function likelihood(way: Way, rests: readonly number[], variances: readonly number[]): number {
  const moves = rests.length - 1
  const perMove = 2 + thirds
  const states = perMove * moves + 1
  const last = states - 1
  let belief = new Float64Array(states)
  let next = new Float64Array(states)
  belief[0] = 1
  let total = 0
  let lastMs = way.tMs[0] as number
  for (let i = 0; i < way.offsets.length; i++) {
    const tMs = way.tMs[i] as number
    const strides = Math.min(40, Math.ceil((tMs - lastMs) / strideMs))
    if (strides > 0) {
      const dtMs = (tMs - lastMs) / strides
      const leaveFirst = 1 - Math.exp(-dtMs / waitMs)
      const leaveRest = 1 - Math.exp(-dtMs / restMs)
      const leavePush = 1 - Math.exp(-dtMs / pushMs)
      const leaveThird = 1 - Math.exp(-dtMs / thirdMs)
      for (let stride = 0; stride < strides; stride++) {
        next.fill(0)
        for (let move = 0; move < moves; move++) {
          const at = perMove * move
          const leaving = (belief[at] as number) * (move === 0 ? leaveFirst : leaveRest)
          const pushed = (belief[at + 1] as number) * leavePush
          next[at] = (next[at] as number) + (belief[at] as number) - leaving
          next[at + 1] = leaving * pushShare + (belief[at + 1] as number) - pushed
          let into = leaving * (1 - pushShare) + pushed
          for (let third = 0; third < thirds; third++) {
            const here = belief[at + 2 + third] as number
            const left = here * leaveThird
            next[at + 2 + third] = here - left + into
            into = left
          }
          next[at + perMove] = (next[at + perMove] as number) + into
        }
        next[last] = (next[last] as number) + (belief[last] as number)
        const spent = belief
        belief = next
        next = spent
      }
    }
    lastMs = tMs
    const x = way.offsets[i] as number
    let sum = 0
    for (let move = 0; move <= moves; move++) {
      const rest = rests[move] as number
      const at = perMove * move
      sum += weigh(belief, at, restDensity(x - rest, way.noiseGrams, variances[move] as number))
      if (move === moves) break
      sum += weigh(belief, at + 1, pushDensity(x - rest, way.noiseGrams))
      const third = ((rests[move + 1] as number) - rest) / thirds
      for (let part = 0; part < thirds; part++) {
        const from = rest + part * third
        let density = within(x, from, from + third, way.noiseGrams)
        if (move < moves - 1) {
          density =
            (1 - overlapShare) * density +
            overlapShare *
              within(x, Math.min(from, from + third), Math.max(from, from + third) + 80, way.noiseGrams)
        }
        sum += weigh(belief, at + 2 + part, density)
      }
    }
    if (!(sum > 0)) return Number.NEGATIVE_INFINITY
    for (let state = 0; state < states; state++) belief[state] = (belief[state] as number) / sum
    total += Math.log(sum)
  }
  const finished = belief[last] as number
  return total + Math.log(finished + unfinishedShare * (1 - finished))
}

function weigh(belief: Float64Array, state: number, density: number): number {
  const p = (belief[state] as number) * (density * (1 - strayShare) + strayShare / strayRangeGrams)
  belief[state] = p
  return p
}

function restDensity(off: number, noiseGrams: number, variance: number): number {
  let density = 0
  for (const [share, times] of shaking) {
    const v = (times * noiseGrams) ** 2 + variance
    if (off * off > farSquare * v) continue
    density += (share / Math.sqrt(v)) * Math.exp((-0.5 * off * off) / v)
  }
  return density * 0.3989
}

function pushDensity(off: number, noiseGrams: number): number {
  let density = 0
  for (const [share, most] of pushes) density += share * within(off, 0, most, noiseGrams)
  return density
}

/** Anywhere between two weights, with soft ends. */
function within(x: number, one: number, other: number, noiseGrams: number): number {
  const low = Math.min(one, other)
  const high = Math.max(one, other)
  const soft = 3 * noiseGrams
  const out = x < low ? low - x : x > high ? x - high : 0
  if (out * out > farSquare * soft * soft) return 0
  return (out === 0 ? 1 : Math.exp((-0.5 * out * out) / (soft * soft))) / (high - low + 2.5066 * soft)
}
