import type { Ack, HaltReason } from '#protocol/messages/frames.ts'
import { backoffMs } from './backoff.ts'

/**
 * The sending half of delivery, as values: go-back-N over (epoch, seq) with the core's cumulative acknowledgement.
 * `decide…` functions compute; the shell (delivery.ts) publishes, reads the outbox and sets the timer.
 */
export interface SenderState {
  /** down: no link · greeting: hello sent, not answered · open · halted: the core refused this outbox */
  readonly phase: 'down' | 'greeting' | 'open' | 'halted'
  readonly linkId: string | undefined
  readonly ackedSeq: number
  /** Highest seq that went out since the last go-back. */
  readonly sentSeq: number
  /** What the core allows under way. */
  readonly credit: number
  /** Send-agains since the last progress. */
  readonly attempts: number
  /** When events go out again; of a refused outbox its hello. */
  readonly resendAtMonoMs: number | undefined
  readonly helloTimeoutAtMonoMs: number | undefined
  /** Since when something has been waiting without progress on this link; the watchdog counts from here. */
  readonly waitingSinceMonoMs: number | undefined
  /** Outlives the link: the next hello tells it, and only an acknowledgement that fits ends it. */
  readonly haltReason: HaltReason | 'unknown_cabinet' | undefined
}
export interface SenderPolicy {
  readonly windowMost: number
  readonly retransmitShortestMs: number
  readonly retransmitLongestMs: number
  readonly helloTimeoutMs: number
  readonly watchdogMs: number
}

export const initialSender = (ackedSeq: number): SenderState => ({
  phase: 'down',
  linkId: undefined,
  ackedSeq,
  sentSeq: ackedSeq,
  credit: 0,
  attempts: 0,
  resendAtMonoMs: undefined,
  helloTimeoutAtMonoMs: undefined,
  waitingSinceMonoMs: undefined,
  haltReason: undefined,
})

export function decideLinkUp(
  state: SenderState,
  linkId: string,
  atMonoMs: number,
  policy: SenderPolicy,
): SenderState {
  return {
    ...initialSender(state.ackedSeq),
    haltReason: state.haltReason,
    phase: 'greeting',
    linkId,
    helloTimeoutAtMonoMs: atMonoMs + policy.helloTimeoutMs,
    waitingSinceMonoMs: atMonoMs,
  }
}

export function decideLinkDown(state: SenderState): SenderState {
  return { ...initialSender(state.ackedSeq), haltReason: state.haltReason }
}

export type AckEffect =
  | { type: 'confirm'; seq: number }
  | { type: 'rewind'; seq: number }
  | { type: 'halted'; reason: NonNullable<SenderState['haltReason']> }
  | { type: 'frameRefused' }
  /** The core asks for a hello on this link. */
  | { type: 'greet' }
  /** A person let this outbox go on, under an epoch after `after`. */
  | { type: 'renew'; reason: HaltReason; after: string }

/**
 * What an acknowledgement changes. One for another link or epoch changes nothing, unless it says that the cabinet is not
 * known at all. An acknowledgement beyond our last event means that this database is an older copy of itself; one for an event
 * that is not ours, that somebody else writes under our identity. A permission to go on counts only on the link for
 * which it was given, and only for the epoch that is refused.
 * @param own  `hashAt` is the hash of our event at a seq, undefined when it is not kept any more
 */
