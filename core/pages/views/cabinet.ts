import type { CabinetForConsumer, SessionView } from '#protocol/api/consumer.ts'
import type { StateWord, Tone } from '#protocol/words/states.ts'
import { choose, moment, type PageContext, shelfNumber, yuan } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { badge, live, note, productPicture } from '../parts.ts'
import type { RefusalWords } from '../refusals.ts'
import { isWordKey } from '../words/words.ts'
import { isLive, sessionPanel } from './session.ts'

/** Below this many a product says how many are left. */
const FEW = 3

export interface CabinetPage {
  readonly cabinet: CabinetForConsumer
  /** The reader's own session here, live or just ended. */
  readonly session: SessionView | undefined
  /** Why the last attempt to open was refused. */
  readonly refusal: RefusalWords | undefined
  /** The reader has just come back from giving permission. */
  readonly hasConsented: boolean
}

export function cabinetPage(page: PageContext, data: CabinetPage): Markup {
  const { cabinet } = data
  // The refusal that was just met says more than the denied visit that it left behind.
  const session = data.refusal !== undefined && data.session?.state === 'denied' ? undefined : data.session
  const { t } = page
  const isShopping = session !== undefined && isLive(session)
  const body = html`
<div class="head"${isShopping ? false : html` data-poll="${cabinet.status === 'open' ? 15_000 : 3_000}"`}>
  <h1>${choose(page, cabinet.name)}</h1>
  <p class="soft place">${icon('map-pin')}${choose(page, cabinet.site)} · <span class="code">${cabinet.cabinetId}</span></p>
  ${isShopping ? false : live('status', cabinet.status, badge(page, statusWord(page, cabinet.status)))}
</div>
<div id="refusal" role="alert">${data.refusal === undefined ? false : refusalNote(page, data.refusal)}</div>
${data.hasConsented && !isShopping ? note('ok', 'circle-check', html`<p>${t('cabinet.consented')}</p>`) : false}
${session === undefined ? false : sessionPanel(page, session)}
${isShopping || data.refusal !== undefined ? false : restrictionNote(page, cabinet)}
${isShopping ? false : [live('closed', cabinet.status, closedNote(page, cabinet)), rules(page, cabinet)]}
${offers(page, cabinet)}
${shelves(page, cabinet)}
<a class="card link" href="/c/${cabinet.cabinetId}/help" data-help>${icon('circle-question-mark')}<span><strong>${t('here.link')}</strong><br><span class="soft small">${t('here.link.text')}</span></span>${icon('chevron-right')}</a>`
  return document(page, {
    title: choose(page, cabinet.name),
    help: `/c/${cabinet.cabinetId}/help`,
    body,
    ...(isShopping ? { reloadSeconds: 3 } : {}),
    ...(isShopping
      ? {}
      : { action: live('door', cabinet.status, cabinet.status === 'open' && openForm(page, cabinet)) }),
  })
}

export function statusWord(page: PageContext, status: CabinetForConsumer['status']): StateWord {
  const looks: Record<CabinetForConsumer['status'], [Tone, string]> = {
    open: ['ok', 'circle-check'],
    busy: ['info', 'door-open'],
    offline: ['warn', 'wifi-off'],
    closed: ['info', 'clock'],
    goods_expired: ['bad', 'triangle-alert'],
    goods_blocked: ['bad', 'triangle-alert'],
    locked_out: ['bad', 'thermometer'],
    out_of_service: ['warn', 'wrench'],
    unknown: ['neutral', 'clock'],
  }
  const [tone, iconName] = looks[status]
  const text = page.t(`cabinet.${status}`)
  return { tone, icon: iconName, en: text, zh: text }
}

export function refusalNote(page: PageContext, refusal: RefusalWords): Markup {
  return note(
    'warn',
    'circle-alert',
    html`<h2>${page.t('refusal.title')}</h2><p>${refusal.text}</p>${
      refusal.action === undefined
        ? false
        : html`<p><a class="button quiet" href="${refusal.action.href}">${refusal.action.label}</a></p>`
    }`,
  )
}

/** Said before the door is asked for, with the way to the reason. */
function restrictionNote(page: PageContext, cabinet: CabinetForConsumer): Markup | false {
  const { restriction } = cabinet
  if (restriction === undefined) return false
  const until = moment(page, restriction.expiresAtMs)
  const text =
    restriction.capFen === null
      ? page.t('cabinet.restricted.blocked', { until })
      : page.t('cabinet.restricted', { until, cap: yuan(restriction.capFen) })
  return note(
    'warn',
    'circle-alert',
    html`<p>${text}</p><p><a class="button quiet" href="/restriction">${page.t('cabinet.restricted.why')}</a></p>`,
  )
}

/** In the time of the place where the cabinet stands. */
function opensAgain(page: PageContext, { status, opensAtMs }: CabinetForConsumer): Markup | false {
  if (status !== 'closed' || opensAtMs === undefined) return false
  return html`<p><b>${page.t('cabinet.opens', { time: moment(page, opensAtMs) })}</b></p>`
}

/** Why a cabinet that is not open is not. */
export function closedText(page: PageContext, status: CabinetForConsumer['status']): string {
  const key = `refusal.cabinet_${status}`
  return page.t(isWordKey(key) ? key : 'refusal.unknown')
}

/** Why there is no button, and what to do instead. */
function closedNote(page: PageContext, cabinet: CabinetForConsumer): Markup | false {
  if (cabinet.status === 'open') return false
  const text = closedText(page, cabinet.status)
  return note(
    ['locked_out', 'goods_expired', 'goods_blocked'].includes(cabinet.status) ? 'bad' : 'warn',
    'circle-alert',
    html`<p>${text}</p>${opensAgain(page, cabinet)}<p><a class="button quiet" href="${page.path}">${page.t('refusal.again')}</a></p>`,
  )
}

