import { generateSync } from 'otplib'
import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '#protocol/base/random.ts'
import {
  isRecoveryCode,
  makeRecoveryCodes,
  makeSecret,
  setupOf,
  stepOfCode,
} from '#core/staff/second-factor.ts'

/** RFC 6238, appendix B: the secret of its SHA-1 rows, in base 32; the codes are the last six of its eight figures. */
const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const PUBLISHED: Array<[seconds: number, code: string]> = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
]
const AT = 1_700_000_000
const codeAt = (seconds: number) => generateSync({ secret: RFC_SECRET, epoch: seconds })

describe('a code of an authenticator app', () => {
  it.each(PUBLISHED)('of second %i is taken as published', (seconds, code) => {
    expect(stepOfCode(RFC_SECRET, code, seconds * 1000, 0)).toBe(Math.floor(seconds / 30))
  })
  it.each([
    ['of the step before', -30, true],
    ['of the step after', 30, true],
    ['two steps old', -60, false],
    ['of two steps ahead', 60, false],
  ])('%s', (_, offSeconds, isTaken) => {
    expect(stepOfCode(RFC_SECRET, codeAt(AT + offSeconds), AT * 1000, 0) !== undefined).toBe(isTaken)
  })
  it('works once, and an older one not after it', () => {
    const step = stepOfCode(RFC_SECRET, codeAt(AT), AT * 1000, 0) as number
    expect(stepOfCode(RFC_SECRET, codeAt(AT), AT * 1000, step)).toBeUndefined()
    expect(stepOfCode(RFC_SECRET, codeAt(AT - 30), AT * 1000, step)).toBeUndefined()
    expect(stepOfCode(RFC_SECRET, codeAt(AT + 30), (AT + 30) * 1000, step)).toBe(step + 1)
  })
  it('is not taken while the clock of the core stands before the last one that was', () => {
    expect(stepOfCode(RFC_SECRET, codeAt(AT), AT * 1000, Math.floor(AT / 30) + 1000)).toBeUndefined()
  })
})

describe('setting up', () => {
  const random = createSeededRandom(7)
  it('gives a secret of 160 bits, and an address and a picture that an app reads', () => {
    const setup = setupOf('lead', makeSecret(random))
    expect(setup.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(setup.uri).toBe(`otpauth://totp/Cabinets:lead?secret=${setup.secret}&issuer=Cabinets`)
    expect(setup.qr.width).toBeGreaterThan(30)
    expect(
      stepOfCode(setup.secret, generateSync({ secret: setup.secret, epoch: AT }), AT * 1000, 0),
    ).toBeDefined()
  })
  it('fits the longest name into the picture', () => {
    expect(() => setupOf('n'.repeat(64), makeSecret(random))).not.toThrow()
  })
  it('gives ten recovery codes, all different, that are told from the codes of an app', () => {
    const codes = makeRecoveryCodes(random)
    expect([codes.length, new Set(codes).size]).toEqual([10, 10])
    expect(codes.every(isRecoveryCode)).toBe(true)
    expect(isRecoveryCode('287082')).toBe(false)
  })
})
