import type { Collector } from './collection.ts'
import { canonicalJson, fieldsOf, type JsonObject } from './fields.ts'
import { providerNumber, type Parts } from './parts.ts'
import type { Permissions } from './permissions.ts'
import { HANDBOOK, ProviderError } from './provider-error.ts'
import type { Collection, ServiceOrder } from './records.ts'
import { serviceOrderMachine } from './service-order-machine.ts'
import { checkServiceTime, readAmounts, readCreate } from './service-order-rules.ts'
import { orderReceipt, orderTriple, orderView } from './service-order-view.ts'
import { parseCompactTime } from './wire-time.ts'

type OrderInput = (typeof serviceOrderMachine)['inputs'][number]
/** Published: an order that nobody confirms expires after 30 days. */
const UNCONFIRMED_LIFE_MS = 30 * 86_400_000
const NOT_COLLECTING: Collection = { dueAtMs: null, isRunning: false, attempts: 0, lastReason: null }

export interface ServiceOrders {
  create(body: JsonObject): JsonObject
  query(query: JsonObject): JsonObject
  complete(outOrderNo: string, body: JsonObject): JsonObject
  modify(outOrderNo: string, body: JsonObject): JsonObject
  cancel(outOrderNo: string, body: JsonObject): JsonObject
  sync(outOrderNo: string, body: JsonObject): JsonObject
  collect(outOrderNo: string, body: JsonObject): JsonObject
}

