import type { Article } from '#protocol/api/questions.ts'
import { articleBody, articleList } from '../article.ts'
import { choose, type PageContext } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'

export interface HelpPage {
  /** What was looked for; empty: nothing. */
  readonly query: string
  /** What fits it, or everything. */
  readonly articles: readonly Article[]
  /** Nothing fits, so everything is shown. */
  readonly isNothingFound: boolean
}

/** Answers first, searched without a script; a person at the end of the page and at the foot of every other. */
export function helpPage(page: PageContext, { query, articles, isNothingFound }: HelpPage): Markup {
  const { t } = page
  return document(page, {
    title: t('help.title'),
    body: html`<div class="head"><h1>${t('help.title')}</h1><p class="soft">${t('help.lead')}</p></div>
<a class="card link" href="/orders">${icon('receipt-text')}<span><strong>${t('help.orders')}</strong></span>${icon('chevron-right')}</a>
<form class="search" role="search" method="get" action="/help"><label class="aloud" for="query">${t('help.search')}</label>
<input id="query" type="search" name="q" value="${query}" maxlength="100" placeholder="${t('help.search')}" enterkeyhint="search">
<button class="button quiet" type="submit">${icon('search')}<span class="aloud">${t('help.search.button')}</span></button></form>
${query === '' ? html`<h2 class="over">${t('help.answers')}</h2>` : found(page, query, isNothingFound ? 0 : articles.length)}
${articles.length === 0 ? false : articleList(page, articles)}
<section class="card"><h2>${t('help.atCabinet')}</h2><p>${t('help.atCabinet.text')}</p></section>
<section class="card"><h2>${t('help.person')}</h2><p>${t('help.person.text', { contact: page.contact })}</p></section>`,
  })
}

function found(page: PageContext, query: string, count: number): Markup {
  const { t } = page
  const text =
    count === 0
      ? t('help.found.none', { query })
      : count === 1
        ? t('help.found.one', { query })
        : t('help.found', { count, query })
  return html`<div class="over"><p role="status"><strong>${text}</strong></p><a href="/help">${t('help.all')}</a></div>`
}

/** One answer at an address of its own, so that support can send it. */
export function articlePage(page: PageContext, article: Article): Markup {
  const { t } = page
  return document(page, {
    title: choose(page, article.title),
    back: { href: '/help', label: t('help.title') },
    body: html`<div class="head"><h1>${choose(page, article.title)}</h1></div>
<section class="card" aria-label="${choose(page, article.title)}">${articleBody(page, article)}</section>
<section class="card"><h2>${t('help.person')}</h2><p>${t('help.person.text', { contact: page.contact })}</p></section>`,
  })
}
