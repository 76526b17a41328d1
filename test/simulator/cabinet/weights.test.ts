import { describe, expect, it } from 'vitest'
import { aCabinet, CLEAN_WIRE, deviation, mean, openedCabinet, pass, watch } from '../a-cabinet.ts'

describe('the same seed', () => {
  it('gives the same weights, conversion by conversion', () => {
    const run = () => watch(openedCabinet({ seed: 7 }), 's3', 3000)
    expect(run()).toEqual(run())
  })
  it('of another number gives others', () => {
    expect(watch(aCabinet({ seed: 7 }), 's3', 500)).not.toEqual(watch(aCabinet({ seed: 8 }), 's3', 500))
  })
})

describe('goods', () => {
  it('weigh a little more or less than the catalogue says, each one by itself', () => {
    const cans = (aCabinet().snapshot().shelves[2]?.items ?? []).filter((item) => item.sku === 'cola-330')
    expect(new Set(cans.map((can) => can.grams)).size).toBeGreaterThan(5)
    expect(mean(cans.map((can) => can.grams))).toBeCloseTo(353, -1)
    expect(deviation(cans.map((can) => can.grams))).toBeLessThan(3)
  })
  it('keep their true mean over a restart, whatever happened before', () => {
    const means = [3, 4].map((discarded) => {
      const cabinet = openedCabinet({ seed: 5 })
      for (let i = 0; i < discarded; i++) cabinet.take({ shelf: 's3', sku: 'cola-330' })
      const more = cabinet.restock({ shelf: 's3', sku: 'cola-330', quantity: 30 })
      return mean(more.map((item) => item.grams))
    })
    expect(means[0]).toBeCloseTo(means[1] ?? 0, -1)
  })
})

describe('a shelf at rest', () => {
  it('shows noise of about a gram with heavy tails, and no truth in its absolute value', () => {
    const cabinet = aCabinet({ loadCell: CLEAN_WIRE })
    const readings = watch(cabinet, 's2', 60_000)
    expect(deviation(readings)).toBeGreaterThan(0.6)
    expect(deviation(readings)).toBeLessThan(1.6)
    const truth = (cabinet.snapshot().shelves[1]?.items ?? []).reduce((sum, item) => sum + item.grams, 0)
    expect(Math.abs(mean(readings) - truth)).toBeLessThan(60)
  })
  it('shakes together with its neighbours', () => {
    const cabinet = aCabinet({ loadCell: CLEAN_WIRE })
    const a: number[] = []
    const b: number[] = []
    for (let i = 0; i < 1500; i++) {
      pass(cabinet, 100)
      a.push(cabinet.scale('s1').grossGrams)
      b.push(cabinet.scale('s2').grossGrams)
    }
    const together = mean(a.map((value, i) => (value - mean(a)) * ((b[i] ?? 0) - mean(b))))
    const correlation = together / (deviation(a) * deviation(b))
    expect(correlation).toBeGreaterThan(0.2)
    expect(correlation).toBeLessThan(0.5)
  })
})

describe('taking one thing', () => {
  it('lowers the shelf by its own weight, and no other shelf', () => {
    const cabinet = openedCabinet()
    const before = { s3: mean(watch(cabinet, 's3', 3000)), s4: mean(watch(cabinet, 's4', 3000)) }
    const { item } = cabinet.take({ shelf: 's3', sku: 'cola-330' })
    pass(cabinet, 1500)
    expect(before.s3 - mean(watch(cabinet, 's3', 3000))).toBeCloseTo(item.grams, -0.5)
    expect(Math.abs(before.s4 - mean(watch(cabinet, 's4', 3000)))).toBeLessThan(1.5)
  })
  it('begins with a push of the hand and falls within two conversions', () => {
    const cabinet = openedCabinet()
    const before = mean(watch(cabinet, 's4', 3000))
    const { item } = cabinet.take({ shelf: 's4', sku: 'tea-oolong' })
    const readings = watch(cabinet, 's4', 1500).map((grams) => grams - before)
    const lastHigh = readings.findLastIndex((grams) => grams > -item.grams * 0.1)
    const firstLow = readings.findIndex((grams) => grams < -item.grams * 0.9)
    expect(firstLow - lastHigh).toBeLessThanOrEqual(3)
  })
  it('twice in a hurry is over within 0.3 s', () => {
    const cabinet = openedCabinet()
    const before = mean(watch(cabinet, 's3', 3000))
    const first = cabinet.take({ shelf: 's3', sku: 'cola-330', style: 'quick' })
    pass(cabinet, 180)
    const second = cabinet.take({ shelf: 's3', sku: 'cola-330', style: 'quick' })
    pass(cabinet, 200)
    const after = mean(watch(cabinet, 's3', 2000))
    expect(before - after).toBeCloseTo(first.item.grams + second.item.grams, -1)
  })
  it('is impossible through a closed door, and says so', () => {
    expect(() => aCabinet().take({ shelf: 's3', sku: 'cola-330' })).toThrow(/door is closed/i)
  })
  it('that is not there names what is', () => {
    expect(() => openedCabinet().take({ shelf: 's3', sku: 'milk-250' })).toThrow(
      /there is coffee-latte|there is cola-330/,
    )
  })
})

