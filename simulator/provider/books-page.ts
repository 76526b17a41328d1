import type { FastifyInstance } from 'fastify'
import { yuanText } from '#protocol/base/units.ts'
import { isLoopback } from './control-api.ts'
import { html, trusted, type Html } from './html.ts'
import type { MerchantDesks } from './merchant-api.ts'
import type { Parts } from './parts.ts'
import { FAULT_KINDS } from './records.ts'
import { orderTriple } from './service-order-view.ts'
import { billTime } from './wire-time.ts'

const ROWS_SHOWN = 100

const STYLE = `
:root{--ink:#17201c;--soft:#5d6a63;--line:#dde4df;--page:#f3f6f4;--green:#07864a;--red:#b3261e;--amber:#8a4a00}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:14px/1.45 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif}
header{display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;align-items:baseline;padding:1rem 1.5rem;background:#fff;border-bottom:1px solid var(--line)}
h1{font-size:1.15rem;margin:0}h2{font-size:.95rem;margin:0 0 .5rem}
header span{color:var(--soft)}header b{font-variant-numeric:tabular-nums}
main{padding:1rem 1.5rem;display:grid;gap:1rem;max-width:100rem;margin:0 auto}
section{background:#fff;border:1px solid var(--line);border-radius:.7rem;padding:1rem;overflow-x:auto}
table{border-collapse:collapse;width:100%}th{font-weight:600;text-align:left;color:var(--soft);font-size:.8rem}
th,td{padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
tr:last-child td{border-bottom:0}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:12px/1.4 ui-monospace,Menlo,monospace}.soft{color:var(--soft)}
.good{color:var(--green)}.bad{color:var(--red)}.wait{color:var(--amber)}
button,select,input{font:inherit;padding:.3rem .7rem;border:1px solid #b9c5be;border-radius:.45rem;background:#fff;color:inherit}
button{cursor:pointer}button:hover{background:#eef5f0}button.strong{background:var(--green);border-color:var(--green);color:#fff}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-bottom:.7rem}
.empty{color:var(--soft)}button:focus-visible,select:focus-visible,input:focus-visible{outline:2px solid #4ca77a;outline-offset:1px}`

const SCRIPT = `
async function act(method, path, body) {
  const answer = await fetch(path, { method, headers: body ? { 'content-type': 'application/json' } : {}, body: body && JSON.stringify(body) })
  if (!answer.ok) alert((await answer.json()).message || answer.statusText)
  await redraw()
}
async function redraw() {
  const text = await (await fetch('/')).text()
  const fresh = new DOMParser().parseFromString(text, 'text/html')
  for (const id of ['totals', 'books']) document.getElementById(id).replaceWith(fresh.getElementById(id))
}
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-path]')
  if (button) act(button.dataset.method, button.dataset.path, button.dataset.body ? JSON.parse(button.dataset.body) : undefined)
})
document.getElementById('fault').addEventListener('submit', (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  const match = {}
  for (const name of ['outOrderNo', 'openid', 'path']) if (form.get(name)) match[name] = form.get(name)
  const body = { kind: form.get('kind'), match }
  if (form.get('times')) body.times = Number(form.get('times'))
  if (form.get('delayMs')) body.delayMs = Number(form.get('delayMs'))
  act('POST', '/control/faults', body)
})
let seen
setInterval(async () => {
  const { revision } = await (await fetch('/control/revision')).json()
  if (seen !== undefined && seen !== revision) await redraw()
  seen = revision
}, 1000)`

function act(label: string, method: string, path: string, body?: unknown): Html {
  return html`<button data-method="${method}" data-path="${path}" data-body="${body === undefined ? '' : JSON.stringify(body)}">${label}</button>`
}

