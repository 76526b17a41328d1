import { constants, publicEncrypt } from 'node:crypto'
import { fieldsOf, textIn, type JsonObject } from './fields.ts'
import { providerNumber, type Parts } from './parts.ts'
import { ProviderError } from './provider-error.ts'
import type { Complaint, ComplaintAction, Refund } from './records.ts'
import { orderTriple } from './service-order-view.ts'
import { billDay, parseBillDay, rfc3339 } from './wire-time.ts'

/** Published: a list may span 30 days, a page has 1 to 50 rows, images are at most 4, reasons at most 200 characters. */
const SPAN_DAYS = 30
const PAGE_LIMIT = 50
const DAY_MS = 86_400_000

/** What people tell the provider instead of the merchant, and what the merchant answers there. */
export interface Complaints {
  list(query: JsonObject): JsonObject
  detail(complaintId: string): JsonObject
  history(complaintId: string, query: JsonObject): JsonObject
  respond(complaintId: string, body: JsonObject): void
  complete(complaintId: string, body: JsonObject): void
  decideRefund(complaintId: string, body: JsonObject): void
  /** Where complaints are told; one address per merchant. */
  setNotifyUrl(body: JsonObject): JsonObject
  getNotifyUrl(): JsonObject
  removeNotifyUrl(): void
  /** A tester complains in somebody's name about a service order. */
  file(complaint: { outOrderNo: string; text: string; phone?: string; refundFen?: number }): Complaint
  /** The person writes once more. */
  addUserText(complaintId: string, text: string): Complaint
  /** Money that came back ends a complaint whose refund was agreed. */
  onRefundSettled(refund: Refund): void
}

