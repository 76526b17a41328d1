import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import {
  type Ack,
  type EventFrame,
  FRAME_BYTES_MAX,
  FRAME_EVENTS_MAX,
  type Hello,
  type Live,
} from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import type { UpChannel } from '#protocol/topics.ts'
import type { Identity } from '../identity.ts'
import type { Link } from './link.ts'
import type { Outbox } from './outbox.ts'
import {
  decideAck,
  decideLinkDown,
  decideLinkUp,
  decideSend,
  decideWake,
  evolveBlocked,
  evolveSent,
  initialSender,
  nextWakeMonoMs,
  type SenderPolicy,
  type SenderState,
} from './sender.ts'
import {
  correctedNowMs,
  evolveServerTime,
  type ServerTime,
  timeQualityOf,
  unknownServerTime,
} from './server-time.ts'

/** What the hello says beside the outbox and the clocks. */
export type HelloParts = Pick<Hello, 'firmware' | 'minor' | 'commands' | 'twin' | 'session' | 'hardware'>

export interface DeliveryListener {
  describe(): HelloParts
  onCommand(bytes: Uint8Array, isRetained: boolean): void
  onTwin(bytes: Uint8Array): void
  /** The core answered on this link, or the link is gone. */
  onReachable(isReachable: boolean): void
  onConfirmed(ackedSeq: number): void
}

export interface Delivery {
  start(listener: DeliveryListener): void
  stop(): Promise<void>
  readonly linkId: string | undefined
  /** The core answers on the present link. */
  readonly isReachable: boolean
  /** Why the core refuses this outbox, if it does. */
  readonly haltReason: SenderState['haltReason']
  sendReply(reply: object): boolean
  sendLive(live: Omit<Live, 'v' | 'monoMs' | 'nowMs'>): void
  /** The core's time as well as it is known, for signatures. */
  correctedNowMs(): number
  /** The core's time, undefined until it answered in this start. */
  knownNowMs(): number | undefined
  /** How long the core has not answered. */
  silentMs(): number
}

export interface DeliveryOptions {
  outbox: Outbox
  link: Link
  identity: Identity
  clock: Clock
  ids: Ids
  random: Random
  log: Logger
  policy: SenderPolicy
}

/** Room for the frame around the events. */
const FRAME_OVERHEAD_BYTES = 512
/** A core that asks for hello after hello is answered this often at most. */
const GREET_PAUSE_MS = 1000
const GO_ON =
  'Nothing is lost: events wait here. See to it that one machine only has this identity, then let it go on in the console (cabinet, delivery), or enrol it again with a new code and this data folder'
const HALT_MEANING = {
  stale_epoch: `the core knows a later outbox of this cabinet. ${GO_ON}`,
  fork: `the core has other events under the same numbers: this database was copied. ${GO_ON}`,
  ack_beyond_outbox: `the core has events that this database never wrote: it is an older copy of itself. ${GO_ON}`,
  unknown_cabinet: 'the core does not know this cabinet. Enrol it again with a new code and this data folder',
} as const

