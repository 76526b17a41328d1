import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffLines } from '#console/data/staff-diff.ts'

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 })
  .map((lines) => lines.join('\n'))
const kept = (lines: ReturnType<typeof diffLines>, without: 'added' | 'removed') =>
  lines
    .filter(({ kind }) => kind !== without)
    .map((line) => line.text)
    .join('\n')

describe('two versions of a text side by side', () => {
  it('show the line that changed, and leave the others alone', () => {
    expect(
      diffLines('one\ntwo\nthree', 'one\n2\nthree').map(({ kind, text: line }) => `${kind} ${line}`),
    ).toEqual(['same one', 'removed two', 'added 2', 'same three'])
  })
  it('give back both texts, whatever changed', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after)
        expect([kept(lines, 'added'), kept(lines, 'removed')]).toEqual([before, after])
      }),
    )
  })
  it('find nothing between a text and itself', () => {
    fc.assert(fc.property(text, (one) => diffLines(one, one).every(({ kind }) => kind === 'same')))
  })
})
