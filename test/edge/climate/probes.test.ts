import { describe, expect, it } from 'vitest'
import { createProbes, type ProbeChange, type ProbesLimits } from '#edge/climate/probes.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const limits: ProbesLimits = {
  lowest: -450,
  highest: 800,
  silentMs: MINUTE,
  stuckMs: 120 * MINUTE,
  jump: 120,
  jumpsMost: 4,
  jumpsWithinMs: 10 * MINUTE,
  apart: 50,
  apartMs: 10 * MINUTE,
}
interface Reading {
  air: number | null
  second?: number | null
  isCompressorOn?: boolean
  isDoorOpen?: boolean
}

/** Feeds one reading every two seconds. @returns the probes and every change with its second */
function feed(seconds: number, at: (second: number) => Reading) {
  const probes = createProbes(limits, 0, {})
  const changes: Array<ProbeChange & { second: number }> = []
  for (let second = 2; second <= seconds; second += 2) {
    const { air, second: secondAirDeciCelsius, isCompressorOn = false, isDoorOpen = false } = at(second)
    const sample = {
      atMonoMs: second * SECOND,
      airDeciCelsius: air,
      ...(secondAirDeciCelsius === undefined ? {} : { secondAirDeciCelsius }),
      evaporatorDeciCelsius: null,
      setpointDeciCelsius: 35,
      isCompressorOn,
      isDefrosting: false,
    }
    const made = [...probes.onSample(sample, isDoorOpen), ...probes.look(second * SECOND)]
    changes.push(...made.map((change) => ({ ...change, second })))
  }
  return { probes, changes }
}
/** Ten minutes on, ten minutes off: the air goes up and down by a degree. */
const cycling = (second: number) => ({
  isCompressorOn: Math.floor(second / 600) % 2 === 0,
  air: Math.round(40 + 10 * Math.sin((second * Math.PI) / 600)),
})

describe('a temperature probe', () => {
  it('that follows a working compressor is believed for a whole day', () => {
    const { probes, changes } = feed(24 * 3600, cycling)
    expect(changes).toEqual([])
    expect(probes.air).not.toBeNull()
  })
  it('with an open wire is silent after a minute, and sound with the first reading', () => {
    const { changes, probes } = feed(300, (second) => ({ air: second >= 100 && second < 250 ? null : 40 }))
    expect(changes).toMatchObject([
      { phase: 'began', probe: 'air', fault: 'silent', second: 158 },
      { phase: 'ended', probe: 'air', second: 250 },
    ])
    expect(probes.air).toBe(40)
  })
  it('with a shorted wire reads what no air has, and is not believed at once', () => {
    const { changes, probes } = feed(120, (second) => ({ air: second > 20 ? -550 : 40 }))
    expect(probes.air).toBeNull()
    expect(changes).toMatchObject([{ phase: 'began', fault: 'out-of-range' }])
  })
  it('that never moves while the compressor works is stuck after two hours', () => {
    const { changes, probes } = feed(7400, (second) => ({ ...cycling(second), air: 38 }))
    expect(changes).toMatchObject([{ phase: 'began', probe: 'air', fault: 'stuck', second: 7202 }])
    expect(probes.air).toBeNull()
  })
  it('that never moves because nothing moves the air is fine', () => {
    expect(feed(20_000, () => ({ air: 38 })).changes).toEqual([])
  })
  it('that is read several times a second is not believed sooner for it', () => {
    const probes = createProbes(limits, 0, {})
    const highest: Array<number | null> = []
    for (let atMonoMs = 200; atMonoMs <= 20_000; atMonoMs += 200) {
      const isFarOff = atMonoMs >= 10_000 && atMonoMs < 12_400
      probes.onSample(
        {
          atMonoMs,
          airDeciCelsius: isFarOff ? 300 : 40,
          evaporatorDeciCelsius: null,
          setpointDeciCelsius: 35,
          isCompressorOn: false,
          isDefrosting: false,
        },
        false,
      )
      highest.push(probes.air)
    }
    expect(Math.max(...highest.map((air) => air ?? 0))).toBe(40)
  })
  it('is forgiven a spike, of which nobody hears', () => {
    const { changes, probes } = feed(60, (second) => ({ air: second === 30 ? 400 : 40 }))
    expect(changes).toEqual([])
    expect(probes.air).toBe(40)
  })
  it('is believed at a new level when the next readings agree', () => {
    const { probes } = feed(60, (second) => ({ air: second < 30 ? 40 : 200 + (second % 4) }))
    expect(probes.air).toBeGreaterThanOrEqual(200)
  })
  it('with a loose contact is believed on neither level, not even before it counts as broken', () => {
    const loose = (second: number) => ({ air: second < 10 || second % 6 < 3 ? 40 : 300, second: 44 })
    const highest: Array<number | null> = []
    for (let seconds = 2; seconds <= 30; seconds += 2) highest.push(feed(seconds, loose).probes.air)
    expect(highest.every((air) => air === 44)).toBe(true)
    expect(feed(22, (second) => ({ air: loose(second).air })).probes.air).toBeNull()
  })
  it('that jumps to and fro is not believed until it has been quiet for ten minutes', () => {
    const jumping = (second: number) => ({ air: second < 60 && second % 4 === 0 ? 300 : 40 })
    expect(feed(60, jumping).probes.air).toBeNull()
    const { changes } = feed(800, jumping)
    expect(changes.map(({ phase, fault }) => [phase, fault])).toEqual([
      ['began', 'jumping'],
      ['ended', 'jumping'],
    ])
  })
})

describe('two temperature probes', () => {
  it('count as the warmer of the two', () => {
    expect(feed(10, () => ({ air: 35, second: 44 })).probes.air).toBe(44)
  })
  it('stand in for each other, and the broken one is named', () => {
    const { probes, changes } = feed(200, () => ({ air: null, second: 44 }))
    expect(probes.air).toBe(44)
    expect(changes).toMatchObject([{ phase: 'began', probe: 'air', fault: 'silent' }])
  })
  it('that are far apart for ten minutes disagree, and the warmer still counts', () => {
    const { probes, changes } = feed(700, () => ({ air: -50, second: 44 }))
    expect(changes).toMatchObject([{ phase: 'began', probe: 'pair', fault: 'disagree', second: 602 }])
    expect(probes.air).toBe(44)
  })
})

describe('after a restart', () => {
  it('a fault that was told ends only with a reading that shows it', () => {
    const probes = createProbes(limits, 0, { air: 'silent' })
    expect(probes.look(1000)).toEqual([])
    const sample = {
      airDeciCelsius: 40,
      evaporatorDeciCelsius: null,
      setpointDeciCelsius: null,
      isCompressorOn: null,
      isDefrosting: null,
    }
    expect(probes.onSample({ ...sample, atMonoMs: 2000 }, false)).toEqual([
      { phase: 'ended', probe: 'air', fault: 'silent' },
    ])
  })
})
