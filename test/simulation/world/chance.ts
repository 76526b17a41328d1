import { createSeededRandom, type Random } from '#protocol/base/random.ts'

/** Seeded chance with the few distributions that the world needs. */
export interface Chance extends Random {
  /** Whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  isTrue(probability: number): boolean
  pick<T>(from: readonly T[]): T
  /** A stream of its own for this name, so that one more choice here does not move all choices there. */
  fork(name: string): Chance
}

export function createChance(seed: number): Chance {
  const random = createSeededRandom(seed)
  return {
    ...random,
    between: (low, high) => low + Math.floor(random.next() * (high - low + 1)),
    isTrue: (probability) => random.next() < probability,
    pick: (from) => from[Math.floor(random.next() * from.length)] as (typeof from)[number],
    fork: (name) => createChance(mix(seed, name)),
  }
}

function mix(seed: number, name: string): number {
  let hash = (seed ^ 0x9e3779b9) >>> 0
  for (let index = 0; index < name.length; index++)
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0
  return hash
}
