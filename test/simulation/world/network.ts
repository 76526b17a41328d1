import type { UpMessage } from '#core/ingest/broker-link.ts'
import type { CabinetWire } from '#core/ingest/wire.ts'
import { backoffMs } from '#edge/delivery/backoff.ts'
import type { Link, LinkListener } from '#edge/delivery/link.ts'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { type DownChannel, UP, type UpChannel, upTopic } from '#protocol/topics.ts'
import type { Chance } from './chance.ts'
import type { Count } from './count.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** How bad the lines are at the moment. Shares are of messages. */
export interface Weather {
  lossShare: number
  duplicateShare: number
  /** Messages that take much longer than the others, and are overtaken by them. */
  lateShare: number
  lateLongestMs: number
}
export const FAIR: Readonly<Weather> = { lossShare: 0, duplicateShare: 0, lateShare: 0, lateLongestMs: 0 }

/** One MQTT connection of a cabinet, as the broker and the cabinet see it; they may disagree. */
interface Connection {
  readonly cabinetId: string
  readonly partition: number
  readonly linkId: string
  readonly life: Life
  readonly listener: LinkListener
  isOpenAtEdge: boolean
  isOpenAtBroker: boolean
  onClosed: (reason: string) => void
}

/** Above this the dead end of a connection is noticed: one and a half keep-alives of 20 s. */
const KEEPALIVE_LIMIT_MS = 30_000
const CONNECT_TIMEOUT_MS = 4000
const RECONNECT_SHORTEST_MS = 500
const RECONNECT_LONGEST_MS = 15_000
const STABLE_MS = 60_000
const BROKER_RESTART_MS = 1200

/**
 * Broker and lines, as a datagram service: within one connection and one direction messages keep their order in fair
 * weather; in bad weather they are lost, doubled, late and out of order. Nothing is queued for who is not there.
 */
export interface Network {
  readonly weather: Weather
  /** Cabinets that can neither reach the broker nor be reached; their connections stay open on both sides for a while. */
  readonly cutOff: Set<string>
  /** Messages to (`down`) or from (`up`) these cabinets vanish, the other way works. */
  readonly halfOpen: Map<string, 'up' | 'down'>
  /** A cabinet's end of the line. */
  connect(options: { cabinetId: string; partition: number; life: Life; clock: Clock; ids: Ids }): Link
  /** The core's end. @param onUp  each time that it is connected to a broker @returns what it publishes with */
  attachCore(life: Life, onMessage: (message: UpMessage) => void, onUp: () => void): CabinetWire
  /** Everything that the broker kept in memory is gone, and everybody must connect again. */
  killBroker(): void
  /** A broker of its own that stops and comes back: what it retained is on its disk, and the core may come back last. */
  restartBroker(awayMs: number, coreLaterMs: number): void
  /** Whoever had a connection from this process is cut off; `isPowerCut` lets the other end notice late. */
  onProcessDeath(life: Life, isPowerCut: boolean): void
  /** Somebody sends a cabinet an old command of the core once more. */
  replay(cabinetId: string): void
  /** Called for each command that leaves the core, in true time. */
  onCommandSent: (cabinetId: string, frame: { id: string; phase: string; name: string }) => void
  /** The core said this, whether it arrives or not. */
  onPublished: (channel: DownChannel, cabinetId: string, frame: object) => void
  onDelivered: (direction: 'up' | 'dn', channel: string, cabinetId: string, payload: Uint8Array) => void
}

