import type { Profile } from '#protocol/wire/profile.ts'
import type { World } from './world.ts'

/** The first cabinet, its products and accounts: scripts/seed/demo.json. */
export interface DemoSeed {
  products: Array<{ sku: string; unitGrams: number; priceFen: number }>
}

/** A named story over the real wires. It runs alone, in a data folder of its own, and may be repeated. */
export interface Scenario {
  readonly name: string
  /** What must show, one sentence. */
  readonly shows: string
  /** Policy of the core that is shortened for this story; printed with the result. */
  readonly policy?: Record<string, unknown>
  /** Settings of the edge that are shortened for this story. */
  readonly edgeSettings?: Record<string, unknown>
  /** Cameras of the cabinet; one when absent. */
  readonly cameras?: 2
  /** Another broker than the core's own. */
  readonly broker?: 'mosquitto'
  /** Another first cabinet than that of the demonstration. */
  readonly seed?: (demo: DemoSeed) => DemoSeed
  /** Another hardware profile than the reference, or one changed. */
  readonly profile?: (reference: Profile) => Profile
  /** @throws ExpectationError with the sentence of what did not hold */
  run(world: World): Promise<void>
}

/** How much of a campaign is wanted: a taste in `npm test`, more in `scenario -- all`, everything when it is named. */
export type Effort = 'test' | 'all' | 'full'

export interface CampaignPlay {
  /** Empty, and kept after a failure. */
  readonly dataDir: string
  readonly effort: Effort
  /** Instead of the number of rounds that belongs to the effort. */
  readonly rounds?: number
  /** Everything random is drawn from it; printed, so that a failure can be repeated. */
  readonly seed: number
  readonly say: (line: string) => void
}

/** What this machine cannot play, and why. */
export interface Skipped {
  readonly name: string
  readonly reason: string
}

/** Many rounds of one kind of trouble. It starts what it needs by itself. */
export interface Campaign {
  readonly name: string
  readonly shows: string
  /** @returns what could not be played here @throws ExpectationError with what did not hold, and in which round */
  campaign(play: CampaignPlay): Promise<readonly Skipped[]>
}
