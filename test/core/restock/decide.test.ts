import { describe, expect, it } from 'vitest'
import type { VisitLine } from '#protocol/api/restock.ts'
import {
  type Batch,
  decideBatchesLeft,
  decideDifferences,
  decideEffects,
  findLineProblem,
} from '#core/restock/decide.ts'
import { dateAt, endOfDate } from '#core/restock/local-date.ts'

const line = (about: Partial<VisitLine>): VisitLine => ({
  shelf: 's1',
  sku: 'cola',
  action: 'put_in',
  quantity: 1,
  ...about,
})
const stock = [{ shelf: 's1', sku: 'cola', quantity: 4 }]
const units: Record<string, { unitGrams: number; sigmaGrams: number }> = {
  cola: { unitGrams: 350, sigmaGrams: 1.5 },
  gum: { unitGrams: 14, sigmaGrams: 0.3 },
}
const differences = (lines: VisitLine[], deltaGrams: number | null, skus = ['cola']) =>
  decideDifferences(
    lines,
    [{ shelf: 's1', deltaGrams, sigmaGrams: 1 }],
    (sku) => units[sku],
    () => skus,
  )[0]

describe('what the lines of a visit do to stock', () => {
  it.each<[string, VisitLine[], Array<[number, string]>]>([
    ['goods that come in', [line({ quantity: 6 })], [[6, 'restock']]],
    [
      'goods that are thrown away',
      [line({ action: 'taken_out', quantity: 2, reason: 'expired' })],
      [[-2, 'spoilage']],
    ],
    [
      'goods that are put elsewhere are not lost',
      [line({ action: 'taken_out', quantity: 2, reason: 'moved' })],
      [[-2, 'count']],
    ],
    ['a count that finds less', [line({ action: 'counted', quantity: 3 })], [[-1, 'count']]],
    ['a count that agrees', [line({ action: 'counted', quantity: 4 })], [[0, 'count']]],
    [
      'a count after goods came in counts those too',
      [line({ quantity: 6 }), line({ action: 'counted', quantity: 9 })],
      [
        [6, 'restock'],
        [-1, 'count'],
      ],
    ],
    [
      'a product that nobody thought was there',
      [line({ sku: 'gum', action: 'counted', quantity: 2 })],
      [[2, 'count']],
    ],
  ])('%s', (_what, lines, effects) => {
    expect(decideEffects(lines, stock).map(({ quantity, kind }) => [quantity, kind])).toEqual(effects)
  })
})

describe('what the scales say beside the lines', () => {
  it.each<[string, VisitLine[], number | null, object]>([
    ['agree', [line({ quantity: 6 })], 2103, { isOff: false, differenceGrams: 3 }],
    ['one piece too few', [line({ quantity: 6 })], 1750, { isOff: true, differenceGrams: -350, pieces: -1 }],
    ['nothing said, two pieces gone', [], -700, { isOff: true, pieces: -2 }],
    ['a count moves nothing', [line({ action: 'counted', quantity: 3 })], 4, { isOff: false }],
    ['drift in a long visit is no piece', [], 7, { isOff: false }],
    ['many pieces vary more than one does', [line({ quantity: 24 })], 24 * 350 + 60, { isOff: false }],
    [
      'a scale that is silent accuses nobody',
      [line({ quantity: 6 })],
      null,
      { isOff: false, differenceGrams: null },
    ],
  ])('%s', (_what, lines, deltaGrams, expected) => {
    expect(differences(lines, deltaGrams)).toMatchObject(expected)
  })
  it('a shelf of several products says how much, not how many', () => {
    expect(differences([], -350, ['cola', 'gum'])).toMatchObject({ isOff: true, pieces: null })
  })
})