export function decideAck(
  state: SenderState,
  ack: Ack,
  own: { epoch: string; lastSeq: number; hashAt: (seq: number) => string | undefined },
  atMonoMs: number,
  policy: SenderPolicy,
): { state: SenderState; effects: AckEffect[] } {
  if (state.phase === 'down') return { state, effects: [] }
  if (ack.linkId !== undefined && ack.linkId !== state.linkId) return { state, effects: [] }
  if (ack.greet === true) return { state, effects: [{ type: 'greet' }] }
  if (ack.renew !== undefined) return renew(ack.renew.after)
  if (ack.error === 'unknown_cabinet') return halt(ack.error)
  // Also a refusal that comes late speaks of the epoch before, and not of the one that was let go on.
  if (ack.epoch !== own.epoch) return { state, effects: [] }
  if (ack.error === 'stale_epoch' || ack.error === 'fork') return halt(ack.error)
  if (isForeign()) return halt('fork')
  if (ack.rewindTo !== undefined && ack.rewindTo < state.ackedSeq) {
    return {
      state: opened({
        ...state,
        ackedSeq: ack.rewindTo,
        sentSeq: ack.rewindTo,
        attempts: 0,
        resendAtMonoMs: undefined,
      }),
      effects: [{ type: 'rewind', seq: ack.rewindTo }],
    }
  }
  if (ack.ack > own.lastSeq) return halt('ack_beyond_outbox')
  const effects: AckEffect[] = ack.error === 'frame_invalid' ? [{ type: 'frameRefused' }] : []
  if (ack.ack <= state.ackedSeq) return { state: opened(state), effects }
  const sentSeq = Math.max(state.sentSeq, ack.ack)
  return {
    state: {
      ...opened(state),
      ackedSeq: ack.ack,
      sentSeq,
      attempts: 0,
      resendAtMonoMs: sentSeq > ack.ack ? atMonoMs + policy.retransmitShortestMs : undefined,
      waitingSinceMonoMs: own.lastSeq > ack.ack ? atMonoMs : undefined,
    },
    effects: [{ type: 'confirm', seq: ack.ack }, ...effects],
  }

  function isForeign(): boolean {
    if (ack.hash === undefined || ack.ack > own.lastSeq) return false
    // Once it fitted it fits for good; the first answer of a link is always looked at.
    if (ack.ack <= state.ackedSeq && state.phase === 'open') return false
    const hash = own.hashAt(ack.ack)
    return hash !== undefined && hash !== ack.hash
  }
  function renew(after: string): { state: SenderState; effects: AckEffect[] } {
    if (ack.linkId === undefined || ack.epoch !== own.epoch) return { state, effects: [] }
    // In answer to its hello a new machine whose clock is behind is let go on by its enrolment, before it was ever refused.
    const reason = state.phase === 'greeting' ? (state.haltReason ?? 'stale_epoch') : state.haltReason
    // It goes on already, and was refused for what another machine sent: its hello ends the matter at the core.
    if (reason === undefined && state.phase === 'open') return { state, effects: [{ type: 'greet' }] }
    if (reason === undefined || reason === 'unknown_cabinet') return { state, effects: [] }
    return {
      state: decideLinkUp({ ...state, haltReason: undefined }, ack.linkId, atMonoMs, policy),
      effects: [{ type: 'renew', reason, after }],
    }
  }
  function opened(given: SenderState): SenderState {
    return {
      ...given,
      phase: 'open',
      haltReason: undefined,
      credit: ack.window,
      // What answers an event says nothing of the hello, and a core that missed it can neither ask nor tell anything.
      helloTimeoutAtMonoMs: ack.linkId === undefined ? given.helloTimeoutAtMonoMs : undefined,
      resendAtMonoMs:
        ack.window === 0 && own.lastSeq > given.ackedSeq
          ? atMonoMs + policy.retransmitShortestMs
          : given.resendAtMonoMs,
      waitingSinceMonoMs: waitingSince(given),
    }
  }
  /** A window of 0 is the core asking for patience, not silence; with nothing to send there is nothing to wait for. */
  function waitingSince(given: SenderState): number | undefined {
    if (own.lastSeq <= given.ackedSeq) return undefined
    return ack.window === 0 || given.phase === 'greeting' ? atMonoMs : given.waitingSinceMonoMs
  }
  function halt(reason: NonNullable<SenderState['haltReason']>) {
    return {
      state: {
        ...state,
        phase: 'halted' as const,
        haltReason: reason,
        resendAtMonoMs: atMonoMs + policy.retransmitLongestMs,
        helloTimeoutAtMonoMs: undefined,
        waitingSinceMonoMs: undefined,
      },
      effects: state.haltReason === reason ? [] : [{ type: 'halted' as const, reason }],
    }
  }
}

