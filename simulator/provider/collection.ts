import type { CallbackEvent } from './callbacks.ts'
import { providerNumber, type Parts } from './parts.ts'
import { HANDBOOK, ProviderError } from './provider-error.ts'
import type { Fault, ServiceOrder, Transaction } from './records.ts'
import { serviceOrderMachine } from './service-order-machine.ts'
import { orderView } from './service-order-view.ts'

/** 0.60 %, the usual rate; shown in the bills. */
const FEE_PER_TEN_THOUSAND = 60
/** A scripted second taking follows the first after this, unless the fault says otherwise. */
const DOUBLE_AFTER_MS = 150

export function feeOfFen(amountFen: number): number {
  return Math.round((amountFen * FEE_PER_TEN_THOUSAND) / 10_000)
}

/** Takes the money: by itself after complete, again when that failed, on the merchant's request, or by the person's own hand. */
export interface Collector {
  /** The first automatic deduction; inside the write that completes the order. */
  begin(order: ServiceOrder): void
  /** The merchant asks for a try now. */
  collect(order: ServiceOrder): void
  /** A tester asks for a try now, held or not. @returns whether it was paid */
  deductNow(outOrderNo: string): boolean
  /** The person pays in the order page. @throws ProviderError with the reason to show */
  payByHand(outOrderNo: string): void
  forget(outOrderNo: string): void
  transactionsOf(outOrderNo: string): Transaction[]
  /** Takes up what was outstanding before a restart. */
  resume(): void
}

export function createCollector(parts: Parts): Collector {
  const { books, clock, keys, agenda, faults, callbacks, behaviour, log } = parts

  function transactionsOf(outOrderNo: string): Transaction[] {
    return books.transactions.by('outOrderNo', outOrderNo).sort((a, b) => a.seq - b.seq)
  }

  function schedule(order: ServiceOrder): void {
    const { outOrderNo } = order
    if (order.state === 'paying' && order.collection.dueAtMs !== null) {
      agenda.at(`deduct ${outOrderNo}`, order.collection.dueAtMs, () => void attempt(outOrderNo, 'auto'))
    }
    if (order.doubleDueAtMs !== null) {
      agenda.at(`double ${outOrderNo}`, order.doubleDueAtMs, () => takeSecond(outOrderNo))
    }
  }
  function save(order: ServiceOrder): void {
    books.orders.put(order)
    schedule(order)
  }

  function paidEvent(order: ServiceOrder): CallbackEvent {
    return {
      eventType: 'PAYSCORE.USER_PAID',
      summary: '支付成功',
      originalType: 'payscore',
      resource: orderView(keys, order, transactionsOf(order.outOrderNo)),
      url: String(order.created['notify_url']),
      outOrderNo: order.outOrderNo,
      openid: order.openid,
    }
  }

  function take(order: ServiceOrder, how: Transaction['how'], seq: number): void {
    const person = books.people.get(order.openid)
    if (person) books.people.put({ ...person, balanceFen: person.balanceFen - order.totalFen })
    const transaction: Transaction = {
      transactionId: providerNumber(parts, 'transaction'),
      outOrderNo: order.outOrderNo,
      openid: order.openid,
      seq,
      amountFen: order.totalFen,
      feeFen: feeOfFen(order.totalFen),
      paidAtMs: clock.now(),
      how,
      outTradeNo: how === 'by_hand' ? order.outOrderNo : providerNumber(parts, 'trade'),
    }
    books.transactions.put(transaction)
    log.info(
      {
        outOrderNo: order.outOrderNo,
        transactionId: transaction.transactionId,
        amountFen: order.totalFen,
        how,
        seq,
      },
      'money taken',
    )
  }

  function notEnough(order: ServiceOrder): boolean {
    const facts = { outOrderNo: order.outOrderNo, openid: order.openid }
    const balanceFen = books.people.get(order.openid)?.balanceFen ?? 0
    return balanceFen < order.totalFen || faults.take('insufficient_balance', facts) !== undefined
  }

  /** @returns whether money was taken */
  function attempt(outOrderNo: string, how: Transaction['how']): boolean {
    return books.write(() => {
      const order = books.orders.get(outOrderNo)
      const paid = order && serviceOrderMachine.next(order.state, 'collected')
      if (!order || !paid) return false
      const attempts = order.collection.attempts + 1
      if (notEnough(order)) {
        save({
          ...order,
          collection: {
            dueAtMs: clock.now() + behaviour.ownRetryMs,
            isRunning: false,
            attempts,
            lastReason: 'insufficient_balance',
          },
        })
        log.info({ outOrderNo, attempts }, 'deduction failed: not enough money')
        return false
      }
      take(order, how, 1)
      const double = faults.take('double_payment', { outOrderNo, openid: order.openid })
      const settled: ServiceOrder = {
        ...order,
        state: paid,
        endedAtMs: clock.now(),
        collection: { dueAtMs: null, isRunning: false, attempts, lastReason: null },
        doubleDueAtMs: double ? clock.now() + (double.delayMs ?? DOUBLE_AFTER_MS) : null,
      }
      agenda.clear(`deduct ${outOrderNo}`)
      save(settled)
      callbacks.enqueue(paidEvent(settled))
      return true
    })
  }

  function takeSecond(outOrderNo: string): void {
    books.write(() => {
      const order = books.orders.get(outOrderNo)
      if (!order || order.doubleDueAtMs === null) return
      take(order, 'auto', transactionsOf(outOrderNo).length + 1)
      const settled = { ...order, doubleDueAtMs: null }
      books.orders.put(settled)
      callbacks.enqueue(paidEvent(settled))
    })
  }

  function hold(order: ServiceOrder, fault: Fault): void {
    const dueAtMs = fault.delayMs === null ? null : clock.now() + fault.delayMs
    save({ ...order, collection: { dueAtMs, isRunning: false, attempts: 0, lastReason: 'held' } })
  }

  return {
    transactionsOf,
    begin(order) {
      const facts = { outOrderNo: order.outOrderNo, openid: order.openid }
      const held = faults.take('delayed_deduction', facts)
      if (held) return hold(order, held)
      save({
        ...order,
        collection: {
          dueAtMs: clock.now() + behaviour.deductionDelayMs,
          isRunning: true,
          attempts: 0,
          lastReason: null,
        },
      })
    },
    collect(order) {
      save({
        ...order,
        collection: {
          ...order.collection,
          dueAtMs: clock.now() + behaviour.deductionDelayMs,
          isRunning: true,
        },
      })
    },
    deductNow: (outOrderNo) => attempt(outOrderNo, 'auto'),
    payByHand(outOrderNo) {
      const order = books.orders.get(outOrderNo)
      if (order?.state !== 'paying') throw new ProviderError('INVALID_ORDER_STATE', '订单无需支付')
      if (order.collection.isRunning) {
        throw new ProviderError(
          'INVALID_REQUEST',
          `单据正在扣款中，请稍后再试（${HANDBOOK.deductionRunning}）`,
        )
      }
      if (!attempt(outOrderNo, 'by_hand')) throw new ProviderError('NOT_ENOUGH', '余额不足')
    },
    forget(outOrderNo) {
      agenda.clear(`deduct ${outOrderNo}`)
    },
    resume() {
      for (const order of books.orders.all()) schedule(order)
    },
  }
}
