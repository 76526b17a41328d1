import {
  largeCombinations,
  type CabinetModel,
  type Combination,
  type ModelProduct,
  type ModelShelf,
} from './combinations.ts'
import { briefWide, logAdd, logDensity, ordinaryWide, type Wide } from './densities.ts'
import type { Level } from './levels.ts'
import { passageEvidence, type PassageEvidence } from './passage.ts'
import type { BeamState, HeldUnit, Move, Trail } from './states.ts'
import type { ActionPriors, WeighingOptions } from './types.ts'

/** Foreign objects and losses that nothing explains may weigh anything up to this. */
const openRangeGrams = 3000

const logOpenDensity = -Math.log(openRangeGrams)

const smallestObjectGrams = 5

/** What does not belong is light more often than heavy: as many objects between 20 and 40 g as between 200 and 400 g. */
function foreignLogDensity(grams: number): number {
  return (
    -Math.log(Math.max(smallestObjectGrams, grams)) - Math.log(Math.log(openRangeGrams / smallestObjectGrams))
  )
}

/** Hypotheses further away than this many standard deviations are not looked at. */
const farSigmas = 7

/** A hand about to lift something pushes by about this much. */
const pushGrams = 50

const stillMs = 2000

/** Two grabs that begin within this time belong together. */
const quickMs = 900

/** Of two units taken in one go, the share that leaves one after the other. */
const apartShare = 0.65

/** Of shelves that are back where they were, the share in which something was lifted or leaned on. */
const liftShare = 0.5

/** Of exchanges, the share in which the hand puts back first: it has to be empty to take. */
const putFirstShare = 0.85

type Exchange = {
  move: { kind: 'exchanged'; taken: readonly number[]; returned: readonly number[] }
  logP: number
  residualGrams: number
  sigmaGrams: number
}

export type Transition = {
  deltaGrams: number
  sigmaGrams: number
  variance: number
  combos: ReadonlyArray<{ combination: Combination; logLikelihood: number; large: boolean }>
  located: Float64Array | null
  /** What the readings on the way say; silent where they were not kept. */
  passage: PassageEvidence
  /** Levels between the two are taken for a resting hand. */
  skips: boolean
  /** What the readings between say is not counted a second time when the levels between are skipped. */
  logDiscount: number
  /** Nothing but the door disturbed the shelf: two moves that cancel out are next to impossible. */
  calm: boolean
  /** The level before lasted only a moment. */
  quick: boolean
  /** How far the shelf went above and below the level before. */
  highGrams: number
  lowGrams: number
  /** The wide component of the density. */
  wide: Wide
  busySeconds: number
  /** By product put back: what may have been taken in its place. */
  exchanges: Map<number, Exchange[]>
}

/** How likely it is that a quiet level is only a hand at rest, by how quiet and how long it was. */
export function restingHandProbability(
  level: Level,
  alreadyResting: boolean,
  options: WeighingOptions,
): number {
  const { restingHandGood, restingHandPoor } = options.priors
  const poor = level.forced || level.roughness > 1.8 || level.quietMs < 300
  // A hand that rests goes on resting.
  if (alreadyResting)
    return poor ? Math.max(0.5, restingHandPoor) : Math.sqrt(restingHandGood * restingHandPoor)
  if (poor) return restingHandPoor
  if (level.quietMs < 700) return Math.sqrt(restingHandGood * restingHandPoor)
  // No hand is as still as an empty shelf for long.
  return level.quietMs > stillMs && level.roughness < 1.4 ? 0.2 * restingHandGood : restingHandGood
}

