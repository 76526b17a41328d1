import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '#protocol/base/errors.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { ExpectationError } from '#test/support/eventually.ts'
import type { Campaign, CampaignPlay, Skipped } from '../scenario.ts'
import { camera } from './camera.ts'
import { crowd } from './crowd.ts'
import { type FaultCount, NotPossibleHere } from './fault-count.ts'
import { frozenSubscriber } from './frozen-subscriber.ts'
import { kills } from './kills.ts'
import { livePowerCuts } from './power-cuts-live.ts'
import { callbacks, refunds } from './refunds.ts'
import { schemaSteps } from './schema-steps.ts'
import { serialGarbage } from './serial-garbage.ts'
import { diskFull, failingDisk, flippedBits, powerCuts } from './storage.ts'

const clock = createSystemClock()

/** Short ones first. */
export const FAULT_COUNTS: readonly FaultCount[] = [
  camera,
  frozenSubscriber,
  crowd,
  refunds,
  callbacks,
  schemaSteps,
  diskFull,
  flippedBits,
  failingDisk,
  powerCuts,
  livePowerCuts,
  serialGarbage,
  kills,
]

export const faults: Campaign = {
  name: 'faults',
  shows: 'the long counts of every fault that the system must survive; faults/NAME for one of them',
  async campaign(play) {
    const problems: string[] = []
    const skipped: Skipped[] = []
    for (const one of FAULT_COUNTS) {
      try {
        skipped.push(...(await count(one, play)))
      } catch (error) {
        play.say(`✗ ${one.name}: ${messageOf(error)}`)
        problems.push(`${one.name}: ${messageOf(error)}`)
      }
    }
    if (problems.length > 0) throw new ExpectationError(problems.join('\n'))
    return skipped
  },
}

/** Each count by itself, as `faults/NAME`. */
export const SINGLE_FAULTS: readonly Campaign[] = FAULT_COUNTS.map((one) => ({
  name: `faults/${one.name}`,
  shows: one.shows,
  campaign: (play) => count(one, play),
}))

async function count(one: FaultCount, play: CampaignPlay): Promise<Skipped[]> {
  const wanted = play.rounds ?? one.counts[play.effort]
  if (wanted === 0) return []
  const startedMs = clock.monoMs()
  const dataDir = path.join(play.dataDir, one.name)
  mkdirSync(dataDir, { recursive: true })
  try {
    const counted = await one.run({ dataDir, seed: play.seed, say: play.say, count: wanted })
    play.say(`✓ ${one.name}: ${counted} (${((clock.monoMs() - startedMs) / 1000).toFixed(1)} s)`)
    return []
  } catch (error) {
    if (!(error instanceof NotPossibleHere)) throw error
    play.say(`– ${one.name}: skipped, ${error.message}`)
    return [{ name: `faults/${one.name}`, reason: error.message }]
  }
}
