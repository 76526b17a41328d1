import { createHash } from 'node:crypto'
import type { EventFrame, FrameEvent } from '#protocol/messages/frames.ts'

/** How far the stream of one cabinet has been received. */
export interface ReceiverState {
  readonly epoch: string
  readonly lastSeq: number
}
export type FrameVerdict =
  /** Append `events[skip…]`; the first of them has seq `fromSeq`. `isNewEpoch`: the cabinet began a new life. */
  | { kind: 'append'; skip: number; fromSeq: number; toSeq: number; isNewEpoch: boolean }
  /** Everything in it was received before: acknowledge again, or a lost acknowledgement would never be made good. */
  | { kind: 'duplicate' }
  /** Something before it is missing: say how far we are. */
  | { kind: 'gap' }
  /** From an outbox that was replaced. */
  | { kind: 'stale_epoch' }
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
  const isNewEpoch = state === undefined || frame.epoch > state.epoch
  const lastSeq = isNewEpoch ? 0 : state.lastSeq
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
  return { kind: 'append', skip, fromSeq: lastSeq + 1, toSeq, isNewEpoch }
}

/** What the cabinet sent, whatever frame it came in: repeated, it hashes to the same. */
export function hashEvent(frame: Pick<EventFrame, 'boot'>, event: FrameEvent): string {
  return createHash('sha256')
    .update(JSON.stringify([event.type, event.atMs, event.monoMs, event.boot ?? frame.boot, event.data]))
    .digest('hex')
    .slice(0, 32)
}

/**
 * When it happened, by our clock. In the boot of the frame the two monotonic times say how long ago that was, whatever
 * the cabinet's wall clock believes. Of an earlier boot only its wall clock is left, corrected by what it is wrong now.
 */
export function occurredAtMs(
  frame: Pick<EventFrame, 'boot' | 'monoMs' | 'nowMs'>,
  event: Pick<FrameEvent, 'atMs' | 'monoMs' | 'boot'>,
  receivedAtMs: number,
): number {
  const isThisBoot = (event.boot ?? frame.boot) === frame.boot
  const agoMs = isThisBoot ? frame.monoMs - event.monoMs : frame.nowMs - event.atMs
  return receivedAtMs - Math.max(0, agoMs)
}

/**
 * Where a stream may continue after the hello of a cabinet: events that it does not keep any more can never come.
 * @returns the seq to go on from, or undefined when nothing is missing
 */
export function decideLostRange(
  state: ReceiverState | undefined,
  hello: { epoch: string; firstSeq: number },
): { lastSeq: number; lostFrom: number } | undefined {
  if (hello.firstSeq === 0 || (state !== undefined && hello.epoch < state.epoch)) return undefined
  const lastSeq = state?.epoch === hello.epoch ? state.lastSeq : 0
  return hello.firstSeq > lastSeq + 1 ? { lastSeq: hello.firstSeq - 1, lostFrom: lastSeq + 1 } : undefined
}

/** How many unacknowledged events a cabinet may have under way, so that a busy core is not buried. 0 pauses. */
export function windowFor(waitingFrames: number): number {
  if (waitingFrames > 4000) return 0
  if (waitingFrames > 1000) return 50
  return 500
}
