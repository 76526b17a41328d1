import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '#test/support/eventually.ts'
import {
  compact,
  detailsOf,
  LI_WEI,
  permit,
  queryOrder,
  sell,
  startBench,
  untilPaid,
  type Bench,
} from './bench.ts'
import type { Json } from './merchant.ts'

let bench: Bench
let autoNo: string
let handNo: string
beforeAll(async () => {
  bench = await startBench()
  await permit(bench, LI_WEI)
  autoNo = await sell(bench, 950)
  const paid = await untilPaid(bench, autoNo)
  await bench.merchant.control('POST', '/faults', { kind: 'delayed_deduction' })
  handNo = await sell(bench, 350, { attach: 'ours' })
  await bench.merchant.control('POST', `/serviceorders/${handNo}/pay-by-hand`)
  await bench.merchant.post('/v3/refund/domestic/refunds', {
    transaction_id: detailsOf(paid)[0]!.transaction_id,
    out_refund_no: 'r1',
    amount: { refund: 350, total: 950, currency: 'CNY' },
  })
  await until(
    async () => (await bench.merchant.get('/v3/refund/domestic/refunds/r1')).body['status'] === 'SUCCESS',
  )
})
afterEach(() => bench.merchant.control('DELETE', '/faults'))
afterAll(() => bench.stop())

const dayBefore = (days: number) => {
  const text = compact(bench.clock.now() - days * 86_400_000)
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
}
const today = () => dayBefore(0)
const ask = (kind: 'tradebill' | 'fundflowbill', query = '') =>
  bench.merchant.get(`/v3/bill/${kind}?bill_date=${today()}${query}`)
const fetchFile = async (answer: Json) =>
  Buffer.from(await (await fetch(String(answer['download_url']))).arrayBuffer())
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

