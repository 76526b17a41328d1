import { describe, expect, it } from 'vitest'
import {
  decideReturnedLater,
  type Purchase,
  type ReturnedLaterDecision,
  type ReturnedLaterInputs,
} from '#core/anomalies/returned-later.ts'

const MINUTE = 60_000
const NOW = 1_800_000_000_000
const limits = {
  returnedLaterProbability: 0.97,
  returnWindowMs: 24 * 60 * MINUTE,
  returnPerishableMs: 30 * MINUTE,
}

/** Two bottles of tea for ¥10.00, paid ten minutes ago, unless said otherwise. */
function purchase(change: Partial<Purchase> = {}): Purchase {
  return {
    orderId: 'or1',
    lineId: 'li1',
    sku: 'tea',
    quantity: 2,
    leftQuantity: 2,
    amountFen: 1000,
    leftFen: 1000,
    money: 'paid',
    closedAtMs: NOW - 10 * MINUTE,
    operator: 'op',
    isPerishable: false,
    ...change,
  }
}
const broughtIn = (sku: string, quantity = 1) => ({ sku, quantity: -quantity })
function decide(change: Partial<ReturnedLaterInputs> = {}): ReturnedLaterDecision {
  return decideReturnedLater(
    {
      closedAtMs: NOW,
      cabinetId: 'cab-001',
      operator: 'op',
      wasCameraBlocked: false,
      reasons: ['brought_in'],
      readings: [
        { lines: [broughtIn('tea')], probability: 0.945 },
        { lines: [], probability: 0.055 },
      ],
      purchases: [purchase()],
      ...change,
    },
    limits,
  )
}

describe('goods that this consumer had bought are brought back', () => {
  it('gives back what was paid for just those pieces', () => {
    expect(decide()).toMatchObject({
      outcome: 'refund',
      reason: null,
      isExplained: true,
      lines: [{ orderId: 'or1', lineId: 'li1', sku: 'tea', quantity: 1, amountFen: 500 }],
    })
  })
  it('believes a weight more when its owner comes back with it: 94.5 % for anybody is 99.9 % for the buyer', () => {
    expect(decide().probability).toBeGreaterThan(0.998)
  })
  it('gives the rest of the line with its last piece, so that all parts are the line', () => {
    const [line] = decide({ purchases: [purchase({ quantity: 3, leftQuantity: 1, leftFen: 334 })] }).lines
    expect(line?.amountFen).toBe(334)
  })
  it('takes the newest purchase first, and goes on with the one before', () => {
    const decision = decide({
      readings: [{ lines: [broughtIn('tea', 2)], probability: 0.99 }],
      purchases: [
        purchase({ orderId: 'new', lineId: 'a', leftQuantity: 1, leftFen: 400, quantity: 1, amountFen: 400 }),
        purchase({ orderId: 'old', lineId: 'b' }),
      ],
    })
    expect(decision.lines.map(({ orderId, quantity }) => [orderId, quantity])).toEqual([
      ['new', 1],
      ['old', 1],
    ])
  })
  it('asks for less when the money was not taken yet', () => {
    expect(decide({ purchases: [purchase({ money: 'owed' })] })).toMatchObject({
      outcome: 'refund',
      lines: [{ money: 'owed' }],
    })
  })
  it('finds out by the purchase what the scales could not tell', () => {
    const decision = decide({
      readings: [
        { lines: [], probability: 0.55 },
        { lines: [broughtIn('tea')], probability: 0.45 },
      ],
    })
    expect(decision).toMatchObject({ outcome: 'refund', cameIn: [{ sku: 'tea', quantity: 1 }] })
  })
  it('tells what came in from what was taken on the same visit', () => {
    const decision = decide({
      readings: [{ lines: [broughtIn('tea'), { sku: 'cola', quantity: 2 }], probability: 0.98 }],
    })
    expect(decision.cameIn).toEqual([{ sku: 'tea', quantity: 1 }])
    expect(decision.lines.map(({ sku }) => sku)).toEqual(['tea'])
  })
})

describe('goods that somebody else had bought', () => {
  it('are never refunded to the one who brings them', () => {
    const decision = decide({ purchases: [] })
    expect(decision).toMatchObject({ outcome: 'look', reason: 'not_theirs', lines: [], isExplained: false })
  })
  it('more pieces than this consumer had bought are not theirs, none of them', () => {
    expect(decide({ readings: [{ lines: [broughtIn('tea', 3)], probability: 1 }] })).toMatchObject({
      outcome: 'look',
      reason: 'not_theirs',
      lines: [],
    })
  })
  it('another product than they had bought is not theirs', () => {
    expect(decide({ readings: [{ lines: [broughtIn('water')], probability: 1 }] }).reason).toBe('not_theirs')
  })
})

describe('a person looks before money goes back', () => {
  it.each([
    [
      'when the scales are too unsure',
      { readings: [{ lines: [broughtIn('tea')], probability: 0.3 }] },
      'unsure',
    ],
    ['when the camera was covered', { wasCameraBlocked: true }, 'camera_blocked'],
    [
      'when the package came back lighter',
      { reasons: ['brought_in', 'opened_package_returned'] },
      'doubtful',
    ],
    ['when a scale was faulty', { reasons: ['sensor_fault'] }, 'doubtful'],
    [
      'when it is later than the window',
      { purchases: [purchase({ closedAtMs: NOW - 25 * 60 * MINUTE })] },
      'too_late',
    ],
    [
      'when chilled food was out for longer than it may be',
      { purchases: [purchase({ isPerishable: true, closedAtMs: NOW - 31 * MINUTE })] },
      'too_late',
    ],
    [
      'when it was bought from another operator',
      { purchases: [purchase({ operator: 'other' })] },
      'other_operator',
    ],
    [
      'when a person decides about the purchase already',
      { purchases: [purchase({ money: 'open' })] },
      'order_open',
    ],
  ] satisfies Array<[string, Partial<ReturnedLaterInputs>, string]>)('%s', (_when, change, reason) => {
    expect(decide(change)).toMatchObject({ outcome: 'look', reason })
  })
})

describe('food that was out of the cold for too long', () => {
  it('is not sold again, whoever looks', () => {
    const purchases = [purchase({ isPerishable: true, closedAtMs: NOW - 45 * MINUTE })]
    expect(decide({ purchases }).spoiled).toEqual([{ sku: 'tea', quantity: 1 }])
  })
  it('within its time it is sold again and refunded', () => {
    const purchases = [purchase({ isPerishable: true, closedAtMs: NOW - 5 * MINUTE })]
    expect(decide({ purchases })).toMatchObject({ outcome: 'refund', spoiled: [] })
  })
})

describe('nothing came in', () => {
  it('there is nothing to decide', () => {
    expect(
      decide({ readings: [{ lines: [{ sku: 'cola', quantity: 1 }], probability: 0.99 }] }),
    ).toMatchObject({
      outcome: 'nothing',
      cameIn: [],
    })
  })
})
