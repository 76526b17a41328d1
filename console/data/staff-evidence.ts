import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import { isStoryKey, storyText } from '#protocol/words/story.ts'
import { cameraName, shelfName } from './staff-format.ts'
import { hasWord, word, wordOr } from '../words/staff.ts'
import { choose, language } from '../words/words.ts'

export const LANES = [
  'door',
  'weight',
  'camera',
  'network',
  'snapshot',
  'charge',
  'refund',
  'person',
] as const
export type Lane = (typeof LANES)[number]
export type MarkTone = 'neutral' | 'info' | 'ok' | 'warn' | 'bad'

export interface EvidenceMark {
  readonly lane: Lane
  readonly fromMs: number
  /** null: a moment, not an interval. */
  readonly toMs: number | null
  readonly text: string
  readonly tone: MarkTone
  readonly snapshot?: EvidenceSnapshot
}
export interface EvidenceSnapshot {
  readonly sha256: string
  readonly atMs: number
  readonly url: string
  readonly moment: string
  readonly camera: string
  readonly isUploaded: boolean
}
/** Grams of one shelf over time; the value holds until the next point. */
export interface EvidenceCurve {
  readonly shelf: string
  readonly points: ReadonlyArray<readonly [atMs: number, grams: number]>
}
export interface Evidence {
  readonly marks: readonly EvidenceMark[]
  readonly curves: readonly EvidenceCurve[]
  /** Shelves that did not move; said in words, not drawn. */
  readonly quietShelves: readonly string[]
  readonly snapshots: readonly EvidenceSnapshot[]
}

/** Less than this between the beginning and the end is the scale breathing. */
const QUIET_GRAMS = 8

export function sentence(key: string, values: Readonly<Record<string, string | number>>): string {
  // The story speaks to the consumer; staff read the same in their own voice where the catalogue has it.
  const own = `mark.${key}`
  if (hasWord(own)) return word(own, values)
  if (isStoryKey(key)) return storyText(language(), key, values)
  return wordOr(key, key, values)
}

/** False for a key that only the core knows yet; its own text is shown then. */
export function knowsSentence(key: string): boolean {
  return isStoryKey(key) || hasWord(key) || hasWord(`mark.${key}`)
}

function isLane(lane: string): lane is Lane {
  return (LANES as readonly string[]).includes(lane)
}

/** Times of weights and steps count from the start of the session, which is when the weight trace starts. */
export function sessionStartMs(staffOrder: StaffOrder): number {
  const { order, session } = staffOrder
  const trace = order.evidence.find((evidence) => evidence.kind === 'weight-trace')
  return trace?.atMs ?? order.openedAtMs ?? session.openedAtMs ?? session.requestedAtMs
}

/** Everything that the order's page knows, as marks and curves on one time axis, in time order. */
export function evidenceOf(staffOrder: StaffOrder): Evidence {
  const { order } = staffOrder
  const startMs = sessionStartMs(staffOrder)
  const snapshots = order.evidence
    .filter((evidence) => evidence.kind === 'snapshot')
    .map((evidence) => ({
      sha256: evidence.sha256,
      atMs: evidence.atMs,
      url: evidence.url,
      moment: evidence.moment,
      camera: evidence.camera ?? '',
      isUploaded: evidence.isUploaded,
    }))
    .sort((a, b) => a.atMs - b.atMs)
  const curves = order.weights.map(({ shelf, points }) => ({
    shelf,
    points: points.map(([tMs, grams]) => [startMs + tMs, grams] as const),
  }))
  // A slammed door shakes every shelf: what counts is a settled change or a step that the engine saw.
  const stepped = new Set(order.steps.map((step) => step.shelf))
  const moving = curves.filter(
    (curve) => stepped.has(curve.shelf) || Math.abs(changeOf(curve)) >= QUIET_GRAMS,
  )
  const marks = [
    ...timelineMarks(staffOrder),
    ...stepMarks(staffOrder, startMs),
    ...snapshots.map((snapshot) => ({
      lane: 'snapshot' as const,
      fromMs: snapshot.atMs,
      toMs: null,
      text: word('snapshotAt', {
        moment: wordOr(`moment.${snapshot.moment}`, snapshot.moment),
        camera: cameraName(snapshot.camera),
      }),
      tone: 'info' as const,
      snapshot,
    })),
  ].sort((a, b) => a.fromMs - b.fromMs)
  return {
    marks,
    curves: moving,
    quietShelves: curves.filter((curve) => !moving.includes(curve)).map((curve) => curve.shelf),
    snapshots,
  }
}

