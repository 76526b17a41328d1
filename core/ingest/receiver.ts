import type { Logger } from 'pino'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Ack, EventFrame, Hello } from '#protocol/messages/frames.ts'
import { parseEvent, parseFrame } from '#protocol/messages/index.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { inSavepoint, isStorageError } from '#core/platform/savepoint.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { UpMessage } from './broker-link.ts'
import {
  decideFrame,
  decideLostRange,
  type FrameVerdict,
  hashEvent,
  occurredAtMs,
  type ReceiverState,
} from './decide.ts'
import type { AfterCommit, EventHandler, EventHandlers } from './handlers.ts'

/** A message as it waits for its batch. */
export interface Arrived extends UpMessage {
  readonly receivedAtMs: number
}
/** What the other parts of the core do with a hello, and with trouble on a stream. */
export interface StreamObserver {
  onHello(tx: Tx, cabinetId: string, hello: Hello, receivedAtMs: number): Promise<void>
  onTrouble(
    tx: Tx,
    cabinetId: string,
    trouble: 'fork' | 'poison' | 'stale_epoch' | 'events_lost',
  ): Promise<void>
}
export interface BatchOutcome {
  /** The acknowledgement for each cabinet that was heard, coalesced. */
  readonly acks: ReadonlyMap<string, Pick<Ack, 'epoch' | 'ack' | 'echoMonoMs' | 'rewindTo' | 'error'>>
  /** Links that greeted in this batch. */
  readonly hellos: ReadonlyMap<string, Hello>
  readonly afterCommits: readonly AfterCommit[]
  readonly appended: number
  readonly duplicates: number
  readonly dead: number
}

/** Bodies in the dead letters are for people; longer ones are cut. */
const BODY_CHARACTERS_MOST = 64 * 1024
/** A cabinet that misbehaves fills no more than this many open dead letters. */
const DEAD_LETTERS_PER_CABINET = 500

/** The part of a batch that belongs to one cabinet, in the order in which it came. */
interface Stream {
  readonly cabinetId: string
  state: ReceiverState | undefined
  savedState: ReceiverState | undefined
}

/**
 * Receives a batch: one transaction over many cabinets, sorted so that two cores take locks in one order. An event is
 * appended to the inbox, projected, and the position moved by compare-and-set, all or nothing.
 */