export function createComplaints(parts: Parts): Complaints {
  const { books, clock, keys, callbacks, log } = parts

  function get(complaintId: string): Complaint {
    const complaint = books.complaints.get(complaintId)
    if (!complaint) throw new ProviderError('RESOURCE_NOT_EXISTS', '投诉单不存在')
    return complaint
  }

  /** Rule of the provider: personal data leave it encrypted for the merchant (RSAES-OAEP, SHA-1). */
  function encrypted(text: string): string {
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    return publicEncrypt(
      { key: keys.merchantPublicKey, padding, oaepHash: 'sha1' },
      Buffer.from(text),
    ).toString('base64')
  }

  function view(complaint: Complaint): JsonObject {
    const order = books.orders.get(complaint.outOrderNo)
    const payments = books.transactions.by('outOrderNo', complaint.outOrderNo)
    const refundedFen = books.refunds
      .by('outOrderNo', complaint.outOrderNo)
      .reduce((sum, one) => sum + (one.status === 'SUCCESS' ? one.amountFen : 0), 0)
    const paidFen = payments.reduce((sum, one) => sum + one.amountFen, 0)
    return {
      complaint_id: complaint.complaintId,
      complaint_time: rfc3339(complaint.filedAtMs),
      complaint_detail: complaint.text,
      complaint_state: complaint.state,
      ...(complaint.phone === null ? {} : { payer_phone: encrypted(complaint.phone) }),
      payer_openid: complaint.openid,
      complaint_order_info: payments.map((one) => ({
        transaction_id: one.transactionId,
        out_trade_no: one.outTradeNo,
        amount: one.amountFen,
      })),
      service_order_info: order
        ? [{ order_id: order.orderId, out_order_no: order.outOrderNo, state: orderTriple(order.state).state }]
        : [],
      complaint_full_refunded: paidFen > 0 && refundedFen >= paidFen,
      incoming_user_response: complaint.isWaitingForMerchant,
      user_complaint_times: books.complaints.by('outOrderNo', complaint.outOrderNo).length,
      problem_description: complaint.refundFen === null ? '其他' : '申请退款',
      problem_type: complaint.refundFen === null ? 'OTHERS' : 'REFUND',
      ...(complaint.refundFen === null ? {} : { apply_refund_amount: complaint.refundFen }),
    }
  }

  /** One step: the new state and a line of history, and a callback that says that something happened. */
  function step(
    complaint: Complaint,
    change: Partial<Complaint>,
    action: ComplaintAction,
    content: string,
  ): Complaint {
    const line = { atMs: clock.now(), action, content }
    const next: Complaint = { ...complaint, ...change, history: [...complaint.history, line] }
    return books.write(() => {
      books.complaints.put(next)
      const isNew = action === 'USER_CREATE_COMPLAINT'
      callbacks.enqueue({
        eventType: isNew ? 'COMPLAINT.CREATE' : 'COMPLAINT.STATE_CHANGE',
        summary: isNew ? '产生新投诉' : '投诉单状态变化',
        originalType: 'complaint',
        resource: { complaint_id: next.complaintId, action_type: CALLBACK_ACTION[action] },
        url: books.settings.get('complaints')?.value ?? null,
        outOrderNo: next.outOrderNo,
        openid: next.openid,
      })
      log.info(
        { complaintId: next.complaintId, outOrderNo: next.outOrderNo, action, state: next.state },
        'complaint',
      )
      return next
    })
  }

  function checkMerchant(body: JsonObject): void {
    if (body['complainted_mchid'] !== keys.mchId)
      throw new ProviderError('NO_AUTH', '被诉商户号与当前商户号不一致')
  }
  function notProcessed(complaint: Complaint): void {
    if (complaint.state === 'PROCESSED') throw new ProviderError('INVALID_REQUEST', '投诉单已处理完成')
  }

  return {
    list(query) {
      const fromMs = parseBillDay(textIn(query, 'begin_date'))
      const toMs = parseBillDay(textIn(query, 'end_date'))
      if (fromMs === undefined || toMs === undefined || toMs < fromMs)
        throw new ProviderError('PARAM_ERROR', '日期格式应为yyyy-MM-dd，且结束日期不早于开始日期')
      if (toMs - fromMs >= SPAN_DAYS * DAY_MS)
        throw new ProviderError('PARAM_ERROR', '查询日期跨度不能超过30天')
      const { limit, offset } = page(query, 10)
      const within = books.complaints
        .all()
        .filter((one) => one.filedAtMs >= fromMs && billDay(one.filedAtMs) <= billDay(toMs))
        .toReversed()
      return {
        data: within.slice(offset, offset + limit).map(view),
        limit,
        offset,
        total_count: within.length,
      }
    },
    detail: (complaintId) => view(get(complaintId)),
    history(complaintId, query) {
      const { history } = get(complaintId)
      const { limit, offset } = page(query, 100)
      const lines = history.toReversed().slice(offset, offset + limit)
      return {
        data: lines.map((one, index) => ({
          log_id: `${complaintId}${String(history.length - offset - index).padStart(3, '0')}`,
          operator: one.action.startsWith('USER')
            ? '投诉人'
            : one.action.startsWith('MERCHANT')
              ? '商户'
              : '系统',
          operate_time: rfc3339(one.atMs),
          operate_type: one.action,
          operate_details: one.content,
        })),
        limit,
        offset,
        total_count: history.length,
      }
    },
    respond(complaintId, body) {
      const complaint = get(complaintId)
      checkMerchant(body)
      const content = fieldsOf(body).text('response_content', { max: 200 })
      notProcessed(complaint)
      step(complaint, { state: 'PROCESSING', isWaitingForMerchant: false }, 'MERCHANT_RESPONSE', content)
    },
    complete(complaintId, body) {
      const complaint = get(complaintId)
      checkMerchant(body)
      notProcessed(complaint)
      if (complaint.state === 'PENDING')
        throw new ProviderError('INVALID_REQUEST', '请先回复用户，再反馈处理完成')
      step(
        complaint,
        { state: 'PROCESSED', isWaitingForMerchant: false },
        'MERCHANT_CONFIRM_COMPLETE',
        '商户反馈处理完成',
      )
    },
    decideRefund(complaintId, body) {
      const complaint = get(complaintId)
      const fields = fieldsOf(body)
      const action = fields.text('action')
      if (complaint.refundFen === null)
        throw new ProviderError('INVALID_REQUEST', '仅申请退款类投诉单可更新退款审批结果')
      notProcessed(complaint)
      if (action === 'APPROVE') {
        const days = fields.integer('launch_refund_day', { min: 0, max: 30 })
        // Agreeing moves no money: the refund is a call of its own, and its arrival ends the complaint.
        step(
          complaint,
          { state: 'PROCESSING', isRefundAgreed: true, isWaitingForMerchant: false },
          'MERCHANT_APPROVE_REFUND',
          `预计${days}个工作日内退款`,
        )
      } else if (action === 'REJECT') {
        step(
          complaint,
          { state: 'PROCESSED', isWaitingForMerchant: false },
          'MERCHANT_REJECT_REFUND',
          fields.text('reject_reason', { max: 200 }),
        )
      } else {
        throw new ProviderError('PARAM_ERROR', 'action应为APPROVE或REJECT')
      }
    },
    setNotifyUrl(body) {
      const url = fieldsOf(body).url('url')
      books.settings.put({ name: 'complaints', value: url })
      return { mchid: keys.mchId, url }
    },
    getNotifyUrl() {
      const url = books.settings.get('complaints')?.value
      if (url === undefined) throw new ProviderError('RESOURCE_NOT_EXISTS', '未创建投诉通知回调地址')
      return { mchid: keys.mchId, url }
    },
    removeNotifyUrl: () => books.settings.delete('complaints'),
    file({ outOrderNo, text, phone, refundFen }) {
      const order = books.orders.get(outOrderNo)
      if (!order) throw new ProviderError('ORDER_NOT_EXIST', '单据不存在')
      const complaint: Complaint = {
        complaintId: `2002${providerNumber(parts, 'order').slice(4)}`,
        outOrderNo,
        openid: order.openid,
        text,
        phone: phone ?? null,
        refundFen: refundFen ?? null,
        state: 'PENDING',
        isWaitingForMerchant: true,
        isRefundAgreed: false,
        filedAtMs: clock.now(),
        history: [],
      }
      return step(complaint, {}, 'USER_CREATE_COMPLAINT', text)
    },
    addUserText(complaintId, text) {
      return step(get(complaintId), { isWaitingForMerchant: true }, 'USER_CONTINUE_COMPLAINT', text)
    },
    onRefundSettled(refund) {
      if (refund.status !== 'SUCCESS') return
      for (const one of books.complaints.by('outOrderNo', refund.outOrderNo)) {
        if (one.isRefundAgreed && one.state === 'PROCESSING')
          step(one, { state: 'PROCESSED' }, 'COMPLAINT_REFUND_RECEIVED', '退款已到账')
      }
    },
  }
}

