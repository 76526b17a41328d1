import { batchShare, type TrueCabinet, type TrueProduct } from './cabinet.ts'
import type { ShoppingTrip, TrueEvent } from './shopper.ts'

/**
 * The limit of physics: exact event Bayes that is told every true event and every true parameter
 * (mean weights, spreads, settle error, how often shoppers do what), but not what was moved.
 */
type OracleState = {
  logP: number
  /** Units by shelf and product against the start. */
  dev: Map<number, number>
  held: Array<{ product: number; grams: number; variance: number }>
  key: string
}

const beam = 300
const stray = 1 / 785

export type Share = {
  take1: number
  same2: number
  different2: number
  back: number
  elsewhere: number
  foreign: number
}

/** Relative frequency of events (not actions) in the generator's mix. */
const shares: Share = { take1: 81, same2: 8, different2: 5, back: 10, elsewhere: 6, foreign: 1 }

export function oracleReceipt(
  cabinet: TrueCabinet,
  trip: ShoppingTrip,
  gainOf: (shelf: number) => number,
): { taken: Int16Array; probability: number } {
  const count = cabinet.products.length
  let states: OracleState[] = [{ logP: 0, dev: new Map(), held: [], key: '' }]
  for (const event of trip.events) {
    const next = new Map<string, OracleState>()
    const delta = event.grams * gainOf(event.shelf) + event.errorGrams
    for (const state of states) {
      for (const hypothesis of hypothesesOf(cabinet, state, trip, event, delta)) {
        const known = next.get(hypothesis.key)
        if (known === undefined) next.set(hypothesis.key, hypothesis)
        else if (hypothesis.logP > known.logP) {
          hypothesis.logP = logSum(hypothesis.logP, known.logP)
          next.set(hypothesis.key, hypothesis)
        } else known.logP = logSum(known.logP, hypothesis.logP)
      }
    }
    states = [...next.values()].sort((a, b) => b.logP - a.logP).slice(0, beam)
  }
  const receipts = new Map<string, { taken: Int16Array; mass: number }>()
  const top = states[0]?.logP ?? 0
  let total = 0
  for (const state of states) {
    const taken = new Int16Array(count)
    for (const [slot, units] of state.dev) taken[slot % count] = (taken[slot % count] as number) - units
    const mass = Math.exp(state.logP - top)
    total += mass
    const key = taken.join()
    const known = receipts.get(key)
    if (known === undefined) receipts.set(key, { taken, mass })
    else known.mass += mass
  }
  const best = [...receipts.values()].sort((a, b) => b.mass - a.mass)[0]
  return best === undefined
    ? { taken: new Int16Array(count), probability: 0 }
    : { taken: best.taken, probability: best.mass / total }
}