function table(heads: readonly string[], rows: readonly Html[], empty: string): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`
  const shown = rows.slice(0, ROWS_SHOWN)
  return html`<table><thead><tr>${heads.map((one) => html`<th${one.endsWith('¥') ? trusted(' class="n"') : ''}>${one}</th>`)}</tr></thead><tbody>${shown}</tbody></table>${
    rows.length > ROWS_SHOWN
      ? html`<p class="soft">The newest ${ROWS_SHOWN} of ${rows.length}. All: <code>GET /control/books</code>.</p>`
      : ''
  }`
}

/** The provider's books as a page, so that a tester can lay them beside ours; and the switches for what goes wrong. */
export function registerBooksPage(app: FastifyInstance, parts: Parts, desks: MerchantDesks): void {
  const { books } = parts

  function totals(): Html {
    const sum = (amounts: number[]) => yuanText(amounts.reduce((total, one) => total + one, 0))
    const taken = books.transactions.all()
    const back = books.refunds.all().filter((one) => one.status === 'SUCCESS')
    const waiting = books.orders.all().filter((one) => one.state === 'paying')
    return html`<span id="totals">taken <b>¥${sum(taken.map((one) => one.amountFen))}</b> · refunded <b>¥${sum(back.map((one) => one.amountFen))}</b> · pending <b>¥${sum(waiting.map((one) => one.totalFen))}</b></span>`
  }

  function people(): Html {
    const rows = books.people.all().map(
      (
        one,
      ) => html`<tr><td>${one.name}</td><td><code>${one.openid}</code></td><td>${desks.permissions.isAvailable(one.openid) ? html`<span class="good">permission given</span>` : html`<span class="soft">none</span>`}</td><td>${one.standing === 'refused' ? html`<span class="bad">refused</span>` : 'good'}</td><td class="n">${yuanText(one.balanceFen)}</td>
<td>${act('set to 0', 'PATCH', `/control/people/${one.openid}`, { balanceFen: 0 })} ${act('top up 100', 'PATCH', `/control/people/${one.openid}`, { balanceFen: one.balanceFen + 10_000 })}</td></tr>`,
    )
    return html`<section><h2>People</h2>${table(['name', 'openid', 'permission', 'standing', 'balance ¥', ''], rows, 'Nobody.')}</section>`
  }

  function orders(): Html {
    const rows = books.orders
      .all()
      .toReversed()
      .map((one) => {
        const triple = orderTriple(one.state)
        const tone = triple.state === 'DONE' ? 'good' : triple.collection === 'USER_PAYING' ? 'wait' : 'soft'
        const reason = one.collection.isRunning ? 'deduction running' : (one.collection.lastReason ?? '')
        return html`<tr><td>${billTime(one.createdAtMs)}</td><td><code>${one.outOrderNo}</code><br><a href="/orders/${one.queryId}"><code>${one.orderId}</code></a></td><td>${books.people.get(one.openid)?.name ?? one.openid}</td>