/** A hand may push anything; once it rests, it goes on pushing about as much. */
export function restingHandDensity(levels: readonly Level[], baseIndex: number, levelIndex: number): number {
  if (baseIndex === levelIndex - 1) {
    const level = levels[levelIndex] as Level
    const next = levels[levelIndex + 1]
    if (!level.brief) return logOpenDensity
    // A push before a move, or a move half seen: near the level before or the one after.
    const fromBase = Math.abs(level.headGrams - (levels[baseIndex] as Level).tailGrams)
    const toNext = next === undefined ? Number.POSITIVE_INFINITY : Math.abs(level.headGrams - next.headGrams)
    return Math.log(
      (0.35 * Math.exp(-fromBase / pushGrams) + 0.35 * Math.exp(-toNext / pushGrams)) / (2 * pushGrams) +
        0.3 / openRangeGrams,
    )
  }
  const previous = levels[levelIndex - 1] as Level
  const base = levels[baseIndex] as Level
  const level = levels[levelIndex] as Level
  const scale = Math.max(10, 0.1 * Math.abs(previous.tailGrams - base.tailGrams))
  const off = (level.headGrams - previous.tailGrams) / scale
  return Math.log(0.7 / (Math.PI * scale * (1 + off * off)) + 0.3 / openRangeGrams)
}

export function transitionBetween(
  model: CabinetModel,
  shelf: ModelShelf,
  options: WeighingOptions,
  levels: readonly Level[],
  baseIndex: number,
  levelIndex: number,
  located: Float64Array | null,
): Transition {
  const before = levels[baseIndex] as Level
  const after = levels[levelIndex] as Level
  const deltaGrams = after.headGrams - before.tailGrams
  const busySeconds = Math.max(0, after.startMs - before.endMs) / 1000
  const variance =
    before.tailSigmaGrams ** 2 +
    after.headSigmaGrams ** 2 +
    options.repeatabilityGrams ** 2 +
    (options.gainShare * deltaGrams) ** 2 +
    (options.driftGramsPerSecond * busySeconds) ** 2
  const calm = after.followsDoor && busySeconds < 2.5 && baseIndex === levelIndex - 1
  const quick = after.startMs - before.startMs < quickMs
  const passed = levels.slice(baseIndex + 1, levelIndex + 1)
  const offset = (level: Level): number =>
    (levels[levels.indexOf(level) - 1] as Level).tailGrams - before.tailGrams
  const highGrams = Math.max(...passed.map((level) => level.highGrams + offset(level)))
  const lowGrams = Math.min(...passed.map((level) => level.lowGrams + offset(level)))
  const wide = before.brief || after.brief ? briefWide : ordinaryWide
  const loss = -deltaGrams
  const combos: Array<{ combination: Combination; logLikelihood: number; large: boolean }> = []
  if (loss > 0) {
    for (const combination of near(shelf.combinations, loss, variance)) {
      combos.push({
        combination,
        logLikelihood: logDensity(loss - combination.grams, variance + combination.variance, wide),
        large: false,
      })
    }
    const good = combos.some(({ combination }) => {
      const z2 = (loss - combination.grams) ** 2 / (variance + combination.variance)
      return z2 < 12
    })
    if (!good && loss > 3 * model.lightestGrams) {
      for (const combination of largeCombinations(
        shelf,
        model.products,
        options,
        loss,
        Math.sqrt(variance),
      )) {
        combos.push({
          combination,
          logLikelihood: logDensity(loss - combination.grams, variance + combination.variance, wide),
          large: true,
        })
      }
    }
  }
  const passage = passageEvidence(after.passage, before, after)
  const skips = baseIndex !== levelIndex - 1
  let logDiscount = 0
  if (skips && !passage.isSilent) {
    for (const { combination } of combos) {
      logDiscount = Math.min(logDiscount, -wayFit(model, passage, combination.items, -1))
    }
  }
  return {
    deltaGrams,
    sigmaGrams: Math.sqrt(variance),
    variance,
    combos,
    located,
    passage,
    skips,
    logDiscount,
    calm,
    quick,
    wide,
    busySeconds,
    highGrams,
    lowGrams,
    exchanges: new Map(),
  }
}

type Visit = (move: Move, logP: number, residualGrams: number, sigmaGrams: number) => void

