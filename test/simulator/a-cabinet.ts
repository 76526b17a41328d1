import { createSeededRandom } from '#protocol/base/random.ts'
import type { Cabinet, SavedCabinet } from '#simulator/cabinet/cabinet-types.ts'
import { createCabinet } from '#simulator/cabinet/cabinet.ts'
import { loadGoodsFile } from '#simulator/cabinet/goods-file.ts'
import { defaultLoadCell, type LoadCellSettings } from '#simulator/cabinet/load-cell.ts'

export const DEMO_GOODS = loadGoodsFile('scripts/seed/demo.json')

/** The demo cabinet at time 0, full and locked. */
export function aCabinet(
  changes: { seed?: number; loadCell?: Partial<LoadCellSettings>; saved?: SavedCabinet } = {},
): Cabinet {
  const { seed = 1, loadCell, saved } = changes
  return createCabinet({
    goodsFile: DEMO_GOODS,
    random: createSeededRandom(seed),
    seed,
    startMs: 0,
    loadCell: { ...defaultLoadCell, ...loadCell },
    saved,
  })
}

/** No bad reads and no lost samples, so that a test of goods does not meet them. */
export const CLEAN_WIRE = { badReadChance: 0, lossChance: 0 } as const

export function openedCabinet(changes: Parameters<typeof aCabinet>[0] = {}): Cabinet {
  const cabinet = aCabinet({ loadCell: CLEAN_WIRE, ...changes })
  cabinet.lock.command('release')
  pass(cabinet, 500)
  cabinet.openDoor()
  pass(cabinet, 3000)
  return cabinet
}

export function pass(cabinet: Cabinet, ms: number) {
  cabinet.advance(cabinet.nowMs + ms)
}

/** Net weight, read as a master would, once for each conversion of the next `ms`. */
export function watch(cabinet: Cabinet, shelf: string, ms: number): number[] {
  const readings: number[] = []
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    pass(cabinet, 100)
    const { grossGrams, tareGrams } = cabinet.scale(shelf)
    readings.push(grossGrams - tareGrams)
  }
  return readings
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
export function deviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
}
