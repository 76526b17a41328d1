import type { SessionReconciled } from '#protocol/messages/session.ts'
import type { WeighingResult } from '#protocol/weighing/types.ts'
import type { HeldReason, ReceiptDecision } from '#core/orders/decide.ts'
import type { AnomalyKind } from '#protocol/api/common.ts'
import type { StoryKey } from '#protocol/words/story.ts'

/** The rules on anomalies. Pure; what each one saw is stored with its name and version. */

export interface AnomalyFinding {
  readonly kind: AnomalyKind
  readonly rule: string
  readonly inputs: Record<string, unknown>
  readonly reasonKey: StoryKey
  readonly reasonValues: Record<string, string | number>
  /** What the rule decided; null asks a person. */
  readonly outcome: string | null
}

export const RECEIPT_ANOMALY_RULE = 'receipt-anomaly-1'

/** What a priced receipt is an anomaly of: the reason it is held for, or a camera that could not see although the weight decided. */
export function decideReceiptAnomaly(
  receipt: SessionReconciled['receipt'],
  camera: { seconds: number } | undefined,
  decision: ReceiptDecision,
): AnomalyFinding | undefined {
  const isHeld = decision.outcome === 'hold'
  const isCheaper = decision.outcome === 'charge' && decision.basis === 'cheapest'
  if (!isHeld && camera === undefined && !isCheaper) return undefined
  const values = { percent: percent(decision.probability), limit: percent(decision.limit) }
  const inputs = {
    probability: receipt.probability,
    reasons: receipt.reasons,
    alternatives: receipt.alternatives,
    decision,
    ...(camera === undefined ? {} : { blindSeconds: camera.seconds }),
  }
  const found = (
    kind: AnomalyKind,
    reasonKey: StoryKey,
    reasonValues: AnomalyFinding['reasonValues'],
  ): AnomalyFinding => ({
    kind,
    rule: RECEIPT_ANOMALY_RULE,
    inputs,
    reasonKey,
    reasonValues,
    outcome: isHeld ? null : isCheaper ? 'charged_cheapest' : 'charged_by_weight',
  })
  if (
    camera !== undefined &&
    (!isHeld || decision.heldReason === 'camera_blocked' || decision.heldReason === 'ambiguous')
  ) {
    const key = isHeld ? 'anomaly.camera_blocked.held' : 'anomaly.camera_blocked.charged'
    return found('camera_blocked', key, { seconds: camera.seconds, ...values })
  }
  if (isCheaper) return found('ambiguous', 'anomaly.ambiguous.cheapest', values)
  const { kind, key } = HELD_KINDS[decision.heldReason ?? 'ambiguous']
  return found(kind, key, { ...values, amount: (decision.totalFen / 100).toFixed(2) })
}

const HELD_KINDS: Record<HeldReason, { kind: AnomalyKind; key: StoryKey }> = {
  ambiguous: { kind: 'ambiguous', key: 'anomaly.ambiguous' },
  camera_blocked: { kind: 'camera_blocked', key: 'anomaly.camera_blocked.held' },
  foreign_object: { kind: 'foreign_object', key: 'anomaly.foreign_object' },
  sensor_fault: { kind: 'sensor_fault', key: 'anomaly.sensor_fault' },
  opened_package_returned: { kind: 'foreign_object', key: 'anomaly.foreign_object' },
  unexplained_loss: { kind: 'stock_mismatch', key: 'anomaly.unexplained_loss' },
  over_cap: { kind: 'ambiguous', key: 'anomaly.over_cap' },
  unknown_product: { kind: 'stock_mismatch', key: 'anomaly.unknown_product' },
}

export const ITEM_RETURNED_RULE = 'item-returned-1'
/** A step fits a piece of a product within this many standard deviations. */
const FITS_SIGMA = 3
const TAKEN_STEP_SIGMA_LEAST_GRAMS = 1.5

