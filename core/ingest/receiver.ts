import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { hashEvent } from '#protocol/messages/event-hash.ts'
import type { Ack, EventFrame, Hello } from '#protocol/messages/frames.ts'
import { parseEventFrame, parseFrame } from '#protocol/messages/index.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { inSavepoint, isStorageError } from '#core/platform/savepoint.ts'
import type { Tx } from '#core/platform/database.ts'
import type { UpMessage } from './broker-link.ts'
import {
  decideFrame,
  decideGreeting,
  decideSkewMs,
  hasForgotten,
  occurredAtMs,
  type ReceiverState,
  SKEW_ALARM_MS,
} from './decide.ts'
import { createGapAnswers } from './gap-answers.ts'
import { bury, closeIncidents, closeRefusedFrames, type Grave } from './graves.ts'
import { endHalt, isForked, mayGoOn, recordHalt } from './halts.ts'
import type { AfterCommit } from './handlers.ts'
import type { Projected, Projector } from './projecting.ts'
import {
  appendToInbox,
  type InboxEvent,
  lastSeqOf,
  loadStream,
  saveStream,
  storedHashes,
  type Stream,
} from './streams.ts'

/** A message as it waits for its batch. */
export interface Arrived extends UpMessage {
  readonly receivedAtMs: number
}
export type StreamTrouble = 'fork' | 'poison' | 'stale_epoch' | 'ack_beyond_outbox' | 'events_lost'
/** What the other parts of the core do with a hello, and with trouble on a stream. */
export interface StreamObserver {
  onHello(tx: Tx, cabinetId: string, hello: Hello, receivedAtMs: number): Promise<void>
  onTrouble(tx: Tx, cabinetId: string, trouble: StreamTrouble): Promise<void>
  /** A refused outbox goes on, or nothing is dead any more. */
  onRecovery(tx: Tx, cabinetId: string, recovered: 'stream' | 'poison'): Promise<void>
  /** A cabinet was told that this core has more than it has now. */
  onForgotten(tx: Tx, cabinetId: string): Promise<void>
  /** The wall clock of a cabinet began or ceased to be wrong. */
  onClock(tx: Tx, cabinetId: string, skewMs: number): Promise<void>
}
export type AckPart = Pick<
  Ack,
  'epoch' | 'ack' | 'hash' | 'echoMonoMs' | 'rewindTo' | 'greet' | 'renew' | 'error' | 'linkId'
>
export interface BatchOutcome {
  /** The acknowledgement for each cabinet that was heard, coalesced. */
  readonly acks: ReadonlyMap<string, AckPart>
  /** Links that greeted in this batch. */
  readonly hellos: ReadonlyMap<string, Hello>
  readonly afterCommits: readonly AfterCommit[]
  readonly appended: number
  readonly duplicates: number
  readonly dead: number
}
type Outcome = { -readonly [K in keyof BatchOutcome]: BatchOutcome[K] } & {
  acks: Map<string, AckPart>
  hellos: Map<string, Hello>
  afterCommits: AfterCommit[]
}

/**
 * Receives a batch: one transaction over many cabinets, sorted so that two cores take locks in one order. An event is
 * appended to the inbox, projected, and the position moved by compare-and-set, all or nothing.
 */
