import type { EventFrame, FrameEvent, Hello } from '#protocol/messages/frames.ts'

/** How far the stream of one cabinet has been received. */
export interface ReceiverState {
  readonly epoch: string
  readonly lastSeq: number
  /** Hash of the event at `lastSeq`; undefined when that one was never received. */
  readonly lastHash?: string | undefined
  readonly lastOccurredAtMs?: number | undefined
  /** The epoch that this one goes on from: its events up to `toSeq` may come once more. */
  readonly continues?: { readonly epoch: string; readonly toSeq: number } | undefined
}
export type FrameVerdict =
  /** Append `events[skip…]`; the first of them has seq `fromSeq`. */
  | { kind: 'append'; skip: number; fromSeq: number; toSeq: number }
  /** Everything in it was received before: acknowledge again, or a lost acknowledgement would never be made good. */
  | { kind: 'duplicate' }
  /** Something before it is missing: say how far we are. */
  | { kind: 'gap' }
  /** From an outbox that was replaced. */
  | { kind: 'stale_epoch' }
  /** Of a later epoch whose hello was not heard: only the hello says what it continues. */
  | { kind: 'unannounced' }
  /** The same seq with other contents: two cabinets write under one identity, or a database was copied. */
  | { kind: 'fork'; seq: number }

/**
 * What to do with a frame. Order is (epoch, seq), never time.
 * @param state  undefined before the first frame of a cabinet
 * @param hashes  of the frame's events, in order
 * @param stored  hashes of what is in the inbox, by seq; a seq that is not kept any more counts as equal
 */
export function decideFrame(
  state: ReceiverState | undefined,
  frame: Pick<EventFrame, 'epoch' | 'firstSeq'>,
  hashes: readonly string[],
  stored: ReadonlyMap<number, string>,
): FrameVerdict {
  if (state !== undefined && frame.epoch < state.epoch) return { kind: 'stale_epoch' }
  if (state !== undefined && frame.epoch > state.epoch) return { kind: 'unannounced' }
  const lastSeq = state?.lastSeq ?? 0
  const toSeq = frame.firstSeq + hashes.length - 1
  for (const [index, hash] of hashes.entries()) {
    const seq = frame.firstSeq + index
    if (seq > lastSeq) break
    const known = stored.get(seq)
    if (known !== undefined && known !== hash) return { kind: 'fork', seq }
  }
  if (toSeq <= lastSeq) return { kind: 'duplicate' }
  if (frame.firstSeq > lastSeq + 1) return { kind: 'gap' }
  const skip = lastSeq + 1 - frame.firstSeq
  return { kind: 'append', skip, fromSeq: lastSeq + 1, toSeq }
}

export type Greeting =
  /** From an outbox that was replaced by a later one. */
  | { kind: 'stale' }
  | {
      kind: 'welcome'
      state: ReceiverState
      /** Events that were never received and are not kept any more. */
      lost: { fromSeq: number; toSeq: number } | undefined
    }

/**
 * Where the stream goes on after a hello. An epoch that continues another one keeps its numbers: what the two had in
 * common is not asked for again, and what came under the old one beyond that may come again and is recognised by its hash.
 * Events that the cabinet does not keep any more can never come; they are skipped and told.
 * @param knownSeq  the last seq that was received under `hello.continues.epoch`; 0 for none
 */
export function decideGreeting(
  state: ReceiverState | undefined,
  hello: Pick<Hello, 'epoch' | 'firstSeq' | 'lastSeq' | 'continues'>,
  knownSeq: number,
): Greeting {
  if (state !== undefined && hello.epoch < state.epoch) return { kind: 'stale' }
  const begun = state?.epoch === hello.epoch ? state : beginning(hello, knownSeq)
  const oldestKept = hello.firstSeq === 0 ? hello.lastSeq + 1 : hello.firstSeq
  if (oldestKept <= begun.lastSeq + 1) return { kind: 'welcome', state: begun, lost: undefined }
  return {
    kind: 'welcome',
    state: { ...begun, lastSeq: oldestKept - 1, lastHash: undefined },
    lost: { fromSeq: begun.lastSeq + 1, toSeq: oldestKept - 1 },
  }
}
/**
 * Whether this core once had more of a stream than it has now: a cabinet remembers how much was acknowledged, and what is
 * acknowledged was committed. Then the disk under this database lost what it had promised to keep.
 */
export function hasForgotten(
  state: ReceiverState | undefined,
  hello: Pick<Hello, 'epoch' | 'safeSeq' | 'continues' | 'lastSeq'>,
): boolean {
  // Nobody confirms what was never written: such a word is of no use as a witness.
  if ((hello.safeSeq ?? 0) > hello.lastSeq) return false
  if (state !== undefined && state.epoch !== hello.epoch)
    // Of an epoch that goes on from another one it may mean the other one; a new outbox has nobody else to mean.
    return hello.epoch > state.epoch && hello.continues === undefined && (hello.safeSeq ?? 0) > 0
  return (hello.safeSeq ?? 0) > (state?.lastSeq ?? 0)
}
function beginning(hello: Pick<Hello, 'epoch' | 'continues'>, knownSeq: number): ReceiverState {
  if (hello.continues === undefined || knownSeq === 0) return { epoch: hello.epoch, lastSeq: 0 }
  return {
    epoch: hello.epoch,
    lastSeq: Math.min(hello.continues.seq, knownSeq),
    continues: { epoch: hello.continues.epoch, toSeq: knownSeq },
  }
}

/**
 * When it happened, by our clock. In the boot of the frame the two monotonic times say how long ago that was, whatever
 * the cabinet's wall clock believes. Of an earlier boot only its wall clock is left, corrected by what it is wrong now;
 * it may have been wrong otherwise then, so the event is kept between its predecessor and now.
 */
export function occurredAtMs(
  frame: Pick<EventFrame, 'boot' | 'monoMs' | 'nowMs'>,
  event: Pick<FrameEvent, 'atMs' | 'monoMs' | 'boot'>,
  receivedAtMs: number,
  notBeforeMs = 0,
): number {
  const isThisBoot = (event.boot ?? frame.boot) === frame.boot
  const agoMs = isThisBoot ? frame.monoMs - event.monoMs : frame.nowMs - event.atMs
  return Math.min(receivedAtMs, Math.max(notBeforeMs, receivedAtMs - Math.max(0, agoMs)))
}

/** The wall clock of a cabinet may be wrong by this much before somebody should look. */
export const SKEW_ALARM_MS = 30_000

/**
 * How wrong a cabinet's wall clock is. A cabinet that knows that it agrees with us is believed: its frame was held up on
 * the way, which looks the same from here.
 * @returns milliseconds, positive when the cabinet is ahead; 0 when it agrees
 */
export function decideSkewMs(frame: Pick<EventFrame, 'nowMs' | 'timeQuality'>, receivedAtMs: number): number {
  return frame.timeQuality === 'synchronised' ? 0 : frame.nowMs - receivedAtMs
}

/** How many unacknowledged events a cabinet may have under way, so that a busy core is not buried. 0 pauses. */
export function windowFor(waitingFrames: number): number {
  if (waitingFrames > 4000) return 0
  if (waitingFrames > 1000) return 50
  return 500
}
