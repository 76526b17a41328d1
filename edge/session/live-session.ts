import type { ScaleSweep } from '../hardware/ports.ts'
import type { WeighingStep } from '#protocol/weighing/types.ts'
import { type LiveWeighing, startWeighing } from '../weighing/live-weighing.ts'
import type { DomainEvent } from '#protocol/messages/index.ts'
import { evolveResumed } from './decide.ts'
import type { SampleRow, StoredSession } from './journal.ts'
import type { BoundPlanogram, SessionRecord } from './record.ts'

/** The session in progress in memory: its record, its engine, and what is not written yet. */
export interface LiveSession {
  record: SessionRecord
  readonly planogram: BoundPlanogram
  readonly weighing: LiveWeighing
  /** Session time at `baseMonoMs`; both together turn the monotonic clock into session time. */
  readonly baseMs: number
  readonly baseMonoMs: number
  /** The last that was known; stays while the bus is silent. */
  isDoorOpen: boolean
  unsaved: SampleRow[]
  /** Steps that are not in the outbox yet. */
  untold: WeighingStep[]
  /** Events that found no room on the disk, with their time; while there are any the journal is behind the record. */
  untoldEvents: Array<{ event: DomainEvent; atMs: number; monoMs: number }>
  /** Session time before which a disk that was full is not asked again. */
  writeAgainMs: number
  sampleCount: number
  flushedAtMs: number
  readonly pendingPictures: Set<Promise<void>>
  isLocking: boolean
  isEnding: boolean
}

/** A wall clock that went backwards or far ahead says nothing about how long the agent was away. */
const AWAY_LONGEST_MS = 24 * 60 * 60_000
const AWAY_UNKNOWN_MS = 1000

/** Milliseconds since the start of the session. */
export function sessionTimeOf(live: LiveSession, monoMs: number): number {
  return live.baseMs + (monoMs - live.baseMonoMs)
}

export function sampleRowOf(
  tMs: number,
  isDoorOpen: boolean,
  sweep: ScaleSweep,
  sensors: readonly string[],
): SampleRow {
  return [Math.round(tMs), isDoorOpen ? 1 : 0, ...sensors.map((sensor) => sweep.grams[sensor] ?? null)]
}

function assemble(
  record: SessionRecord,
  planogram: BoundPlanogram,
  rows: readonly SampleRow[],
  base: { ms: number; monoMs: number },
  isDoorOpen: boolean,
): LiveSession {
  const weighing = startWeighing(planogram)
  for (const row of rows) weighing.push(row)
  return {
    record,
    planogram,
    weighing,
    baseMs: base.ms,
    baseMonoMs: base.monoMs,
    isDoorOpen,
    unsaved: [],
    untold: [],
    untoldEvents: [],
    writeAgainMs: 0,
    sampleCount: rows.length,
    flushedAtMs: base.ms,
    pendingPictures: new Set(),
    isLocking: false,
    isEnding: false,
  }
}

/** A session that starts now, with the quiet weighings from before as its baseline. */
export function beginLive(
  record: SessionRecord,
  planogram: BoundPlanogram,
  quiet: readonly SampleRow[],
  atMonoMs: number,
): LiveSession {
  return assemble(record, planogram, quiet, { ms: 0, monoMs: atMonoMs }, false)
}

/**
 * A session that was in progress when the agent stopped: its weighings go through the engine again, and its time goes on
 * by the time that the agent was away. The `gap` row belongs into the journal too.
 */
export function reviveLive(
  stored: StoredSession,
  at: { wallMs: number; monoMs: number },
  isOffline: boolean,
): { live: LiveSession; gap: SampleRow[] } {
  const awayMs = at.wallMs - stored.savedAtMs
  const isAwayKnown = awayMs >= 0 && awayMs <= AWAY_LONGEST_MS
  const baseMs = Math.round(stored.lastMs + (isAwayKnown ? awayMs : AWAY_UNKNOWN_MS))
  const { phase } = stored.record
  // Nobody looked: the door may have been opened and closed, and of one that was seen open the weighings may be lost.
  const gap: SampleRow[] = [[baseMs, 1, ...stored.planogram.sensors.map(() => null)]]
  const record = evolveResumed(stored.record, baseMs, isOffline)
  const base = { ms: baseMs, monoMs: at.monoMs }
  return {
    live: assemble(record, stored.planogram, [...stored.samples, ...gap], base, phase === 'open'),
    gap,
  }
}
