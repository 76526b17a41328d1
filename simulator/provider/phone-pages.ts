import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { yuanText } from '#protocol/base/units.ts'
import { withResult } from './control-api.ts'
import { textIn, type JsonObject } from './fields.ts'
import { html, trusted, type Html } from './html.ts'
import type { MerchantDesks } from './merchant-api.ts'
import { PAGE_WORDS, pageLanguage, type PageLanguage, type PageWords } from './page-words.ts'
import type { Parts } from './parts.ts'
import { ProviderError } from './provider-error.ts'
import type { Person, ServiceOrder } from './records.ts'
import { billTime } from './wire-time.ts'

const STYLE = `
:root{--green:#07a35a;--ink:#16201b;--soft:#66736c;--line:#e3e9e5;--page:#f1f5f2;--card:#fff;--warn:#a85b00;color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
main{max-width:26rem;margin:0 auto;padding:1rem 1rem 2.5rem}
header{display:flex;align-items:center;gap:.6rem;padding:.4rem 0 1rem}
header svg{width:2rem;height:2rem;flex:none}
header strong{font-size:.95rem}
header a{margin-left:auto;color:var(--soft);font-size:.85rem;text-decoration:none;padding:.5rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.1rem;margin-bottom:.9rem}
h1{font-size:1.3rem;line-height:1.3;margin:0 0 .3rem}
h2{font-size:.85rem;font-weight:600;color:var(--soft);margin:0 0 .5rem}
p{margin:.2rem 0}
.soft{color:var(--soft);font-size:.88rem}
ul.plain{list-style:none;margin:.6rem 0 0;padding:0}
ul.plain li{padding:.3rem 0 .3rem 1.7rem;position:relative}
ul.plain li::before{content:"";position:absolute;left:.2rem;top:.75rem;width:.8rem;height:.4rem;border-left:2px solid var(--green);border-bottom:2px solid var(--green);transform:rotate(-45deg)}
label.person{display:flex;align-items:center;gap:.7rem;padding:.65rem .7rem;border:1px solid var(--line);border-radius:.8rem;margin-top:.5rem;cursor:pointer}
label.person:has(input:checked){border-color:var(--green);background:#f0faf4;box-shadow:inset 0 0 0 1px var(--green)}
label.person input{accent-color:var(--green);width:1.2rem;height:1.2rem;margin:0;flex:none}
.face{width:2.2rem;height:2.2rem;border-radius:50%;display:grid;place-items:center;background:#dcefe4;color:#075e36;font-weight:600;flex:none}
label.person small{color:var(--soft);display:block}
label.person small.warn{color:var(--warn)}
button{appearance:none;font:inherit;font-weight:600;width:100%;min-height:3rem;border-radius:.8rem;border:0;background:#07864a;color:#fff;cursor:pointer}
textarea{font:inherit;width:100%;min-height:5rem;border:1px solid var(--line);border-radius:.7rem;padding:.6rem;margin:.5rem 0}
summary{cursor:pointer;color:var(--soft);padding:.3rem 0}label.check{display:flex;gap:.5rem;align-items:center;margin-bottom:.7rem}label.check input{width:1.2rem;height:1.2rem;accent-color:var(--green)}
a.row{display:flex;justify-content:space-between;gap:1rem;color:inherit;text-decoration:none;padding:.6rem 0;border-bottom:1px solid var(--line)}a.row:last-child{border-bottom:0}
main>form{margin-bottom:.9rem}
button.quiet{background:none;color:var(--soft);font-weight:500;margin-top:.4rem}
button:focus-visible,a:focus-visible{outline:3px solid #7cc6a0;outline-offset:2px}
table{width:100%;border-collapse:collapse}
td{padding:.4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:last-child{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
tr:last-child td{border-bottom:0}
.sum{display:flex;justify-content:space-between;align-items:baseline;margin-top:.4rem;padding-top:.7rem;border-top:2px solid var(--ink)}
.sum b{font-size:1.5rem;font-variant-numeric:tabular-nums}
.badge{display:inline-block;border-radius:99px;padding:.1rem .7rem;font-size:.85rem;font-weight:600;background:#e6ece8;color:#3c4943}
.badge.pay{background:#fdf0dc;color:#8a4a00}.badge.paid{background:#dcefe4;color:#075e36}
.note{background:#fdf0dc;color:#7a4300;border-radius:.7rem;padding:.6rem .8rem;margin-bottom:.8rem}
footer{color:var(--soft);font-size:.8rem;text-align:center;margin-top:1rem}`

