import type { WeighingSample } from '#protocol/weighing/types.ts'
import type { TrueCabinet } from './cabinet.ts'
import type { SeededRandom } from './random.ts'
import type { ShoppingTrip } from './shopper.ts'

/** A recording as a cabinet would keep it: one row of readings per stamp, NaN where a reading was lost. */
export type Recording = {
  tMs: Float64Array
  openMs: number
  closeMs: number
  sensors: string[]
  grams: Float64Array[]
  /** True gain of each shelf; only the oracle may look. */
  gains: number[]
  faults: string[]
}

/**
 * The signal of one trip. Own constants, drawn per cabinet from ranges published for load-cell shelves and
 * amplifiers; nothing here is shared with the engine.
 */
export function record(random: SeededRandom, cabinet: TrueCabinet, trip: ShoppingTrip): Recording {
  const rateHz = random.weighted([
    [10, 70],
    [11.7, 10],
    [20, 10],
    [80, 10],
  ])
  const stamps = drawStamps(random, trip, rateHz)
  const n = stamps.length
  const noiseGrams = random.logBetween(0.6, 1.7) * (rateHz > 40 ? 1.6 : 1)
  const common = new Float64Array(n)
  for (let i = 0; i < n; i++) common[i] = random.normal()
  const slams = [
    { atMs: trip.openMs, ...drawSlam(random, 0.5) },
    { atMs: trip.closeMs, ...drawSlam(random, 1) },
  ]
  const faults: string[] = []
  const stuckShelf = random.chance(0.003) ? random.below(cabinet.shelves) : -1
  const miscalibrated = random.chance(0.01) ? random.below(cabinet.shelves) : -1
  const slipRate = random.chance(0.5) ? 0 : random.logBetween(0.001, 0.02)
  if (stuckShelf >= 0) faults.push('stuck')
  if (miscalibrated >= 0) faults.push('gain')
  const grams: Float64Array[] = []
  const gains: number[] = []
  for (let shelf = 0; shelf < cabinet.shelves; shelf++) {
    const signal = new Float64Array(n)
    const gain =
      1 + random.normal(0, 0.001) + (shelf === miscalibrated ? 0.005 * (random.chance(0.5) ? 1 : -1) : 0)
    gains.push(gain)
    const offset = random.chance(0.2) ? random.between(-6000, 10_000) : random.between(0, 9000)
    signal.fill(offset)
    addLoads(random, signal, stamps, trip, shelf, gain)
    addDrift(random, signal, stamps, trip)
    for (const slam of slams) addRing(signal, stamps, slam, random.between(0.5, 1))
    addNoise(random, signal, stamps, trip, shelf, noiseGrams * random.logBetween(0.8, 1.25), common)
    if (shelf === stuckShelf) {
      const from = Math.floor(n * random.between(0, 0.6))
      signal.fill(Math.round((signal[from] as number) * 10) / 10, from)
    }
    for (let i = 0; i < n; i++) {
      if (slipRate > 0 && random.chance(slipRate)) {
        signal[i] = random.chance(0.5) ? 2 ** (8 + random.below(16)) - 1 : -random.logBetween(50, 5000)
      } else signal[i] = Math.round((signal[i] as number) * 10) / 10
      if (random.chance(0.005)) signal[i] = Number.NaN
    }
    if (random.chance(0.01)) {
      const from = random.between(0, trip.endMs)
      const until = from + random.logBetween(100, 2000)
      for (let i = 0; i < n; i++) {
        if ((stamps[i] as number) > from && (stamps[i] as number) < until) signal[i] = Number.NaN
      }
    }
    grams.push(signal)
  }
  return {
    tMs: stamps,
    openMs: trip.openMs,
    closeMs: trip.closeMs,
    sensors: grams.map((_, shelf) => `s${shelf + 1}`),
    grams,
    gains,
    faults,
  }
}

function drawStamps(random: SeededRandom, trip: ShoppingTrip, rateHz: number): Float64Array {
  const stamps: number[] = []
  const period = 1000 / rateHz
  for (let t = random.uniform() * period; t < trip.endMs; t += period) {
    stamps.push(Math.round((t + random.between(-0.1, 0.1) * period) * 10) / 10)
  }
  return Float64Array.from(stamps)
}

type Slam = { peakGrams: number; tauMs: number; hertz: number; phase: number }

function drawSlam(random: SeededRandom, strength: number): Slam {
  return {
    peakGrams: strength * random.logBetween(20, 200),
    tauMs: random.between(150, 400),
    hertz: random.between(8, 20),
    phase: random.between(0, 2 * Math.PI),
  }
}

