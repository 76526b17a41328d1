import type { OrderLineView, OrderView, RefundView } from '#protocol/api/consumer.ts'
import { ORDER_STATE_WORDS, REFUND_STATE_WORDS } from '#protocol/words/states.ts'
import { choose, clock, exactClock, moment, type PageContext, yuan } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { lateChargeSentences, wasChargedTwice } from '../late-charge.ts'
import { document } from '../layout.ts'
import { badge, live, note, productPicture, sentence } from '../parts.ts'
import { isWordKey } from '../words/words.ts'
import { proof } from './proof.ts'

const EXACT_BELOW_MS = 10 * 60_000

/** Something may still change by itself: the page asks again while it is looked at. */
export function isUnsettled(order: OrderView): boolean {
  if (['open', 'priced', 'held', 'charging'].includes(order.state)) return true
  if (order.evidence.some((item) => !item.isUploaded)) return true
  return order.refunds.some((refund) => !['succeeded', 'rejected'].includes(refund.state))
}

export function orderPage(page: PageContext, order: OrderView): Markup {
  const { t } = page
  const canDispute = order.actions.includes('dispute')
  return document(page, {
    title: t('order.title'),
    ...(isUnsettled(order) ? { reloadSeconds: 20 } : {}),
    back: { href: '/orders', label: t('site.orders') },
    body: html`
<div class="two" data-poll="${isUnsettled(order) ? '2000' : '15000'}"><div class="part">
${live('summary', [order.state, order.totalFen, order.paidFen, order.refundedFen, order.payUrl, order.chargeState, order.refunds, order.deferral, order.actions], [summary(page, order), lateCharge(page, order), order.refunds.map((refund) => refundCard(page, refund))], stateSentence(page, order))}
${live('lines', [order.lines, order.receipt, order.state, canDispute], lines(page, order, canDispute))}
${live('ask', [order.disputeId, canDispute], ask(page, order, canDispute))}
</div><div class="part">
${live('story', order.story, story(page, order))}
${live('proof', [order.weights, order.steps, order.evidence], proof(page, order))}
</div></div>
<p class="soft small centre">${t('order.number')} <span class="code">${order.orderId}</span></p>`,
  })
}

function summary(page: PageContext, order: OrderView): Markup {
  const { t } = page
  const payUrl = order.actions.includes('pay') ? order.payUrl : null
  return html`<section class="card sum" aria-labelledby="sum">
  <h1 class="aloud" id="sum">${t('order.title')}</h1>
  ${['open', 'priced', 'held'].includes(order.state) && order.totalFen > 0 ? html`<p class="soft small estimate">${t('order.estimate')}</p>` : false}
  <p class="amount">¥${yuan(order.totalFen)}</p>
  ${badge(page, ORDER_STATE_WORDS[order.state])}
  <p class="now">${stateSentence(page, order)}</p>
  <p class="soft small place">${icon('map-pin')}${choose(page, order.cabinetName)} · ${choose(page, order.site)}</p>
  ${order.openedAtMs === null ? false : html`<p class="soft small">${moment(page, order.openedAtMs)}${order.closedAtMs === null ? false : ` – ${clock(page, order.closedAtMs)}`}</p>`}
  ${payUrl === null ? false : payLink(page, order, payUrl)}
</section>`
}

/** An unpaid order is paid there; one that is being collected can only be looked at: it is the same payment. */
function payLink(page: PageContext, order: OrderView, payUrl: string): Markup {
  const { t } = page
  if (order.state === 'arrears') return html`<a class="button big" href="${payUrl}">${t('order.pay')}</a>`
  return html`<a class="button quiet" href="${payUrl}">${t('order.pay.pending')}</a><p class="soft small">${t('order.pay.same')}</p>`
}

/** One sentence for where the money is. Nothing here may invite a second payment while a state is unknown. */
function stateSentence(page: PageContext, order: OrderView): string {
  const { t } = page
  const values = { refunded: yuan(order.refundedFen), paid: yuan(order.paidFen) }
  if (order.state === 'held') {
    const why = order.heldReason === undefined ? undefined : sentence(page, `held.${order.heldReason}`, {})
    return why === undefined
      ? t('order.now.held')
      : `${why}${page.language === 'zh' ? '' : ' '}${t('order.now.held')}`
  }
  if (order.state === 'paid') {
    if (wasChargedTwice(order)) {
      const back = order.refunds.filter((refund) => refund.reason === 'duplicate')
      const isBack = back.length > 0 && back.every((refund) => refund.state === 'succeeded')
      return t(isBack ? 'order.now.paidTwice.done' : 'order.now.paidTwice')
    }
    return order.chargedAtMs === null
      ? t('order.now.paidNoTime')
      : t('order.now.paid', { at: moment(page, order.chargedAtMs) })
  }
  if (order.state === 'charging' && order.chargeState === 'pending') return t('order.now.pending')
  return t(`order.now.${order.state}`, values)
}

