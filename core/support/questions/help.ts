import type { CabinetForConsumer } from '#protocol/api/consumer.ts'
import {
  ARTICLES_SHOWN_MOST,
  type CabinetHelp,
  type OwnQuestions,
  QUESTION_KINDS,
} from '#protocol/api/questions.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import type { Knowledge } from '#core/knowledge/knowledge.ts'
import { linesOf } from '#core/orders/store.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { stateOf } from '../dispute-state.ts'
import { OPEN_TICKET_STATES } from '../machine.ts'
import { isOfConsumer } from '../ticket-store.ts'
import { QUESTION_KIND_ROWS } from './kinds.ts'
import { aboutOf } from './place.ts'

/** A visit that is longer ago is found under "my orders". */
const VISIT_SHOWN_MS = 3 * 24 * 3_600_000
const QUESTIONS_SHOWN_MS = 183 * 24 * 3_600_000
const QUESTIONS_SHOWN_MOST = 50

/** What is looked for first where the cabinet is in this state. */
const WORDS_OF_STATUS: Record<CabinetForConsumer['status'], string> = {
  open: '门打不开 does not open',
  busy: '门打不开 does not open',
  offline: '没有网络 offline connection',
  closed: '怎么购买 how to buy',
  goods_expired: '变质 过期 out of date',
  goods_blocked: '变质 过期 out of date',
  locked_out: '暂停服务 out of service',
  out_of_service: '暂停服务 out of service',
  unknown: '没有网络 offline connection',
}

/** The page of help at a cabinet: what is known of it and of the reader's visit comes before anything is asked. */
export function createCabinetHelp(
  deps: Pick<CoreDeps, 'db' | 'clock'> & {
    knowledge: Pick<Knowledge, 'bestArticles'>
    cabinetForConsumer(cabinetId: string, consumerId: string | undefined): Promise<CabinetForConsumer>
  },
): (cabinetId: string, consumerId: string | undefined) => Promise<CabinetHelp> {
  const { clock, knowledge } = deps
  const { read } = deps.db

  async function visitOf(cabinetId: string, consumerId: string): Promise<CabinetHelp['visit']> {
    const session = await read
      .selectFrom('session as s')
      .leftJoin('order as o', 'o.sessionId', 's.sessionId')
      .select(['s.sessionId', 's.state', 's.deniedReason', 's.requestedAtMs', 's.openedAtMs'])
      .select(['o.orderId', 'o.state as orderState', 'o.totalFen'])
      .where('s.consumerId', '=', consumerId)
      .where('s.cabinetId', '=', cabinetId)
      .where('s.kind', '=', 'sale')
      .where('s.requestedAtMs', '>', clock.now() - VISIT_SHOWN_MS)
      .orderBy('s.requestedAtMs', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (session === undefined) return null
    const { orderId, orderState, totalFen } = session
    const dispute =
      orderId === null
        ? undefined
        : await read
            .selectFrom('ticket')
            .select('ticketId')
            .where('orderId', '=', orderId)
            .where('origin', '=', 'dispute')
            .where('consumerId', '=', consumerId)
            .orderBy('openedAtMs', 'desc')
            .limit(1)
            .executeTakeFirst()
    return {
      sessionId: session.sessionId,
      state: session.state,
      atMs: session.openedAtMs ?? session.requestedAtMs,
      deniedReason: session.deniedReason,
      order:
        orderId === null || orderState === null || totalFen === null
          ? null
          : {
              orderId,
              state: orderState,
              totalFen,
              itemCount: (await linesOf(read, orderId)).reduce((sum, { quantity }) => sum + quantity, 0),
              disputeId: dispute?.ticketId ?? null,
            },
    }
  }

  async function questionsOf(cabinetId: string, consumerId: string): Promise<CabinetHelp['questions']> {
    const rows = await read
      .selectFrom('ticket')
      .select(['ticketId', 'number', 'type', 'intake', 'openedAtMs'])
      .where('consumerId', '=', consumerId)
      .where('openedBy', '=', consumerId)
      .where('cabinetId', '=', cabinetId)
      .where('channel', '=', 'code')
      .where('state', 'in', [...OPEN_TICKET_STATES])
      .orderBy('openedAtMs', 'desc')
      .execute()
    return rows.map((row) => ({
      disputeId: row.ticketId,
      number: row.number,
      about: aboutOf(row),
      openedAtMs: row.openedAtMs,
    }))
  }

  return async (cabinetId, consumerId) => {
    const cabinet = await deps.cabinetForConsumer(cabinetId, consumerId)
    const [visit, questions, products, [fitting = [], ...byKind]] = await Promise.all([
      consumerId === undefined ? null : visitOf(cabinetId, consumerId),
      consumerId === undefined ? [] : questionsOf(cabinetId, consumerId),
      productsBySku(read),
      knowledge.bestArticles([
        { query: WORDS_OF_STATUS[cabinet.status], most: ARTICLES_SHOWN_MOST },
        ...QUESTION_KINDS.map((kind) => {
          const { type, words } = QUESTION_KIND_ROWS[kind]
          return { query: words, type, most: words === '' ? 0 : 1 }
        }),
      ]),
    ])
    const sold = new Set(cabinet.shelves.flatMap((shelf) => shelf.products.map(({ sku }) => sku)))
    return {
      cabinetId: cabinet.cabinetId,
      name: cabinet.name,
      site: cabinet.site,
      contact: cabinet.contact,
      status: cabinet.status,
      ...(cabinet.opensAtMs === undefined ? {} : { opensAtMs: cabinet.opensAtMs }),
      signedIn: cabinet.signedIn,
      visit,
      questions,
      articles: fitting,
      answers: QUESTION_KINDS.flatMap((kind, index) =>
        (byKind[index] ?? []).map((article) => ({ kind, article })),
      ),
      products: [...sold].flatMap((sku) => {
        const product = products.get(sku)
        return product === undefined ? [] : [{ sku, name: product.name }]
      }),
    }
  }
}

/** What a consumer asked of late. What went on in another ticket stands there once. */
export async function ownQuestions(
  { db, clock }: Pick<CoreDeps, 'db' | 'clock'>,
  consumerId: string,
): Promise<OwnQuestions> {
  const rows = await db.read
    .selectFrom('ticket as t')
    .leftJoin('cabinet as c', 'c.cabinetId', 't.cabinetId')
    .selectAll('t')
    .select(['c.nameZh', 'c.nameEn'])
    .where('t.consumerId', '=', consumerId)
    .where('t.openedAtMs', '>', clock.now() - QUESTIONS_SHOWN_MS)
    .where('t.state', '<>', 'merged')
    .orderBy('t.openedAtMs', 'desc')
    .limit(QUESTIONS_SHOWN_MOST)
    .execute()
  return {
    questions: rows.filter(isOfConsumer).map((row) => ({
      disputeId: row.ticketId,
      number: row.number,
      reason: row.reason ?? 'other',
      ...(row.reason === null || row.orderId === null ? { about: aboutOf(row) } : {}),
      state: stateOf(row),
      cabinetName: row.nameZh === null ? null : { zh: row.nameZh, en: row.nameEn ?? row.nameZh },
      openedAtMs: row.openedAtMs,
    })),
  }
}
