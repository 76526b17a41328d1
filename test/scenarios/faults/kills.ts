import { availableParallelism } from 'node:os'
import { playKillRounds } from '../kill-rounds/index.ts'
import type { FaultCount } from './fault-count.ts'

/** With these a round ends the core one and a half times, the broker as often, and an edge nearly three times. */
const STRIKES_PER_ROUND = 4
/** A round mostly waits for starts and links; more than this at once, and the processes wait for each other. */
const FLEETS_AT_ONCE_MOST = 4

export const kills: FaultCount = {
  name: 'kills',
  shows: 'SIGKILL of edges, core and broker, 200 times each or more, alone and two at once, under load',
  // `npm test` and `scenario -- all` have them in kill-rounds.
  counts: { test: 0, all: 0, full: 150 },
  run: ({ count, ...play }) =>
    playKillRounds({
      ...play,
      rounds: count,
      strikesPerRound: STRIKES_PER_ROUND,
      fleetsAtOnce: Math.max(2, Math.min(FLEETS_AT_ONCE_MOST, availableParallelism())),
    }),
}
