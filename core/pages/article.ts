import type { Article } from '#protocol/api/questions.ts'
import { articleBlocks } from '#protocol/words/article-blocks.ts'
import { choose, type PageContext } from './context.ts'
import { html, type Markup } from './html.ts'

/** What an article says, in the reader's language. */
export function articleBody(page: PageContext, article: Pick<Article, 'body'>): Markup {
  return html`<div class="article">${articleBlocks(choose(page, article.body)).map(({ kind, lines }) => {
    switch (kind) {
      case 'h':
        return html`<h3>${lines[0]}</h3>`
      case 'ul':
        return html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
      case 'ol':
        return html`<ol>${lines.map((line) => html`<li>${line}</li>`)}</ol>`
      case 'p':
        return html`<p>${lines.map((line, i) => (i === 0 ? line : html`<br>${line}`))}</p>`
    }
  })}</div>`
}

/** Titles that open to their text, also without a script. */
export function articleList(page: PageContext, articles: readonly Article[]): Markup {
  return html`<section class="card questions">${articles.map(
    (article) =>
      html`<details id="${article.key}"><summary>${choose(page, article.title)}</summary>${articleBody(page, article)}</details>`,
  )}</section>`
}
