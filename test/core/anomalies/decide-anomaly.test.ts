import { describe, expect, it } from 'vitest'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { decideItemReturned, decideReceiptAnomaly, type ReturnInputs } from '#core/anomalies/decide.ts'
import { decideReceipt } from '#core/orders/decide.ts'

type Receipt = SessionReconciled['receipt']
const policy = { clearProbability: 0.97, blockedCameraProbability: 0.99, cheapestMixFen: 100, capFen: 20_000 }
const prices = new Map([['cola', 350]])
const receipt = (change: Partial<Receipt> = {}): Receipt => ({
  engineVersion: 'weighing-1',
  lines: [{ sku: 'cola', quantity: 1, probability: 0.999 }],
  probability: 0.999,
  verdict: 'clear',
  reasons: [],
  alternatives: [],
  ...change,
})
function find(change: Partial<Receipt>, blindSeconds?: number) {
  const own = receipt(change)
  const decision = decideReceipt(
    { receipt: own, wasCameraBlocked: blindSeconds !== undefined, prices },
    policy,
  )
  return decideReceiptAnomaly(
    own,
    blindSeconds === undefined ? undefined : { seconds: blindSeconds },
    decision,
  )
}

describe('a priced receipt', () => {
  it('without doubt and with a seeing camera is no anomaly', () => {
    expect(find({})).toBeUndefined()
  })
  it('with a covered camera and a clear weight is decided by the rule, and keeps what the rule saw', () => {
    expect(find({}, 12)).toMatchObject({
      kind: 'camera_blocked',
      outcome: 'charged_by_weight',
      rule: 'receipt-anomaly-1',
      reasonValues: { seconds: 12, percent: '99.9', limit: '99.0' },
      inputs: { probability: 0.999, blindSeconds: 12 },
    })
  })
  it('with a covered camera and an unclear weight asks a person', () => {
    expect(find({ probability: 0.98 }, 12)).toMatchObject({ kind: 'camera_blocked', outcome: null })
  })
  it.each([
    ['foreign_object', 'foreign_object'],
    ['sensor_fault', 'sensor_fault'],
    ['unexplained_loss', 'stock_mismatch'],
  ] as const)('held for %s is an anomaly %s for a person', (reason, kind) => {
    expect(find({ reasons: [reason] })).toMatchObject({ kind, outcome: null })
  })
  it('held for a foreign object says so even when the camera was covered', () => {
    expect(find({ reasons: ['foreign_object'] }, 12)?.kind).toBe('foreign_object')
  })
})

describe('a disputed line, weighed again', () => {
  const step = (grams: number) => ({
    tMs: 1000,
    startMs: 900,
    endMs: 1000,
    shelf: 's1',
    grams,
    sigmaGrams: 1,
    quality: 'good' as const,
    explanation: '',
    changes: [],
  })
  const weighed = (quantity: number, probability: number, steps = [step(-350)]): ReturnInputs['again'] => ({
    receipt: {
      lines: quantity === 0 ? [] : [{ sku: 'cola', quantity, probability }],
      probability,
      verdict: 'clear',
      reasons: [],
    },
    alternatives: [],
    steps,
  })
  const inputs = (change: Partial<ReturnInputs> = {}): ReturnInputs => ({
    disputed: [{ lineId: 'l1', sku: 'cola', quantity: 1 }],
    billed: [{ lineId: 'l1', sku: 'cola', quantity: 1 }],
    first: receipt(),
    again: weighed(1, 0.99),
    unitGrams: new Map([['cola', { unitGrams: 350, sigmaGrams: 1 }]]),
    clearProbability: 0.97,
    ...change,
  })

  it('is confirmed when weighing again agrees with the bill', () => {
    expect(decideItemReturned(inputs())).toMatchObject({ outcome: 'confirmed', lines: [] })
  })
  it('is refunded when weighing again is clear and has less', () => {
    expect(decideItemReturned(inputs({ again: weighed(0, 0.99) }))).toMatchObject({
      outcome: 'refund',
      lines: [{ lineId: 'l1', quantity: 1 }],
    })
  })
  it('needs a person when weighing again is not clear', () => {
    expect(decideItemReturned(inputs({ again: weighed(0, 0.7) })).outcome).toBe('look')
  })
  it('is refunded when the first receipt doubted it and an upward step fits the product', () => {
    const decision = decideItemReturned(
      inputs({
        first: receipt({ alternatives: [{ lines: [], probability: 0.02 }] }),
        again: weighed(1, 0.9, [step(-350), step(351)]),
      }),
    )
    expect(decision).toMatchObject({ outcome: 'refund', lines: [{ quantity: 1 }] })
  })
  it('is not refunded for an upward step of another weight', () => {
    const decision = decideItemReturned(
      inputs({
        first: receipt({ alternatives: [{ lines: [], probability: 0.02 }] }),
        again: weighed(1, 0.9, [step(-350), step(120)]),
      }),
    )
    expect(decision.outcome).toBe('look')
  })
  it('never refunds more than is still billed', () => {
    expect(
      decideItemReturned(
        inputs({ billed: [{ lineId: 'l1', sku: 'cola', quantity: 0 }], again: weighed(0, 0.99) }),
      ).lines,
    ).toEqual([])
  })
})
