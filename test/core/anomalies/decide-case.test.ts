import { describe, expect, it } from 'vitest'
import { delayedChargeRule } from '#core/anomalies/delayed-charge.ts'
import { decideDoorTrouble } from '#core/anomalies/door-trouble.ts'
import { doubleChargeRule } from '#core/anomalies/double-charge.ts'
import { decideQuality, type QualityInputs } from '#core/anomalies/quality.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000

describe('goods that a consumer finds bad', () => {
  const batch = (daysLeft: number | null, leftMost = 4) => ({
    batch: 'B1',
    expiresOn: null,
    expiresAtMs: daysLeft === null ? null : NOW + daysLeft * DAY,
    leftMost,
  })
  const decide = (batches: QualityInputs['lines'][number]['batches']) =>
    decideQuality({ soldAtMs: NOW, lines: [{ lineId: 'a', sku: 'salad', quantity: 1, batches }] })
  it('were past their date by our own record, whichever batch it was: proven', () => {
    expect(decide([batch(-1), batch(-3)])).toMatchObject({
      outcome: 'expired',
      lines: [{ lineId: 'a', quantity: 1 }],
    })
  })
  it('may have been of a fresh batch: a person looks, and the shelf is looked at', () => {
    expect(decide([batch(-1), batch(5)])).toEqual({ outcome: 'look', lines: [], isSuspect: true })
  })
  it('were of a batch without a date, or of none that we know: a person looks', () => {
    expect(decide([batch(null)])).toMatchObject({ outcome: 'look', isSuspect: false })
    expect(decide([])).toMatchObject({ outcome: 'look', isSuspect: false })
  })
  it('their date ends with its last moment', () => {
    expect(decide([batch(0)]).outcome).toBe('expired')
  })
})

describe('a door that gives trouble', () => {
  it.each([
    ['left_open', 'explained'],
    ['forced', null],
    ['lock_failed', null],
  ] as const)('%s → %s', (event, outcome) => {
    expect(decideDoorTrouble({ event, openMs: 240_000, isDuringVisit: true })).toMatchObject({
      kind: 'door_trouble',
      outcome,
      inputs: { event, openMs: 240_000, isDuringVisit: true },
      reasonValues: { minutes: 4 },
    })
  })
})

describe('a charge that comes after the door closed', () => {
  const limits = { delayedChargeMs: 600_000, chargeUsualMs: 1500 }
  const decide = (lateMs: number, change: object = {}) =>
    delayedChargeRule.decide(
      { closedAtMs: NOW, chargedAtMs: NOW + lateMs, pendingAtMs: null, wasOffline: false, ...change },
      limits,
    )
  it('is on time before the limit and late from it', () => {
    expect(decide(599_999)).toMatchObject({ outcome: 'on_time', cause: null })
    expect(decide(600_000)).toMatchObject({ outcome: 'explain', cause: 'system' })
  })
  it('a cabinet without a connection is the cause before a slow provider is', () => {
    const pendingAtMs = NOW + 1000
    expect(decide(900_000, { pendingAtMs }).cause).toBe('provider_pending')
    expect(decide(900_000, { pendingAtMs, wasOffline: true }).cause).toBe('offline')
  })
})

describe('a second payment', () => {
  const payment = (paymentId: string, isDuplicate: boolean) => ({
    paymentId,
    amountFen: 1650,
    paidAtMs: NOW,
    isDuplicate,
    refundedFen: 0,
  })
  const decide = (paymentId: string) =>
    doubleChargeRule.decide({ payments: [payment('p1', false), payment('p2', true)], paymentId }, {})
  it('goes back whole; the one that counts never does', () => {
    expect(decide('p2')).toEqual({ outcome: 'refund', amountFen: 1650 })
    expect(decide('p1').outcome).toBe('nothing')
  })
  it('a payment without a first one is no second one', () => {
    expect(doubleChargeRule.decide({ payments: [payment('p2', true)], paymentId: 'p2' }, {}).outcome).toBe(
      'nothing',
    )
  })
})
