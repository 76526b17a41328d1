import Type from 'typebox'
import { ERRORS, type ErrorCode } from '../base/errors.ts'
import { ID_PATTERN } from '../base/ids.ts'

/**
 * What the core's HTTP interface takes and gives. Routes validate with these schemas, OpenAPI is generated from the
 * routes, and the console imports the types. Money is integer fen, times are integer milliseconds since 1970 UTC.
 */
export const closed = { additionalProperties: false } as const
export const Id = Type.String({ pattern: ID_PATTERN })
export const Fen = Type.Integer({ description: 'fen (1/100 yuan)' })
export const WallMs = Type.Integer({ description: 'milliseconds since 1970 UTC' })
/** What a list of wishes about money leaves out for whoever speaks with callers, while somebody unknown calls about the order. */
export const HIDDEN_FROM_CALLERS = {
  amountFen: Type.Union([Type.Null(), Fen], {
    description: 'null while somebody unknown calls about the order',
  }),
  note: Type.Union([Type.Null(), Type.String()]),
} as const
export const DeciCelsius = Type.Integer({ description: 'tenths of a degree Celsius' })
export const Language = Type.Union([Type.Literal('zh'), Type.Literal('en')])
export type Language = Type.Static<typeof Language>
/** A text in both languages; pages choose. */
export const Bilingual = Type.Object({ zh: Type.String(), en: Type.String() }, closed)
export type Bilingual = Type.Static<typeof Bilingual>
export const Sku = Type.String({ pattern: '^[a-z0-9-]{1,40}$' })
export const Picture = Type.Object(
  {
    shape: oneOf(['can', 'bottle', 'box', 'cup', 'bag']),
    color: Type.String({ pattern: '^#[0-9a-f]{6}$' }),
    accent: Type.String({ pattern: '^#[0-9a-f]{6}$' }),
  },
  closed,
)
export type Picture = Type.Static<typeof Picture>

/** Every 4xx and 5xx has this body. */
export const ErrorBody = Type.Object(
  {
    code: oneOf(Object.keys(ERRORS) as ErrorCode[]),
    message: Type.String({
      description: 'what happened and what to do, in English; pages translate by code',
    }),
    requestId: Type.Optional(Type.String()),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
)
export type ErrorBody = Type.Static<typeof ErrorBody>

export const ORDER_STATES = [
  'open',
  'priced',
  'held',
  'charging',
  'paid',
  'partly_refunded',
  'refunded',
  'void',
  'arrears',
  'written_off',
  'paid_elsewhere',
] as const
export const CHARGE_STATES = [
  'prepared',
  'submitted',
  'pending',
  'paid',
  'unknown',
  'cancelled',
  'failed',
] as const
export const REFUND_STATES = [
  'requested',
  'awaiting_approval',
  'approved',
  'submitted',
  'processing',
  'succeeded',
  'unknown',
  'abnormal',
  'closed',
  'rejected',
] as const
export const SESSION_STATES = [
  'requested',
  'authorised',
  'unlocking',
  'opened',
  'closed',
  'reconciled',
  'settled',
  'denied',
  'not_opened',
  'abandoned',
  'overdue',
] as const
export const TICKET_STATES = [
  'new',
  'open',
  'waiting_consumer',
  'waiting_internal',
  'waiting_device',
  'waiting_refund',
  'resolved',
  'closed',
  'reopened',
  'merged',
] as const
export const ANOMALY_KINDS = [
  'camera_blocked',
  'double_charge',
  'item_returned',
  'delayed_charge',
  'ambiguous',
  'foreign_object',
  'quality',
  'unpaid',
  'door_trouble',
  'stock_mismatch',
  'sensor_fault',
  'provider_mismatch',
] as const
export const ANOMALY_STATES = [
  'detected',
  'decided_by_policy',
  'in_review',
  'decided',
  'carried_out',
  'explained',
] as const
export const DISPUTE_REASONS = [
  'charged_twice',
  'item_returned',
  'not_taken',
  'wrong_item',
  'quality',
  'charged_late',
  'other',
] as const
export const REFUND_REASONS = [
  'duplicate',
  'returned_item',
  'wrong_item',
  'not_taken',
  'quality',
  'expired',
  'delayed_charge',
  'goodwill',
] as const
export const ROLES = ['agent', 'lead', 'manager', 'operator', 'technician', 'finance', 'admin'] as const
export type OrderState = (typeof ORDER_STATES)[number]
export type ChargeState = (typeof CHARGE_STATES)[number]
export type RefundState = (typeof REFUND_STATES)[number]
export type SessionState = (typeof SESSION_STATES)[number]
export type TicketState = (typeof TICKET_STATES)[number]
export type AnomalyKind = (typeof ANOMALY_KINDS)[number]
export type AnomalyState = (typeof ANOMALY_STATES)[number]
export type DisputeReason = (typeof DISPUTE_REASONS)[number]
export type RefundReason = (typeof REFUND_REASONS)[number]
export type Role = (typeof ROLES)[number]

export function oneOf<const T extends readonly string[]>(values: T) {
  // `map` forgets the tuple, so the static type is said here; it would be `never`.
  return Type.Unsafe<T[number]>(Type.Union(values.map((value) => Type.Literal(value))))
}

export const EvidenceView = Type.Object(
  {
    sha256: Type.String(),
    kind: Type.Union([Type.Literal('weight-trace'), Type.Literal('snapshot')]),
    mediaType: Type.String(),
    atMs: WallMs,
    moment: Type.String(),
    camera: Type.Optional(Type.String()),
    isUploaded: Type.Boolean({ description: 'false while the cabinet still has to send it' }),
    url: Type.String({ description: 'relative address; the view is audited' }),
  },
  closed,
)
export type EvidenceView = Type.Static<typeof EvidenceView>
