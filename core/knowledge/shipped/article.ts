import type { Bilingual } from '#protocol/api/common.ts'

/** An article as it is shipped; it becomes the first version of a page that people change afterwards. */
export interface ShippedArticle {
  key: string
  types: readonly string[]
  keywords: string
  title: Bilingual
  zh: string
  en: string
}
