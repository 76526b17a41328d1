import type { OwnRestriction } from '#protocol/api/restrictions.ts'
import { moment, type PageContext, yuan } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { note, sentence } from '../parts.ts'

/** What is restricted, why, until when, on which visits it rests, and how to object: one page, no blame. */
export function restrictionPage(
  page: PageContext,
  restriction: OwnRestriction | null,
  problem?: string,
): Markup {
  const { t } = page
  const title =
    restriction === null ? t('restriction.none.title') : t(`restriction.${restriction.level}.title`)
  return document(page, {
    title,
    back: { href: '/orders', label: t('orders.title') },
    body:
      restriction === null
        ? html`<section class="card centre roomy">${icon('circle-check')}<h1>${title}</h1><p class="soft">${t('restriction.none.text')}</p></section>`
        : held(page, restriction, title, problem),
    ...(restriction?.actions.includes('appeal') === true ? { action: sendButton(page) } : {}),
  })
}

function held(page: PageContext, restriction: OwnRestriction, title: string, problem?: string): Markup {
  const { t } = page
  const until = moment(page, restriction.expiresAtMs)
  const meaning =
    restriction.capFen === null
      ? t('restriction.blocked.text', { until })
      : t('restriction.limited.text', { until, cap: yuan(restriction.capFen) })
  return html`
<div role="alert">${problem === undefined ? false : note('warn', 'circle-alert', html`<p>${problem}</p>`)}</div>
<section class="card sum" aria-labelledby="what">
  <h1 id="what">${title}</h1>
  <p class="now">${meaning}</p>
  <h2>${t('restriction.why')}</h2>
  <p>${sentence(page, restriction.reasonKey, restriction.reasonValues) ?? t('restriction.why.unknown')}</p>
  <dl class="totals"><div><dt>${t('restriction.since')}</dt><dd class="number">${moment(page, restriction.createdAtMs)}</dd></div>
  <div><dt>${t('restriction.until')}</dt><dd class="number">${until}</dd></div></dl>
  <p class="soft small">${t('restriction.open')}</p>
</section>
${
  restriction.orderIds.length === 0
    ? false
    : html`<section class="card" aria-labelledby="visits"><h2 id="visits">${t('restriction.visits')}</h2>
<ul class="rows">${restriction.orderIds.map((orderId, index) => html`<li><a href="/o/${orderId}"><span class="main"><strong>${t('restriction.visit', { number: index + 1 })}</strong></span>${icon('chevron-right')}</a></li>`)}</ul></section>`
}
${appeal(page, restriction)}`
}

function appeal(page: PageContext, restriction: OwnRestriction): Markup {
  const { t } = page
  if (restriction.appealId !== null)
    return html`<section class="card" aria-labelledby="appeal"><h2 id="appeal">${t('restriction.appeal')}</h2>
<p>${t('restriction.appeal.sent')}</p><p><a class="button quiet" href="/d/${restriction.appealId}">${t('restriction.appeal.see')}</a></p></section>`
  return html`<form id="appeal-form" class="card stack" method="post" action="/restriction/appeal" data-busy="${t('restriction.appeal.busy')}">
  <h2>${t('restriction.appeal')}</h2>
  <p>${t('restriction.appeal.lead')}</p>
  <input type="hidden" name="requestId" value="${page.newRequestId()}">
  <label for="text">${t('restriction.appeal.label')}</label>
  <textarea id="text" name="text" rows="4" maxlength="2000"></textarea>
</form>`
}

function sendButton(page: PageContext): Markup {
  const { t } = page
  return html`<div class="action" role="region" aria-label="${t('restriction.appeal')}">
  <button class="button big" type="submit" form="appeal-form"><span>${t('restriction.appeal.send')}</span></button>
  <p class="soft small">${t('restriction.appeal.promise')}</p>
</div>`
}
