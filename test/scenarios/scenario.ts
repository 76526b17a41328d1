import type { World } from './world.ts'

/** A named story over the real wires. It runs alone, in a data folder of its own, and may be repeated. */
export interface Scenario {
  readonly name: string
  /** What must show, one sentence. */
  readonly shows: string
  /** Policy of the core that is shortened for this story; printed with the result. */
  readonly policy?: Record<string, unknown>
  /** Settings of the edge that are shortened for this story. */
  readonly edgeSettings?: Record<string, unknown>
  /** @throws ExpectationError with the sentence of what did not hold */
  run(world: World): Promise<void>
}