function rules(page: PageContext, cabinet: CabinetForConsumer): Markup {
  const { t } = page
  return html`<section class="card" aria-labelledby="rules">
  <h2 id="rules">${t('cabinet.rules')}</h2>
  <ol class="three">
    <li>${icon('door-open')}<span>${t('cabinet.step.open')}</span></li>
    <li>${icon('hand')}<span>${t('cabinet.step.take')}</span></li>
    <li>${icon('door-closed')}<span>${t('cabinet.step.close')}</span></li>
  </ol>
  <ul class="points">
    <li>${icon('scale')}<span>${t('cabinet.rule.charge')}</span></li>
    <li>${icon('camera')}<span>${t('cabinet.notice.text', { days: cabinet.retentionDays })} <a href="/privacy">${t('cabinet.notice.more')}</a></span></li>
    ${cabinet.signedIn ? false : html`<li>${icon('wallet')}<span>${t('cabinet.consent')}</span></li>`}
  </ul>
  <details class="more"><summary>${t('cabinet.more')}</summary><ul class="points">
    <li>${icon('undo-2')}<span>${t('cabinet.rule.back')}</span></li>
    <li>${icon('eye')}<span>${t('cabinet.rule.doubt')}</span></li>
    <li>${icon('shield-check')}<span>${t('cabinet.rule.cap', { cap: yuan(cabinet.capFen) })}</span></li>
  </ul></details>
</section>`
}

/** What makes this visit cheaper, in sentences; the best combination is found when the door has closed. */
function offers(page: PageContext, cabinet: CabinetForConsumer): Markup | false {
  const { t } = page
  const { promotions = [], benefits } = cabinet
  if (promotions.length === 0 && benefits === undefined) return false
  return html`<section class="card" aria-labelledby="offers">
  <h2 id="offers">${t('cabinet.promotions')}</h2>
  <ul class="points">
    ${promotions.map((one) => html`<li>${icon('tag')}<span><b>${choose(page, one.name)}</b> ${choose(page, one.text)} <span class="soft small">${t('cabinet.promotion.until', { until: moment(page, one.endsAtMs) })}</span></span></li>`)}
    ${benefits === undefined || benefits.couponCount === 0 ? false : html`<li>${icon('ticket')}<span>${t('cabinet.benefit.coupons', { count: benefits.couponCount, amount: yuan(benefits.couponFen) })}</span></li>`}
    ${benefits === undefined || benefits.points === 0 ? false : html`<li>${icon('coins')}<span>${t('cabinet.benefit.points', { points: benefits.points, amount: yuan(benefits.points) })}</span></li>`}
  </ul>
</section>`
}

function shelves(page: PageContext, cabinet: CabinetForConsumer): Markup {
  const { t } = page
  return html`<section class="card" aria-labelledby="products">
  <h2 id="products">${t('cabinet.products')}</h2>
  ${cabinet.shelves.map(
    (shelf) => html`<h3 class="shelf">${t('shelf.name', { shelf: shelfNumber(shelf.id) })}</h3>
  <ul class="goods">${shelf.products.map(
    (product) => html`<li${product.inStock === 0 ? html` class="gone"` : false}>
    ${productPicture(product.picture)}
    <span class="name">${choose(page, product.name)}</span>
    <span class="price">${product.beforeFen === undefined ? false : html`<s class="soft small"><span class="aloud">${t('cabinet.price.before')} </span>¥${yuan(product.beforeFen)}</s> `}¥${yuan(product.priceFen)}</span>
    ${product.inStock === 0 ? html`<span class="stock">${t('stock.out')}</span>` : product.inStock <= FEW ? html`<span class="stock">${t('stock.few', { count: product.inStock })}</span>` : false}
  </li>`,
  )}</ul>`,
  )}
</section>`
}

function openForm(page: PageContext, cabinet: CabinetForConsumer): Markup {
  const { t } = page
  return html`<form class="action" aria-label="${t('cabinet.button')}" method="post" action="/c/${cabinet.cabinetId}" data-open="${cabinet.cabinetId}" data-busy="${t('cabinet.button.busy')}">
  <input type="hidden" name="requestId" value="${page.newRequestId()}">
  ${openButtons(page, cabinet)}
  <p class="soft small">${t('cabinet.button.note')}</p>
</form>`
}

/** One for each door that can be opened now; which is which stands on the doors. */
function openButtons(page: PageContext, { doors = [] }: CabinetForConsumer): Markup | Markup[] {
  const { t } = page
  if (doors.length === 0)
    return html`<button class="button big" type="submit">${icon('lock-open')}<span>${t('cabinet.button')}</span></button>`
  return doors
    .filter(({ status }) => status !== 'staff_only')
    .map(
      ({ door, status }) =>
        html`<button class="button big" type="submit" name="door" value="${door}"${status === 'busy' ? html` disabled` : false}>${icon('lock-open')}<span>${t(status === 'busy' ? 'cabinet.door.busy' : 'cabinet.door', { door: door + 1 })}</span></button>`,
    )
}

/** Between our page and the provider's: says what is asked there before the reader leaves. */
export function consentPage(
  page: PageContext,
  consentUrl: string,
  back: string,
  reason: 'consent' | 'question.signIn' = 'consent',
): Markup {
  const { t } = page
  const title = t(`${reason}.title`)
  return document(page, {
    title,
    back: { href: back, label: t('site.back') },
    body: html`<section class="card centre roomy">${icon('wallet')}<h1>${title}</h1><p>${t(`${reason}.text`, { contact: page.contact })}</p>
<a class="button big" href="${consentUrl}">${t('consent.button')}</a></section>`,
  })
}
