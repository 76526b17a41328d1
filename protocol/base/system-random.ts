import { randomBytes } from 'node:crypto'
import type { Random } from './random.ts'

/** The operating system's generator: fit for ids and secrets. Constructed in `main.ts` files and scripts only. */
export function createSystemRandom(): Random {
  return {
    next: () => randomBytes(4).readUInt32BE(0) / 2 ** 32,
    bytes: (count) => randomBytes(count),
  }
}
