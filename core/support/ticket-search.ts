import { type Kysely, sql, type SqlBool } from 'kysely'
import type { TicketRow } from '#protocol/api/staff/tickets.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { phraseOf, piecesOf, TRIPLE, wordsOf } from './search-words.ts'

/** Where a ticket was found. */
export interface Found {
  ticketId: string
  found?: TicketRow['found']
}

/** Texts that one question is ranked among, the newest; a word that stands everywhere costs no more than this. */
const TEXTS_RANKED = 2000
/** So many triples may begin with a pair of signs that somebody looks for. */
const TRIPLES_MOST = 1000
const CABINETS_MOST = 20
const WHOLE_ID = /^[a-z]{2}[0-9a-z]{30}$/

/**
 * Tickets by any number that somebody may read aloud, the end of a telephone number, a cabinet, or words that were written in
 * them, the best first: what a number names, then words, then the name of the cabinet. Every way goes through an index and is
 * bounded. An operator finds what is theirs, and not by what staff wrote for themselves.
 */
export async function searchTickets(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  question: string,
  most: number,
): Promise<Found[]> {
  const byNumber = await searchNumbers(read, staff, question, most)
  const found = new Map<string, Found>(byNumber.map((ticketId) => [ticketId, { ticketId }]))
  // A whole id is no word that somebody wrote.
  if (!WHOLE_ID.test(question.toLowerCase()) && found.size < most)
    for (const one of await searchText(read, staff, question, most))
      if (!found.has(one.ticketId)) found.set(one.ticketId, one)
  return [...found.values()].slice(0, most)
}

