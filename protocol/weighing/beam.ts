import type { CabinetModel, Combination, ModelProduct, ModelShelf } from './combinations.ts'
import { largeCombinations } from './combinations.ts'
import type { Level } from './levels.ts'
import type { ActionPriors, WeighingOptions } from './types.ts'

/** Foreign objects and losses that nothing explains may weigh anything up to this. */
const openRangeGrams = 3000
const logOpenDensity = -Math.log(openRangeGrams)
const smallestObjectGrams = 5
/** Hypotheses further away than this many standard deviations are not looked at. */
const farSigmas = 7
/** A few answers of a shelf are worse than its sigma says; a wide component keeps the tails honest. */
const wideFactor = 3
const ordinaryWide: Wide = { share: 0.02 }
/** What is read between two quick moves may hold a part of the next hand's push. */
const briefWide: Wide = { share: 0.25 }
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)
/** A hand about to lift something pushes by about this much. */
const pushGrams = 50
/** Two grabs that begin within this time belong together. */
const quickMs = 1300
/** How well an object is known that an earlier session left. */
const earlierForeignSigmaGrams = 4
const negligible = Math.log(1e-9)

export const flagForeign = 1
export const flagUnexplained = 2
export const flagOpened = 4
export const flagBroughtIn = 8
export const flagMerged = 16

/** What one hypothesis says about one change. Product indexes; `unit` counts are positive. */
export type Move =
  | { kind: 'nothing' }
  | { kind: 'resting_hand' }
  | { kind: 'taken'; items: readonly number[] }
  | { kind: 'put_back'; items: readonly number[]; home: boolean }
  | { kind: 'exchanged'; taken: readonly number[]; returned: readonly number[] }
  | { kind: 'foreign_added'; grams: number }
  | { kind: 'foreign_removed'; grams: number }
  | { kind: 'unexplained_loss'; grams: number }
  | { kind: 'opened_package'; item: number }
  | { kind: 'brought_in'; item: number }

export type Trail = {
  previous: Trail | null
  shelf: number
  level: number
  base: number
  deltaGrams: number
  move: Move
  residualGrams: number
  sigmaGrams: number
}

/** One belief about the cabinet: what is missing from or added to each shelf, and so what the shopper holds. */
export type BeamState = {
  logP: number
  /** By shelf × product: units more (or fewer) than the planogram says. */
  dev: Int8Array
  hand: Int8Array
  foreign: ReadonlyArray<ForeignObject>
  /** What each unit in the hand weighs, as far as it was weighed when it left: the same unit weighs the same again. */
  units: readonly HeldUnit[]
  /** By shelf: the last level that is believed to be real. */
  base: Int16Array
  flags: number
  hash: number
  trail: Trail | null
}

/** `isNew`: it came in this session. */
type ForeignObject = { shelf: number; grams: number; sigmaGrams: number; isNew: boolean }

type HeldUnit = { product: number; grams: number; variance: number }

export type LevelEvent = { shelf: number; level: number; certain: boolean }

/** Per-sensor change between two levels of a shelf that has several sensors, or null. */
export type LocateSensors = (shelf: number, base: number, level: number) => Float64Array | null

type Wide = { share: number }

type Candidate = {
  parent: BeamState
  logP: number
  hash: number
  shelf: number
  level: number
  move: Move
  flags: number
  deltaGrams: number
  /** Of the weighing alone, without the goods. */
  variance: number
  residualGrams: number
  sigmaGrams: number
}

type Exchange = {
  move: { kind: 'exchanged'; taken: readonly number[]; returned: readonly number[] }
  logP: number
  residualGrams: number
  sigmaGrams: number
}