export function createNetwork(deps: { scheduler: Scheduler; chance: Chance; count: Count }): Network {
  const { scheduler, chance, count } = deps
  const weather: Weather = { ...FAIR }
  const cutOff = new Set<string>()
  const halfOpen = new Map<string, 'up' | 'down'>()
  const connections = new Map<string, Connection>()
  const retained = new Map<string, { cabinetId: string; partition: number; payload: Uint8Array }>()
  const lastAt = new Map<string, number>()
  const commandsSent = new Map<string, Uint8Array[]>()
  let brokerLife: Life = { name: 'broker', isAlive: true }
  let core:
    | { life: Life; onMessage: (message: UpMessage) => void; onUp: () => void; isConnected: boolean }
    | undefined

  /** Carries one message over one hop. @param lane  messages in one lane keep their order in fair weather */
  function carry(lane: string, name: string, deliver: () => void): void {
    if (chance.isTrue(weather.lossShare)) {
      count('message lost')
      return
    }
    let delayMs = chance.between(3, 40)
    let isLate = false
    if (chance.isTrue(weather.lateShare)) {
      // A heavy tail: most are a little late, few are very late.
      delayMs += Math.floor(weather.lateLongestMs * chance.next() ** 2)
      isLate = true
      count('message late')
    }
    let atMs = scheduler.nowMs + delayMs
    if (!isLate) {
      atMs = Math.max(atMs, lastAt.get(lane) ?? 0)
      lastAt.set(lane, atMs)
    }
    scheduler.at(undefined, name, atMs - scheduler.nowMs, deliver)
    if (chance.isTrue(weather.duplicateShare)) {
      count('message doubled')
      scheduler.at(undefined, name, atMs - scheduler.nowMs + chance.between(0, 3000), deliver)
    }
  }
  const isCut = (cabinetId: string, way: 'up' | 'down') =>
    cutOff.has(cabinetId) || halfOpen.get(cabinetId) === way

  function toCore(
    from: { cabinetId: string; partition: number },
    channel: UpChannel,
    payload: Uint8Array,
    isRetained: boolean,
  ): void {
    const at = brokerLife
    carry(`up/${from.cabinetId}`, `up ${channel}`, () => {
      if (!at.isAlive || core === undefined || !core.isConnected || !core.life.isAlive) return
      note('up', channel, from.cabinetId, payload)
      core.onMessage({
        topic: upTopic(from.partition, from.cabinetId, channel),
        partition: from.partition,
        cabinetId: from.cabinetId,
        channel,
        payload,
        isRetained,
      })
    })
  }
  function note(direction: 'up' | 'dn', channel: string, cabinetId: string, payload: Uint8Array): void {
    scheduler.note(payload.length)
    network.onDelivered(direction, channel, cabinetId, payload)
  }

  function willOf(one: Connection): Buffer {
    return Buffer.from(JSON.stringify({ v: 1, on: false, linkId: one.linkId }))
  }
  function publishWill(one: Connection): void {
    takeState(one, willOf(one))
  }
  /** A retained state: kept, told to the core, and echoed to the cabinet itself. */
  function takeState(one: Connection, payload: Uint8Array): void {
    retained.set(one.cabinetId, { cabinetId: one.cabinetId, partition: one.partition, payload })
    toCore(one, 'state', payload, false)
  }

  function closeAtBroker(one: Connection): void {
    if (!one.isOpenAtBroker) return
    one.isOpenAtBroker = false
    if (connections.get(one.cabinetId) === one) connections.delete(one.cabinetId)
    if (brokerLife.isAlive) publishWill(one)
  }
  function closeAtEdge(one: Connection, reason: string): void {
    if (!one.isOpenAtEdge) return
    one.isOpenAtEdge = false
    // In a task of its own: what fails at hearing of it fails the agent, not the network.
    scheduler.at(one.life, reason, 0, () => one.onClosed(reason))
  }
  /** The end that was closed tells the other end, when the line lets it. */
  function tellBroker(one: Connection, afterMs: number): void {
    scheduler.at(undefined, 'a connection ends', afterMs, () => {
      if (cutOff.has(one.cabinetId)) tellBroker(one, KEEPALIVE_LIMIT_MS)
      else closeAtBroker(one)
    })
  }
  /** Both ends look from time to time whether the other one is there. */
  function watch(one: Connection): void {
    scheduler.at(undefined, 'keep-alive', KEEPALIVE_LIMIT_MS, () => {
      if (!one.isOpenAtEdge && !one.isOpenAtBroker) return
      const isBroken = cutOff.has(one.cabinetId) || halfOpen.has(one.cabinetId)
      if (isBroken || !one.isOpenAtBroker) closeAtEdge(one, 'keep-alive')
      if (isBroken || !one.isOpenAtEdge) closeAtBroker(one)
      watch(one)
    })
  }

  function deliverDown(one: Connection, channel: DownChannel, payload: Uint8Array): void {
    carry(`dn/${one.cabinetId}/${one.linkId}`, `dn ${channel}`, () => {
      if (isCut(one.cabinetId, 'down')) {
        count('message into a dead line')
        return
      }
      let to = one
      if (!one.isOpenAtEdge) {
        // A broker that kept the session would deliver it on the next connection: the cabinet must refuse what is stale.
        const next = connections.get(one.cabinetId)
        if (next === undefined || !chance.isTrue(0.5)) return
        count('message on a later connection')
        to = next
      }
      if (!to.isOpenAtEdge || !to.life.isAlive) return
      note('dn', channel, to.cabinetId, payload)
      to.listener.onMessage(channel, payload, false)
    })
  }

  const network: Network = {
    weather,
    cutOff,
    halfOpen,
    onCommandSent: () => undefined,
    onDelivered: () => undefined,
    onPublished: () => undefined,
    replay(cabinetId) {
      const one = connections.get(cabinetId)
      const sent = commandsSent.get(cabinetId) ?? []
      if (one === undefined || sent.length === 0) return
      count('command replayed')
      const old = chance.pick(sent)
      deliverDown(one, 'cmd', old)
      // With the present link written over the old one: only the token and the journal can tell.
      const forged = { ...(JSON.parse(Buffer.from(old).toString()) as object), linkId: one.linkId }
      deliverDown(one, 'cmd', Buffer.from(JSON.stringify(forged)))
    },
    connect: (options) => createLink(options),
    attachCore(life, onMessage, onUp) {
      const attached = { life, onMessage, onUp, isConnected: false }
      core = attached
      startBroker()
      return {
        publish(cabinetId, channel, frame) {
          const one = connections.get(cabinetId)
          if (!attached.isConnected || !life.isAlive) return false
          const payload = Buffer.from(JSON.stringify(frame))
          if (channel === 'cmd') {
            network.onCommandSent(cabinetId, frame as never)
            commandsSent.set(cabinetId, [...(commandsSent.get(cabinetId) ?? []), payload])
          }
          network.onPublished(channel, cabinetId, frame)
          // Published into a topic that nobody reads: gone.
          if (one !== undefined) deliverDown(one, channel, payload)
          return true
        },
      }
    },
    killBroker() {
      endBroker()
      if (core?.life.isAlive === true)
        scheduler.at(core.life, 'broker starts', BROKER_RESTART_MS, startBroker)
    },
    restartBroker(awayMs, coreLaterMs) {
      if (!brokerLife.isAlive) return
      const kept = new Map(retained)
      // A broker that stops in order publishes the wills of all, and nobody but its own disk hears them.
      for (const one of connections.values())
        kept.set(one.cabinetId, { cabinetId: one.cabinetId, partition: one.partition, payload: willOf(one) })
      endBroker()
      scheduler.at(core?.life, 'broker starts by itself', awayMs, () => {
        if (brokerLife.isAlive) return
        for (const [cabinetId, one] of kept) retained.set(cabinetId, one)
        startBroker(coreLaterMs)
      })
    },
    onProcessDeath(life, isPowerCut) {
      if (core?.life === life) {
        // The broker is a child of the core and ends with it.
        endBroker()
        return
      }
      for (const one of connections.values()) {
        if (one.life !== life) continue
        one.isOpenAtEdge = false
        tellBroker(one, isPowerCut ? KEEPALIVE_LIMIT_MS : chance.between(1, 50))
      }
    },
  }
  return network

  function endBroker(): void {
    brokerLife.isAlive = false
    brokerLife = { name: 'broker', isAlive: false }
    retained.clear()
    const open = [...connections.values()]
    connections.clear()
    if (core !== undefined) core.isConnected = false
    for (const one of open) {
      one.isOpenAtBroker = false
      if (!cutOff.has(one.cabinetId))
        scheduler.at(undefined, 'broker gone', chance.between(1, 30), () => closeAtEdge(one, 'broker gone'))
    }
  }

  function startBroker(coreLaterMs = 0): void {
    brokerLife = { name: 'broker', isAlive: true }
    if (core !== undefined) connectCore(core, coreLaterMs)
  }

  function connectCore(attached: NonNullable<typeof core>, laterMs: number): void {
    scheduler.at(attached.life, 'core connects', laterMs + chance.between(20, 120), () => {
      if (!brokerLife.isAlive || core !== attached || attached.isConnected) return
      attached.isConnected = true
      attached.onUp()
      for (const one of retained.values()) toCore(one, 'state', one.payload, true)
    })
  }

  function createLink(options: {
    cabinetId: string
    partition: number
    life: Life
    clock: Clock
    ids: Ids
  }): Link {
    const { cabinetId, partition, life, clock, ids } = options
    let listener: LinkListener | undefined
    let current: Connection | undefined
    let retry: Timer | undefined
    let attempts = 0
    let upSinceMs = 0
    let isStopped = false

    function open(): void {
      if (isStopped || listener === undefined) return
      const to = listener
      const linkId = ids.next('link')
      scheduler.at(life, 'connect', chance.between(20, 150), () => {
        if (!brokerLife.isAlive || cutOff.has(cabinetId)) {
          scheduler.at(life, 'connect again', brokerLife.isAlive ? CONNECT_TIMEOUT_MS : 50, tryAgain)
          return
        }
        const before = connections.get(cabinetId)
        if (before !== undefined) {
          closeAtBroker(before)
          closeAtEdge(before, 'taken over')
        }
        const one: Connection = {
          cabinetId,
          partition,
          linkId,
          life,
          listener: to,
          isOpenAtEdge: true,
          isOpenAtBroker: true,
          onClosed,
        }
        connections.set(cabinetId, one)
        current = one
        upSinceMs = scheduler.nowMs
        watch(one)
        publish('state', { v: 1, on: true, linkId, nowMs: Math.max(0, clock.now()) })
        to.onUp(linkId)
      })
    }
    function onClosed(reason: string): void {
      current = undefined
      attempts = scheduler.nowMs - upSinceMs >= STABLE_MS ? 0 : Math.min(attempts, 3)
      listener?.onDown(reason)
      tryAgain()
    }
    function tryAgain(): void {
      if (isStopped) return
      const pauseMs = backoffMs(attempts, RECONNECT_SHORTEST_MS, RECONNECT_LONGEST_MS, chance.next(), 50)
      attempts++
      retry = clock.setTimer('connect to the broker', pauseMs, open)
    }
    function publish(channel: UpChannel, frame: object): boolean {
      const one = current
      if (one === undefined || !life.isAlive || !one.isOpenAtEdge) return false
      const payload = Buffer.from(JSON.stringify(frame))
      if (isCut(cabinetId, 'up') || !one.isOpenAtBroker) {
        count('message into a dead line')
        return true
      }
      if (UP[channel].retain) takeState(one, payload)
      else toCore(one, channel, payload, false)
      return true
    }
    return {
      get linkId() {
        return current?.linkId
      },
      start(given) {
        listener = given
        open()
      },
      async stop() {
        isStopped = true
        retry?.cancel()
        const one = current
        if (one !== undefined) {
          one.isOpenAtEdge = false
          tellBroker(one, 5)
        }
        current = undefined
      },
      publish,
      drop(reason) {
        const one = current
        if (one === undefined) return
        tellBroker(one, chance.between(1, 50))
        closeAtEdge(one, reason)
      },
    }
  }
}
