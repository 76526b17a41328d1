import type { CampaignPlay, Effort } from '../scenario.ts'

/** One kind of trouble, many times. */
/** What a fault needs is not to be had on this machine: it is skipped, and said so. */
export class NotPossibleHere extends Error {
  override readonly name = 'NotPossibleHere'
}

export interface FaultCount {
  readonly name: string
  readonly shows: string
  /** How often, by what is asked for; 0 leaves it out. */
  readonly counts: Readonly<Record<Effort, number>>
  /**
   * @returns what was counted, as a sentence
   * @throws ExpectationError with what did not hold
   */
  run(play: FaultPlay): Promise<string>
}

export interface FaultPlay extends Omit<CampaignPlay, 'effort' | 'rounds'> {
  readonly count: number
}
