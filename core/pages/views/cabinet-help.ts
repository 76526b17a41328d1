import {
  type CabinetHelp,
  FOOD_PROBLEMS,
  QUESTION_KINDS,
  type QuestionKind,
  type QuestionRequest,
} from '#protocol/api/questions.ts'
import { PICTURES_OF_CONSUMER_MOST } from '#protocol/api/pictures.ts'
import { articleBody, articleList } from '../article.ts'
import { choose, moment, type PageContext, yuan } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { badge, live, note } from '../parts.ts'
import type { WordKey } from '../words/words.ts'
import { closedText, statusWord } from './cabinet.ts'
import { isLive } from './session.ts'

const ICONS: Record<QuestionKind, string> = {
  door_shut: 'lock',
  page: 'smartphone',
  charged: 'receipt-text',
  food: 'thermometer',
  goods: 'package-open',
  door_open: 'door-open',
  prices: 'tag',
  danger: 'triangle-alert',
  other: 'message-circle',
}

export interface CabinetHelpPage {
  readonly help: CabinetHelp
  /** Why the last attempt to send was refused, or what is missing. */
  readonly problem?: string | undefined
  /** What was filled in then. */
  readonly filled?: QuestionRequest | undefined
  readonly kind?: QuestionKind | undefined
}

/**
 * Help where somebody stands: what is known comes first, then what usually helps, and three taps lead to a person
 * ("help", a kind, "send"). Everything works without a script; a picture needs it.
 */
export function cabinetHelpPage(page: PageContext, data: CabinetHelpPage): Markup {
  const { t } = page
  const { help } = data
  const name = choose(page, help.name)
  return document(page, {
    title: t('here.title', { name }),
    back: { href: `/c/${help.cabinetId}`, label: name },
    body: html`
<div class="head" data-poll="15000"><h1>${t('site.help')}</h1>
  <p class="soft place">${icon('map-pin')}${choose(page, help.site)} · <span class="code">${help.cabinetId}</span></p>
  ${live('status', [help.status, help.opensAtMs], state(page, help))}
</div>
<div role="alert">${data.problem === undefined ? false : note('warn', 'circle-alert', html`<p>${data.problem}</p>`)}</div>
${live('open', help.questions, openQuestions(page, help))}
${live('visit', help.visit, visit(page, help))}
${form(page, data)}
${help.articles.length === 0 ? false : html`<h2 class="over">${t('here.articles')}</h2>${articleList(page, help.articles)}`}
<section class="card"><h2>${t('help.person')}</h2><p>${t('help.person.text', { contact: help.contact })}</p></section>`,
    action: html`<div class="action later" role="region" aria-label="${t('question.send')}">
  <button class="button big" type="submit" form="question"><span>${t('question.send')}</span></button>
  <p class="soft small">${t(help.signedIn ? 'question.promise' : 'question.promise.stranger')}</p>
</div>`,
  })
}

/** The state in plain words: why there is no button, or that nothing is known to be wrong. */
function state(page: PageContext, help: CabinetHelp): Markup {
  const text = help.status === 'open' ? page.t('here.fine') : closedText(page, help.status)
  return html`${badge(page, statusWord(page, help.status))}<p>${text}${
    help.status === 'closed' && help.opensAtMs !== undefined
      ? html` <b>${page.t('cabinet.opens', { time: moment(page, help.opensAtMs) })}</b>`
      : false
  }</p>`
}

function openQuestions(page: PageContext, { questions }: CabinetHelp): Markup | false {
  const { t } = page
  if (questions.length === 0) return false
  return html`<section class="card" aria-labelledby="asked"><h2 id="asked">${t('here.open')}</h2><ul class="rows">${questions.map(
    (one) =>
      html`<li><a href="/d/${one.disputeId}">${icon('message-circle')}<span class="main"><strong>${choose(page, one.about)}</strong><span class="soft small">${t('here.open.one', { at: moment(page, one.openedAtMs), number: `#${one.number}` })}</span></span>${icon('chevron-right')}</a></li>`,
  )}</ul></section>`
}

function visit(page: PageContext, help: CabinetHelp): Markup | false {
  const { t } = page
  const { visit } = help
  if (visit === null) return false
  const { order } = visit
  const head = html`<div class="row"><h2 id="latest">${t('here.visit')}</h2><span class="soft small number">${moment(page, visit.atMs)}</span></div>`
  if (order !== null && order.itemCount > 0)
    return html`<section class="card" aria-labelledby="latest">${head}<ul class="rows">
<li><a href="/o/${order.orderId}">${icon('receipt-text')}<span class="main"><strong class="number">${order.itemCount === 1 ? t('here.visit.order.one', { amount: yuan(order.totalFen) }) : t('here.visit.order', { count: order.itemCount, amount: yuan(order.totalFen) })}</strong><span class="soft small">${t('here.visit.see')}</span></span>${icon('chevron-right')}</a></li>
<li>${
      order.disputeId === null
        ? html`<a href="/o/${order.orderId}/dispute" data-dispute>${icon('circle-alert')}<span class="main">${t('here.visit.wrong')}</span>${icon('chevron-right')}</a>`
        : html`<a href="/d/${order.disputeId}">${icon('message-circle')}<span class="main">${t('here.visit.asked')}</span>${icon('chevron-right')}</a>`
    }</li></ul></section>`
  return html`<section class="card" aria-labelledby="latest">${head}<p>${t(visitWord(visit))}</p>${
    visit.state !== 'overdue' && isLive(visit)
      ? html`<p><a class="button quiet" href="/c/${help.cabinetId}">${t('here.visit.follow')}</a></p>`
      : false
  }</section>`
}

