import { CabinetError } from '#protocol/base/errors.ts'
import { gaussian, type Random } from '#protocol/base/random.ts'
import type { SavedCabinet } from './cabinet-types.ts'
import { createLoadCell, drawCharacter, type LoadCell, type LoadCellSettings } from './load-cell.ts'
import { between, type Motion, type Ring, ring } from './motions.ts'

/** A shelf on its load cell, and the hands that are in it. */
export interface Scale {
  readonly id: string
  readonly cell: LoadCell
  tareGrams: number
  motions: Motion[]
}

/** The load cells under the shelves, in one frame that rings when a door moves. */
export interface Scales {
  readonly shelves: readonly Scale[]
  /** @throws CabinetError not_found */
  of(shelfId: string): Scale
  /** A door moved: the frame rings, with a first peak between these, grams. */
  shake(nowMs: number, peakGrams: readonly [number, number]): void
  /**
   * One conversion of every cell.
   * @param settledGrams  what each shelf carries when no hand is in it
   * @param airDelta  °C from the air at which the cells were adjusted
   */
  convert(atMs: number, settledGrams: ReadonlyMap<string, number>, airDelta: number): void
  /** Faults off, hands out, the frame at rest. */
  calm(): void
}

/** The load is averaged over these instants of one conversion, as a sigma-delta converter does. */
const INSTANTS_PER_CONVERSION = 4

export function createScales(options: {
  shelfIds: readonly string[]
  random: Random
  settings: LoadCellSettings
  saved: SavedCabinet | undefined
}): Scales {
  const { random, settings, saved } = options
  const periodMs = 1000 / settings.sampleHz
  let rings: Ring[] = []
  const shelves: Scale[] = options.shelfIds.map((id) => {
    const known = saved?.cells[id]
    const character = known?.character ?? drawCharacter(random, settings)
    // It was set to zero when it was installed, and something has moved since: never trust an absolute weight.
    const tareGrams = known?.tareGrams ?? Math.round((character.zeroGrams + 6 * gaussian(random)) * 10) / 10
    return { id, cell: createLoadCell({ random, settings, character }), tareGrams, motions: [] }
  })

  return {
    shelves,
    of(shelfId) {
      const shelf = shelves.find(({ id }) => id === shelfId)
      if (shelf === undefined) {
        const known = shelves.map(({ id }) => id).join(', ')
        throw new CabinetError('not_found', `There is no shelf ${shelfId}; known: ${known}.`)
      }
      return shelf
    },
    shake(nowMs, peakGrams) {
      const shelfCount = shelves.length
      rings.push(ring({ random, startMs: nowMs, peakGrams: between(random, peakGrams), shelfCount }))
    },
    convert(atMs, settledGrams, airDelta) {
      // The whole cabinet shakes together: what the shelves share is drawn once.
      const common = gaussian(random)
      for (const [index, shelf] of shelves.entries()) {
        const settled = settledGrams.get(shelf.id) ?? 0
        let loadGrams = 0
        for (let i = 0; i < INSTANTS_PER_CONVERSION; i++) {
          const instantMs = atMs - periodMs + ((i + 0.5) * periodMs) / INSTANTS_PER_CONVERSION
          let grams = settled
          for (const motion of shelf.motions) grams += motion.gramsAt(instantMs)
          for (const slam of rings) grams += slam.gramsAt(index, instantMs)
          loadGrams += grams / INSTANTS_PER_CONVERSION
        }
        let burstVariance = 0
        for (const motion of shelf.motions) burstVariance += motion.burstSdGramsAt(atMs) ** 2
        shelf.cell.convert({
          atMs,
          loadGrams,
          burstSdGrams: Math.sqrt(burstVariance),
          common,
          temperatureDelta: airDelta,
        })
        if (shelf.motions.length > 0) shelf.motions = shelf.motions.filter((motion) => motion.endMs > atMs)
      }
      if (rings.length > 0) rings = rings.filter((slam) => slam.endMs > atMs)
    },
    calm() {
      rings = []
      for (const shelf of shelves) {
        shelf.cell.setFault('none')
        shelf.motions = []
      }
    },
  }
}
