import { afterCounted, CALENDARS, type CalendarName, countedMs, OFFICE_DAY_MS } from './calendar.ts'

/** What a ticket promises. The provider's two are set outside of this house and stop for nobody. */
export const CLOCK_KINDS = [
  'first_response',
  'resolution',
  'detailed_answer',
  'provider_reply',
  'provider_done',
] as const
export type ClockKind = (typeof CLOCK_KINDS)[number]
/** These are met by an answer to whoever asked; the others by the end of the ticket. */
export const ANSWER_CLOCKS: readonly ClockKind[] = ['first_response', 'provider_reply']
/** Waiting for the consumer stops these and nothing else does. */
const PAUSING: readonly ClockKind[] = ['resolution', 'detailed_answer']

/** One promise of one ticket. Integers of milliseconds; instants since 1970 UTC. */
export interface TicketClock {
  readonly kind: ClockKind
  readonly calendar: CalendarName
  /** Where the calendar is read. */
  readonly zone: string
  readonly allowedMs: number
  /** What had counted when it last began to run. */
  readonly usedMs: number
  /** null: it stands still. */
  readonly runningSinceMs: number | null
  readonly metAtMs: number | null
  /** While it stands still: when it would have run out. */
  readonly dueAtMs: number
  /** 0 at first; a ticket that is opened again begins its clocks anew. */
  readonly round: number
}

export interface ClockPromise {
  readonly kind: ClockKind
  readonly calendar: CalendarName
  readonly allowedMs: number
}
const MINUTE = 60_000
const HOUR = 60 * MINUTE

export const SLA_NAMES = ['standard', 'emergency', 'complaint', 'email', 'social'] as const
export type SlaName = (typeof SLA_NAMES)[number]
/** What is promised to whom. `policy` numbers can be changed by a manager; the others belong to the norm. */
export function promisesOf(
  name: SlaName,
  policy: { readonly firstResponseMs: number; readonly resolutionMs: number },
): readonly ClockPromise[] {
  const first: ClockPromise = {
    kind: 'first_response',
    calendar: 'always',
    allowedMs: policy.firstResponseMs,
  }
  const end: ClockPromise = { kind: 'resolution', calendar: 'always', allowedMs: policy.resolutionMs }
  const detail: ClockPromise = { kind: 'detailed_answer', calendar: 'office', allowedMs: 3 * OFFICE_DAY_MS }
  switch (name) {
    case 'standard':
      return [first, end, detail]
    case 'emergency':
      return [
        { ...first, allowedMs: Math.min(5 * MINUTE, first.allowedMs) },
        { ...end, allowedMs: Math.min(4 * HOUR, end.allowedMs) },
      ]
    case 'complaint':
      return [first, end, detail]
    case 'email':
      return [{ ...first, calendar: 'desk', allowedMs: 4 * HOUR }, end, detail]
    case 'social':
      return [{ ...first, calendar: 'desk', allowedMs: HOUR }, end, detail]
  }
}

export function startClock(promise: ClockPromise, zone: string, nowMs: number, round: number): TicketClock {
  const { kind, calendar, allowedMs } = promise
  return {
    kind,
    calendar,
    zone,
    allowedMs,
    usedMs: 0,
    runningSinceMs: nowMs,
    metAtMs: null,
    dueAtMs: afterCounted(CALENDARS[calendar], zone, nowMs, allowedMs),
    round,
  }
}

/** What has counted until `nowMs`. */
export function usedBy(clock: TicketClock, nowMs: number): number {
  if (clock.runningSinceMs === null) return clock.usedMs
  const untilMs = clock.metAtMs === null ? nowMs : Math.min(nowMs, clock.metAtMs)
  return clock.usedMs + countedMs(CALENDARS[clock.calendar], clock.zone, clock.runningSinceMs, untilMs)
}