/** A ledger with a tick: drawn here, so that no brand of a real provider is borrowed. */
const LOGO = trusted(
  '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="#07a35a"/><path d="M9 8h14v16H9z" fill="#fff" opacity=".95"/><path d="m12.5 16.2 2.6 2.6 4.8-5.2" fill="none" stroke="#07a35a" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>',
)

function page(words: PageWords, title: string, otherUrl: string, body: Html): string {
  return html`<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,"><title>${title}</title><style>${trusted(STYLE)}</style></head>
<body><main><header>${LOGO}<strong>${words.brand}</strong><a href="${otherUrl}">${words.other}</a></header>
${body}
<footer>${words.standIn}</footer></main></body></html>`.html
}

function sendPage(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'",
    )
    .header('Cache-Control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(text)
}

function languageOf(request: FastifyRequest): PageLanguage {
  const { lang } = request.query as { lang?: string }
  return pageLanguage(lang, request.headers['accept-language'])
}
/** The same page in the other language. */
function otherLanguageUrl(request: FastifyRequest, language: PageLanguage): string {
  const url = new URL(request.url, 'http://here')
  url.searchParams.set('lang', language === 'zh' ? 'en' : 'zh')
  return `${url.pathname}${url.search}`
}

function personChoice(words: PageWords, person: Person, isChosen: boolean): Html {
  const note =
    person.standing === 'refused'
      ? html`<small class="warn">${words.noCredit}</small>`
      : html`<small>${words.balance} ¥${yuanText(person.balanceFen)}</small>`
  return html`<label class="person"><input type="radio" name="openid" value="${person.openid}" required${isChosen ? trusted(' checked') : ''}>
<span class="face" aria-hidden="true">${Array.from(person.name)[0]}</span><span>${person.name}${note}</span></label>`
}

function moneyTable(rows: ReadonlyArray<{ what: string; atMs: number; amountFen: number }>): Html {
  return html`<table>${rows.map(
    (one) =>
      html`<tr><td>${one.what}<br><span class="soft">${billTime(one.atMs)}</span></td><td>¥${yuanText(one.amountFen)}</td></tr>`,
  )}</table>`
}

/** An order that somebody paid for, or should, can be complained about. */
function complaintForm(words: PageWords, order: ServiceOrder, language: PageLanguage): Html {
  if (order.completed === null || order.totalFen === 0) return html``
  return html`<section class="card"><details><summary>${words.complain}</summary><form method="post" action="/orders/${order.queryId}/complain?lang=${language}">
<textarea name="text" maxlength="300" required aria-label="${words.complainText}" placeholder="${words.complainText}"></textarea>
<label class="check"><input type="checkbox" name="refund" value="1">${words.complainRefund} ¥${yuanText(order.totalFen)}</label><button>${words.complainSend}</button></form></details></section>`
}

function badge(words: PageWords, order: ServiceOrder): Html {
  switch (order.state) {
    case 'paying':
      return html`<span class="badge pay">${words.toPay}</span>`
    case 'paid':
    case 'settledElsewhere':
      return html`<span class="badge paid">${words.paid}</span>`
    case 'free':
      return html`<span class="badge paid">${words.free}</span>`
    case 'inProgress':
      return html`<span class="badge">${words.inService}</span>`
    case 'asked':
    case 'created':
      return html`<span class="badge">${words.waiting}</span>`
    case 'revoked':
    case 'expired':
      return html`<span class="badge">${words.revoked}</span>`
    default:
      return html``
  }
}

