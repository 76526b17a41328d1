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
import { createLanes } from './lanes.ts'
import { createProjector, Unprojectable } from './projecting.ts'
import { type Arrived, type BatchOutcome, createReceiver, type StreamObserver } from './receiver.ts'
import type { CabinetWire } from './wire.ts'

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
  const lanes = createLanes()
  let pumping: Promise<void> | undefined

  function accept(message: UpMessage): void {
    if (!lanes.add({ ...message, receivedAtMs: clock.now() })) {
      counters.dropped++
      return
    }
    counters.frames++
    pumping ??= pump().finally(() => {
      pumping = undefined
    })
  }

  async function pump(): Promise<void> {
    for (let batch = lanes.take(); batch.length > 0; batch = lanes.take()) {
      counters.waiting = lanes.waiting
      if (await commit(batch)) continue
      // What one cabinet sent must not hold up the others: each on its own, and only the culprit stays unacknowledged.
      for (const alone of Map.groupBy(batch, (message) => message.cabinetId).values()) await commit(alone)
    }
  }

  /** @returns false when nothing was committed; nothing was acknowledged then, so the frames come again */
  async function commit(batch: readonly Arrived[], isCareful = false): Promise<boolean> {
    try {
      const outcome = await db.write('ingest', (tx) => receiver.receiveBatch(tx, batch, isCareful))
      count(outcome)
      conclude(outcome)
      return true
    } catch (error) {
      receiver.forget()
      // Rare enough that the care which it takes is not paid for by every event.
      if (error instanceof Unprojectable && !isCareful) return commit(batch, true)
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
    const window = windowFor(lanes.waiting)
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