function* hypothesesOf(
  cabinet: TrueCabinet,
  state: OracleState,
  trip: ShoppingTrip,
  event: TrueEvent,
  delta: number,
): Generator<OracleState> {
  const count = cabinet.products.length
  const noise = cabinet.settleSigmaGrams ** 2
  const gain = 0.001
  const total =
    shares.take1 + shares.same2 + shares.different2 + shares.back + shares.elsewhere + shares.foreign
  const slotOf = (product: number): number => event.shelf * count + product
  const stockOf = (product: number): number => {
    const home = (cabinet.products[product] as TrueProduct).shelf === event.shelf ? cabinet.stock : 0
    return home + (state.dev.get(slotOf(product)) ?? 0)
  }
  if (delta < 0) {
    const here: number[] = []
    const v = noise + (gain * delta) ** 2
    let units = 0
    for (let p = 0; p < count; p++) {
      const stock = stockOf(p)
      if (stock > 0) {
        here.push(p)
        units += (cabinet.products[p] as TrueProduct).shelf === event.shelf ? 1 : 0.02
      }
    }
    const chance = (p: number): number =>
      ((cabinet.products[p] as TrueProduct).shelf === event.shelf ? 1 : 0.02) / units
    for (let i = 0; i < here.length; i++) {
      const p = here[i] as number
      const one = weightOf(cabinet.products[p] as TrueProduct, 1)
      yield* when(state, (shares.take1 / total) * chance(p), -delta - one.grams, v + one.variance, (next) =>
        moveOut(next, slotOf(p), p, [{ grams: -delta, variance: v }], one),
      )
      if (stockOf(p) >= 2) {
        const two = weightOf(cabinet.products[p] as TrueProduct, 2)
        yield* when(
          state,
          (shares.same2 / total) * chance(p),
          -delta - two.grams,
          v + two.variance,
          (next) => {
            moveOut(next, slotOf(p), p, [null, null], one)
          },
        )
      }
      for (let j = i + 1; j < here.length; j++) {
        const q = here[j] as number
        const other = weightOf(cabinet.products[q] as TrueProduct, 1)
        yield* when(
          state,
          (shares.different2 / total) * chance(p) * chance(q) * 2,
          -delta - one.grams - other.grams,
          v + one.variance + other.variance,
          (next) => {
            moveOut(next, slotOf(p), p, [null], one)
            moveOut(next, slotOf(q), q, [null], other)
          },
        )
      }
    }
    for (const object of trip.foreignBefore) {
      if (object.shelf !== event.shelf || object.noticedGrams === null) continue
      yield* when(state, (0.3 / 100) * 0.5, -delta - object.noticedGrams, v + 9, () => undefined)
    }
    yield* when(state, (0.3 / 100) * stray, null, 0, () => undefined)
    return
  }
  for (let i = 0; i < state.held.length; i++) {
    const unit = state.held[i] as OracleState['held'][number]
    const home = (cabinet.products[unit.product] as TrueProduct).shelf === event.shelf
    const prior = home ? shares.back : shares.elsewhere / (cabinet.shelves - 1)
    const v = unit.variance + noise + (gain * delta) ** 2
    yield* when(state, prior / total / state.held.length, delta - unit.grams, v, (next) => {
      next.held.splice(i, 1)
      shift(next, slotOf(unit.product), 1)
    })
  }
  yield* when(state, (0.7 / 100) * stray, null, 0, () => undefined)
}

function weightOf(product: TrueProduct, units: number): { grams: number; variance: number } {
  const v = product.sigmaGrams ** 2
  return {
    grams: units * product.meanGrams,
    variance: units * v + units * units * batchShare ** 2 * v,
  }
}

function* when(
  state: OracleState,
  prior: number,
  residual: number | null,
  variance: number,
  change: (next: OracleState) => void,
): Generator<OracleState> {
  let logP = state.logP + Math.log(prior)
  if (residual !== null) {
    if (residual * residual > 64 * variance) return
    logP += -0.5 * ((residual * residual) / variance + Math.log(2 * Math.PI * variance))
  }
  const next: OracleState = { logP, dev: new Map(state.dev), held: state.held.slice(), key: '' }
  change(next)
  next.key = [...next.dev]
    .filter(([, units]) => units !== 0)
    .sort((a, b) => a[0] - b[0])
    .map(([slot, units]) => `${slot}:${units}`)
    .join()
  yield next
}

function moveOut(
  state: OracleState,
  slot: number,
  product: number,
  seen: ReadonlyArray<{ grams: number; variance: number } | null>,
  one: { grams: number; variance: number },
): void {
  for (const measured of seen) {
    shift(state, slot, -1)
    // A unit weighed alone is known better than its product.
    const unit =
      measured === null
        ? one
        : {
            variance: 1 / (1 / measured.variance + 1 / one.variance),
            grams:
              (measured.grams / measured.variance + one.grams / one.variance) /
              (1 / measured.variance + 1 / one.variance),
          }
    state.held.push({ product, ...unit })
  }
}

function shift(state: OracleState, slot: number, units: number): void {
  state.dev.set(slot, (state.dev.get(slot) ?? 0) + units)
}

function logSum(a: number, b: number): number {
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b))
}