/** What the consumer sees in the provider's app: the consent page and the page of one service order. */
export function registerPhonePages(app: FastifyInstance, parts: Parts, desks: MerchantDesks): void {
  const { books } = parts

  function remember(reply: FastifyReply, openid: string): void {
    reply.setCookie('person', openid, { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 30 * 86_400 })
  }

  app.get('/consent', async (request, reply) => {
    const query = request.query as { apply_permissions_token?: string; redirect_url?: string }
    const language = languageOf(request)
    const words = PAGE_WORDS[language]
    const token = query.apply_permissions_token ?? ''
    const other = otherLanguageUrl(request, language)
    const permission = desks.permissions.findByToken(token)
    if (!permission) {
      return sendPage(
        reply,
        410,
        page(
          words,
          words.expiredTitle,
          other,
          html`<section class="card"><h1>${words.expiredTitle}</h1><p>${words.expiredText}</p></section>`,
        ),
      )
    }
    const people = books.people.all()
    const remembered = request.cookies['person']
    const chosen = people.some((one) => one.openid === remembered) ? remembered : people[0]?.openid
    const hidden = html`<input type="hidden" name="apply_permissions_token" value="${token}"><input type="hidden" name="redirect_url" value="${query.redirect_url ?? ''}"><input type="hidden" name="lang" value="${language}">`
    return sendPage(
      reply,
      200,
      page(
        words,
        words.consentTitle,
        other,
        html`<section class="card"><h1>${words.consentTitle}</h1><p class="soft">${words.asks}${words.colon}${words.merchant} · ${parts.keys.mchId}</p>
<p>${words.service}</p><ul class="plain">${words.whatFor.map((one) => html`<li>${one}</li>`)}</ul></section>
<form method="post" action="/consent"><section class="card"><h2>${words.who}</h2>${people.map((one) => personChoice(words, one, one.openid === chosen))}</section>
${hidden}<button name="answer" value="agree">${words.agree}</button><button class="quiet" name="answer" value="decline" formnovalidate>${words.decline}</button></form>`,
      ),
    )
  })

  app.post('/consent', async (request, reply) => {
    const form = request.body as Record<string, string | undefined>
    const redirectUrl = form['redirect_url'] ?? ''
    const words = PAGE_WORDS[pageLanguage(form['lang'], request.headers['accept-language'])]
    try {
      if (form['answer'] !== 'agree') return await finish({ declined: '1' })
      const openid = form['openid'] ?? ''
      const permission = desks.permissions.grant(form['apply_permissions_token'] ?? '', openid)
      remember(reply, openid)
      return await finish({ authorization_code: permission.authorizationCode })
    } catch (error) {
      if (!(error instanceof ProviderError) && !(error instanceof TypeError)) throw error
      return sendPage(
        reply,
        400,
        page(
          words,
          words.expiredTitle,
          '/',
          html`<section class="card"><h1>${words.expiredTitle}</h1><p>${words.expiredText}</p><p class="soft">${error.message}</p></section>`,
        ),
      )
    }
    function finish(result: Record<string, string>): FastifyReply {
      return redirectUrl === '' ? reply.send(result) : reply.redirect(withResult(redirectUrl, result), 303)
    }
  })

  /** An order page is reached by what the provider gave out: `query_id` or `order_id`. */
  function findOrder(id: string): ServiceOrder | undefined {
    return books.orders.by('queryId', id)[0] ?? books.orders.by('orderId', id)[0]
  }

  function orderPage(request: FastifyRequest, order: ServiceOrder, note?: string): string {
    const language = languageOf(request)
    const words = PAGE_WORDS[language]
    const lines = (order.completed?.['post_payments'] as JsonObject[] | undefined) ?? []
    const discounts = (order.completed?.['post_discounts'] as JsonObject[] | undefined) ?? []
    const payments = desks.collector.transactionsOf(order.outOrderNo)
    const refunds = books.refunds.by('outOrderNo', order.outOrderNo)
    const canPay = order.state === 'paying'
    return page(
      words,
      words.orderTitle,
      otherLanguageUrl(request, language),
      html`${note ? html`<p class="note" role="alert">${note}</p>` : ''}<section class="card"><h1>${words.orderTitle}</h1><p>${badge(words, order)}</p>
<p class="soft">${textIn(order.created, 'service_introduction')}<br>${words.payer}${words.colon}${books.people.get(order.openid)?.name ?? ''}<br>${words.begun}${words.colon}${billTime(order.createdAtMs)}<br>${words.orderNo}${words.colon}${order.outOrderNo}</p></section>
${
  order.completed === null
    ? ''
    : html`<section class="card"><h2>${words.lines}</h2><table>${lines.map((one) => html`<tr><td>${textIn(one, 'description')} × ${Number(one['count'] ?? 1)}</td><td>¥${yuanText(Number(one['amount']))}</td></tr>`)}${discounts.map((one) => html`<tr><td>${textIn(one, 'name')}</td><td>−¥${yuanText(Number(one['amount']))}</td></tr>`)}</table>
<div class="sum"><span>${words.total}</span><b>¥${yuanText(order.totalFen)}</b></div></section>`
}
${canPay ? html`<form method="post" action="/orders/${order.queryId}/pay?lang=${language}"><button>${words.payNow} ¥${yuanText(order.totalFen)}</button></form>` : ''}
${payments.length > 0 ? html`<section class="card"><h2>${words.payments}</h2>${moneyTable(payments.map((one) => ({ what: one.transactionId, atMs: one.paidAtMs, amountFen: one.amountFen })))}</section>` : ''}
${refunds.length > 0 ? html`<section class="card"><h2>${words.refunds}</h2>${moneyTable(refunds.map((one) => ({ what: `${one.status} · ${one.outRefundNo}`, atMs: one.createdAtMs, amountFen: one.amountFen })))}</section>` : ''}${complaintForm(words, order, language)}`,
    )
  }

  function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const language = languageOf(request)
    const words = PAGE_WORDS[language]
    return sendPage(
      reply,
      404,
      page(
        words,
        words.notFoundTitle,
        otherLanguageUrl(request, language),
        html`<section class="card"><h1>${words.notFoundTitle}</h1><p>${words.notFoundText}</p></section>`,
      ),
    )
  }

  app.get('/orders/:id', async (request, reply) => {
    const order = findOrder((request.params as { id: string }).id)
    return order ? sendPage(reply, 200, orderPage(request, order)) : notFound(request, reply)
  })

  app.post('/orders/:id/pay', async (request, reply) => {
    const { id } = request.params as { id: string }
    const order = findOrder(id)
    if (!order) return notFound(request, reply)
    const language = languageOf(request)
    try {
      desks.collector.payByHand(order.outOrderNo)
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      const words = PAGE_WORDS[language]
      const note =
        error.code === 'NOT_ENOUGH'
          ? words.notEnough
          : error.code === 'INVALID_REQUEST'
            ? words.running
            : error.message
      return sendPage(reply, 409, orderPage(request, order, note))
    }
    return reply.redirect(`/orders/${order.queryId}?lang=${language}`, 303)
  })

  app.post('/orders/:id/complain', async (request, reply) => {
    const order = findOrder((request.params as { id: string }).id)
    if (!order) return notFound(request, reply)
    const form = request.body as { text?: string; refund?: string }
    const text = (form.text ?? '').trim().slice(0, 300)
    if (text !== '') {
      desks.complaints.file({
        outOrderNo: order.outOrderNo,
        text,
        ...(form.refund ? { refundFen: order.totalFen } : {}),
      })
    }
    return sendPage(reply, 200, orderPage(request, order, PAGE_WORDS[languageOf(request)].complainSent))
  })

  /** The person's own page: what they allowed, what they owe. Who they are is remembered from the last consent. */
  app.get('/wallet', async (request, reply) => {
    const language = languageOf(request)
    const words = PAGE_WORDS[language]
    const other = otherLanguageUrl(request, language)
    const person = books.people.get(request.cookies['person'] ?? '')
    if (!person) {
      const choices = books.people.all().map((one, index) => personChoice(words, one, index === 0))
      const form = html`<form method="post" action="/wallet?lang=${language}"><section class="card"><h1>${words.chooseTitle}</h1>${choices}</section><button>${words.who}</button></form>`
      return sendPage(reply, 200, page(words, words.chooseTitle, other, form))
    }
    const permission = books.permissions.by('openid', person.openid).find((one) => one.state === 'AVAILABLE')
    const orders = books.orders.by('openid', person.openid).toReversed().slice(0, 50)
    const withdraw = html`<form method="post" action="/wallet/withdraw?lang=${language}"><button class="quiet">${words.withdraw}</button></form>`
    const rows = orders.map(
      (one) =>
        html`<a class="row" href="/orders/${one.queryId}?lang=${language}"><span>${billTime(one.createdAtMs)}<br>${badge(words, one)}</span><b>¥${yuanText(one.totalFen)}</b></a>`,
    )
    const body = html`<section class="card"><h1>${words.walletTitle}</h1><p>${person.name} · ${words.balance} ¥${yuanText(person.balanceFen)}</p><p class="soft">${permission ? words.permissionGiven : words.permissionNone}</p>${permission ? withdraw : ''}</section>
<section class="card"><h2>${words.orders}</h2>${rows.length > 0 ? rows : html`<p class="soft">${words.noOrders}</p>`}</section>`
    return sendPage(reply, 200, page(words, words.walletTitle, other, body))
  })

  app.post('/wallet', async (request, reply) => {
    const { openid = '' } = request.body as { openid?: string }
    if (books.people.get(openid)) remember(reply, openid)
    return reply.redirect(`/wallet?lang=${languageOf(request)}`, 303)
  })

  app.post('/wallet/withdraw', async (request, reply) => {
    const openid = request.cookies['person'] ?? ''
    for (const one of books.permissions.by('openid', openid)) {
      if (one.state === 'AVAILABLE') desks.permissions.revoke(one.authorizationCode)
    }
    return reply.redirect(`/wallet?lang=${languageOf(request)}`, 303)
  })
}
