import type { EventData, EventType } from '#protocol/messages/index.ts'
import type { Tx } from '#core/platform/database.ts'

/** Where and when an event happened, as the core knows it. */
export interface EventContext {
  readonly cabinetId: string
  readonly epoch: string
  readonly seq: number
  /** Corrected by the monotonic clocks where that is possible. */
  readonly occurredAtMs: number
  readonly receivedAtMs: number
  /**
   * A later event about the same matter was taken already, as when a dead letter is mended: write history, but do not set
   * back what is true now.
   */
  readonly isLate: boolean
  /** A person put it right: it is no longer what the cabinet itself said. */
  readonly isMended?: boolean
}
/** Run after the COMMIT, for what is not a row: a message to the provider, a command. It must be repeatable. */
export type AfterCommit = () => void | Promise<void>
export type EventHandler<T extends EventType> = (
  tx: Tx,
  context: EventContext,
  data: EventData<T>,
) => Promise<AfterCommit | void>
/** What each event changes. A handler that throws makes the event a dead letter; the stream goes on. */
export type EventHandlers = { [T in EventType]?: EventHandler<T> }

/** Several domains may look at one event: they run in the order given, in one SAVEPOINT. */
export function combineHandlers(...sets: readonly EventHandlers[]): EventHandlers {
  const combined: Partial<Record<EventType, EventHandler<EventType>>> = {}
  for (const set of sets) {
    for (const type of Object.keys(set) as EventType[]) {
      const added = set[type] as EventHandler<EventType> | undefined
      if (added === undefined) continue
      const before = combined[type]
      combined[type] = before === undefined ? added : inOrder(before, added)
    }
  }
  return combined as EventHandlers
}

function inOrder(first: EventHandler<EventType>, second: EventHandler<EventType>): EventHandler<EventType> {
  return async (tx, context, data) => {
    const afterFirst = await first(tx, context, data)
    const afterSecond = await second(tx, context, data)
    if (!afterFirst) return afterSecond
    if (!afterSecond) return afterFirst
    return async () => {
      await afterFirst()
      await afterSecond()
    }
  }
}
