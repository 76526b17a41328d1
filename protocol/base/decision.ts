/**
 * What a pure rule answers: events that happened, or a refusal that the caller expected to be possible.
 * A fault of the world is thrown (`CabinetError`); a bug is an assertion. The three are never mixed.
 */
export type Decision<Event, Refusal> =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly refusal: Refusal }

export function decided<Event>(...events: Event[]): Decision<Event, never> {
  return { ok: true, events }
}

export function refused<Refusal>(refusal: Refusal): Decision<never, Refusal> {
  return { ok: false, refusal }
}

/** A bug in our own code: stop this unit of work, log, and leave door and money in their written safe state. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** For the `default` of a switch over a closed union. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unexpected ${JSON.stringify(value)}`)
}