export function createDelivery(options: DeliveryOptions): Delivery {
  const { outbox, link, identity, clock, ids, random, log, policy } = options
  let state = initialSender(outbox.range().ackedSeq)
  let serverTime: ServerTime = unknownServerTime
  let listener: DeliveryListener | undefined
  let timer: Timer | undefined
  let wasReachable = false
  let heardAtMonoMs = clock.monoMs()
  let greetedAtMonoMs = Number.NEGATIVE_INFINITY
  /** After the core refused a frame as a whole: events go alone, so that one bad one cannot hold up the others. */
  let eventsPerFrame = FRAME_EVENTS_MAX

  function pump(): void {
    const woken = decideWake(state, clock.monoMs(), random.next(), policy)
    state = woken.state
    if (woken.greets && state.linkId !== undefined) sendHello(state.linkId)
    if (woken.dropLink) {
      link.drop(`no acknowledgement for ${policy.watchdogMs} ms while events wait`)
      return
    }
    for (
      let want = decideSend(state, outbox.range().lastSeq, policy);
      want;
      want = decideSend(state, outbox.range().lastSeq, policy)
    ) {
      const rows = outbox.read(
        want.fromSeq,
        Math.min(want.eventsMost, eventsPerFrame),
        FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES,
      )
      const last = rows.at(-1)
      if (last === undefined || rows[0]?.seq !== want.fromSeq) {
        // Pruned although the core asks for it: a hello says what is kept, and the core records what is missing.
        log.error(
          { fromSeq: want.fromSeq, ...outbox.range() },
          'events that the core asks for are no longer kept',
        )
        greetAgain()
        state = evolveBlocked(state, clock.monoMs(), policy)
        break
      }
      const frame: EventFrame = {
        v: 1,
        epoch: outbox.epoch,
        firstSeq: want.fromSeq,
        boot: identity.boot,
        ...clocks(),
        events: rows.map((row) => row.event),
      }
      if (!link.publish('ev', frame)) {
        state = evolveBlocked(state, clock.monoMs(), policy)
        break
      }
      state = evolveSent(state, last.seq, clock.monoMs(), policy)
    }
    rearm()
  }

  function rearm(): void {
    timer?.cancel()
    timer = undefined
    const wakeAt = nextWakeMonoMs(state, policy)
    if (wakeAt === undefined) return
    timer = clock.setTimer('send again', Math.max(0, wakeAt - clock.monoMs()), pump)
  }

  function clocks() {
    const nowMs = Math.max(0, clock.now())
    const monoMs = clock.monoMs()
    return { monoMs, nowMs, timeQuality: timeQualityOf(serverTime, nowMs, monoMs) }
  }

  function sendHello(linkId: string): void {
    if (!listener) return
    const { firstSeq, lastSeq } = outbox.range()
    const hello: Hello = {
      v: 1,
      linkId,
      epoch: outbox.epoch,
      firstSeq,
      lastSeq,
      safeSeq: outbox.safeSeq,
      boot: identity.boot,
      ...clocks(),
      ...(outbox.continues === undefined ? {} : { continues: outbox.continues }),
      ...(state.haltReason === undefined || state.haltReason === 'unknown_cabinet'
        ? {}
        : { halt: state.haltReason }),
      ...listener.describe(),
    }
    greetedAtMonoMs = clock.monoMs()
    link.publish('hello', hello)
  }

  /** A hello on the present link: what goes on is decided by its answer. */
  function greetAgain(): void {
    const { linkId } = state
    if (linkId === undefined) return
    // The answer to the last one is still under way.
    if (clock.monoMs() - greetedAtMonoMs < GREET_PAUSE_MS) return
    state = decideLinkUp(state, linkId, clock.monoMs(), policy)
    sendHello(linkId)
  }

  function onAck(ack: Ack): void {
    if (ack.linkId !== undefined && ack.linkId !== state.linkId) return
    heardAtMonoMs = clock.monoMs()
    serverTime = evolveServerTime(serverTime, ack, clock.monoMs())
    const decision = decideAck(
      state,
      ack,
      { epoch: outbox.epoch, lastSeq: outbox.range().lastSeq, hashAt: (seq) => outbox.hashAt(seq) },
      clock.monoMs(),
      policy,
    )
    state = decision.state
    for (const effect of decision.effects) {
      switch (effect.type) {
        case 'confirm':
          outbox.confirm(effect.seq)
          eventsPerFrame = FRAME_EVENTS_MAX
          listener?.onConfirmed(effect.seq)
          break
        case 'rewind':
          log.warn({ rewindTo: effect.seq }, 'the core asks for earlier events again')
          outbox.rewind(effect.seq)
          break
        case 'frameRefused':
          eventsPerFrame = 1
          log.error(
            { ackedSeq: state.ackedSeq },
            'the core refused a frame as a whole; events are sent one by one',
          )
          break
        case 'halted':
          log.error(
            { reason: effect.reason, epoch: outbox.epoch },
            `nothing more is sent: ${HALT_MEANING[effect.reason]}`,
          )
          // Only the edge may have noticed: the hello tells the core, and so the people at the console.
          if (state.linkId !== undefined) sendHello(state.linkId)
          break
        case 'greet':
          greetAgain()
          break
        case 'renew':
          outbox.renew({ candidate: ids.next('epoch'), after: effect.after, reason: effect.reason })
          log.warn(
            { reason: effect.reason, continues: outbox.continues, epoch: outbox.epoch },
            'a person let this outbox go on: what the core does not have follows under a new epoch',
          )
          if (state.linkId !== undefined) sendHello(state.linkId)
          break
      }
    }
    reportReachable()
    pump()
  }

  function takeAck(bytes: Uint8Array): void {
    const parsed = parseFrame('ack', bytes)
    if (parsed.ok) onAck(parsed.value)
    else log.warn({ reason: parsed.reason }, 'an acknowledgement that cannot be read was ignored')
  }

  function reportReachable(): void {
    // A second greeting on one link is no absence.
    const isReachable =
      state.phase === 'open' || state.phase === 'halted' || (state.phase === 'greeting' && wasReachable)
    if (isReachable === wasReachable) return
    wasReachable = isReachable
    listener?.onReachable(isReachable)
  }

  outbox.onAppended(() => {
    if (state.phase === 'open') pump()
  })

  return {
    start(given) {
      listener = given
      link.start({
        onUp(linkId) {
          state = decideLinkUp(state, linkId, clock.monoMs(), policy)
          sendHello(linkId)
          rearm()
        },
        onDown() {
          state = decideLinkDown(state)
          reportReachable()
          rearm()
        },
        onMessage(channel, bytes, isRetained) {
          try {
            if (channel === 'cmd') given.onCommand(bytes, isRetained)
            else if (channel === 'twin') given.onTwin(bytes)
            else takeAck(bytes)
          } catch (error) {
            // A full disk, for one: the core repeats what matters.
            log.error({ err: error, channel }, 'a message could not be dealt with')
          }
        },
      })
    },
    async stop() {
      timer?.cancel()
      await link.stop()
      state = decideLinkDown(state)
    },
    get linkId() {
      return link.linkId
    },
    get isReachable() {
      return wasReachable
    },
    get haltReason() {
      return state.haltReason
    },
    sendReply: (reply) => link.publish('cmdr', reply),
    sendLive(live) {
      const channel: UpChannel = 'live'
      link.publish(channel, { v: 1, monoMs: clock.monoMs(), nowMs: Math.max(0, clock.now()), ...live })
    },
    correctedNowMs: () => correctedNowMs(serverTime, clock.now(), clock.monoMs()),
    knownNowMs: () =>
      serverTime.minusMonoMs === undefined
        ? undefined
        : correctedNowMs(serverTime, clock.now(), clock.monoMs()),
    silentMs: () => (wasReachable ? 0 : clock.monoMs() - heardAtMonoMs),
  }
}