export function createReceiver(deps: {
  clock: Pick<Clock, 'monoMs'>
  ids: Ids
  log: Logger
  projector: Projector
  observer: StreamObserver
}) {
  const { ids, log, projector, observer } = deps
  const gapAnswers = createGapAnswers(deps.clock)
  /** Cabinets whose clock was last seen wrong, and right; one that is in neither is told about once. */
  const skewed = new Map<string, boolean>()

  /** Where each stream stood after its last commit. Compare-and-set holds it against the table. */
  const positions = new Map<string, ReceiverState>()

  /** @param isCareful  an event that cannot be projected is undone alone; see `Projector` */
  async function receiveBatch(tx: Tx, batch: readonly Arrived[], isCareful: boolean): Promise<BatchOutcome> {
    const byCabinet = Map.groupBy(batch, (message) => message.cabinetId)
    const outcome: Outcome = {
      acks: new Map(),
      hellos: new Map(),
      afterCommits: [],
      appended: 0,
      duplicates: 0,
      dead: 0,
    }
    const streams: Stream[] = []
    for (const cabinetId of [...byCabinet.keys()].toSorted()) {
      const messages = byCabinet.get(cabinetId) ?? []
      // A hello may follow what another core did meanwhile.
      const isGreeting = messages.some(({ channel }) => channel === 'hello')
      const stream = loadStream(tx, cabinetId, isGreeting ? undefined : positions.get(cabinetId))
      streams.push(stream)
      for (const message of messages) {
        if (message.channel === 'hello') await receiveHello(tx, stream, message, outcome)
        else if (message.channel === 'ev') await receiveFrame(tx, stream, message, outcome, isCareful)
      }
      saveStream(tx, stream)
    }
    outcome.afterCommits.push(() => {
      for (const { cabinetId, state } of streams) if (state !== undefined) positions.set(cabinetId, state)
    })
    return outcome
  }

  async function receiveHello(tx: Tx, stream: Stream, message: Arrived, outcome: Outcome): Promise<void> {
    const { cabinetId } = stream
    const parsed = parseFrame('hello', message.payload)
    if (!parsed.ok) {
      await bury(tx, ids, graveOf(message, { kind: 'frame', reason: `hello: ${parsed.reason}` }))
      return
    }
    const hello = parsed.value
    const { continues, linkId } = hello
    const knownSeq = continues === undefined ? 0 : lastSeqOf(tx, stream, continues.epoch)
    const greeting = decideGreeting(stream.state, hello, knownSeq)
    const refused = greeting.kind === 'stale' ? 'stale_epoch' : hello.halt
    if (refused !== undefined) {
      if (mayGoOn(tx, cabinetId, hello.epoch)) {
        outcome.acks.set(cabinetId, renewal(hello, stream))
        return
      }
      await refuse(tx, { cabinetId, reason: refused, ...aboutOutbox(hello) })
      const error = greeting.kind === 'stale' ? 'stale_epoch' : 'fork'
      // What only the cabinet itself holds against going on it may look at again; the answer brings what it needs.
      if (greeting.kind === 'stale' || isForked(tx, cabinetId, hello.epoch)) {
        outcome.acks.set(cabinetId, { ...ackOf(hello.epoch, 0, hello.monoMs, error), linkId })
        return
      }
    } else if (stream.state?.epoch !== hello.epoch || mayGoOn(tx, cabinetId, hello.epoch))
      await recover(tx, cabinetId, hello.epoch)
    if (greeting.kind === 'stale') return
    if (hasForgotten(stream.state, hello))
      await tell(tx, 'a database that went back', () => observer.onForgotten(tx, cabinetId))
    if (greeting.lost !== undefined) await tellLost(tx, cabinetId, hello.epoch, greeting.lost)
    stream.state = greeting.state
    await tell(tx, 'hello', () => observer.onHello(tx, cabinetId, hello, message.receivedAtMs))
    await watchClock(tx, cabinetId, hello, message.receivedAtMs, outcome)
    outcome.hellos.set(cabinetId, hello)
    // The cabinet goes back only when it believes more than we have, as after a restore of this database.
    const { lastSeq, lastHash } = greeting.state
    outcome.acks.set(cabinetId, {
      ...ackOf(hello.epoch, lastSeq, hello.monoMs),
      ...(lastHash === undefined ? {} : { hash: lastHash }),
      rewindTo: lastSeq,
      linkId,
    })
  }

  async function refuse(tx: Tx, halt: Parameters<typeof recordHalt>[1]): Promise<void> {
    await tell(tx, 'a refused outbox', async () => {
      await recordHalt(tx, halt)
      await observer.onTrouble(tx, halt.cabinetId, halt.reason)
    })
  }
  async function recover(tx: Tx, cabinetId: string, epoch: string): Promise<void> {
    if (!endHalt(tx, cabinetId)) return
    closeRefusedFrames(tx, cabinetId, `came again under the epoch ${epoch}`)
    const isAllClear = closeIncidents(tx, cabinetId)
    await tell(tx, 'a stream that goes on', async () => {
      await observer.onRecovery(tx, cabinetId, 'stream')
      if (isAllClear) await observer.onRecovery(tx, cabinetId, 'poison')
    })
  }
  async function tellLost(
    tx: Tx,
    cabinetId: string,
    epoch: string,
    lost: { fromSeq: number; toSeq: number },
  ): Promise<void> {
    await raiseIncident(tx, ids, {
      kind: 'events_lost',
      subject: cabinetId,
      message: `Events ${lost.fromSeq} to ${lost.toSeq} of epoch ${epoch} were never received and are not kept any more.`,
    })
    await tell(tx, 'trouble', () => observer.onTrouble(tx, cabinetId, 'events_lost'))
  }

  async function receiveFrame(
    tx: Tx,
    stream: Stream,
    message: Arrived,
    outcome: Outcome,
    isCareful: boolean,
  ): Promise<void> {
    const { cabinetId } = stream
    const parsed = parseEventFrame(message.payload)
    const reason = parsed.ok ? foreignIdentity(parsed.frame, cabinetId) : parsed.reason
    if (!parsed.ok || reason !== undefined) {
      outcome.dead++
      await bury(tx, ids, graveOf(message, { kind: 'frame', reason: reason ?? 'unreadable' }))
      if (stream.state !== undefined)
        outcome.acks.set(
          cabinetId,
          ackOf(stream.state.epoch, stream.state.lastSeq, undefined, 'frame_invalid'),
        )
      return
    }
    const { frame, faults } = parsed
    const hashes = frame.events.map((event) => hashEvent(event, event.boot ?? frame.boot))
    const verdict = decideFrame(stream.state, frame, hashes, alreadyStored(tx, stream, frame))
    switch (verdict.kind) {
      case 'append':
        await appendFrame(
          tx,
          stream,
          message,
          { frame, faults, hashes, skip: verdict.skip, isCareful },
          outcome,
        )
        await watchClock(tx, cabinetId, frame, message.receivedAtMs, outcome)
        break
      case 'duplicate':
        outcome.duplicates++
        break
      case 'gap': {
        const { epoch, lastSeq } = stream.state ?? { epoch: frame.epoch, lastSeq: 0 }
        if (!gapAnswers.isDue(cabinetId, epoch, lastSeq)) return
        outcome.afterCommits.push(() => gapAnswers.answered(cabinetId, epoch, lastSeq))
        break
      }
      case 'unannounced':
        outcome.acks.set(cabinetId, { ...ackOf(frame.epoch, 0, frame.monoMs), greet: true })
        return
      case 'stale_epoch':
      case 'fork': {
        const why =
          verdict.kind === 'fork'
            ? `event ${verdict.seq} was received before with other contents: two cabinets use one identity, or a database was copied`
            : `the outbox of epoch ${frame.epoch} was replaced by ${stream.state?.epoch ?? ''}`
        const { epoch, firstSeq: seq, boot } = frame
        await bury(tx, ids, graveOf(message, { kind: verdict.kind, reason: why, epoch, seq }))
        const about = { cabinetId, reason: verdict.kind, epoch, boot }
        await refuse(tx, verdict.kind === 'fork' ? { ...about, seq: verdict.seq } : about)
        outcome.acks.set(cabinetId, ackOf(epoch, 0, frame.monoMs, verdict.kind))
        return
      }
    }
    const state = stream.state ?? { epoch: frame.epoch, lastSeq: 0, lastHash: undefined }
    outcome.acks.set(cabinetId, {
      ...outcome.acks.get(cabinetId),
      ...ackOf(state.epoch, state.lastSeq, frame.monoMs),
      ...(state.lastHash === undefined ? {} : { hash: state.lastHash }),
      // A cabinet that believes more than we have goes back; for one that merely ran ahead it says nothing new.
      ...(verdict.kind === 'gap' ? { rewindTo: state.lastSeq } : {}),
    })
  }

  function alreadyStored(tx: Tx, { cabinetId, state }: Stream, frame: EventFrame): Map<number, string> {
    if (state?.epoch !== frame.epoch || frame.firstSeq > state.lastSeq) return new Map()
    return storedHashes(tx, {
      cabinetId,
      epoch: frame.epoch,
      fromSeq: frame.firstSeq,
      count: frame.events.length,
    })
  }

  async function appendFrame(
    tx: Tx,
    stream: Stream,
    message: Arrived,
    given: {
      frame: EventFrame
      faults: ReadonlyMap<number, string>
      hashes: readonly string[]
      skip: number
      isCareful: boolean
    },
    outcome: Outcome,
  ): Promise<void> {
    const { cabinetId } = stream
    const { frame, faults, hashes, skip } = given
    const before = stream.state?.epoch === frame.epoch ? stream.state : undefined
    // An epoch that continues another one brings again what may have come under that one.
    const { continues } = before ?? {}
    const earlier =
      continues === undefined || frame.firstSeq + skip > continues.toSeq
        ? undefined
        : storedHashes(tx, {
            cabinetId,
            epoch: continues.epoch,
            fromSeq: frame.firstSeq,
            count: frame.events.length,
          })
    let lastOccurredAtMs = before?.lastOccurredAtMs
    for (let index = skip; index < frame.events.length; index++) {
      const event = frame.events[index] as EventFrame['events'][number]
      const hash = hashes[index] as string
      const seq = frame.firstSeq + index
      lastOccurredAtMs = occurredAtMs(frame, event, message.receivedAtMs, lastOccurredAtMs)
      const row = {
        cabinetId,
        epoch: frame.epoch,
        seq,
        type: event.type,
        occurredAtMs: lastOccurredAtMs,
        receivedAtMs: message.receivedAtMs,
        deviceAtMs: event.atMs,
        boot: event.boot ?? frame.boot,
        data: JSON.stringify(event.data),
        hash,
      }
      outcome.appended++
      if (earlier?.get(seq) === hash) {
        appendToInbox(tx, row, 'repeated')
        continue
      }
      const fault = faults.get(index)
      const result: Projected =
        fault === undefined
          ? await projector.project(tx, contextOf(row), event.type, event.data, given.isCareful)
          : { status: 'dead', reason: fault }
      appendToInbox(tx, row, result.status)
      if (result.status === 'projected' && result.afterCommit) outcome.afterCommits.push(result.afterCommit)
      if (result.status !== 'dead') continue
      outcome.dead++
      log.error({ cabinetId, seq, type: event.type, reason: result.reason }, 'an event became a dead letter')
      await bury(
        tx,
        ids,
        graveOf(message, {
          kind: 'event',
          reason: `${event.type}: ${result.reason}`,
          epoch: frame.epoch,
          seq,
          body: JSON.stringify(event),
        }),
      )
      await tell(tx, 'trouble', () => observer.onTrouble(tx, cabinetId, 'poison'))
    }
    stream.state = {
      epoch: frame.epoch,
      lastSeq: frame.firstSeq + frame.events.length - 1,
      lastHash: hashes.at(-1),
      lastOccurredAtMs,
      continues,
    }
  }

  /** Says once that a clock is wrong, and once that it is right again. */
  async function watchClock(
    tx: Tx,
    cabinetId: string,
    frame: Pick<EventFrame, 'nowMs' | 'timeQuality'>,
    receivedAtMs: number,
    outcome: Outcome,
  ): Promise<void> {
    const skewMs = decideSkewMs(frame, receivedAtMs)
    const isWrong = Math.abs(skewMs) > SKEW_ALARM_MS
    if (skewed.get(cabinetId) === isWrong) return
    await tell(tx, 'the clock of a cabinet', () => observer.onClock(tx, cabinetId, skewMs))
    outcome.afterCommits.push(() => void skewed.set(cabinetId, isWrong))
  }

  /** A view of the stream that fails must not stop the stream itself. */
  async function tell(tx: Tx, what: string, part: () => Promise<void>): Promise<void> {
    try {
      await inSavepoint(tx, part)
    } catch (error) {
      if (isStorageError(error)) throw error
      log.error({ err: error }, `what follows from ${what} could not be recorded`)
    }
  }

  return {
    receiveBatch,
    /** After a batch that was not committed: what is known of its streams may be wrong. */
    forget: () => positions.clear(),
  }
}

