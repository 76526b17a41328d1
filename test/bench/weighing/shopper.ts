import { batchShare, type TrueCabinet, type TrueProduct } from './cabinet.ts'
import type { SeededRandom } from './random.ts'

/** Something that acts on a shelf at a moment; the physics turns it into a signal. */
export type Touch =
  /** Weight that comes (+) or goes (−), with the hand's push before it. */
  | {
      kind: 'load'
      shelf: number
      atMs: number
      grams: number
      fallMs: number
      pushGrams: number
      pushMs: number
    }
  /** A hand or elbow on the shelf: up, then off again. */
  | { kind: 'press'; shelf: number; atMs: number; untilMs: number; grams: number; roughGrams: number }
  /** Handling shakes the shelf without a net change. */
  | { kind: 'shake'; shelf: number; atMs: number; untilMs: number; factor: number }

/** What really happened to the goods in one action on one shelf. `net` counts units by product: − left the shelf. */
export type TrueEvent = {
  shelf: number
  startMs: number
  endMs: number
  grams: number
  /** What the shelf's friction added to its answer. */
  errorGrams: number
  kind: 'take' | 'put_back' | 'put_back_elsewhere' | 'foreign_added' | 'foreign_removed'
  net: ReadonlyArray<readonly [product: number, units: number]>
}

export type ShoppingTrip = {
  openMs: number
  closeMs: number
  endMs: number
  touches: Touch[]
  events: TrueEvent[]
  /** Moments at which a shelf was handled, so that its answer may have shifted a little. */
  settles: Array<{ shelf: number; atMs: number; errorGrams: number }>
  /** Units out of the cabinet, by product. */
  taken: Int16Array
  /** What does not belong here and lay there before the door opened; most of it was noticed when it came. */
  foreignBefore: Array<{ shelf: number; grams: number; noticedGrams: number | null }>
  foreignLeft: boolean
  foreignLost: boolean
}

type ActionKind =
  | 'single'
  | 'double_same'
  | 'double_different'
  | 'put_back'
  | 'put_back_elsewhere'
  | 'swap'
  | 'touch'
  | 'lean'
  | 'long_hold'
  | 'foreign_added'
  | 'foreign_removed'
  | 'nothing'

/** Relative frequency of what shoppers do; `adversarial` makes the rare things five times as frequent. */
function actionMix(adversarial: boolean): Array<readonly [ActionKind, number]> {
  const rare = adversarial ? 5 : 1
  return [
    ['single', 62],
    ['double_same', 8],
    ['double_different', 5],
    ['put_back', 10],
    ['put_back_elsewhere', 4 * rare],
    ['swap', 2 * rare],
    ['touch', 4 * rare],
    ['lean', 2 * rare],
    ['long_hold', 1 * rare],
    ['foreign_added', 0.7 * rare],
    ['foreign_removed', 0.3 * rare],
    ['nothing', 1],
  ]
}

/** Objects left in earlier sessions: how many cabinets have one, and how often its coming was noticed. */
const foreignResidentShare = 0.04
const foreignNoticedShare = 0.85

type Unit = { product: number; grams: number }

