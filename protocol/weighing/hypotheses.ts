import { farSigmas, near, type CabinetModel, type ModelProduct, type ModelShelf } from './combinations.ts'
import { logAdd, logDensity, logOpenDensity, openRangeGrams, type Wide } from './densities.ts'
import { exchangeFit, liftFit, locationFit } from './fits.ts'
import { wayFit } from './way-fit.ts'
import type { BeamState, HeldUnit, Move, Trail } from './states.ts'
import type { Exchange, Transition } from './transition.ts'
import type { WeighingOptions } from './types.ts'

const smallestObjectGrams = 5

/** What does not belong is light more often than heavy: as many objects between 20 and 40 g as between 200 and 400 g. */
function foreignLogDensity(grams: number): number {
  return (
    -Math.log(Math.max(smallestObjectGrams, grams)) - Math.log(Math.log(openRangeGrams / smallestObjectGrams))
  )
}

export type Visit = (move: Move, logP: number, residualGrams: number, sigmaGrams: number) => void

/** All that is needed to say what may have happened between two levels of one shelf, in one story. */
type Situation = {
  model: CabinetModel
  shelf: ModelShelf
  options: WeighingOptions
  state: BeamState
  transition: Transition
  /** Where this shelf begins in the deviations of the story. */
  devFrom: number
  visit: Visit
}

/** Visits every move that may explain a transition, with its log probability and what it leaves unexplained, in grams. */
export function expand(
  model: CabinetModel,
  shelf: ModelShelf,
  options: WeighingOptions,
  state: BeamState,
  transition: Transition,
  visit: Visit,
): void {
  const devFrom = shelf.index * model.products.length
  const situation: Situation = { model, shelf, options, state, transition, devFrom, visit }
  nothingHappened(situation)
  goodsTaken(situation)
  strangersTaken(situation)
  backFromTheHand(situation)
  if (transition.deltaGrams > smallestObjectGrams) somethingAdded(situation)
  if (-transition.deltaGrams > smallestObjectGrams) somethingElseGone(situation)
}

function nothingHappened({ options, transition, visit }: Situation): void {
  const { deltaGrams, variance, wide, sigmaGrams } = transition
  if (Math.abs(deltaGrams) >= farSigmas * sigmaGrams + 10) return
  visit(
    { kind: 'nothing' },
    Math.log(transition.calm ? 0.9 : options.priors.nothing) +
      liftFit(transition) +
      logDensity(deltaGrams, variance, wide),
    deltaGrams,
    sigmaGrams,
  )
}

function goodsTaken({ model, shelf, options, state, transition, devFrom, visit }: Situation): void {
  const { priors } = options
  const { deltaGrams, variance, located } = transition
  const loss = -deltaGrams
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
}

/** Strangers that were put on this shelf may be picked up again, alone or with one unit that belongs here. */
function strangersTaken({ model, shelf, options, state, transition, devFrom, visit }: Situation): void {
  const { variance, wide } = transition
  const loss = -transition.deltaGrams
  const logTake = Math.log(options.priors.take)
  for (let p = 0; p < model.products.length; p++) {
    if ((state.dev[devFrom + p] as number) <= 0 || (shelf.stock[p] as number) > 0) continue
    const product = model.products[p] as ModelProduct
    const strangerVariance = variance + product.unitVariance + product.sharedVariance
    if (Math.abs(loss - product.unitGrams) < farSigmas * Math.sqrt(strangerVariance)) {
      visit(
        { kind: 'taken', items: [p] },
        logTake +
          Math.log(options.priors.strayTaken) +
          logDensity(loss - product.unitGrams, strangerVariance, wide),
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
          logTake +
            Math.log(0.1 * options.priors.strayTaken) +
            combination.logPrior +
            logDensity(residual, v, wide),
          -residual,
          Math.sqrt(v),
        )
      }
    }
  }
}

function backFromTheHand(situation: Situation): void {
  const { model, options, state } = situation
  const held: number[] = []
  for (let p = 0; p < model.products.length; p++) if ((state.hand[p] as number) > 0) held.push(p)
  const elsewhereShare =
    model.shelves.length > 1 ? options.priors.putBackElsewhere / (model.shelves.length - 1) : 1e-6
  for (const p of held) {
    const home = isHome(situation.shelf, p)
    const logWhere = Math.log((home ? 1 - options.priors.putBackElsewhere : elsewhereShare) / held.length)
    putBack(situation, held, p, logWhere, home)
    exchanged(situation, p, logWhere)
  }
}

function putBack(
  { model, shelf, options, state, transition, visit }: Situation,
  held: readonly number[],
  p: number,
  logWhere: number,
  home: boolean,
): void {
  const { priors } = options
  const { deltaGrams, variance, located, wide } = transition
  const product = model.products[p] as ModelProduct
  const v = variance + product.unitVariance + product.sharedVariance
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
      transition.sigmaGrams,
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
}

/** One thing put back and another taken before the shelf came to rest. */
function exchanged(
  { model, shelf, options, state, transition, devFrom, visit }: Situation,
  p: number,
  logWhere: number,
): void {
  const product = model.products[p] as ModelProduct
  const target = -transition.deltaGrams + product.unitGrams
  if (target <= smallestObjectGrams) return
  let exchanges = transition.exchanges.get(p)
  if (exchanges === undefined) {
    exchanges = exchangesFor(shelf, transition, product, target, options)
    transition.exchanges.set(p, exchanges)
  }
  for (const exchange of exchanges) {
    if (!inStock(exchange.move.taken, shelf, state, devFrom)) continue
    visit(exchange.move, exchange.logP + logWhere, exchange.residualGrams, exchange.sigmaGrams)
  }
}

function somethingAdded({ model, shelf, options, state, transition, visit }: Situation): void {
  const { priors } = options
  const { deltaGrams, variance, wide, sigmaGrams } = transition
  visit(
    { kind: 'foreign_added', grams: deltaGrams },
    Math.log(priors.foreignAdded) + foreignLogDensity(deltaGrams),
    0,
    sigmaGrams,
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

function somethingElseGone({ shelf, options, state, transition, visit }: Situation): void {
  const { priors } = options
  const { variance, wide, sigmaGrams } = transition
  const loss = -transition.deltaGrams
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
    sigmaGrams,
  )
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

function exchangesFor(
  shelf: ModelShelf,
  transition: Transition,
  product: ModelProduct,
  targetGrams: number,
  options: WeighingOptions,
): Exchange[] {
  const variance = transition.variance + product.unitVariance + product.sharedVariance
  const logPrior = Math.log(options.priors.exchange * (transition.calm ? 0.003 : 1))
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