function contextOf({ cabinetId, epoch, seq, occurredAtMs: at, receivedAtMs }: InboxEvent) {
  return { cabinetId, epoch, seq, occurredAtMs: at, receivedAtMs }
}
function ackOf(epoch: string, ack: number, echoMonoMs?: number, error?: Ack['error']): AckPart {
  return {
    epoch,
    ack,
    ...(echoMonoMs === undefined ? {} : { echoMonoMs }),
    ...(error === undefined ? {} : { error }),
  }
}
/** Lets an outbox go on under an epoch after the one that we know, on the link that asked. */
function renewal(hello: Hello, { state }: Stream): AckPart {
  const { epoch, linkId, monoMs } = hello
  const after = state !== undefined && state.epoch > epoch ? state.epoch : epoch
  return { ...ackOf(epoch, 0, monoMs), linkId, renew: { after } }
}
function aboutOutbox(hello: Hello) {
  const { epoch, linkId, boot, firmware, firstSeq, lastSeq } = hello
  return { epoch, linkId, boot, firmware, firstSeq, lastSeq }
}

/** The identity comes from the topic, which the broker's rules vouch for. */
function foreignIdentity(frame: EventFrame, cabinetId: string): string | undefined {
  return frame.cabinetId === undefined || frame.cabinetId === cabinetId
    ? undefined
    : `the frame says that it comes from ${frame.cabinetId}, the topic says ${cabinetId}`
}

const lenient = new TextDecoder('utf-8')
function graveOf(
  { cabinetId, topic, receivedAtMs, payload }: Arrived,
  about: Pick<Grave, 'kind' | 'reason' | 'epoch' | 'seq'> & { body?: string },
): Grave {
  return { cabinetId, topic, receivedAtMs, ...about, body: about.body ?? lenient.decode(payload) }
}
