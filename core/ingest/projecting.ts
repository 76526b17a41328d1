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

/** A handler failed and what it began is not undone: the unit must be run again with care. */
export class Unprojectable extends Error {}

/** Changes what one event changes, all or nothing. The one way into the domains: for the stream, for replays, for upgrades. */
export interface Projector {
  /**
   * In the order of the stream. @param isCareful  undoes what a handler began when it fails; without it the whole unit
   * must be undone. @throws Unprojectable without care; otherwise only when the storage fails
   */
  project(
    tx: Tx,
    context: Omit<EventContext, 'isLate'>,
    type: string,
    data: unknown,
    isCareful: boolean,
  ): Promise<Projected>
  /** Out of order, after later events were taken. @throws only when the storage fails */
  projectLate(tx: Tx, context: Omit<EventContext, 'isLate'>, type: string, data: unknown): Promise<Projected>
}

export function createProjector(handlers: EventHandlers, log: Logger): Projector {
  async function run(
    tx: Tx,
    given: Omit<EventContext, 'isLate'>,
    type: string,
    data: unknown,
    how: { mayBeLate: boolean; isCareful: boolean },
  ): Promise<Projected> {
    const parsed = parseEvent(type, data)
    if (parsed.kind === 'unknown-type') return { status: 'unprojected' }
    if (parsed.kind === 'invalid') return { status: 'dead', reason: parsed.reason }
    const { event } = parsed
    const handler = handlers[event.type] as EventHandler<typeof event.type> | undefined
    if (handler === undefined) return { status: 'projected', afterCommit: undefined }
    const isLate = how.mayBeLate && isSuperseded(tx, given, event.type, event.data)
    const context: EventContext = { ...given, isLate, isMended: how.mayBeLate }
    try {
      const work = () => handler(tx, context, event.data)
      const afterCommit = await (how.isCareful ? inSavepoint(tx, work) : work())
      return { status: 'projected', afterCommit: afterCommit ?? undefined }
    } catch (error) {
      if (isStorageError(error)) throw error
      if (!how.isCareful) throw new Unprojectable(messageOf(error), { cause: error })
      log.error(
        { cabinetId: given.cabinetId, seq: given.seq, type, err: error },
        'an event could not be projected',
      )
      return { status: 'dead', reason: messageOf(error) }
    }
  }
  return {
    project: (tx, context, type, data, isCareful) =>
      run(tx, context, type, data, { mayBeLate: false, isCareful }),
    projectLate: (tx, context, type, data) =>
      run(tx, context, type, data, { mayBeLate: true, isCareful: true }),
  }
}
