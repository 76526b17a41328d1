import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '#protocol/api/common.ts'
import type { KnowledgeContent, KnowledgeItem, KnowledgeList, Suggestions } from '#protocol/api/knowledge.ts'
import { installKnowledge } from '#core/knowledge/install.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
  await installKnowledge(bench.core.deps)
})
afterAll(() => bench.close())

const asks = async (role: Role, method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) =>
  bench.core.http.inject({
    method,
    url: `/api/staff/${url}`,
    headers: { cookie: await bench.cookieOf(role) },
    ...(payload === undefined ? {} : { payload }),
  })
const content = (over: Partial<KnowledgeContent> = {}): KnowledgeContent => ({
  title: { zh: '换瓶盖', en: 'Bottle caps' },
  body: { zh: '请联系客服。', en: 'Ask support.' },
  types: ['quality'],
  keywords: '瓶盖',
  isPublic: false,
  steps: [],
  ...over,
})
async function drafted(key: string): Promise<KnowledgeItem> {
  const answer = await asks('agent', 'POST', 'knowledge', { kind: 'article', key, content: content() })
  expect(answer.statusCode, answer.body).toBe(201)
  return answer.json() as KnowledgeItem
}
const step = (role: Role, itemId: string, name: string, version: number) =>
  asks(role, 'POST', `knowledge/${itemId}/${name}`, { version })
const suggestedTitles = async (text: string) => {
  const { suggestions } = (
    await asks('agent', 'GET', `knowledge/suggest?text=${encodeURIComponent(text)}`)
  ).json() as Suggestions
  return suggestions.map(({ title }) => title.zh)
}

describe('an article that an agent writes', () => {
  it('is found by nobody until a second person has published it', async () => {
    const { itemId } = await drafted('bottle_caps')
    expect(await suggestedTitles('瓶盖')).not.toContain('换瓶盖')
    await step('agent', itemId, 'submit', 1)
    const published = await step('lead', itemId, 'publish', 1)
    expect((published.json() as KnowledgeItem).versions[0]).toMatchObject({
      state: 'published',
      authorName: 'bench-agent',
      reviewerName: 'bench-lead',
    })
    expect(await suggestedTitles('瓶盖')).toContain('换瓶盖')
  })
  it('is not reviewed by whoever wrote it', async () => {
    const answer = await asks('lead', 'POST', 'knowledge', {
      kind: 'article',
      key: 'own_work',
      content: content(),
    })
    const { itemId } = answer.json() as KnowledgeItem
    await step('lead', itemId, 'submit', 1)
    const own = await step('lead', itemId, 'publish', 1)
    expect([own.statusCode, own.json().code]).toEqual([403, 'not_allowed'])
    expect((await step('agent', itemId, 'publish', 1)).statusCode, 'an agent has no say').toBe(403)
    expect((await step('manager', itemId, 'publish', 1)).statusCode).toBe(200)
  })
  it('keeps its published words while the next version is written, and goes over to them at once', async () => {
    const { itemId } = await drafted('two_versions')
    await step('agent', itemId, 'submit', 1)
    await step('lead', itemId, 'publish', 1)
    const next = content({ title: { zh: '新瓶盖', en: 'New caps' } })
    await asks('agent', 'PUT', `knowledge/${itemId}/draft`, { expectedVersion: 1, content: next })
    const shown = async () => {
      const { items } = (await asks('agent', 'GET', 'knowledge?kind=article')).json() as KnowledgeList
      return items.find((row) => row.itemId === itemId)
    }
    expect(await shown()).toMatchObject({ title: { zh: '换瓶盖' }, publishedVersion: 1, openVersion: 2 })
    await step('agent', itemId, 'submit', 2)
    const { versions } = (await step('lead', itemId, 'publish', 2)).json() as KnowledgeItem
    expect(versions.map(({ version, state }) => [version, state])).toEqual([
      [2, 'published'],
      [1, 'archived'],
    ])
    expect(await shown()).toMatchObject({ title: { zh: '新瓶盖' }, publishedVersion: 2, openVersion: null })
  })
  it('is not written over by somebody who saw an older version', async () => {
    const { itemId } = await drafted('collision')
    await step('agent', itemId, 'submit', 1)
    await step('lead', itemId, 'publish', 1)
    const draft = { expectedVersion: 1, content: content() }
    expect((await asks('agent', 'PUT', `knowledge/${itemId}/draft`, draft)).statusCode).toBe(200)
    const late = await asks('manager', 'PUT', `knowledge/${itemId}/draft`, draft)
    expect([late.statusCode, late.json().code]).toEqual([409, 'conflict'])
  })
  it('cannot be rewritten in the database once it was handed in', async () => {
    const { itemId } = await drafted('sealed_words')
    await step('agent', itemId, 'submit', 1)
    await expect(
      bench.core.db.write('rewrite', async (tx) => {
        await tx.updateTable('knowledgeVersion').set({ content: '{}' }).where('itemId', '=', itemId).execute()
      }),
    ).rejects.toThrow(/only a draft is rewritten/)
  })
})

describe('a reply', () => {
  it.each([
    ['an unknown variable', { zh: '您好 {price}', en: 'Hello {price}' }],
    ['a variable in one language only', { zh: '您好 {agent}', en: 'Hello' }],
    ['one language left out', { zh: '您好', en: ' ' }],
  ])('with %s is refused with what to change', async (_, body) => {
    const answer = await asks('agent', 'POST', 'knowledge', {
      kind: 'template',
      key: 'unfit_reply',
      content: content({ body }),
    })
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'knowledge_unfit'])
  })
})

describe('what came with the product', () => {
  it('is put in once, and stays as people left it', async () => {
    expect(await installKnowledge(bench.core.deps), 'a second start').toBe(0)
    const { items } = (await asks('lead', 'GET', 'knowledge?kind=template')).json() as KnowledgeList
    const [first, second] = items as [KnowledgeList['items'][number], KnowledgeList['items'][number]]
    await step('lead', first.itemId, 'archive', 1)
    const next = content({ body: { zh: '您好。', en: 'Hello.' } })
    await asks('lead', 'PUT', `knowledge/${second.itemId}/draft`, { expectedVersion: 1, content: next })
    expect(await installKnowledge(bench.core.deps)).toBe(0)
    const { templates } = (await asks('agent', 'GET', 'templates')).json() as {
      templates: Array<{ key: string }>
    }
    expect(templates.map(({ key }) => key)).not.toContain(first.key)
  })
})

describe('use', () => {
  it('is counted where it was used, and shown', async () => {
    const { itemId } = await drafted('counted')
    await step('agent', itemId, 'submit', 1)
    await step('lead', itemId, 'publish', 1)
    for (const use of ['opened', 'sent', 'helped'])
      await asks('agent', 'POST', `knowledge/${itemId}/used`, { version: 1, use })
    const { usage } = (await asks('lead', 'GET', `knowledge/${itemId}`)).json() as KnowledgeItem
    expect(usage).toEqual({ opened: 1, sent: 1, helped: 1, notHelped: 0 })
  })
})
