import type { Kysely } from 'kysely'
import { prepared } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type Product, productsBySku } from './queries.ts'

/** All products by their code, read again only when one of them has changed since. */
export function createCatalogue(read: Kysely<Tables>): () => Promise<ReadonlyMap<string, Product>> {
  const versionOf = prepared(read, (subject) =>
    read.selectFrom('viewVersion').select('version').where('subject', '=', subject),
  )
  let kept: { version: number; products: ReadonlyMap<string, Product> } | undefined
  return async () => {
    // Asked before the products are, so that a change in between is seen by the next who asks.
    const version = (await versionOf('product'))[0]?.version ?? 0
    if (kept?.version !== version) kept = { version, products: await productsBySku(read) }
    return kept.products
  }
}
