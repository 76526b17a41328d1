import { createHash } from 'node:crypto'
import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import type { PaymentProvider, ProviderCallback, ProviderRequest, Reply } from '../provider.ts'
import { readFundFlow, readTradeBill } from './bill-reading.ts'
import type { Merchant } from './merchant.ts'
import {
  CallbackEnvelope,
  ComplaintNotice,
  PermissionNotice,
  readBillOffer,
  readComplaints,
  readOrder,
  readPermission,
  readPermissionToken,
  readRefund,
} from './reading.ts'
import { createRequests } from './requests.ts'
import type { SignedAnswer, SignedRequest, SignedWire } from './signed-wire.ts'
import { decryptResource } from './signing.ts'

/** Answers that mean: no, but the same request may be asked again later. 271316754: a deduction is running. */
const TEMPORARY_CODES = new Set([
  'FREQUENCY_LIMITED',
  'RATELIMIT_EXCEEDED',
  'NOT_ENOUGH',
  'SIGN_ERROR',
  'STATEMENT_CREATING',
])
const DEDUCTION_IS_RUNNING = '271316754'
const ABSENT_CODES = new Set(['ORDER_NOT_EXIST', 'RESOURCE_NOT_EXISTS', 'ORDER_NOT_EXISTS'])

/** WeChat Pay v3 PayScore (微信支付分), no-confirm mode. Facts: docs/reference/provider-stand-in.md */
export function createPayScore(deps: {
  merchant: Pick<Merchant, 'baseUrl' | 'mchId' | 'appId' | 'serviceId' | 'apiV3Key'>
  wire: SignedWire
  clock: Clock
  /** Address under which the provider reaches this core. */
  notifyUrl: () => string
}): PaymentProvider {
  const { merchant, wire, clock } = deps
  /** Kept by the monotonic clock: when our wall clock is set, what we know of the provider's stays right. */
  let seen: { providerAtMs: number; monoMs: number } | undefined
  const nowMs = () => (seen === undefined ? clock.now() : seen.providerAtMs + (clock.monoMs() - seen.monoMs))
  const build = createRequests({ ...merchant, notifyUrl: deps.notifyUrl, providerNowMs: nowMs })

  /** One exchange. Whatever goes wrong on the way back leaves open whether it took effect: `unknown`. */
  async function exchange(request: SignedRequest): Promise<Reply<unknown>> {
    let answer: SignedAnswer
    try {
      answer = await wire.exchange(request)
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) }
    }
    seen = { providerAtMs: answer.providerAtMs, monoMs: clock.monoMs() }
    if (answer.status >= 500) return { kind: 'unknown', reason: `the provider failed with ${answer.status}` }
    if (answer.status === 204) return { kind: 'value', value: {}, status: 204 }
    const body = parseJson(answer.body)
    if (answer.status >= 200 && answer.status < 300)
      return body === undefined
        ? { kind: 'unknown', reason: 'the answer is not JSON' }
        : { kind: 'value', value: body, status: answer.status }
    return refusalOf(answer.status, body)
  }

  function read<T>(reply: Reply<unknown>, reader: (value: unknown) => T | undefined): Reply<T> {
    if (reply.kind !== 'value') return reply
    const value = reader(reply.value)
    return value === undefined
      ? { kind: 'unknown', reason: 'the answer does not have the shape of the documentation' }
      : { ...reply, value }
  }

  /** The address of the file, then the file; what was downloaded is what was signed, by its hash. */
  async function downloadBill<T>(
    path: string,
    reader: (text: string) => T,
  ): Promise<Reply<T & { sha1: string }>> {
    const offer = read(await exchange({ method: 'GET', path, body: '' }), readBillOffer)
    if (offer.kind !== 'value') return offer
    const address = new URL(offer.value.downloadUrl)
    if (address.origin !== new URL(merchant.baseUrl).origin)
      return {
        kind: 'unknown',
        reason: `the bill lies at ${address.origin}, which is not the provider's address`,
      }
    let text: string
    try {
      text = await wire.download(`${address.pathname}${address.search}`)
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) }
    }
    const sha1 = createHash('sha1').update(text, 'utf8').digest('hex')
    if (sha1 !== offer.value.sha1)
      return { kind: 'unknown', reason: 'the bill was damaged on the way: its SHA-1 is another one' }
    return { kind: 'value', value: { ...reader(text), sha1 }, status: 200 }
  }

  return {
    name: 'payscore',
    tradeBill: (day) => downloadBill(`/v3/bill/tradebill?bill_date=${day}&bill_type=ALL`, readTradeBill),
    fundFlow: (day) =>
      downloadBill(`/v3/bill/fundflowbill?bill_date=${day}&account_type=BASIC`, readFundFlow),
    async listComplaints({ fromDay, toDay, offset, limit }) {
      const query = new URLSearchParams({
        begin_date: fromDay,
        end_date: toDay,
        limit: String(limit),
        offset: String(offset),
      })
      const path = `/v3/merchant-service/complaints-v2?${query.toString()}`
      return read(await exchange({ method: 'GET', path, body: '' }), readComplaints)
    },
    build,
    nowMs,
    send: (request: ProviderRequest) => exchange(request),
    async queryOrder(outOrderNo) {
      const query = new URLSearchParams({
        service_id: merchant.serviceId,
        out_order_no: outOrderNo,
        appid: merchant.appId,
      })
      return read(
        await exchange({ method: 'GET', path: `/v3/payscore/serviceorder?${query.toString()}`, body: '' }),
        readOrder,
      )
    },
    async queryRefund(outRefundNo) {
      const path = `/v3/refund/domestic/refunds/${encodeURIComponent(outRefundNo)}`
      return read(await exchange({ method: 'GET', path, body: '' }), readRefund)
    },
    async queryPermission(authorizationCode) {
      const query = new URLSearchParams({ service_id: merchant.serviceId })
      const path = `/v3/payscore/permissions/authorization-code/${encodeURIComponent(authorizationCode)}?${query.toString()}`
      return read(await exchange({ method: 'GET', path, body: '' }), readPermission)
    },
    readOrder,
    readRefund,
    readPermissionToken,
    consentUrl(permissionToken, returnUrl) {
      const query = new URLSearchParams({ apply_permissions_token: permissionToken, redirect_url: returnUrl })
      return `${merchant.baseUrl}/consent?${query.toString()}`
    },
    orderUrl: (providerOrderId) => `${merchant.baseUrl}/orders/${encodeURIComponent(providerOrderId)}`,
    parseCallback(headers, rawBody) {
      const text = Buffer.from(rawBody).toString('utf8')
      // Verified before anything is decrypted or even parsed.
      wire.verify(headers, text)
      return openCallback(merchant, text)
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function refusalOf(status: number, body: unknown): Reply<never> {
  const { code = `HTTP_${status}`, message = '' } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as {
    code?: string
    message?: string
  }
  if (status === 404 && ABSENT_CODES.has(code)) return { kind: 'absent', code, status }
  const isTemporary = status === 429 || TEMPORARY_CODES.has(code) || message.includes(DEDUCTION_IS_RUNNING)
  return { kind: 'refused', code, message: message.slice(0, 300), status, isTemporary }
}

function openCallback(merchant: Pick<Merchant, 'mchId' | 'apiV3Key'>, text: string): ProviderCallback {
  const envelope = parseValue(CallbackEnvelope, parseJson(text))
  if (!envelope.ok)
    throw new CabinetError('bad_request', `The callback has another shape: ${envelope.reason}.`)
  const { id: eventId, event_type: eventType, resource } = envelope.value
  const about = { eventId, eventType }
  const plain = parseJson(
    decryptResource(merchant.apiV3Key, {
      nonce: resource.nonce,
      associatedData: resource.associated_data ?? '',
      ciphertext: resource.ciphertext,
    }),
  )
  const owner = (plain as { mchid?: unknown } | undefined)?.mchid
  if (owner !== undefined && owner !== merchant.mchId)
    return { ...about, kind: 'other', why: 'it is for another merchant' }
  if (eventType.startsWith('REFUND.')) {
    const refund = readRefund(plain)
    return refund === undefined
      ? { ...about, kind: 'other', why: 'it names no refund' }
      : { ...about, kind: 'refund', refund }
  }
  if (eventType === 'PAYSCORE.USER_OPEN_SERVICE' || eventType === 'PAYSCORE.USER_CLOSE_SERVICE') {
    const notice = parseValue(PermissionNotice, plain)
    return notice.ok
      ? {
          ...about,
          kind: 'permission',
          openid: notice.value.openid,
          isAvailable: notice.value.user_service_status === 'USER_OPEN_SERVICE',
        }
      : { ...about, kind: 'other', why: 'it names nobody' }
  }
  if (eventType.startsWith('COMPLAINT.')) {
    const notice = parseValue(ComplaintNotice, plain)
    return notice.ok
      ? { ...about, kind: 'complaint', complaintId: notice.value.complaint_id }
      : { ...about, kind: 'other', why: 'it names no complaint' }
  }
  const order = eventType.startsWith('PAYSCORE.') ? readOrder(plain) : undefined
  return order === undefined
    ? { ...about, kind: 'other', why: `events of type ${eventType} are not used` }
    : { ...about, kind: 'order', order }
}
