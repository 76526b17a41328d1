import type { CabinetForConsumer, SessionView } from '#protocol/api/consumer.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { isWithinHours, nextOpeningMs } from '#protocol/base/selling-hours.ts'
import { doorsOf, isForSale } from '#core/cabinets/doors.ts'
import type { CabinetPresence, PresenceBook } from '#core/cabinets/presence.ts'
import { planogramOf, productsBySku, stockOf } from '#core/catalog/queries.ts'
import type { Consumers } from '#core/consumers/consumers.ts'
import type { Database } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'
import { expiredAt } from '#core/restock/expired.ts'
import { blockedAt } from '#core/restock/unsaleable.ts'
import { isStaffAt } from '#core/restock/store.ts'
import { describePromotion, shownPrice } from '#core/pricing/describe.ts'
import { benefitsOf, priceBookAt } from '#core/pricing/store.ts'
import { sellingHoursOf } from './hours.ts'
import { sessionMachine } from './machine.ts'
import { liveSessionAt, type SessionRow } from './store.ts'

/** In a running visit the cabinet speaks every second; this much silence is worth saying. */
const SILENT_MS = 8_000
/** A visit that ended this recently is still shown on the page of the cabinet. */
const JUST_ENDED_MS = 3 * 60_000
const RUNNING = new Set(['unlocking', 'opened', 'closed', 'overdue'])

/** A session as its consumer sees it. */
export async function sessionView(
  deps: { db: Database; presence: PresenceBook; clock: { now(): number } },
  session: SessionRow,
): Promise<SessionView> {
  const order = await deps.db.read
    .selectFrom('order')
    .select(['orderId', 'state'])
    .where('sessionId', '=', session.sessionId)
    .executeTakeFirst()
  const heard = deps.presence.nowOf(session.cabinetId)
  const isSilent = heard.lastHeardMs !== null && deps.clock.now() - heard.lastHeardMs > SILENT_MS
  return {
    sessionId: session.sessionId,
    cabinetId: session.cabinetId,
    state: session.state,
    ...(session.deniedReason === null ? {} : { deniedReason: session.deniedReason }),
    orderId: order?.orderId ?? null,
    ...(order === undefined ? {} : { orderState: order.state }),
    requestedAtMs: session.requestedAtMs,
    openedAtMs: session.openedAtMs,
    closedAtMs: session.closedAtMs,
    isCabinetOffline: heard.presence !== 'online' || (RUNNING.has(session.state) && isSilent),
  }
}

