import { CHINA_DAYS_OFF, CHINA_WORKING_DAYS } from './holidays.ts'

/** Minutes of the local day, from and to; several a day leave the breaks out. */
export type Span = readonly [fromMinute: number, toMinute: number]

/** When a clock counts. Times are read in the zone of whoever waits, so a calendar has none of its own. */
export interface Calendar {
  /** By weekday, Sunday first; empty is a day off. null: it counts always. */
  readonly week: ReadonlyArray<readonly Span[]> | null
  /** Local days, `YYYY-MM-DD`, on which nothing counts. */
  readonly off: ReadonlySet<string>
  /** Local days that count like a Monday whatever their weekday. */
  readonly work: ReadonlySet<string>
}

const HOUR = 60
const OFFICE: readonly Span[] = [
  [9 * HOUR, 12 * HOUR],
  [13 * HOUR, 18 * HOUR],
]
const DESK: readonly Span[] = [[8 * HOUR, 22 * HOUR]]
const NONE: ReadonlySet<string> = new Set()

/** The calendars by the name that a policy gives them. */
export const CALENDARS = {
  always: { week: null, off: NONE, work: NONE },
  office: {
    week: [[], OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, []],
    off: CHINA_DAYS_OFF,
    work: CHINA_WORKING_DAYS,
  },
  desk: { week: [DESK, DESK, DESK, DESK, DESK, DESK, DESK], off: NONE, work: NONE },
} as const satisfies Record<string, Calendar>
export type CalendarName = keyof typeof CALENDARS
export const CALENDAR_NAMES = Object.keys(CALENDARS) as CalendarName[]
/** One working day of the office, ms. */
export const OFFICE_DAY_MS = OFFICE.reduce((sum, [from, to]) => sum + (to - from) * 60_000, 0)

const DAY_MS = 86_400_000
const MONDAY = 1
/** A calendar that counts nothing for so long is written wrongly. */
const DAYS_MOST = 3660

const formats = new Map<string, Intl.DateTimeFormat>()
function formatOf(zone: string): Intl.DateTimeFormat {
  const ready = formats.get(zone)
  if (ready !== undefined) return ready
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/** What the clock on the wall shows, written as if it were UTC. */
function wallOf(zone: string, atMs: number): number {
  const part: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((atMs % 1000) + 1000) % 1000)
}
/** When the clock on the wall first shows this; the end of the gap where a spring night leaves it out. */
function instantOf(zone: string, wallMs: number): number {
  const early = wallMs - (wallOf(zone, wallMs - DAY_MS) - (wallMs - DAY_MS))
  const late = wallMs - (wallOf(zone, wallMs + DAY_MS) - (wallMs + DAY_MS))
  const candidates = [Math.min(early, late), Math.max(early, late)]
  return candidates.find((atMs) => wallOf(zone, atMs) >= wallMs) ?? Math.max(early, late)
}

type Spans = ReadonlyArray<readonly [number, number]>
/** Zones are slow to read, and the same few days are asked for by every ticket. */
const known = new Map<Calendar, Map<string, Spans>>()
const DAYS_KNOWN_MOST = 5000
/** After the days of a year were entered. */
export function forgetSpans(): void {
  known.clear()
}

/** The spans that count on the local day that begins at `dayWallMs` (as UTC), as instants. */
function spansOn(calendar: Calendar, zone: string, dayWallMs: number): Spans {
  const days = known.get(calendar) ?? new Map<string, Spans>()
  known.set(calendar, days)
  const key = `${zone}/${dayWallMs}`
  const before = days.get(key)
  if (before !== undefined) return before
  if (days.size >= DAYS_KNOWN_MOST) days.clear()
  const spans = readSpans(calendar, zone, dayWallMs)
  days.set(key, spans)
  return spans
}
function readSpans(calendar: Calendar, zone: string, dayWallMs: number): Spans {
  const day = new Date(dayWallMs)
  const name = day.toISOString().slice(0, 10)
  const weekday = calendar.work.has(name) ? MONDAY : day.getUTCDay()
  if (calendar.week === null || (calendar.off.has(name) && !calendar.work.has(name))) return []
  return (calendar.week[weekday] ?? []).map(
    ([from, to]) =>
      [instantOf(zone, dayWallMs + from * 60_000), instantOf(zone, dayWallMs + to * 60_000)] as const,
  )
}
function dayStart(zone: string, atMs: number): number {
  return Math.floor(wallOf(zone, atMs) / DAY_MS) * DAY_MS
}

/** Milliseconds between two instants that count in this calendar; 0 when `toMs` is not later. Pure. */
export function countedMs(calendar: Calendar, zone: string, fromMs: number, toMs: number): number {
  if (toMs <= fromMs) return 0
  if (calendar.week === null) return toMs - fromMs
  let sum = 0
  for (let dayMs = dayStart(zone, fromMs); dayMs <= dayStart(zone, toMs); dayMs += DAY_MS)
    for (const [from, to] of spansOn(calendar, zone, dayMs))
      sum += Math.max(0, Math.min(to, toMs) - Math.max(from, fromMs))
  return sum
}

/**
 * The first instant by which `amountMs` have counted since `fromMs`. Pure.
 * @throws RangeError for a calendar in which that never happens
 */
export function afterCounted(calendar: Calendar, zone: string, fromMs: number, amountMs: number): number {
  if (amountMs <= 0) return fromMs
  if (calendar.week === null) return fromMs + amountMs
  let left = amountMs
  let dayMs = dayStart(zone, fromMs)
  for (let days = 0; days < DAYS_MOST; days++, dayMs += DAY_MS)
    for (const [from, to] of spansOn(calendar, zone, dayMs)) {
      const begin = Math.max(from, fromMs)
      if (to <= begin) continue
      if (to - begin >= left) return begin + left
      left -= to - begin
    }
  throw new RangeError('the calendar counts nothing for ten years')
}
