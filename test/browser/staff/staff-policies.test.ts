import { describe, expect, it } from 'vitest'
import { formOf, fromField, isSame, toField } from '#console/data/staff-policies.ts'

const limit = (unit: 'ratio' | 'fen' | 'ms' | 'days' | 'count', configured: number) => ({ unit, configured })

describe('a limit in a form', () => {
  it.each([
    [limit('ratio', 0.97), 'percent', 0.985, 98.5],
    [limit('fen', 3000), 'yuan', 3050, 30.5],
    [limit('ms', 86_400_000), 'hours', 43_200_000, 12],
    [limit('ms', 1_800_000), 'minutes', 5_400_000, 90],
    [limit('ms', 1500), 'seconds', 1500, 1.5],
    [limit('ms', 604_800_000), 'days', 86_400_000, 1],
    [limit('count', 5), 'count', 3, 3],
    [limit('days', 30), 'count', 14, 14],
  ] as const)('%o is read in %s and comes back as it was', (one, form, value, shown) => {
    expect(formOf(one)).toBe(form)
    expect(toField(one, value)).toBe(shown)
    expect(fromField(one, String(shown))).toBe(value)
  })
  it('a field that holds no number means nothing', () => {
    expect(fromField(limit('fen', 3000), '')).toBeUndefined()
    expect(fromField(limit('fen', 3000), '3o')).toBeUndefined()
  })
  it('two drafts are the same when every limit is', () => {
    expect(isSame({ a: 1 }, { a: 1 })).toBe(true)
    expect(isSame({ a: 1 }, { a: 1, b: 2 })).toBe(false)
  })
})