async function searchNumbers(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  question: string,
  most: number,
): Promise<string[]> {
  const id = question.toLowerCase().replace(/^#/, '')
  const digits = question.replaceAll(/\D/g, '')
  const seen = (() => {
    const all = read.selectFrom('ticket as t').select(['t.ticketId', 't.openedAtMs'])
    return staff.operator === null ? all : all.where('t.operator', '=', staff.operator)
  })()
  const newest = (rows: typeof seen) => rows.orderBy('t.openedAtMs', 'desc').limit(most).execute()
  const ofOrders = (orders: Array<{ orderId: string }>) =>
    orders.length === 0
      ? []
      : newest(
          seen.where(
            't.orderId',
            'in',
            orders.map(({ orderId }) => orderId),
          ),
        )
  const ways: Array<Promise<Array<{ ticketId: string; openedAtMs: number }>>> = []
  if (/^\d{1,9}$/.test(id)) ways.push(newest(seen.where('t.number', '=', Number(id))))
  // Four signs, or a whole number of a telephone, which is found by its end; an operator does not see numbers.
  if (staff.operator === null && (/^\d{4}$/.test(id) || /^\+?[\d -]{7,20}$/.test(question)))
    ways.push(newest(seen.where('t.phoneTail', '=', digits.slice(-4))))
  if (/^[a-z0-9-]{4,64}$/.test(id)) {
    for (const column of ['t.ticketId', 't.orderId', 't.sessionId', 't.cabinetId', 't.consumerId'] as const)
      ways.push(newest(seen.where(column, '=', id)))
    const [payments, refunds, charges, complaints] = await Promise.all([
      read.selectFrom('payment').select('orderId').where('transactionId', 'in', [question, id]).execute(),
      read.selectFrom('refund').select('orderId').where('refundId', '=', id).execute(),
      read.selectFrom('charge').select('orderId').where('outOrderNo', '=', id).execute(),
      read.selectFrom('providerComplaint').select('ticketId').where('complaintId', '=', question).execute(),
    ])
    ways.push(Promise.resolve(ofOrders([...payments, ...refunds, ...charges])))
    const answered = complaints.flatMap(({ ticketId }) => (ticketId === null ? [] : [ticketId]))
    if (answered.length > 0) ways.push(newest(seen.where('t.ticketId', 'in', answered)))
  }
  const end = /^c-([0-9a-z]{4,32})$/.exec(id)?.[1]
  if (end !== undefined)
    ways.push(
      newest(
        seen
          // Written as in the index, or SQLite would look at every row.
          .where(sql<SqlBool>`substr(t.consumerId, -4) = ${end.slice(-4)}`)
          .where(sql<SqlBool>`substr(t.consumerId, ${-end.length}) = ${end}`),
      ),
    )
  const rows = (await Promise.all(ways)).flat()
  rows.sort((a, b) => b.openedAtMs - a.openedAtMs)
  return [...new Set(rows.map(({ ticketId }) => ticketId))]
}

async function searchText(
  read: Kysely<Tables>,
  staff: StaffIdentity,
  question: string,
  most: number,
): Promise<Found[]> {
  const words = wordsOf(question)
  const match = await matchOf(read, words)
  if (match === undefined) return []
  const mine = (alias: string) =>
    staff.operator === null ? sql`` : sql`AND ${sql.ref(`${alias}.operator`)} = ${staff.operator}`
  const shared = staff.operator === null ? sql`` : sql`AND m.isInternal = 0`
  // The newest texts first, which the index gives in this order, and the best of those.
  const { rows } = await sql<{ textId: number; ticketId: string; place: 'question' | 'message' | 'note' }>`
    SELECT textId, ticketId, place FROM (
      SELECT x.textId, t.ticketId, t.openedAtMs, bm25(ticketSearch) AS score,
        CASE WHEN m.messageId IS NULL THEN 'question' WHEN m.isInternal = 1 THEN 'note' ELSE 'message' END AS place
      FROM ticketSearch
      CROSS JOIN ticketText AS x ON x.textId = ticketSearch.rowid
      LEFT JOIN ticketMessage AS m ON m.messageId = x.messageId ${shared}
      JOIN ticket AS t ON t.ticketId = coalesce(x.ticketId, m.ticketId)
      WHERE ticketSearch MATCH ${match} ${mine('t')}
      ORDER BY ticketSearch.rowid DESC LIMIT ${TEXTS_RANKED})
    ORDER BY score, openedAtMs DESC, textId DESC`.execute(read)
  const best = new Map<string, (typeof rows)[number]>()
  for (const row of rows) if (best.size < most && !best.has(row.ticketId)) best.set(row.ticketId, row)
  const found = await withPieces(read, [...best.values()], words)
  if (found.length >= most) return found
  const { rows: cabinets } = await sql<{ textId: number; cabinetId: string }>`
    SELECT x.textId, c.cabinetId FROM ticketSearch
    CROSS JOIN ticketText AS x ON x.textId = ticketSearch.rowid
    JOIN cabinet AS c ON c.cabinetId = x.cabinetId
    WHERE ticketSearch MATCH ${match} ${mine('c')}
    ORDER BY ticketSearch.rank LIMIT ${CABINETS_MOST}`.execute(read)
  for (const { textId, cabinetId } of cabinets) {
    if (found.length >= most) break
    let theirs = read.selectFrom('ticket as t').select('t.ticketId').where('t.cabinetId', '=', cabinetId)
    if (staff.operator !== null) theirs = theirs.where('t.operator', '=', staff.operator)
    const tickets = await theirs
      .orderBy('t.openedAtMs', 'desc')
      .limit(most - found.length)
      .execute()
    const places = tickets
      .filter(({ ticketId }) => !best.has(ticketId))
      .map(({ ticketId }) => ({ textId, ticketId, place: 'cabinet' as const }))
    found.push(...(await withPieces(read, places, words)))
  }
  return found
}

async function withPieces(
  read: Kysely<Tables>,
  places: ReadonlyArray<{
    textId: number
    ticketId: string
    place: NonNullable<TicketRow['found']>['where']
  }>,
  words: readonly string[],
): Promise<Found[]> {
  if (places.length === 0) return []
  const texts = await read
    .selectFrom('ticketSearched')
    .select(['textId', 'text'])
    .where('textId', 'in', [...new Set(places.map(({ textId }) => textId))])
    .execute()
  const textOf = new Map(texts.map(({ textId, text }) => [textId, text ?? '']))
  return places.map(({ textId, ticketId, place }) => ({
    ticketId,
    found: { where: place, pieces: piecesOf(textOf.get(textId) ?? '', words) },
  }))
}

/** @returns what the index is asked, all words of it; undefined when nothing can be there */
async function matchOf(read: Kysely<Tables>, words: readonly string[]): Promise<string | undefined> {
  if (words.length === 0) return undefined
  const parts: string[] = []
  for (const word of words) {
    if (Array.from(word).length >= TRIPLE) {
      parts.push(phraseOf(word))
      continue
    }
    const start = word.toLowerCase()
    const triples = await read
      .selectFrom('ticketSearchTerm')
      .select('term')
      .where('term', '>=', start)
      .where('term', '<', `${start}\u{10ffff}`)
      .limit(TRIPLES_MOST)
      .execute()
    if (triples.length === 0) return undefined
    parts.push(`(${triples.map(({ term }) => phraseOf(term)).join(' OR ')})`)
  }
  return parts.join(' AND ')
}
