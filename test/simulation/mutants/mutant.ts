import type { Focus } from '../faults/plan.ts'

/** A bug that is planted on purpose: a simulation that does not find it would not find its like. */
export interface Mutant {
  readonly id: string
  /** From the root of the repository. */
  readonly file: string
  /** Text that stands exactly once in the file; when it does not any more, the mutant must be written anew. */
  readonly find: string
  readonly replace: string
  /** A second place, where two fences stand one behind the other. */
  readonly also?: { readonly find: string; readonly replace: string }
  /** What goes wrong in the world when a program does this. */
  readonly why: string
  /** The invariants by which it may show. */
  readonly expected: readonly string[]
  /** Where it shows soonest. */
  readonly focus?: Focus
}
