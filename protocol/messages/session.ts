import Type from 'typebox'
import {
  Code,
  closed,
  DurationMs,
  Grams,
  Id,
  Interval,
  Probability,
  Sha256Hex,
  Shelf,
  Sku,
  Text,
} from './common.ts'

export const SessionKind = Type.Union([
  Type.Literal('sale'),
  Type.Literal('restock'),
  Type.Literal('service'),
])
export type SessionKind = Type.Static<typeof SessionKind>

const REVIEW_REASONS = [
  'ambiguous',
  'camera_blocked',
  'foreign_object',
  'sensor_fault',
  'opened_package_returned',
  'brought_in',
  'unexplained_loss',
  'missed_event',
  'disturbed',
  'over_cap',
] as const
// `map` forgets the tuple, so the static type is said here; it would be `never`.
export const ReviewReason = Type.Unsafe<(typeof REVIEW_REASONS)[number]>(
  Type.Union(
    REVIEW_REASONS.map((reason) => Type.Literal(reason)),
    { description: 'why a person should look' },
  ),
)
export type ReviewReason = Type.Static<typeof ReviewReason>

export const ReceiptLine = Type.Object(
  {
    sku: Sku,
    quantity: Type.Integer({
      minimum: -100,
      maximum: 100,
      description: 'net pieces taken; negative: came back without having been taken in this session',
    }),
    probability: Probability,
  },
  closed,
)
export type ReceiptLine = Type.Static<typeof ReceiptLine>

/** What the edge believes was taken. Its verdict is advice; the core decides. */
export const Receipt = Type.Object(
  {
    engineVersion: Type.String({ maxLength: 64, description: 'the weighing engine that made it' }),
    lines: Type.Array(ReceiptLine, { maxItems: 100 }),
    probability: Type.Number({ minimum: 0, maximum: 1, description: 'probability of the whole receipt' }),
    verdict: Type.Union([Type.Literal('clear'), Type.Literal('review')]),
    reasons: Type.Array(ReviewReason, { maxItems: 10 }),
    alternatives: Type.Array(
      Type.Object(
        {
          lines: Type.Array(
            Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: -100, maximum: 100 }) }, closed),
            { maxItems: 100 },
          ),
          probability: Probability,
        },
        closed,
      ),
      { maxItems: 10, description: 'the next likely receipts, likeliest first' },
    ),
  },
  closed,
)
export type Receipt = Type.Static<typeof Receipt>

export const SessionStep = Type.Object(
  {
    tMs: Type.Integer({ description: 'milliseconds since the start of the session' }),
    shelf: Shelf,
    grams: Type.Number({ description: 'change in grams; negative: removed' }),
    sigmaGrams: Type.Number({ minimum: 0, description: 'standard deviation in grams' }),
    explanation: Text,
  },
  closed,
)
export type SessionStep = Type.Static<typeof SessionStep>

export const EvidenceRef = Type.Object(
  {
    kind: Type.Union([Type.Literal('weight-trace'), Type.Literal('snapshot')]),
    sha256: Sha256Hex,
    byteCount: Type.Integer({ minimum: 0, maximum: 5 * 1024 * 1024, description: 'bytes' }),
    mediaType: Type.Union([Type.Literal('image/jpeg'), Type.Literal('application/json')]),
    tMs: Type.Integer({ description: 'milliseconds since the start of the session' }),
    moment: Type.Union([
      Type.Literal('before', { description: 'while the door was still closed; `tMs` may be negative' }),
      Type.Literal('open'),
      Type.Literal('step'),
      Type.Literal('close'),
      Type.Literal('whole'),
    ]),
    camera: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$' })),
  },
  closed,
)
export type EvidenceRef = Type.Static<typeof EvidenceRef>

export const SessionStarted = Type.Object(
  { sessionId: Id, commandId: Id, kind: SessionKind, planogramVersion: Type.Integer({ minimum: 1 }) },
  closed,
)
export const SessionNotOpened = Type.Object({ sessionId: Id, waitedMs: DurationMs }, closed)
/**
 * The end of a session as the edge saw it. Times inside are milliseconds since the start of the session (the moment of
 * the unlock); `startedAgoMs` ties that start to this event, whatever the wall clock says.
 */
export const SessionReconciled = Type.Object(
  {
    sessionId: Id,
    kind: SessionKind,
    planogramVersion: Type.Integer({ minimum: 1 }),
    startedAgoMs: Type.Integer({
      minimum: 0,
      description: 'milliseconds between the start of the session and this event',
    }),
    openedMs: Type.Integer({ description: 'door opened, milliseconds since the start of the session' }),
    closedMs: Type.Integer({ description: 'door closed, milliseconds since the start of the session' }),
    settledMs: Type.Integer({ description: 'weights settled, milliseconds since the start of the session' }),
    receipt: Receipt,
    steps: Type.Array(SessionStep, { maxItems: 200 }),
    shelfDeltas: Type.Array(
      Type.Object(
        {
          shelf: Shelf,
          beforeGrams: Type.Union([Grams, Type.Null()]),
          afterGrams: Type.Union([Grams, Type.Null()]),
          deltaGrams: Type.Union([Grams, Type.Null()]),
          sigmaGrams: Type.Number({ minimum: 0 }),
        },
        closed,
      ),
      { maxItems: 64 },
    ),
    camera: Type.Object(
      {
        blocked: Type.Array(
          Type.Object(
            {
              ...Interval.properties,
              kind: Code,
              camera: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$' })),
            },
            closed,
          ),
          {
            maxItems: 50,
            description:
              'when a camera could not see, and which: covered, dark, blurred, moved, frozen, unreachable',
          },
        ),
        framesChecked: Type.Integer({ minimum: 0 }),
      },
      closed,
    ),
    offline: Type.Array(Interval, { maxItems: 50, description: 'when the cabinet had no link to the core' }),
    restarts: Type.Integer({
      minimum: 0,
      description: 'how often the agent was restarted during the session',
    }),
    evidence: Type.Array(EvidenceRef, { maxItems: 60 }),
  },
  closed,
)
export type SessionReconciled = Type.Static<typeof SessionReconciled>
/** The edge cannot say what happened: its journal of this session is gone. */
export const SessionAbandoned = Type.Object({ sessionId: Id, reason: Code }, closed)
