import type { Clock, Timer } from '#protocol/base/clock.ts'
import type { ScaleSweep } from '../hardware/ports.ts'
import { decideSteady, SAMPLES_LEAST, type Steady } from './scale-rules.ts'

/** Watches one shelf until it is at rest. */
export interface SteadyWeight {
  onScales(sweep: ScaleSweep): void
  /** Waits until the shelf has come to rest, but not for ever. Only readings from after the call count. */
  measure(shelf: string): Promise<Steady>
}

/** Nobody waits longer for a shelf that somebody leans on. */
const LONGEST_MS = 8000

interface Watch {
  readonly sensors: readonly string[]
  readonly grams: Array<number | null>
  readonly finish: (steady: Steady) => void
}

export function createSteadyWeight(options: {
  clock: Clock
  sensors: ReadonlyArray<{ shelf: string; sensor: string }>
  /** Weigh faster for the next seconds. */
  weighFast: () => void
}): SteadyWeight {
  const { clock } = options
  const watches = new Set<Watch>()
  return {
    onScales(sweep) {
      for (const watch of watches) {
        const values = watch.sensors.map((sensor) => sweep.grams[sensor] ?? null)
        watch.grams.push(
          values.includes(null) ? null : values.reduce<number>((sum, one) => sum + (one ?? 0), 0),
        )
        if (watch.grams.length < SAMPLES_LEAST) continue
        const steady = decideSteady(watch.grams.slice(-SAMPLES_LEAST))
        if (steady.isSteady) watch.finish(steady)
      }
    },
    measure(shelf) {
      const sensors = options.sensors.filter((one) => one.shelf === shelf).map((one) => one.sensor)
      options.weighFast()
      return new Promise<Steady>((resolve) => {
        let timer: Timer | undefined
        const watch: Watch = {
          sensors,
          grams: [],
          finish(steady) {
            timer?.cancel()
            watches.delete(watch)
            resolve(steady)
          },
        }
        timer = clock.setTimer('a shelf comes to rest', LONGEST_MS, () =>
          watch.finish(decideSteady(watch.grams.slice(-SAMPLES_LEAST))),
        )
        watches.add(watch)
      })
    },
  }
}
