import type { Ids } from '#protocol/base/ids.ts'
import { isStoryKey, storyText } from '#protocol/words/story.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { type Author, getTicket, type TicketMessageRow } from './ticket-store.ts'

export interface NewMessage {
  requestId: string
  sender: TicketMessageRow['sender']
  text?: string
  key?: string
  values?: Readonly<Record<string, string | number>>
  author?: Author
  isInternal?: boolean
}

/** The same request again is the same message. */
export async function sayOnTicket(tx: Tx, ids: Ids, ticketId: string, message: NewMessage): Promise<void> {
  const { key, values = {} } = message
  const { language } = await getTicket(tx, ticketId)
  const last = await tx
    .selectFrom('ticketMessage')
    .select((eb) => eb.fn.max('atMs').as('atMs'))
    .where('ticketId', '=', ticketId)
    .executeTakeFirst()
  const text = message.text ?? (key !== undefined && isStoryKey(key) ? storyText(language, key, values) : '')
  await tx
    .insertInto('ticketMessage')
    .values({
      messageId: ids.next('message'),
      ticketId,
      requestId: message.requestId,
      // What is said in one go keeps its order: a question stands before its answer.
      atMs: Math.max(nowOf(tx), (last?.atMs ?? 0) + 1),
      sender: message.sender,
      staffId: message.author?.staffId ?? null,
      authorName: message.author?.displayName ?? null,
      text,
      key: key ?? null,
      sentenceValues: JSON.stringify(values),
      isInternal: message.isInternal === true ? 1 : 0,
    })
    .onConflict((conflict) => conflict.columns(['ticketId', 'requestId']).doNothing())
    .execute()
}
export async function isSaid(tx: Tx, ticketId: string, requestId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('ticketMessage')
    .select('messageId')
    .where('ticketId', '=', ticketId)
    .where('requestId', '=', requestId)
    .executeTakeFirst()
  return row !== undefined
}

/** What was written on a ticket since somebody last answered. */
export async function unansweredOf(tx: Tx, ticketId: string): Promise<number> {
  const row = await tx
    .selectFrom('ticketMessage as m')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('m.ticketId', '=', ticketId)
    .where('m.sender', '=', 'consumer')
    .where((eb) =>
      eb(
        'm.atMs',
        '>=',
        eb.fn.coalesce(
          eb
            .selectFrom('ticketMessage as a')
            .select((inner) => inner.fn.max('a.atMs').as('atMs'))
            .where('a.ticketId', '=', ticketId)
            .where('a.sender', '=', 'agent')
            .where('a.isInternal', '=', 0),
          eb.lit(0),
        ),
      ),
    )
    .executeTakeFirstOrThrow()
  return row.count
}
