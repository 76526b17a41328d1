import { sql } from 'kysely'
import type {
  KnowledgeContent,
  KnowledgeCreate,
  KnowledgeDraft,
  KnowledgeItem,
  KnowledgeKind,
  KnowledgeRow,
  KnowledgeState,
  KnowledgeStep,
  KnowledgeUse,
  Suggestions,
} from '#protocol/api/knowledge.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Article } from '#protocol/api/questions.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { checkContent } from './check-content.ts'
import { knowledgeMachine } from './machine.ts'
import { rank } from './rank.ts'
import { SHIPPED } from './shipped/index.ts'

const USAGE_MS = 90 * 86_400_000
const SUGGESTIONS_MOST = 8
const SHIPPED_PLACES = new Map(
  SHIPPED.flatMap(({ kind, key }, place) => (kind === 'article' ? [[key, place] as const] : [])),
)
const placeOf = (key: string) => SHIPPED_PLACES.get(key) ?? SHIPPED.length

export interface Knowledge {
  list(filter: { kind?: KnowledgeKind; state?: KnowledgeState; query?: string }): Promise<KnowledgeRow[]>
  /** @throws not_found */
  item(reader: StaffIdentity, itemId: string): Promise<KnowledgeItem>
  /** @throws exists_with_different_contents when the key is taken, knowledge_unfit */
  create(by: StaffIdentity, wish: KnowledgeCreate): Promise<string>
  /** @throws conflict when somebody wrote a newer version, or when it waits for a review */
  write(by: StaffIdentity, itemId: string, draft: KnowledgeDraft): Promise<void>
  /** @throws not_allowed when author and reviewer are the same person, conflict when the state has moved on */
  step(by: StaffIdentity, itemId: string, step: KnowledgeStep, version: number, note?: string): Promise<void>
  suggest(wish: { kind?: KnowledgeKind; type?: string; text: string }): Promise<Suggestions['suggestions']>
  used(by: StaffIdentity, itemId: string, use: KnowledgeUse): Promise<void>
  /** What is published of one kind, for whoever shows all of it. */
  published(kind: KnowledgeKind): Promise<Suggestions['suggestions']>
  /** Every published article that consumers may read; what fits a search best comes first, and the rest is left out. */
  publicArticles(search?: { query?: string; type?: string }): Promise<Article[]>
  /** What fits best for each of several searches, and at most so many; one look into the database for all of them. */
  bestArticles(searches: ReadonlyArray<{ query: string; type?: string; most: number }>): Promise<Article[][]>
  /** @throws not_found also for what is not for consumers */
  publicArticle(key: string): Promise<Article>
}