function changeOf({ points }: EvidenceCurve): number {
  return (points.at(-1)?.[1] ?? 0) - (points[0]?.[1] ?? 0)
}

function timelineMarks(staffOrder: StaffOrder): EvidenceMark[] {
  const marks: EvidenceMark[] = []
  for (const mark of staffOrder.timeline) {
    // Snapshots and weights come with more detail from the order itself.
    if (mark.lane === 'snapshot' || mark.lane === 'weight' || !isLane(mark.lane)) continue
    marks.push({
      lane: mark.lane,
      fromMs: mark.fromMs,
      toMs: mark.toMs,
      text: sentence(mark.key, mark.values),
      tone: toneOf(mark.lane, mark.key),
    })
  }
  const has = (lane: Lane) => marks.some((mark) => mark.lane === lane)
  if (!has('door')) marks.push(...doorMarks(staffOrder))
  if (!has('charge')) marks.push(...chargeMarks(staffOrder))
  if (!has('refund')) marks.push(...refundMarks(staffOrder))
  return marks
}

const BAD_WORDS = /duplicate|twice|failed|blocked|forced|abnormal|rejected/
const DOUBT_WORDS = /offline|unknown|late|pending|lost/
function toneOf(lane: Lane, key: string): MarkTone {
  if (BAD_WORDS.test(key) || lane === 'camera') return 'bad'
  if (DOUBT_WORDS.test(key) || lane === 'network') return 'warn'
  return lane === 'refund' ? 'ok' : lane === 'charge' ? 'info' : 'neutral'
}

function doorMarks({ order, session }: StaffOrder): EvidenceMark[] {
  const openedAtMs = order.openedAtMs ?? session.openedAtMs
  if (openedAtMs === null) return []
  const toMs = order.closedAtMs ?? session.closedAtMs
  return [{ lane: 'door', fromMs: openedAtMs, toMs, text: word('doorWasOpen'), tone: 'neutral' }]
}

function chargeMarks({ charges }: StaffOrder): EvidenceMark[] {
  return charges.flatMap((charge) => [
    ...(charge.submittedAtMs === null
      ? []
      : [
          {
            lane: 'charge' as const,
            fromMs: charge.submittedAtMs,
            toMs: null,
            text: word('chargeAsked', { amount: yuan(charge.amountFen) }),
            tone: 'neutral' as const,
          },
        ]),
    ...charge.payments.map((payment) => ({
      lane: 'charge' as const,
      fromMs: payment.paidAtMs,
      toMs: null,
      text: word(payment.isDuplicate ? 'paymentDuplicate' : 'paymentTaken', {
        amount: yuan(payment.amountFen),
      }),
      tone: payment.isDuplicate ? ('bad' as const) : ('info' as const),
    })),
  ])
}

function refundMarks({ order }: StaffOrder): EvidenceMark[] {
  return order.refunds.map((refund) => ({
    lane: 'refund' as const,
    fromMs: refund.requestedAtMs,
    toMs: null,
    text: word('refundAsked', { amount: yuan(refund.amountFen) }),
    tone: refund.state === 'succeeded' ? ('ok' as const) : ('info' as const),
  }))
}

function stepMarks({ order }: StaffOrder, startMs: number): EvidenceMark[] {
  return order.steps.map((step) => ({
    lane: 'weight' as const,
    fromMs: startMs + step.tMs,
    toMs: null,
    text: `${word('shelf', { shelf: shelfName(step.shelf) })}: ${choose(step.explanation)}`,
    tone: step.grams > 0 ? ('ok' as const) : ('neutral' as const),
  }))
}

function yuan(fen: number): string {
  return (fen / 100).toFixed(2)
}

/** The grams of a curve at a moment; undefined before its first point. */
export function gramsAt(curve: EvidenceCurve, atMs: number): number | undefined {
  let found: number | undefined
  for (const [pointMs, grams] of curve.points) {
    if (pointMs > atMs) break
    found = grams
  }
  return found
}