export function expand(
  model: CabinetModel,
  shelf: ModelShelf,
  options: WeighingOptions,
  state: BeamState,
  transition: Transition,
  visit: Visit,
): void {
  const priors = options.priors
  const nProducts = model.products.length
  const devFrom = shelf.index * nProducts
  const { deltaGrams, variance, located, wide } = transition
  const loss = -deltaGrams
  const sigma = transition.sigmaGrams
  const far = farSigmas * sigma + 10

  if (Math.abs(deltaGrams) < far) {
    visit(
      { kind: 'nothing' },
      Math.log(transition.calm ? 0.9 : priors.nothing) +
        liftFit(transition) +
        logDensity(deltaGrams, variance, wide),
      deltaGrams,
      sigma,
    )
  }

  const logTake = Math.log(priors.take)
  const follows = transition.quick ? lastTakenFrom(state.trail, shelf.index) : -1
  const kinds = shelf.homes.length
  const logAgain = Math.log(1 + priors.takesAgain * (kinds - 1))
  const logOther = Math.log(1 - priors.takesAgain)
  for (const { combination, logLikelihood } of transition.combos) {
    if (!inStock(combination.items, shelf, state, devFrom)) continue
    // A second grab right after the first is often for the same thing.
    const habit =
      follows < 0 || combination.items.length > 1 ? 0 : combination.items[0] === follows ? logAgain : logOther
    // Three at once need time.
    const haste = combination.items.length > 2 && transition.busySeconds < 1.2 && !transition.quick ? -1.5 : 0
    visit(
      { kind: 'taken', items: combination.items },
      logTake +
        combination.logPrior +
        habit +
        haste +
        logLikelihood +
        wayFit(model, transition.passage, combination.items, -1) +
        locationFit(shelf, combination.items, located, deltaGrams),
      combination.grams - loss,
      Math.sqrt(variance + combination.variance),
    )
  }

  // Strangers that were put on this shelf may be picked up again, alone or with one unit that belongs here.
  for (let p = 0; p < nProducts; p++) {
    if ((state.dev[devFrom + p] as number) <= 0 || (shelf.stock[p] as number) > 0) continue
    const product = model.products[p] as ModelProduct
    const strangerVariance = variance + product.unitVariance + product.sharedVariance
    if (Math.abs(loss - product.unitGrams) < farSigmas * Math.sqrt(strangerVariance)) {
      visit(
        { kind: 'taken', items: [p] },
        logTake + Math.log(priors.strayTaken) + logDensity(loss - product.unitGrams, strangerVariance, wide),
        product.unitGrams - loss,
        Math.sqrt(strangerVariance),
      )
    }
    if (loss - product.unitGrams > smallestObjectGrams) {
      for (const combination of near(shelf.combinations, loss - product.unitGrams, strangerVariance)) {
        if (combination.items.length > 1 || !inStock(combination.items, shelf, state, devFrom)) continue
        const residual = loss - product.unitGrams - combination.grams
        const v = strangerVariance + combination.variance
        visit(
          { kind: 'taken', items: [...combination.items, p].sort((a, b) => a - b) },
          logTake + Math.log(0.1 * priors.strayTaken) + combination.logPrior + logDensity(residual, v, wide),
          -residual,
          Math.sqrt(v),
        )
      }
    }
  }

  // Back from the hand.
  const held: number[] = []
  for (let p = 0; p < nProducts; p++) if ((state.hand[p] as number) > 0) held.push(p)
  const elsewhereShare =
    model.shelves.length > 1 ? priors.putBackElsewhere / (model.shelves.length - 1) : 1e-6
  for (const p of held) {
    const product = model.products[p] as ModelProduct
    const v = variance + product.unitVariance + product.sharedVariance
    const home = isHome(shelf, p)
    const logWhere = Math.log((home ? 1 - priors.putBackElsewhere : elsewhereShare) / held.length)
    const gain = deltaGrams - product.unitGrams
    if (Math.abs(gain) < 1.5 * farSigmas * Math.sqrt(v)) {
      const back = bestReturn(state.units, p, deltaGrams, variance, wide)
      visit(
        { kind: 'put_back', items: [p], home },
        Math.log(priors.putBack) +
          logWhere +
          (back?.logLikelihood ?? logDensity(gain, v, wide)) +
          locationFit(shelf, [p], located, deltaGrams),
        gain,
        Math.sqrt(v),
      )
    }
    if (deltaGrams > smallestObjectGrams && deltaGrams < 0.97 * product.unitGrams) {
      visit(
        { kind: 'opened_package', item: p },
        Math.log(priors.openedPackage / held.length) - Math.log(product.unitGrams),
        0,
        sigma,
      )
    }
    for (const q of held) {
      if (q < p || (q === p && (state.hand[p] as number) < 2)) continue
      const second = model.products[q] as ModelProduct
      const pairVariance =
        p === q
          ? variance + 2 * product.unitVariance + 4 * product.sharedVariance
          : v + second.unitVariance + second.sharedVariance
      const pairGain = gain - second.unitGrams
      if (Math.abs(pairGain) > farSigmas * Math.sqrt(pairVariance)) continue
      visit(
        { kind: 'put_back', items: [p, q], home: home && isHome(shelf, q) },
        Math.log(priors.putBack * 0.1) +
          logWhere +
          Math.log(isHome(shelf, q) ? 1 : 0.3) +
          logDensity(pairGain, pairVariance, wide),
        pairGain,
        Math.sqrt(pairVariance),
      )
    }
    // One thing put back and another taken before the shelf came to rest.
    const target = loss + product.unitGrams
    if (target <= smallestObjectGrams) continue
    let exchanges = transition.exchanges.get(p)
    if (exchanges === undefined) {
      exchanges = exchangesFor(shelf, transition, product, target, v, priors)
      transition.exchanges.set(p, exchanges)
    }
    for (const exchange of exchanges) {
      if (!inStock(exchange.move.taken, shelf, state, devFrom)) continue
      visit(exchange.move, exchange.logP + logWhere, exchange.residualGrams, exchange.sigmaGrams)
    }
  }

  if (deltaGrams > smallestObjectGrams) {
    visit(
      { kind: 'foreign_added', grams: deltaGrams },
      Math.log(priors.foreignAdded) + foreignLogDensity(deltaGrams),
      0,
      sigma,
    )
    for (const home of shelf.homes) {
      if ((state.hand[home.product] as number) > 0) continue
      const product = model.products[home.product] as ModelProduct
      const v = variance + product.unitVariance + product.sharedVariance
      const gain = deltaGrams - product.unitGrams
      if (Math.abs(gain) > farSigmas * Math.sqrt(v)) continue
      visit(
        { kind: 'brought_in', item: home.product },
        Math.log(priors.broughtIn / shelf.homes.length) + logDensity(gain, v, wide),
        gain,
        Math.sqrt(v),
      )
    }
  }
  if (loss > smallestObjectGrams) {
    for (const object of state.foreign) {
      if (object.shelf !== shelf.index) continue
      const v = variance + object.sigmaGrams ** 2
      if (Math.abs(loss - object.grams) > farSigmas * Math.sqrt(v)) continue
      visit(
        { kind: 'foreign_removed', grams: object.grams },
        Math.log(priors.foreignRemoved) + logDensity(loss - object.grams, v, wide),
        object.grams - loss,
        Math.sqrt(v),
      )
    }
    visit(
      { kind: 'unexplained_loss', grams: loss },
      Math.log(priors.unexplainedLoss) + logOpenDensity,
      0,
      sigma,
    )
  }
}

