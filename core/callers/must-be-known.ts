import type { Kysely } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import { getOrder } from '#core/orders/store.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import {
  type Asking,
  decideCaller,
  decideReading,
  isFromCaller,
  type Reading,
  type Spoken,
} from './decide-caller.ts'

/** Nobody waits for anything in these. */
const OVER = ['resolved', 'closed', 'merged']

/** Every ticket about a person and these orders of theirs that is not closed, with what is known of who speaks in it. */
async function askingsAbout(
  db: Kysely<Tables>,
  consumerId: string,
  orderIds: readonly string[],
  namedTicketId: string | undefined,
): Promise<Asking[]> {
  const rows = await db
    .selectFrom('ticket')
    .select([
      'ticketId',
      'number',
      'orderId',
      'origin',
      'channel',
      'openedBy',
      'consumerId',
      'splitFromId',
      'state',
      'mergedIntoId',
    ])
    .where('state', '<>', 'closed')
    .where((eb) =>
      eb.or([
        eb('consumerId', '=', consumerId),
        eb('orderId', 'in', orderIds),
        ...(namedTicketId === undefined ? [] : [eb('ticketId', '=', namedTicketId)]),
      ]),
    )
    // The newest call is the one that is being spoken on.
    .orderBy('number', 'desc')
    .execute()
  const roots = rows.filter(({ mergedIntoId }) => mergedIntoId === null)
  const ids = roots.map(({ ticketId }) => ticketId)
  const checks =
    ids.length === 0
      ? []
      : await db
          .selectFrom('callerCheck')
          .select(['ticketId', 'state', 'validUntilMs'])
          .where('ticketId', 'in', ids)
          .where('state', 'in', ['passed', 'ended'])
          .execute()
  return roots.map((root) => {
    const own = checks.filter(({ ticketId }) => ticketId === root.ticketId)
    // What somebody said who was not known goes on being that in the ticket it was merged into.
    const hasCaller = [root, ...rows.filter(({ mergedIntoId }) => mergedIntoId === root.ticketId)].some(
      isFromCaller,
    )
    const isTheirs =
      root.consumerId === consumerId &&
      (root.openedBy === consumerId || root.channel === 'order' || root.channel === 'provider')
    return {
      ticketId: root.ticketId,
      number: root.number,
      orderId: root.orderId,
      hasCaller,
      isOpen: !OVER.includes(root.state),
      isOwnQuestion: isTheirs && !OVER.includes(root.state),
      knownUntilMs: own.find(({ state }) => state === 'passed')?.validUntilMs ?? null,
      wasKnown: own.length > 0,
    }
  })
}

/**
 * Before money moves by the hand of staff, or what is personal is said: in the transaction that moves it.
 * @param move.ticketId  the ticket that staff name; every other one about the person is looked at as well
 * @throws CabinetError `caller_not_verified`, with the ticket on which to find out
 */
export async function mustKnowCaller(
  tx: Tx,
  move: { orderId: string; ticketId?: string | undefined; isApproval?: boolean },
): Promise<void> {
  const { orderId, ticketId, isApproval = false } = move
  const { consumerId } = await getOrder(tx, orderId)
  const askings = await askingsAbout(tx, consumerId, [orderId], ticketId)
  const inTheWay = decideCaller(askings, { orderId, ticketId, nowMs: nowOf(tx), isApproval })
  if (inTheWay !== undefined) throw notVerified(inTheWay)
}

/**
 * As `mustKnowCaller`, where only looking follows.
 * @throws CabinetError `caller_not_verified`
 */
export async function mustKnowCallerToRead(
  db: Kysely<Tables>,
  orderId: string,
  nowMs: number,
): Promise<void> {
  const { consumerId } = await getOrder(db, orderId)
  const askings = await askingsAbout(db, consumerId, [orderId], undefined)
  const inTheWay = decideReading(askings, { orderId, nowMs })
  if (inTheWay !== undefined) throw notVerified(inTheWay)
}

/**
 * The orders among these whose amounts are left out of a list for this reader: `mustKnowCallerToRead` would not let them be
 * read. Whoever speaks with no caller, such as who keeps the books, is shown them all.
 * @returns order ids
 */
export async function unreadableAmong(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  orders: ReadonlyArray<{ readonly orderId: string; readonly consumerId: string }>,
  nowMs: number,
  as: Pick<Reading, 'isApproval'> = {},
): Promise<Set<string>> {
  const unreadable = new Set<string>()
  if (orders.length === 0 || !staff.permissions.has('caller.verify')) return unreadable
  const byConsumer = Map.groupBy(orders, ({ consumerId }) => consumerId)
  // Most people ask nothing, and need no further look.
  const asking = await db
    .selectFrom('ticket')
    .select(['consumerId', 'orderId'])
    .where('state', '<>', 'closed')
    .where((eb) =>
      eb.or([
        eb('consumerId', 'in', [...byConsumer.keys()]),
        eb(
          'orderId',
          'in',
          orders.map(({ orderId }) => orderId),
        ),
      ]),
    )
    .execute()
  const consumers = new Set(asking.map(({ consumerId }) => consumerId))
  const named = new Set(asking.map(({ orderId }) => orderId))
  for (const [consumerId, theirs] of byConsumer) {
    if (!consumers.has(consumerId) && !theirs.some(({ orderId }) => named.has(orderId))) continue
    const orderIds = theirs.map(({ orderId }) => orderId)
    const askings = await askingsAbout(db, consumerId, orderIds, undefined)
    for (const orderId of orderIds)
      if (decideReading(askings, { orderId, nowMs, ...as }) !== undefined) unreadable.add(orderId)
  }
  return unreadable
}

/**
 * Whoever is called back about a purchase is told about it, so they were found to be the buyer when they called.
 * A ticket that is about nobody's purchase has nothing to tell.
 * @throws CabinetError `caller_not_verified`
 */
export async function mustHaveKnownCaller(
  tx: Tx,
  ticket: Spoken & { readonly ticketId: string; readonly number: number },
): Promise<void> {
  if (ticket.consumerId === null || !isFromCaller(ticket)) return
  const known = await tx
    .selectFrom('callerCheck')
    .select('checkId')
    .where('ticketId', '=', ticket.ticketId)
    .where('state', 'in', ['passed', 'ended'])
    .executeTakeFirst()
  if (known === undefined) throw notVerified(ticket)
}

function notVerified({ ticketId, number }: { ticketId: string; number: number }): CabinetError {
  return new CabinetError(
    'caller_not_verified',
    `On ticket ${number} somebody speaks who is not known to be the buyer.`,
    { context: { ticketId, number } },
  )
}
