import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterCounted, CALENDAR_NAMES, CALENDARS, countedMs } from '#core/support/clocks/calendar.ts'

const HOUR = 3_600_000
const ZONES = ['Asia/Shanghai', 'Asia/Urumqi', 'Asia/Tokyo', 'America/New_York', 'UTC'] as const
const shanghai = (local: string) => Date.parse(`${local}+08:00`)
const anyTime = fc.integer({ min: Date.parse('2025-01-01'), max: Date.parse('2027-06-01') })
const anyAmount = fc.integer({ min: 0, max: 30 * 24 * HOUR })
const anyCalendar = fc.constantFrom(...CALENDAR_NAMES.map((name) => CALENDARS[name]))
const anyZone = fc.constantFrom(...ZONES)
const { office } = CALENDARS

describe('office hours in China', () => {
  const due = (from: string, hours: number) =>
    new Date(afterCounted(office, 'Asia/Shanghai', shanghai(from), hours * HOUR)).toISOString()
  it('go on after lunch, after the night and after the weekend', () => {
    expect(due('2026-11-20T11:00', 2)).toBe(new Date(shanghai('2026-11-20T14:00')).toISOString())
    expect(due('2026-11-20T17:00', 2)).toBe(new Date(shanghai('2026-11-23T10:00')).toISOString())
  })
  it('leave the days of the Spring Festival out, and count its make-up Saturday', () => {
    expect(due('2026-02-13T17:00', 9)).toBe(new Date(shanghai('2026-02-14T18:00')).toISOString())
    expect(due('2026-02-14T17:00', 2)).toBe(new Date(shanghai('2026-02-24T10:00')).toISOString())
  })
  it('leave the national holiday out and count the Saturday after it', () => {
    expect(due('2026-09-30T17:00', 9)).toBe(new Date(shanghai('2026-10-08T18:00')).toISOString())
    expect(due('2026-10-09T17:00', 9)).toBe(new Date(shanghai('2026-10-10T18:00')).toISOString())
  })
})

describe('counting in a calendar', () => {
  it('agrees with looking at every quarter of an hour', () => {
    fc.assert(
      fc.property(
        anyZone,
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 0, max: 600 }),
        (zone, start, length) => {
          const fromMs = Date.parse('2026-01-25') + start * HOUR
          const toMs = fromMs + length * (HOUR / 4)
          let sum = 0
          for (let atMs = fromMs; atMs < toMs; atMs += HOUR / 4) sum += isOffice(zone, atMs) ? HOUR / 4 : 0
          expect(countedMs(office, zone, fromMs, toMs)).toBe(sum)
        },
      ),
      { numRuns: 30 },
    )
  })
  it('finds the first instant by which so much has counted', () => {
    fc.assert(
      fc.property(anyCalendar, anyZone, anyTime, anyAmount, (calendar, zone, fromMs, amountMs) => {
        const dueMs = afterCounted(calendar, zone, fromMs, amountMs)
        expect(countedMs(calendar, zone, fromMs, dueMs)).toBe(amountMs)
        if (amountMs > 0) expect(countedMs(calendar, zone, fromMs, dueMs - 1)).toBe(amountMs - 1)
      }),
      { numRuns: 50 },
    )
  })
  it('counts a stretch as much as its parts', () => {
    fc.assert(
      fc.property(anyCalendar, anyZone, anyTime, anyAmount, anyAmount, (calendar, zone, fromMs, a, b) => {
        const middle = fromMs + a
        const end = middle + b
        expect(countedMs(calendar, zone, fromMs, end)).toBe(
          countedMs(calendar, zone, fromMs, middle) + countedMs(calendar, zone, middle, end),
        )
      }),
      { numRuns: 50 },
    )
  })
})

const wall = new Map<string, Intl.DateTimeFormat>()
function read(zone: string): Intl.DateTimeFormat {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  wall.set(zone, format)
  return format
}
/** Written apart from the code: what a person would read off a wall calendar. */
function isOffice(zone: string, atMs: number): boolean {
  const parts = (wall.get(zone) ?? read(zone)).format(atMs)
  const [day = '', time = ''] = parts.split(' ')
  const isHours = (time >= '09:00' && time < '12:00') || (time >= '13:00' && time < '18:00')
  if (office.work.has(day)) return isHours
  const weekday = new Date(`${day}T00:00Z`).getUTCDay()
  return isHours && weekday !== 0 && weekday !== 6 && !office.off.has(day)
}
