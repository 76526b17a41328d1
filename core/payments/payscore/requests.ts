import type { ChargeLine, ProviderRequests } from '../provider.ts'
import { compactTime } from './wire-time.ts'

/** In smart retail each line is named so; the product stands in the description. */
const LINE_NAME = '商品信息'
const DESCRIPTION_CHARACTERS = 30
const LINES_MOST = 100

export interface RequestSettings {
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  /** Where callbacks go. */
  readonly notifyUrl: () => string
  /** The provider's clock: an end in its future is refused. */
  readonly providerNowMs: () => number
}
/** The provider's clock is known to a second at best. */
const END_MARGIN_MS = 1000

/** The bodies of the calls, in the form of the smart-retail pages: no-confirm mode, 先享. */
export function createRequests(settings: RequestSettings): ProviderRequests {
  const own = { appid: settings.appId, service_id: settings.serviceId }
  const orderPath = (outOrderNo: string, act: string) =>
    `/v3/payscore/serviceorder/${encodeURIComponent(outOrderNo)}/${act}`
  return {
    applyPermission: ({ authorizationCode }) => ({
      operation: 'apply_permission',
      method: 'POST',
      path: '/v3/payscore/permissions',
      body: JSON.stringify({
        ...own,
        authorization_code: authorizationCode,
        notify_url: settings.notifyUrl(),
      }),
    }),
    createOrder: ({ outOrderNo, openid, cabinetId, site, capFen }) => ({
      operation: 'create_order',
      method: 'POST',
      path: '/v3/payscore/serviceorder',
      body: JSON.stringify({
        out_order_no: outOrderNo,
        ...own,
        service_introduction: '智能零售柜',
        risk_fund: { name: 'ESTIMATE_ORDER_COST', amount: capFen, description: '单次购物上限' },
        time_range: { start_time: 'OnAccept' },
        location: { start_location: shorten(site, 20) },
        notify_url: settings.notifyUrl(),
        openid,
        need_user_confirm: false,
        device: { start_device_id: shorten(cabinetId, 32) },
      }),
    }),
    completeOrder: ({ outOrderNo, lines, totalFen, startedAtMs, endedAtMs }) => {
      const latestMs = settings.providerNowMs() - END_MARGIN_MS
      return {
        operation: 'complete_order',
        method: 'POST',
        path: orderPath(outOrderNo, 'complete'),
        body: JSON.stringify({
          ...own,
          post_payments: paymentsOf(lines),
          total_amount: totalFen,
          time_range: { end_time: compactTime(Math.min(latestMs, Math.max(endedAtMs, startedAtMs + 1000))) },
        }),
      }
    },
    modifyOrder: ({ outOrderNo, lines, totalFen, reason }) => ({
      operation: 'modify_order',
      method: 'POST',
      path: orderPath(outOrderNo, 'modify'),
      body: JSON.stringify({
        ...own,
        post_payments: paymentsOf(lines),
        total_amount: totalFen,
        reason: shorten(reason, 50),
      }),
    }),
    cancelOrder: ({ outOrderNo, reason }) => ({
      operation: 'cancel_order',
      method: 'POST',
      path: orderPath(outOrderNo, 'cancel'),
      body: JSON.stringify({ ...own, reason: shorten(reason, 50) }),
    }),
    syncOrder: ({ outOrderNo, paidAtMs }) => ({
      operation: 'sync_order',
      method: 'POST',
      path: orderPath(outOrderNo, 'sync'),
      body: JSON.stringify({ ...own, type: 'Order_Paid', detail: { paid_time: compactTime(paidAtMs) } }),
    }),
    collectOrder: ({ outOrderNo }) => ({
      operation: 'collect_order',
      method: 'POST',
      path: orderPath(outOrderNo, 'pay'),
      body: JSON.stringify(own),
    }),
    refund: ({ outRefundNo, transactionId, amountFen, paidFen, reason }) => ({
      operation: 'refund',
      method: 'POST',
      path: '/v3/refund/domestic/refunds',
      // By the transaction: an automatic deduction carries the provider's own trade number, not ours.
      body: JSON.stringify({
        transaction_id: transactionId,
        out_refund_no: outRefundNo,
        reason: shorten(reason, 80),
        notify_url: settings.notifyUrl(),
        amount: { refund: amountFen, total: paidFen, currency: 'CNY' },
      }),
    }),
    rerouteRefund: ({ providerRefundId, outRefundNo }) => ({
      operation: 'reroute_refund',
      method: 'POST',
      path: `/v3/refund/domestic/refunds/${encodeURIComponent(providerRefundId)}/apply-abnormal-refund`,
      body: JSON.stringify({ out_refund_no: outRefundNo, type: 'MERCHANT_BANK_CARD' }),
    }),
    respondToComplaint: ({ complaintId, text }) => ({
      operation: 'respond_complaint',
      method: 'POST',
      path: complaintPath(complaintId, 'response'),
      body: JSON.stringify({ complainted_mchid: settings.mchId, response_content: shorten(text, 200) }),
    }),
    completeComplaint: ({ complaintId }) => ({
      operation: 'complete_complaint',
      method: 'POST',
      path: complaintPath(complaintId, 'complete'),
      body: JSON.stringify({ complainted_mchid: settings.mchId }),
    }),
  }
}

function complaintPath(complaintId: string, act: string): string {
  return `/v3/merchant-service/complaints-v2/${encodeURIComponent(complaintId)}/${act}`
}

function paymentsOf(lines: readonly ChargeLine[]) {
  if (lines.length > LINES_MOST)
    throw new Error(`assertion failed: ${lines.length} lines, the provider takes ${LINES_MOST}`)
  // A list is never empty on this wire: a visit without goods is one line of nothing.
  if (lines.length === 0) return [{ name: LINE_NAME, amount: 0, description: '未取商品' }]
  return lines.map((line) => ({
    name: LINE_NAME,
    amount: line.amountFen,
    description: shorten(line.description, DESCRIPTION_CHARACTERS),
    count: line.count,
  }))
}

function shorten(text: string, characters: number): string {
  return Array.from(text).slice(0, characters).join('')
}
