import { html, type TemplateResult } from 'lit'
import { articleBlocks } from '#protocol/words/article-blocks.ts'

/** Paragraphs, lists and small headings of a text of the knowledge base; everything else is shown as it is written. */
export function articleText(text: string, lang: 'zh' | 'en'): TemplateResult {
  return html`<div class="article-text" lang=${lang === 'zh' ? 'zh-CN' : 'en'}>
    ${articleBlocks(text).map(({ kind, lines }) => {
      switch (kind) {
        case 'h':
          return html`<h3>${lines[0]}</h3>`
        case 'ul':
          return html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
        case 'ol':
          return html`<ol>${lines.map((line) => html`<li>${line}</li>`)}</ol>`
        case 'p':
          return html`<p>${lines.map((line, i) => (i === 0 ? line : html`<br />${line}`))}</p>`
      }
    })}
  </div>`
}
