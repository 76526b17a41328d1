import type { ModelShelf } from './combinations.ts'
import { logAdd } from './densities.ts'
import { pushGrams } from './resting-hand.ts'
import type { Transition } from './transition.ts'

/** Of shelves that are back where they were, the share in which something was lifted or leaned on. */
const liftShare = 0.5

/** Of exchanges, the share in which the hand puts back first: it has to be empty to take. */
const putFirstShare = 0.85

/** Something touched or lifted for a moment, or nothing at all. */
export function liftFit({ passage, skips }: Transition): number {
  return passage.isSilent || skips
    ? 0
    : logAdd(Math.log(1 - liftShare), Math.log(liftShare) + passage.viaAnything)
}

/** First the one is put back, or first the other is taken; where the readings were kept, they say whether it was so. */
export function exchangeFit(
  transition: Transition,
  returnedGrams: number,
  takenGrams: number,
  variance: number,
): number {
  const { passage } = transition
  if (passage.isSilent || transition.skips) return swingFit(transition, returnedGrams, takenGrams)
  return logAdd(
    Math.log(putFirstShare) + passage.via(returnedGrams, variance),
    Math.log(1 - putFirstShare) + passage.via(-takenGrams, variance),
  )
}

/**
 * An exchange passes over a level of its own: up by what is put back, or down by what is taken first.
 * Against it stands a hand that pushes anything up to its own strength.
 */
export function swingFit(transition: Transition, returnedGrams: number, takenGrams: number): number {
  const { highGrams, lowGrams } = transition
  const up = highGrams > 0.85 * returnedGrams - 5 && highGrams < returnedGrams + 2.5 * pushGrams
  const down = -lowGrams > 0.85 * takenGrams - 5 && -lowGrams < 1.1 * takenGrams + 10
  const telling = Math.min(returnedGrams, takenGrams) > 2.5 * pushGrams
  // A lean of just that weight is rare; a push or a lifted unit of just that weight is not.
  if (up) return telling ? 5.3 : 2.5
  if (down) return 0
  return telling ? -4 : -1.5
}

/**
 * Log likelihood of where on the shelf the change happened. Plates show it sharply, corner cells only by lean,
 * so the penalty grows with the share of weight that fell outside the products' own sensors, and no faster.
 */
export function locationFit(
  shelf: ModelShelf,
  items: readonly number[],
  located: Float64Array | null,
  deltaGrams: number,
): number {
  if (located === null) return 0
  let sensors: number[] = []
  for (const item of items) {
    const home = shelf.homes.find((entry) => entry.product === item)
    if (home === undefined || home.sensors === null) return 0
    sensors = sensors.concat(home.sensors)
  }
  let outside = 0
  for (let i = 0; i < located.length; i++) {
    if (!sensors.includes(i)) outside += Math.abs(located[i] as number)
  }
  const scale = 0.08 * Math.abs(deltaGrams) + 2 * Math.sqrt(located.length)
  return -outside / scale
}