function addRing(
  signal: Float64Array,
  stamps: Float64Array,
  slam: Slam & { atMs: number },
  share: number,
): void {
  for (let i = 0; i < signal.length; i++) {
    const since = (stamps[i] as number) - slam.atMs
    if (since < 0 || since > 12 * slam.tauMs) continue
    signal[i] =
      (signal[i] as number) +
      share *
        slam.peakGrams *
        Math.exp(-since / slam.tauMs) *
        Math.sin((2 * Math.PI * slam.hertz * since) / 1000 + slam.phase)
  }
}

function addLoads(
  random: SeededRandom,
  signal: Float64Array,
  stamps: Float64Array,
  trip: ShoppingTrip,
  shelf: number,
  gain: number,
): void {
  const add = (atMs: number, untilMs: number, of: (tMs: number) => number): void => {
    for (let i = 0; i < signal.length; i++) {
      const t = stamps[i] as number
      if (t >= atMs && t < untilMs) signal[i] = (signal[i] as number) + of(t)
    }
  }
  const forever = Number.POSITIVE_INFINITY
  for (const touch of trip.touches) {
    if (touch.shelf !== shelf) continue
    switch (touch.kind) {
      case 'load': {
        const { atMs, fallMs, grams } = touch
        const creep = random.normal(0, 0.0003) * grams
        const creepMs = random.between(120_000, 600_000)
        add(atMs, forever, (t) => {
          const share = Math.min(1, (t - atMs) / fallMs)
          return gain * grams * share + creep * (1 - Math.exp(-(t - atMs) / creepMs))
        })
        if (touch.pushGrams > 0) {
          const from = atMs - touch.pushMs
          add(from, atMs, (t) => touch.pushGrams * Math.sin((Math.PI * (t - from)) / touch.pushMs))
        }
        break
      }
      case 'press': {
        const { atMs, untilMs, grams, roughGrams } = touch
        let wander = 0
        add(atMs, untilMs, (t) => {
          wander = 0.85 * wander + random.normal(0, roughGrams * 0.5)
          const edge = Math.min(1, (t - atMs) / 120, (untilMs - t) / 120)
          return edge * (grams + wander + random.normal(0, roughGrams * 0.5))
        })
        break
      }
      case 'shake':
        break
    }
  }
  // Friction and where a thing stands: each handling leaves the shelf's answer a little different.
  for (const settle of trip.settles) {
    if (settle.shelf !== shelf) continue
    add(settle.atMs, forever, () => settle.errorGrams)
  }
}

function addDrift(
  random: SeededRandom,
  signal: Float64Array,
  stamps: Float64Array,
  trip: ShoppingTrip,
): void {
  const amplitude = random.normal(0, 2.5)
  const tauMs = random.between(30_000, 180_000)
  for (let i = 0; i < signal.length; i++) {
    const since = (stamps[i] as number) - trip.openMs
    if (since > 0) signal[i] = (signal[i] as number) + amplitude * (1 - Math.exp(-since / tauMs))
  }
}

/** Bursts (Student-t), a resonance of the frame, and what all shelves share. */
function addNoise(
  random: SeededRandom,
  signal: Float64Array,
  stamps: Float64Array,
  trip: ShoppingTrip,
  shelf: number,
  sd: number,
  common: Float64Array,
): void {
  const angle = random.between(0.6, 2.8)
  const radius = 0.75
  const a1 = 2 * radius * Math.cos(angle)
  const a2 = -radius * radius
  const power = (1 - a2) / ((1 + a2) * ((1 - a2) ** 2 - a1 * a1))
  let y1 = 0
  let y2 = 0
  const shakes = trip.touches.filter((touch) => touch.kind === 'shake' && touch.shelf === shelf)
  for (let i = 0; i < signal.length; i++) {
    const t = stamps[i] as number
    let factor = 1
    for (const shake of shakes) {
      if (shake.kind === 'shake' && t >= shake.atMs && t <= shake.untilMs)
        factor = Math.max(factor, shake.factor)
    }
    const y = a1 * y1 + a2 * y2 + random.normal()
    y2 = y1
    y1 = y
    const mixed =
      Math.sqrt(0.4) * random.heavyTailed(1) +
      Math.sqrt(0.35) * (y / Math.sqrt(power)) +
      Math.sqrt(0.25) * (common[i] as number)
    signal[i] = (signal[i] as number) + sd * factor * mixed
  }
}

/** The recording as the engine's samples. */
export function* samplesOf(recording: Recording): Generator<WeighingSample> {
  const { tMs, sensors, grams } = recording
  for (let i = 0; i < tMs.length; i++) {
    const t = tMs[i] as number
    const row: Record<string, number | null> = {}
    for (let s = 0; s < sensors.length; s++) {
      const value = (grams[s] as Float64Array)[i] as number
      row[sensors[s] as string] = Number.isNaN(value) ? null : value
    }
    yield { tMs: t, door: t >= recording.openMs && t < recording.closeMs ? 'open' : 'closed', grams: row }
  }
}
