import type { RefundReason } from '#protocol/api/common.ts'

/** Goods that are not owed. The same wish serves the refund when the money was taken first. */
export interface LowerWish {
  /** Made by whoever asks and kept: the same id again is the same wish, and it is the refund's when the money came first. */
  readonly refundId: string
  readonly lines: ReadonlyArray<{ readonly lineId: string; readonly quantity: number }>
  readonly reason: RefundReason
  /** `staff id` or `rule:<name>`. */
  readonly by: string
  readonly ticketId?: string | undefined
  readonly anomalyId?: string | undefined
}
