import { privateDecrypt, constants } from 'node:crypto'
import { messageOf } from '#protocol/base/errors.ts'
import { feeOfFen } from './collection.ts'
import { canonicalJson, fieldsOf, type JsonObject } from './fields.ts'
import { providerNumber, type Parts } from './parts.ts'
import { ProviderError } from './provider-error.ts'
import type { Refund, Transaction } from './records.ts'
import { rfc3339 } from './wire-time.ts'

/** Published limits. */
const REFUND_DAYS = 365
const PARTIAL_LIMIT = 50
const DAY_MS = 86_400_000

export interface Refunds {
  create(body: JsonObject): JsonObject
  query(outRefundNo: string): JsonObject
  reroute(refundId: string, body: JsonObject): JsonObject
  /** A tester settles it now. */
  settleNow(outRefundNo: string): void
  /** Takes up what was outstanding before a restart. */
  resume(): void
}

/** Money that is on its way back or has arrived; a closed refund gives its amount free again. */
export function reservedFen(refunds: readonly Refund[]): number {
  return refunds.filter((one) => one.status !== 'CLOSED').reduce((sum, one) => sum + one.amountFen, 0)
}

/** @param onSettled told inside the write that settles a refund */
export function createRefunds(parts: Parts, onSettled: (refund: Refund) => void): Refunds {
  const { books, clock, keys, agenda, faults, callbacks, behaviour, log } = parts

  function view(refund: Refund): JsonObject {
    return {
      refund_id: refund.refundId,
      out_refund_no: refund.outRefundNo,
      transaction_id: refund.transactionId,
      out_trade_no: refund.outTradeNo,
      channel: refund.reroutedTo ? 'OTHER_BANKCARD' : 'ORIGINAL',
      user_received_account: refund.receivedAccount,
      ...(refund.status === 'SUCCESS' && refund.settledAtMs !== null
        ? { success_time: rfc3339(refund.settledAtMs) }
        : {}),
      create_time: rfc3339(refund.createdAtMs),
      status: refund.status,
      funds_account: 'AVAILABLE',
      amount: {
        total: refund.paidFen,
        refund: refund.amountFen,
        payer_total: refund.paidFen,
        payer_refund: refund.amountFen,
        settlement_refund: refund.amountFen,
        settlement_total: refund.paidFen,
        discount_refund: 0,
        currency: 'CNY',
      },
    }
  }

  function schedule(refund: Refund): void {
    if (refund.status !== 'PROCESSING' || refund.dueAtMs === null) return
    agenda.at(`refund ${refund.outRefundNo}`, refund.dueAtMs, () => settle(refund.outRefundNo))
  }

  function settle(outRefundNo: string): string | undefined {
    return books.write(() => {
      const refund = books.refunds.get(outRefundNo)
      if (refund?.status !== 'PROCESSING') return undefined
      agenda.clear(`refund ${outRefundNo}`)
      const settled: Refund = { ...refund, status: refund.plan, settledAtMs: clock.now(), dueAtMs: null }
      books.refunds.put(settled)
      onSettled(settled)
      const person = books.people.get(refund.openid)
      const isBack = refund.plan === 'SUCCESS' && refund.reroutedTo !== 'MERCHANT_BANK_CARD'
      if (isBack && person) books.people.put({ ...person, balanceFen: person.balanceFen + refund.amountFen })
      log.info({ outRefundNo, status: settled.status, amountFen: refund.amountFen }, 'refund settled')
      return callbacks.enqueue({
        eventType: `REFUND.${settled.status}`,
        summary: { SUCCESS: '退款成功', CLOSED: '退款关闭', ABNORMAL: '退款异常', PROCESSING: '' }[
          settled.status
        ],
        originalType: 'refund',
        resource: {
          mchid: keys.mchId,
          transaction_id: settled.transactionId,
          out_trade_no: settled.outTradeNo,
          refund_id: settled.refundId,
          out_refund_no: settled.outRefundNo,
          refund_status: settled.status,
          ...(settled.status === 'SUCCESS' ? { success_time: rfc3339(clock.now()) } : {}),
          user_received_account: settled.receivedAccount,
          amount: {
            total: settled.paidFen,
            refund: settled.amountFen,
            payer_total: settled.paidFen,
            payer_refund: settled.amountFen,
          },
        },
        url: settled.notifyUrl,
        outOrderNo: settled.outOrderNo,
        openid: settled.openid,
      })
    })
  }

  function findPayment(transactionId: string | undefined, outTradeNo: string | undefined): Transaction {
    if ((transactionId === undefined) === (outTradeNo === undefined)) {
      throw new ProviderError('PARAM_ERROR', 'transaction_id和out_trade_no必须且只能填写一个')
    }
    const payment =
      transactionId === undefined
        ? books.transactions.by('outTradeNo', outTradeNo ?? '')[0]
        : books.transactions.get(transactionId)
    // The service order's number is not a trade number when the money was taken automatically: a common mistake.
    if (!payment)
      throw new ProviderError('RESOURCE_NOT_EXISTS', '订单不存在，请检查微信支付订单号或商户订单号')
    return payment
  }

  function checkLimits(payment: Transaction, amountFen: number): void {
    const earlier = books.refunds.by('transactionId', payment.transactionId)
    if (clock.now() - payment.paidAtMs > REFUND_DAYS * DAY_MS) {
      throw new ProviderError('INVALID_REQUEST', '订单已超过退款期限（1年）')
    }
    if (earlier.length >= PARTIAL_LIMIT)
      throw new ProviderError('INVALID_REQUEST', '部分退款次数不能超过50次')
    if (reservedFen(earlier) + amountFen > payment.amountFen) {
      throw new ProviderError('INVALID_REQUEST', '累计退款金额大于支付金额')
    }
    const last = Math.max(...earlier.map((one) => one.createdAtMs))
    if (clock.now() - last < behaviour.refundSpacingMs) {
      throw new ProviderError('FREQUENCY_LIMITED', '同一笔订单多次部分退款需间隔1分钟，请稍后使用原参数重试')
    }
  }

  function decidePlan(facts: { outOrderNo: string; openid: string }): Pick<Refund, 'plan' | 'dueAtMs'> {
    const slow = faults.take('refund_slow', facts)
    const plan = faults.take('refund_abnormal', facts)
      ? 'ABNORMAL'
      : faults.take('refund_closed', facts)
        ? 'CLOSED'
        : 'SUCCESS'
    if (!slow) return { plan, dueAtMs: clock.now() + behaviour.refundDelayMs }
    return { plan, dueAtMs: slow.delayMs === null ? null : clock.now() + slow.delayMs }
  }

  return {
    create(body) {
      const fields = fieldsOf(body)
      const outRefundNo = fields.text('out_refund_no', { max: 64, pattern: /^[0-9A-Za-z_\-|*@]+$/ })
      const existing = books.refunds.get(outRefundNo)
      if (existing) {
        if (canonicalJson(existing.request) !== canonicalJson(body)) {
          throw new ProviderError('INVALID_REQUEST', '退款单号已存在，且请求参数与首次请求不一致')
        }
        return view(existing)
      }
      const payment = findPayment(
        fields.maybeText('transaction_id', { max: 32 }),
        fields.maybeText('out_trade_no', { max: 32 }),
      )
      const reason = fields.maybeText('reason', { max: 80 }) ?? null
      const notifyUrl = fields.maybeUrl('notify_url') ?? null
      const amount = fields.object('amount')
      if (amount.text('currency') !== 'CNY') throw new ProviderError('PARAM_ERROR', 'currency仅支持CNY')
      const amountFen = amount.integer('refund', { min: 1 })
      if (amount.integer('total', { min: 1 }) !== payment.amountFen) {
        throw new ProviderError('INVALID_REQUEST', '订单金额与实际支付金额不一致')
      }
      const facts = { outOrderNo: payment.outOrderNo, openid: payment.openid }
      checkLimits(payment, amountFen)
      if (faults.take('refund_refused', facts))
        throw new ProviderError('NOT_ENOUGH', '基本账户余额不足，请充值后重新发起')
      if (faults.take('refund_account_abnormal', facts))
        throw new ProviderError('USER_ACCOUNT_ABNORMAL', '退款请求失败：用户账户异常')
      const refund: Refund = books.write(() => {
        const begun: Refund = {
          outRefundNo,
          refundId: providerNumber(parts, 'refund'),
          transactionId: payment.transactionId,
          ...facts,
          outTradeNo: payment.outTradeNo,
          amountFen,
          paidFen: payment.amountFen,
          feeFen: feeOfFen(amountFen),
          reason,
          notifyUrl,
          request: body,
          status: 'PROCESSING',
          ...decidePlan(facts),
          createdAtMs: clock.now(),
          settledAtMs: null,
          receivedAccount: '支付用户零钱',
          reroutedTo: null,
        }
        books.refunds.put(begun)
        schedule(begun)
        return begun
      })
      log.info({ outRefundNo, transactionId: refund.transactionId, amountFen }, 'refund accepted')
      return view(refund)
    },

    query(outRefundNo) {
      const refund = books.refunds.get(outRefundNo)
      if (!refund) throw new ProviderError('RESOURCE_NOT_EXISTS', '退款单不存在')
      return view(refund)
    },

    reroute(refundId, body) {
      const refund = books.refunds.by('refundId', refundId)[0]
      if (!refund) throw new ProviderError('RESOURCE_NOT_EXISTS', '退款单不存在')
      const fields = fieldsOf(body)
      if (fields.text('out_refund_no') !== refund.outRefundNo)
        throw new ProviderError('PARAM_ERROR', 'out_refund_no与refund_id不匹配')
      const type = fields.text('type')
      if (type !== 'USER_BANK_CARD' && type !== 'MERCHANT_BANK_CARD') {
        throw new ProviderError('PARAM_ERROR', 'type应为USER_BANK_CARD或MERCHANT_BANK_CARD')
      }
      let receivedAccount = '商户结算银行账户'
      if (type === 'USER_BANK_CARD') {
        const card = decryptField(parts, fields.text('bank_account'), 'bank_account')
        decryptField(parts, fields.text('real_name'), 'real_name')
        receivedAccount = `${fields.text('bank_type', { max: 16 })}${card.slice(-4)}`
      }
      // The same request again while it is under way is the same re-routing.
      if (refund.status === 'PROCESSING' && refund.reroutedTo === type) return view(refund)
      if (refund.status !== 'ABNORMAL')
        throw new ProviderError('INVALID_REQUEST', '仅退款异常的退款单可发起异常退款')
      const rerouted: Refund = {
        ...refund,
        status: 'PROCESSING',
        reroutedTo: type,
        receivedAccount,
        settledAtMs: null,
        ...decidePlan({ outOrderNo: refund.outOrderNo, openid: refund.openid }),
      }
      books.write(() => {
        books.refunds.put(rerouted)
        schedule(rerouted)
      })
      log.info({ outRefundNo: refund.outRefundNo, type }, 'abnormal refund sent another way')
      return view(rerouted)
    },

    settleNow(outRefundNo) {
      settle(outRefundNo)
    },
    resume() {
      for (const refund of books.refunds.all()) schedule(refund)
    },
  }
}

/** Card number and name arrive encrypted with one of the provider's public keys (RSAES-OAEP, SHA-1), never in the clear. */
function decryptField(parts: Parts, text: string, name: string): string {
  const reasons: string[] = []
  for (const { privateKey } of parts.keys.all()) {
    try {
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      return privateDecrypt(
        { key: privateKey, padding, oaepHash: 'sha1' },
        Buffer.from(text, 'base64'),
      ).toString('utf8')
    } catch (cause) {
      reasons.push(messageOf(cause))
    }
  }
  parts.log.warn({ field: name, reasons }, 'a sensitive field was not encrypted for us')
  throw new ProviderError('PARAM_ERROR', `${name}解密失败，请使用微信支付公钥加密敏感信息`)
}