type Transition = {
  deltaGrams: number
  sigmaGrams: number
  variance: number
  combos: ReadonlyArray<{ combination: Combination; logLikelihood: number; large: boolean }>
  located: Float64Array | null
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

/**
 * The joint posterior over everything that happened, in the order of time over all shelves.
 * @param levels by shelf, oldest first; `levels[s][first[s]]` is the level before the door opened
 * @returns states with normalised log probability, best first
 */
export function runBeam(
  model: CabinetModel,
  options: WeighingOptions,
  levels: ReadonlyArray<readonly Level[]>,
  first: readonly number[],
  events: readonly LevelEvent[],
  locate: LocateSensors,
): BeamState[] {
  const nProducts = model.products.length
  const nShelves = model.shelves.length
  let states: BeamState[] = [
    {
      logP: 0,
      dev: new Int8Array(nShelves * nProducts),
      hand: new Int8Array(nProducts),
      foreign: model.shelves.flatMap((shelf) =>
        shelf.foreignGrams.map((grams) => ({
          shelf: shelf.index,
          grams,
          sigmaGrams: earlierForeignSigmaGrams,
          isNew: false,
        })),
      ),
      units: [],
      base: Int16Array.from(first),
      flags: 0,
      hash: 0,
      trail: null,
    },
  ]
  for (const event of events) {
    const shelf = model.shelves[event.shelf] as ModelShelf
    const shelfLevels = levels[event.shelf] as readonly Level[]
    const level = shelfLevels[event.level] as Level
    const transitions = new Map<number, Transition>()
    const candidates = new Map<number, Candidate>()
    let best = Number.NEGATIVE_INFINITY
    const consider = (
      parent: BeamState,
      logP: number,
      transition: Transition,
      move: Move,
      flags: number,
      hashDelta: number,
      residualGrams: number,
      sigmaGrams: number,
    ): void => {
      if (logP < best + negligible) return
      const hash = addHash(parent.hash, hashDelta)
      const known = candidates.get(hash)
      if (known !== undefined) {
        // The same belief by another path: the probabilities add, the likelier story is kept.
        const sum = logAdd(known.logP, logP)
        if (logP > known.logP) {
          candidates.set(hash, {
            parent,
            logP: sum,
            hash,
            shelf: event.shelf,
            level: event.level,
            move,
            flags,
            deltaGrams: transition.deltaGrams,
            variance: transition.variance,
            residualGrams,
            sigmaGrams,
          })
        } else known.logP = sum
        if (sum > best) best = sum
        return
      }
      if (logP > best) best = logP
      candidates.set(hash, {
        parent,
        logP,
        hash,
        shelf: event.shelf,
        level: event.level,
        move,
        flags,
        deltaGrams: transition.deltaGrams,
        variance: transition.variance,
        residualGrams,
        sigmaGrams,
      })
    }
    for (const state of states) {
      const baseIndex = state.base[event.shelf] as number
      let transition = transitions.get(baseIndex)
      if (transition === undefined) {
        transition = transitionBetween(
          model,
          shelf,
          options,
          shelfLevels,
          baseIndex,
          event.level,
          locate(event.shelf, baseIndex, event.level),
        )
        transitions.set(baseIndex, transition)
      }
      const moved = hashOf(baseSlot(event.shelf), event.level) - hashOf(baseSlot(event.shelf), baseIndex)
      let logReal = 0
      if (!event.certain) {
        const resting = restingHandProbability(level, baseIndex !== event.level - 1, options)
        const logRest = Math.log(resting) + restingHandDensity(shelfLevels, baseIndex, event.level)
        consider(
          state,
          state.logP + logRest,
          transition,
          { kind: 'resting_hand' },
          state.flags,
          0,
          0,
          transition.sigmaGrams,
        )
        logReal = Math.log(1 - resting)
      }
      expand(model, shelf, options, state, transition, (move, logP, residual, sigma) => {
        const flags = state.flags | flagsOf(move)
        const hashDelta =
          moved +
          hashOfMove(move, event.shelf, nProducts, state) +
          (flags === state.flags ? 0 : hashOf(flagSlot, flags) - hashOf(flagSlot, state.flags))
        consider(state, state.logP + logReal + logP, transition, move, flags, hashDelta, residual, sigma)
      })
    }
    const kept = [...candidates.values()]
      .filter((candidate) => candidate.logP > best + negligible)
      .sort((a, b) => b.logP - a.logP || a.hash - b.hash)
      .slice(0, options.beamWidth)
    states = kept.map((candidate) => applyCandidate(candidate, model))
  }
  let total = Number.NEGATIVE_INFINITY
  for (const state of states) total = logAdd(total, state.logP)
  for (const state of states) state.logP -= total
  return states
}

/** How likely it is that a quiet level is only a hand at rest, by how quiet and how long it was. */
function restingHandProbability(level: Level, alreadyResting: boolean, options: WeighingOptions): number {
  const { restingHandGood, restingHandPoor } = options.priors
  const poor = level.forced || level.roughness > 1.8 || level.quietMs < 300
  // A hand that rests goes on resting.
  if (alreadyResting)
    return poor ? Math.max(0.5, restingHandPoor) : Math.sqrt(restingHandGood * restingHandPoor)
  if (poor) return restingHandPoor
  return level.quietMs < 700 ? Math.sqrt(restingHandGood * restingHandPoor) : restingHandGood
}

/** A hand may push anything; once it rests, it goes on pushing about as much. */
function restingHandDensity(levels: readonly Level[], baseIndex: number, levelIndex: number): number {
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

function transitionBetween(
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
  return {
    deltaGrams,
    sigmaGrams: Math.sqrt(variance),
    variance,
    combos,
    located,
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

function expand(
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
      Math.log(transition.calm ? 0.9 : priors.nothing) + logDensity(deltaGrams, variance, wide),
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
      Math.log(priors.foreignAdded) + logOpenDensity,
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
        swingFit(transition, product.unitGrams, combination.grams) +
        combination.logPrior +
        logDensity(residual, both, transition.wide),
      residualGrams: -residual,
      sigmaGrams: Math.sqrt(both),
    })
  }
  return exchanges
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

/** A normal density with a wide component: a narrow one for what the sigma says, a wide one for what it does not. */
function logDensity(residual: number, variance: number, wide: Wide): number {
  const squared = residual * residual
  const broadVariance = wideFactor * wideFactor * variance
  return (
    logAdd(
      Math.log((1 - wide.share) / Math.sqrt(variance)) - (0.5 * squared) / variance,
      Math.log(wide.share / Math.sqrt(broadVariance)) - (0.5 * squared) / broadVariance,
    ) - halfLogTwoPi
  )
}

export function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b
  if (b === Number.NEGATIVE_INFINITY) return a
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b))
}

