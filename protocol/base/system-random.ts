import { randomFillSync } from 'node:crypto'
import type { Random } from './random.ts'

/** Asking the operating system takes as long for a page as for an id; so many bytes are asked for at once. */
const POOL_BYTES = 4096
/** More than this is asked for by itself. */
const POOLED_MOST = 64

/** The operating system's generator: fit for ids and secrets. Constructed in `main.ts` files and scripts only. */
export function createSystemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  /** Every byte is given out once and wiped, so that memory tells no secret that was given out before. */
  function bytes(count: number): Buffer {
    if (count > POOLED_MOST) return randomFillSync(Buffer.alloc(count))
    if (used + count > POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    const given = Buffer.from(pool.subarray(used, used + count))
    pool.fill(0, used, used + count)
    used += count
    return given
  }
  return {
    next: () => bytes(4).readUInt32BE(0) / 2 ** 32,
    bytes,
  }
}
