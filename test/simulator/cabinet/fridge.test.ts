import { describe, expect, it } from 'vitest'
import { createFridge, FRIDGE } from '#simulator/cabinet/fridge.ts'

const CLOSED = { isDoorOpen: false, isMainsOn: true }
const MINUTE_MS = 60_000

describe('a fridge with its door closed', () => {
  it('keeps the air around the setpoint for a whole day', () => {
    const fridge = createFridge({ setpointDeciCelsius: 40 })
    let warmest = 0
    let coldest = 100
    for (let minute = 0; minute < 24 * 60; minute++) {
      fridge.step(MINUTE_MS, CLOSED)
      warmest = Math.max(warmest, fridge.airDeciCelsius)
      coldest = Math.min(coldest, fridge.airDeciCelsius)
    }
    expect(warmest).toBeLessThan(60)
    expect(coldest).toBeGreaterThan(20)
  })
  it('never starts the compressor within five minutes of its stop', () => {
    const fridge = createFridge({ setpointDeciCelsius: 40, ambientDeciCelsius: 320 })
    let stoppedForMs = Number.POSITIVE_INFINITY
    let starts = 0
    let wasOn = false
    for (let i = 0; i < 6 * 3600; i++) {
      fridge.step(1000, CLOSED)
      if (fridge.isCompressorOn && !wasOn) {
        starts++
        expect(stoppedForMs).toBeGreaterThanOrEqual(FRIDGE.minOffMs - 1000)
      }
      stoppedForMs = fridge.isCompressorOn ? 0 : stoppedForMs + 1000
      wasOn = fridge.isCompressorOn
    }
    expect(starts).toBeGreaterThan(1)
  })
})

describe('a door that stands open', () => {
  it('warms the air by more than a degree in a minute, and the goods hardly', () => {
    const fridge = createFridge({ setpointDeciCelsius: 40 })
    fridge.step(MINUTE_MS, { isDoorOpen: true, isMainsOn: true })
    expect(fridge.airDeciCelsius).toBeGreaterThan(50)
    expect(fridge.goodsDeciCelsius).toBeLessThan(45)
  })
})

describe('a power cut', () => {
  it('lets it get warm, and the compressor waits two minutes after the power is back', () => {
    const fridge = createFridge({ setpointDeciCelsius: 40 })
    for (let i = 0; i < 180; i++) fridge.step(MINUTE_MS, { isDoorOpen: false, isMainsOn: false })
    expect(fridge.airDeciCelsius).toBeGreaterThan(60)
    fridge.step(FRIDGE.powerOnDelayMs - 1000, CLOSED)
    expect(fridge.isCompressorOn).toBe(false)
    fridge.step(5000, CLOSED)
    expect(fridge.isCompressorOn).toBe(true)
  })
})

describe('a probe that is broken', () => {
  it('stops the compressor: nobody cools blindly', () => {
    const fridge = createFridge({ setpointDeciCelsius: 40 })
    fridge.setAir(90)
    fridge.step(3 * MINUTE_MS, CLOSED)
    expect(fridge.isCompressorOn).toBe(true)
    fridge.setProbe('fault')
    fridge.step(1000, CLOSED)
    expect(fridge.isCompressorOn).toBe(false)
  })
})

describe('a setpoint', () => {
  it('outside the range of the board is refused and changes nothing', () => {
    const fridge = createFridge({ setpointDeciCelsius: 40 })
    expect(fridge.setSetpoint(FRIDGE.setpointHighestDeciCelsius + 1)).toBe(false)
    expect(fridge.setSetpoint(FRIDGE.setpointLowestDeciCelsius - 1)).toBe(false)
    expect(fridge.setpointDeciCelsius).toBe(40)
  })
})