/** The next events to publish, or nothing. @returns the first seq and how many at most */
export function decideSend(
  state: SenderState,
  lastSeq: number,
  policy: SenderPolicy,
): { fromSeq: number; eventsMost: number } | undefined {
  if (state.phase !== 'open') return undefined
  const window = Math.min(state.credit, policy.windowMost)
  const eventsMost = Math.min(state.ackedSeq + window, lastSeq) - state.sentSeq
  return eventsMost > 0 ? { fromSeq: state.sentSeq + 1, eventsMost } : undefined
}

/** After a frame went out. */
export function evolveSent(
  state: SenderState,
  upToSeq: number,
  atMonoMs: number,
  policy: SenderPolicy,
): SenderState {
  return {
    ...state,
    sentSeq: upToSeq,
    resendAtMonoMs: state.resendAtMonoMs ?? atMonoMs + policy.retransmitShortestMs,
    waitingSinceMonoMs: state.waitingSinceMonoMs ?? atMonoMs,
  }
}

/** Nothing could be published: the socket is full or gone. It is tried again after a while even if nobody answers. */
export function evolveBlocked(state: SenderState, atMonoMs: number, policy: SenderPolicy): SenderState {
  if (state.phase !== 'open') return state
  return { ...state, resendAtMonoMs: state.resendAtMonoMs ?? atMonoMs + policy.retransmitShortestMs }
}

/**
 * What is due: an unanswered hello opens the way for single events and is said again until it is answered, an unanswered frame goes out again, and a link on
 * which nothing moves is dropped. An outbox that is refused greets again and again, for the core may not have heard why,
 * and the cabinet not that a person let it go on.
 */
export function decideWake(
  state: SenderState,
  atMonoMs: number,
  jitter: number,
  policy: SenderPolicy,
): { state: SenderState; dropLink: boolean; greets: boolean } {
  let next = state
  if (next.phase === 'halted') {
    const greets = next.resendAtMonoMs !== undefined && atMonoMs >= next.resendAtMonoMs
    if (greets) next = { ...next, resendAtMonoMs: atMonoMs + policy.retransmitLongestMs }
    return { state: next, dropLink: false, greets }
  }
  const greets = next.helloTimeoutAtMonoMs !== undefined && atMonoMs >= next.helloTimeoutAtMonoMs
  if (greets) {
    const helloTimeoutAtMonoMs = atMonoMs + policy.retransmitLongestMs
    next =
      next.phase === 'greeting'
        ? { ...next, phase: 'open', credit: 1, helloTimeoutAtMonoMs }
        : { ...next, helloTimeoutAtMonoMs }
  }
  if (next.phase !== 'open') return { state: next, dropLink: false, greets }
  if (next.resendAtMonoMs !== undefined && atMonoMs >= next.resendAtMonoMs) {
    const attempts = next.attempts + 1
    next = {
      ...next,
      attempts,
      sentSeq: next.ackedSeq,
      // A closed window is probed with one event: the acknowledgement that opened it may have been lost.
      credit: Math.max(1, next.credit),
      resendAtMonoMs:
        atMonoMs +
        backoffMs(
          attempts,
          policy.retransmitShortestMs,
          policy.retransmitLongestMs,
          jitter,
          policy.retransmitShortestMs,
        ),
    }
  }
  const isStuck =
    next.waitingSinceMonoMs !== undefined &&
    next.resendAtMonoMs !== undefined &&
    atMonoMs - next.waitingSinceMonoMs >= policy.watchdogMs
  return { state: next, dropLink: isStuck, greets }
}

/** When `decideWake` has something to do next. */
export function nextWakeMonoMs(state: SenderState, policy: SenderPolicy): number | undefined {
  const times = [
    state.helloTimeoutAtMonoMs,
    state.phase === 'open' || state.phase === 'halted' ? state.resendAtMonoMs : undefined,
    state.phase === 'open' && state.resendAtMonoMs !== undefined && state.waitingSinceMonoMs !== undefined
      ? state.waitingSinceMonoMs + policy.watchdogMs
      : undefined,
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}
