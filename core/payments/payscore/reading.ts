import Type, { type Static } from 'typebox'
import { parseValue } from '#protocol/messages/index.ts'
import type { ProviderComplaint, ProviderOrder, ProviderPermission, ProviderRefund } from '../provider.ts'
import { parseCompactTime, parseRfc3339 } from './wire-time.ts'

/** The provider's documents, as far as we use them. It adds fields without notice, so unknown ones are left alone. */
const Order = Type.Object({
  appid: Type.Optional(Type.String()),
  mchid: Type.Optional(Type.String()),
  out_order_no: Type.String(),
  openid: Type.Optional(Type.String()),
  order_id: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  state_description: Type.Optional(Type.String()),
  total_amount: Type.Optional(Type.Integer()),
  need_collection: Type.Optional(Type.Boolean()),
  collection: Type.Optional(
    Type.Object({
      state: Type.Optional(Type.String()),
      details: Type.Optional(
        Type.Array(
          Type.Object({
            seq: Type.Optional(Type.Integer()),
            amount: Type.Integer(),
            paid_type: Type.Optional(Type.String()),
            paid_time: Type.Optional(Type.String()),
            transaction_id: Type.Optional(Type.String()),
          }),
        ),
      ),
    }),
  ),
})
type Order = Static<typeof Order>

/** @returns undefined when it is no service order at all */
export function readOrder(answer: unknown): ProviderOrder | undefined {
  const parsed = parseValue(Order, answer)
  if (!parsed.ok) return undefined
  const order = parsed.value
  const details = order.collection?.details ?? []
  return {
    outOrderNo: order.out_order_no,
    providerOrderId: order.order_id ?? null,
    state: stateOf(order),
    totalFen: order.total_amount ?? 0,
    payments: details.flatMap((detail) =>
      detail.transaction_id === undefined || detail.paid_type === 'MCH'
        ? []
        : [
            {
              transactionId: detail.transaction_id,
              amountFen: detail.amount,
              paidAtMs: parseCompactTime(detail.paid_time ?? '') ?? 0,
            },
          ],
    ),
    isPaidElsewhere: details.some((detail) => detail.paid_type === 'MCH'),
    openid: order.openid ?? null,
  }
}

/**
 * The state is a triple; `state` alone says too little. A value that we do not know means "ask again", never a guess:
 * the provider's own texts name states that its pages do not have.
 */
function stateOf(order: Order): ProviderOrder['state'] {
  const collection = order.collection?.state
  switch (order.state) {
    case 'CREATED':
      return 'unconfirmed'
    case 'DOING':
      if (order.state_description === 'USER_CONFIRM') return 'open'
      return order.state_description === 'MCH_COMPLETE' && collection === 'USER_PAYING'
        ? 'collecting'
        : 'unknown'
    case 'DONE':
      if (collection === 'USER_PAID') return 'paid'
      return collection === undefined && (order.total_amount ?? 0) === 0 ? 'free' : 'unknown'
    case 'REVOKED':
      return 'revoked'
    case 'EXPIRED':
      return 'expired'
    default:
      return 'unknown'
  }
}

const Refund = Type.Object({
  refund_id: Type.String(),
  out_refund_no: Type.String(),
  /** In answers; callbacks call it refund_status. */
  status: Type.Optional(Type.String()),
  refund_status: Type.Optional(Type.String()),
  success_time: Type.Optional(Type.String()),
  amount: Type.Object({ refund: Type.Integer() }),
})
const REFUND_STATES: Readonly<Record<string, ProviderRefund['state']>> = {
  PROCESSING: 'processing',
  SUCCESS: 'succeeded',
  ABNORMAL: 'abnormal',
  CLOSED: 'closed',
}
export function readRefund(answer: unknown): ProviderRefund | undefined {
  const parsed = parseValue(Refund, answer)
  if (!parsed.ok) return undefined
  const refund = parsed.value
  return {
    outRefundNo: refund.out_refund_no,
    providerRefundId: refund.refund_id,
    state: REFUND_STATES[refund.status ?? refund.refund_status ?? ''] ?? 'unknown',
    amountFen: refund.amount.refund,
    succeededAtMs: parseRfc3339(refund.success_time ?? '') ?? null,
  }
}

