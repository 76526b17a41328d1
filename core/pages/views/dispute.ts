import type { DisputeMessage, DisputeView } from '#protocol/api/consumer.ts'
import { PICTURES_OF_CONSUMER_MOST } from '#protocol/api/pictures.ts'
import type { StateWord } from '#protocol/words/states.ts'
import { choose, moment, type PageContext } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { badge, live, note, sentence } from '../parts.ts'
import type { WordKey } from '../words/words.ts'
import { refundCard } from './order.ts'

const LOOKS: Record<DisputeView['state'], Pick<StateWord, 'tone' | 'icon'>> = {
  settled: { tone: 'ok', icon: 'circle-check' },
  in_review: { tone: 'info', icon: 'eye' },
  answered: { tone: 'info', icon: 'message-circle' },
  resolved: { tone: 'ok', icon: 'circle-check' },
  closed: { tone: 'neutral', icon: 'circle-check' },
}
const LEADS = {
  settled: 'ticket.settled',
  in_review: 'ticket.review',
  answered: 'ticket.answered',
  resolved: 'ticket.resolved',
  closed: 'ticket.closed',
} as const satisfies Record<DisputeView['state'], WordKey>
const CONTENT_FROM = 4
const PRAISE = ['quick', 'clear', 'fair', 'friendly'] as const
const BLAME = ['slow', 'unclear', 'unfair', 'unfriendly'] as const
const FACES = ['angry', 'frown', 'meh', 'smile', 'laugh'] as const

export function disputePage(page: PageContext, dispute: DisputeView, problem?: string): Markup {
  const { t } = page
  return document(page, {
    title: t('ticket.title'),
    back: backOf(page, dispute),
    body: html`
<div data-poll="4000">
<div role="alert">${problem === undefined ? false : note('warn', 'circle-alert', html`<p>${problem}</p>`)}</div>
${live('answer', [dispute.state, dispute.outcomeKey, dispute.outcomeValues, dispute.refunds, isLate(page, dispute)], [answer(page, dispute), dispute.refunds.map((refund) => refundCard(page, refund))], t(`ticket.state.${dispute.state}`))}
${live('rate', [dispute.rating, dispute.ratingTags, dispute.nps, dispute.actions.includes('rate')], [rating(page, dispute), recommendation(page, dispute)])}
${live('messages', dispute.messages, messages(page, dispute.messages), dispute.messages.at(-1)?.text)}
${live('pictures', dispute.pictures, pictures(page, dispute))}
${live('add-picture', dispute.actions.includes('picture'), addPicture(page, dispute))}
${live(
  'reply',
  dispute.actions.filter((action) => action === 'reply' || action === 'reopen'),
  replies(page, dispute),
)}
</div>
<p class="soft small centre">${t('ticket.updated')}</p>`,
  })
}

/** Where it was asked: the order, the cabinet, or else the list. */
function backOf(page: PageContext, { orderId, cabinet }: DisputeView): { href: string; label: string } {
  const { t } = page
  if (orderId !== '') return { href: `/o/${orderId}`, label: t('order.title') }
  if (cabinet !== undefined) return { href: `/c/${cabinet.cabinetId}/help`, label: t('site.help') }
  return { href: '/orders', label: t('orders.title') }
}

function isRunning(dispute: DisputeView): boolean {
  return dispute.state === 'in_review' || dispute.state === 'answered'
}
function isLate(page: PageContext, dispute: DisputeView): boolean {
  return isRunning(dispute) && page.nowMs > dispute.resolutionDueMs
}

/** Where a question stands, as colour, drawing and word. */
export function disputeState(page: PageContext, state: DisputeView['state']): StateWord {
  const text = page.t(`ticket.state.${state}`)
  return { ...LOOKS[state], en: text, zh: text }
}

