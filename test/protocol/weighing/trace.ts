import type { WeighingSample } from '#protocol/weighing/types.ts'

/** What happens to one shelf at a moment; a hand that presses gives `untilMs`. */
export type Happening = { atMs: number; sensor: string; grams: number; untilMs?: number }

export type TraceOptions = {
  sensors: string[]
  happenings: Happening[]
  rateHz?: number
  noiseGrams?: number
  openMs?: number
  closeMs?: number
  endMs?: number
  offsets?: Record<string, number>
  driftGramsPerSecond?: number
  seed?: number
  /** Last word on every reading. */
  spoil?: (grams: number, tMs: number, sensor: string, next: () => number) => number | null
}

/** A recording by hand: levels, a hand's push before each change, the door's slam, white noise. */
export function trace(options: TraceOptions): WeighingSample[] {
  const rateHz = options.rateHz ?? 10
  const openMs = options.openMs ?? 3000
  const closeMs = options.closeMs ?? 15_000
  const endMs = options.endMs ?? closeMs + 3000
  let state = (options.seed ?? 1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  const samples: WeighingSample[] = []
  for (let tMs = 0; tMs < endMs; tMs += 1000 / rateHz) {
    const grams: Record<string, number | null> = {}
    for (const sensor of options.sensors) {
      let reading = (options.offsets?.[sensor] ?? 5000) + ((options.driftGramsPerSecond ?? 0) * tMs) / 1000
      for (const happening of options.happenings) {
        if (happening.sensor !== sensor) continue
        const { atMs, untilMs } = happening
        if (untilMs === undefined) {
          if (tMs >= atMs) reading += happening.grams
          else if (tMs >= atMs - 250) reading += 40 * next()
        } else if (tMs >= atMs && tMs < untilMs) {
          reading += happening.grams * (1 + 0.05 * normal()) + 4 * normal()
        }
      }
      for (const slamMs of [openMs, closeMs]) {
        const since = tMs - slamMs
        if (since >= 0) reading += 60 * Math.exp(-since / 220) * Math.sin(since / 11)
      }
      reading += (options.noiseGrams ?? 1) * normal()
      grams[sensor] = options.spoil === undefined ? reading : options.spoil(reading, tMs, sensor, next)
    }
    samples.push({ tMs, door: tMs >= openMs && tMs < closeMs ? 'open' : 'closed', grams })
  }
  return samples
}