/** Likelihood that one of the held units of a product came back; averaged over them. */
function bestReturn(
  units: readonly HeldUnit[],
  product: number,
  gainGrams: number,
  variance: number,
  wide: Wide,
): { logLikelihood: number } | null {
  let sum = Number.NEGATIVE_INFINITY
  let count = 0
  for (const unit of units) {
    if (unit.product !== product) continue
    count++
    sum = logAdd(sum, logDensity(gainGrams - unit.grams, variance + unit.variance, wide))
  }
  return count === 0 ? null : { logLikelihood: sum - Math.log(count) }
}

function exchangesFor(
  shelf: ModelShelf,
  transition: Transition,
  product: ModelProduct,
  targetGrams: number,
  variance: number,
  priors: ActionPriors,
): Exchange[] {
  const logPrior = Math.log(priors.exchange * (transition.calm ? 0.003 : 1))
  const exchanges: Exchange[] = []
  for (const combination of near(shelf.combinations, targetGrams, variance)) {
    if (combination.items.length > 2 || combination.items.includes(product.index)) continue
    const residual = targetGrams - combination.grams
    const both = variance + combination.variance
    exchanges.push({
      move: { kind: 'exchanged', taken: combination.items, returned: [product.index] },
      logP:
        logPrior +
        exchangeFit(transition, product.unitGrams, combination.grams, variance) +
        combination.logPrior +
        logDensity(residual, both, transition.wide),
      residualGrams: -residual,
      sigmaGrams: Math.sqrt(both),
    })
  }
  return exchanges
}