function lateCharge(page: PageContext, order: OrderView): Markup | false {
  const sentences = lateChargeSentences(page, order)
  if (sentences.length === 0) return false
  return note(
    'info',
    'clock',
    html`<h2>${page.t(order.deferral?.toMs === null ? 'late.title.running' : 'late.title')}</h2>${sentences.map((text) => html`<p>${text}</p>`)}`,
  )
}

export function refundCard(page: PageContext, refund: RefundView): Markup {
  const { t } = page
  const reasonKey = `reason.${refund.reason}`
  const arrival = refund.state === 'rejected' ? undefined : sentence(page, refund.arrivalKey, {})
  return html`<section class="card refund">
  <div class="row"><h2>${t('refund.title')} <span class="number">¥${yuan(refund.amountFen)}</span></h2>${badge(page, REFUND_STATE_WORDS[refund.state])}</div>
  <p>${[isWordKey(reasonKey) ? t(reasonKey) : undefined, refund.isAutomatic ? t('refund.automatic') : undefined].filter((part) => part !== undefined).join(' · ')}</p>
  <p class="soft small">${t('refund.requested', { at: moment(page, refund.requestedAtMs) })}${refund.succeededAtMs === null ? false : ` · ${t('refund.succeeded', { at: moment(page, refund.succeededAtMs) })}`}</p>
  ${arrival === undefined ? false : html`<p class="soft small">${arrival}</p>`}
</section>`
}

function lines(page: PageContext, order: OrderView, canDispute: boolean): Markup {
  const { t } = page
  const isCharged = order.paidFen > 0
  return html`<section class="card" aria-labelledby="items">
  <h2 id="items">${t('order.items')}</h2>
  ${order.lines.length === 0 ? html`<p class="soft">${t('order.noItems')}</p>` : html`<ul class="lines">${order.lines.map((line, index) => lineRow(page, order, line, index, canDispute))}</ul>`}
  ${
    order.lines.length === 0
      ? false
      : html`<dl class="totals">
    ${discounts(page, order)}<div><dt>${t('order.total')}</dt><dd class="number">¥${yuan(order.totalFen)}</dd></div>
    ${isCharged && order.paidFen !== order.totalFen ? html`<div><dt>${t('order.paid')}</dt><dd class="number">¥${yuan(order.paidFen)}</dd></div>` : false}
    ${order.refundedFen > 0 ? html`<div><dt>${t('order.refunded')}</dt><dd class="number">−¥${yuan(order.refundedFen)}</dd></div>` : false}
  </dl>${doubt(page, order, canDispute)}`
  }
</section>`
}

/** Goods first, then what was taken off and why, so that the total explains itself. */
function discounts(page: PageContext, order: OrderView): Markup | false {
  const given = order.discounts ?? []
  if (given.length === 0) return false
  const { t } = page
  const goodsFen = order.lines.reduce((sum, line) => sum + line.unitPriceFen * line.quantity, 0)
  return html`<div><dt>${t('order.goods')}</dt><dd class="number">¥${yuan(goodsFen)}</dd></div>
    ${given.map((one) => html`<div><dt>${choose(page, one.name)}</dt><dd class="number">−¥${yuan(one.amountFen)}</dd></div>`)}`
}

/** Nearly certain is certain to a person; below that the page says so in a sentence, with what else it could have been. */
const CERTAIN_FROM = 0.99
const OTHERS_SHOWN = 2

