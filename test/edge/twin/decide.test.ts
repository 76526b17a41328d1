import { describe, expect, it } from 'vitest'
import { decideTwin, isNews } from '#edge/twin/decide.ts'
import type { Twin } from '#protocol/messages/frames.ts'

const cola = { sku: 'cola', unitGrams: 343, sigmaGrams: 3, priceFen: 350, stock: 5 }
const planogram = (version: number, ...shelves: string[]): NonNullable<Twin['planogram']> => ({
  version,
  shelves: shelves.map((id) => ({ id, products: [cola] })),
})
const document: Twin = {
  v: 1,
  twinEpoch: 'core-1',
  version: 5,
  setpointDeciCelsius: 30,
  setpointRange: { lowest: 0, highest: 40 },
  lockout: {
    isEnabled: true,
    limitDeciCelsius: 50,
    afterMs: 900_000,
    afterDoorCloseMs: 1_800_000,
    afterDefrostMs: 1_800_000,
  },
  planogram: planogram(1, 's1'),
  sessionPolicy: {
    notOpenedMs: 15_000,
    leftOpenWarningMs: 60_000,
    leftOpenAlarmMs: 180_000,
    reopenGraceMs: 0,
  },
  isOutOfService: false,
}
const limits = { shelves: new Set(['s1', 's2']) }
const answerOf = (given: Twin, part: string, before?: Twin) =>
  decideTwin(before, given, limits).parts.find((one) => one.part === part)

describe('a desired document', () => {
  it.each([
    ['the first one', undefined, document, true],
    ['a later one', document, { ...document, version: 6 }, true],
    ['an older one, held up on the way', document, { ...document, version: 4 }, false],
    ['the same again', document, { ...document }, false],
    [
      'the same number with other contents, from a restored core',
      document,
      { ...document, isOutOfService: true },
      true,
    ],
    ['an older number from another core', document, { ...document, twinEpoch: 'core-2', version: 1 }, true],
  ])('%s', (_what, known, given, isTaken) => {
    expect(isNews(known, given)).toBe(isTaken)
  })
  it('that can be followed is followed whole, and every part is answered', () => {
    const { effective, parts } = decideTwin(undefined, document, limits)
    expect(effective).toEqual(document)
    expect(parts.map(({ part, status }) => [part, status])).toEqual([
      ['lockout', 'applied'],
      ['planogram', 'applied'],
      ['hours', 'applied'],
      ['camera', 'applied'],
      ['service', 'applied'],
    ])
  })
  it('with goods on a shelf without a scale keeps the planogram before, and says which shelf', () => {
    const given = { ...document, version: 6, planogram: planogram(2, 's1', 's9') }
    expect(decideTwin(document, given, limits).effective.planogram).toEqual(document.planogram)
    expect(answerOf(given, 'planogram', document)).toMatchObject({
      status: 'rejected',
      reason: 'planogram_unfit',
      value: 1,
      detail: expect.stringContaining('s9') as string,
    })
    expect(decideTwin(undefined, given, limits).effective.planogram).toBeNull()
  })
  it('with hours of a time zone that nobody knows keeps those before', () => {
    const hours = { timeZone: 'Asia/Shanghai', intervals: [{ days: [1], fromMinute: 0, toMinute: 60 }] }
    const before = { ...document, sellingHours: hours }
    const given = { ...document, version: 6, sellingHours: { ...hours, timeZone: 'Mars/Olympus' } }
    expect(decideTwin(before, given, limits).effective.sellingHours).toEqual(hours)
    expect(answerOf(given, 'hours', before)).toMatchObject({ status: 'rejected', reason: 'hours_invalid' })
  })
  it('with a food-safety limit that is too loose is brought to the loosest that is safe', () => {
    const given = {
      ...document,
      lockout: {
        ...document.lockout,
        limitDeciCelsius: 150,
        afterMs: 24 * 3_600_000,
        totalMs: 24 * 3_600_000,
        totalWindowMs: 1000,
        unseenMs: 48 * 3_600_000,
      },
    }
    expect(decideTwin(undefined, given, limits).effective.lockout).toMatchObject({
      totalMs: 4 * 3_600_000,
      totalWindowMs: 4 * 3_600_000,
      unseenMs: 24 * 3_600_000,
      limitDeciCelsius: 100,
      afterMs: 4 * 3_600_000,
    })
    expect(answerOf(given, 'lockout')).toMatchObject({ status: 'overridden', reason: 'limit_unsafe' })
  })
})
