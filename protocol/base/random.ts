/** Chance, passed in. Seeded in simulations and tests, from the operating system in `main.ts` files. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** `count` random bytes. */
  bytes(count: number): Uint8Array
}

/** Uniform integer in [0, limit). */
export function integerBelow(random: Random, limit: number): number {
  return Math.floor(random.next() * limit)
}

/** Normally distributed, mean 0 and standard deviation 1 (Box and Muller). */
export function gaussian(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return radius * Math.cos(2 * Math.PI * random.next())
}

/**
 * A deterministic generator from a 32-bit seed (sfc32, seeded by splitmix32).
 * The same seed gives the same sequence on every machine. Not for secrets.
 */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  function splitmix(): number {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let d = 1
  function nextUint32(): number {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) nextUint32()
  return {
    next: () => nextUint32() / 2 ** 32,
    bytes(count) {
      const out = new Uint8Array(count)
      for (let i = 0; i < count; i++) out[i] = nextUint32() & 0xff
      return out
    },
  }
}
