import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { RefundCalculate } from '#protocol/api/staff/refunds.ts'
import type { TemplateList, TicketDetail, TicketResolve } from '#protocol/api/staff/tickets.ts'
import { formatMoney } from '#protocol/words/format.ts'
import type { Language } from '#protocol/words/words.ts'

type RefundReason = RefundCalculate['reason']
type Stock = RefundCalculate['stock']
type Outcome = TicketResolve['outcome']
type RootCause = TicketResolve['rootCause']

/** What a ticket is about: its type, which for a dispute is the reason the consumer tapped. */
export function subjectOf(detail: Pick<TicketDetail, 'reason' | 'ticket'>): string {
  return detail.reason || detail.ticket.type
}

const REASONS: Readonly<Record<string, RefundReason>> = {
  charged_twice: 'duplicate',
  double_charge: 'duplicate',
  item_returned: 'returned_item',
  not_taken: 'not_taken',
  wrong_item: 'wrong_item',
  quality: 'quality',
  charged_late: 'delayed_charge',
  delayed_charge: 'delayed_charge',
}
const STOCK: Readonly<Record<RefundReason, Stock>> = {
  duplicate: 'not_returned',
  returned_item: 'back_in_cabinet',
  wrong_item: 'not_returned',
  not_taken: 'back_in_cabinet',
  quality: 'written_off',
  expired: 'written_off',
  delayed_charge: 'not_returned',
  goodwill: 'not_returned',
}
export function reasonFor(subject: string): RefundReason {
  return REASONS[subject] ?? 'goodwill'
}
export function stockFor(reason: RefundReason): Stock {
  return STOCK[reason]
}

/** What the refund dialog starts with: the advice, else what the consumer named, else all that can still be refunded. */
export function startingRefund(
  order: StaffOrder,
  subject: string,
  detail: Pick<TicketDetail, 'advice' | 'named'> | undefined,
): RefundCalculate {
  const advice = detail?.advice ?? null
  const reason = reasonFor(subject)
  const base = { reason, stock: stockFor(reason) }
  if (advice?.lines && advice.lines.length > 0) return { ...base, lines: [...advice.lines] }
  if (advice?.amountFen !== undefined) return { ...base, lines: [], amountFen: advice.amountFen }
  const duplicateFen = order.charges
    .flatMap((charge) => charge.payments)
    .filter((payment) => payment.isDuplicate)
    .reduce((sum, payment) => sum + payment.amountFen - payment.refundedFen, 0)
  if (reason === 'duplicate' && duplicateFen > 0) return { ...base, lines: [], amountFen: duplicateFen }
  const named = new Map(detail?.named.map(({ lineId, quantity }) => [lineId, quantity]))
  return {
    ...base,
    lines: order.order.lines.flatMap(({ lineId, quantity, refundedQuantity }) => {
      const most = quantity - refundedQuantity
      const asked = named.size === 0 ? most : Math.min(most, named.get(lineId) ?? 0)
      return asked > 0 ? [{ lineId, quantity: asked }] : []
    }),
  }
}

const ROOT_CAUSES: Readonly<Record<string, RootCause>> = {
  charged_twice: 'provider',
  double_charge: 'provider',
  item_returned: 'weighing',
  not_taken: 'weighing',
  wrong_item: 'weighing',
  ambiguous: 'weighing',
  camera_blocked: 'camera',
  quality: 'quality',
  charged_late: 'network',
  delayed_charge: 'network',
  door_trouble: 'hardware',
  sensor_fault: 'hardware',
}
/** A proposal only: the agent sees it and may change it. */
export function startingResolution(detail: TicketDetail): { outcome: Outcome; rootCause: RootCause } {
  return { outcome: outcomeFor(detail), rootCause: ROOT_CAUSES[subjectOf(detail)] ?? 'unknown' }
}
/** A second person may still refuse it, or has. */
const NOT_ON_ITS_WAY: ReadonlySet<string> = new Set(['requested', 'awaiting_approval', 'rejected'])
function outcomeFor(detail: TicketDetail): Outcome {
  const refunds = detail.order?.order.refunds.filter(({ state }) => !NOT_ON_ITS_WAY.has(state)) ?? []
  const refundedFen = refunds.reduce((sum, refund) => sum + refund.amountFen, 0)
  const advisedFen = detail.advice?.action === 'refund' ? detail.advice.amountFen : undefined
  // What the case was about has been given back in full, even when the rest of the order stays paid.
  if (advisedFen !== undefined && refundedFen >= advisedFen) return 'refunded'
  if (refundedFen > 0)
    return refundedFen >= (detail.order?.order.paidFen ?? 0) ? 'refunded' : 'partly_refunded'
  if (detail.advice?.action === 'charge') return 'charged'
  return detail.order ? 'explained' : 'no_action'
}

export type Template = TemplateList['templates'][number]

/** Replies that say that money goes back. They are proposed only when it does. */
const REFUND_TEMPLATES: ReadonlySet<string> = new Set(['refund_done', 'double_charge'])

/**
 * The templates of this subject first, and among them those that can be sent as they are: a reply that speaks of a
 * refund that nobody has asked for yet stands behind.
 */
export function rankTemplates(
  templates: readonly Template[],
  detail: TicketDetail,
  agentName: string,
): Template[] {
  const subject = subjectOf(detail)
  const isRefunded = detail.order?.order.refunds.some((refund) => refund.state !== 'rejected') ?? false
  const isRefundAdvised = detail.advice?.action === 'refund'
  const rank = (template: Template) => {
    const isFit = template.types.includes(subject) || template.types.includes(detail.ticket.type)
    const isOpen =
      unfilled(fillTemplate(template.text[detail.language], detail, agentName, detail.language)).length > 0
    const isEarly = REFUND_TEMPLATES.has(template.key) && !isRefunded && !isRefundAdvised
    const isPast = !REFUND_TEMPLATES.has(template.key) && isRefunded
    return (isFit ? 0 : 8) + (isOpen ? 4 : 0) + (isEarly ? 2 : 0) + (isPast ? 1 : 0)
  }
  return templates.toSorted((a, b) => rank(a) - rank(b))
}

/** Puts in what the ticket knows. What it does not know stays as `{name}`, and the composer points at it. */
export function fillTemplate(
  text: string,
  detail: TicketDetail,
  agentName: string,
  language: Language,
): string {
  const order = detail.order?.order
  const lastRefund = order?.refunds.at(-1)
  const known: Record<string, string | undefined> = {
    agent: agentName,
    number: String(detail.ticket.number),
    ticket: String(detail.ticket.number),
    order: order?.orderId.slice(-6),
    cabinet: detail.ticket.cabinetName?.[language],
    amount: amountText(lastRefund?.amountFen ?? detail.advice?.amountFen ?? order?.paidFen),
    refund: amountText(lastRefund?.amountFen),
    total: amountText(order?.totalFen),
    paid: amountText(order?.paidFen),
    minutes: order?.deferral ? String(order.deferral.lateMinutes) : undefined,
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => known[name] ?? whole)
}
/** Templates write the ¥ themselves where they want it; a doubled sign is worse than none. */
function amountText(fen: number | undefined): string | undefined {
  return fen === undefined ? undefined : formatMoney(fen).replace('¥', '')
}
export function unfilled(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[0])
}
