import { type DisputeReason, DISPUTE_REASONS } from '#protocol/api/common.ts'
import type { OrderLineView, OrderView } from '#protocol/api/consumer.ts'
import { choose, type PageContext, yuan } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { note, productPicture } from '../parts.ts'

const ICONS: Record<DisputeReason, string> = {
  charged_twice: 'copy',
  item_returned: 'undo-2',
  not_taken: 'hand',
  wrong_item: 'arrow-left-right',
  quality: 'thermometer',
  charged_late: 'clock',
  other: 'message-circle',
}

export interface DisputeFormPage {
  readonly order: OrderView
  /** A line that the reader came from, preselected. */
  readonly lineId: string | undefined
  readonly problem: string | undefined
}

/** Three taps: "something wrong?" on the order, a reason here, send. A single item is chosen already. */
export function disputeFormPage(page: PageContext, { order, lineId, problem }: DisputeFormPage): Markup {
  const { t } = page
  const open = order.lines.filter((line) => line.refundedQuantity < line.quantity)
  return document(page, {
    title: t('dispute.title'),
    back: { href: `/o/${order.orderId}`, label: t('order.title') },
    body: html`
<div class="head"><h1>${t('dispute.title')}</h1><p class="soft">${t('dispute.lead')}</p></div>
<form id="dispute" class="stack" method="post" action="/o/${order.orderId}/dispute" data-busy="${t('dispute.submit.busy')}">
  <input type="hidden" name="requestId" value="${page.newRequestId()}">
  <div role="alert">${problem === undefined ? false : note('warn', 'circle-alert', html`<p>${problem}</p>`)}</div>
  <fieldset class="card reasons"><legend class="aloud">${t('dispute.title')}</legend>
    ${DISPUTE_REASONS.map((reason) => html`<label class="choice"><input type="radio" name="reason" value="${reason}" required>${icon(ICONS[reason])}<span>${t(`dispute.reason.${reason}`)}</span></label>`)}
  </fieldset>
  ${
    open.length === 0
      ? false
      : html`<fieldset class="card items"><legend>${t('dispute.items')}</legend>
    <div class="chips">${open.map((line) => chip(page, line, open.length === 1 || line.lineId === lineId))}</div>
    ${open.length > 1 ? html`<p class="soft small">${t('dispute.items.note')}</p>` : false}
  </fieldset>`
  }
  <details class="card"><summary>${t('dispute.note')}</summary>
    <label class="aloud" for="note">${t('dispute.note.label')}</label>
    <textarea id="note" name="note" rows="3" maxlength="1000"></textarea>
  </details>
</form>`,
    action: html`<div class="action" role="region" aria-label="${t('dispute.submit')}">
  <button class="button big" type="submit" form="dispute"><span>${t('dispute.submit')}</span></button>
  <p class="soft small">${t('dispute.promise')}</p>
</div>`,
  })
}

function chip(page: PageContext, line: OrderLineView, isChosen: boolean): Markup {
  const left = line.quantity - line.refundedQuantity
  const name = choose(page, line.name)
  return html`<div class="chip"><label><input type="checkbox" name="line" value="${line.lineId}"${isChosen ? html` checked` : false}>${productPicture(line.picture)}<span>${name}<br><span class="soft small number">¥${yuan(line.amountFen)}</span></span></label>${
    left > 1
      ? html`<select name="quantity.${line.lineId}" aria-label="${page.t('dispute.quantity', { name })}">${Array.from({ length: left }, (_, i) => left - i).map((count) => html`<option value="${count}">×${count}</option>`)}</select>`
      : false
  }</div>`
}
