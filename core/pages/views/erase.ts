import type { ErasureView } from '#protocol/api/own-data.ts'
import type { PageContext } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { note } from '../parts.ts'
import type { Retention } from './plain.ts'

/** What goes, what stays and why, and the one button; or what has to come to its end first. */
export function erasePage(page: PageContext, view: ErasureView, retention: Retention): Markup {
  const { t } = page
  const isOpen = view.openMatters.length > 0
  return document(page, {
    title: t('erase.title'),
    back: { href: '/privacy', label: t('privacy.title') },
    body: html`<div class="head"><h1>${t('erase.title')}</h1><p class="soft">${t('erase.lead')}</p></div>
<section class="card text"><h2>${t('erase.goes')}</h2><ul><li>${t('erase.goes.name')}</li><li>${t('erase.goes.words')}</li><li>${t('erase.goes.files', { count: view.removedFiles })}</li></ul></section>
<section class="card text"><h2>${t('erase.stays')}</h2><ul><li>${t('erase.stays.money', { count: view.keptOrders, years: retention.moneyYears })}</li><li>${t('erase.stays.disputed', { days: retention.disputeDays })}</li></ul></section>
${
  isOpen
    ? note(
        'warn',
        'clock',
        html`<h2>${t('erase.open')}</h2><ul>${view.openMatters.map((matter) => html`<li>${t(`erase.open.${matter}`)}</li>`)}</ul><p><a href="/orders">${t('site.orders')}</a></p>`,
      )
    : html`<form class="card stack" method="post" action="/privacy/erase" data-busy="${t('erase.busy')}"><p class="soft small">${t('erase.final')}</p><button class="button quiet" type="submit"><span>${t('erase.do')}</span></button></form>`
}`,
  })
}

export function erasedPage(page: PageContext): Markup {
  const { t } = page
  return document(page, {
    title: t('erased.title'),
    body: html`<section class="card centre roomy">${icon('circle-check')}<h1>${t('erased.title')}</h1><p>${t('erased.text')}</p></section>`,
  })
}
