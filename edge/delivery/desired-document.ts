import type { Logger } from 'pino'
import type { Twin } from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'

/** The newest desired document, kept across restarts so that the cabinet goes on by it without a link. */
export interface DesiredDocument {
  readonly current: Twin | undefined
  onTwin(bytes: Uint8Array): void
  /** Inside the transaction that stores a new document. */
  onChanged(run: (twin: Twin) => void): void
}

/** A document of another core database always counts; of the same one only a later version does. */
export function isNewer(known: Twin | undefined, given: Twin): boolean {
  return known === undefined || known.twinEpoch !== given.twinEpoch || given.version > known.version
}

export function createDesiredDocument(db: EdgeDatabase, log: Logger): DesiredDocument {
  let current = db.readDocument<Twin>('twin')
  const listeners: Array<(twin: Twin) => void> = []
  return {
    get current() {
      return current
    },
    onTwin(bytes) {
      const parsed = parseFrame('twin', bytes)
      if (!parsed.ok) {
        log.error({ reason: parsed.reason }, 'a desired document that cannot be read was ignored')
        return
      }
      const twin = parsed.value
      if (!isNewer(current, twin)) return
      db.transact(() => {
        db.saveDocument('twin', twin)
        for (const run of listeners) run(twin)
      })
      current = twin
      log.info(
        { twinEpoch: twin.twinEpoch, version: twin.version, planogramVersion: twin.planogram?.version },
        'desired document taken',
      )
    },
    onChanged: (run) => void listeners.push(run),
  }
}
