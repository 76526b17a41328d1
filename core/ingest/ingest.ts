import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Hello } from '#protocol/messages/frames.ts'
import type { Database } from '#core/platform/database.ts'
import type { UpMessage } from './broker-link.ts'
import { windowFor } from './decide.ts'
import type { AfterCommit, EventHandlers } from './handlers.ts'
import { createDeadLetters, type DeadLetters } from './dead-letters.ts'
import { createDeliveryDesk, type DeliveryDesk } from './delivery-desk.ts'
import { createProjector } from './projecting.ts'
import { type Arrived, type BatchOutcome, createReceiver, type StreamObserver } from './receiver.ts'
import type { CabinetWire } from './wire.ts'

/** Frames that wait for their batch; beyond this they are dropped, and the cabinets send them again. */
const FRAMES_WAITING_MOST = 20_000
const BYTES_WAITING_MOST = 64 * 1024 * 1024
const FRAMES_PER_BATCH = 400
/** A thousand cabinets that greet in one moment would hold up those that are being used. */
const GREETINGS_AT_ONCE = 50
const GREETINGS_PAUSE_MS = 250

export interface Ingest {
  /** Takes a hello or an event frame. Never awaits; it is called in the parser. */
  accept(message: UpMessage): void
  readonly counters: Readonly<IngestCounters>
  readonly letters: DeadLetters
  readonly desk: DeliveryDesk
  /** Takes up what waited for this version; before anything new may come. */
  start(): Promise<void>
  /**
   * Asks every cabinet to say hello on the link that it has, a few at a time; the answers bring back what this database
   * does not have. For a start beside a broker that went on running, and after a restore from a backup.
   */
  askAllToGreet(cabinetIds: readonly string[]): void
  /** Resolves when everything that was accepted is committed. */
  drained(): Promise<void>
}
export interface IngestCounters {
  frames: number
  events: number
  duplicates: number
  dead: number
  dropped: number
  waiting: number
  batches: number
}

/** The queue in front of the receiver, and what happens after its commit: acknowledgements, twins, effects. */
export function createIngest(deps: {
  db: Database
  clock: Clock
  ids: Ids
  log: Logger
  handlers: EventHandlers
  observer: StreamObserver
  wire: CabinetWire
  /** After the commit of a hello. */
  onGreeted: (cabinetId: string, hello: Hello) => void
  linkIdOf: (cabinetId: string) => string | undefined
}): Ingest {
  const { db, clock, log, wire } = deps
  const projector = createProjector(deps.handlers, log)
  const receiver = createReceiver({ ...deps, projector })
  const letters = createDeadLetters({ ...deps, projector, runEffect: (effect) => void runEffect(effect) })
  const desk = createDeliveryDesk({ ...deps, now: () => clock.now() })
  const counters: IngestCounters = {
    frames: 0,
    events: 0,
    duplicates: 0,
    dead: 0,
    dropped: 0,
    waiting: 0,
    batches: 0,
  }
  const queue: Arrived[] = []
  let bytesWaiting = 0
  let pumping: Promise<void> | undefined

  function accept(message: UpMessage): void {
    if (queue.length >= FRAMES_WAITING_MOST || bytesWaiting + message.payload.length > BYTES_WAITING_MOST) {
      counters.dropped++
      return
    }
    counters.frames++
    queue.push({ ...message, receivedAtMs: clock.now() })
    bytesWaiting += message.payload.length
    pumping ??= pump().finally(() => {
      pumping = undefined
    })
  }

  async function pump(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, FRAMES_PER_BATCH)
      for (const message of batch) bytesWaiting -= message.payload.length
      counters.waiting = queue.length
      if (await commit(batch)) continue
      // What one cabinet sent must not hold up the others: each on its own, and only the culprit stays unacknowledged.
      for (const alone of Map.groupBy(batch, (message) => message.cabinetId).values()) await commit(alone)
    }
  }

  /** @returns false when nothing was committed; nothing was acknowledged then, so the frames come again */
  async function commit(batch: readonly Arrived[]): Promise<boolean> {
    try {
      const outcome = await db.write('ingest', (tx) => receiver.receiveBatch(tx, batch))
      count(outcome)
      conclude(outcome)
      return true
    } catch (error) {
      const cabinetIds = [...new Set(batch.map((message) => message.cabinetId))].slice(0, 20)
      log.error(
        { err: error, frames: batch.length, cabinetIds },
        `a batch was not committed: ${messageOf(error)}`,
      )
      return false
    }
  }

  function count(outcome: BatchOutcome): void {
    counters.batches++
    counters.events += outcome.appended
    counters.duplicates += outcome.duplicates
    counters.dead += outcome.dead
  }

  function conclude(outcome: BatchOutcome): void {
    for (const [cabinetId, hello] of outcome.hellos) deps.onGreeted(cabinetId, hello)
    const window = windowFor(queue.length)
    for (const [cabinetId, ack] of outcome.acks) {
      const linkId = deps.linkIdOf(cabinetId)
      wire.publish(cabinetId, 'ack', {
        v: 1,
        ...(linkId === undefined ? {} : { linkId }),
        ...ack,
        window,
        nowMs: clock.now(),
      })
      // Heard without a hello since this core started: without its link nothing can be asked of it.
      if (linkId === undefined && ack.error === undefined) askToGreet(cabinetId)
    }
    // Effects may wait for a provider; the stream does not wait for them.
    for (const effect of outcome.afterCommits) void runEffect(effect)
  }
  /** The epoch names none: a request to greet concerns the link alone. */
  function askToGreet(cabinetId: string): void {
    wire.publish(cabinetId, 'ack', { v: 1, epoch: '-', ack: 0, window: 0, nowMs: clock.now(), greet: true })
  }
  function askAllToGreet(cabinetIds: readonly string[]): void {
    for (const cabinetId of cabinetIds.slice(0, GREETINGS_AT_ONCE)) askToGreet(cabinetId)
    if (cabinetIds.length <= GREETINGS_AT_ONCE) return
    clock.setTimer('ask further cabinets to greet', GREETINGS_PAUSE_MS, () =>
      askAllToGreet(cabinetIds.slice(GREETINGS_AT_ONCE)),
    )
  }
  async function runEffect(effect: AfterCommit): Promise<void> {
    try {
      await effect()
    } catch (error) {
      log.error({ err: error }, 'what should follow an event failed; its state is committed')
    }
  }

  return {
    accept,
    counters,
    letters,
    desk,
    askAllToGreet,
    async start() {
      await letters.projectWaiting()
    },
    async drained() {
      while (pumping !== undefined) await pumping
    },
  }
}
