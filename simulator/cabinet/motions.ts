import type { Random } from '#protocol/base/random.ts'

/**
 * What hands do to a shelf, as functions of time. A motion adds `gramsAt` to the load that the shelf has settled on,
 * and shakes it with `burstSdGrams` while it lasts.
 */
export interface Motion {
  readonly startMs: number
  readonly endMs: number
  gramsAt(atMs: number): number
  /** Standard deviation of the shaking at this time, grams; zero mean. */
  burstSdGramsAt(atMs: number): number
}

/** Magnitudes from the research on weighing, table 4.2; [A] marks an assumption there. */
export const HANDS = {
  preloadMs: [100, 400],
  preloadGrams: [0, 100],
  liftMs: [50, 150],
  placeMs: [50, 150],
  /** A put-down lands a little hard. [A] */
  impactShare: [0.05, 0.35],
  burstSdGrams: [3, 10],
  burstTailMs: 300,
} as const

/**
 * A hand touches, presses a little, and lifts. The item has left the settled load already, so the motion begins with
 * its whole weight and ends with nothing.
 * @param holdMs  how long the hand holds the item before it really lifts; some people think first
 */
export function liftMotion(options: {
  random: Random
  startMs: number
  grams: number
  holdMs?: number
  isQuick: boolean
}): Motion {
  const { random, startMs, grams, isQuick } = options
  const preloadMs = isQuick ? 60 : between(random, HANDS.preloadMs)
  const preloadGrams = between(random, HANDS.preloadGrams) * (isQuick ? 0.4 : 1)
  const holdMs = options.holdMs ?? 0
  const liftMs = isQuick ? HANDS.liftMs[0] : between(random, HANDS.liftMs)
  const liftAtMs = startMs + preloadMs + holdMs
  const endMs = liftAtMs + liftMs
  const burst = between(random, HANDS.burstSdGrams)
  // While it is held, part of the weight hangs in the hand, more and less.
  const carriedShare = holdMs > 0 ? 0.2 + 0.5 * random.next() : 0
  const swayHz = 0.6 + random.next()
  return {
    startMs,
    endMs: endMs + HANDS.burstTailMs,
    gramsAt(atMs) {
      if (atMs < startMs) return grams
      if (atMs < startMs + preloadMs) {
        return grams + preloadGrams * Math.sin((Math.PI * (atMs - startMs)) / preloadMs)
      }
      if (atMs < liftAtMs) {
        const inHoldMs = atMs - startMs - preloadMs
        const sway = 1 + 0.15 * Math.sin((2 * Math.PI * swayHz * inHoldMs) / 1000)
        return grams * (1 - carriedShare * sway * Math.min(1, inHoldMs / 250, (liftAtMs - atMs) / 100 + 0.6))
      }
      if (atMs < endMs) return grams * (1 - carriedShare) * (1 - smooth((atMs - liftAtMs) / liftMs))
      return 0
    },
    burstSdGramsAt: (atMs) => (atMs < startMs ? 0 : atMs < endMs ? burst : burst * 0.4),
  }
}

/** An item is set down. It belongs to the settled load from the start, so the motion begins with minus its weight. */
export function placeMotion(options: { random: Random; startMs: number; grams: number }): Motion {
  const { random, startMs, grams } = options
  const placeMs = between(random, HANDS.placeMs)
  const impact = grams * between(random, HANDS.impactShare)
  const pressGrams = between(random, [0, 60])
  const pressMs = between(random, [100, 350])
  const burst = between(random, HANDS.burstSdGrams)
  const endMs = startMs + placeMs + pressMs
  return {
    startMs,
    endMs: endMs + HANDS.burstTailMs,
    gramsAt(atMs) {
      if (atMs < startMs) return -grams
      if (atMs < startMs + placeMs) return -grams * (1 - smooth((atMs - startMs) / placeMs))
      const afterMs = atMs - startMs - placeMs
      const ring = impact * Math.exp(-afterMs / 60) * Math.cos((2 * Math.PI * 11 * afterMs) / 1000)
      return ring + (afterMs < pressMs ? pressGrams * (1 - smooth(afterMs / pressMs)) : 0)
    },
    burstSdGramsAt: (atMs) => (atMs < startMs ? 0 : atMs < endMs ? burst : burst * 0.4),
  }
}

/** A hand, an elbow or a bag rests on the shelf and goes away again. */
export function leanMotion(options: {
  random: Random
  startMs: number
  grams: number
  durationMs: number
}): Motion {
  const { random, startMs, grams, durationMs } = options
  const rampMs = Math.min(180, durationMs / 3)
  const swayHz = 0.5 + random.next()
  const phase = 2 * Math.PI * random.next()
  const endMs = startMs + durationMs
  return {
    startMs,
    endMs,
    gramsAt(atMs) {
      if (atMs < startMs || atMs >= endMs) return 0
      const envelope = smooth(Math.min(1, (atMs - startMs) / rampMs, (endMs - atMs) / rampMs))
      const sway = 1 + 0.06 * Math.sin(phase + (2 * Math.PI * swayHz * (atMs - startMs)) / 1000)
      return grams * envelope * sway
    },
    burstSdGramsAt: (atMs) => (atMs < startMs ? 0 : Math.abs(grams) * 0.02 + 3),
  }
}

/** Goods are moved about without a net change: a hand that searches, a can turned round. */
export function touchMotion(options: { random: Random; startMs: number; durationMs: number }): Motion {
  const { random, startMs, durationMs } = options
  const burst = between(random, HANDS.burstSdGrams)
  const endMs = startMs + durationMs
  return {
    startMs,
    endMs,
    gramsAt: () => 0,
    burstSdGramsAt: (atMs) => (atMs < startMs ? 0 : burst),
  }
}

/** The whole cabinet rings after the door slams: a decaying oscillation, a little different on each shelf. */
export interface Ring {
  readonly startMs: number
  readonly endMs: number
  gramsAt(shelfIndex: number, atMs: number): number
}

/** @param peakGrams  20 to 200 g for a slam, 10 to 30 g for the jolt of opening; table 4.2 [A] */
export function ring(options: {
  random: Random
  startMs: number
  peakGrams: number
  shelfCount: number
}): Ring {
  const { random, startMs, peakGrams } = options
  const hz = between(random, [8, 20])
  const tauMs = between(random, [150, 400])
  const shelves = Array.from({ length: options.shelfCount }, () => ({
    gain: between(random, [0.5, 1]),
    phase: 2 * Math.PI * random.next(),
  }))
  return {
    startMs,
    endMs: startMs + 7 * tauMs,
    gramsAt(shelfIndex, atMs) {
      const shelf = shelves[shelfIndex]
      if (shelf === undefined || atMs < startMs) return 0
      const afterMs = atMs - startMs
      return (
        peakGrams *
        shelf.gain *
        Math.exp(-afterMs / tauMs) *
        Math.sin(shelf.phase + (2 * Math.PI * hz * afterMs) / 1000)
      )
    },
  }
}

export function between(random: Random, range: readonly [number, number]): number {
  return range[0] + (range[1] - range[0]) * random.next()
}
function smooth(share: number): number {
  const x = Math.min(1, Math.max(0, share))
  return x * x * (3 - 2 * x)
}
