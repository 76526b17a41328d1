import type { KnowledgeContent, KnowledgeKind } from '#protocol/api/knowledge.ts'
import type { ShippedArticle } from './article.ts'
import { FOR_AGENTS } from './for-agents.ts'
import { FOR_CONSUMERS } from './for-consumers.ts'
import { FOR_OPERATORS } from './for-operators.ts'
import { MACROS } from './macros.ts'
import { TEMPLATES } from './templates.ts'

export interface Shipped {
  kind: KnowledgeKind
  key: string
  content: KnowledgeContent
}

const article =
  (isPublic: boolean) =>
  ({ key, types, keywords, title, zh, en }: ShippedArticle): Shipped => ({
    kind: 'article',
    key,
    content: { title, body: { zh, en }, types: [...types], keywords, isPublic, steps: [] },
  })

/** What every installation begins with; people change it afterwards. */
export const SHIPPED: readonly Shipped[] = [
  ...FOR_CONSUMERS.map(article(true)),
  ...FOR_AGENTS.map(article(false)),
  ...FOR_OPERATORS.map(article(false)),
  ...TEMPLATES.map(
    ({ key, title, text, types }): Shipped => ({
      kind: 'template',
      key,
      content: { title, body: text, types: [...types], keywords: '', isPublic: false, steps: [] },
    }),
  ),
  ...MACROS.map(
    ({ key, title, types, steps }): Shipped => ({
      kind: 'macro',
      key,
      content: {
        title,
        body: { zh: '', en: '' },
        types: [...types],
        keywords: '',
        isPublic: false,
        steps: [...steps],
      },
    }),
  ),
]