export function createKnowledge(deps: CoreDeps): Knowledge {
  const { db, clock, ids } = deps

  async function publishedRows() {
    const sinceMs = clock.now() - USAGE_MS
    const rows = await db.read
      .selectFrom('knowledgeItem as i')
      .innerJoin('knowledgeVersion as v', (join) =>
        join.onRef('v.itemId', '=', 'i.itemId').onRef('v.version', '=', 'i.publishedVersion'),
      )
      .select(['i.itemId', 'i.kind', 'i.key', 'v.version', 'v.content'])
      .select((eb) =>
        eb
          .selectFrom('knowledgeUse as u')
          .select(sql<number>`count(*)`.as('n'))
          .whereRef('u.itemId', '=', 'i.itemId')
          .where('u.atMs', '>=', sinceMs)
          .as('uses'),
      )
      .orderBy('i.key')
      .execute()
    return rows.map((row) => ({ ...row, uses: row.uses ?? 0, content: contentOf(row.content) }))
  }
  type Published = Awaited<ReturnType<typeof publishedRows>>[number]
  const shown = ({ itemId, kind, key, version, content }: Published) => ({
    itemId,
    kind,
    key,
    version,
    title: content.title,
    body: content.body,
    types: content.types,
    steps: content.steps,
  })

  /** In the order in which they were shipped, which is how often they are asked for; what people wrote comes after. */
  async function publicCandidates() {
    return (await publishedRows())
      .filter(({ kind, content }) => kind === 'article' && content.isPublic)
      .toSorted((a, b) => placeOf(a.key) - placeOf(b.key))
      .map((row) => ({ item: row, content: row.content, uses: row.uses }))
  }
  const readable = ({ key, content }: Published): Article => ({
    key,
    title: content.title,
    body: content.body,
  })

  async function newestOf(tx: Tx, itemId: string) {
    const row = await tx
      .selectFrom('knowledgeVersion')
      .selectAll()
      .where('itemId', '=', itemId)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (row === undefined) throw new CabinetError('not_found')
    return row
  }

  const audit = (tx: Tx, by: StaffIdentity, itemId: string, action: string, detail: object) =>
    appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: `knowledge.${action}`,
      subject: `knowledge:${itemId}`,
      detail,
    })

  return {
    async list({ kind, state, query }) {
      const sinceMs = clock.now() - USAGE_MS
      let select = db.read
        .selectFrom('knowledgeItem as i')
        .innerJoin('knowledgeVersion as v', 'v.itemId', 'i.itemId')
        .select(['i.itemId', 'i.kind', 'i.key', 'i.publishedVersion', 'v.version', 'v.state', 'v.content'])
        .select(['v.writtenAtMs', 'v.decidedAtMs'])
        .select((eb) =>
          eb
            .selectFrom('knowledgeUse as u')
            .select(sql<number>`count(*)`.as('n'))
            .whereRef('u.itemId', '=', 'i.itemId')
            .where('u.atMs', '>=', sinceMs)
            .as('uses'),
        )
        .orderBy('v.version')
      if (kind !== undefined) select = select.where('i.kind', '=', kind)
      const byItem = Map.groupBy(await select.execute(), ({ itemId }) => itemId)
      const rows = [...byItem.values()].map((versions) => {
        const newest = versions.at(-1) as (typeof versions)[number]
        const shownVersion = versions.find(({ version }) => version === newest.publishedVersion) ?? newest
        const content = contentOf(shownVersion.content)
        const open = versions.find((one) => one.state === 'draft' || one.state === 'review')
        const row: KnowledgeRow = {
          itemId: newest.itemId,
          kind: newest.kind,
          key: newest.key,
          title: content.title,
          types: content.types,
          isPublic: content.isPublic,
          state: shownVersion.state,
          publishedVersion: newest.publishedVersion,
          openVersion: open?.version ?? null,
          uses: newest.uses ?? 0,
          changedAtMs: Math.max(...versions.map((one) => one.decidedAtMs ?? one.writtenAtMs)),
        }
        return { row, content, states: versions.map((one) => one.state) }
      })
      const fitting = rows.filter(
        ({ row, states }) =>
          state === undefined ||
          row.state === state ||
          // A review that waits is looked for also where an older version is published.
          ((state === 'review' || state === 'draft') && states.includes(state)),
      )
      return rank(
        fitting.map(({ row, content }) => ({ item: row, content, uses: row.uses })),
        query ?? '',
        undefined,
      )
    },
    async item(reader, itemId) {
      const item = await db.read
        .selectFrom('knowledgeItem')
        .selectAll()
        .where('itemId', '=', itemId)
        .executeTakeFirst()
      if (item === undefined) throw new CabinetError('not_found')
      const [versions, uses, people] = await Promise.all([
        db.read
          .selectFrom('knowledgeVersion')
          .selectAll()
          .where('itemId', '=', itemId)
          .orderBy('version', 'desc')
          .execute(),
        db.read
          .selectFrom('knowledgeUse')
          .select(['use', sql<number>`count(*)`.as('count')])
          .where('itemId', '=', itemId)
          .where('atMs', '>=', clock.now() - USAGE_MS)
          .groupBy('use')
          .execute(),
        db.read.selectFrom('staff').select(['staffId', 'displayName']).execute(),
      ])
      const names = new Map(people.map(({ staffId, displayName }) => [`staff:${staffId}`, displayName]))
      const countOf = (use: KnowledgeUse['use']) => uses.find((row) => row.use === use)?.count ?? 0
      return {
        itemId,
        kind: item.kind,
        key: item.key,
        publishedVersion: item.publishedVersion,
        versions: versions.map((row) => ({
          version: row.version,
          state: row.state,
          content: contentOf(row.content),
          author: row.author,
          authorName: names.get(row.author) ?? row.author,
          writtenAtMs: row.writtenAtMs,
          reviewer: row.reviewer,
          reviewerName: row.reviewer === null ? null : (names.get(row.reviewer) ?? row.reviewer),
          decidedAtMs: row.decidedAtMs,
          note: row.note,
        })),
        actions: actionsOf(reader, versions[0]),
        usage: {
          opened: countOf('opened'),
          sent: countOf('sent'),
          helped: countOf('helped'),
          notHelped: countOf('not_helped'),
        },
      }
    },
    async create(by, { kind, key, content }) {
      checkContent(kind, content)
      const itemId = ids.next('knowledge')
      await db.write('begin an article', async (tx) => {
        const taken = await tx
          .selectFrom('knowledgeItem')
          .select('itemId')
          .where('kind', '=', kind)
          .where('key', '=', key)
          .executeTakeFirst()
        if (taken !== undefined)
          throw new CabinetError('exists_with_different_contents', `There is a ${kind} called ${key}.`)
        await tx
          .insertInto('knowledgeItem')
          .values({ itemId, kind, key, publishedVersion: null, createdAtMs: nowOf(tx) })
          .execute()
        await tx
          .insertInto('knowledgeVersion')
          .values(newVersion(tx, itemId, 1, content, by))
          .execute()
        await audit(tx, by, itemId, 'written', { version: 1, key })
      })
      return itemId
    },
    async write(by, itemId, { expectedVersion, content }) {
      await db.write('write an article', async (tx) => {
        const newest = await newestOf(tx, itemId)
        const { kind } = await tx
          .selectFrom('knowledgeItem')
          .select('kind')
          .where('itemId', '=', itemId)
          .executeTakeFirstOrThrow()
        checkContent(kind, content)
        if (newest.version !== expectedVersion)
          throw new CabinetError('conflict', `Version ${newest.version} was written in the meantime.`)
        if (newest.state === 'review')
          throw new CabinetError('conflict', 'It waits for a review; withdraw it first.')
        if (newest.state === 'draft') {
          await tx
            .updateTable('knowledgeVersion')
            .set({ content: JSON.stringify(content), author: `staff:${by.staffId}`, writtenAtMs: nowOf(tx) })
            .where('itemId', '=', itemId)
            .where('version', '=', newest.version)
            .execute()
        } else {
          await tx
            .insertInto('knowledgeVersion')
            .values(newVersion(tx, itemId, newest.version + 1, content, by))
            .execute()
        }
        const version = newest.state === 'draft' ? newest.version : newest.version + 1
        await audit(tx, by, itemId, 'written', { version })
      })
    },
    async step(by, itemId, step, version, note) {
      await db.write(`knowledge: ${step}`, async (tx) => {
        const row = await tx
          .selectFrom('knowledgeVersion')
          .selectAll()
          .where('itemId', '=', itemId)
          .where('version', '=', version)
          .executeTakeFirst()
        if (row === undefined) throw new CabinetError('not_found')
        const next = knowledgeMachine.next(row.state, step)
        if (next === undefined)
          throw new CabinetError('conflict', `A version in state ${row.state} cannot be changed like this.`)
        const isDecision = step === 'publish' || step === 'return'
        if (isDecision && row.author === `staff:${by.staffId}`)
          throw new CabinetError('not_allowed', 'Whoever wrote it does not review it.')
        if (step === 'publish') await replacePublished(tx, itemId, version)
        await tx
          .updateTable('knowledgeVersion')
          .set({
            state: next,
            ...(isDecision ? { reviewer: `staff:${by.staffId}`, decidedAtMs: nowOf(tx) } : {}),
            ...(note === undefined ? {} : { note }),
          })
          .where('itemId', '=', itemId)
          .where('version', '=', version)
          .execute()
        if (step === 'archive' && row.state === 'published')
          await tx
            .updateTable('knowledgeItem')
            .set({ publishedVersion: null })
            .where('itemId', '=', itemId)
            .execute()
        await audit(tx, by, itemId, KNOWLEDGE_ACTIONS[step], {
          version,
          ...(note === undefined ? {} : { note }),
        })
      })
    },
    async suggest({ kind, type, text }) {
      const rows = (await publishedRows()).filter((row) => kind === undefined || row.kind === kind)
      const candidates = rows.map((row) => ({ item: row, content: row.content, uses: row.uses }))
      return rank(candidates, text, type).slice(0, SUGGESTIONS_MOST).map(shown)
    },
    async published(kind) {
      return (await publishedRows()).filter((row) => row.kind === kind).map(shown)
    },
    async publicArticles({ query = '', type } = {}) {
      return rank(await publicCandidates(), query, type).map(readable)
    },
    async bestArticles(searches) {
      const candidates = await publicCandidates()
      return searches.map(({ query, type, most }) =>
        rank(candidates, query, type).slice(0, most).map(readable),
      )
    },
    async publicArticle(key) {
      const row = (await publicCandidates()).find(({ item }) => item.key === key)
      if (row === undefined) throw new CabinetError('not_found', 'There is no such article.')
      return readable(row.item)
    },
    async used(by, itemId, { version, use, ticketId }) {
      await db.write('note a use', async (tx) => {
        const known = await tx
          .selectFrom('knowledgeVersion')
          .select('version')
          .where('itemId', '=', itemId)
          .where('version', '=', version)
          .executeTakeFirst()
        if (known === undefined) throw new CabinetError('not_found')
        await tx
          .insertInto('knowledgeUse')
          .values({
            itemId,
            version,
            use,
            ticketId: ticketId ?? null,
            staffId: by.staffId,
            atMs: nowOf(tx),
          })
          .execute()
      })
    },
  }
}