function answer(page: PageContext, dispute: DisputeView): Markup {
  const { t } = page
  const outcome =
    dispute.outcomeKey === null ? undefined : sentence(page, dispute.outcomeKey, dispute.outcomeValues)
  const isQuestion = dispute.orderId === ''
  const lead = t(
    isQuestion && dispute.state === 'in_review' ? 'ticket.review.question' : LEADS[dispute.state],
  )
  const isAnswered = dispute.messages.some((message) => message.from === 'agent')
  return html`<section class="card sum" aria-labelledby="outcome">
  <h1 id="outcome">${t('ticket.title')}</h1>
  ${badge(page, disputeState(page, dispute.state))}
  <p class="now">${outcome ?? lead}</p>
  ${outcome !== undefined ? html`<p class="soft small">${lead}</p>` : false}
  ${
    isRunning(dispute)
      ? isLate(page, dispute)
        ? note('warn', 'clock', html`<p>${t('ticket.past')}</p>`)
        : html`<ul class="promises">${isAnswered ? false : html`<li>${icon('clock')}${t('ticket.first', { at: moment(page, dispute.firstResponseDueMs) })}</li>`}<li>${icon('circle-check')}${t('ticket.resolution', { at: moment(page, dispute.resolutionDueMs) })}</li></ul>`
      : false
  }
  <dl class="totals"><div><dt>${t('ticket.about')}</dt><dd>${dispute.about === undefined ? t(`dispute.reason.${dispute.reason}`) : choose(page, dispute.about)}</dd></div>
  ${dispute.cabinet === undefined ? false : html`<div><dt>${t('ticket.cabinet')}</dt><dd>${choose(page, dispute.cabinet.name)}</dd></div>`}
  <div><dt>${t('ticket.number')}</dt><dd class="code">#${dispute.number}</dd></div></dl>
</section>`
}

function messages(page: PageContext, list: readonly DisputeMessage[]): Markup | false {
  const { t } = page
  if (list.length === 0) return false
  return html`<section class="card" aria-labelledby="thread"><h2 id="thread">${t('ticket.messages')}</h2>
<ol class="thread">${list.map((message) => {
    const own = message.key === undefined ? undefined : sentence(page, message.key, message.values ?? {})
    const who =
      message.from === 'consumer'
        ? t('ticket.you')
        : message.from === 'agent'
          ? (message.authorName ?? t('ticket.us'))
          : t('ticket.system')
    return html`<li class="from-${message.from}"><p class="soft small"><strong>${who}</strong> <time class="number">${moment(page, message.atMs)}</time></p><p class="said">${own ?? message.text}</p></li>`
  })}</ol></section>`
}

function replies(page: PageContext, dispute: DisputeView): Markup {
  const { t } = page
  return html`${
    dispute.actions.includes('reply')
      ? html`<form class="card stack" method="post" action="/d/${dispute.disputeId}/messages" data-busy="…">
  <input type="hidden" name="requestId" value="${page.newRequestId()}">
  <label for="text"><strong>${t('ticket.reply.label')}</strong></label>
  <textarea id="text" name="text" rows="3" maxlength="2000" required></textarea>
  <button class="button quiet" type="submit"><span>${t('ticket.reply.send')}</span></button>
</form>`
      : false
  }${
    dispute.actions.includes('reopen')
      ? html`<form class="card stack" method="post" action="/d/${dispute.disputeId}/reopen" data-busy="…">
  <input type="hidden" name="requestId" value="${page.newRequestId()}">
  <p class="soft small">${t('ticket.reopen.text')}</p>
  <button class="button quiet" type="submit"><span>${t('ticket.reopen')}</span></button>
</form>`
      : false
  }`
}

function rating(page: PageContext, dispute: DisputeView): Markup | false {
  const { t } = page
  if (dispute.rating !== null)
    return html`<section class="card centre" aria-label="${t('ticket.rate')}"><p role="status">${t('ticket.rated', { score: dispute.rating })}</p>${
      dispute.actions.includes('tag') ? tags(page, dispute, dispute.rating) : false
    }</section>`
  if (!dispute.actions.includes('rate')) return false
  return html`<form class="card centre" method="post" action="/d/${dispute.disputeId}/rating"><h2>${t('ticket.rate')}</h2>
<div class="faces">${FACES.map((face, i) => {
    const score = (i + 1) as 1 | 2 | 3 | 4 | 5
    return html`<button type="submit" name="score" value="${score}" class="face">${icon(face)}<span>${t(`ticket.face.${score}`)}</span></button>`
  })}</div></form>`
}