<td class="${tone}">${triple.state} / ${triple.stateDescription ?? '–'} / ${triple.collection ?? '–'}<br><span class="soft">${reason}</span></td><td class="n">${one.completed === null ? '' : yuanText(one.totalFen)}</td>
<td>${desks.collector.transactionsOf(one.outOrderNo).length}</td><td>${one.state === 'paying' ? act('deduct now', 'POST', `/control/serviceorders/${one.outOrderNo}/deduct`) : ''}</td></tr>`
      })
    return html`<section><h2>Service orders</h2>${table(['begun', 'merchant / provider number', 'person', 'state / description / collection', 'total ¥', 'taken', ''], rows, 'None yet.')}</section>`
  }

  function transactions(): Html {
    const rows = books.transactions
      .all()
      .toReversed()
      .map(
        (one) =>
          html`<tr><td>${billTime(one.paidAtMs)}</td><td><code>${one.transactionId}</code></td><td><code>${one.outOrderNo}</code></td><td>${one.how}${one.seq > 1 ? html` <b class="bad">double (${one.seq})</b>` : ''}</td><td class="n">${yuanText(one.amountFen)}</td></tr>`,
      )
    return html`<section><h2>Transactions</h2>${table(['paid', 'transaction', 'service order', 'how', 'amount ¥'], rows, 'No money taken yet.')}</section>`
  }

  function refunds(): Html {
    const rows = books.refunds
      .all()
      .toReversed()
      .map((one) => {
        const tone = one.status === 'SUCCESS' ? 'good' : one.status === 'PROCESSING' ? 'wait' : 'bad'
        return html`<tr><td>${billTime(one.createdAtMs)}</td><td><code>${one.outRefundNo}</code><br><code class="soft">${one.refundId}</code></td><td><code>${one.transactionId}</code></td><td class="${tone}">${one.status}</td><td class="n">${yuanText(one.amountFen)}</td><td>${one.status === 'PROCESSING' ? act('settle now', 'POST', `/control/refunds/${one.outRefundNo}/settle`) : ''}</td></tr>`
      })
    return html`<section><h2>Refunds</h2>${table(['asked', 'merchant / provider number', 'transaction', 'status', 'amount ¥', ''], rows, 'None.')}</section>`
  }

  function complaints(): Html {
    const rows = books.complaints
      .all()
      .toReversed()
      .map((one) => {
        const tone = one.state === 'PROCESSED' ? 'good' : 'wait'
        return html`<tr><td>${billTime(one.filedAtMs)}</td><td><code>${one.complaintId}</code></td><td><code>${one.outOrderNo}</code></td><td class="${tone}">${one.state}</td><td>${one.text}</td><td class="n">${one.refundFen === null ? '' : yuanText(one.refundFen)}</td></tr>`
      })
    return html`<section><h2>Complaints</h2>${table(['filed', 'complaint', 'service order', 'state', 'text', 'wants back ¥'], rows, 'None.')}</section>`
  }

  function callbacks(): Html {
    const rows = books.callbacks
      .all()
      .toReversed()
      .map((one) => {
        const tone = one.state === 'delivered' ? 'good' : one.state === 'waiting' ? 'wait' : 'bad'
        return html`<tr><td>${billTime(one.createdAtMs)}</td><td>${one.eventType}</td><td><code>${one.outOrderNo ?? one.openid}</code></td><td class="${tone}">${one.state}</td><td>${one.attempts}</td><td>${one.lastResult ?? ''}</td><td>${act('send again', 'POST', `/control/callbacks/${one.callbackId}/send`)}</td></tr>`
      })
    return html`<section><h2>Callbacks</h2>${table(['made', 'event', 'about', 'state', 'attempts', 'last result', ''], rows, 'None.')}</section>`
  }

  function faults(): Html {
    const rows = books.faults
      .all()
      .map(
        (one) =>
          html`<tr><td>${one.kind}</td><td>${one.timesLeft ?? 'until removed'}</td><td><code>${JSON.stringify(one.match)}</code></td><td>${one.delayMs ?? ''}</td><td>${act('remove', 'DELETE', `/control/faults/${one.faultId}`)}</td></tr>`,
      )
    return html`<section><h2>Faults that are set</h2>${table(['kind', 'times left', 'match', 'delay ms', ''], rows, 'None: everything goes well.')}${rows.length > 0 ? html`<p>${act('remove all', 'DELETE', '/control/faults')}</p>` : ''}</section>`
  }

  app.get('/', async (request, reply) => {
    if (!isLoopback(request))
      return reply.code(403).type('text/plain').send('The books are shown on the machine itself only.')
    const text = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><title>Provider's books</title><style>${trusted(STYLE)}</style></head>
<body><header><h1>Payment provider stand-in: books</h1><span>merchant <code>${parts.keys.mchId}</code></span>${totals()}</header><main>
<section><h2>Let something go wrong</h2><form id="fault"><select name="kind" aria-label="kind">${FAULT_KINDS.map((one) => html`<option>${one}</option>`)}</select>
<input name="times" type="number" min="1" placeholder="times" aria-label="times" style="width:6rem"><input name="delayMs" type="number" min="0" placeholder="delay ms" aria-label="delay in milliseconds" style="width:7rem"><input name="outOrderNo" placeholder="merchant order" aria-label="merchant order"><input name="openid" placeholder="openid" aria-label="openid"><input name="path" placeholder="part of path or event" aria-label="part of path or event"><button class="strong">Set</button></form></section>
<div id="books" style="display:grid;gap:1rem">${[faults(), people(), orders(), transactions(), refunds(), complaints(), callbacks()]}</div></main><script>${trusted(SCRIPT)}</script></body></html>`
    return reply.header('Cache-Control', 'no-store').type('text/html; charset=utf-8').send(text.html)
  })
}
