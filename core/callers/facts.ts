import type { Kysely, Selectable } from 'kysely'
import type { CallerFact } from '#protocol/api/callers.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { zoneOfCabinet } from '#core/cabinets/zones.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import { getOrder } from '#core/orders/store.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type KnownFact, toldFacts } from './choose-facts.ts'

type TicketRow = Selectable<Tables['ticket']>
const TAIL_LENGTH = 4
const both = (text: string) => ({ zh: text, en: text })

/** Everything that could be asked about the order of a ticket, and what the ticket says already. */
export async function factsOf(
  db: Kysely<Tables>,
  ticket: TicketRow & { orderId: string },
  nowMs: number,
): Promise<{ facts: KnownFact[]; told: Set<CallerFact> }> {
  const order = await getOrder(db, ticket.orderId)
  const [session, lines, payment, cabinet, phone, products, zone] = await Promise.all([
    db
      .selectFrom('session')
      .select(['openedAtMs', 'requestedAtMs'])
      .where('sessionId', '=', order.sessionId)
      .executeTakeFirstOrThrow(),
    db.selectFrom('orderLine').select(['sku', 'quantity']).where('orderId', '=', order.orderId).execute(),
    db
      .selectFrom('payment')
      .select('transactionId')
      .where('orderId', '=', order.orderId)
      .orderBy('paidAtMs')
      .executeTakeFirst(),
    db
      .selectFrom('cabinet')
      .select(['nameZh', 'nameEn', 'siteZh', 'siteEn'])
      .where('cabinetId', '=', order.cabinetId)
      .executeTakeFirst(),
    provedPhoneOf(db, order.consumerId, ticket.ticketId),
    productsBySku(db),
    zoneOfCabinet(db, order.cabinetId),
  ])
  const atMs = session.openedAtMs ?? session.requestedAtMs
  const transactionTail = payment?.transactionId.slice(-TAIL_LENGTH) ?? null
  const goods = (language: 'zh' | 'en') =>
    lines
      .map(({ sku, quantity }) => `${products.get(sku)?.name[language] ?? sku} × ${quantity}`)
      .join(language === 'zh' ? '、' : ', ')
  const facts: KnownFact[] = [
    {
      fact: 'when',
      answer: { zh: formatMoment('zh', atMs, nowMs, zone), en: formatMoment('en', atMs, nowMs, zone) },
    },
  ]
  if (transactionTail !== null) facts.push({ fact: 'transaction', answer: both(`…${transactionTail}`) })
  if (phone !== undefined) facts.push({ fact: 'phone', answer: both(`…${phone}`) })
  if (order.totalFen > 0)
    facts.push({ fact: 'amount', answer: both(`¥${(order.totalFen / 100).toFixed(2)}`) })
  if (lines.length > 0) facts.push({ fact: 'goods', answer: { zh: goods('zh'), en: goods('en') } })
  if (cabinet !== undefined)
    facts.push({
      fact: 'where',
      answer: {
        zh: `${cabinet.siteZh} · ${cabinet.nameZh}`,
        en: `${cabinet.siteEn} · ${cabinet.nameEn}`,
      },
    })
  const intake = JSON.parse(ticket.intake) as Record<string, string | number | boolean>
  const told = toldFacts(
    { note: ticket.note, intake },
    { skus: lines.map(({ sku }) => sku), totalFen: order.totalFen, transactionTail },
  )
  return { facts, told }
}

/** The number that they called from before, when they were found to be who they said. */
async function provedPhoneOf(
  db: Kysely<Tables>,
  consumerId: string,
  exceptTicketId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('ticket as t')
    .innerJoin('callerCheck as c', 'c.ticketId', 't.ticketId')
    .select('t.phoneTail')
    .where('c.consumerId', '=', consumerId)
    .where('c.state', 'in', ['passed', 'ended'])
    .where('c.way', '<>', 'lead')
    .where('t.phoneTail', 'is not', null)
    .where('t.ticketId', '<>', exceptTicketId)
    .orderBy('c.askedAtMs', 'desc')
    .executeTakeFirst()
  return row?.phoneTail ?? undefined
}
