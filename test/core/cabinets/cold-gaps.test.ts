import { describe, expect, it } from 'vitest'
import { decideCoverage, type GapFacts } from '#core/cabinets/cold-gaps.ts'

const MINUTE = 60_000
const WINDOW = 5 * MINUTE
const facts: GapFacts = { probeFaults: [], started: [], heardUntilMs: 600 * MINUTE, nowMs: 600 * MINUTE }
const period = { fromMs: 0, toMs: 60 * MINUTE }
const readingsAt = (...minutes: number[]) =>
  minutes.map((minute) => ({ atMs: minute * MINUTE, windowMs: WINDOW }))
const every5 = (from: number, to: number) =>
  Array.from({ length: (to - from) / 5 }, (_, index) => from + 5 * (index + 1))

describe('the record of a period', () => {
  it('is whole when readings join', () => {
    expect(decideCoverage(readingsAt(...every5(0, 60)), period, facts)).toEqual({
      gaps: [],
      recordedMs: 60 * MINUTE,
    })
  })
  it('has a gap where readings are missing, from the end of one to the beginning of the next', () => {
    const { gaps, recordedMs } = decideCoverage(
      readingsAt(...every5(0, 20), ...every5(40, 60)),
      period,
      facts,
    )
    expect(gaps).toEqual([{ fromMs: 20 * MINUTE, toMs: 40 * MINUTE, reason: 'unknown' }])
    expect(recordedMs).toBe(40 * MINUTE)
  })
  it('has a gap at its beginning and at its end', () => {
    const { gaps } = decideCoverage(readingsAt(...every5(10, 40)), period, facts)
    expect(gaps.map(({ fromMs, toMs }) => [fromMs / MINUTE, toMs / MINUTE])).toEqual([
      [0, 10],
      [40, 60],
    ])
  })
  it('without any reading is one gap', () => {
    expect(decideCoverage([], period, facts)).toMatchObject({
      gaps: [{ fromMs: 0, toMs: 60 * MINUTE }],
      recordedMs: 0,
    })
  })
  it('counts no minute twice when windows overlap', () => {
    const rows = [
      { atMs: 30 * MINUTE, windowMs: 30 * MINUTE },
      { atMs: 60 * MINUTE, windowMs: 60 * MINUTE },
    ]
    expect(decideCoverage(rows, period, facts).recordedMs).toBe(60 * MINUTE)
  })
  it('takes what is being measured now for no gap', () => {
    const now = { ...facts, nowMs: 24 * MINUTE, heardUntilMs: 24 * MINUTE }
    expect(decideCoverage(readingsAt(...every5(0, 20)), period, now).gaps).toEqual([])
  })
})

describe('the reason of a gap', () => {
  const rows = readingsAt(...every5(0, 20), ...every5(40, 60))
  const reasonWith = (more: Partial<GapFacts>) =>
    decideCoverage(rows, period, { ...facts, ...more }).gaps[0]?.reason
  it('is a probe that was broken', () => {
    expect(reasonWith({ probeFaults: [{ beganAtMs: 21 * MINUTE, endedAtMs: 40 * MINUTE }] })).toBe(
      'probe_fault',
    )
  })
  it('is a cabinet that started at its end', () => {
    expect(reasonWith({ started: [35 * MINUTE] })).toBe('stopped')
  })
  it('is a cabinet that has not been heard, when it reaches until now', () => {
    const offline = { ...facts, nowMs: 60 * MINUTE, heardUntilMs: 21 * MINUTE }
    expect(decideCoverage(readingsAt(...every5(0, 20)), period, offline).gaps).toMatchObject([
      { reason: 'on_the_way' },
    ])
  })
})