export function createServiceOrders(
  parts: Parts,
  permissions: Permissions,
  collector: Collector,
): ServiceOrders {
  const { books, clock, keys, behaviour, log, random } = parts

  function get(outOrderNo: string): ServiceOrder {
    const order = books.orders.get(outOrderNo)
    if (!order) throw new ProviderError('ORDER_NOT_EXIST', '单据不存在')
    return expireIfDue(order)
  }
  /** Nobody needs a timer for what only shows when somebody looks. */
  function expireIfDue(order: ServiceOrder): ServiceOrder {
    const expired = serviceOrderMachine.next(order.state, 'expired')
    if (!expired || clock.now() - order.createdAtMs < UNCONFIRMED_LIFE_MS) return order
    const ended: ServiceOrder = { ...order, state: expired, endedAtMs: clock.now() }
    books.orders.put(ended)
    return ended
  }
  function view(order: ServiceOrder): JsonObject {
    return orderView(keys, order, collector.transactionsOf(order.outOrderNo))
  }

  /** @throws INVALID_ORDER_STATE when the machine has no such way, INVALID_REQUEST while money is being taken */
  function move(order: ServiceOrder, input: OrderInput): ServiceOrder['state'] {
    if (order.collection.isRunning) {
      throw new ProviderError('INVALID_REQUEST', `单据正在扣款中，请稍后再试（${HANDBOOK.deductionRunning}）`)
    }
    const next = serviceOrderMachine.next(order.state, input)
    if (next === undefined) {
      throw new ProviderError(
        'INVALID_ORDER_STATE',
        `单据状态错误：当前为${Object.values(orderTriple(order.state)).join('/')}`,
      )
    }
    return next
  }

  function mayBegin(openid: string): void {
    const person = books.people.get(openid)
    if (!person || !permissions.isAvailable(openid))
      throw new ProviderError('NO_AUTH', '用户未授权或已解除授权')
    if (person.standing === 'refused') {
      throw new ProviderError('INVALID_REQUEST', `综合评估未通过，暂不能使用该服务（${HANDBOOK.evaluation}）`)
    }
    const own = books.orders.by('openid', openid)
    if (own.some((one) => one.state === 'paying' && one.collection.attempts > 0)) {
      throw new ProviderError('INVALID_REQUEST', `用户存在超时未支付的订单（${HANDBOOK.unpaidOrders}）`)
    }
    if (own.filter((one) => one.state === 'inProgress').length >= behaviour.ordersInProgressLimit) {
      throw new ProviderError(
        'INVALID_REQUEST',
        `用户进行中的订单不能超过${behaviour.ordersInProgressLimit}笔`,
      )
    }
  }

  return {
    create(body) {
      const facts = readCreate(fieldsOf(body), behaviour.serviceCapFen)
      const existing = books.orders.get(facts.outOrderNo)
      if (existing) {
        if (canonicalJson(existing.created) !== canonicalJson(body)) {
          throw new ProviderError('INVALID_REQUEST', `订单重入参数校验失败（${HANDBOOK.changedReentry}）`)
        }
        return view(existing)
      }
      mayBegin(facts.openid)
      const input = facts.isConfirmedByUser ? 'leftToConfirm' : 'begun'
      const order = books.write((): ServiceOrder => {
        const begun: ServiceOrder = {
          outOrderNo: facts.outOrderNo,
          orderId: providerNumber(parts, 'order'),
          queryId: Buffer.from(random.bytes(24)).toString('base64url'),
          openid: facts.openid,
          state: serviceOrderMachine.next(serviceOrderMachine.initial, input) ?? 'created',
          created: body,
          completed: null,
          totalFen: 0,
          createdAtMs: clock.now(),
          completedAtMs: null,
          endedAtMs: null,
          collection: NOT_COLLECTING,
          doubleDueAtMs: null,
          paidElsewhereAtMs: null,
        }
        books.orders.put(begun)
        return begun
      })
      log.info({ outOrderNo: order.outOrderNo, openid: order.openid }, 'service order begun')
      return view(order)
    },

    query(query) {
      const { out_order_no: outOrderNo, query_id: queryId } = query
      if ((outOrderNo === undefined) === (queryId === undefined)) {
        throw new ProviderError('PARAM_ERROR', 'out_order_no和query_id必须且只能填写一个')
      }
      if (typeof outOrderNo === 'string') return view(get(outOrderNo))
      const order = typeof queryId === 'string' ? books.orders.by('queryId', queryId)[0] : undefined
      if (!order) throw new ProviderError('ORDER_NOT_EXIST', '单据不存在')
      return view(expireIfDue(order))
    },

    complete(outOrderNo, body) {
      const order = get(outOrderNo)
      const fields = fieldsOf(body)
      const { totalFen } = readAmounts(fields, behaviour.serviceCapFen)
      const state = move(order, totalFen === 0 ? 'completedFree' : 'completed')
      checkServiceTime(fields, order.created, clock.now())
      const completed: ServiceOrder = {
        ...order,
        state,
        completed: body,
        totalFen,
        completedAtMs: clock.now(),
        endedAtMs: state === 'free' ? clock.now() : null,
      }
      books.write(() => {
        books.orders.put(completed)
        if (state === 'paying') collector.begin(completed)
      })
      log.info({ outOrderNo, totalFen }, 'service order completed')
      return view(get(outOrderNo))
    },

    modify(outOrderNo, body) {
      const order = get(outOrderNo)
      const fields = fieldsOf(body)
      const { totalFen } = readAmounts(fields, behaviour.serviceCapFen)
      fields.text('reason', { max: 50 })
      const state = move(order, 'lowered')
      if (totalFen >= order.totalFen)
        throw new ProviderError('INVALID_REQUEST', '修改后的金额必须小于修改前的金额')
      if (totalFen === 0) throw new ProviderError('PARAM_ERROR', '修改后的金额必须大于0')
      const lowered: ServiceOrder = {
        ...order,
        state,
        totalFen,
        // What modify sends replaces lines and discounts as a whole; the times stay those of complete.
        completed: {
          ...body,
          time_range: order.completed?.['time_range'],
          location: order.completed?.['location'],
        },
      }
      books.orders.put(lowered)
      log.info({ outOrderNo, totalFen }, 'service order lowered')
      return view(lowered)
    },

    cancel(outOrderNo, body) {
      const order = get(outOrderNo)
      fieldsOf(body).text('reason', { max: 50 })
      if (order.state === 'paying' && behaviour.cancelWhilePaying === 'refused') {
        throw new ProviderError('INVALID_ORDER_STATE', `订单已完结，不允许取消（${HANDBOOK.notCancellable}）`)
      }
      const revoked: ServiceOrder = {
        ...order,
        state: move(order, 'cancelled'),
        endedAtMs: clock.now(),
        collection: NOT_COLLECTING,
      }
      books.orders.put(revoked)
      collector.forget(outOrderNo)
      log.info({ outOrderNo }, 'service order cancelled')
      return orderReceipt(keys, revoked)
    },

    sync(outOrderNo, body) {
      const order = get(outOrderNo)
      const fields = fieldsOf(body)
      if (fields.text('type') !== 'Order_Paid') throw new ProviderError('PARAM_ERROR', 'type固定传Order_Paid')
      const paidTime = fields.object('detail').text('paid_time', { max: 14 })
      const paidAtMs = parseCompactTime(paidTime.padEnd(14, '0'))
      if (paidAtMs === undefined)
        throw new ProviderError('PARAM_ERROR', 'paid_time格式应为yyyyMMddHHmmss或yyyyMMdd')
      const settled: ServiceOrder = {
        ...order,
        state: move(order, 'paidElsewhere'),
        endedAtMs: clock.now(),
        paidElsewhereAtMs: paidAtMs,
        collection: NOT_COLLECTING,
      }
      books.orders.put(settled)
      collector.forget(outOrderNo)
      log.info({ outOrderNo }, 'service order paid elsewhere')
      return view(settled)
    },

    collect(outOrderNo) {
      const order = get(outOrderNo)
      move(order, 'collected')
      collector.collect(order)
      return orderReceipt(keys, order)
    },
  }
}
