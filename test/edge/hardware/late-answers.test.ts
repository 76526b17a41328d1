import { beforeEach, describe, expect, it } from 'vitest'
import { createLateAnswers, type LateAnswers } from '#edge/hardware/late-answers.ts'

const UNIT = 1
const TIMEOUT_MS = 100

describe('answers that may still come', () => {
  let nowMs = 0
  let late: LateAnswers
  beforeEach(() => {
    nowMs = 1000
    late = createLateAnswers({ monoMs: () => nowMs })
  })
  const giveUp = () => late.givenUp(UNIT, nowMs - TIMEOUT_MS, TIMEOUT_MS)

  it('hold up nobody who was always answered, nor another device', () => {
    expect(late.pauseMs(UNIT)).toBe(0)
    giveUp()
    expect(late.pauseMs(2)).toBe(0)
  })
  it('are waited for until they came, or until they will not come any more', () => {
    giveUp()
    giveUp()
    expect(late.pauseMs(UNIT)).toBe(360)
    late.heard(UNIT)
    expect(late.pauseMs(UNIT)).toBe(360)
    late.heard(UNIT)
    expect(late.pauseMs(UNIT)).toBe(0)
    giveUp()
    nowMs += 360
    expect(late.pauseMs(UNIT)).toBe(0)
  })
  it('are waited for longer from a device that has been late, until it is quick again', () => {
    giveUp()
    nowMs += 300
    late.heard(UNIT)
    giveUp()
    expect(late.pauseMs(UNIT)).toBe(2 * (TIMEOUT_MS + 300) - TIMEOUT_MS)
    late.heard(UNIT)
    late.inTime(UNIT)
    giveUp()
    expect(late.pauseMs(UNIT)).toBe(360)
  })
})
