import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CALENDARS, countedMs } from '#core/support/clocks/calendar.ts'
import {
  decideEscalation,
  dueOf,
  mergeClocks,
  meetClock,
  moveClock,
  pauseClock,
  promisesOf,
  resumeClock,
  rungKey,
  SLA_NAMES,
  startClock,
  type TicketClock,
  usedBy,
} from '#core/support/clocks/clocks.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const POLICY = { firstResponseMs: 15 * MINUTE, resolutionMs: 24 * HOUR }
const START = Date.parse('2026-09-23T08:00:00+08:00')
const ZONES = ['Asia/Shanghai', 'Asia/Tokyo', 'Asia/Urumqi'] as const
const clocksOf = (atMs = START, zone: string = 'Asia/Shanghai') =>
  promisesOf('standard', POLICY).map((promise) => startClock(promise, zone, atMs, 0))
const clockOf = (kind: string, atMs = START): TicketClock =>
  clocksOf(atMs).find((clock) => clock.kind === kind) as TicketClock

describe('a ticket that waits for the consumer', () => {
  it('stops the clock of the resolution, and not the one of the first response', () => {
    const [first, end] = [clockOf('first_response'), clockOf('resolution')]
    expect(pauseClock(first, START + MINUTE)).toEqual(first)
    const again = resumeClock(pauseClock(end, START + HOUR), START + 11 * HOUR)
    expect(again.dueAtMs).toBe(end.dueAtMs + 10 * HOUR)
  })
  it('never stops what the provider set', () => {
    const outer = { ...clockOf('resolution'), kind: 'provider_done' as const }
    expect(pauseClock(outer, START + HOUR)).toEqual(outer)
  })
  it('has used exactly what counted outside of the pauses, in any calendar and order', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 40 * HOUR }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(steps, fc.constantFrom('resolution', 'detailed_answer'), (lengths, kind) => {
        let clock = clockOf(kind)
        let atMs = START
        let counted = 0
        for (const [index, lengthMs] of lengths.entries()) {
          const isRunning = index % 2 === 0
          if (isRunning) counted += countedMs(CALENDARS[clock.calendar], clock.zone, atMs, atMs + lengthMs)
          atMs += lengthMs
          clock = isRunning ? pauseClock(clock, atMs) : resumeClock(clock, atMs)
        }
        expect(usedBy(clock, atMs)).toBe(counted)
        if (clock.runningSinceMs !== null && counted <= clock.allowedMs)
          expect(countedMs(CALENDARS[clock.calendar], clock.zone, atMs, clock.dueAtMs)).toBe(
            clock.allowedMs - counted,
          )
      }),
    )
  })
})

describe('a ticket that moves to a cabinet in another zone', () => {
  it('keeps what has counted, wherever it goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...ZONES), fc.integer({ min: 0, max: 30 * HOUR })), {
          maxLength: 6,
        }),
        (moves) => {
          let clock = clockOf('detailed_answer')
          let atMs = START
          let counted = 0
          for (const [zone, lengthMs] of moves) {
            counted += countedMs(CALENDARS.office, clock.zone, atMs, atMs + lengthMs)
            atMs += lengthMs
            clock = moveClock(clock, zone, atMs)
          }
          expect(usedBy(clock, atMs)).toBe(counted)
        },
      ),
    )
  })
  it('is not touched in a clock that counts always', () => {
    const clock = clockOf('resolution')
    expect(moveClock(clock, 'Asia/Tokyo', START + HOUR).dueAtMs).toBe(clock.dueAtMs)
  })
})

describe('tickets that are merged', () => {
  it('keep of every promise the one that ends first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 * HOUR }), fc.boolean(), (laterMs, isSwapped) => {
        const [early, late] = [clocksOf(), clocksOf(START + laterMs)]
        const merged = mergeClocks(isSwapped ? late : early, isSwapped ? early : late, START + laterMs, false)
        for (const clock of merged)
          expect(clock.dueAtMs).toBe(early.find(({ kind }) => kind === clock.kind)?.dueAtMs)
      }),
    )
  })
  it('still owe an answer to whoever had none', () => {
    const answered = clocksOf().map((clock) => meetClock(clock, START + MINUTE))
    const merged = mergeClocks(answered, clocksOf(START + 5 * MINUTE), START + 6 * MINUTE, false)
    expect(merged.find(({ kind }) => kind === 'first_response')?.metAtMs).toBeNull()
  })
  it('stand still together when the one that stays waits for the consumer', () => {
    const paused = clocksOf().map((clock) => pauseClock(clock, START + HOUR))
    const merged = mergeClocks(paused, clocksOf(), START + 2 * HOUR, true)
    expect(merged.find(({ kind }) => kind === 'resolution')?.runningSinceMs).toBeNull()
  })
})

describe('the ladder', () => {
  const keys = (nowMs: number, done: readonly string[] = [], clocks = clocksOf()) =>
    decideEscalation(clocks, new Set(done), nowMs).reached.map(rungKey)
  it('reminds at half the time, goes to a lead at 80 % and rises at the end', () => {
    expect(keys(START + 7 * MINUTE)).toEqual([])
    expect(keys(START + 7.5 * MINUTE)).toEqual(['first_response/0/50'])
    expect(keys(START + 12 * MINUTE)).toEqual(['first_response/0/50', 'first_response/0/80'])
    expect(keys(START + 15 * MINUTE, ['first_response/0/50', 'first_response/0/80'])).toEqual([
      'first_response/0/100',
    ])
  })
  it('takes each rung once, however often and late anybody looks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 * HOUR }), { maxLength: 30 }), (looks) => {
        const done: string[] = []
        for (const afterMs of looks.sort((a, b) => a - b)) done.push(...keys(START + afterMs, done))
        expect(new Set(done).size).toBe(done.length)
        const { nextAtMs } = decideEscalation(clocksOf(), new Set(done), START + (looks.at(-1) ?? 0))
        expect(nextAtMs === undefined || nextAtMs > START + (looks.at(-1) ?? 0)).toBe(true)
      }),
    )
  })
  it('says nothing of a clock that stands still', () => {
    const paused = clocksOf()
      .map((clock) => meetClock(clock, START))
      .map((clock) => (clock.kind === 'first_response' ? clock : { ...clock, metAtMs: null }))
      .map((clock) => pauseClock(clock, START + HOUR))
    expect(decideEscalation(paused, new Set(), START + 100 * HOUR)).toEqual({
      reached: [],
      nextAtMs: undefined,
    })
  })
})

describe('every policy', () => {
  it('promises a first answer and an end, and the earliest of each is what counts', () => {
    for (const name of SLA_NAMES) {
      const clocks = promisesOf(name, POLICY).map((promise) => startClock(promise, 'Asia/Shanghai', START, 0))
      expect(dueOf(clocks, true)?.dueAtMs).toBeLessThan(dueOf(clocks, false)?.dueAtMs as number)
    }
  })
})
