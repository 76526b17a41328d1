import type { OrderList } from '#protocol/api/consumer.ts'
import type { OwnQuestions } from '#protocol/api/questions.ts'
import type { Bilingual } from '#protocol/api/common.ts'
import { ORDER_STATE_WORDS } from '#protocol/words/states.ts'
import { errorText } from '#protocol/words/errors.ts'
import type { Refusal } from '../consumer-api.ts'
import { choose, moment, type PageContext, yuan } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { badge, live } from '../parts.ts'
import type { WordKey } from '../words/words.ts'
import { disputeState } from './dispute.ts'

/** Pages that mostly list or explain. */

export function ordersPage(page: PageContext, list: OrderList, questions: OwnQuestions): Markup {
  const { t } = page
  return document(page, {
    title: t('orders.title'),
    body: html`<div class="head"><h1>${t('orders.title')}</h1></div>
<div data-poll="15000">${live(
      'orders',
      list,
      list.orders.length === 0
        ? html`<p class="card centre roomy soft">${icon('receipt-text')}<span>${t('orders.none')}</span></p>`
        : html`<ul class="card rows">${list.orders.map(
            (order) => html`<li><a href="/o/${order.orderId}">
      <span class="main"><strong>${choose(page, order.cabinetName)}</strong><span class="soft small number">${moment(page, order.atMs)} · ${order.itemCount === 1 ? t('orders.item') : t('orders.items', { count: order.itemCount })}</span></span>
      <span class="side"><strong class="number">¥${yuan(order.totalFen)}</strong>${badge(page, ORDER_STATE_WORDS[order.state])}</span>
      ${icon('chevron-right')}</a></li>`,
          )}</ul>
${list.earlierThan === undefined ? false : html`<p class="centre"><a class="button quiet" href="/orders?before=${list.earlierThan}">${t('orders.earlier')}</a></p>`}`,
    )}${live('questions', questions, ownQuestions(page, questions))}</div>`,
  })
}

/** What was asked, from an order or from a cabinet, with where it stands. */
function ownQuestions(page: PageContext, { questions }: OwnQuestions): Markup | false {
  const { t } = page
  if (questions.length === 0) return false
  return html`<h2 class="over">${t('questions.title')}</h2><ul class="card rows asked">${questions.map(
    (one) => html`<li><a href="/d/${one.disputeId}">
      <span class="main"><strong>${one.about === undefined ? t(`dispute.reason.${one.reason}`) : choose(page, one.about)}</strong><span class="soft small number">${moment(page, one.openedAtMs)} · #${one.number}${one.cabinetName === null ? '' : ` · ${choose(page, one.cabinetName)}`}</span>${badge(page, disputeState(page, one.state))}</span>
      ${icon('chevron-right')}</a></li>`,
  )}</ul>`
}

/** A refusal instead of a page: what it means and where to go. */
export function problemPage(
  page: PageContext,
  refusal: Pick<Refusal, 'code' | 'requestId'>,
  about: 'order' | 'orders' | 'other',
): Markup {
  const { t } = page
  const general = errorText(page.language, refusal.code)
  const isUnknownReader = refusal.code === 'not_signed_in'
  const [title, text] =
    isUnknownReader && about === 'orders'
      ? [t('orders.signIn.title'), t('orders.signIn.text')]
      : isUnknownReader
        ? [t('order.notYours.title'), t('order.notYours.text')]
        : [
            refusal.code === 'not_found' || refusal.code === 'unknown_cabinet'
              ? t('problem.not_found.title')
              : t('problem.title'),
            `${general.meaning} ${general.remedy}`,
          ]
  return document(page, {
    title,
    body: html`<section class="card centre roomy">${icon(isUnknownReader ? 'lock' : 'circle-alert')}<h1>${title}</h1><p>${text}</p>
${refusal.requestId === undefined || isUnknownReader ? false : html`<p class="soft small code">${t('problem.request', { id: refusal.requestId })}</p>`}
<p><a class="button quiet" href="/help">${t('site.help')}</a></p></section>`,
  })
}