/** Nothing has to be said beside the score; whoever wants to, taps what it was about. */
function tags(page: PageContext, dispute: DisputeView, score: number): Markup {
  const { t } = page
  return html`<form class="stack tags" method="post" action="/d/${dispute.disputeId}/rating">
<input type="hidden" name="score" value="${score}">
<fieldset><legend class="soft small">${t('ticket.tags')}</legend>${(
    score >= CONTENT_FROM ? PRAISE : BLAME
  ).map(
    (tag) =>
      html`<div class="chip"><label><input type="checkbox" name="tags" value="${tag}"><span>${t(`ticket.tag.${tag}`)}</span></label></div>`,
  )}</fieldset>
<button class="button quiet" type="submit"><span>${t('ticket.tags.send')}</span></button></form>`
}

/** Asked of a sample only; one tap. */
function recommendation(page: PageContext, dispute: DisputeView): Markup | false {
  const { t } = page
  if (dispute.nps === null) return false
  if (dispute.nps.score !== null)
    return html`<p class="card centre" role="status">${t('ticket.recommended', { score: dispute.nps.score })}</p>`
  if (!dispute.actions.includes('recommend')) return false
  return html`<form class="card centre" method="post" action="/d/${dispute.disputeId}/recommendation"><h2>${t('ticket.recommend')}</h2>
<div class="scale">${Array.from({ length: 11 }, (_, score) => html`<button type="submit" name="score" value="${score}" class="score number">${score}</button>`)}</div>
<p class="scale-ends soft small"><span>${t('ticket.recommend.least')}</span><span>${t('ticket.recommend.most')}</span></p></form>`
}

function pictures(page: PageContext, { disputeId, pictures: own }: DisputeView): Markup | false {
  const { t } = page
  if (own.length === 0) return false
  return html`<section class="card" aria-labelledby="own-pictures"><h2 id="own-pictures">${t('pictures.title')}</h2>
<ul class="shots">${own.map((one, index) => {
    const address = `/api/consumer/disputes/${disputeId}/pictures/${one.pictureId}`
    return html`<li>${
      one.isGone
        ? html`<span class="soft small">${t('pictures.gone')}</span>`
        : html`<a href="${address}" target="_blank" rel="noopener"><img src="${address}" width="${one.widthPixels}" height="${one.heightPixels}" loading="lazy" alt="${t('pictures.one', { number: index + 1 })}"></a>`
    }</li>`
  })}</ul></section>`
}

/** Pictures are made smaller on the phone before they are sent, so this needs its script; words never do. */
function addPicture(page: PageContext, dispute: DisputeView): Markup | false {
  const { t } = page
  if (!dispute.actions.includes('picture')) return false
  const words = {
    sending: t('pictures.sending'),
    sent: t('pictures.sent'),
    failed: t('pictures.failed'),
    bad_picture: t('pictures.bad'),
    payload_too_large: t('pictures.bad'),
    too_many_pictures: t('pictures.many', { most: PICTURES_OF_CONSUMER_MOST }),
  }
  return html`<div class="card stack needs-script" data-pictures="/api/consumer/disputes/${dispute.disputeId}/pictures" data-words="${JSON.stringify(words)}">
  <label class="button quiet file-button">${icon('camera')}<span>${t('pictures.add')}</span><input type="file" accept="image/*" multiple></label>
  <p class="soft small">${t('pictures.hint', { most: PICTURES_OF_CONSUMER_MOST })}</p>
  <progress max="1" value="0" hidden aria-label="${t('pictures.add')}"></progress>
  <p role="status" class="small"></p>
  <button type="button" class="button quiet" hidden><span>${t('pictures.again')}</span></button>
</div>`
}
