import { describe, expect, it } from 'vitest'
import { addDays, dayIn, startOfDayMs } from '#protocol/base/zone-days.ts'

const utc = (text: string) => Date.parse(text)

describe('a day of a zone', () => {
  it('begins when its clocks show midnight', () => {
    expect(startOfDayMs('2026-03-01', 'Asia/Shanghai')).toBe(utc('2026-02-28T16:00:00Z'))
    expect(startOfDayMs('2026-03-01', 'UTC')).toBe(utc('2026-03-01T00:00:00Z'))
    expect(startOfDayMs('2026-07-01', 'America/New_York')).toBe(utc('2026-07-01T04:00:00Z'))
  })
  it('is 23 or 25 hours long where clocks change', () => {
    const lengthOf = (day: string, zone: string) =>
      (startOfDayMs(addDays(day, 1), zone) - startOfDayMs(day, zone)) / 3_600_000
    expect(lengthOf('2026-03-29', 'Europe/Berlin')).toBe(23)
    expect(lengthOf('2026-10-25', 'Europe/Berlin')).toBe(25)
  })
  it('begins at one where midnight is left out', () => {
    expect(startOfDayMs('2026-09-06', 'America/Santiago')).toBe(utc('2026-09-06T04:00:00Z'))
  })
  it('that does not exist has no beginning', () => {
    expect(startOfDayMs('2026-02-30', 'UTC')).toBeNaN()
    expect(startOfDayMs('yesterday', 'UTC')).toBeNaN()
  })
  it('is named as the calendar on the wall', () => {
    expect(dayIn(utc('2026-02-28T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-03-01')
  })
})
