import type { CabinetModel, ModelProduct } from './combinations.ts'

/** How well an object is known that an earlier session left. */
const earlierForeignSigmaGrams = 4

/** What a story had to assume. */
export const flagUnexplained = 1
export const flagOpened = 2
export const flagBroughtIn = 4
export const flagMerged = 8

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

export type HeldUnit = { product: number; grams: number; variance: number }

export type Candidate = {
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

/** Before the door opened: everything as the planogram says. */
export function startState(model: CabinetModel, first: readonly number[]): BeamState {
  return {
    logP: 0,
    dev: new Int8Array(model.shelves.length * model.products.length),
    hand: new Int8Array(model.products.length),
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
  }
}

/** The belief after one move. */
export function stateAfter(candidate: Candidate, model: CabinetModel): BeamState {
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

export function flagsOf(move: Move): number {
  switch (move.kind) {
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
    case 'foreign_added':
    case 'foreign_removed':
      return 0
  }
}

/** Hash of the belief that a move leads to; equal beliefs by different paths have equal hashes. */
export function hashAfter(
  state: BeamState,
  move: Move,
  shelf: number,
  level: number,
  nProducts: number,
): number {
  if (move.kind === 'resting_hand') return state.hash
  const flags = state.flags | flagsOf(move)
  const delta =
    hashOf(baseSlot(shelf), level) -
    hashOf(baseSlot(shelf), state.base[shelf] as number) +
    hashOfMove(move, shelf, nProducts, state) +
    (flags === state.flags ? 0 : hashOf(flagSlot, flags) - hashOf(flagSlot, state.flags))
  return addHash(state.hash, delta)
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