/** Plays one customer at one cabinet. Every unit has a weight of its own; a unit put back is the same unit. */
export function goShopping(random: SeededRandom, cabinet: TrueCabinet, adversarial: boolean): ShoppingTrip {
  const batch = cabinet.products.map((product) => random.normal(0, batchShare * product.sigmaGrams))
  const onShelf: Unit[][] = Array.from({ length: cabinet.shelves }, () => [])
  cabinet.products.forEach((product, index) => {
    for (let i = 0; i < cabinet.stock; i++) {
      const grams = product.meanGrams + (batch[index] as number) + random.normal(0, product.sigmaGrams)
      ;(onShelf[product.shelf] as Unit[]).push({ product: index, grams })
    }
  })
  const stray: Array<{ shelf: number; grams: number }> = []
  const openMs = random.between(3000, 5000)
  let nowMs = openMs + random.between(800, 2500)
  const trip: ShoppingTrip = {
    openMs,
    closeMs: 0,
    endMs: 0,
    touches: [],
    events: [],
    settles: [],
    taken: new Int16Array(cabinet.products.length),
    foreignBefore: [],
    foreignLeft: false,
    foreignLost: false,
  }
  const mix = actionMix(adversarial)

  const loadTouch = (shelf: number, atMs: number, grams: number): void => {
    trip.touches.push({
      kind: 'load',
      shelf,
      atMs,
      grams,
      fallMs: random.between(50, 150),
      pushGrams: random.chance(0.7) ? random.between(0, 100) : 0,
      pushMs: random.between(100, 400),
    })
    trip.touches.push({
      kind: 'shake',
      shelf,
      atMs: atMs - random.between(100, 400),
      untilMs: atMs + random.between(150, 500),
      factor: random.logBetween(2, 8),
    })
  }
  const record = (
    shelf: number,
    startMs: number,
    endMs: number,
    grams: number,
    kind: TrueEvent['kind'],
    net: TrueEvent['net'],
  ): void => {
    const errorGrams = random.normal(0, cabinet.settleSigmaGrams)
    trip.events.push({ shelf, startMs, endMs, grams, errorGrams, kind, net })
    trip.settles.push({ shelf, atMs: endMs, errorGrams })
  }
  // Touching moves a shelf's answer less than loading it.
  const jostle = (shelf: number, atMs: number): void => {
    trip.settles.push({ shelf, atMs, errorGrams: random.normal(0, 0.4 * cabinet.settleSigmaGrams) })
  }
  const held: Unit[] = []
  const removeUnit = (shelf: number, product: number): Unit | null => {
    const units = onShelf[shelf] as Unit[]
    const at = units.findIndex((unit) => unit.product === product)
    return at < 0 ? null : (units.splice(at, 1)[0] as Unit)
  }
  const take = (product: number, count: number, other: number | null): Unit[] => {
    const shelf = (cabinet.products[product] as TrueProduct).shelf
    const wanted = other === null ? Array.from({ length: count }, () => product) : [product, other]
    const units = wanted.flatMap((index) => {
      const unit = removeUnit(shelf, index)
      return unit === null ? [] : [unit]
    })
    if (units.length === 0) return []
    const startMs = nowMs
    const together = units.length > 1 && random.chance(0.3)
    let grams = 0
    units.forEach((unit, i) => {
      if (i > 0 && !together) nowMs += random.logBetween(150, 900)
      loadTouch(shelf, nowMs, -unit.grams)
      grams -= unit.grams
      trip.taken[unit.product] = (trip.taken[unit.product] as number) + 1
      held.push(unit)
    })
    record(shelf, startMs, nowMs + 150, grams, 'take', countUnits(units, -1))
    return units
  }
  const putBack = (unit: Unit, shelf: number): void => {
    loadTouch(shelf, nowMs, unit.grams)
    held.splice(held.indexOf(unit), 1)
    ;(onShelf[shelf] as Unit[]).push(unit)
    trip.taken[unit.product] = (trip.taken[unit.product] as number) - 1
    const home = (cabinet.products[unit.product] as TrueProduct).shelf === shelf
    record(shelf, nowMs, nowMs + 150, unit.grams, home ? 'put_back' : 'put_back_elsewhere', [
      [unit.product, 1],
    ])
  }
  const neighbour = (product: number): number => {
    const here = cabinet.products[product] as TrueProduct
    const others = cabinet.products.map((_, index) => index).filter((index) => index !== product)
    const sameShelf = others.filter((index) => (cabinet.products[index] as TrueProduct).shelf === here.shelf)
    return random.pick(sameShelf)
  }
  const nearest = (product: number): number => {
    const here = cabinet.products[product] as TrueProduct
    let best = product
    let least = Number.POSITIVE_INFINITY
    cabinet.products.forEach((other, index) => {
      const off = Math.abs(other.meanGrams - here.meanGrams)
      if (index !== product && off < least) {
        least = off
        best = index
      }
    })
    return best
  }
  const pause = (): void => {
    nowMs += Math.min(6000, Math.max(400, Math.exp(random.normal(Math.log(1500), 0.7))))
  }

  /** What goes back is as often something taken before as something just taken for a look. */
  const changeOfMind = (product: number): Unit[] => {
    if (held.length > 0 && random.chance(0.5)) return [random.pick(held)]
    const units = take(product, 1, null)
    pause()
    return units
  }

  const layForeign = (shelf: number) => {
    const grams = random.logBetween(15, 800)
    const noticedGrams = random.chance(foreignNoticedShare) ? grams + random.normal(0, 3) : null
    const object = { shelf, grams, noticedGrams }
    trip.foreignBefore.push(object)
    return object
  }
  // Most foreign objects stay where they are.
  if (random.chance(foreignResidentShare)) layForeign(random.below(cabinet.shelves))

  const act = (kind: ActionKind): void => {
    const product = random.below(cabinet.products.length)
    const shelf = (cabinet.products[product] as TrueProduct).shelf
    switch (kind) {
      case 'single':
        take(product, 1, null)
        break
      case 'double_same':
        take(product, 2, null)
        break
      case 'double_different':
        take(product, 1, neighbour(product))
        break
      case 'put_back': {
        for (const unit of changeOfMind(product)) {
          putBack(unit, (cabinet.products[unit.product] as TrueProduct).shelf)
        }
        break
      }
      case 'put_back_elsewhere': {
        for (const unit of changeOfMind(product)) {
          const home = (cabinet.products[unit.product] as TrueProduct).shelf
          putBack(unit, (home + 1 + random.below(cabinet.shelves - 1)) % cabinet.shelves)
        }
        break
      }
      case 'swap': {
        const wanted = nearest(product)
        const units = take(product, 1, null)
        pause()
        for (const unit of units) putBack(unit, (cabinet.products[wanted] as TrueProduct).shelf)
        nowMs += random.between(400, 2500)
        take(wanted, 1, null)
        break
      }
      case 'touch': {
        // Lifted and dropped within a second, or only shifted.
        const unit = (onShelf[shelf] as Unit[]).find((candidate) => candidate.product === product)
        const grams = -(unit?.grams ?? 0) * random.between(0.1, 1)
        const untilMs = nowMs + random.between(200, 1000)
        trip.touches.push({ kind: 'press', shelf, atMs: nowMs, untilMs, grams, roughGrams: 8 })
        jostle(shelf, untilMs)
        nowMs = untilMs
        break
      }
      case 'lean': {
        const untilMs = nowMs + random.between(500, 5000)
        const grams = random.logBetween(200, 3000)
        trip.touches.push({ kind: 'press', shelf, atMs: nowMs, untilMs, grams, roughGrams: grams * 0.03 + 3 })
        jostle(shelf, untilMs)
        nowMs = untilMs
        break
      }
      case 'long_hold': {
        const untilMs = nowMs + random.between(2000, 10_000)
        const grams = random.between(-60, 80)
        trip.touches.push({
          kind: 'press',
          shelf,
          atMs: nowMs,
          untilMs,
          grams,
          roughGrams: random.between(2, 15),
        })
        nowMs = untilMs
        take(product, 1, null)
        break
      }
      case 'foreign_added': {
        const grams = random.logBetween(15, 800)
        loadTouch(shelf, nowMs, grams)
        record(shelf, nowMs, nowMs + 150, grams, 'foreign_added', [])
        stray.push({ shelf, grams })
        break
      }
      case 'foreign_removed': {
        // Either what came in this session, or something that had lain there unknown.
        const known = stray.pop()
        const object = known ?? layForeign(shelf)
        const grams = object.grams
        const where = object.shelf
        loadTouch(where, nowMs, -grams)
        record(where, nowMs, nowMs + 150, -grams, 'foreign_removed', [])
        if (known === undefined && trip.foreignBefore.at(-1)?.noticedGrams === null) trip.foreignLost = true
        break
      }
      case 'nothing':
        break
    }
  }

  const first = random.weighted(mix)
  act(first)
  if (first !== 'nothing') {
    for (let actions = 1; actions < 8 && random.chance(1 - 1 / 2.2); actions++) {
      pause()
      act(random.weighted(mix))
    }
  }
  trip.foreignLeft = stray.length > 0
  trip.closeMs = nowMs + random.between(350, 1800)
  trip.endMs = trip.closeMs + 4000
  return trip
}

function countUnits(units: readonly Unit[], sign: number): Array<[number, number]> {
  const counts = new Map<number, number>()
  for (const unit of units) counts.set(unit.product, (counts.get(unit.product) ?? 0) + sign)
  return [...counts]
}