const Permission = Type.Object({ authorization_state: Type.String(), openid: Type.Optional(Type.String()) })
const PERMISSION_STATES: Readonly<Record<string, ProviderPermission['state']>> = {
  UNBINDUSER: 'asked',
  AVAILABLE: 'available',
  UNAVAILABLE: 'unavailable',
}
export function readPermission(answer: unknown): ProviderPermission | undefined {
  const parsed = parseValue(Permission, answer)
  if (!parsed.ok) return undefined
  return {
    state: PERMISSION_STATES[parsed.value.authorization_state] ?? 'unknown',
    openid: parsed.value.openid ?? null,
  }
}

const Token = Type.Object({ apply_permissions_token: Type.String({ minLength: 1 }) })
export function readPermissionToken(answer: unknown): string | undefined {
  const parsed = parseValue(Token, answer)
  return parsed.ok ? parsed.value.apply_permissions_token : undefined
}

export const CallbackEnvelope = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 200 }),
  event_type: Type.String({ maxLength: 100 }),
  resource: Type.Object({
    algorithm: Type.Literal('AEAD_AES_256_GCM'),
    ciphertext: Type.String(),
    associated_data: Type.Optional(Type.String()),
    nonce: Type.String(),
  }),
})
export const PermissionNotice = Type.Object({
  mchid: Type.Optional(Type.String()),
  openid: Type.String(),
  user_service_status: Type.String(),
})

const BillOffer = Type.Object({
  hash_type: Type.Literal('SHA1'),
  hash_value: Type.String({ pattern: '^[0-9A-Fa-f]{40}$' }),
  download_url: Type.String({ pattern: '^https?://' }),
})
export function readBillOffer(answer: unknown): { sha1: string; downloadUrl: string } | undefined {
  const parsed = parseValue(BillOffer, answer)
  return parsed.ok
    ? { sha1: parsed.value.hash_value.toLowerCase(), downloadUrl: parsed.value.download_url }
    : undefined
}

const Complaint = Type.Object({
  complaint_id: Type.String({ minLength: 1, maxLength: 64 }),
  complaint_time: Type.String(),
  complaint_detail: Type.String(),
  complaint_state: Type.String(),
  service_order_info: Type.Optional(
    Type.Array(Type.Object({ out_order_no: Type.Optional(Type.String()) }), { maxItems: 100 }),
  ),
  apply_refund_amount: Type.Optional(Type.Integer({ minimum: 0 })),
})
const COMPLAINT_STATES: Readonly<Record<string, ProviderComplaint['state']>> = {
  PENDING: 'pending',
  PROCESSING: 'processing',
  PROCESSED: 'processed',
}
const COMPLAINT_CHARACTERS = 1000
/** Of a list; one that cannot be read spoils the whole, so that no complaint is overlooked. */
export function readComplaints(answer: unknown): ProviderComplaint[] | undefined {
  const parsed = parseValue(Type.Object({ data: Type.Optional(Type.Array(Complaint)) }), answer)
  if (!parsed.ok) return undefined
  const complaints: ProviderComplaint[] = []
  for (const one of parsed.value.data ?? []) {
    const filedAtMs = parseRfc3339(one.complaint_time)
    if (filedAtMs === undefined) return undefined
    complaints.push({
      complaintId: one.complaint_id,
      // A state that the documentation does not name is one that still needs somebody.
      state: COMPLAINT_STATES[one.complaint_state] ?? 'processing',
      filedAtMs,
      text: one.complaint_detail.slice(0, COMPLAINT_CHARACTERS),
      outOrderNo: one.service_order_info?.[0]?.out_order_no ?? null,
      refundAskedFen: one.apply_refund_amount ?? null,
    })
  }
  return complaints
}
export const ComplaintNotice = Type.Object({ complaint_id: Type.String({ minLength: 1, maxLength: 64 }) })