/** Reads a bill the way a merchant does: by the names in its head, backticks taken off, the last two lines apart. */
function parseBill(text: string): { rows: Array<Record<string, string>>; summary: Record<string, string> } {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split('\r\n')
  const table = (head: string, body: readonly string[]) =>
    body.map((line) =>
      Object.fromEntries(
        line.split(',').map((cell, index) => [head.split(',')[index]!, cell.replace(/^`/, '')]),
      ),
    )
  return { rows: table(lines[0]!, lines.slice(1, -2)), summary: table(lines.at(-2)!, lines.slice(-1))[0]! }
}
const tradeBill = async (query = '') =>
  parseBill((await fetchFile((await ask('tradebill', query)).body)).toString('utf8'))

describe('the trade bill', () => {
  it('has the published columns, and sums that are the sums of its rows', async () => {
    const published = parseBill(
      readFileSync(new URL('../../../protocol/vectors/payscore/trade-bill.csv', import.meta.url), 'utf8'),
    )
    const { rows, summary } = await tradeBill()
    expect(Object.keys(rows[0]!)).toEqual(Object.keys(published.rows[0]!))
    expect(Object.keys(summary)).toEqual(Object.keys(published.summary))
    expect(summary).toMatchObject({ 总交易单数: '3', 应结订单总金额: '13.00', 退款总金额: '3.50' })
  })

  it('gives an automatic deduction the number of the provider, and ours in the attach column', async () => {
    const { rows } = await tradeBill('&bill_type=SUCCESS')
    const order = (await queryOrder(bench, autoNo)).body
    const auto = rows.find((one) => one['交易类型'] === 'AUTH')!
    expect(auto).toMatchObject({
      商户数据包: `wxzff|${String(order['order_id'])}|${autoNo}`,
      订单金额: '9.50',
      设备号: 'cab-0001',
    })
    expect(auto['商户订单号']).not.toBe(autoNo)
    expect(auto['微信订单号']).toBe(detailsOf(order)[0]!.transaction_id)
  })

  it('gives a payment by hand our number', async () => {
    const { rows } = await tradeBill('&bill_type=SUCCESS')
    expect(rows.find((one) => one['交易类型'] === 'JSAPI')).toMatchObject({
      商户订单号: handNo,
      商户数据包: 'ours',
      订单金额: '3.50',
    })
  })

  it('can be had for refunds alone', async () => {
    const { rows } = await tradeBill('&bill_type=REFUND')
    expect(rows).toMatchObject([
      { 交易状态: 'REFUND', 商户退款单号: 'r1', 退款金额: '3.50', 退款状态: 'SUCCESS' },
    ])
  })

  it('has the hash of its unzipped bytes, zipped or not', async () => {
    const plain = (await ask('tradebill')).body
    expect(sha1(await fetchFile(plain))).toBe(plain['hash_value'])
    const zipped = (await ask('tradebill', '&tar_type=GZIP')).body
    expect(sha1(gunzipSync(await fetchFile(zipped)))).toBe(zipped['hash_value'])
    expect(zipped['hash_value']).toBe(plain['hash_value'])
  })

  it('can lack a row, have one too many, or another amount', async () => {
    await bench.merchant.control('POST', '/faults', {
      kind: 'bill_missing_row',
      match: { outOrderNo: handNo },
    })
    expect((await tradeBill()).rows.some((one) => one['商户订单号'] === handNo)).toBe(false)
    expect((await tradeBill()).rows).toHaveLength(2)
    await bench.merchant.control('DELETE', '/faults')
    await bench.merchant.control('POST', '/faults', { kind: 'bill_extra_row' })
    expect((await tradeBill()).rows).toHaveLength(4)
    await bench.merchant.control('DELETE', '/faults')
    await bench.merchant.control('POST', '/faults', {
      kind: 'bill_amount_differs',
      match: { outOrderNo: autoNo },
    })
    const { rows, summary } = await tradeBill()
    expect(rows.find((one) => one['交易类型'] === 'AUTH' && one['交易状态'] === 'SUCCESS')).toMatchObject({
      订单金额: '10.50',
    })
    expect(summary).toMatchObject({ 应结订单总金额: '14.00' })
  })
})

describe('the fund-flow bill', () => {
  it('has the published columns and balances: what came in less what went out is what is left', async () => {
    const published = parseBill(
      readFileSync(new URL('../../../protocol/vectors/payscore/fund-flow-bill.csv', import.meta.url), 'utf8'),
    )
    const { rows, summary } = parseBill((await fetchFile((await ask('fundflowbill')).body)).toString('utf8'))
    expect(Object.keys(rows[0]!)).toEqual(Object.keys(published.rows[0]!))
    const fen = (text: string | undefined) => Math.round(Number(text) * 100)
    const left = rows.reduce(
      (sum, one) => sum + (one['收支类型'] === '收入' ? 1 : -1) * fen(one['收支金额(元)']),
      0,
    )
    expect(fen(rows.at(-1)!['账户结余(元)'])).toBe(left)
    expect(fen(summary['收入金额']) - fen(summary['支出金额'])).toBe(left)
  })
})

describe('a bill that cannot be had', () => {
  it.each<[string, () => string, string]>([
    ['of a day without trade', () => `bill_date=${dayBefore(5)}`, 'NO_STATEMENT_EXIST'],
    ['of a day that is none', () => 'bill_date=2026-02-30', 'PARAM_ERROR'],
    ['of long ago', () => 'bill_date=2020-01-01', 'PARAM_ERROR'],
    ['of the future', () => 'bill_date=2099-01-01', 'PARAM_ERROR'],
    ['of an unknown type', () => `bill_date=${dayBefore(5)}&bill_type=SOME`, 'PARAM_ERROR'],
  ])('%s', async (_what, query, code) => {
    expect(await bench.merchant.get(`/v3/bill/tradebill?${query()}`)).toMatchObject({
      status: 400,
      isSigned: true,
      body: { code },
    })
  })

  it('from an address that is five minutes old', async () => {
    const answer = (await ask('tradebill')).body
    bench.clock.forward(300_001)
    expect((await fetch(String(answer['download_url']))).status).toBe(400)
    bench.clock.forward(-300_001)
  })

  it('before 10:00 of the next day, when the provider keeps its published hours', async () => {
    const strict = await startBench({ billReady: 'published' })
    await permit(strict, LI_WEI)
    await untilPaid(strict, await sell(strict, 100))
    const text = compact(strict.clock.now())
    const path = `/v3/bill/tradebill?bill_date=${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
    expect((await strict.merchant.get(path)).body['code']).toBe('STATEMENT_CREATING')
    strict.clock.forward(34 * 3_600_000)
    expect((await strict.merchant.get(path)).status).toBe(200)
    await strict.stop()
  })
})
