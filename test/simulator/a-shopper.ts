import { createSeededRandom } from '#protocol/base/random.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import { createCabinet } from '#simulator/cabinet/cabinet.ts'
import { createShopper, type VisitTruth } from '#simulator/shoppers/player.ts'
import type { Step } from '#simulator/shoppers/steps.ts'
import { DEMO_GOODS } from './a-cabinet.ts'
import { createManualClock } from './manual-clock.ts'

/** A shopper at the demo cabinet, and somebody who unlocks it some seconds after they came. */
export function aShopper(
  options: {
    unlocks?: boolean
    /** Of the goods. */
    seed?: number
    /** Of what happens. */
    chance?: number
    /** Called ten times a second, as a master that reads the scales would. */
    onTick?: (cabinet: Cabinet, atMs: number) => void
  } = {},
) {
  const { seed = 1, chance = 11 } = options
  const time = createManualClock()
  const cabinet = createCabinet({
    goodsFile: DEMO_GOODS,
    random: createSeededRandom(chance * 7919),
    seed,
    startMs: 0,
  })
  const sync = () => cabinet.advance(time.clock.monoMs())
  const did: string[] = []
  const shopper = createShopper({
    clock: time.clock,
    random: createSeededRandom(chance),
    cabinet,
    sync,
    surroundings: {
      setCamera: (mode) => did.push(`camera ${mode}`),
      setNetwork: (mode) => did.push(`network ${mode}`),
    },
  })
  if (options.unlocks ?? true) {
    time.clock.setTimer('unlock', 2500, () => {
      sync()
      cabinet.lock.command('release')
    })
  }
  const rest = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      await time.pass(100)
      sync()
      options.onTick?.(cabinet, time.clock.monoMs())
    }
  }
  const play = async (steps: readonly Step[]): Promise<VisitTruth> => {
    let outcome: { truth: VisitTruth } | { error: unknown } | undefined
    shopper.play({ steps: [...steps] }).then(
      (truth) => {
        outcome = { truth }
      },
      (error: unknown) => {
        outcome = { error }
      },
    )
    for (let i = 0; i < 1200 && outcome === undefined; i++) await rest(100)
    if (outcome === undefined) throw new Error('the visit never ended')
    if ('error' in outcome) throw outcome.error
    return outcome.truth
  }
  return { cabinet, did, shopper, play, rest }
}
