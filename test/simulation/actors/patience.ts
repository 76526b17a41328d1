import { CabinetError } from '#protocol/base/errors.ts'
import type { Database } from '#core/platform/database.ts'
import type { Works } from '#core/works.ts'
import type { Actor, World } from '../world/world.ts'

const TRIES_MOST = 4
const PATIENCE_MS = 12_000

/**
 * A page that sends the same request again when no answer comes, as ours do.
 * @throws the refusal, or what the last try ended with
 */
export async function askUntilAnswered<T>(
  world: World,
  actor: Actor,
  name: string,
  work: (works: Works, db: Database) => Promise<T>,
): Promise<T> {
  let last: unknown = new Error('no answer')
  for (let attempt = 0; attempt < TRIES_MOST; attempt++) {
    const outcome = await Promise.race([
      world.core.request(undefined, name, work).then(
        (value) => ({ ok: true as const, value }),
        (error: unknown) => ({ ok: false as const, error }),
      ),
      world.scheduler
        .pause(undefined, 'patience', PATIENCE_MS)
        .then(() => ({ ok: false as const, error: new Error('no answer') })),
    ])
    if (outcome.ok) return outcome.value
    last = outcome.error
    // A refusal is an answer.
    if (last instanceof CabinetError) throw last
    await world.scheduler.pause(undefined, 'try again', actor.chance.between(300, 3000))
  }
  throw last
}
