import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeText, groupedCode, parseEnrolmentCode, plainCode } from '#protocol/base/codes.ts'

describe('a code that people read and type', () => {
  it.each([
    ['0OIL-1ABC', '0011' + '1ABC'],
    ['  ab cd-ef  ', 'ABCDEF'],
  ])('%s is %s', (typed, plain) => expect(plainCode(typed)).toBe(plain))
  it('carries five bits a letter and no letter that looks like another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 40 }), (bytes) => {
        const text = codeText(bytes)
        expect(text).toHaveLength(Math.floor((bytes.length * 8) / 5))
        expect(text).toMatch(/^[0-9A-HJKMNP-TV-Z]*$/)
      }),
    )
  })
  it('is found again however it was grouped', () => {
    const whole = '1HNZ48J2EYEF1QEG1CPQNXF70ERS'
    expect(parseEnrolmentCode(groupedCode(whole))).toEqual({
      handle: '1HNZ',
      secret: '48J2EYEF',
      fingerprint: '1QEG1CPQNXF70ERS',
    })
    expect(parseEnrolmentCode('1HNZ-48J2-EYEF')?.fingerprint).toBe('')
  })
  it.each(['', 'ABCD', '1HNZ-48J2-EYEF-1', '1HNZ-48J2-EYE!', 'let-me-in'])('%s is none', (text) => {
    expect(parseEnrolmentCode(text)).toBeUndefined()
  })
})
