import { html, type TemplateResult } from 'lit'

/** Paragraphs, lists and small headings of a text of the knowledge base; everything else is shown as it is written. */
export function articleText(text: string, lang: 'zh' | 'en'): TemplateResult {
  const blocks: Array<{ kind: 'p' | 'ul' | 'ol' | 'h'; lines: string[] }> = []
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed === '') {
      blocks.push({ kind: 'p', lines: [] })
      continue
    }
    const kind = trimmed.startsWith('- ')
      ? 'ul'
      : /^\d+\. /.test(trimmed)
        ? 'ol'
        : trimmed.startsWith('## ')
          ? 'h'
          : 'p'
    const words = trimmed.replace(/^(- |\d+\. |## )/, '')
    const last = blocks.at(-1)
    if (last?.kind === kind && kind !== 'h' && last.lines.length > 0) last.lines.push(words)
    else blocks.push({ kind, lines: [words] })
  }
  return html`<div class="article-text" lang=${lang === 'zh' ? 'zh-CN' : 'en'}>
    ${blocks
      .filter(({ lines }) => lines.length > 0)
      .map(({ kind, lines }) => {
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