describe('a line that cannot be right', () => {
  const facts = {
    isPlanned: true,
    needsDate: true,
    isBlocked: false,
    today: '2026-11-22',
    kind: 'restock' as const,
  }
  it.each<[string, VisitLine, Partial<typeof facts>, RegExp | undefined]>([
    ['fresh goods with their date', line({ expiresOn: '2026-11-25' }), {}, undefined],
    ['on their last day', line({ expiresOn: '2026-11-22' }), {}, undefined],
    ['a day later', line({ expiresOn: '2026-11-21' }), {}, /is over/],
    ['fresh goods without a date', line({}), {}, /need the last day/],
    ['water without a date', line({}), { needsDate: false }, undefined],
    ['a day that no year has', line({ expiresOn: '2026-11-31' }), {}, /there is no day/],
    ['where the planogram has no place', line({ expiresOn: '2026-12-01' }), { isPlanned: false }, /no place/],
    [
      'expired goods may always leave',
      line({ action: 'taken_out', expiresOn: '2026-11-01', reason: 'expired' }),
      { isPlanned: false },
      undefined,
    ],
    ['of a blocked batch', line({ expiresOn: '2026-11-25' }), { isBlocked: true }, /batch is blocked/],
    [
      'goods of a blocked batch may leave',
      line({ action: 'taken_out', reason: 'recalled' }),
      { isBlocked: true },
      undefined,
    ],
    ['taken out for no reason', line({ action: 'taken_out' }), {}, /say why/],
    ['none put in', line({ quantity: 0, expiresOn: '2026-12-01' }), {}, /how many/],
    ['none counted', line({ action: 'counted', quantity: 0 }), {}, undefined],
  ])('%s', (_what, given, changes, problem) => {
    const found = findLineProblem(given, { ...facts, ...changes })
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(problem)
  })
})

describe('which batch is left', () => {
  const batch = (name: string, day: number | null, quantity: number): Batch => ({
    shelf: 's1',
    sku: 'cola',
    batch: name,
    expiresOn: day === null ? null : `2026-12-${String(day).padStart(2, '0')}`,
    expiresAtMs: day,
    quantity,
  })
  it.each<[string, Batch[], number, Array<[string | null, number, number]>]>([
    [
      'nothing sold',
      [batch('a', 1, 4), batch('b', 9, 6)],
      10,
      [
        ['a', 4, 4],
        ['b', 6, 6],
      ],
    ],
    [
      'the oldest are sold first; they could still be there',
      [batch('a', 1, 4), batch('b', 9, 6)],
      7,
      [
        ['a', 1, 4],
        ['b', 6, 6],
      ],
    ],
    [
      'the oldest are gone',
      [batch('a', 1, 4), batch('b', 9, 6)],
      5,
      [
        ['a', 0, 4],
        ['b', 5, 5],
      ],
    ],
    ['sold out', [batch('a', 1, 4)], 0, []],
    ['more taken than was ever there', [batch('a', 1, 4)], -2, []],
    ['taken out again', [batch('a', 1, 0), batch('b', 9, 6)], 6, [['b', 6, 6]]],
    [
      'goods without a date do not make dated ones older',
      [batch('a', 1, 4), batch('none', null, 6)],
      6,
      [
        ['a', 0, 4],
        ['none', 6, 6],
      ],
    ],
  ])('%s', (_what, batches, quantity, left) => {
    const found = decideBatchesLeft(batches, [{ shelf: 's1', sku: 'cola', quantity }])
    expect(found.map((one) => [one.batch, one.left, one.leftMost])).toEqual(left)
  })
})

describe('the end of a day at a cabinet', () => {
  it.each([
    ['Asia/Shanghai', '2026-11-22', '2026-11-22T16:00:00.000Z'],
    ['UTC', '2026-12-31', '2027-01-01T00:00:00.000Z'],
    ['America/New_York', '2026-11-01', '2026-11-02T05:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-11-22', '2026-11-22T10:00:00.000Z'],
    ['Pacific/Pago_Pago', '2026-11-22', '2026-11-23T11:00:00.000Z'],
  ])('%s, %s', (timeZone, date, end) => {
    const endMs = endOfDate(date, timeZone)
    expect(new Date(endMs).toISOString()).toBe(end)
    expect([dateAt(endMs - 1, timeZone) === date, dateAt(endMs, timeZone) > date]).toEqual([true, true])
  })
})
