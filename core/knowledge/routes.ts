import Type from 'typebox'
import {
  KNOWLEDGE_KINDS,
  KNOWLEDGE_STATES,
  KNOWLEDGE_STEPS,
  KnowledgeCreate,
  KnowledgeDraft,
  KnowledgeItem,
  KnowledgeList,
  KnowledgeStepRequest,
  KnowledgeUse,
  Suggestions,
} from '#protocol/api/knowledge.ts'
import { type Bilingual, Id, oneOf } from '#protocol/api/common.ts'
import { Article, ArticleList } from '#protocol/api/questions.ts'
import { TemplateList } from '#protocol/api/staff/tickets.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Knowledge } from './knowledge.ts'

const allow = (permission: 'knowledge.read' | 'knowledge.write' | 'knowledge.publish') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const closed = { additionalProperties: false } as const
const Params = Type.Object({ itemId: Id }, closed)
const PERMISSION_OF = {
  submit: 'knowledge.write',
  withdraw: 'knowledge.write',
  publish: 'knowledge.publish',
  return: 'knowledge.publish',
  archive: 'knowledge.publish',
} as const
/** A drafted text may be long; a request for suggestions carries the message of a consumer. */
const TEXT_MOST = 1000
/** Anybody may read the articles for consumers; nobody types faster than this. */
const READ_A_MINUTE = { max: 120, timeWindow: '1 minute' }

/** `protocol/api/knowledge.ts`. */
export function registerKnowledgeRoutes(
  app: HttpApp,
  deps: {
    knowledge: Knowledge
    ticketTypes: () => ReadonlyArray<{ key: string; label: Bilingual }>
  },
): void {
  const { knowledge } = deps
  const open = { access: { kind: 'public' } satisfies Access, rateLimit: READ_A_MINUTE }

  app.get(
    '/api/consumer/articles',
    {
      config: open,
      schema: {
        querystring: Type.Object({ query: Type.Optional(Type.String({ maxLength: 100 })) }, closed),
        response: { 200: ArticleList },
      },
    },
    async ({ query: { query } }) => ({
      articles: await knowledge.publicArticles(query === undefined ? {} : { query }),
    }),
  )
  app.get(
    '/api/consumer/articles/:key',
    {
      config: open,
      schema: { params: Type.Object({ key: Article.properties.key }, closed), response: { 200: Article } },
    },
    (request) => knowledge.publicArticle(request.params.key),
  )

  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity

  app.get(
    '/api/staff/knowledge',
    {
      ...allow('knowledge.read'),
      schema: {
        querystring: Type.Object(
          {
            kind: Type.Optional(oneOf(KNOWLEDGE_KINDS)),
            state: Type.Optional(oneOf(KNOWLEDGE_STATES)),
            query: Type.Optional(Type.String({ maxLength: 200 })),
          },
          closed,
        ),
        response: { 200: KnowledgeList },
      },
    },
    async (request) => ({
      items: await knowledge.list(request.query),
      ticketTypes: [...deps.ticketTypes()],
    }),
  )
  app.get(
    '/api/staff/knowledge/suggest',
    {
      ...allow('knowledge.read'),
      schema: {
        querystring: Type.Object(
          {
            kind: Type.Optional(oneOf(KNOWLEDGE_KINDS)),
            type: Type.Optional(Type.String({ maxLength: 48 })),
            text: Type.Optional(Type.String({ maxLength: TEXT_MOST })),
          },
          closed,
        ),
        response: { 200: Suggestions },
      },
    },
    async (request) => {
      const { kind, type, text } = request.query
      return {
        suggestions: await knowledge.suggest({
          text: text ?? '',
          ...(kind === undefined ? {} : { kind }),
          ...(type === undefined ? {} : { type }),
        }),
      }
    },
  )
  app.get(
    '/api/staff/templates',
    { ...allow('knowledge.read'), schema: { response: { 200: TemplateList } } },
    async () => {
      const templates = await knowledge.published('template')
      return {
        templates: templates.map(({ key, title, body, types }) => ({ key, title, text: body, types })),
      }
    },
  )
  app.get(
    '/api/staff/knowledge/:itemId',
    { ...allow('knowledge.read'), schema: { params: Params, response: { 200: KnowledgeItem } } },
    async (request) => knowledge.item(me(request), request.params.itemId),
  )
  app.post(
    '/api/staff/knowledge',
    { ...allow('knowledge.write'), schema: { body: KnowledgeCreate, response: { 201: KnowledgeItem } } },
    async (request, reply) => {
      const itemId = await knowledge.create(me(request), request.body)
      return reply.code(201).send(await knowledge.item(me(request), itemId))
    },
  )
  app.put(
    '/api/staff/knowledge/:itemId/draft',
    {
      ...allow('knowledge.write'),
      schema: { params: Params, body: KnowledgeDraft, response: { 200: KnowledgeItem } },
    },
    async (request) => {
      const { itemId } = request.params
      await knowledge.write(me(request), itemId, request.body)
      return knowledge.item(me(request), itemId)
    },
  )
  for (const step of KNOWLEDGE_STEPS)
    app.post(
      `/api/staff/knowledge/:itemId/${step}`,
      {
        ...allow(PERMISSION_OF[step]),
        schema: { params: Params, body: KnowledgeStepRequest, response: { 200: KnowledgeItem } },
      },
      async (request) => {
        const { itemId } = request.params
        const { version, note } = request.body
        await knowledge.step(me(request), itemId, step, version, note)
        return knowledge.item(me(request), itemId)
      },
    )
  app.post(
    '/api/staff/knowledge/:itemId/used',
    {
      ...allow('knowledge.read'),
      schema: { params: Params, body: KnowledgeUse, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await knowledge.used(me(request), request.params.itemId, request.body)
      return reply.code(204).send(null)
    },
  )
}
