import { html, nothing } from 'lit'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { ORDER_STATE_WORDS, REFUND_STATE_WORDS, type Tone } from '#protocol/words/states.ts'
import { sentence } from '../../data/staff-evidence.ts'
import { formatProbability } from '../../data/staff-format.ts'
import { hasWord, word, wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { icon, type IconName } from '../icons.ts'
import type { Services } from '../services.ts'
import { badge, card, exactTime, idChip, moment, money, personText, stateBadge } from '../views.ts'
import '../../components/product-picture.ts'

/**
 * Charged, recognised by the weights, and refunded, side by side: where they differ is where the answer lies.
 * @param named  what the consumer pointed at
 */
export function linesPanel(staffOrder: StaffOrder, named: TicketDetail['named'] = []) {
  const { order } = staffOrder
  const namedOf = (lineId: string) => named.find((one) => one.lineId === lineId)?.quantity
  return card(
    'lines',
    html`<div class="table-frame" role="group" tabindex="0" aria-label=${word('lines')}>
        <table class="table compact">
          <caption class="aloud">${word('lines')}</caption>
          <thead>
            <tr>
              <th scope="col">${word('product')}</th>
              <th scope="col" class="end">${word('charged')}</th>
              <th scope="col" class="end">${word('certainty')}</th>
              <th scope="col" class="end">${word('amount')}</th>
            </tr>
          </thead>
          <tbody>
            ${order.lines.map(
              (line, index) => html`<tr>
                <td>
                  <span class="product"><product-picture .picture=${line.picture}></product-picture>${choose(line.name)}</span>
                  ${namedOf(line.lineId) === undefined ? nothing : html`<br />${badge('info', 'user', word('namedByConsumer', { count: namedOf(line.lineId) ?? 0 }))}`}
                  ${(order.discounts ?? []).filter((one) => (one.shares[index] ?? 0) > 0).map((one) => html`<br /><span class="small soft">${choose(one.name)} −${money(one.shares[index] ?? 0)}</span>`)}
                </td>
                <td class="end number">${line.quantity}${line.refundedQuantity > 0 ? html`<br /><span class="small tone-text-info">${icon('undo')}${line.refundedQuantity}</span>` : nothing}</td>
                <td class="end number"><span class="certainty-${line.certainty}">${formatProbability(line.probability)}</span></td>
                <td class="end">${money(line.amountFen)}</td>
              </tr>`,
            )}
            ${order.lines.length === 0 ? html`<tr><td colspan="4" class="soft">${word('noLines')}</td></tr>` : nothing}
          </tbody>
          <tfoot>
            ${discountRows(order)}
            <tr>
              <th scope="row" colspan="3">${word('total')}</th>
              <td class="end"><b>${money(order.totalFen)}</b></td>
            </tr>
          </tfoot>
        </table>
      </div>
      ${readings(staffOrder)}`,
    { actions: stateBadge(ORDER_STATE_WORDS[order.state]) },
  )
}

/** Goods first, then what was taken off and why. */
function discountRows(order: StaffOrder['order']) {
  const discounts = order.discounts ?? []
  if (discounts.length === 0) return nothing
  const goodsFen = order.lines.reduce((sum, line) => sum + line.unitPriceFen * line.quantity, 0)
  return html`<tr><th scope="row" colspan="3">${word('goodsAmount')}</th><td class="end">${money(goodsFen)}</td></tr>
    ${discounts.map((one) => html`<tr><th scope="row" colspan="3">${choose(one.name)}</th><td class="end">−${money(one.amountFen)}</td></tr>`)}`
}

const ALTERNATIVES_SHOWN = 3

/** How sure the weights are, why a person should look, and what else it could have been with the difference in money. */
function readings({ order, session }: StaffOrder) {
  // Where a person decided, the order no longer says what else its lines could be; the receipt of the session still does.
  const alternatives = order.receipt?.alternatives ?? session.alternatives
  const probability = order.receipt?.probability ?? session.receiptProbability
  if (probability === null) return nothing
  const isClear = session.verdict === 'clear'
  const shown = alternatives.slice(0, ALTERNATIVES_SHOWN)
  const rest = alternatives.slice(ALTERNATIVES_SHOWN)
  const row = (alternative: (typeof alternatives)[number]) => {
    const goods = alternative.lines.map((line) => `${line.quantity} × ${choose(line.name)}`).join(', ')
    return html`<li class="split">
      <span>${word('alternatively', { goods: goods === '' ? word('nothingTaken') : goods })}</span>
      <span class="number end">${priceDifference(alternative.totalFen - order.totalFen)} <span class="soft">· ${formatProbability(alternative.probability)}</span></span>
    </li>`
  }
  return html`<dl class="facts">
      <dt>${word('wholeReceipt')}</dt><dd class="number"><b>${formatProbability(probability)}</b> ${session.verdict ? badge(isClear ? 'ok' : 'warn', isClear ? 'circle-check' : 'triangle-alert', wordOr(`verdict.${session.verdict}`, session.verdict)) : nothing}</dd>
      ${session.engineVersion === null ? nothing : html`<dt>${word('engineVersion')}</dt><dd><code>${session.engineVersion}</code></dd>`}
    </dl>
    ${session.reasons.map((reason) => html`<p class="doubt">${icon('triangle-alert')}<b>${wordOr(`review.${reason}`, reason)}</b>${hasWord(`reviewLong.${reason}`) ? html` ${word(`reviewLong.${reason}` as 'reviewLong.ambiguous')}` : nothing}</p>`)}
    ${shown.length === 0 ? nothing : html`<ul class="ledger alternatives">${shown.map(row)}</ul>`}
    ${rest.length === 0 ? nothing : html`<details><summary>${word('alternatives', { count: rest.length })}</summary><ul class="ledger">${rest.map(row)}</ul></details>`}`
}
function priceDifference(fen: number): string {
  if (fen === 0) return word('samePrice')
  return `${fen > 0 ? '+' : '−'}${formatMoney(Math.abs(fen))}`
}

const CHARGE_LOOK: Record<StaffOrder['charges'][number]['state'], { tone: Tone; icon: IconName }> = {
  prepared: { tone: 'neutral', icon: 'circle' },
  submitted: { tone: 'info', icon: 'clock' },
  pending: { tone: 'info', icon: 'hourglass' },
  paid: { tone: 'ok', icon: 'circle-check' },
  unknown: { tone: 'warn', icon: 'help' },
  cancelled: { tone: 'neutral', icon: 'x' },
  failed: { tone: 'bad', icon: 'circle-x' },
}
/** Every payment and refund of the order, and every call to the provider that led there. */
export function paymentsPanel(services: Services, staffOrder: StaffOrder) {
  const { order, charges, calls } = staffOrder
  const { time } = services
  return card(
    'payments',
    html`<ul class="ledger">
        ${charges.map(
          (charge) => html`<li>
            <div class="split"><span>${word('charge')} ${money(charge.amountFen)}</span>${badge(CHARGE_LOOK[charge.state].tone, CHARGE_LOOK[charge.state].icon, word(`chargeState.${charge.state}`))}</div>
            <p class="soft small">${word('providerOrder')} ${idChip(services, charge.providerOrderNumber)} ${moment(time, charge.submittedAtMs ?? charge.preparedAtMs)}</p>
            ${
              charge.payments.length > 0
                ? html`<ul class="ledger nested">
                  ${charge.payments.map(
                    (payment) => html`<li class=${payment.isDuplicate ? 'is-duplicate' : ''}>
                      <div class="split">
                        <span>${icon('banknote')}${word('payment')} <b>${money(payment.amountFen)}</b></span>
                        ${payment.isDuplicate ? badge('bad', 'circle-alert', word('secondPayment')) : nothing}
                      </div>
                      <p class="soft small">
                        ${exactTime(time, payment.paidAtMs)} · ${word(`foundBy.${payment.foundBy}`)} · ${idChip(services, payment.transactionId)}
                        ${payment.refundedFen > 0 ? html` · ${word('refunded')} ${money(payment.refundedFen)}` : nothing}
                      </p>
                    </li>`,
                  )}
                </ul>`
                : nothing
            }
          </li>`,
        )}
        ${charges.length === 0 ? html`<li class="soft">${word('noCharges')}</li>` : nothing}
        ${order.refunds.map(
          (refund) => html`<li>
            <div class="split"><span>${icon('undo')}${word('refund')} <b>${money(refund.amountFen)}</b></span>${stateBadge(REFUND_STATE_WORDS[refund.state])}</div>
            <p class="soft small">${wordOr(`refundReason.${refund.reason}`, refund.reason)} · ${moment(time, refund.requestedAtMs)} · ${refund.isAutomatic ? word('byRule') : word('byPerson')} · ${idChip(services, refund.refundId)}</p>
          </li>`,
        )}
      </ul>
      ${
        calls.length > 0
          ? html`<details>
            <summary>${word('providerCalls', { count: calls.length })}</summary>
            <div class="table-frame" role="group" tabindex="0" aria-label=${word('providerCalls', { count: calls.length })}>
              <table class="table compact">
                <thead><tr><th scope="col">${word('time')}</th><th scope="col">${word('operation')}</th><th scope="col">${word('outcome')}</th><th scope="col">${word('idempotencyKey')}</th></tr></thead>
                <tbody>
                  ${calls.map(
                    (call) => html`<tr>
                      <td>${exactTime(time, call.atMs)}</td>
                      <td><code>${call.operation}</code></td>
                      <td>${wordOr(`callOutcome.${call.outcome}`, call.outcome)}${call.detail ? html`<br /><span class="soft small">${call.detail}</span>` : nothing}</td>
                      <td>${idChip(services, call.idempotencyKey)}</td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>
          </details>`
          : nothing
      }`,
    {
      actions: html`<span class="soft small">${word('paidOf', { paid: '' })}${money(order.paidFen)}${order.refundedFen > 0 ? html` · ${word('refunded')} ${money(order.refundedFen)}` : nothing}</span>`,
    },
  )
}

export function consumerPanel(services: Services, staffOrder: StaffOrder) {
  const { consumer } = staffOrder
  const maySeeRestrictions = services.me?.permissions.includes('restriction.read') === true
  return card(
    'consumer',
    html`<dl class="facts">
      <dt>${word('who')}</dt><dd>${consumer.label} ${consumer.isBlocked ? badge('bad', 'lock', word('blocked')) : nothing}</dd>
      <dt>${word('orders90')}</dt><dd class="number">${consumer.orders90Days}</dd>
      <dt>${word('disputes90')}</dt><dd class="number">${consumer.disputes90Days}</dd>
      <dt>${word('refunds90')}</dt><dd>${money(consumer.refunds90DaysFen)}</dd>
      ${maySeeRestrictions ? html`<dt>${word('restrictions')}</dt><dd><a href="${BASE}/restrictions?consumer=${consumer.consumerId}&order=${staffOrder.order.orderId}">${word('restrictionsOf')}</a></dd>` : nothing}
    </dl>`,
  )
}

/** Which limits held then; for those who may look at rules a way to them. */
function underLimits(services: Services, anomaly: StaffOrder['anomalies'][number]) {
  const { policy, limitsVersion } = anomaly
  if (policy === undefined || limitsVersion === undefined) return nothing
  const text = word('decidedUnder', { version: limitsVersion })
  return services.me?.permissions.includes('policy.read') === true
    ? html` · <a href="${BASE}/policies/${policy}">${text}</a>`
    : html` · ${text}`
}

/** Decisions about this order: what was found, which rule, who decided, and what may still be decided. */
export function anomaliesPanel(
  services: Services,
  staffOrder: StaffOrder,
  decide: (anomalyId: string) => void,
) {
  if (staffOrder.anomalies.length === 0) return nothing
  return card(
    'anomalies',
    html`<ul class="ledger">
      ${staffOrder.anomalies.map(
        (anomaly) => html`<li>
          <div class="split">
            <b>${word(`anomaly.${anomaly.kind}`)}</b>
            ${badge(
              anomaly.state === 'in_review' || anomaly.state === 'detected' ? 'warn' : 'ok',
              anomaly.state === 'in_review' || anomaly.state === 'detected' ? 'help' : 'circle-check',
              word(`anomalyState.${anomaly.state}`),
            )}
          </div>
          <p>${sentence(anomaly.reasonKey, anomaly.reasonValues)}</p>
          <p class="soft small">
            ${moment(services.time, anomaly.detectedAtMs)} · ${word('rule')} <code>${anomaly.rule}</code>${underLimits(services, anomaly)}
            ${anomaly.outcome ? html` · ${wordOr(`decision.${anomaly.outcome}`, anomaly.outcome)}` : nothing}
            ${anomaly.decidedBy ? html` · ${personText(services, anomaly.decidedBy)}` : nothing}
          </p>
          ${anomaly.actions.includes('decide') ? html`<p class="row"><button class="button" @click=${() => decide(anomaly.anomalyId)}>${icon('scale')}${word('decideEllipsis')}</button></p>` : nothing}
          <details>
            <summary>${word('whatTheRuleSaw')}</summary>
            <pre class="json" tabindex="0">${JSON.stringify(anomaly.inputs, null, 2)}</pre>
          </details>
        </li>`,
      )}
    </ul>`,
  )
}
