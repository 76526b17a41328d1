import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, WallMs } from './common.ts'

/**
 * `article`: what a person reads; `template`: a reply, with `{variables}` that the page fills; `macro`: several steps on a
 * ticket by one key.
 */
export const KNOWLEDGE_KINDS = ['article', 'template', 'macro'] as const
export const KNOWLEDGE_STATES = ['draft', 'review', 'published', 'archived'] as const
export type KnowledgeState = (typeof KNOWLEDGE_STATES)[number]
export type KnowledgeKind = (typeof KNOWLEDGE_KINDS)[number]

const Name = Type.String({ pattern: '^[a-z][a-z0-9_]{1,47}$' })
const TicketTypes = Type.Array(Name, {
  maxItems: 40,
  uniqueItems: true,
  description: 'types of tickets that it is for',
})

/** A step of a macro; carried out in order, stopping at the first that is refused. */
export const MacroStep = Type.Union([
  Type.Object({ kind: Type.Literal('reply'), template: Name }, closed),
  Type.Object({ kind: Type.Literal('note'), text: Type.String({ minLength: 1, maxLength: 500 }) }, closed),
  Type.Object({ kind: Type.Literal('claim') }, closed),
  Type.Object({ kind: Type.Literal('resolve'), outcome: Name, rootCause: Name }, closed),
])
export type MacroStep = Type.Static<typeof MacroStep>

/** What a version says. */
export const KnowledgeContent = Type.Object(
  {
    title: Type.Object(
      {
        zh: Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' }),
        en: Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' }),
      },
      closed,
    ),
    body: Type.Object(
      {
        zh: Type.String({ maxLength: 12_000 }),
        en: Type.String({ maxLength: 12_000 }),
      },
      {
        ...closed,
        description: 'paragraphs; lines that begin with "- " or "1. " are lists, "## " a heading',
      },
    ),
    types: TicketTypes,
    keywords: Type.String({ maxLength: 300, description: 'further words by which it is found, with spaces' }),
    isPublic: Type.Boolean({ description: 'consumers read it on the help page; articles only' }),
    steps: Type.Array(MacroStep, { maxItems: 8, description: 'of a macro; else none' }),
  },
  closed,
)
export type KnowledgeContent = Type.Static<typeof KnowledgeContent>

export const KnowledgeVersion = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    state: oneOf(KNOWLEDGE_STATES),
    content: KnowledgeContent,
    author: Type.String(),
    authorName: Type.String(),
    writtenAtMs: WallMs,
    reviewer: Type.Union([Type.Null(), Type.String()]),
    reviewerName: Type.Union([Type.Null(), Type.String()]),
    decidedAtMs: Type.Union([Type.Null(), WallMs]),
    note: Type.Union([Type.Null(), Type.String()], {
      description: 'of whoever published it or gave it back',
    }),
  },
  closed,
)
export type KnowledgeVersion = Type.Static<typeof KnowledgeVersion>

/** A row of a list: the published version, or the newest when none is. */
export const KnowledgeRow = Type.Object(
  {
    itemId: Id,
    kind: oneOf(KNOWLEDGE_KINDS),
    key: Name,
    title: Bilingual,
    types: TicketTypes,
    isPublic: Type.Boolean(),
    state: oneOf(KNOWLEDGE_STATES),
    publishedVersion: Type.Union([Type.Null(), Type.Integer()]),
    openVersion: Type.Union([Type.Null(), Type.Integer()], {
      description: 'a draft, or one that waits for a review',
    }),
    uses: Type.Integer({ description: 'in the last 90 days' }),
    changedAtMs: WallMs,
  },
  closed,
)
export type KnowledgeRow = Type.Static<typeof KnowledgeRow>
/** GET /api/staff/knowledge?kind=&state=&query= */
export const KnowledgeList = Type.Object(
  {
    items: Type.Array(KnowledgeRow),
    ticketTypes: Type.Array(Type.Object({ key: Name, label: Bilingual }, closed)),
  },
  closed,
)
export type KnowledgeList = Type.Static<typeof KnowledgeList>

/** GET /api/staff/knowledge/:itemId */
export const KnowledgeItem = Type.Object(
  {
    itemId: Id,
    kind: oneOf(KNOWLEDGE_KINDS),
    key: Name,
    publishedVersion: Type.Union([Type.Null(), Type.Integer()]),
    versions: Type.Array(KnowledgeVersion, { description: 'newest first' }),
    actions: Type.Array(oneOf(['edit', 'submit', 'withdraw', 'publish', 'return', 'archive', 'restore']), {
      description: 'what the reader may do with it now',
    }),
    usage: Type.Object(
      {
        opened: Type.Integer(),
        sent: Type.Integer(),
        helped: Type.Integer(),
        notHelped: Type.Integer(),
      },
      { ...closed, description: 'in the last 90 days' },
    ),
  },
  closed,
)
export type KnowledgeItem = Type.Static<typeof KnowledgeItem>

/** POST /api/staff/knowledge: begins with a draft of version 1. */
export const KnowledgeCreate = Type.Object(
  { kind: oneOf(KNOWLEDGE_KINDS), key: Name, content: KnowledgeContent },
  closed,
)
export type KnowledgeCreate = Type.Static<typeof KnowledgeCreate>
/** PUT /api/staff/knowledge/:itemId/draft: changes the open draft, or begins the next version. */
export const KnowledgeDraft = Type.Object(
  {
    expectedVersion: Type.Integer({ minimum: 1, description: 'the newest version that the writer saw' }),
    content: KnowledgeContent,
  },
  closed,
)
export type KnowledgeDraft = Type.Static<typeof KnowledgeDraft>
/** POST /api/staff/knowledge/:itemId/:step */
export const KNOWLEDGE_STEPS = ['submit', 'withdraw', 'publish', 'return', 'archive'] as const
export type KnowledgeStep = (typeof KNOWLEDGE_STEPS)[number]
export const KnowledgeStepRequest = Type.Object(
  { version: Type.Integer({ minimum: 1 }), note: Type.Optional(Type.String({ maxLength: 500 })) },
  closed,
)

/** GET /api/staff/knowledge/suggest?type=&text=&kind=: what fits a ticket best, at most eight. */
export const Suggestions = Type.Object(
  {
    suggestions: Type.Array(
      Type.Object(
        {
          itemId: Id,
          kind: oneOf(KNOWLEDGE_KINDS),
          key: Name,
          version: Type.Integer(),
          title: Bilingual,
          body: Bilingual,
          types: TicketTypes,
          steps: Type.Array(MacroStep),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type Suggestions = Type.Static<typeof Suggestions>
/** POST /api/staff/knowledge/:itemId/used */
export const KnowledgeUse = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    use: oneOf(['opened', 'sent', 'helped', 'not_helped']),
    ticketId: Type.Optional(Id),
  },
  closed,
)
export type KnowledgeUse = Type.Static<typeof KnowledgeUse>