/** Stands still; nothing happens to a clock that does already, was met, or stops for nobody. */
export function pauseClock(clock: TicketClock, nowMs: number): TicketClock {
  if (clock.runningSinceMs === null || clock.metAtMs !== null || !PAUSING.includes(clock.kind)) return clock
  return { ...clock, usedMs: usedBy(clock, nowMs), runningSinceMs: null }
}
export function resumeClock(clock: TicketClock, nowMs: number): TicketClock {
  if (clock.runningSinceMs !== null || clock.metAtMs !== null) return clock
  return dueAgain({ ...clock, runningSinceMs: nowMs })
}
export function meetClock(clock: TicketClock, nowMs: number): TicketClock {
  return clock.metAtMs === null ? { ...clock, metAtMs: nowMs } : clock
}
/** The ticket belongs to another place now: what has counted stays, the rest counts there. */
export function moveClock(clock: TicketClock, zone: string, nowMs: number): TicketClock {
  if (clock.zone === zone || clock.metAtMs !== null) return { ...clock, zone }
  if (clock.runningSinceMs === null) return { ...clock, zone }
  return dueAgain({ ...clock, usedMs: usedBy(clock, nowMs), runningSinceMs: nowMs, zone })
}
function dueAgain(clock: TicketClock): TicketClock {
  const { calendar, zone, runningSinceMs, allowedMs, usedMs } = clock
  if (runningSinceMs === null) return clock
  // What was late stays late by as much: the time before it began again counts in full.
  if (usedMs > allowedMs) return { ...clock, dueAtMs: Math.min(clock.dueAtMs, runningSinceMs) }
  return {
    ...clock,
    dueAtMs: afterCounted(CALENDARS[calendar], zone, runningSinceMs, allowedMs - usedMs),
  }
}

/**
 * The clocks of a ticket into which others were merged: of each promise the one that ends first, so that nobody waits
 * longer because somebody else asked the same. A promise that was met for one ticket is not met for the other.
 */
export function mergeClocks(
  ours: readonly TicketClock[],
  theirs: readonly TicketClock[],
  nowMs: number,
  isPaused: boolean,
): TicketClock[] {
  const alike = theirs.map((clock) => (isPaused ? pauseClock(clock, nowMs) : resumeClock(clock, nowMs)))
  return CLOCK_KINDS.flatMap((kind) => {
    const own = ours.find((clock) => clock.kind === kind)
    const other = alike.find((clock) => clock.kind === kind)
    if (own === undefined || other === undefined) {
      const only = own ?? other
      return only === undefined ? [] : [{ ...only, round: own?.round ?? only.round }]
    }
    if (own.metAtMs !== null && other.metAtMs === null) return [{ ...other, round: own.round }]
    if (other.metAtMs !== null) return [own]
    return [other.dueAtMs < own.dueAtMs ? { ...other, round: own.round } : own]
  })
}

/** When this share of the time has counted; undefined while it stands still or after it was met. */
export function shareAtMs(clock: TicketClock, percent: number): number | undefined {
  if (clock.runningSinceMs === null || clock.metAtMs !== null) return undefined
  const wantedMs = Math.ceil((clock.allowedMs * percent) / 100) - clock.usedMs
  return wantedMs <= 0
    ? clock.runningSinceMs
    : afterCounted(CALENDARS[clock.calendar], clock.zone, clock.runningSinceMs, wantedMs)
}

export interface Rung {
  readonly percent: number
  readonly action: 'remind' | 'lead' | 'raise'
}
/** R8: at half the time whoever has it is reminded, at 80 % a lead takes it, and when it is over it rises. */
export const LADDER: readonly Rung[] = [
  { percent: 50, action: 'remind' },
  { percent: 80, action: 'lead' },
  { percent: 100, action: 'raise' },
]
export interface RungReached extends Rung {
  readonly clock: ClockKind
  readonly round: number
}
export const rungKey = (rung: { clock: ClockKind; round: number; percent: number }): string =>
  `${rung.clock}/${rung.round}/${rung.percent}`

/** What a ticket's clocks ask for now and when to look again. Pure. */
export function decideEscalation(
  clocks: readonly TicketClock[],
  done: ReadonlySet<string>,
  nowMs: number,
): { readonly reached: readonly RungReached[]; readonly nextAtMs: number | undefined } {
  const reached: RungReached[] = []
  let nextAtMs: number | undefined
  for (const clock of clocks)
    for (const rung of LADDER) {
      const one = { ...rung, clock: clock.kind, round: clock.round }
      const atMs = shareAtMs(clock, rung.percent)
      if (atMs === undefined || done.has(rungKey(one))) continue
      if (atMs <= nowMs) reached.push(one)
      else nextAtMs = Math.min(nextAtMs ?? atMs, atMs)
    }
  return { reached, nextAtMs }
}

/** The earliest clock wins. Those of a kind that were met or are not promised have none. */
export function dueOf(clocks: readonly TicketClock[], isAnswer: boolean): TicketClock | undefined {
  return clocks
    .filter((clock) => ANSWER_CLOCKS.includes(clock.kind) === isAnswer)
    .sort((a, b) => Number(a.metAtMs !== null) - Number(b.metAtMs !== null) || a.dueAtMs - b.dueAtMs)[0]
}
