import Type from 'typebox'
import {
  Bilingual,
  closed,
  Fen,
  Id,
  Language,
  oneOf,
  ORDER_STATES,
  SESSION_STATES,
  Sku,
  WallMs,
} from './common.ts'
import { CabinetForConsumer, DisputeView } from './consumer.ts'

/**
 * Help from the code on the cabinet, for whoever has no order to ask about.
 *
 * GET  /api/consumer/cabinets/:cabinetId/help → CabinetHelp; also for a reader who is not signed in
 * POST /api/consumer/cabinets/:cabinetId/questions (QuestionRequest) → 201 DisputeView. The same request again is the same
 *      question, and so is the same kind at the same cabinet while the first is open: what is written is added to it.
 *      Who is not signed in gets 409 `consent_required` with details.consentUrl; coming back from there files the question.
 * GET  /api/consumer/questions → OwnQuestions: what the reader asked of late, from orders and from cabinets
 * GET  /api/consumer/articles?query= → ArticleList · GET /api/consumer/articles/:key → Article: what consumers may read of
 *      the knowledge base, as it is published
 *
 * Errors: unknown_cabinet, consent_required, provider_unreachable, too_many_questions, not_found, bad_request.
 */
export const QUESTION_KINDS = [
  'door_shut',
  'page',
  'charged',
  'food',
  'goods',
  'door_open',
  'prices',
  'danger',
  'other',
] as const
export type QuestionKind = (typeof QUESTION_KINDS)[number]
/** What can be wrong with food; the choices of the ticket type `quality`. */
export const FOOD_PROBLEMS = ['expired', 'spoiled', 'damaged', 'foreign', 'other'] as const
export const ARTICLES_SHOWN_MOST = 3

export const QuestionRequest = Type.Object(
  {
    requestId: Type.String({
      pattern: '^[a-z0-9-]{8,64}$',
      description: 'made by the page and kept, so that a second tap is the same question',
    }),
    kind: oneOf(QUESTION_KINDS),
    text: Type.Optional(Type.String({ maxLength: 1000 })),
    /** An own order at this cabinet that the question is about. */
    orderId: Type.Optional(Id),
    sku: Type.Optional(Sku),
    problem: Type.Optional(oneOf(FOOD_PROBLEMS)),
    isHarmed: Type.Optional(Type.Boolean({ description: 'somebody is hurt or unwell' })),
    language: Type.Optional(Language),
  },
  closed,
)
export type QuestionRequest = Type.Static<typeof QuestionRequest>

const Key = Type.String({ pattern: '^[a-z][a-z0-9_]{1,47}$' })
/** An article as consumers read it: paragraphs; lines that begin with "- " or "1. " are lists, "## " a heading. */
export const Article = Type.Object({ key: Key, title: Bilingual, body: Bilingual }, closed)
export type Article = Type.Static<typeof Article>
export const ArticleList = Type.Object({ articles: Type.Array(Article) }, closed)
export type ArticleList = Type.Static<typeof ArticleList>

export const CabinetHelp = Type.Object(
  {
    cabinetId: Id,
    name: Bilingual,
    site: Bilingual,
    contact: Type.String(),
    status: CabinetForConsumer.properties.status,
    opensAtMs: Type.Optional(WallMs),
    signedIn: Type.Boolean(),
    /** The reader's latest visit here in the last days, whatever came of it. */
    visit: Type.Union([
      Type.Null(),
      Type.Object(
        {
          sessionId: Id,
          state: oneOf(SESSION_STATES),
          atMs: WallMs,
          deniedReason: Type.Union([Type.Null(), Type.String({ description: 'an error code' })]),
          order: Type.Union([
            Type.Null(),
            Type.Object(
              {
                orderId: Id,
                state: oneOf(ORDER_STATES),
                totalFen: Fen,
                itemCount: Type.Integer(),
                disputeId: Type.Union([Type.Null(), Id]),
              },
              closed,
            ),
          ]),
        },
        closed,
      ),
    ]),
    /** What the reader asked at this cabinet and nobody has solved yet. */
    questions: Type.Array(
      Type.Object({ disputeId: Id, number: Type.Integer(), about: Bilingual, openedAtMs: WallMs }, closed),
    ),
    /** What fits the state of the cabinet and the visit best. */
    articles: Type.Array(Article, { maxItems: ARTICLES_SHOWN_MOST }),
    /** What usually answers each kind of question. */
    answers: Type.Array(Type.Object({ kind: oneOf(QUESTION_KINDS), article: Article }, closed)),
    /** What is sold here, for questions about food. */
    products: Type.Array(Type.Object({ sku: Sku, name: Bilingual }, closed)),
  },
  closed,
)
export type CabinetHelp = Type.Static<typeof CabinetHelp>

export const OwnQuestions = Type.Object(
  {
    questions: Type.Array(
      Type.Object(
        {
          disputeId: Id,
          number: Type.Integer(),
          reason: DisputeView.properties.reason,
          /** Where it is no doubt about an order. */
          about: Type.Optional(Bilingual),
          state: DisputeView.properties.state,
          cabinetName: Type.Union([Type.Null(), Bilingual]),
          openedAtMs: WallMs,
        },
        closed,
      ),
      { maxItems: 50, description: 'of the last half year, newest first' },
    ),
  },
  closed,
)
export type OwnQuestions = Type.Static<typeof OwnQuestions>