function flagsOf(move: Move): number {
  switch (move.kind) {
    case 'foreign_added':
      return flagForeign
    case 'unexplained_loss':
      return flagUnexplained
    case 'opened_package':
      return flagOpened
    case 'brought_in':
      return flagBroughtIn
    case 'taken':
      return move.items.length > 3 ? flagMerged : 0
    case 'nothing':
    case 'resting_hand':
    case 'put_back':
    case 'exchanged':
    case 'foreign_removed':
      return 0
  }
}

const flagSlot = -1
function baseSlot(shelf: number): number {
  return -100 - shelf
}

/** States are told apart by a sum of hashes of their parts, kept up as they change. */
function hashOf(slot: number, value: number): number {
  let a = Math.imul(slot ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(value + 0x7f4a7c15, 0xc2b2ae35)
  a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d)
  a ^= a >>> 12
  let b = Math.imul(a ^ slot, 0x297a2d39) ^ Math.imul(value ^ 0x165667b1, 0x27d4eb2f)
  b = Math.imul(b ^ (b >>> 15), 0x165667b1)
  b ^= b >>> 13
  return (a >>> 8) * 2 ** 24 + (b >>> 8)
}

const hashModulus = 2 ** 48

function addHash(hash: number, delta: number): number {
  const sum = (hash + delta) % hashModulus
  return sum < 0 ? sum + hashModulus : sum
}

function hashOfMove(move: Move, shelf: number, nProducts: number, state: BeamState): number {
  const from = shelf * nProducts
  const shift = (items: readonly number[], by: number): number => {
    let delta = 0
    for (let i = 0; i < items.length; ) {
      const item = items[i] as number
      let count = 1
      while (i + count < items.length && items[i + count] === item) count++
      const now = state.dev[from + item] as number
      delta += hashOf(from + item, now + by * count) - hashOf(from + item, now)
      i += count
    }
    return delta
  }
  switch (move.kind) {
    case 'nothing':
    case 'resting_hand':
    case 'unexplained_loss':
    case 'opened_package':
      return 0
    case 'taken':
      return shift(move.items, -1)
    case 'put_back':
      return shift(move.items, 1)
    case 'brought_in':
      return shift([move.item], 1)
    case 'exchanged':
      return shift(move.taken, -1) + shift(move.returned, 1)
    case 'foreign_added':
      return hashOf(-1000 - shelf, Math.round(move.grams))
    case 'foreign_removed':
      return -hashOf(-1000 - shelf, Math.round(move.grams))
  }
}

