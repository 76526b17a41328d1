export interface ArticleBlock {
  readonly kind: 'p' | 'ul' | 'ol' | 'h'
  readonly lines: readonly string[]
}

/** A text of the knowledge base in its parts: paragraphs, lists and small headings; everything else is as it is written. */
export function articleBlocks(text: string): ArticleBlock[] {
  const blocks: Array<{ kind: ArticleBlock['kind']; lines: string[] }> = []
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed === '') {
      blocks.push({ kind: 'p', lines: [] })
      continue
    }
    const kind = kindOf(trimmed)
    const words = trimmed.replace(/^(- |\d+\. |## )/, '')
    const last = blocks.at(-1)
    if (last?.kind === kind && kind !== 'h' && last.lines.length > 0) last.lines.push(words)
    else blocks.push({ kind, lines: [words] })
  }
  return blocks.filter(({ lines }) => lines.length > 0)
}

function kindOf(line: string): ArticleBlock['kind'] {
  if (line.startsWith('- ')) return 'ul'
  if (/^\d+\. /.test(line)) return 'ol'
  return line.startsWith('## ') ? 'h' : 'p'
}
