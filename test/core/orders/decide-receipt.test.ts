import { describe, expect, it } from 'vitest'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { decideReceipt, type ReceiptDecision } from '#core/orders/decide.ts'

const policy = { clearProbability: 0.97, blockedCameraProbability: 0.99, cheapestMixFen: 100, capFen: 20_000 }
const prices = new Map([
  ['cola', 350],
  ['tea', 350],
  ['juice', 420],
  ['wine', 9_900],
])
type Receipt = SessionReconciled['receipt']

/** A receipt of one cola that is sure, unless said otherwise. */
function receipt(change: Partial<Receipt> = {}): Receipt {
  return {
    engineVersion: 'weighing-1',
    lines: [{ sku: 'cola', quantity: 1, probability: 0.999 }],
    probability: 0.999,
    verdict: 'clear',
    reasons: [],
    alternatives: [],
    ...change,
  }
}
function decide(change: Partial<Receipt> = {}, wasCameraBlocked = false): ReceiptDecision {
  return decideReceipt({ receipt: receipt(change), wasCameraBlocked, prices }, policy)
}
const other = (sku: string, probability: number, quantity = 1) => ({
  lines: [{ sku, quantity }],
  probability,
})

describe('a receipt that is sure', () => {
  it('is charged as it is', () => {
    expect(decide()).toMatchObject({ outcome: 'charge', totalFen: 350, basis: 'exact', heldReason: null })
  })
  it('charges quantities at the price of the planogram', () => {
    expect(decide({ lines: [{ sku: 'cola', quantity: 3, probability: 1 }] }).totalFen).toBe(1050)
  })
  it('is void when nothing was taken', () => {
    expect(decide({ lines: [] })).toMatchObject({ outcome: 'void', totalFen: 0, lines: [] })
  })
  it('never bills, nor pays for, what only came in', () => {
    const decision = decide({
      lines: [
        { sku: 'cola', quantity: 1, probability: 1 },
        { sku: 'juice', quantity: -2, probability: 1 },
      ],
    })
    expect(decision.lines.map(({ sku }) => sku)).toEqual(['cola'])
    expect(decision.totalFen).toBe(350)
  })
  it('waits for a person above the limit of a visit', () => {
    expect(decide({ lines: [{ sku: 'wine', quantity: 3, probability: 1 }] })).toMatchObject({
      outcome: 'hold',
      heldReason: 'over_cap',
    })
  })
  it('waits for a person when a product has no price', () => {
    expect(decide({ lines: [{ sku: 'unheard-of', quantity: 1, probability: 1 }] }).heldReason).toBe(
      'unknown_product',
    )
  })
})

describe('a receipt that is not quite sure', () => {
  it('is held below the limit', () => {
    expect(decide({ probability: 0.9, alternatives: [other('juice', 0.05)] })).toMatchObject({
      outcome: 'hold',
      heldReason: 'ambiguous',
    })
  })
  it('is billed as one class when the other mix costs the same', () => {
    expect(decide({ probability: 0.6, alternatives: [other('tea', 0.39)] })).toMatchObject({
      outcome: 'charge',
      basis: 'one_class',
      totalFen: 350,
    })
  })
  it('is billed as the cheaper mix when the difference is small', () => {
    expect(
      decide({
        lines: [{ sku: 'juice', quantity: 1, probability: 0.6 }],
        probability: 0.6,
        alternatives: [other('cola', 0.39)],
      }),
    ).toMatchObject({
      outcome: 'charge',
      basis: 'cheapest',
      totalFen: 350,
    })
  })
  it('is held when the mixes differ by more', () => {
    expect(decide({ probability: 0.6, alternatives: [other('wine', 0.39)] }).outcome).toBe('hold')
  })
})

describe('a visit whose camera was covered', () => {
  it('needs a surer receipt', () => {
    expect(decide({ probability: 0.98 }, false).outcome).toBe('charge')
    expect(decide({ probability: 0.98 }, true)).toMatchObject({
      outcome: 'hold',
      heldReason: 'camera_blocked',
    })
    expect(decide({ probability: 0.995 }, true).outcome).toBe('charge')
  })
})

describe('what no probability makes clear', () => {
  it.each(['sensor_fault', 'foreign_object', 'opened_package_returned', 'unexplained_loss'] as const)(
    '%s is held for a person',
    (reason) => {
      expect(decide({ reasons: [reason] })).toMatchObject({ outcome: 'hold', heldReason: reason })
    },
  )
})
