import { describe, expect, it } from 'vitest'
import { en } from '#core/pages/words/en.ts'
import { zh } from '#core/pages/words/zh.ts'
import { ERRORS, type ErrorCode } from '#protocol/base/errors.ts'
import { errorText } from '#protocol/words/errors.ts'

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort()
}

describe('the two languages of the consumer pages', () => {
  it('fill in the same facts in every text', () => {
    const keys = Object.keys(en) as (keyof typeof en)[]
    const different = keys.filter((key) => placeholders(en[key]).join() !== placeholders(zh[key]).join())
    expect(different).toEqual([])
  })
  it('have words for every code of the error catalogue', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { meaning, remedy } = errorText('zh', code)
      expect(`${code}: ${meaning}${remedy}`).toMatch(/[\u4e00-\u9fff]/)
    }
  })
})
