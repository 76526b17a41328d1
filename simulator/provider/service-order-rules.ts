import type { Fields, JsonObject } from './fields.ts'
import { ProviderError } from './provider-error.ts'
import { parseCompactTime } from './wire-time.ts'

/**
 * What a request about a service order must look like, in the smart-retail industry and the no-confirm mode.
 * Pure: a request in, its facts out, or PARAM_ERROR. Source: the provider's pages on create, complete, modify and
 * "post_payments 字段传参说明" for smart retail.
 */

/** The one name that a line may carry in smart retail. */
export const LINE_NAME = '商品信息'
const OUT_ORDER_NO = /^[0-9A-Za-z_\-|*]{1,32}$/

export interface CreateFacts {
  outOrderNo: string
  openid: string
  isConfirmedByUser: boolean
}

export interface AmountFacts {
  totalFen: number
}

function wrong(field: string, issue: string, message = `参数错误：${field} ${issue}`): never {
  throw new ProviderError('PARAM_ERROR', message, { field, issue, location: 'body' })
}

export function readCreate(fields: Fields, serviceCapFen: number): CreateFacts {
  const outOrderNo = fields.text('out_order_no', { max: 32, pattern: OUT_ORDER_NO })
  fields.text('service_introduction', { max: 20 })
  if (fields.raw['post_payments'] !== undefined) {
    wrong('/post_payments', '智慧零售创建订单时不传')
  }
  const risk = fields.object('risk_fund')
  if (risk.text('name') !== 'ESTIMATE_ORDER_COST')
    wrong('/risk_fund/name', '先享模式固定传ESTIMATE_ORDER_COST')
  risk.integer('amount', { min: 1, max: serviceCapFen })
  risk.maybeText('description', { max: 30 })
  const range = fields.object('time_range')
  const start = range.text('start_time', { max: 14 })
  if (start !== 'OnAccept') {
    const startMs = parseCompactTime(start) ?? wrong('/time_range/start_time', '格式应为yyyyMMddHHmmss')
    const end = range.maybeText('end_time', { max: 14 })
    const endMs =
      end === undefined
        ? undefined
        : (parseCompactTime(end) ?? wrong('/time_range/end_time', '格式应为yyyyMMddHHmmss'))
    if (endMs !== undefined && endMs <= startMs) wrong('/time_range/end_time', '必须晚于start_time')
  }
  // Unattended devices must say which one it was; checked at the go-live review.
  fields.object('device').text('start_device_id', { max: 32 })
  fields.maybeObject('location')?.maybeText('start_location', { max: 20 })
  fields.maybeText('attach', { max: 256 })
  fields.url('notify_url')
  return {
    outOrderNo,
    openid: fields.text('openid', { max: 128 }),
    isConfirmedByUser: fields.boolean('need_user_confirm', true),
  }
}

/** Lines, discounts and their sum; shared by complete and modify. */
export function readAmounts(fields: Fields, serviceCapFen: number): AmountFacts {
  let sumFen = 0
  for (const line of fields.list('post_payments', { min: 1, max: 100 })) {
    if (line.text('name', { max: 20 }) !== LINE_NAME)
      wrong('/post_payments/name', `智慧零售固定传“${LINE_NAME}”`)
    sumFen += line.integer('amount', { min: 0 })
    line.text('description', { max: 30 })
    line.maybeInteger('count', { min: 1, max: 100 })
  }
  const names = new Set<string>()
  for (const discount of fields.list('post_discounts', { min: 0, max: 30 })) {
    const name = discount.text('name', { max: 20 })
    if (names.has(name)) wrong('/post_discounts/name', '优惠名称不可重复')
    names.add(name)
    discount.text('description', { max: 30 })
    sumFen -= discount.integer('amount', { min: 0 })
    discount.maybeInteger('count', { min: 1, max: 100 })
  }
  const totalFen = fields.integer('total_amount', { min: 0 })
  if (totalFen !== sumFen) wrong('/total_amount', `应为${sumFen}`, '最终总金额计算非法')
  if (totalFen > serviceCapFen) wrong('/total_amount', `不能超过服务ID风险金额上限${serviceCapFen}`)
  return { totalFen }
}

/**
 * The end of the service lies after its start and not in the future of the provider's clock.
 * @param nowMs the provider's clock; the wire has whole seconds, so a second that is running counts as now
 */
export function checkServiceTime(fields: Fields, created: JsonObject, nowMs: number): void {
  const range = fields.object('time_range')
  const createdRange = created['time_range'] as JsonObject
  const start = range.maybeText('start_time', { max: 14 }) ?? String(createdRange['start_time'])
  const end = range.text('end_time', { max: 14 })
  const endMs = parseCompactTime(end) ?? wrong('/time_range/end_time', '格式应为yyyyMMddHHmmss')
  const startMs = parseCompactTime(start)
  if (startMs !== undefined && endMs <= startMs) {
    wrong('/time_range/end_time', '必须晚于start_time', '服务结束时间必须晚于服务开始时间')
  }
  if (endMs > nowMs) wrong('/time_range/end_time', '不能晚于当前时间', '服务结束时间不能晚于调用接口时间')
}
