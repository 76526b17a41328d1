import type { Logger } from 'pino'
import { messageOf } from '#protocol/base/errors.ts'
import { parseEvent } from '#protocol/messages/index.ts'
import type { Tx } from '#core/platform/database.ts'
import { inSavepoint, isStorageError } from '#core/platform/savepoint.ts'
import type { AfterCommit, EventContext, EventHandler, EventHandlers } from './handlers.ts'
import { isSuperseded } from './matters.ts'

export type Projected =
  | { status: 'projected'; afterCommit: AfterCommit | undefined }
  /** Of a type that a newer version knows. */
  | { status: 'unprojected' }
  | { status: 'dead'; reason: string }

/** Changes what one event changes, all or nothing. The one way into the domains: for the stream, for replays, for upgrades. */
export interface Projector {
  /** In the order of the stream. @throws only when the storage fails */
  project(tx: Tx, context: Omit<EventContext, 'isLate'>, type: string, data: unknown): Promise<Projected>
  /** Out of order, after later events were taken. @throws only when the storage fails */
  projectLate(tx: Tx, context: Omit<EventContext, 'isLate'>, type: string, data: unknown): Promise<Projected>
}

export function createProjector(handlers: EventHandlers, log: Logger): Projector {
  async function run(
    tx: Tx,
    given: Omit<EventContext, 'isLate'>,
    type: string,
    data: unknown,
    mayBeLate: boolean,
  ): Promise<Projected> {
    const parsed = parseEvent(type, data)
    if (parsed.kind === 'unknown-type') return { status: 'unprojected' }
    if (parsed.kind === 'invalid') return { status: 'dead', reason: parsed.reason }
    const { event } = parsed
    const handler = handlers[event.type] as EventHandler<typeof event.type> | undefined
    if (handler === undefined) return { status: 'projected', afterCommit: undefined }
    const isLate = mayBeLate && isSuperseded(tx, given, event.type, event.data)
    const context: EventContext = { ...given, isLate }
    try {
      const afterCommit = await inSavepoint(tx, () => handler(tx, context, event.data))
      return { status: 'projected', afterCommit: afterCommit ?? undefined }
    } catch (error) {
      if (isStorageError(error)) throw error
      log.error({ ...context, type, err: error }, 'an event could not be projected')
      return { status: 'dead', reason: messageOf(error) }
    }
  }
  return {
    project: (tx, context, type, data) => run(tx, context, type, data, false),
    projectLate: (tx, context, type, data) => run(tx, context, type, data, true),
  }
}
