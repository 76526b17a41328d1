import type { JsonObject } from './fields.ts'
import type { ProviderKeys } from './keys.ts'
import type { ServiceOrder, ServiceOrderState, Transaction } from './records.ts'
import { compactTime } from './wire-time.ts'

export interface OrderTriple {
  readonly state: 'CREATED' | 'DOING' | 'DONE' | 'REVOKED' | 'EXPIRED'
  /** Only while DOING. */
  readonly stateDescription?: 'USER_CONFIRM' | 'MCH_COMPLETE'
  readonly collection?: 'USER_PAYING' | 'USER_PAID'
}

const TRIPLES: Record<ServiceOrderState, OrderTriple> = {
  asked: { state: 'CREATED' },
  created: { state: 'CREATED' },
  inProgress: { state: 'DOING', stateDescription: 'USER_CONFIRM' },
  paying: { state: 'DOING', stateDescription: 'MCH_COMPLETE', collection: 'USER_PAYING' },
  paid: { state: 'DONE', collection: 'USER_PAID' },
  free: { state: 'DONE' },
  settledElsewhere: { state: 'DONE', collection: 'USER_PAID' },
  revoked: { state: 'REVOKED' },
  expired: { state: 'EXPIRED' },
}

export function orderTriple(state: ServiceOrderState): OrderTriple {
  return TRIPLES[state]
}

function collectionView(order: ServiceOrder, transactions: readonly Transaction[]): JsonObject | undefined {
  const state = orderTriple(order.state).collection
  if (!state) return undefined
  const details: JsonObject[] = transactions.map((one) => ({
    seq: one.seq,
    amount: one.amountFen,
    paid_type: 'NEWTON',
    paid_time: compactTime(one.paidAtMs),
    transaction_id: one.transactionId,
  }))
  if (order.paidElsewhereAtMs !== null) {
    // Paid through the merchant's own channel: there is no transaction of the provider.
    details.push({
      seq: 1,
      amount: order.totalFen,
      paid_type: 'MCH',
      paid_time: compactTime(order.paidElsewhereAtMs),
    })
  }
  const paidFen = details.reduce((sum, one) => sum + Number(one['amount']), 0)
  return {
    state,
    total_amount: order.totalFen,
    paying_amount: Math.max(0, order.totalFen - paidFen),
    paid_amount: paidFen,
    ...(details.length > 0 ? { details } : {}),
  }
}

function pick(from: JsonObject | null, ...names: string[]): JsonObject {
  const out: JsonObject = {}
  for (const name of names) if (from?.[name] !== undefined) out[name] = from[name]
  return out
}

/** The whole service order, as query, complete, modify, sync and the paid callback show it. */
export function orderView(
  keys: ProviderKeys,
  order: ServiceOrder,
  transactions: readonly Transaction[],
): JsonObject {
  const triple = orderTriple(order.state)
  const collection = collectionView(order, transactions)
  const isCompleted = order.completed !== null
  return {
    appid: keys.appId,
    mchid: keys.mchId,
    service_id: keys.serviceId,
    out_order_no: order.outOrderNo,
    ...pick(order.created, 'service_introduction'),
    state: triple.state,
    ...(triple.stateDescription ? { state_description: triple.stateDescription } : {}),
    ...(isCompleted ? { total_amount: order.totalFen } : {}),
    ...pick(order.completed, 'post_payments', 'post_discounts'),
    ...pick(order.created, 'risk_fund'),
    time_range: {
      ...(order.created['time_range'] as JsonObject),
      ...(order.completed?.['time_range'] as JsonObject | undefined),
    },
    ...(order.created['location'] || order.completed?.['location']
      ? {
          location: {
            ...(order.created['location'] as JsonObject),
            ...(order.completed?.['location'] as JsonObject | undefined),
          },
        }
      : {}),
    ...pick(order.created, 'attach', 'notify_url', 'device'),
    order_id: order.orderId,
    ...(isCompleted ? { need_collection: order.totalFen > 0 } : {}),
    ...(collection ? { collection } : {}),
    openid: order.openid,
  }
}

/** The short answer of cancel and collect. */
export function orderReceipt(keys: ProviderKeys, order: ServiceOrder): JsonObject {
  return {
    appid: keys.appId,
    mchid: keys.mchId,
    service_id: keys.serviceId,
    out_order_no: order.outOrderNo,
    order_id: order.orderId,
  }
}
