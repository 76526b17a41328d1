import { html, trusted, type Html } from '#simulator/provider/html.ts'
import type { Message } from './message.ts'

const SHOWN = 100
const STYLE = `
:root{--ink:#15201a;--soft:#65726b;--line:#e2e8e4;--page:#eef2ef}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
main{max-width:27rem;margin:0 auto;padding:1rem 1rem 3rem}
h1{font-size:1.25rem;margin:.3rem 0 .2rem}.soft{color:var(--soft);font-size:.88rem}p{margin:.2rem 0}
nav{display:flex;gap:.5rem;flex-wrap:wrap;margin:.8rem 0 1rem}
nav a{padding:.35rem .8rem;border:1px solid #c4cfc8;border-radius:99px;background:#fff;color:inherit;text-decoration:none;font-size:.88rem;max-width:100%;overflow:hidden;text-overflow:ellipsis}
nav a[aria-current]{background:#07864a;border-color:#07864a;color:#fff}
article{background:#fff;border:1px solid var(--line);border-radius:1rem;padding:.9rem 1rem;margin-bottom:.8rem}
article header{display:flex;align-items:center;gap:.5rem;color:var(--soft);font-size:.82rem;margin-bottom:.3rem}
article header .from{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}article header time{margin-left:auto;white-space:nowrap;font-variant-numeric:tabular-nums}
article h2{font-size:1.02rem;margin:0 0 .2rem}article p{white-space:pre-line;overflow-wrap:anywhere}
.channel{flex:none;display:inline-grid;place-items:center;width:1.6rem;height:1.6rem;border-radius:.5rem;color:#fff;font-size:.7rem;font-weight:700}
.wechat{background:#07a35a}.sms{background:#2d6cdf}.email{background:#8a5a00}
a.go{display:inline-block;margin-top:.5rem;color:#07703f;font-weight:600}
.empty{text-align:center;color:var(--soft);padding:3rem 1rem}`

/** Redraws when something came, so that a tester can leave the page open beside the shop. */
const SCRIPT = `
let seen
setInterval(async () => {
  const { revision } = await (await fetch('/control/revision')).json()
  if (seen !== undefined && seen !== revision) {
    const text = await (await fetch(location.href)).text()
    document.querySelector('main').replaceWith(new DOMParser().parseFromString(text, 'text/html').querySelector('main'))
  }
  seen = revision
}, 1000)`

const CHANNEL = { wechat: ['WeChat', '微'], sms: ['SMS', '信'], email: ['E-mail', '@'] } as const
const clockFormat = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'medium',
})

function article(message: Message): Html {
  const [name, sign] = CHANNEL[message.channel]
  return html`<article lang="${message.language}"><header><span class="channel ${message.channel}" aria-hidden="true">${sign}</span><span class="from">${name} · ${message.to}</span><time>${clockFormat.format(message.acceptedAtMs)}</time></header>
<h2>${message.title}</h2><p>${message.text}</p>${message.url ? html`<a class="go" href="${message.url}">${message.url}</a>` : ''}</article>`
}

/** The messages as a phone would show them, newest first; `to` narrows them to one person. */
export function phonePage(messages: readonly Message[], to: string | undefined): string {
  const people = [...new Set(messages.map((one) => one.to))]
  const own = messages.filter((one) => to === undefined || one.to === to).toReversed()
  const link = (name: string, href: string, isHere: boolean) =>
    html`<a href="${href}"${isHere ? trusted(' aria-current="page"') : ''}>${name}</a>`
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><title>Messages</title><style>${trusted(STYLE)}</style></head>
<body><main><h1>Messages</h1><p class="soft">What the phones received through the message gateway stand-in: ${messages.length} in all.</p>
<nav aria-label="recipients">${link('Everybody', '/', to === undefined)}${people.map((one) => link(one, `/?to=${encodeURIComponent(one)}`, one === to))}</nav>
${own.length === 0 ? html`<p class="empty">No message yet.</p>` : own.slice(0, SHOWN).map(article)}${own.length > SHOWN ? html`<p class="soft">The newest ${SHOWN} of ${own.length}.</p>` : ''}</main><script>${trusted(SCRIPT)}</script></body></html>`
    .html
}