export interface LandingCabinet {
  readonly cabinetId: string
  readonly name: Bilingual
  readonly site: Bilingual
}
export function landingPage(
  page: PageContext,
  data: { cabinets: readonly LandingCabinet[]; publicUrl: string; workshopUrl: string | undefined },
): Markup {
  const { t } = page
  return document(page, {
    title: t('landing.title'),
    body: html`<div class="hero">${icon('refrigerator')}<h1>${t('landing.title')}</h1><p class="soft">${t('landing.lead')}</p></div>
<section class="card" aria-labelledby="cabinets"><h2 id="cabinets">${t('landing.cabinets')}</h2><p class="soft small">${data.cabinets.length === 0 ? t('landing.none') : t('landing.cabinets.text')}</p>
<ul class="rows">${data.cabinets.map(
      (cabinet) =>
        html`<li><a href="/c/${cabinet.cabinetId}">${icon('refrigerator')}<span class="main"><strong>${choose(page, cabinet.name)}</strong><span class="soft small">${choose(page, cabinet.site)}</span><span class="code small">${data.publicUrl.replace(/^https?:\/\//, '')}/c/${cabinet.cabinetId}</span></span>${icon('chevron-right')}</a><a class="side small" href="/c/${cabinet.cabinetId}/code" aria-label="${t('landing.code')}: ${choose(page, cabinet.name)}">${icon('qr-code')}</a></li>`,
    )}</ul></section>
<section class="card" aria-label="${t('landing.staff')}"><ul class="rows">
<li><a href="/staff/">${icon('users')}<span class="main"><strong>${t('landing.staff')}</strong><span class="soft small">${t('landing.staff.text')}</span></span>${icon('chevron-right')}</a></li>
${data.workshopUrl === undefined ? false : html`<li><a href="${data.workshopUrl}">${icon('hammer')}<span class="main"><strong>${t('landing.workshop')}</strong><span class="soft small">${t('landing.workshop.text')}</span></span>${icon('chevron-right')}</a></li>`}
</ul></section>`,
  })
}

/** How long things are kept, from the policy in force. */
export interface Retention {
  readonly pictureDays: number
  readonly traceDays: number
  readonly disputeDays: number
  readonly moneyYears: number
  readonly decisionDays: number
}
export function privacyPage(page: PageContext, retention: Retention, isSignedIn: boolean): Markup {
  const { t } = page
  const section = (title: WordKey, body: Markup) =>
    html`<section class="card text"><h2>${t(title)}</h2>${body}</section>`
  return document(page, {
    title: t('privacy.title'),
    body: html`<div class="head"><h1>${t('privacy.title')}</h1><p class="soft">${t('privacy.lead')}</p></div>
${section('privacy.what', html`<p>${t('privacy.what.text')}</p>`)}
${section('privacy.why', html`<p>${t('privacy.why.text')}</p>`)}
${section(
  'privacy.long',
  html`<ul><li>${t('privacy.long.pictures', { days: retention.pictureDays })}</li><li>${t('privacy.long.traces', { days: retention.traceDays })}</li><li>${t('privacy.long.disputes', { days: retention.disputeDays })}</li><li>${t('privacy.long.money', { years: retention.moneyYears })}</li><li>${t('privacy.long.decisions', { days: retention.decisionDays })}</li></ul>`,
)}
${section('privacy.who', html`<p>${t('privacy.who.text')}</p>`)}
${section(
  'privacy.rights',
  isSignedIn
    ? html`<p>${t('privacy.rights.own')}</p>
<p><a class="button quiet" href="/api/consumer/own-data" download data-export>${icon('download')}<span>${t('privacy.export')}</span></a></p>
<p class="soft small">${t('privacy.export.text')}</p>
<p><a href="/privacy/erase" data-erase>${t('privacy.erase')}</a></p>
<p class="soft small">${t('privacy.rights.text', { contact: page.contact })}</p>`
    : html`<p>${t('privacy.rights.own')}</p><p>${t('privacy.rights.signIn')}</p><p>${t('privacy.rights.text', { contact: page.contact })}</p>`,
)}`,
  })
}
