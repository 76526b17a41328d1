import type { KnowledgeKind, KnowledgeState, KnowledgeUse } from '#protocol/api/knowledge.ts'

export interface KnowledgeTables {
  knowledgeItem: {
    itemId: string
    kind: KnowledgeKind
    /** How templates and macros are named by code and by each other. */
    key: string
    publishedVersion: number | null
    createdAtMs: number
  }
  knowledgeVersion: {
    itemId: string
    version: number
    state: KnowledgeState
    /** `KnowledgeContent` as JSON. */
    content: string
    /** `staff:<id>`, or `system` for what came with the product. */
    author: string
    writtenAtMs: number
    reviewer: string | null
    decidedAtMs: number | null
    note: string | null
  }
  knowledgeUse: {
    itemId: string
    version: number
    use: KnowledgeUse['use']
    ticketId: string | null
    staffId: string
    atMs: number
  }
}
