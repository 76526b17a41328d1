import type { AnomalyKind } from '#protocol/api/common.ts'
import type { PolicyName } from '#protocol/api/policies.ts'

/**
 * Every kind of trouble with an order: who notices it, which rule decides, on what evidence, what the consumer reads, where
 * staff look, and what holds it to that. `docs/reference/anomalies.md` is made from it, and a test walks every entry.
 */
export interface AnomalyCase {
  readonly name: string
  readonly kinds: readonly AnomalyKind[]
  readonly detected: { readonly by: string; readonly file: string }
  readonly decided: {
    /** When a rule decides; what is left goes to a person. */
    readonly when: string
    readonly rules: readonly string[]
    readonly file: string
    /** Whose limits a lead may change. */
    readonly limits?: PolicyName
  }
  readonly evidence: string
  /** Sentences for staff on the order, `anomaly.*`. */
  readonly reasons: readonly string[]
  /** Sentences that the consumer reads: on the order page, in a message, in an answer. */
  readonly consumer: readonly string[]
  /** Addresses of the console. */
  readonly screens: readonly string[]
  readonly tests: readonly string[]
  readonly scenarios: readonly string[]
}

export const ANOMALY_CASES: readonly AnomalyCase[] = [
  {
    name: 'Camera blocked',
    kinds: ['camera_blocked'],
    detected: { by: 'the cabinet, on pixels, over the visit', file: 'edge/camera/judge.ts' },
    decided: {
      when: 'the receipt is surer than the limit for a blind camera: charged by weight, and said so; repeated by one consumer: restricted',
      rules: ['receipt-2', 'restriction-1'],
      file: 'core/orders/decide.ts',
      limits: 'receipt',
    },
    evidence:
      'times and kinds of blindness, pictures before and after, weight curve, receipt with alternatives',
    reasons: ['anomaly.camera_blocked.charged', 'anomaly.camera_blocked.held'],
    consumer: ['story.camera_blocked', 'held.camera_blocked', 'notice.held_charged'],
    screens: ['/orders/:id', '/tickets/:id', '/restrictions'],
    tests: [
      'test/core/orders/decide-receipt.test.ts',
      'test/core/anomalies/decide-anomaly.test.ts',
      'test/core/restrictions/decide-restriction.test.ts',
    ],
    scenarios: ['camera-blocked', 'restriction-covered'],
  },
  {
    name: 'Double charge',
    kinds: ['double_charge'],
    detected: {
      by: 'a second payment under one charge, in a callback, an answer or the bill',
      file: 'core/payments/observing.ts',
    },
    decided: {
      when: 'always: the later one goes back whole, and the consumer is told before they ask',
      rules: ['double-charge-1'],
      file: 'core/anomalies/double-charge.ts',
      limits: 'double_charge',
    },
    evidence: 'both payments with the numbers of the provider, and when each was heard of',
    reasons: ['anomaly.double_charge', 'anomaly.bill.paid_twice'],
    consumer: ['notice.double_charge', 'story.charged_twice', 'outcome.single_charge'],
    screens: ['/orders/:id', '/tickets/:id', '/finance/bills'],
    tests: ['test/core/anomalies/decide-case.test.ts', 'test/core/bills/reconcile.integration.test.ts'],
    scenarios: ['double-charge', 'bill-double'],
  },
  {
    name: 'Item returned, same visit',
    kinds: ['item_returned'],
    detected: { by: 'the consumer, and each late charge by itself', file: 'core/support/disputes.ts' },
    decided: {
      when: 'weighing the record again is sure and the value is within the limits: refunded, stock corrected',
      rules: ['item-returned-1', 'automatic-refund-1'],
      file: 'core/anomalies/decide.ts',
      limits: 'returned_goods',
    },
    evidence: 'the whole weight record, weighed again; the first receipt with its alternatives',
    reasons: ['anomaly.item_returned.refunded', 'anomaly.item_returned.look'],
    consumer: ['outcome.return_refunded', 'message.received'],
    screens: ['/orders/:id', '/tickets/:id', '/approvals'],
    tests: ['test/core/anomalies/decide-anomaly.test.ts'],
    scenarios: ['item-returned', 'put-back'],
  },
  {
    name: 'Item returned, on a later visit',
    kinds: ['item_returned'],
    detected: {
      by: 'the scales: goods came in that were not taken in this visit',
      file: 'core/anomalies/returns.ts',
    },
    decided: {
      when: 'they fit what this consumer bought within the window, the weight is sure and the value within the limits: refunded, never to anybody else',
      rules: ['returned-later-1', 'automatic-refund-1'],
      file: 'core/anomalies/returned-later.ts',
      limits: 'returned_later',
    },
    evidence:
      'receipt with alternatives, purchases of the consumer, pictures of the visit; who else may have bought it',
    reasons: [
      'anomaly.returned_later.refunded',
      'anomaly.returned_later.not_theirs',
      'anomaly.returned_later.doubtful',
      'anomaly.returned_later.camera_blocked',
      'anomaly.returned_later.unsure',
      'anomaly.returned_later.other_operator',
      'anomaly.returned_later.too_late',
      'anomaly.returned_later.order_open',
      'anomaly.returned_later.above_limit',
    ],
    consumer: ['notice.returned_refunded', 'notice.returned_look', 'story.refund_started'],
    screens: ['/orders/:id', '/tickets/:id', '/approvals'],
    tests: ['test/core/anomalies/returned-later.test.ts', 'test/core/anomalies/replay.test.ts'],
    scenarios: ['returned-later', 'returned-later-other-consumer'],
  },
  {
    name: 'Delayed charge',
    kinds: ['delayed_charge'],
    detected: { by: 'the times of each paid charge', file: 'core/payment-reactions.ts' },
    decided: {
      when: 'always: explained with times and cause, weighed again, and refunded where it was wrong',
      rules: ['delayed-charge-1', 'item-returned-1'],
      file: 'core/anomalies/delayed-charge.ts',
      limits: 'delayed_charge',
    },
    evidence: 'door, link and charge times; the record weighed again',
    reasons: [
      'anomaly.delayed_charge.offline',
      'anomaly.delayed_charge.provider_pending',
      'anomaly.delayed_charge.system',
      'anomaly.delayed_charge.unclear',
    ],
    consumer: ['notice.late_charge', 'outcome.late_explained', 'story.charge_pending'],
    screens: ['/orders/:id', '/tickets/:id'],
    tests: ['test/core/anomalies/decide-case.test.ts'],
    scenarios: ['deferred-offline', 'deferred-pending', 'deferred-told-before'],
  },
  {
    name: 'Misidentified, ambiguous',
    kinds: ['ambiguous'],
    detected: { by: 'the receipt: several mixes fit', file: 'protocol/weighing/decide.ts' },
    decided: {
      when: 'mixes of one price, or of prices that differ by less than the limit: one class, or the cheapest',
      rules: ['receipt-2'],
      file: 'core/orders/decide.ts',
      limits: 'receipt',
    },
    evidence: 'receipt with its alternatives and prices, weight curve, pictures',
    reasons: ['anomaly.ambiguous', 'anomaly.ambiguous.cheapest', 'anomaly.over_cap'],
    consumer: ['story.cheapest', 'held.ambiguous', 'held.over_cap'],
    screens: ['/orders/:id', '/tickets/:id'],
    tests: ['test/core/orders/decide-receipt.test.ts'],
    scenarios: ['twins', 'swap'],
  },
  {
    name: 'Foreign object, opened package returned',
    kinds: ['foreign_object'],
    detected: { by: 'weight that came in and fits nothing taken', file: 'protocol/weighing/decide.ts' },
    decided: {
      when: 'never charged for; what was taken waits for a person, and the shelf is looked at',
      rules: ['receipt-2'],
      file: 'core/orders/decide.ts',
      limits: 'receipt',
    },
    evidence: 'steps of each shelf with their explanation, pictures',
    reasons: ['anomaly.foreign_object'],
    consumer: ['held.foreign_object', 'held.opened_package_returned', 'notice.held_free'],
    screens: ['/orders/:id', '/tickets/:id', '/system'],
    tests: ['test/core/anomalies/decide-anomaly.test.ts'],
    scenarios: ['foreign-object'],
  },
  {
    name: 'Quality, expiry',
    kinds: ['quality'],
    detected: {
      by: 'the consumer; and the ledger of batches by itself, at the hour of expiry',
      file: 'core/support/quality-check.ts',
    },
    decided: {
      when: 'every batch that may have been sold was past its date: refunded at once; the compensation of the law is always a person’s',
      rules: ['quality-1', 'automatic-refund-1'],
      file: 'core/anomalies/quality.ts',
    },
    evidence: 'the batches that lay there just before the sale; the report with product, time and picture',
    reasons: ['anomaly.quality.expired'],
    consumer: ['message.expired_refunded', 'message.received'],
    screens: ['/tickets/:id', '/orders/:id', '/cabinets/:id/visits'],
    tests: ['test/core/anomalies/decide-case.test.ts', 'test/core/restock/decide.test.ts'],
    scenarios: ['dispute', 'cold-expired-batch'],
  },
  {
    name: 'Unpaid',
    kinds: ['unpaid'],
    detected: { by: 'the provider’s loop, and ours', file: 'core/arrears/arrears.ts' },
    decided: {
      when: 'reminders with the way to pay, no cabinet opens; after the last one a person collects, records or lets go; repeated: restricted',
      rules: ['unpaid-1', 'restriction-1'],
      file: 'core/arrears/decide.ts',
      limits: 'unpaid',
    },
    evidence: 'what was asked, when, and what the provider answered; every reminder',
    reasons: ['anomaly.unpaid'],
    consumer: ['notice.unpaid', 'notice.unpaid_again', 'story.unpaid'],
    screens: ['/orders/:id', '/tickets/:id', '/restrictions'],
    tests: ['test/core/arrears/decide.test.ts', 'test/core/restrictions/decide-restriction.test.ts'],
    scenarios: ['deferred-insufficient', 'deferred-write-off', 'deferred-paid-elsewhere'],
  },
  {
    name: 'Door forced, left open, not locked',
    kinds: ['door_trouble'],
    detected: { by: 'the cabinet, on contact and bolt', file: 'edge/session/door-watch.ts' },
    decided: {
      when: 'left open: told; forced or not locked: the cabinet stops selling, an alarm is raised, a person looks',
      rules: ['door-trouble-1'],
      file: 'core/anomalies/door-trouble.ts',
    },
    evidence: 'events of door and lock, alarm, pictures, the visit that it happened in',
    reasons: [
      'anomaly.door_trouble.left_open',
      'anomaly.door_trouble.forced',
      'anomaly.door_trouble.lock_failed',
    ],
    consumer: ['story.opened', 'story.closed'],
    screens: ['/alarms', '/cabinets/:id', '/tickets/:id'],
    tests: ['test/core/anomalies/decide-case.test.ts'],
    scenarios: ['door-forced', 'door-left-open', 'door-jammed'],
  },
  {
    name: 'Stock mismatch',
    kinds: ['stock_mismatch', 'sensor_fault'],
    detected: {
      by: 'a count or a restock beside the scales; a receipt that does not balance; a lost record',
      file: 'core/restock/decide.ts',
    },
    decided: {
      when: 'a count is booked as shrinkage with its reason, written by the one who counted; an order that the scales cannot explain waits for a person',
      rules: ['receipt-2'],
      file: 'core/orders/decide.ts',
      limits: 'receipt',
    },
    evidence: 'the ledger of goods, weights of the shelf, faults of its sensors',
    reasons: [
      'anomaly.unexplained_loss',
      'anomaly.unknown_product',
      'anomaly.sensor_fault',
      'anomaly.record_lost',
      'anomaly.unexpected',
    ],
    consumer: ['held.unexplained_loss', 'held.sensor_fault', 'held.unknown_product'],
    screens: ['/cabinets/:id/visits', '/orders/:id', '/tickets/:id'],
    tests: ['test/core/restock/decide.test.ts', 'test/core/orders/decide-receipt.test.ts'],
    scenarios: ['restock', 'stuck-sensor', 'drifting-shelf'],
  },
  {
    name: 'The provider says something else',
    kinds: ['provider_mismatch'],
    detected: {
      by: 'the bill beside our books; an amount that differs; a charge that is refused',
      file: 'core/bills/decide.ts',
    },
    decided: {
      when: 'a true double goes back by itself; what the bill knows and we do not is asked for; the rest is finance’s',
      rules: ['double-charge-1'],
      file: 'core/bills/decide.ts',
      limits: 'double_charge',
    },
    evidence: 'the row of the bill, our payment, every call with its answer',
    reasons: [
      'anomaly.amount_differs',
      'anomaly.provider_refused',
      'anomaly.bill.paid_unheard',
      'anomaly.bill.paid_unknown',
      'anomaly.bill.known_unpaid',
      'anomaly.bill.amount_differs',
      'anomaly.bill.refund_missing',
      'anomaly.bill.refund_unknown',
      'anomaly.bill.refund_amount_differs',
    ],
    consumer: ['story.charged', 'story.held'],
    screens: ['/finance/bills', '/orders/:id', '/tickets/:id'],
    tests: ['test/core/bills/reconcile.integration.test.ts'],
    scenarios: ['bill-differences', 'bill-balances'],
  },
]
