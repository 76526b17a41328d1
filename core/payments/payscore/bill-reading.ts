import { CabinetError } from '#protocol/base/errors.ts'
import type { BilledRow, FundFlow, TradeBill } from '../provider.ts'

/** Columns by their published names, so that a column that is added does not shift the others. */
const TRADE_COLUMNS = {
  atTime: '交易时间',
  deviceId: '设备号',
  transactionId: '微信订单号',
  outTradeNo: '商户订单号',
  type: '交易类型',
  state: '交易状态',
  currency: '货币种类',
  settlementYuan: '应结订单金额',
  outRefundNo: '商户退款单号',
  refundYuan: '退款金额',
  refundStatus: '退款状态',
  attach: '商户数据包',
  feeYuan: '手续费',
  totalYuan: '订单金额',
  askedRefundYuan: '申请退款金额',
} as const
const SUMMARY_START = '总交易单数'

function unreadable(reason: string): CabinetError {
  return new CabinetError('provider_unreachable', `The bill cannot be read: ${reason}.`)
}

/** Head, rows and summary of a two-part file; cells are led by a backtick and never quoted. */
function parts(
  text: string,
  summaryStart: string,
): { columns: string[]; rows: string[][]; summary: string[] } {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '')
  const split = lines.findIndex((line) => line.startsWith(summaryStart))
  const summary = lines[split + 1]
  if (split < 1 || summary === undefined) throw unreadable('it has no summary, so it may be cut short')
  const cells = (line: string) => line.replace(/^`/, '').split(',`')
  return {
    columns: (lines[0] as string).split(','),
    rows: lines.slice(1, split).map(cells),
    summary: cells(summary),
  }
}

/** "9.50" → 950; "0.06000" → 6; more than two digits are rounded, as the provider's own account is kept in fen. */
export function parseYuan(text: string): number {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,5}))?$/.exec(text)
  if (match === null) throw unreadable(`"${text.slice(0, 40)}" is no amount in yuan`)
  const [, sign, whole, decimals = ''] = match
  const thousandths = Number(whole) * 100_000 + Number(decimals.padEnd(5, '0'))
  return (sign === '-' ? -1 : 1) * Math.round(thousandths / 1000)
}
/** `yyyy-MM-dd HH:mm:ss`, Beijing. */
export function parseBillTime(text: string): number {
  const atMs = Date.parse(`${text.replace(' ', 'T')}+08:00`)
  if (Number.isNaN(atMs)) throw unreadable(`"${text.slice(0, 40)}" is no time`)
  return atMs
}

/**
 * The trade bill (交易账单). An automatic deduction (AUTH) carries the provider's own order number, and ours in the attach
 * column (`wxzff|their order|our order`); a payment by hand (JSAPI) carries ours.
 * @throws CabinetError when a column is missing or a cell has another form: half a bill is no bill
 */
export function readTradeBill(text: string): TradeBill {
  const { columns, rows, summary } = parts(text, SUMMARY_START)
  const indexOf = Object.fromEntries(
    Object.entries(TRADE_COLUMNS).map(([name, title]) => {
      const index = columns.indexOf(title)
      if (index < 0) throw unreadable(`it has no column ${title}`)
      return [name, index]
    }),
  ) as Record<keyof typeof TRADE_COLUMNS, number>
  const billed = rows.map((cells): BilledRow => {
    if (cells.length !== columns.length)
      throw unreadable(`a row has ${cells.length} cells and ${columns.length} columns`)
    const cell = (name: keyof typeof TRADE_COLUMNS) => cells[indexOf[name]] as string
    if (cell('currency') !== 'CNY')
      throw unreadable(`a row is in ${cell('currency').slice(0, 10)} and not in CNY`)
    const attach = /^wxzff\|[^|]*\|(.+)$/.exec(cell('attach'))
    const about = {
      atMs: parseBillTime(cell('atTime')),
      transactionId: cell('transactionId'),
      outOrderNo: attach?.[1] ?? cell('outTradeNo'),
      deviceId: cell('deviceId') === '0' ? '' : cell('deviceId'),
      feeFen: parseYuan(cell('feeYuan')),
    }
    return cell('state') === 'REFUND' || cell('state') === 'REVOKED'
      ? {
          ...about,
          kind: 'refund',
          outRefundNo: cell('outRefundNo'),
          refundStatus: cell('refundStatus'),
          amountFen: parseYuan(cell('askedRefundYuan')),
        }
      : { ...about, kind: 'payment', amountFen: parseYuan(cell('totalYuan')) }
  })
  refuseTwice(billed)
  const [count, , , , feeYuan, totalYuan, refundYuan] = summary
  const sum = (of: (row: BilledRow) => number) => billed.reduce((total, row) => total + of(row), 0)
  return {
    rows: billed,
    isSummaryRight:
      Number(count) === billed.length &&
      parseYuan(totalYuan ?? '') === sum((row) => (row.kind === 'payment' ? row.amountFen : 0)) &&
      parseYuan(refundYuan ?? '') === sum((row) => (row.kind === 'refund' ? row.amountFen : 0)) &&
      parseYuan(feeYuan ?? '') === sum((row) => row.feeFen),
  }
}

/** The same payment or refund in two rows would look like money that moved twice. */
function refuseTwice(rows: readonly BilledRow[]): void {
  const seen = new Set<string>()
  for (const row of rows) {
    const key = row.kind === 'payment' ? row.transactionId : `refund ${row.outRefundNo}`
    if (seen.has(key)) throw unreadable(`${key} stands in it twice`)
    seen.add(key)
  }
}

/** The fund-flow bill (资金账单): what really moved in the account. */
export function readFundFlow(text: string): FundFlow {
  const { columns, rows, summary } = parts(text, '资金流水总笔数')
  const direction = columns.indexOf('收支类型')
  const amount = columns.findIndex((title) => title.startsWith('收支金额'))
  if (direction < 0 || amount < 0) throw unreadable('it has no column 收支类型 or 收支金额')
  let inFen = 0
  let outFen = 0
  for (const cells of rows) {
    const fen = parseYuan(cells[amount] ?? '')
    if (cells[direction] === '收入') inFen += fen
    else outFen += fen
  }
  const [count, , inYuan, , outYuan] = summary
  return {
    inFen,
    outFen,
    isSummaryRight:
      Number(count) === rows.length &&
      parseYuan(inYuan ?? '') === inFen &&
      parseYuan(outYuan ?? '') === outFen,
  }
}
