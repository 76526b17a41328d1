import { flagBroughtIn, flagMerged, flagOpened, flagUnexplained, type BeamState } from './states.ts'
import { calibrate, type CalibrationMap } from './calibration.ts'
import type { CabinetModel, ModelProduct } from './combinations.ts'
import type { ReceiptLine, WeighingOptions, WeighingReason, WeighingReceipt } from './types.ts'

/** Receipts that are looked at when costs are weighed; the rest is shared out. */
const weighedReceipts = 24

/** Share of receipts that are right although a scale of the cabinet told nothing. */
const brokenScaleShare = 0.6

export type ReceiptBelief = {
  hand: Int8Array
  probability: number
  /** The likeliest story that ends in this receipt. */
  story: BeamState
  flags: number
}

/** Sums the posterior over all stories that end in the same receipt. Best first. */
export function receiptsOf(states: readonly BeamState[]): ReceiptBelief[] {
  const byHand = new Map<string, ReceiptBelief>()
  for (const state of states) {
    const key = state.hand.join(',')
    const probability = Math.exp(state.logP)
    const known = byHand.get(key)
    if (known === undefined) {
      byHand.set(key, { hand: state.hand, probability, story: state, flags: state.flags })
    } else known.probability += probability
  }
  return [...byHand.values()].sort((a, b) => b.probability - a.probability)
}

/**
 * The receipt with the least expected cost. A wrong receipt costs one; money that the shopper did not owe
 * costs more than money that the shop does not get.
 */
export function chooseReceipt(
  beliefs: readonly ReceiptBelief[],
  model: CabinetModel,
  options: WeighingOptions,
): ReceiptBelief {
  const top = beliefs.slice(0, weighedReceipts)
  const best = top[0] as ReceiptBelief
  let chosen = best
  let least = Number.POSITIVE_INFINITY
  for (const candidate of top) {
    // Far behind the best, no price can justify it.
    if (candidate.probability < 0.5 * best.probability) break
    let cost = 0
    for (const truth of top) {
      if (truth === candidate) continue
      const over = priceOf(candidate.hand, model) - priceOf(truth.hand, model)
      const share = over > 0 ? options.overchargeWeight * over : -over
      cost += truth.probability * (1 + share / 1000)
    }
    if (cost < least) {
      least = cost
      chosen = candidate
    }
  }
  return chosen
}

/** Probability that the chosen receipt asks for more than was taken. */
function overchargeShare(
  beliefs: readonly ReceiptBelief[],
  chosen: ReceiptBelief,
  model: CabinetModel,
): number {
  const asked = priceOf(chosen.hand, model)
  return beliefs.reduce(
    (sum, belief) => (priceOf(belief.hand, model) < asked ? sum + belief.probability : sum),
    0,
  )
}

function priceOf(hand: Int8Array, model: CabinetModel): number {
  let fen = 0
  for (let p = 0; p < hand.length; p++) {
    const quantity = hand[p] as number
    if (quantity !== 0) fen += quantity * (model.products[p] as ModelProduct).priceFen
  }
  return fen
}

export function linesOf(
  hand: Int8Array,
  model: CabinetModel,
): Array<{ product: number; sku: string; quantity: number }> {
  const lines: Array<{ product: number; sku: string; quantity: number }> = []
  for (let p = 0; p < hand.length; p++) {
    const quantity = hand[p] as number
    if (quantity !== 0) lines.push({ product: p, sku: (model.products[p] as ModelProduct).sku, quantity })
  }
  return lines
}

export type ReviewFacts = {
  /** Sensors that cannot be believed in this session. */
  sensorFault: boolean
  /** Some shelf was not read before the first hand or after the last, though its scale works. */
  unread: boolean
  /** Some shelf was not read, did not come to rest, or its level is too uncertain to tell the lightest product. */
  disturbed: boolean
  /** The steps do not add up to the weight before and after. */
  unbalanced: boolean
}

/** Chow's rule: settle when the receipt is likely enough, otherwise say why a person should look. */
export function decideReceipt(
  states: readonly BeamState[],
  beliefs: readonly ReceiptBelief[],
  chosen: ReceiptBelief,
  facts: ReviewFacts,
  model: CabinetModel,
  options: WeighingOptions,
  calibration: CalibrationMap,
): WeighingReceipt {
  const told = calibrate(chosen.probability, calibration)
  // Nobody knows what left a shelf whose scale is broken, or was not heard in time.
  const probability = told * (facts.sensorFault || facts.unread ? brokenScaleShare : 1)
  const reasons: WeighingReason[] = []
  const massOf = (isSo: (state: BeamState) => boolean): number =>
    states.reduce((sum, state) => (isSo(state) ? sum + Math.exp(state.logP) : sum), 0)
  const mass = (flag: number): number => massOf((state) => (state.flags & flag) !== 0)
  const over = overchargeShare(beliefs, chosen, model) * ((1 - told) / Math.max(1e-9, 1 - chosen.probability))
  if (told < options.clearProbability || over > options.overchargeProbability) reasons.push('ambiguous')
  if (massOf((state) => state.foreign.some((object) => object.isNew)) > 0.15) reasons.push('foreign_object')
  if (facts.sensorFault) reasons.push('sensor_fault')
  if (mass(flagUnexplained) > 0.05) reasons.push('unexplained_loss')
  if (mass(flagOpened) > 0.15) reasons.push('opened_package_returned')
  if ((chosen.flags & flagBroughtIn) !== 0) reasons.push('brought_in')
  if (facts.unbalanced || (chosen.flags & flagMerged) !== 0) reasons.push('missed_event')
  if (facts.disturbed) reasons.push('disturbed')
  const lines: ReceiptLine[] = linesOf(chosen.hand, model).map(({ product, sku, quantity }) => ({
    sku,
    quantity,
    probability: round(
      Math.max(
        probability,
        calibrate(
          beliefs.reduce(
            (sum, belief) => (belief.hand[product] === quantity ? sum + belief.probability : sum),
            0,
          ),
          calibration,
        ),
      ),
    ),
  }))
  return {
    lines,
    probability: round(probability),
    verdict: reasons.length === 0 ? 'clear' : 'review',
    reasons,
  }
}

export function alternativesOf(
  beliefs: readonly ReceiptBelief[],
  chosen: ReceiptBelief,
  receipt: WeighingReceipt,
  model: CabinetModel,
): Array<{ lines: Array<{ sku: string; quantity: number }>; probability: number }> {
  const rest = 1 - chosen.probability
  // What calibration took from or gave to the best receipt is shared by the others in proportion.
  const scale = rest > 1e-12 ? (1 - receipt.probability) / rest : 0
  return beliefs
    .filter((belief) => belief !== chosen && belief.probability > 1e-4)
    .slice(0, 5)
    .map((belief) => ({
      lines: linesOf(belief.hand, model).map(({ sku, quantity }) => ({ sku, quantity })),
      probability: round(belief.probability * scale),
    }))
}

function round(probability: number): number {
  return Math.round(Math.min(1, Math.max(0, probability)) * 1e6) / 1e6
}
