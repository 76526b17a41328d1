import { html, nothing } from 'lit'
import type { StaffOrder } from '#protocol/api/staff.ts'
import { ORDER_STATE_WORDS, REFUND_STATE_WORDS, type Tone } from '#protocol/words/states.ts'
import { sentence } from '../../data/staff-evidence.ts'
import { formatProbability } from '../../data/staff-format.ts'
import { word, wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { icon, type IconName } from '../icons.ts'
import type { Services } from '../services.ts'
import { badge, card, exactTime, idChip, moment, money, personText, stateBadge } from '../views.ts'
import '../../components/product-picture.ts'

/** Charged, recognised by the weights, and refunded, side by side: where they differ is where the answer lies. */
export function linesPanel(staffOrder: StaffOrder) {
  const { order, session } = staffOrder
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
              (line) => html`<tr>
                <td>
                  <span class="product"><product-picture .picture=${line.picture}></product-picture>${choose(line.name)}</span>
                </td>
                <td class="end number">${line.quantity}${line.refundedQuantity > 0 ? html`<br /><span class="small tone-text-info">${icon('undo')}${line.refundedQuantity}</span>` : nothing}</td>
                <td class="end number"><span class="certainty-${line.certainty}">${formatProbability(line.probability)}</span></td>
                <td class="end">${money(line.amountFen)}</td>
              </tr>`,
            )}
            ${order.lines.length === 0 ? html`<tr><td colspan="4" class="soft">${word('noLines')}</td></tr>` : nothing}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colspan="3">${word('total')}</th>
              <td class="end"><b>${money(order.totalFen)}</b></td>
            </tr>
          </tfoot>
        </table>
      </div>
      <dl class="facts">
        ${
          session.receiptProbability === null
            ? nothing
            : html`<dt>${word('wholeReceipt')}</dt><dd class="number">${formatProbability(session.receiptProbability)} ${session.verdict ? badge(session.verdict === 'clear' ? 'ok' : 'warn', session.verdict === 'clear' ? 'circle-check' : 'triangle-alert', wordOr(`verdict.${session.verdict}`, session.verdict)) : nothing}</dd>`
        }
        ${session.reasons.length > 0 ? html`<dt>${word('doubts')}</dt><dd>${session.reasons.map((reason) => wordOr(`review.${reason}`, reason)).join(' · ')}</dd>` : nothing}
      </dl>
      ${
        session.alternatives.length > 0
          ? html`<details>
            <summary>${word('alternatives', { count: session.alternatives.length })}</summary>
            <ol class="plain">
              ${session.alternatives.map(
                (alternative) => html`<li class="split">
                  <span>${alternative.lines.map((line) => `${choose(line.name)} × ${line.quantity}`).join(', ') || word('noLines')}</span>
                  <span class="soft number">${formatProbability(alternative.probability)} · ${money(alternative.totalFen)}</span>
                </li>`,
              )}
            </ol>
          </details>`
          : nothing
      }`,
    { actions: stateBadge(ORDER_STATE_WORDS[order.state]) },
  )
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

export function consumerPanel(staffOrder: StaffOrder) {
  const { consumer } = staffOrder
  return card(
    'consumer',
    html`<dl class="facts">
      <dt>${word('who')}</dt><dd>${consumer.label} ${consumer.isBlocked ? badge('bad', 'lock', word('blocked')) : nothing}</dd>
      <dt>${word('orders90')}</dt><dd class="number">${consumer.orders90Days}</dd>
      <dt>${word('disputes90')}</dt><dd class="number">${consumer.disputes90Days}</dd>
      <dt>${word('refunds90')}</dt><dd>${money(consumer.refunds90DaysFen)}</dd>
    </dl>`,
  )
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
            ${moment(services.time, anomaly.detectedAtMs)} · ${word('rule')} <code>${anomaly.rule}</code>
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
