import type { Profile } from '../profile.ts'
import { referenceProfile } from '../reference-profile.ts'
import { iwController } from './iw-controller.ts'
import { lockBoardAndTransmitters } from './lock-board-and-transmitters.ts'
import { twoDoorProfile } from './two-door.ts'

/** Profiles that come with the agent, by the name that `--profile` takes. */
export const PROFILES: Readonly<Record<string, Profile>> = Object.fromEntries(
  [referenceProfile, twoDoorProfile, lockBoardAndTransmitters, iwController].map((one) => [one.name, one]),
)
