/** What is on the shelves: which product may lie where, its mean weight, spread, count and price. */
export type WeighingPlanogram = { shelves: WeighingShelf[] }

export type WeighingShelf = {
  id: string
  /** Sensors under the shelf; their sum is the shelf's weight. Default: one sensor, named like the shelf. */
  sensors?: string[]
  products: WeighingProduct[]
  /** Objects that do not belong here, left in earlier sessions, by the weight they were seen to add. */
  foreignGrams?: number[]
}

export type WeighingProduct = {
  sku: string
  /** Mean gross weight of one unit. */
  unitGrams: number
  /** Spread from unit to unit; unknown spreads are taken from the legal tolerance of packages. */
  sigmaGrams?: number
  /** Uncertainty of `unitGrams`; unknown means that of a catalogue. See learning.ts. */
  meanErrorGrams?: number
  /** Units on the shelf when the door opens. */
  stock: number
  priceFen: number
  /** Sensors that carry this product, when a shelf has several: location is evidence. */
  sensors?: string[]
}

/** One reading of the cabinet. `tMs` is monotonic; a sensor may be absent or null; any rate from 5 to 100 Hz. */
export type WeighingSample = {
  tMs: number
  door: 'open' | 'closed'
  grams: Record<string, number | null>
}

/** A settled change of weight on one shelf. */
export type WeighingStep = {
  /** When the new level settled. */
  tMs: number
  /** The end of the level before and the beginning of the level after. */
  startMs: number
  endMs: number
  shelf: string
  /** The one sensor that carried the change, when a shelf has several and one stands out. */
  sensor?: string
  /** Change in grams; negative means removed. */
  grams: number
  sigmaGrams: number
  quality: 'good' | 'poor'
  explanation: string
  /** The likeliest story of this step: units by product that left (−) or came (+). Empty when goods did not move. */
  changes: Array<{ sku: string; quantity: number }>
}

export type ReceiptLine = {
  sku: string
  /** Net units taken; negative is a unit put in that was not taken in this session. */
  quantity: number
  /** Probability that exactly this quantity of this product was taken. */
  probability: number
}

export type WeighingReason =
  | 'ambiguous'
  | 'foreign_object'
  | 'sensor_fault'
  | 'unexplained_loss'
  | 'opened_package_returned'
  /** Goods came in that were not taken in this session: brought back later, or by somebody else. */
  | 'brought_in'
  | 'missed_event'
  | 'disturbed'

export type SensorFaultKind = 'absent' | 'stuck' | 'overload' | 'bit_slips' | 'drift' | 'gain'

export type SensorFault = { sensor: string; kind: SensorFaultKind; sinceMs: number }

export type ShelfDelta = {
  shelf: string
  beforeGrams: number | null
  afterGrams: number | null
  deltaGrams: number | null
  sigmaGrams: number
}

/** What does not belong on a shelf and was still there at the end. `isNew`: it came in this session. */
export type ForeignOnShelf = { shelf: string; grams: number; isNew: boolean }

export type WeighingReceipt = {
  lines: ReceiptLine[]
  /** Calibrated probability that the whole receipt is right. */
  probability: number
  verdict: 'clear' | 'review'
  reasons: WeighingReason[]
}

export type WeighingResult = {
  engineVersion: string
  receipt: WeighingReceipt
  alternatives: Array<{ lines: Array<{ sku: string; quantity: number }>; probability: number }>
  steps: WeighingStep[]
  shelfDeltas: ShelfDelta[]
  sensorFaults: SensorFault[]
  /** By the story of the receipt; the next session begins with it. */
  foreign: ForeignOnShelf[]
}

export interface WeighingSession {
  /** @returns the steps that settled with this sample */
  push(sample: WeighingSample): WeighingStep[]
  /** Door closed and every shelf quiet, or the settle time-out passed. */
  isSettled(): boolean
  /** The best current belief; may be asked at any time. */
  result(): WeighingResult
}

/** What a shopper does between two quiet levels of a shelf, before the weight is looked at. */
export type ActionPriors = {
  take: number
  /** Share of takes by number of units lifted at once: one, two, three. */
  takeSizes: number[]
  /** Among several units at once: the share that is one product. */
  sameProduct: number
  /** Of takes right after another from the same shelf, the share that goes for the same product again. */
  takesAgain: number
  /** Several takes that follow so quickly that the shelf does not come to rest between them. */
  ranTogether: number
  putBack: number
  /** Of what is put back, the share that goes to another shelf. */
  putBackElsewhere: number
  /** Of takes, the share that lifts a unit which was put on this shelf by mistake. */
  strayTaken: number
  /** A put-back and a take without a quiet level between them. */
  exchange: number
  /** Touched, leaned on, nothing left or came. */
  nothing: number
  foreignAdded: number
  foreignRemoved: number
  unexplainedLoss: number
  openedPackage: number
  /** A unit of a planogram product that was not taken in this session. */
  broughtIn: number
  /** A quiet level that is only a hand at rest; by the quality of the level. */
  restingHandGood: number
  restingHandPoor: number
}

export type WeighingOptions = {
  /** Spread of a shelf's answer to the same change (friction, corner load), one standard deviation. */
  repeatabilityGrams: number
  /** Relative error of a shelf's gain, one standard deviation. */
  gainShare: number
  /** Relative error of the catalogue's mean weight, one standard deviation; shared by all units of a product. */
  unitErrorShare: number
  /** A batch's mean against the catalogue, in units of the product's own spread; shared by all its units. */
  lotShare: number
  /** Zero creep while a shelf is busy, one standard deviation. */
  driftGramsPerSecond: number
  /** Noise of one reading, assumed until the quiet shelf has shown its own. */
  noiseGrams: number
  quietWindowMs: number
  settleTimeoutMs: number
  /** Whether `push` says which steps settled; a replay does not need it. */
  reportSteps: boolean
  beamWidth: number
  /** Whether probabilities are mapped to the share that proved right; off only to fit that map. */
  calibrated: boolean
  /** Below this probability a person should look. */
  clearProbability: number
  /** Above this probability of asking for more money than is owed, a person should look. */
  overchargeProbability: number
  /** Stages that can be left out, to show what each brings. */
  dropSpikes: boolean
  seeBriefLevels: boolean
  /** Cost of an overcharged fen against an undercharged one. */
  overchargeWeight: number
  priors: ActionPriors
}

export const defaultWeighingOptions: WeighingOptions = {
  repeatabilityGrams: 1.2,
  gainShare: 0.0015,
  unitErrorShare: 0.003,
  lotShare: 0.5,
  driftGramsPerSecond: 0.1,
  noiseGrams: 1,
  quietWindowMs: 500,
  settleTimeoutMs: 3000,
  reportSteps: true,
  beamWidth: 40,
  calibrated: true,
  clearProbability: 0.945,
  overchargeProbability: 0.01,
  dropSpikes: true,
  seeBriefLevels: true,
  overchargeWeight: 3,
  priors: {
    take: 0.72,
    takeSizes: [0.86, 0.135, 0.005],
    sameProduct: 0.6,
    takesAgain: 0.3,
    ranTogether: 0.03,
    putBack: 0.17,
    putBackElsewhere: 0.35,
    strayTaken: 0.01,
    exchange: 0.03,
    nothing: 0.06,
    foreignAdded: 0.006,
    foreignRemoved: 0.2,
    unexplainedLoss: 0.001,
    openedPackage: 0.0008,
    broughtIn: 0.0005,
    restingHandGood: 0.006,
    restingHandPoor: 0.5,
  },
}
