import { describe, expect, it } from 'vitest'
import {
  decideEmpty,
  decideSpan,
  decideSteady,
  decideZero,
  evolveZero,
  type SteadyReading,
} from '#edge/commands/scale-rules.ts'
import { correctSweep } from '#edge/hardware/corrected-cabinet.ts'

const reading = (grams: number): SteadyReading => ({ grams, noiseGrams: 1, samples: 20 })
/** Twenty readings that scatter by a gram or so. */
const quiet = (grams: number) => Array.from({ length: 20 }, (_, i) => grams + Math.sin(i * 2.4))

describe('a shelf', () => {
  it('at rest is read by its median, so that one bit slip does not count', () => {
    const grams = quiet(500)
    grams[7] = 65_535
    const steady = decideSteady(grams)
    expect(steady.isSteady && Math.abs(steady.reading.grams - 500) < 1).toBe(true)
  })
  it.each([
    ['on which a hand rests', Array.from({ length: 20 }, (_, i) => 500 + (i % 2) * 40), 'scale_unstable'],
    ['that is still sinking', Array.from({ length: 20 }, (_, i) => 500 + i), 'scale_unstable'],
    ['whose cell is silent', Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? null : 500)), 'bus_timeout'],
    ['that was read a few times only', quiet(500).slice(0, 10), 'bus_timeout'],
  ])('%s is not at rest', (_what, grams, reason) => {
    expect(decideSteady(grams)).toMatchObject({ isSteady: false, refusal: { reason } })
  })
  it('with trays counts as empty, with goods it does not', () => {
    expect(decideEmpty(reading(1800))).toBeUndefined()
    expect(decideEmpty(reading(-2500))).toBeUndefined()
    expect(decideEmpty(reading(4500))).toMatchObject({
      reason: 'weight_implausible',
      result: { readGrams: 4500 },
    })
  })
  it('reads nothing after a tare, or the tare did not take', () => {
    expect(decideZero(reading(1.3))).toBeUndefined()
    expect(decideZero(reading(800))?.reason).toBe('readback_mismatch')
  })
})

describe('a calibration', () => {
  it('makes the shelf read the known weight, and nothing when it is empty', () => {
    const before = { zeroGrams: 12, gain: 1.01 }
    const raw = { empty: 30, loaded: 30 + 2000 * 0.97 }
    const read = (grams: number, by = before) =>
      correctSweep({ atMonoMs: 0, grams: { s1: grams } }, { of: () => by }).grams['s1'] ?? Number.NaN
    const span = decideSpan(reading(read(raw.empty)), reading(read(raw.loaded)), 2000, before.gain)
    expect(span.ok).toBe(true)
    const zeroed = evolveZero(before, read(raw.empty))
    const after = { ...zeroed, gain: zeroed.gain * (span.ok ? span.factor : 0) }
    expect(read(raw.empty, after)).toBeCloseTo(0, 1)
    expect(read(raw.loaded, after)).toBeCloseTo(2000, 0)
  })
  it.each([
    ['with another weight than was said', 0, 1000, 2000, 1],
    ['with nothing put on', 0, 0.4, 2000, 1],
    ['with something taken off', 500, 100, 2000, 1],
    ['that would add up to a gain beyond any cell', 0, 1850, 2000, 1.22],
  ])('%s is refused, and changes nothing', (_what, empty, loaded, known, gain) => {
    expect(decideSpan(reading(empty), reading(loaded), known, gain)).toMatchObject({
      ok: false,
      refusal: { reason: 'weight_implausible' },
    })
  })
})
