import { gaussian, integerBelow, type Random } from '#protocol/base/random.ts'

/** The noise of one shelf scale. Defaults and ranges: research on weighing, table 4.2. */
export interface LoadCellSettings {
  /** Conversions a second. HX711: 10 or 80. */
  readonly sampleHz: number
  /** Standard deviation of one sample at rest, all parts together. */
  readonly noiseSdGrams: number
  /** Share of the power in the resonance of the shelf (8 to 20 Hz). */
  readonly resonanceShare: number
  /** Correlation between shelves: the share of the power that all of them feel. */
  readonly commonShare: number
  /** Degrees of freedom of the tails. */
  readonly tailFreedom: number
  /** Standard deviation of the error of the gain, as a share of the load. */
  readonly gainErrorSd: number
  /** Grams a degree: how the zero moves with the air. */
  readonly zeroGramsPerDegree: number
  /** Random walk of the zero, grams per square root of an hour. */
  readonly wanderGramsPerRootHour: number
  /** Chance that one sample is a bit slip (2^k − 1) instead of a weight. */
  readonly badReadChance: number
  /** Chance that a conversion is missed: the last value stays. */
  readonly lossChance: number
  /** Full scale; above it the transmitter answers overload. */
  readonly maximumGrams: number
}

export const defaultLoadCell: LoadCellSettings = {
  sampleHz: 10,
  noiseSdGrams: 1.0,
  resonanceShare: 0.4,
  commonShare: 0.34,
  tailFreedom: 5,
  gainErrorSd: 0.001,
  zeroGramsPerDegree: 0.15,
  wanderGramsPerRootHour: 0.4,
  badReadChance: 0.0005,
  lossChance: 0.005,
  maximumGrams: 30_000,
}

export type CellFault = 'none' | 'stuck' | 'drift' | 'fault'

/** What the transmitter holds after a conversion, before tare. */
export type CellReading = { status: 'ok'; grossGrams: number } | { status: 'fault' } | { status: 'overload' }

export interface LoadCell {
  /** One conversion. @param common  standard normal vibration that neighbours share */
  convert(input: {
    atMs: number
    loadGrams: number
    burstSdGrams: number
    common: number
    temperatureDelta: number
  }): CellReading
  readonly latest: CellReading
  setFault(fault: CellFault): void
  readonly fault: CellFault
  setGain(gain: number): void
  readonly character: CellCharacter
}

/** What makes one cell different from its sibling for as long as it lives. Kept over a restart. */
export interface CellCharacter {
  readonly gain: number
  /** Nothing on the shelf reads this much before tare. */
  readonly zeroGrams: number
  readonly resonanceHz: number
}

export function drawCharacter(random: Random, settings: LoadCellSettings): CellCharacter {
  return {
    gain: 1 + settings.gainErrorSd * gaussian(random),
    zeroGrams: Math.round(1800 + 400 * gaussian(random)),
    resonanceHz: 8 + 12 * random.next(),
  }
}

/** A fault "drift" moves the zero this fast: visible in a minute, too slow for one sample to show it. */
const DRIFT_GRAMS_PER_SECOND = 0.4
/** Pole radius of the resonance: rings for about ten samples. */
const RESONANCE_RADIUS = 0.85

export function createLoadCell(options: {
  random: Random
  settings: LoadCellSettings
  character: CellCharacter
}): LoadCell {
  const { random, settings } = options
  let { character } = options
  const periodHours = 1 / settings.sampleHz / 3600
  const wanderSd = settings.wanderGramsPerRootHour * Math.sqrt(periodHours)
  // Sampled at 10 Hz the resonance folds down; the recurrence does that by itself.
  const angle = (2 * Math.PI * character.resonanceHz) / settings.sampleHz
  const a1 = 2 * RESONANCE_RADIUS * Math.cos(angle)
  const a2 = -RESONANCE_RADIUS * RESONANCE_RADIUS
  const resonanceGain = 1 / Math.sqrt(variance(a1, a2))
  const resonanceWeight = Math.sqrt(settings.resonanceShare)
  const commonWeight = Math.sqrt(Math.max(0, Math.min(settings.commonShare, 1 - settings.resonanceShare)))
  const ownWeight = Math.sqrt(Math.max(0, 1 - resonanceWeight ** 2 - commonWeight ** 2))
  let previous = 0
  let beforePrevious = 0
  let wanderGrams = 0
  let driftGrams = 0
  let fault: CellFault = 'none'
  let latest: CellReading = { status: 'ok', grossGrams: character.zeroGrams }

  function restNoise(common: number): number {
    const ringing = a1 * previous + a2 * beforePrevious + gaussian(random)
    beforePrevious = previous
    previous = ringing
    const own = heavyTailed(random, settings.tailFreedom)
    return (
      settings.noiseSdGrams *
      (resonanceWeight * ringing * resonanceGain + commonWeight * common + ownWeight * own)
    )
  }
  return {
    convert({ loadGrams, burstSdGrams, common, temperatureDelta }) {
      wanderGrams += wanderSd * gaussian(random)
      if (fault === 'drift') driftGrams += DRIFT_GRAMS_PER_SECOND / settings.sampleHz
      const noise = restNoise(common) + (burstSdGrams > 0 ? burstSdGrams * gaussian(random) : 0)
      const isLost = random.next() < settings.lossChance
      const isBad = random.next() < settings.badReadChance
      if (fault === 'fault') latest = { status: 'fault' }
      else if (fault === 'stuck' || isLost) return latest
      else if (isBad) latest = { status: 'ok', grossGrams: badRead(random) }
      else {
        const grossGrams =
          character.zeroGrams +
          loadGrams * character.gain +
          settings.zeroGramsPerDegree * temperatureDelta +
          wanderGrams +
          driftGrams +
          noise
        latest = grossGrams > settings.maximumGrams ? { status: 'overload' } : { status: 'ok', grossGrams }
      }
      return latest
    },
    get latest() {
      return latest
    },
    setFault(next) {
      // A technician who repairs a drifting cell sets it to zero again; a broken one needs its next conversion.
      if (next !== 'drift') driftGrams = 0
      fault = next
    },
    get fault() {
      return fault
    },
    setGain(gain) {
      character = { ...character, gain }
    },
    get character() {
      return character
    },
  }
}

/** Student's t scaled to standard deviation 1: bursts, not Gaussian (excess kurtosis 4 to 6 in the field). */
function heavyTailed(random: Random, freedom: number): number {
  let chiSquare = 0
  for (let i = 0; i < freedom; i++) chiSquare += gaussian(random) ** 2
  return (gaussian(random) / Math.sqrt(chiSquare / freedom)) * Math.sqrt((freedom - 2) / freedom)
}

/** A missed clock edge shows as 2^k − 1 tenths of a gram. bogde/HX711 issues 83 and 216. */
function badRead(random: Random): number {
  return (2 ** (8 + integerBelow(random, 10)) - 1) / 10
}

/** Stationary variance of x[n] = a1 x[n−1] + a2 x[n−2] + e[n], e of variance 1. */
function variance(a1: number, a2: number): number {
  return (1 - a2) / ((1 + a2) * ((1 - a2) ** 2 - a1 ** 2))
}