function doubt(page: PageContext, order: OrderView, canDispute: boolean): Markup | false {
  const { t } = page
  const { receipt } = order
  if (receipt === undefined || receipt.probability >= CERTAIN_FROM) return false
  const between = page.language === 'zh' ? '' : ' '
  const sentences = [
    t('order.doubt', { percent: percentOf(receipt.probability) }),
    ...receipt.alternatives.slice(0, OTHERS_SHOWN).map((other) => {
      const goods = other.lines.map(({ name, quantity }) => `${quantity} × ${choose(page, name)}`)
      return t('order.doubt.other', {
        goods:
          goods.length === 0 ? t('order.doubt.nothing') : goods.join(page.language === 'zh' ? '、' : ', '),
        difference: differenceText(page, other.totalFen - order.totalFen),
        percent: percentOf(other.probability),
      })
    }),
    ...(canDispute ? [t('order.doubt.ask')] : []),
  ]
  return html`<p class="soft small" data-doubt>${sentences.join(between)}</p>`
}
function differenceText({ t }: PageContext, fen: number): string {
  if (fen === 0) return t('order.doubt.same')
  return t(fen > 0 ? 'order.doubt.more' : 'order.doubt.less', { amount: yuan(Math.abs(fen)) })
}
/** Never rounded up to certainty. */
function percentOf(probability: number): number {
  return Math.min(99.9, Math.floor(probability * 1000) / 10)
}

function lineRow(
  page: PageContext,
  order: OrderView,
  line: OrderLineView,
  index: number,
  canDispute: boolean,
): Markup {
  const { t } = page
  const name = choose(page, line.name)
  const fullFen = line.unitPriceFen * line.quantity
  const offs = (order.discounts ?? []).filter((one) => (one.shares[index] ?? 0) > 0)
  const percent = percentOf(line.probability)
  return html`<li>
  ${productPicture(line.picture)}
  <div class="what"><span class="name">${name}${line.quantity > 1 ? html` <span class="times">×${line.quantity}</span>` : false}</span>
    <span class="soft small">${line.quantity > 1 ? html`${t('order.unit', { price: yuan(line.unitPriceFen) })} · ` : false}<span class="certainty ${line.certainty}">${t(`order.${line.certainty}`)}</span>${line.certainty === 'certain' ? false : ` · ${t('order.certainty.note', { percent })}`}</span>
    ${offs.map((one) => html`<span class="soft small off">${choose(page, one.name)} <span class="number">−¥${yuan(one.shares[index] ?? 0)}</span></span>`)}
    ${line.refundedFen > 0 ? html`<span class="small back">${icon('undo-2')}${t('order.line.refunded', { amount: yuan(line.refundedFen) })}</span>` : false}
  </div>
  <span class="number price">${fullFen > line.amountFen ? html`<s class="soft small"><span class="aloud">${t('order.before')} </span>¥${yuan(fullFen)}</s> ` : false}¥${yuan(line.amountFen)}</span>
  ${canDispute && order.lines.length > 1 ? html`<a class="ask" href="/o/${order.orderId}/dispute?line=${line.lineId}" aria-label="${t('order.line.wrong', { name })}">${icon('circle-question-mark')}</a>` : false}
</li>`
}

function ask(page: PageContext, order: OrderView, canDispute: boolean): Markup {
  const { t } = page
  return html`${
    order.disputeId === null
      ? false
      : html`<a class="card link" href="/d/${order.disputeId}">${icon('message-circle')}<span><strong>${t('order.dispute')}</strong><br><span class="soft small">${t('order.dispute.see')}</span></span>${icon('chevron-right')}</a>`
  }${
    canDispute
      ? html`<a class="card link" data-dispute href="/o/${order.orderId}/dispute">${icon('circle-question-mark')}<span><strong>${t('order.wrong')}</strong><br><span class="soft small">${t('order.wrong.text')}</span></span>${icon('chevron-right')}</a>`
      : false
  }`
}

function story(page: PageContext, order: OrderView): Markup | false {
  const entries = order.story
    .map((line) => ({ atMs: line.atMs, text: sentence(page, line.key, line.values) }))
    .filter((entry) => entry.text !== undefined)
    .sort((a, b) => a.atMs - b.atMs)
  const [first, last] = [entries[0], entries.at(-1)]
  if (first === undefined || last === undefined) return false
  // What happened within minutes is told by the second.
  const at = last.atMs - first.atMs < EXACT_BELOW_MS ? exactClock : moment
  return html`<section class="card" aria-labelledby="happened"><h2 id="happened">${page.t('order.story')}</h2>
<ol class="story">${entries.map((entry) => html`<li><time class="number">${at(page, entry.atMs)}</time><span>${entry.text}</span></li>`)}</ol></section>`
}
