import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { phraseOf, piecesOf, wordsOf } from '#core/support/search-words.ts'

const shown = (text: string, question: string) =>
  piecesOf(text, wordsOf(question))
    .map(({ text: piece, isHit }) => (isHit ? `[${piece}]` : piece))
    .join('')

describe('a question in words', () => {
  it('is taken word by word, each once, and what stands in quotation marks together', () => {
    expect(wordsOf('  late  charge late ')).toEqual(['late', 'charge'])
    expect(wordsOf('door "left open" “扣了 两次”')).toEqual(['door', 'left open', '扣了 两次'])
    expect(wordsOf('"left open')).toEqual(['left', 'open'])
  })
  it('gives no sign a meaning that the reader did not give it', () => {
    expect(wordsOf('a* -b AND (c) NEAR/2 col:x ^d').map(phraseOf).join(' ')).toBe(
      '"a*" "-b" "AND" "(c)" "NEAR/2" "col:x" "^d"',
    )
    expect(phraseOf('5" screen')).toBe('"5"" screen"')
  })
  it('has an end, however much was pasted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (question) => {
        expect(wordsOf(question).length).toBeLessThanOrEqual(8)
      }),
    )
  })
})

describe('the piece of a text that is shown', () => {
  it('says where each word stands, in whatever letters it was written', () => {
    expect(shown('The Yogurt was sour, yogurt again', 'YOGURT')).toBe('The [Yogurt] was sour, [yogurt] again')
    expect(shown('İstanbul kebap', 'kebap')).toBe('İstanbul [kebap]')
  })
  it('begins shortly before the first of them, and says that it was cut', () => {
    const piece = shown(`${'before '.repeat(30)}here ${'after '.repeat(30)}`, 'here')
    expect(piece).toMatch(/^….*\[here\].*…$/)
    expect(piece.length).toBeLessThan(110)
  })
  it('is a stretch of the text, whatever is looked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.array(fc.string({ minLength: 1 })),
        (text, words) => {
          const joined = piecesOf(text, words)
            .map((piece) => piece.text)
            .join('')
          expect(joined.length).toBeLessThanOrEqual(98)
          expect(joined.isWellFormed()).toBe(true)
          expect(text.replaceAll(/\p{Cc}+/gu, ' ')).toContain(joined.replace(/^…/, '').replace(/…$/, ''))
        },
      ),
    )
  })
})
