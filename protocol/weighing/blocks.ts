/** Readings of a stretch of time, summed up: count, sum and sum of squares of grams. */
export type Block = { startMs: number; endMs: number; n: number; sum: number; squares: number }

export function emptyBlock(tMs: number): Block {
  return { startMs: tMs, endMs: tMs, n: 0, sum: 0, squares: 0 }
}

/** All of them as one; `into` counts as the first. */
export function mergeBlocks(blocks: readonly Block[], into?: Block): Block {
  const all = into === undefined ? blocks : [into, ...blocks]
  const result = { ...(all[0] as Block) }
  for (let i = 1; i < all.length; i++) {
    const block = all[i] as Block
    result.startMs = Math.min(result.startMs, block.startMs)
    result.endMs = Math.max(result.endMs, block.endMs)
    result.n += block.n
    result.sum += block.sum
    result.squares += block.squares
  }
  return result
}

/** The blocks at the end that end within `reachMs` of the last one. */
export function lastBlocks(blocks: readonly Block[], reachMs: number): Block[] {
  const end = (blocks.at(-1) as Block).endMs
  return blocks.filter((block) => end - block.endMs < reachMs)
}

/** Standard deviation of the readings of a block, in grams; 0 for fewer than two. */
export function spreadOf(block: Block): number {
  if (block.n < 2) return 0
  const mean = block.sum / block.n
  return Math.sqrt(Math.max(0, (block.squares - block.sum * mean) / (block.n - 1)))
}

/** One more reading at the end of a block. */
export function addReading(block: Block, tMs: number, grams: number): void {
  block.endMs = tMs
  block.n++
  block.sum += grams
  block.squares += grams * grams
}
