import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { yuanText } from '#protocol/base/units.ts'
import { textIn, type JsonObject } from './fields.ts'
import type { Parts } from './parts.ts'
import { ProviderError } from './provider-error.ts'
import type { Refund, ServiceOrder, Transaction } from './records.ts'
import { billDay, billTime, parseBillDay } from './wire-time.ts'

const DAY_MS = 86_400_000
/** Published: a bill can be had from 10:00 (Beijing) of the next day, for three months, and its address lives five minutes. */
const READY_AFTER_MS = DAY_MS + 10 * 3_600_000
const KEPT_DAYS = 92
const ADDRESS_LIFE_MS = 300_000
const ADDRESS_LIMIT = 100

const TRADE_HEADER =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
const TRADE_SUMMARY =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'
const FUND_HEADER =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号'
const FUND_SUMMARY = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额'

export interface Bills {
  tradeBill(query: JsonObject, baseUrl: string): JsonObject
  fundFlowBill(query: JsonObject, baseUrl: string): JsonObject
  /** @returns the file behind an address, undefined when the address is unknown or too old */
  download(token: string): { bytes: Buffer; isGzip: boolean } | undefined
}

/** Every cell is led by a backtick, so that spreadsheets do not turn numbers into floats. */
function row(cells: readonly string[]): string {
  // The format has no quoting, so a comma inside a text would shift every column after it.
  return cells.map((cell) => `\`${cell.replaceAll(',', '，').replaceAll('`', "'")}`).join(',')
}

interface TradeRow {
  readonly cells: string[]
  readonly outOrderNo: string
  readonly kind: 'payment' | 'refund'
  readonly settlementFen: number
  readonly refundFen: number
  readonly feeFen: number
}

/** The automatic deduction carries the provider's own trade number; ours stands in the attach column. */
export function attachOf(payment: Transaction, order: ServiceOrder | undefined): string {
  if (payment.how === 'by_hand') return textIn(order?.created, 'attach')
  return `wxzff|${order?.orderId ?? ''}|${payment.outOrderNo}`
}

export function createBills(parts: Parts): Bills {
  const { books, clock, keys, faults, random, behaviour } = parts
  const files = new Map<string, { bytes: Buffer; isGzip: boolean; expiresAtMs: number }>()

  function readDay(query: JsonObject): { day: string; fromMs: number } {
    const day = textIn(query, 'bill_date')
    const fromMs = parseBillDay(day)
    if (fromMs === undefined) throw new ProviderError('PARAM_ERROR', 'bill_date格式应为yyyy-MM-dd')
    if (clock.now() - fromMs > KEPT_DAYS * DAY_MS)
      throw new ProviderError('PARAM_ERROR', '仅支持三个月内的账单下载申请')
    if (fromMs > clock.now()) throw new ProviderError('PARAM_ERROR', '账单日期不能晚于当前日期')
    const isLate = books.write(() => faults.take('bill_not_ready', {})) !== undefined
    if (isLate) throw new ProviderError('STATEMENT_CREATING', '账单生成中，请在次日10点后重试')
    if (behaviour.billReady === 'published' && clock.now() < fromMs + READY_AFTER_MS) {
      throw new ProviderError('STATEMENT_CREATING', '账单生成中，请在次日10点后重试')
    }
    return { day, fromMs }
  }

  function offer(text: string, query: JsonObject, baseUrl: string): JsonObject {
    const tarType = query['tar_type']
    if (tarType !== undefined && tarType !== 'GZIP')
      throw new ProviderError('PARAM_ERROR', 'tar_type仅支持GZIP')
    const plain = Buffer.from(text, 'utf8')
    const isGzip = tarType === 'GZIP'
    for (const [token, file] of files) {
      if (file.expiresAtMs <= clock.now() || files.size >= ADDRESS_LIMIT) files.delete(token)
    }
    const token = Buffer.from(random.bytes(32)).toString('base64url')
    files.set(token, {
      bytes: isGzip ? gzipSync(plain) : plain,
      isGzip,
      expiresAtMs: clock.now() + ADDRESS_LIFE_MS,
    })
    return {
      hash_type: 'SHA1',
      // Of the uncompressed file, whatever is downloaded.
      hash_value: createHash('sha1').update(plain).digest('hex'),
      download_url: `${baseUrl}/v3/billdownload/file?token=${token}`,
    }
  }

  function orderCells(payment: Transaction, atMs: number): [string[], string[]] {
    const order = books.orders.get(payment.outOrderNo)
    const device = order?.created['device'] as JsonObject | undefined
    const head = [
      billTime(atMs),
      keys.appId,
      keys.mchId,
      '0',
      textIn(device, 'start_device_id'),
      payment.transactionId,
      payment.outTradeNo,
      payment.openid,
      payment.how === 'by_hand' ? 'JSAPI' : 'AUTH',
    ]
    return [head, [textIn(order?.created, 'service_introduction'), attachOf(payment, order)]]
  }

  function paymentRow(payment: Transaction): TradeRow {
    const [head, goods] = orderCells(payment, payment.paidAtMs)
    const yuan = yuanText(payment.amountFen)
    return {
      kind: 'payment',
      outOrderNo: payment.outOrderNo,
      settlementFen: payment.amountFen,
      refundFen: 0,
      feeFen: payment.feeFen,
      cells: [
        ...head,
        'SUCCESS',
        'OTHERS',
        'CNY',
        yuan,
        '0.00',
        '0',
        '0',
        '0.00',
        '0.00',
        '',
        '',
        ...goods,
        feeText(payment.feeFen),
        '0.60%',
        yuan,
        '0.00',
        '',
      ],
    }
  }

  function refundRow(refund: Refund): TradeRow | undefined {
    const payment = books.transactions.get(refund.transactionId)
    if (!payment) return undefined
    const [head, goods] = orderCells(payment, refund.createdAtMs)
    const yuan = yuanText(refund.amountFen)
    return {
      kind: 'refund',
      outOrderNo: refund.outOrderNo,
      settlementFen: 0,
      refundFen: refund.amountFen,
      feeFen: -refund.feeFen,
      cells: [
        ...head,
        'REFUND',
        'OTHERS',
        'CNY',
        '0.00',
        '0.00',
        refund.refundId,
        refund.outRefundNo,
        yuan,
        '0.00',
        refund.reroutedTo ? 'OTHER_BANKCARD' : 'ORIGINAL',
        refundStatusText(refund),
        ...goods,
        feeText(-refund.feeFen),
        '0.60%',
        '0.00',
        yuan,
        '',
      ],
    }
  }

  /** The scripted differences between this bill and what really happened. */
  function distort(rows: TradeRow[], atMs: number): TradeRow[] {
    let out = rows
    for (const kind of ['bill_missing_row', 'bill_amount_differs'] as const) {
      const index = out.findIndex(
        (one) => one.kind === 'payment' && faults.take(kind, { outOrderNo: one.outOrderNo }) !== undefined,
      )
      const victim = out[index]
      if (!victim) continue
      if (kind === 'bill_missing_row') {
        out = out.filter((one) => one !== victim)
      } else {
        const settlementFen = victim.settlementFen + 100
        const cells = [...victim.cells]
        cells[12] = yuanText(settlementFen)
        cells[24] = yuanText(settlementFen)
        out = out.map((one) => (one === victim ? { ...victim, settlementFen, cells } : one))
      }
    }
    const lost = out.findIndex(
      (one) =>
        one.kind === 'refund' &&
        faults.take('bill_missing_refund', { outOrderNo: one.outOrderNo }) !== undefined,
    )
    if (lost >= 0) out = out.filter((_one, index) => index !== lost)
    const refunded = out.findLast((one) => one.kind === 'payment')
    if (refunded !== undefined && faults.take('bill_extra_refund', { outOrderNo: refunded.outOrderNo })) {
      // As when somebody gives money back in the provider's own console, past the core.
      const payment = books.transactions.get(refunded.cells[5] ?? '')
      const row =
        payment &&
        refundRow({
          outRefundNo: `byhand${billDay(atMs).replaceAll('-', '')}`,
          refundId: `5030000000${billDay(atMs).replaceAll('-', '')}9999999999`,
          transactionId: payment.transactionId,
          outOrderNo: payment.outOrderNo,
          openid: payment.openid,
          outTradeNo: payment.outTradeNo,
          amountFen: Math.min(100, payment.amountFen),
          paidFen: payment.amountFen,
          feeFen: 1,
          reason: null,
          notifyUrl: null,
          request: {},
          status: 'SUCCESS',
          plan: 'SUCCESS',
          dueAtMs: null,
          createdAtMs: payment.paidAtMs,
          settledAtMs: payment.paidAtMs,
          receivedAccount: '支付用户零钱',
          reroutedTo: null,
        })
      if (row) out = [...out, row]
    }
    if (faults.take('bill_extra_row', {})) {
      // Numbers made from the day, so that the same bill shows the same row each time.
      const day = billDay(atMs).replaceAll('-', '')
      out = [
        ...out,
        paymentRow({
          transactionId: `4200000000${day}9999999999`,
          outOrderNo: `unknown${day}`,
          openid: 'o_nobody_we_know',
          seq: 1,
          amountFen: 1_234,
          feeFen: 7,
          paidAtMs: atMs + 12 * 3_600_000,
          how: 'auto',
          outTradeNo: `1000000000${day}9999999999`,
        }),
      ]
    }
    const [first] = out
    if (first !== undefined && faults.take('bill_duplicate_row', { outOrderNo: first.outOrderNo }))
      out = [...out, first]
    if (first !== undefined && faults.take('bill_other_currency', { outOrderNo: first.outOrderNo }))
      out = out.map((one) => (one === first ? { ...one, cells: one.cells.with(11, 'HKD') } : one))
    if (first !== undefined && faults.take('bill_damaged', { outOrderNo: first.outOrderNo }))
      out = out.map((one) => (one === first ? { ...one, cells: one.cells.slice(0, -3) } : one))
    return out
  }

  function within(atMs: number, fromMs: number): boolean {
    return atMs >= fromMs && atMs < fromMs + DAY_MS
  }

  return {
    tradeBill(query, baseUrl) {
      const { fromMs } = readDay(query)
      const billType = textIn(query, 'bill_type') || 'ALL'
      if (!['ALL', 'SUCCESS', 'REFUND'].includes(billType))
        throw new ProviderError('PARAM_ERROR', 'bill_type应为ALL、SUCCESS或REFUND')
      const payments = books.transactions
        .all()
        .filter((one) => within(one.paidAtMs, fromMs))
        .map(paymentRow)
      const refunds = books.refunds
        .all()
        .filter((one) => within(one.createdAtMs, fromMs))
        .map(refundRow)
        .filter((one) => one !== undefined)
      const rows = books
        .write(() => distort([...payments, ...refunds], fromMs))
        .filter((one) => billType === 'ALL' || (one.kind === 'refund') === (billType === 'REFUND'))
      if (rows.length === 0) throw new ProviderError('NO_STATEMENT_EXIST', '账单文件不存在，当日没有交易')
      const sum = (of: (one: TradeRow) => number) => rows.reduce((total, one) => total + of(one), 0)
      const settlement = yuanText(sum((one) => one.settlementFen))
      const refunded = yuanText(sum((one) => one.refundFen))
      const lines = [
        TRADE_HEADER,
        ...rows
          .sort((a, b) => (a.cells[0] ?? '').localeCompare(b.cells[0] ?? ''))
          .map((one) => row(one.cells)),
        TRADE_SUMMARY,
        row([
          String(rows.length),
          settlement,
          refunded,
          '0.00',
          feeText(sum((one) => one.feeFen)),
          settlement,
          refunded,
        ]),
      ]
      return offer(`\uFEFF${lines.join('\r\n')}\r\n`, query, baseUrl)
    },

    fundFlowBill(query, baseUrl) {
      const { fromMs, day } = readDay(query)
      const accountType = textIn(query, 'account_type') || 'BASIC'
      if (!['BASIC', 'OPERATION', 'FEES'].includes(accountType))
        throw new ProviderError('PARAM_ERROR', 'account_type应为BASIC、OPERATION或FEES')
      const flows = accountType === 'BASIC' ? moneyFlows(books.transactions.all(), books.refunds.all()) : []
      let balanceFen = 0
      let inCount = 0
      let inFen = 0
      let outCount = 0
      let outFen = 0
      const rows: string[] = []
      for (const [index, flow] of flows.entries()) {
        balanceFen += flow.amountFen
        if (!within(flow.atMs, fromMs)) continue
        if (flow.amountFen >= 0) {
          inCount++
          inFen += flow.amountFen
        } else {
          outCount++
          outFen -= flow.amountFen
        }
        rows.push(
          row([
            billTime(flow.atMs),
            flow.providerNo,
            `${keys.mchId}${day.replaceAll('-', '')}${String(index + 1).padStart(10, '0')}`,
            flow.name,
            flow.type,
            flow.amountFen >= 0 ? '收入' : '支出',
            yuanText(Math.abs(flow.amountFen)),
            yuanText(balanceFen),
            'system',
            flow.note,
            flow.voucher,
          ]),
        )
      }
      if (rows.length === 0) throw new ProviderError('NO_STATEMENT_EXIST', '账单文件不存在，当日没有资金变动')
      const lines = [
        FUND_HEADER,
        ...rows,
        FUND_SUMMARY,
        row([String(rows.length), String(inCount), yuanText(inFen), String(outCount), yuanText(outFen)]),
      ]
      return offer(`\uFEFF${lines.join('\r\n')}\r\n`, query, baseUrl)
    },

    download(token) {
      const file = files.get(token)
      return file && file.expiresAtMs > clock.now() ? file : undefined
    },
  }
}

/** The bill's name for a refund that was sent to the bank but has not arrived is the same as on the query. */
function refundStatusText(refund: Refund): string {
  return { PROCESSING: 'PROCESSING', SUCCESS: 'SUCCESS', CLOSED: 'FAIL', ABNORMAL: 'CHANGE' }[refund.status]
}

/** Fees have five digits behind the point. */
function feeText(fen: number): string {
  return `${yuanText(fen)}000`
}

interface MoneyFlow {
  atMs: number
  providerNo: string
  name: string
  type: string
  amountFen: number
  note: string
  voucher: string
}

/** What went in and out of the merchant's account, in order; a fee is a flow of its own. */
function moneyFlows(transactions: readonly Transaction[], refunds: readonly Refund[]): MoneyFlow[] {
  const flows: MoneyFlow[] = []
  for (const one of transactions) {
    const common = { atMs: one.paidAtMs, providerNo: one.transactionId, voucher: one.outTradeNo }
    flows.push({ ...common, name: '交易', type: '交易', amountFen: one.amountFen, note: '结算总金额' })
    if (one.feeFen > 0)
      flows.push({
        ...common,
        name: '交易',
        type: '扣除交易手续费',
        amountFen: -one.feeFen,
        note: '交易手续费',
      })
  }
  for (const one of refunds) {
    if (one.status === 'CLOSED') continue
    const note = `退款总金额${yuanText(one.amountFen)}元;含手续费${yuanText(one.feeFen)}元`
    flows.push({
      atMs: one.createdAtMs,
      providerNo: one.refundId,
      name: '退款',
      type: '退款',
      amountFen: -(one.amountFen - one.feeFen),
      note,
      voucher: one.outRefundNo,
    })
  }
  return flows.sort((a, b) => a.atMs - b.atMs)
}