function visitWord({ state, order }: NonNullable<CabinetHelp['visit']>): WordKey {
  if (state === 'denied' || state === 'not_opened') return 'here.visit.notOpened'
  if (state === 'overdue') return 'here.visit.waiting'
  if (state === 'abandoned') return 'here.visit.lost'
  if (isLive({ state })) return 'here.visit.running'
  return order === null ? 'here.visit.waiting' : 'here.visit.nothing'
}

function form(page: PageContext, { help, filled, kind = filled?.kind }: CabinetHelpPage): Markup {
  const { t } = page
  const words = {
    chosen: t('question.picture.chosen'),
    sending: t('question.picture.sending'),
    many: t('pictures.many', { most: PICTURES_OF_CONSUMER_MOST }),
  }
  return html`<form id="question" class="stack" method="post" action="/c/${help.cabinetId}/help" data-question data-words="${JSON.stringify(words)}" data-busy="${t('question.send.busy')}">
<input type="hidden" name="requestId" value="${filled?.requestId ?? page.newRequestId()}">
<fieldset class="card kinds"><legend>${t('question.title')}</legend>
<div class="tiles">${QUESTION_KINDS.map(
    (one) =>
      html`<label class="tile"><input type="radio" name="kind" value="${one}" required${one === kind ? html` checked` : false}>${icon(ICONS[one])}<span>${t(`question.kind.${one}`)}</span></label>`,
  )}</div>
<div class="for for-danger">${note('bad', 'triangle-alert', html`<p>${t('question.danger')}</p><p><a class="button quiet" href="tel:${help.contact.replaceAll(/[^+\d]/g, '')}">${icon('phone')}${t('here.call', { contact: help.contact })}</a></p>`)}</div>
${help.answers
  .filter((one) => one.kind !== 'danger')
  .map(
    (one) =>
      html`<details class="for for-${one.kind} answer"><summary>${icon('lightbulb')}<span>${choose(page, one.article.title)}</span></summary>${articleBody(page, one.article)}</details>`,
  )}
</fieldset>
${food(page, help, filled)}
<div class="card stack">
  <label for="text"><strong>${t('question.text')}</strong></label>
  <textarea id="text" name="text" rows="2" maxlength="1000" placeholder="${t('question.text.example')}">${filled?.text ?? ''}</textarea>
  <div class="needs-script stack"><label class="button quiet file-button">${icon('camera')}<span>${t('question.picture')}</span><input type="file" accept="image/*" multiple data-attach="${PICTURES_OF_CONSUMER_MOST}"></label><p role="status" class="small"></p></div>
</div>
</form>`
}

/** Asked only of food; nothing of it is needed, and what is known is chosen already. */
function food(page: PageContext, help: CabinetHelp, filled: QuestionRequest | undefined): Markup {
  const { t } = page
  const order = help.visit?.order ?? null
  const isOrderChosen = filled === undefined || filled.orderId === order?.orderId
  return html`<fieldset class="card stack for for-food"><legend class="aloud">${t('question.food')}</legend>
${
  order === null || order.itemCount === 0 || help.visit === null
    ? false
    : html`<div class="chip"><label><input type="checkbox" name="order" value="${order.orderId}"${isOrderChosen ? html` checked` : false}><span>${t('question.food.order', { at: moment(page, help.visit.atMs), amount: yuan(order.totalFen) })}</span></label></div>`
}
<label class="field"><span>${t('question.food.which')}</span><select name="sku"><option value="">${t('question.food.which.any')}</option>${help.products.map(
    ({ sku, name }) =>
      html`<option value="${sku}"${sku === filled?.sku ? html` selected` : false}>${choose(page, name)}</option>`,
  )}</select></label>
<fieldset class="pills"><legend>${t('question.food.problem')}</legend>${FOOD_PROBLEMS.filter(
    (one) => one !== 'other',
  ).map(
    (one) =>
      html`<label class="pill"><input type="radio" name="problem" value="${one}"${one === filled?.problem ? html` checked` : false}><span>${t(`question.food.${one}`)}</span></label>`,
  )}</fieldset>
<div class="chip"><label><input type="checkbox" name="isHarmed" value="yes"${filled?.isHarmed === true ? html` checked` : false}><span>${t('question.food.harmed')}</span></label></div>
</fieldset>`
}