export interface ReturnInputs {
  /** What the consumer says did not leave, or came back. */
  readonly disputed: ReadonlyArray<{ lineId: string; sku: string; quantity: number }>
  /** What was billed, less what is refunded already. */
  readonly billed: ReadonlyArray<{ lineId: string; sku: string; quantity: number }>
  readonly first: SessionReconciled['receipt']
  /** The same trace weighed again now. */
  readonly again: Pick<WeighingResult, 'receipt' | 'alternatives' | 'steps'>
  readonly unitGrams: ReadonlyMap<string, { unitGrams: number; sigmaGrams: number }>
  readonly clearProbability: number
}
export interface ReturnDecision {
  readonly outcome: 'refund' | 'look' | 'confirmed'
  readonly lines: ReadonlyArray<{ lineId: string; sku: string; quantity: number }>
  readonly probability: number
}

/**
 * Re-examines a doubted receipt. Refunds what the trace shows coming back: when weighing again is clear and has fewer
 * pieces than were billed, or when the first receipt itself doubted the piece and an upward step fits it.
 * `confirmed`: weighing again agrees clearly with the bill.
 */
export function decideItemReturned(inputs: ReturnInputs): ReturnDecision {
  const { again, first, clearProbability } = inputs
  const counts = quantities(again.receipt.lines)
  const isClearAgain = again.receipt.verdict === 'clear' && again.receipt.probability >= clearProbability
  const fewer = inputs.disputed.flatMap((line) => {
    const billed = inputs.billed.find((one) => one.lineId === line.lineId)?.quantity ?? 0
    const quantity = Math.min(line.quantity, billed, billed - Math.max(0, counts.get(line.sku) ?? 0))
    return quantity > 0 ? [{ ...line, quantity }] : []
  })
  if (isClearAgain && fewer.length > 0)
    return { outcome: 'refund', lines: fewer, probability: again.receipt.probability }
  const doubted = inputs.disputed.flatMap((line) => {
    const billed = inputs.billed.find((one) => one.lineId === line.lineId)?.quantity ?? 0
    const quantity = Math.min(line.quantity, billed, returnsSeen(inputs, line.sku))
    const isDoubted = first.alternatives.some(
      (one) => (quantities(one.lines).get(line.sku) ?? 0) <= billed - quantity && one.probability > 0,
    )
    return quantity > 0 && isDoubted ? [{ ...line, quantity }] : []
  })
  if (doubted.length > 0) return { outcome: 'refund', lines: doubted, probability: again.receipt.probability }
  return {
    outcome: isClearAgain && fewer.length === 0 ? 'confirmed' : 'look',
    lines: fewer,
    probability: again.receipt.probability,
  }
}

/** Upward steps that fit one piece of the product and that the billed receipt did not count as a return. */
function returnsSeen(inputs: ReturnInputs, sku: string): number {
  const product = inputs.unitGrams.get(sku)
  if (product === undefined) return 0
  const fits = (grams: number, sigmaGrams: number) => {
    const sigma = Math.max(TAKEN_STEP_SIGMA_LEAST_GRAMS, Math.hypot(sigmaGrams, product.sigmaGrams))
    return Math.abs(grams - product.unitGrams) <= FITS_SIGMA * sigma
  }
  const up = inputs.again.steps.filter((step) => step.grams > 0 && fits(step.grams, step.sigmaGrams)).length
  const down = inputs.again.steps.filter(
    (step) => step.grams < 0 && fits(-step.grams, step.sigmaGrams),
  ).length
  const billed = inputs.billed
    .filter((line) => line.sku === sku)
    .reduce((sum, line) => sum + line.quantity, 0)
  return Math.max(0, Math.min(up, billed - Math.max(0, down - up)))
}

function quantities(lines: ReadonlyArray<{ sku: string; quantity: number }>): Map<string, number> {
  const map = new Map<string, number>()
  for (const line of lines) map.set(line.sku, (map.get(line.sku) ?? 0) + line.quantity)
  return map
}

export function percent(probability: number): string {
  return (Math.floor(probability * 1000) / 10).toFixed(1)
}
