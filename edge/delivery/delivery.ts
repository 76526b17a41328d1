import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
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
}

export interface DeliveryOptions {
  outbox: Outbox
  link: Link
  identity: Identity
  clock: Clock
  random: Random
  log: Logger
  policy: SenderPolicy
}

/** Room for the frame around the events. */
const FRAME_OVERHEAD_BYTES = 512
const HALT_MEANING = {
  stale_epoch:
    'the core knows a later outbox of this cabinet: this database is an old copy. Enrol the cabinet again with an empty data folder',
  fork: 'the core has other events under the same numbers: this database was copied. Find the other cabinet with this identity and enrol one of them again',
  unknown_cabinet: 'the core does not know this cabinet. Enrol it again with a new code',
  ack_beyond_outbox:
    'the core has events that this database never wrote: it was restored from a copy. Enrol the cabinet again with an empty data folder',
} as const

export function createDelivery(options: DeliveryOptions): Delivery {
  const { outbox, link, identity, clock, random, log, policy } = options
  let state = initialSender(outbox.range().ackedSeq)
  let serverTime: ServerTime = unknownServerTime
  let listener: DeliveryListener | undefined
  let timer: Timer | undefined
  let wasReachable = false
  /** After the core refused a frame as a whole: events go alone, so that one bad one cannot hold up the others. */
  let eventsPerFrame = FRAME_EVENTS_MAX

  function pump(): void {
    const woken = decideWake(state, clock.monoMs(), random.next(), policy)
    state = woken.state
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
        // Pruned although the core asks for it: skip to what is kept, the core sees and records the gap.
        const { firstSeq, lastSeq } = outbox.range()
        const resumeSeq = firstSeq === 0 ? lastSeq : firstSeq - 1
        log.error({ fromSeq: want.fromSeq, firstSeq }, 'events that the core asks for are no longer kept')
        state = {
          ...state,
          ackedSeq: Math.max(state.ackedSeq, resumeSeq),
          sentSeq: Math.max(state.sentSeq, resumeSeq),
        }
        if (last === undefined) break
        continue
      }
      const frame: EventFrame = {
        v: 1,
        epoch: outbox.epoch,
        firstSeq: want.fromSeq,
        boot: identity.boot,
        ...clocks(),
        events: rows.map((row) => row.event),
      }
      if (!link.publish('ev', frame)) break
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
      boot: identity.boot,
      ...clocks(),
      ...listener.describe(),
    }
    link.publish('hello', hello)
  }

  function onAck(ack: Ack): void {
    if (ack.linkId !== undefined && ack.linkId !== state.linkId) return
    serverTime = evolveServerTime(serverTime, ack, clock.monoMs())
    const decision = decideAck(
      state,
      ack,
      { epoch: outbox.epoch, lastSeq: outbox.range().lastSeq },
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
    const isReachable = state.phase === 'open' || state.phase === 'halted'
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
  }
}
