import { messageOf } from '#protocol/base/errors.ts'
import { startSystem, type SystemOptions } from '#scripts/system.ts'
import { ExpectationError } from '#test/support/eventually.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '../play.ts'
import { createWorld, type World } from '../world.ts'

/** Runs `play` on a system of its own; a failure ends with what the core wrote last. */
export async function withSystem<T>(options: SystemOptions, play: (world: World) => Promise<T>): Promise<T> {
  const system = await startSystem({
    ...options,
    policy: { ...SHORT_POLICY, ...options.policy },
    edgeSettings: { ...SHORT_EDGE_SETTINGS, ...options.edgeSettings },
  })
  try {
    return await play(createWorld(system))
  } catch (error) {
    throw new ExpectationError(`${messageOf(error)}\n--- core\n${system.logTail('core', 8)}`, {
      cause: error,
    })
  } finally {
    await system.stop()
  }
}