/** What goes before the audit's reader. */
export const KNOWLEDGE_ACTIONS = {
  submit: 'submitted',
  withdraw: 'withdrawn',
  publish: 'published',
  return: 'returned',
  archive: 'archived',
} as const satisfies Record<KnowledgeStep, string>

/** The version before goes to the archive in the commit that publishes this one: readers never see two, nor none. */
export async function replacePublished(tx: Tx, itemId: string, version: number): Promise<void> {
  await tx
    .updateTable('knowledgeVersion')
    .set({ state: 'archived' })
    .where('itemId', '=', itemId)
    .where('state', '=', 'published')
    .where('version', '!=', version)
    .execute()
  await tx
    .updateTable('knowledgeItem')
    .set({ publishedVersion: version })
    .where('itemId', '=', itemId)
    .execute()
}

function newVersion(tx: Tx, itemId: string, version: number, content: KnowledgeContent, by: StaffIdentity) {
  return {
    itemId,
    version,
    state: 'draft' as const,
    content: JSON.stringify(content),
    author: `staff:${by.staffId}`,
    writtenAtMs: nowOf(tx),
    reviewer: null,
    decidedAtMs: null,
    note: null,
  }
}

function contentOf(json: string): KnowledgeContent {
  return JSON.parse(json) as KnowledgeContent
}

function actionsOf(
  reader: StaffIdentity,
  newest: { state: KnowledgeState; author: string } | undefined,
): KnowledgeItem['actions'] {
  if (newest === undefined) return []
  const mayWrite = reader.permissions.has('knowledge.write')
  const mayPublish =
    reader.permissions.has('knowledge.publish') && newest.author !== `staff:${reader.staffId}`
  switch (newest.state) {
    case 'draft':
      return mayWrite ? ['edit', 'submit'] : []
    case 'review':
      return [
        ...(mayPublish ? (['publish', 'return'] as const) : []),
        ...(mayWrite ? (['withdraw'] as const) : []),
      ]
    case 'published':
      return [
        ...(mayWrite ? (['edit'] as const) : []),
        ...(reader.permissions.has('knowledge.publish') ? (['archive'] as const) : []),
      ]
    case 'archived':
      return mayWrite ? ['restore'] : []
  }
}
