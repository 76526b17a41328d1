import { availableParallelism } from 'node:os'
import { playKillRounds } from '../kill-rounds/index.ts'
import type { FaultCount } from './fault-count.ts'

/** The three targets in equal shares: about 200 of core and edges each come to this many strikes, and 100 of the broker with them. */
const STRIKES_PER_ROUND = 4
/** A round mostly waits for starts and links; more than this at once, and the processes wait for each other. */
const FLEETS_AT_ONCE_MOST = 4

export const kills: FaultCount = {
  name: 'kills',
  shows:
    'SIGKILL of edge and core 200 times each and of the broker 100 times, alone and two at once, under load',
  // `npm test` and `scenario -- all` have them in kill-rounds.
  counts: { test: 0, all: 0, full: 110 },
  run: ({ count, ...play }) =>
    playKillRounds({
      ...play,
      rounds: count,
      strikesPerRound: STRIKES_PER_ROUND,
      fleetsAtOnce: Math.max(2, Math.min(FLEETS_AT_ONCE_MOST, availableParallelism())),
    }),
}