/** What the code on the cabinet opens: goods, prices, state, and the reader's own visit. */
export async function cabinetForConsumer(
  deps: {
    db: Database
    presence: PresenceBook
    clock: { now(): number }
    policy: Policy
    consumers: Pick<Consumers, 'findRestriction'>
  },
  cabinetId: string,
  consumerId: string | undefined,
): Promise<CabinetForConsumer> {
  const { read } = deps.db
  const cabinet = await read
    .selectFrom('cabinet')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (cabinet === undefined) throw new CabinetError('unknown_cabinet')
  const [heard, doors, planogram, products, stock, own] = await Promise.all([
    deps.presence.presenceOf(cabinetId),
    doorsOf(read, cabinetId),
    planogramOf(read, cabinetId),
    productsBySku(read),
    stockOf(read, cabinetId),
    consumerId === undefined
      ? undefined
      : read
          .selectFrom('session')
          .select(['sessionId', 'state', 'requestedAtMs', 'closedAtMs'])
          .where('consumerId', '=', consumerId)
          .where('cabinetId', '=', cabinetId)
          .orderBy('requestedAtMs', 'desc')
          .limit(1)
          .executeTakeFirst(),
  ])
  const nowMs = deps.clock.now()
  const doorViews = await Promise.all(
    (doors.length === 0 ? [{ shelves: [] }] : doors).map(async ({ shelves }, door) => ({
      door,
      shelves: [...shelves],
      status: await doorStatus(read, cabinetId, {
        door,
        nowMs,
        isForSale: isForSale(doors, door, planogram?.shelves ?? []),
      }),
    })),
  )
  const isBusy =
    doorViews.every(({ status }) => status !== 'open') && doorViews.some(({ status }) => status === 'busy')
  const hours = await sellingHoursOf(read, cabinetId)
  const isSelling = isWithinHours(hours, nowMs)
  const opensAtMs = isSelling ? undefined : nextOpeningMs(hours, nowMs)
  const hasExpired = (await expiredAt(read, cabinetId, nowMs)).length > 0
  const hasBlocked = (await blockedAt(read, cabinetId)).length > 0
  const book = await priceBookAt(read, { cabinetId }, nowMs)
  const benefits = consumerId === undefined ? undefined : await benefitsOf(read, consumerId, nowMs)
  const restriction =
    consumerId === undefined ? undefined : await deps.consumers.findRestriction(read, consumerId)
  const isOwnRecent =
    own !== undefined &&
    (!sessionMachine.isTerminal(own.state) ||
      deps.clock.now() - (own.closedAtMs ?? own.requestedAtMs) < JUST_ENDED_MS)
  return {
    cabinetId,
    name: { zh: cabinet.nameZh, en: cabinet.nameEn },
    site: { zh: cabinet.siteZh, en: cabinet.siteEn },
    contact: cabinet.contact,
    status: statusOf(heard, { isBusy, isSelling, hasExpired, hasBlocked }),
    ...(opensAtMs === undefined ? {} : { opensAtMs }),
    capFen: Math.min(deps.policy.sessionCapFen, restriction?.capFen ?? deps.policy.sessionCapFen),
    retentionDays: deps.policy.routinePictureDays,
    shelves: (planogram?.shelves ?? []).map((shelf) => ({
      id: shelf.id,
      products: shelf.products.flatMap(({ sku }) => {
        const product = products.get(sku)
        if (product === undefined) return []
        const inStock = stock.find((line) => line.shelf === shelf.id && line.sku === sku)?.quantity ?? 0
        return [
          {
            sku,
            name: product.name,
            picture: product.picture,
            ...shownPrice(book, sku),
            inStock: Math.max(0, inStock),
          },
        ]
      }),
    })),
    ...(doors.length < 2 ? {} : { doors: doorViews }),
    ...(book.promotions.length === 0
      ? {}
      : { promotions: book.promotions.map((one) => describePromotion(one, products)) }),
    ...(benefits === undefined || (benefits.coupons.length === 0 && benefits.points === 0)
      ? {}
      : {
          benefits: {
            couponCount: benefits.coupons.length,
            couponFen: benefits.coupons.reduce((sum, one) => sum + one.offFen, 0),
            points: benefits.points,
          },
        }),
    ...(restriction === undefined
      ? {}
      : {
          restriction: {
            level: restriction.level,
            capFen: restriction.capFen,
            expiresAtMs: restriction.expiresAtMs,
          },
        }),
    session: isOwnRecent ? { sessionId: own.sessionId, state: own.state } : null,
    signedIn: consumerId !== undefined,
  }
}

/** In the order in which an opening would be refused. */
async function doorStatus(
  read: Database['read'],
  cabinetId: string,
  { door, nowMs, isForSale }: { door: number; nowMs: number; isForSale: boolean },
): Promise<'open' | 'busy' | 'staff_only'> {
  if (!isForSale) return 'staff_only'
  const isTaken =
    (await liveSessionAt(read, cabinetId, door)) !== undefined ||
    (await isStaffAt(read, cabinetId, door, nowMs))
  return isTaken ? 'busy' : 'open'
}

function statusOf(
  heard: CabinetPresence,
  about: { isBusy: boolean; isSelling: boolean; hasExpired: boolean; hasBlocked: boolean },
): CabinetForConsumer['status'] {
  if (heard.isOutOfService) return 'out_of_service'
  if (heard.isLockedOut) return 'locked_out'
  if (about.hasExpired) return 'goods_expired'
  if (about.hasBlocked) return 'goods_blocked'
  if (!about.isSelling) return 'closed'
  if (heard.presence === 'unknown') return 'unknown'
  if (heard.presence !== 'online') return 'offline'
  return about.isBusy ? 'busy' : 'open'
}
