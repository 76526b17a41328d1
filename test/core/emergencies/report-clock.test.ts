import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideReport, isReportLate, type ReportClock, rungAtMs } from '#core/emergencies/report-clock.ts'

const MINUTE = 60_000
const clock: ReportClock = { discoveredAtMs: 0, reportDueAtMs: 60 * MINUTE, reportedAtMs: null }

describe('a serious incident that nobody has reported', () => {
  it.each([
    [10, [], 30],
    [30, [50], 48],
    [48, [50, 80], 60],
    [61, [50, 80, 100], undefined],
  ])('after %i minutes has reached %j, and is looked at again after %s', (minutes, reached, next) => {
    expect(decideReport(clock, new Set(), minutes * MINUTE)).toEqual({
      reached,
      nextAtMs: next === undefined ? undefined : next * MINUTE,
    })
  })
  it('is late one millisecond after its hour, and stays late when it is reported then', () => {
    expect(isReportLate(clock, clock.reportDueAtMs)).toBe(false)
    expect(isReportLate(clock, clock.reportDueAtMs + 1)).toBe(true)
    expect(isReportLate({ ...clock, reportedAtMs: clock.reportDueAtMs + 1 }, Number.MAX_SAFE_INTEGER)).toBe(
      true,
    )
    expect(isReportLate({ ...clock, reportedAtMs: clock.reportDueAtMs }, Number.MAX_SAFE_INTEGER)).toBe(false)
  })
  it('climbs every rung once and in order, whenever somebody looks', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(90 * MINUTE), { maxLength: 20 }), (looks) => {
        const done: number[] = []
        for (const nowMs of looks.sort((a, b) => a - b)) {
          const { reached, nextAtMs } = decideReport(clock, new Set(done), nowMs)
          done.push(...reached)
          expect(nextAtMs === undefined || nextAtMs > nowMs).toBe(true)
        }
        const last = looks.at(-1) ?? -1
        expect(done).toEqual(([50, 80, 100] as const).filter((percent) => rungAtMs(clock, percent) <= last))
      }),
    )
  })
})

describe('a reported one', () => {
  it('asks for nothing more', () => {
    expect(decideReport({ ...clock, reportedAtMs: 5 }, new Set(), 90 * MINUTE)).toEqual({
      reached: [],
      nextAtMs: undefined,
    })
  })
})
