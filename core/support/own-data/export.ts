import type { Kysely } from 'kysely'
import type { OrderQueries } from '#core/orders/queries.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { pictureBoundTo } from '../pictures/pictures.ts'

const ORDERS_AT_ONCE = 20

/**
 * Everything that we know of a person, for them to take along: plain JSON with the names of our own tables and units at the
 * end of each name. Orders are as their pages tell them, with the addresses of pictures and traces.
 */
export async function exportOwnData(
  deps: { read: Kysely<Tables>; seal: Seal; orders: OrderQueries; nowMs: number },
  consumerId: string,
): Promise<object> {
  const { read, seal, orders } = deps
  const consumer = await read
    .selectFrom('consumer')
    .selectAll()
    .where('consumerId', '=', consumerId)
    .executeTakeFirstOrThrow()
  const own = await read
    .selectFrom('order')
    .select(['orderId', 'sessionId'])
    .where('consumerId', '=', consumerId)
    .orderBy('createdAtMs')
    .execute()
  const told = []
  for (const [index, { orderId }] of own.entries()) {
    told.push(await orders.order(orderId))
    // Somebody with very many orders keeps nobody else waiting.
    if (index % ORDERS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const tickets = await read
    .selectFrom('ticket')
    .select(['ticketId', 'number', 'type', 'state', 'orderId', 'note', 'openedAtMs', 'closedAtMs'])
    .select(['rating', 'ratingTags', 'ratedAtMs'])
    .where('consumerId', '=', consumerId)
    .orderBy('openedAtMs')
    .execute()
  const messages = await read
    .selectFrom('ticketMessage as m')
    .innerJoin('ticket as t', 't.ticketId', 'm.ticketId')
    .select(['m.ticketId', 'm.atMs', 'm.sender', 'm.authorName', 'm.text', 'm.key', 'm.sentenceValues'])
    .where('t.consumerId', '=', consumerId)
    // What colleagues write to each other is not about this person but about the work.
    .where('m.isInternal', '=', 0)
    .orderBy('m.atMs')
    .execute()
  const bySender = Map.groupBy(messages, (message) => message.ticketId)
  const pictures = await picturesOf(read, seal, consumerId)
  return {
    format: 'cabinet-own-data-1',
    madeAtMs: deps.nowMs,
    consumer: {
      consumerId,
      nameAtTheProvider: seal.open(consumer.openidSealed, `consumer.openid/${consumerId}`),
      language: consumer.language,
      createdAtMs: consumer.createdAtMs,
      permissionLostAtMs: consumer.permissionLostAtMs,
    },
    signIns: await read
      .selectFrom('consumerSession')
      .select(['createdAtMs', 'expiresAtMs', 'revokedAtMs'])
      .where('consumerId', '=', consumerId)
      .execute(),
    visits: await read
      .selectFrom('session')
      .select(['sessionId', 'cabinetId', 'state', 'requestedAtMs', 'openedAtMs', 'closedAtMs'])
      .where('consumerId', '=', consumerId)
      .orderBy('requestedAtMs')
      .execute(),
    orders: told,
    questions: tickets.map((ticket) => ({
      ...ticket,
      messages: bySender.get(ticket.ticketId) ?? [],
      pictures: pictures.filter(({ ticketId }) => ticketId === ticket.ticketId),
    })),
    recommendations: await read
      .selectFrom('npsQuestion')
      .select(['ticketId', 'askedAtMs', 'score', 'answeredAtMs'])
      .where('consumerId', '=', consumerId)
      .orderBy('askedAtMs')
      .execute(),
    callBacks: await read
      .selectFrom('callBackTry as y')
      .innerJoin('callBack as b', 'b.callBackId', 'y.callBackId')
      .innerJoin('ticket as t', 't.ticketId', 'b.ticketId')
      .select(['b.ticketId', 'y.atMs', 'y.result', 'y.note', 'y.answers'])
      .where('t.consumerId', '=', consumerId)
      .orderBy('y.atMs')
      .execute(),
    /** When staff looked whether who called was this person. */
    callerChecks: await read
      .selectFrom('callerCheck')
      .select(['ticketId', 'way', 'state', 'askedAtMs', 'decidedAtMs', 'validUntilMs', 'reason'])
      .where('consumerId', '=', consumerId)
      .orderBy('askedAtMs')
      .execute(),
    coupons: await read
      .selectFrom('coupon')
      .select([
        'couponId',
        'source',
        'offFen',
        'minimumFen',
        'issuedAtMs',
        'expiresAtMs',
        'orderId',
        'spentFen',
      ])
      .where('consumerId', '=', consumerId)
      .execute(),
    points: await read
      .selectFrom('pointsMovement')
      .select(['points', 'kind', 'orderId', 'atMs'])
      .where('consumerId', '=', consumerId)
      .execute(),
    notices: await read
      .selectFrom('notice')
      .select(['template', 'title', 'text', 'createdAtMs', 'acceptedAtMs'])
      .where('consumerId', '=', consumerId)
      .orderBy('createdAtMs')
      .execute(),
  }
}

/** What they added to their questions, each as a JPEG in base 64. */
async function picturesOf(read: Kysely<Tables>, seal: Seal, consumerId: string) {
  const rows = await read
    .selectFrom('ticketPicture as p')
    .innerJoin('ticket as t', 't.ticketId', 'p.ticketId')
    .select(['p.ticketId', 'p.pictureId', 'p.atMs', 'p.sealed'])
    .where('t.consumerId', '=', consumerId)
    .where('p.staffId', 'is', null)
    .orderBy('p.atMs')
    .execute()
  return rows.map(({ sealed, ...row }) => ({
    ...row,
    jpegBase64:
      sealed === null ? null : seal.openBytes(sealed, pictureBoundTo(row.pictureId)).toString('base64'),
  }))
}