function applyCandidate(candidate: Candidate, model: CabinetModel): BeamState {
  const nProducts = model.products.length
  const { parent, move, shelf } = candidate
  const dev = parent.dev.slice()
  const hand = parent.hand.slice()
  let foreign = parent.foreign
  let units = parent.units
  const base = parent.base.slice()
  const from = shelf * nProducts
  const change = (items: readonly number[], by: number): void => {
    for (const item of items) {
      dev[from + item] = (dev[from + item] as number) + by
      hand[item] = (hand[item] as number) - by
    }
  }
  switch (move.kind) {
    case 'taken':
      change(move.items, -1)
      units = [...units, ...weighUnits(move.items, -candidate.deltaGrams, candidate.variance, model)]
      break
    case 'put_back':
      change(move.items, 1)
      units = releaseUnits(units, move.items, candidate.deltaGrams)
      break
    case 'brought_in':
      change([move.item], 1)
      break
    case 'exchanged':
      change(move.taken, -1)
      change(move.returned, 1)
      units = [
        ...releaseUnits(units, move.returned, Number.NaN),
        ...weighUnits(move.taken, Number.NaN, 0, model),
      ]
      break
    case 'foreign_added':
      foreign = [...foreign, { shelf, grams: move.grams, sigmaGrams: candidate.sigmaGrams, isNew: true }]
      break
    case 'foreign_removed': {
      const at = foreign.findIndex((object) => object.shelf === shelf && object.grams === move.grams)
      foreign = foreign.filter((_, index) => index !== at)
      break
    }
    case 'nothing':
    case 'resting_hand':
    case 'unexplained_loss':
    case 'opened_package':
      break
  }
  const fromBase = base[shelf] as number
  if (move.kind !== 'resting_hand') base[shelf] = candidate.level
  return {
    logP: candidate.logP,
    dev,
    hand,
    foreign,
    units,
    base,
    flags: candidate.flags,
    hash: candidate.hash,
    trail: {
      previous: parent.trail,
      shelf,
      level: candidate.level,
      base: fromBase,
      deltaGrams: candidate.deltaGrams,
      move,
      residualGrams: candidate.residualGrams,
      sigmaGrams: candidate.sigmaGrams,
    },
  }
}

/** The units of one grab share what the scale said by how uncertain each was before. NaN: the scale said nothing. */
function weighUnits(
  items: readonly number[],
  lossGrams: number,
  variance: number,
  model: CabinetModel,
): HeldUnit[] {
  let expected = 0
  let spread = variance
  for (const item of items) {
    const product = model.products[item] as ModelProduct
    expected += product.unitGrams
    spread += product.unitVariance + product.sharedVariance
  }
  const surprise = Number.isNaN(lossGrams) ? 0 : lossGrams - expected
  return items.map((item) => {
    const product = model.products[item] as ModelProduct
    const own = product.unitVariance + product.sharedVariance
    const share = Number.isNaN(lossGrams) ? 0 : own / spread
    return { product: item, grams: product.unitGrams + share * surprise, variance: own * (1 - share) }
  })
}

/** Of several units of one product, the one nearest in weight is the one that came back. */
function releaseUnits(
  units: readonly HeldUnit[],
  items: readonly number[],
  gainGrams: number,
): readonly HeldUnit[] {
  const left = units.slice()
  for (const item of items) {
    let nearest = -1
    let least = Number.POSITIVE_INFINITY
    left.forEach((unit, index) => {
      if (unit.product !== item) return
      const off = Number.isNaN(gainGrams) || items.length > 1 ? 0 : Math.abs(unit.grams - gainGrams)
      if (off < least) {
        least = off
        nearest = index
      }
    })
    if (nearest >= 0) left.splice(nearest, 1)
  }
  return left
}