describe('putting back', () => {
  it('brings the very same weight back, on its own shelf or on another', () => {
    const cabinet = openedCabinet()
    const before = { s3: mean(watch(cabinet, 's3', 3000)), s1: mean(watch(cabinet, 's1', 3000)) }
    const { item } = cabinet.take({ shelf: 's3', sku: 'cola-330' })
    pass(cabinet, 1000)
    cabinet.putBack({ shelf: 's1', itemId: item.itemId })
    pass(cabinet, 1500)
    expect(before.s3 - mean(watch(cabinet, 's3', 3000))).toBeCloseTo(item.grams, -0.5)
    expect(mean(watch(cabinet, 's1', 3000)) - before.s1).toBeCloseTo(item.grams, -0.5)
  })
})

describe('things that are not goods', () => {
  it('a lean comes and goes and leaves nothing', () => {
    const cabinet = openedCabinet()
    const before = mean(watch(cabinet, 's4', 3000))
    cabinet.lean({ shelf: 's4', grams: 1200, durationMs: 1500 })
    expect(Math.max(...watch(cabinet, 's4', 1500)) - before).toBeGreaterThan(900)
    pass(cabinet, 500)
    expect(Math.abs(mean(watch(cabinet, 's4', 3000)) - before)).toBeLessThan(1.5)
  })
  it('a slammed door rings on every shelf and dies away within three seconds', () => {
    const cabinet = openedCabinet()
    const before = deviation(watch(cabinet, 's1', 3000))
    cabinet.closeDoor()
    const ringing = deviation(watch(cabinet, 's1', 600))
    pass(cabinet, 3000)
    expect(ringing).toBeGreaterThan(2 * before)
    expect(deviation(watch(cabinet, 's1', 3000))).toBeLessThan(2 * before + 0.5)
  })
})

describe('a bad cell', () => {
  it('that is broken reports a fault and recovers', () => {
    const cabinet = aCabinet()
    cabinet.setCellFault('s2', 'fault')
    pass(cabinet, 200)
    expect(cabinet.scale('s2').status).toBe('fault')
    cabinet.setCellFault('s2', 'none')
    pass(cabinet, 200)
    expect(cabinet.scale('s2').status).toBe('ok')
  })
  it('that is stuck keeps its last value while goods leave', () => {
    const cabinet = openedCabinet()
    cabinet.setCellFault('s3', 'stuck')
    pass(cabinet, 200)
    const before = cabinet.scale('s3').grossGrams
    cabinet.take({ shelf: 's3', sku: 'cola-330' })
    pass(cabinet, 2000)
    expect(cabinet.scale('s3').grossGrams).toBe(before)
  })
  it('that drifts moves by more than ten grams in a minute', () => {
    const cabinet = aCabinet({ loadCell: CLEAN_WIRE })
    const before = mean(watch(cabinet, 's5', 2000))
    cabinet.setCellFault('s5', 'drift')
    pass(cabinet, 60_000)
    expect(mean(watch(cabinet, 's5', 2000)) - before).toBeGreaterThan(10)
  })
})

describe('a restart', () => {
  it('finds every thing where it lay, in the hand too, and the same cells', () => {
    const cabinet = openedCabinet()
    const { item } = cabinet.take({ shelf: 's3', sku: 'cola-330' })
    cabinet.addForeign({ shelf: 's1', grams: 187 })
    const again = aCabinet({ seed: 99, saved: JSON.parse(JSON.stringify(cabinet.save())) })
    const ids = (from: typeof cabinet) =>
      from.snapshot().shelves.map((shelf) => shelf.items.map((one) => one.itemId))
    expect(ids(again)).toEqual(ids(cabinet))
    expect(again.snapshot().hand).toEqual([item])
    expect(again.scale('s2').tareGrams).toBe(cabinet.scale('s2').tareGrams)
  })
})
