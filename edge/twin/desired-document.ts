import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { decideTwin, isNews, type TwinLimits } from './decide.ts'

/** The newest desired document, kept across restarts so that the cabinet goes on by it without a link. */
export interface DesiredDocument {
  /** What holds: the newest document, but for the parts of it that cannot be followed here. */
  readonly current: Twin | undefined
  onTwin(bytes: Uint8Array): void
  /** Inside the transaction that stores a new document. */
  onChanged(run: (twin: Twin) => void): void
}

/** A core that asks again has lost the answer; it gets it again, but not with every repetition. */
const ANSWER_AGAIN_MS = 60_000
/** What holds, and what was asked for word for word. */
const EFFECTIVE = 'twin'
const GIVEN = 'twin-given'

export function createDesiredDocument(options: {
  db: EdgeDatabase
  outbox: Pick<Outbox, 'append'>
  limits: TwinLimits
  clock: Pick<Clock, 'monoMs'>
  log: Logger
}): DesiredDocument {
  const { db, outbox, limits, clock, log } = options
  let current = db.readDocument<Twin>(EFFECTIVE)
  let given = db.readDocument<Twin>(GIVEN) ?? current
  const listeners: Array<(twin: Twin) => void> = []
  let answeredAtMonoMs = clock.monoMs()
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
      const isRepeated =
        given !== undefined && given.twinEpoch === twin.twinEpoch && given.version === twin.version
      const mayRepeat = clock.monoMs() - answeredAtMonoMs >= ANSWER_AGAIN_MS
      if (!isNews(given, twin) && !(isRepeated && mayRepeat)) return
      answeredAtMonoMs = clock.monoMs()
      const { effective, parts } = decideTwin(current, twin, limits)
      db.transact(() => {
        db.saveDocument(EFFECTIVE, effective)
        db.saveDocument(GIVEN, twin)
        outbox.append('twin.answered', { twinEpoch: twin.twinEpoch, version: twin.version, parts })
        for (const run of listeners) run(effective)
      })
      current = effective
      given = twin
      const refused = parts.filter((part) => part.status !== 'applied')
      log[refused.length > 0 ? 'warn' : 'info'](
        {
          twinEpoch: twin.twinEpoch,
          version: twin.version,
          planogramVersion: twin.planogram?.version,
          refused,
        },
        'desired document taken',
      )
    },
    onChanged: (run) => void listeners.push(run),
  }
}
