import { describe, expect, it } from 'vitest'
import { isFollowable, isWithinHours, nextOpeningMs, type WeeklyHours } from '#protocol/base/selling-hours.ts'

/** Monday to Friday 7 to 22, and Saturday night over midnight. */
const hours: WeeklyHours = {
  timeZone: 'Asia/Shanghai',
  intervals: [
    { days: [1, 2, 3, 4, 5], fromMinute: 7 * 60, toMinute: 22 * 60 },
    { days: [6], fromMinute: 20 * 60, toMinute: 2 * 60 },
  ],
}
const at = (text: string) => Date.parse(`${text}+08:00`)

describe('selling hours', () => {
  it.each([
    ['Wednesday before opening', '2026-11-18T06:59:00', false],
    ['Wednesday at opening', '2026-11-18T07:00:00', true],
    ['Wednesday a minute before closing', '2026-11-18T21:59:00', true],
    ['Wednesday at closing', '2026-11-18T22:00:00', false],
    ['Saturday at noon', '2026-11-21T12:00:00', false],
    ['Saturday before midnight', '2026-11-21T23:30:00', true],
    ['Sunday after midnight, which belongs to Saturday', '2026-11-22T01:59:00', true],
    ['Sunday at two', '2026-11-22T02:00:00', false],
  ])('%s', (_what, moment, isOpen) => {
    expect(isWithinHours(hours, at(moment))).toBe(isOpen)
  })
  it('are those of the cabinet, wherever the computer stands', () => {
    expect(isWithinHours({ ...hours, timeZone: 'Europe/London' }, at('2026-11-18T07:00:00'))).toBe(false)
  })
  it('that do not exist sell always, an empty list sells never', () => {
    expect(isWithinHours(null, at('2026-11-18T03:00:00'))).toBe(true)
    expect(isWithinHours({ ...hours, intervals: [] }, at('2026-11-18T12:00:00'))).toBe(false)
  })
  it('that begin and end at the same minute last the whole day', () => {
    const whole = { ...hours, intervals: [{ days: [3], fromMinute: 0, toMinute: 0 }] }
    expect(isWithinHours(whole, at('2026-11-18T00:00:00'))).toBe(true)
    expect(isWithinHours(whole, at('2026-11-18T23:59:00'))).toBe(true)
    expect(isWithinHours(whole, at('2026-11-19T00:00:00'))).toBe(false)
  })
  it('of a time zone that nobody knows cannot be followed', () => {
    expect(isFollowable({ ...hours, timeZone: 'Mars/Olympus' })).toBe(false)
    expect(isFollowable(hours)).toBe(true)
  })
})

describe('when something is sold again', () => {
  const next = (text: string, of: WeeklyHours = hours) => {
    const atMs = nextOpeningMs(of, at(text))
    return atMs === undefined ? undefined : new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 16)
  }
  it.each([
    ['tonight, after closing', '2026-11-18T22:30:00', '2026-11-19T07:00'],
    ['before opening', '2026-11-18T05:00:00', '2026-11-18T07:00'],
    ['on Saturday at noon', '2026-11-21T12:00:00', '2026-11-21T20:00'],
    ['on Sunday morning', '2026-11-22T03:00:00', '2026-11-23T07:00'],
  ])('%s', (_what, now, opening) => {
    expect(next(now)).toBe(opening)
  })
  it('is not asked while it sells, and never without hours', () => {
    expect(next('2026-11-18T12:00:00')).toBeUndefined()
    expect(nextOpeningMs({ ...hours, intervals: [] }, at('2026-11-18T12:00:00'))).toBeUndefined()
    expect(nextOpeningMs(null, 0)).toBeUndefined()
  })
  it('follows the clocks of the place over their changes', () => {
    const berlin = { timeZone: 'Europe/Berlin', intervals: [{ days: [7], fromMinute: 150, toMinute: 600 }] }
    // On 29 March 2026 there is no half past two in Berlin; the first minute after the gap is three.
    const spring = nextOpeningMs(berlin, Date.parse('2026-03-28T12:00:00Z')) ?? 0
    expect(isWithinHours(berlin, spring)).toBe(true)
    expect(spring).toBeLessThanOrEqual(Date.parse('2026-03-29T01:30:00Z'))
    // On 25 October half past two comes twice; it opens with the first.
    expect(nextOpeningMs(berlin, Date.parse('2026-10-24T12:00:00Z'))).toBe(Date.parse('2026-10-25T00:30:00Z'))
  })
})
