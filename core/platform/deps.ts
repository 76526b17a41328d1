import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Database } from './database.ts'
import type { Policy } from './policy.ts'

/** What nearly every shell of the core needs; made once in `app.ts`. */
export interface CoreDeps {
  readonly db: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: Logger
  readonly policy: Policy
}