/** Something touched or lifted for a moment, or nothing at all. */
function liftFit({ passage, skips }: Transition): number {
  return passage.isSilent || skips
    ? 0
    : logAdd(Math.log(1 - liftShare), Math.log(liftShare) + passage.viaAnything)
}

/** First the one is put back, or first the other is taken; where the readings were kept, they say whether it was so. */
function exchangeFit(
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
function swingFit(transition: Transition, returnedGrams: number, takenGrams: number): number {
  const { highGrams, lowGrams } = transition
  const up = highGrams > 0.85 * returnedGrams - 5 && highGrams < returnedGrams + 2.5 * pushGrams
  const down = -lowGrams > 0.85 * takenGrams - 5 && -lowGrams < 1.1 * takenGrams + 10
  const telling = Math.min(returnedGrams, takenGrams) > 2.5 * pushGrams
  // A lean of just that weight is rare; a push or a lifted unit of just that weight is not.
  if (up) return telling ? 5.3 : 2.5
  if (down) return 0
  return telling ? -4 : -1.5
}

/** Two units are lifted as one, or one after the other; then the shelf may have been seen in between. */
function wayFit(
  model: CabinetModel,
  passage: PassageEvidence,
  items: readonly number[],
  sign: 1 | -1,
): number {
  if (items.length < 2 || items.length > 3) return 0
  let sum = Number.NEGATIVE_INFINITY
  for (const item of items) {
    const product = model.products[item] as ModelProduct
    sum = logAdd(sum, passage.via(sign * product.unitGrams, product.unitVariance + product.sharedVariance))
  }
  return logAdd(Math.log(1 - apartShare), Math.log(apartShare / items.length) + sum)
}

function lastTakenFrom(trail: Trail | null, shelf: number): number {
  for (let at = trail; at !== null; at = at.previous) {
    if (at.shelf !== shelf || at.move.kind === 'resting_hand') continue
    return at.move.kind === 'taken' ? (at.move.items.at(-1) as number) : -1
  }
  return -1
}

function isHome(shelf: ModelShelf, product: number): boolean {
  for (const home of shelf.homes) if (home.product === product) return true
  return false
}

function inStock(items: readonly number[], shelf: ModelShelf, state: BeamState, devFrom: number): boolean {
  for (let i = 0; i < items.length; ) {
    const item = items[i] as number
    let count = 1
    while (i + count < items.length && items[i + count] === item) count++
    if ((shelf.stock[item] as number) + (state.dev[devFrom + item] as number) < count) return false
    i += count
  }
  return true
}

/**
 * Log likelihood of where on the shelf the change happened. Plates show it sharply, corner cells only by lean,
 * so the penalty grows with the share of weight that fell outside the products' own sensors, and no faster.
 */
function locationFit(
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

function near(table: readonly Combination[], grams: number, variance: number): readonly Combination[] {
  // The combination's own variance grows with its weight; 1.2 % of the weight covers every sane product.
  const reach = farSigmas * (Math.sqrt(variance) + 0.012 * Math.abs(grams) + 1)
  let low = lowerBound(table, grams - reach)
  const found: Combination[] = []
  for (; low < table.length; low++) {
    const combination = table[low] as Combination
    if (combination.grams > grams + reach) break
    const off = combination.grams - grams
    if (off * off < farSigmas * farSigmas * (variance + combination.variance)) found.push(combination)
  }
  return found
}

function lowerBound(table: readonly Combination[], grams: number): number {
  let low = 0
  let high = table.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((table[middle] as Combination).grams < grams) low = middle + 1
    else high = middle
  }
  return low
}
