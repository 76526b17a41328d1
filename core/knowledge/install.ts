import type { CoreDeps } from '#core/platform/deps.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { replacePublished } from './knowledge.ts'
import { SHIPPED, type Shipped } from './shipped/index.ts'

/**
 * Puts in what came with this version and is not there yet. What a person has written stays: a newer shipped text follows
 * only where nobody has touched the item.
 * @returns how many were put in or brought up to date
 */
export async function installKnowledge(deps: Pick<CoreDeps, 'db' | 'ids'>): Promise<number> {
  return deps.db.write('install knowledge', async (tx) => {
    let changed = 0
    for (const shipped of SHIPPED) if (await install(tx, deps, shipped)) changed++
    return changed
  })
}

async function install(tx: Tx, { ids }: Pick<CoreDeps, 'ids'>, shipped: Shipped): Promise<boolean> {
  const { kind, key } = shipped
  const content = JSON.stringify(shipped.content)
  const known = await tx
    .selectFrom('knowledgeItem')
    .select(['itemId', 'publishedVersion'])
    .where('kind', '=', kind)
    .where('key', '=', key)
    .executeTakeFirst()
  const itemId = known?.itemId ?? ids.next('knowledge')
  if (known === undefined)
    await tx
      .insertInto('knowledgeItem')
      .values({ itemId, kind, key, publishedVersion: null, createdAtMs: nowOf(tx) })
      .execute()
  // Whoever archived it does not want it back.
  else if (known.publishedVersion === null) return false
  const versions = await tx
    .selectFrom('knowledgeVersion')
    .select(['version', 'author', 'content'])
    .where('itemId', '=', itemId)
    .orderBy('version', 'desc')
    .execute()
  if (versions.some(({ author }) => author !== 'system') || versions[0]?.content === content) return false
  const version = (versions[0]?.version ?? 0) + 1
  await replacePublished(tx, itemId, version)
  await tx
    .insertInto('knowledgeVersion')
    .values({
      itemId,
      version,
      state: 'published',
      content,
      author: 'system',
      writtenAtMs: nowOf(tx),
      reviewer: null,
      decidedAtMs: nowOf(tx),
      note: null,
    })
    .execute()
  return true
}
