import { describe, expect, it } from 'vitest'
import { restUntilMs } from '#core/staff/guesses.ts'

const LIMITS = { guessesMost: 8, guessLockMs: 60_000, guessLockLongestMs: 900_000 }

describe('wrong passwords in a row', () => {
  it.each([
    [1, null],
    [7, null],
    [8, 60_000],
    [9, 120_000],
    [11, 480_000],
    [12, 900_000],
    [4000, 900_000],
  ])('%i of them make the account rest for %s ms', (failures, restMs) => {
    expect(restUntilMs(failures, 1000, LIMITS)).toBe(restMs === null ? null : 1000 + restMs)
  })
})