/** The callback's shorter list of what happened. */
const CALLBACK_ACTION: Record<ComplaintAction, string> = {
  USER_CREATE_COMPLAINT: 'CREATE_COMPLAINT',
  USER_CONTINUE_COMPLAINT: 'CONTINUE_COMPLAINT',
  MERCHANT_RESPONSE: 'MERCHANT_RESPONSE',
  MERCHANT_CONFIRM_COMPLETE: 'MERCHANT_CONFIRM_COMPLETE',
  MERCHANT_APPROVE_REFUND: 'MERCHANT_APPROVE_REFUND',
  MERCHANT_REJECT_REFUND: 'MERCHANT_REJECT_REFUND',
  COMPLAINT_REFUND_RECEIVED: 'REFUND_SUCCESS',
}

/** Page numbers arrive as text in the query. */
function page(query: JsonObject, limitWhenAbsent: number): { limit: number; offset: number } {
  const number = (name: string, whenAbsent: number, min: number, max: number) => {
    if (query[name] === undefined) return whenAbsent
    const value = Number(query[name])
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw new ProviderError('PARAM_ERROR', `${name}应为${min}到${max}的整数`)
    return value
  }
  return {
    limit: number('limit', limitWhenAbsent, 1, Math.max(PAGE_LIMIT, limitWhenAbsent)),
    offset: number('offset', 0, 0, 1_000_000),
  }
}