export function createReceiver(deps: {
  ids: Ids
  log: Logger
  handlers: EventHandlers
  observer: StreamObserver
}) {
  const { ids, log, handlers, observer } = deps

  async function receiveBatch(tx: Tx, batch: readonly Arrived[]): Promise<BatchOutcome> {
    const byCabinet = Map.groupBy(batch, (message) => message.cabinetId)
    const outcome = {
      acks: new Map<string, Pick<Ack, 'epoch' | 'ack' | 'echoMonoMs' | 'rewindTo' | 'error'>>(),
      hellos: new Map<string, Hello>(),
      afterCommits: [] as AfterCommit[],
      appended: 0,
      duplicates: 0,
      dead: 0,
    }
    for (const cabinetId of [...byCabinet.keys()].toSorted()) {
      const stream = await loadStream(tx, cabinetId)
      for (const message of byCabinet.get(cabinetId) ?? []) await receiveOne(tx, stream, message, outcome)
      await saveStream(tx, stream)
    }
    return outcome
  }
  type Outcome = { -readonly [K in keyof BatchOutcome]: BatchOutcome[K] } & {
    acks: Map<string, Pick<Ack, 'epoch' | 'ack' | 'echoMonoMs' | 'rewindTo' | 'error'>>
    hellos: Map<string, Hello>
    afterCommits: AfterCommit[]
  }

  async function receiveOne(tx: Tx, stream: Stream, message: Arrived, outcome: Outcome): Promise<void> {
    if (message.channel === 'hello') await receiveHello(tx, stream, message, outcome)
    else if (message.channel === 'ev') await receiveFrame(tx, stream, message, outcome)
  }

  async function receiveHello(tx: Tx, stream: Stream, message: Arrived, outcome: Outcome): Promise<void> {
    const parsed = parseFrame('hello', message.payload)
    if (!parsed.ok) {
      await bury(tx, stream, message, { kind: 'frame', reason: `hello: ${parsed.reason}` })
      return
    }
    const hello = parsed.value
    if (stream.state !== undefined && hello.epoch < stream.state.epoch) {
      outcome.acks.set(stream.cabinetId, ackOf(hello.epoch, 0, hello.monoMs, 'stale_epoch'))
      await tell(tx, 'trouble', () => observer.onTrouble(tx, stream.cabinetId, 'stale_epoch'))
      return
    }
    const lost = decideLostRange(stream.state, hello)
    if (lost !== undefined) {
      await raiseIncident(tx, ids, {
        kind: 'events_lost',
        subject: stream.cabinetId,
        message: `Events ${lost.lostFrom} to ${lost.lastSeq} of epoch ${hello.epoch} were never received and are not kept any more.`,
      })
      await tell(tx, 'trouble', () => observer.onTrouble(tx, stream.cabinetId, 'events_lost'))
    }
    if (stream.state?.epoch !== hello.epoch) stream.state = { epoch: hello.epoch, lastSeq: 0 }
    if (lost !== undefined) stream.state = { epoch: hello.epoch, lastSeq: lost.lastSeq }
    await tell(tx, 'hello', () => observer.onHello(tx, stream.cabinetId, hello, message.receivedAtMs))
    outcome.hellos.set(stream.cabinetId, hello)
    // The cabinet goes back only when it believes more than we have, as after a restore of this database.
    const { lastSeq } = stream.state
    outcome.acks.set(stream.cabinetId, { ...ackOf(hello.epoch, lastSeq, hello.monoMs), rewindTo: lastSeq })
  }

  async function receiveFrame(tx: Tx, stream: Stream, message: Arrived, outcome: Outcome): Promise<void> {
    const parsed = parseFrame('ev', message.payload)
    const reason = parsed.ok ? foreignIdentity(parsed.value, message.cabinetId) : parsed.reason
    if (!parsed.ok || reason !== undefined) {
      outcome.dead++
      await bury(tx, stream, message, { kind: 'frame', reason: reason ?? 'unreadable' })
      if (stream.state !== undefined)
        outcome.acks.set(
          stream.cabinetId,
          ackOf(stream.state.epoch, stream.state.lastSeq, undefined, 'frame_invalid'),
        )
      return
    }
    const frame = parsed.value
    const hashes = frame.events.map((event) => hashEvent(frame, event))
    const verdict = decideFrame(stream.state, frame, hashes, await storedHashes(tx, stream, frame))
    await applyVerdict(tx, stream, message, frame, hashes, verdict, outcome)
  }

  async function applyVerdict(
    tx: Tx,
    stream: Stream,
    message: Arrived,
    frame: EventFrame,
    hashes: readonly string[],
    verdict: FrameVerdict,
    outcome: Outcome,
  ): Promise<void> {
    const { cabinetId } = stream
    switch (verdict.kind) {
      case 'append':
        stream.state = { epoch: frame.epoch, lastSeq: verdict.toSeq }
        for (const [index, event] of frame.events.entries()) {
          if (index < verdict.skip) continue
          await appendEvent(
            tx,
            message,
            frame,
            event,
            frame.firstSeq + index,
            hashes[index] as string,
            outcome,
          )
        }
        break
      case 'duplicate':
        outcome.duplicates++
        break
      case 'gap':
        break
      case 'stale_epoch':
      case 'fork': {
        const why =
          verdict.kind === 'fork'
            ? `event ${verdict.seq} was received before with other contents: two cabinets use one identity, or a database was copied`
            : `the outbox of epoch ${frame.epoch} was replaced by ${stream.state?.epoch ?? ''}`
        await bury(tx, stream, message, {
          kind: verdict.kind,
          reason: why,
          epoch: frame.epoch,
          seq: frame.firstSeq,
        })
        await tell(tx, 'trouble', () => observer.onTrouble(tx, cabinetId, verdict.kind))
        outcome.acks.set(cabinetId, ackOf(frame.epoch, 0, frame.monoMs, verdict.kind))
        return
      }
    }
    const state = stream.state ?? { epoch: frame.epoch, lastSeq: 0 }
    outcome.acks.set(cabinetId, {
      ...outcome.acks.get(cabinetId),
      ...ackOf(state.epoch, state.lastSeq, frame.monoMs),
    })
  }

  async function appendEvent(
    tx: Tx,
    message: Arrived,
    frame: EventFrame,
    event: EventFrame['events'][number],
    seq: number,
    hash: string,
    outcome: Outcome,
  ): Promise<void> {
    const { cabinetId, receivedAtMs } = message
    const context = {
      cabinetId,
      epoch: frame.epoch,
      seq,
      receivedAtMs,
      occurredAtMs: occurredAtMs(frame, event, receivedAtMs),
    }
    const result = await project(tx, context, event.type, event.data)
    if (result.afterCommit) outcome.afterCommits.push(result.afterCommit)
    outcome.appended++
    await tx
      .insertInto('inbox')
      .values({
        cabinetId,
        epoch: frame.epoch,
        seq,
        type: event.type,
        occurredAtMs: context.occurredAtMs,
        receivedAtMs,
        deviceAtMs: event.atMs,
        boot: event.boot ?? frame.boot,
        data: JSON.stringify(event.data),
        hash,
        status: result.status,
      })
      .execute()
    if (result.status !== 'dead') return
    outcome.dead++
    log.error({ cabinetId, seq, type: event.type, reason: result.reason }, 'an event became a dead letter')
    await bury(tx, { cabinetId }, message, {
      kind: 'event',
      reason: `${event.type}: ${result.reason}`,
      epoch: frame.epoch,
      seq,
      body: JSON.stringify(event),
    })
    await tell(tx, 'trouble', () => observer.onTrouble(tx, cabinetId, 'poison'))
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

  /** Projects one event, or says why it cannot be. Only a failing storage is thrown. */
  async function project(
    tx: Tx,
    context: Parameters<EventHandler<never>>[1],
    type: string,
    data: unknown,
  ): Promise<{
    status: 'projected' | 'unprojected' | 'dead'
    reason?: string
    afterCommit?: AfterCommit | undefined
  }> {
    const parsed = parseEvent(type, data)
    if (parsed.kind === 'unknown-type') return { status: 'unprojected' }
    if (parsed.kind === 'invalid') return { status: 'dead', reason: parsed.reason }
    const handler = handlers[parsed.event.type] as EventHandler<typeof parsed.event.type> | undefined
    if (handler === undefined) return { status: 'projected' }
    try {
      const afterCommit = await inSavepoint(tx, () => handler(tx, context, parsed.event.data))
      return { status: 'projected', afterCommit: afterCommit ?? undefined }
    } catch (error) {
      if (isStorageError(error)) throw error
      log.error({ ...context, type, err: error }, 'an event could not be projected')
      return { status: 'dead', reason: messageOf(error) }
    }
  }

  /** Keeps what cannot be taken, raw and with its reason, for a person. */
  async function bury(
    tx: Tx,
    stream: Pick<Stream, 'cabinetId'>,
    message: Arrived,
    grave: {
      kind: 'event' | 'frame' | 'stale_epoch' | 'fork'
      reason: string
      epoch?: string
      seq?: number
      body?: string
    },
  ): Promise<void> {
    const { cabinetId } = stream
    const body = (grave.body ?? textOf(message.payload)).slice(0, BODY_CHARACTERS_MOST)
    const open = await tx
      .selectFrom('deadLetter')
      .select((eb) => [
        eb.fn.countAll<number>().as('count'),
        eb.fn.sum<number | null>(eb.case().when('body', '=', body).then(1).else(0).end()).as('same'),
      ])
      .where('cabinetId', '=', cabinetId)
      .where('resolvedAtMs', 'is', null)
      .executeTakeFirstOrThrow()
    await raiseIncident(tx, ids, {
      kind: `dead_letter_${grave.kind}`,
      subject: cabinetId,
      message: grave.reason,
    })
    // A frame that is sent again and again stands there once.
    if ((open.same ?? 0) > 0 || open.count >= DEAD_LETTERS_PER_CABINET) return
    await tx
      .insertInto('deadLetter')
      .values({
        cabinetId,
        receivedAtMs: message.receivedAtMs,
        topic: message.topic,
        kind: grave.kind,
        epoch: grave.epoch ?? null,
        seq: grave.seq ?? null,
        reason: grave.reason.slice(0, 1000),
        body,
        resolvedAtMs: null,
      })
      .execute()
  }

  return { receiveBatch }
}

function ackOf(epoch: string, ack: number, echoMonoMs?: number, error?: Ack['error']) {
  return {
    epoch,
    ack,
    ...(echoMonoMs === undefined ? {} : { echoMonoMs }),
    ...(error === undefined ? {} : { error }),
  }
}

/** The identity comes from the topic, which the broker's rules vouch for. */
function foreignIdentity(frame: EventFrame, cabinetId: string): string | undefined {
  return frame.cabinetId === undefined || frame.cabinetId === cabinetId
    ? undefined
    : `the frame says that it comes from ${frame.cabinetId}, the topic says ${cabinetId}`
}

const lenient = new TextDecoder('utf-8')
function textOf(payload: Uint8Array): string {
  return lenient.decode(payload)
}

async function loadStream(tx: Tx, cabinetId: string): Promise<Stream> {
  const row = await tx
    .selectFrom('receiver')
    .select(['epoch', 'lastSeq'])
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  return { cabinetId, state: row, savedState: row }
}

/** @throws when another core moved the position meanwhile: the whole batch is undone and comes again */
async function saveStream(tx: Tx, { cabinetId, state, savedState }: Stream): Promise<void> {
  if (state === undefined || (state.epoch === savedState?.epoch && state.lastSeq === savedState.lastSeq))
    return
  const nowMs = nowOf(tx)
  if (savedState === undefined) {
    await tx
      .insertInto('receiver')
      .values({ cabinetId, epoch: state.epoch, lastSeq: state.lastSeq, openedAtMs: nowMs, lastAtMs: nowMs })
      .execute()
    return
  }
  const moved = await tx
    .updateTable('receiver')
    .set({
      epoch: state.epoch,
      lastSeq: state.lastSeq,
      lastAtMs: nowMs,
      ...(state.epoch === savedState.epoch ? {} : { openedAtMs: nowMs }),
    })
    .where('cabinetId', '=', cabinetId)
    .where('epoch', '=', savedState.epoch)
    .where('lastSeq', '=', savedState.lastSeq)
    .executeTakeFirst()
  if (moved.numUpdatedRows !== 1n) throw new Error(`the stream of ${cabinetId} was moved by another core`)
}

async function storedHashes(
  tx: Tx,
  { cabinetId, state }: Stream,
  frame: EventFrame,
): Promise<Map<number, string>> {
  if (state?.epoch !== frame.epoch || frame.firstSeq > state.lastSeq) return new Map()
  const rows = await tx
    .selectFrom('inbox')
    .select(['seq', 'hash'])
    .where('cabinetId', '=', cabinetId)
    .where('epoch', '=', frame.epoch)
    .where('seq', '>=', frame.firstSeq)
    .where('seq', '<', frame.firstSeq + frame.events.length)
    .execute()
  return new Map(rows.map((row) => [row.seq, row.hash]))
}
