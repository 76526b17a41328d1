import type { PageContext } from './context.ts'
import { type Content, html, type Markup } from './html.ts'
import { icon } from './icons.ts'

export interface PageParts {
  readonly title: string
  readonly body: Content
  /** Stays at the lower edge of a phone: the one thing to do here. */
  readonly action?: Content
  /** Without a script the page loads itself again, because its facts change by themselves. */
  readonly reloadSeconds?: number
  readonly back?: { href: string; label: string }
  /** Where "help" leads from here; from a cabinet it is the help of that cabinet, one tap away at the upper edge. */
  readonly help?: string
}

/** The frame of every consumer page: skip link, language switch, content, help in the same place. */
export function document(page: PageContext, parts: PageParts): Markup {
  const { t, assets } = page
  const other = page.language === 'zh' ? 'en' : 'zh'
  return html`<!doctype html>
<html lang="${page.language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="format-detection" content="telephone=no">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f4f6f5" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#0f1413" media="(prefers-color-scheme: dark)">
<meta name="referrer" content="same-origin">
<link rel="icon" href="data:,">
<title>${parts.title} · ${t('site.name')}</title>
${assets.styles.map((href) => html`<link rel="stylesheet" href="${href}">`)}
${assets.scripts.map((src) => html`<script type="module" src="${src}"></script>`)}
${parts.reloadSeconds === undefined ? false : html`<noscript><meta http-equiv="refresh" content="${parts.reloadSeconds}"></noscript>`}
</head>
<body data-no-connection="${t('site.noConnection')}"${parts.action === undefined ? '' : html` class="has-action"`}>
<a class="skip" href="#content">${t('site.skip')}</a>
<header class="bar">
${
  parts.back === undefined
    ? html`<a class="home" href="/">${icon('refrigerator')}<span>${t('site.name')}</span></a>`
    : html`<a class="home" href="${parts.back.href}">${icon('chevron-left')}<span>${parts.back.label}</span></a>`
}
${parts.help === undefined ? false : html`<a class="help" href="${parts.help}" data-help>${icon('circle-question-mark')}<span>${t('site.help')}</span></a>`}
<a class="switch" href="${page.path}?lang=${other}" lang="${other === 'zh' ? 'zh-CN' : 'en'}" hreflang="${other}">${icon('languages')}<span>${t('site.switch')}</span></a>
</header>
<main id="content" tabindex="-1">
${parts.body}
</main>
${parts.action}
<footer class="foot">
<nav aria-label="${t('site.name')}"><a href="/orders">${t('site.orders')}</a><a href="${parts.help ?? '/help'}">${t('site.help')}</a><a href="/privacy">${t('site.privacy')}</a></nav>
${page.contact === '' ? false : html`<p><a href="tel:${page.contact.replaceAll(/[^+\d]/g, '')}" data-call>${t('site.call', { contact: page.contact })}</a></p>`}
</footer>
<p class="toast" role="status" hidden></p>
<p class="aloud" id="spoken" role="status"></p>
</body>
</html>
`
}
