import type { Clock, Timer } from '#protocol/base/clock.ts'
import type { Live } from '#protocol/messages/frames.ts'
import type { Database } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const reportOf = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('cabinetReport')
    .innerJoin('twin', 'twin.cabinetId', 'cabinetReport.cabinetId')
    .select([
      'isLockedOut',
      'cabinetReport.isOutOfService as reported',
      'twin.isOutOfService as wanted',
      'lastHeardMs',
    ])
    .where('cabinetReport.cabinetId', '=', cabinetId),
)

export type Presence = 'online' | 'suspect' | 'offline' | 'unknown'
export interface CabinetPresence {
  readonly presence: Presence
  readonly lastHeardMs: number | null
  readonly isLockedOut: boolean
  readonly isOutOfService: boolean
  /** The connection that commands must name; undefined when the cabinet has not greeted since this core started. */
  readonly linkId: string | undefined
}

/**
 * Who can be heard. Truth is when something was last heard; a will is only a hint, and one of an earlier link is none.
 */
export interface PresenceBook {
  presenceOf(cabinetId: string): Promise<CabinetPresence>
  /** From memory, without flags of the last report. */
  nowOf(cabinetId: string): { presence: Presence; lastHeardMs: number | null; linkId: string | undefined }
  heard(cabinetId: string): void
  greeted(cabinetId: string, linkId: string): void
  stateHeard(cabinetId: string, state: { on: boolean; linkId: string }): void
  saw(cabinetId: string, live: Live): void
  /** The latest telemetry, while it is fresh. */
  liveOf(cabinetId: string): Live | undefined
  /** Calls back when somebody's presence has changed. */
  onChange(listener: (cabinetId: string, presence: Presence) => void): void
  /** From now on, whoever falls silent is told of by itself. */
  start(): void
  stop(): void
}

/** Many cabinets fall silent one after the other; they are told of together, this much later at most. */
const SWEEP_SHORTEST_MS = 500

/** Telemetry older than this is stale, never the last value. */
const LIVE_FRESH_MS = 15_000

interface Entry {
  lastHeardMonoMs: number
  lastHeardMs: number
  linkId: string | undefined
  isGone: boolean
  told: Presence
  live: Live | undefined
  liveMonoMs: number
}

export function createPresence(deps: { db: Database; clock: Clock; policy: Policy }): PresenceBook {
  const { db, clock, policy } = deps
  const entries = new Map<string, Entry>()
  const listeners: Array<(cabinetId: string, presence: Presence) => void> = []
  let isStopped = true
  let timer: Timer | undefined
  /** No silence is told of before this. */
  let wakeAtMonoMs = Number.POSITIVE_INFINITY

  function entryOf(cabinetId: string): Entry {
    let entry = entries.get(cabinetId)
    if (entry === undefined) {
      entry = {
        lastHeardMonoMs: clock.monoMs(),
        lastHeardMs: clock.now(),
        linkId: undefined,
        isGone: false,
        told: 'unknown',
        live: undefined,
        liveMonoMs: 0,
      }
      entries.set(cabinetId, entry)
    }
    return entry
  }
  function presenceFrom(entry: Entry | undefined): Presence {
    if (entry === undefined) return 'unknown'
    const silentMs = clock.monoMs() - entry.lastHeardMonoMs
    if (entry.isGone || silentMs > policy.offlineAfterMs) return 'offline'
    return silentMs > policy.suspectAfterMs ? 'suspect' : 'online'
  }
  function tell(cabinetId: string, entry: Entry): void {
    const presence = presenceFrom(entry)
    if (presence === entry.told) return
    entry.told = presence
    for (const listener of listeners) listener(cabinetId, presence)
  }
  /** When silence alone will make a difference. */
  function nextChangeMonoMs({ told, isGone, lastHeardMonoMs }: Entry): number {
    if (isGone || told === 'offline') return Number.POSITIVE_INFINITY
    return lastHeardMonoMs + 1 + (told === 'suspect' ? policy.offlineAfterMs : policy.suspectAfterMs)
  }
  /** What was heard meanwhile is left to the look at which it would have counted: a word costs no timer. */
  function wakeBy(monoMs: number): void {
    if (isStopped || monoMs >= wakeAtMonoMs) return
    timer?.cancel()
    wakeAtMonoMs = monoMs
    timer = clock.setTimer('presence', Math.max(SWEEP_SHORTEST_MS, monoMs - clock.monoMs()), sweep)
  }
  function sweep(): void {
    wakeAtMonoMs = Number.POSITIVE_INFINITY
    let nextMonoMs = Number.POSITIVE_INFINITY
    for (const [cabinetId, entry] of entries) {
      tell(cabinetId, entry)
      nextMonoMs = Math.min(nextMonoMs, nextChangeMonoMs(entry))
    }
    wakeBy(nextMonoMs)
  }
  function nowOf(cabinetId: string) {
    const entry = entries.get(cabinetId)
    return { presence: presenceFrom(entry), lastHeardMs: entry?.lastHeardMs ?? null, linkId: entry?.linkId }
  }
  function heard(cabinetId: string): Entry {
    const entry = entryOf(cabinetId)
    entry.lastHeardMonoMs = clock.monoMs()
    entry.lastHeardMs = clock.now()
    entry.isGone = false
    tell(cabinetId, entry)
    wakeBy(nextChangeMonoMs(entry))
    return entry
  }

  return {
    nowOf,
    async presenceOf(cabinetId) {
      const [report] = await reportOf(db.read, cabinetId)
      const now = nowOf(cabinetId)
      return {
        ...now,
        lastHeardMs: now.lastHeardMs ?? report?.lastHeardMs ?? null,
        isLockedOut: report?.isLockedOut === 1,
        isOutOfService: report?.reported === 1 || report?.wanted === 1,
      }
    },
    heard: (cabinetId) => void heard(cabinetId),
    greeted(cabinetId, linkId) {
      heard(cabinetId).linkId = linkId
    },
    stateHeard(cabinetId, { on, linkId }) {
      const entry = entries.get(cabinetId)
      if (on) {
        // A birth that the broker kept says nothing about now; the hello that follows a real one does.
        if (entry !== undefined && entry.linkId === linkId) heard(cabinetId)
        return
      }
      if (entry === undefined || entry.linkId !== linkId) return
      entry.isGone = true
      tell(cabinetId, entry)
    },
    saw(cabinetId, live) {
      const entry = heard(cabinetId)
      entry.live = live
      entry.liveMonoMs = clock.monoMs()
    },
    liveOf(cabinetId) {
      const entry = entries.get(cabinetId)
      return entry?.live !== undefined && clock.monoMs() - entry.liveMonoMs < LIVE_FRESH_MS
        ? entry.live
        : undefined
    },
    onChange: (listener) => {
      listeners.push(listener)
    },
    start() {
      isStopped = false
      sweep()
    },
    stop() {
      isStopped = true
      timer?.cancel()
    },
  }
}
