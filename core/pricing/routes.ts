import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import {
  PriceBoard,
  PriceListCreate,
  PricePreview,
  PricePreviewRequest,
  PromotionCreate,
} from '#protocol/api/prices.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Permission } from '#core/staff/permissions.ts'
import { type BestPrice, findBestPrice, type Goods } from './best-price.ts'
import { priceBoard } from './board.ts'
import { isWithin, localTimeOf } from './local-time.ts'
import {
  createPriceList,
  createPromotion,
  findPriceListFault,
  findPromotionFault,
  type PriceMaker,
  stopPrice,
  warningsOf,
} from './manage.ts'
import { type PriceBook, priceBookAt } from './store.ts'

const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })

/** Price lists and promotions: `protocol/api/prices.ts`. */
export function registerPriceRoutes(app: HttpApp, deps: CoreDeps): void {
  const { db, clock, ids } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }
  const makerOf = (request: FastifyRequest): PriceMaker => me(request)
  const board = (request: FastifyRequest) =>
    priceBoard(db.read, me(request).operator, clock.now(), me(request).permissions.has('price.change'))

  app.get('/api/staff/prices', { ...allow('price.read'), schema: { response: { 200: PriceBoard } } }, board)
  app.post(
    '/api/staff/promotions',
    { ...allow('price.change'), schema: { body: PromotionCreate, response: { 201: PriceBoard } } },
    async (request, reply) => {
      await db.write('create a promotion', (tx) => createPromotion(tx, ids, makerOf(request), request.body))
      return reply.code(201).send(await board(request))
    },
  )
  app.post(
    '/api/staff/price-lists',
    { ...allow('price.change'), schema: { body: PriceListCreate, response: { 201: PriceBoard } } },
    async (request, reply) => {
      await db.write('create a price list', (tx) => createPriceList(tx, ids, makerOf(request), request.body))
      return reply.code(201).send(await board(request))
    },
  )
  const stop = (path: string, kind: 'promotion' | 'price_list') =>
    app.post(
      `/api/staff/${path}/:id/stop`,
      { ...allow('price.change'), schema: { params: Type.Object({ id: Id }, closed) } },
      async (request) => {
        await db.write('stop a price', (tx) =>
          stopPrice(tx, makerOf(request), { kind, id: request.params.id }),
        )
        return board(request)
      },
    )
  stop('promotions', 'promotion')
  stop('price-lists', 'price_list')

  app.post(
    '/api/staff/prices/preview',
    { ...allow('price.read'), schema: { body: PricePreviewRequest, response: { 200: PricePreview } } },
    async (request) => {
      const { cabinetId, atMs, goods, promotion, priceList } = request.body
      const { operator } = me(request)
      const cabinet = await db.read
        .selectFrom('cabinet')
        .select(['operator', 'timeZone'])
        .where('cabinetId', '=', cabinetId)
        .executeTakeFirst()
      if (cabinet === undefined || (operator !== null && cabinet.operator !== operator))
        throw new CabinetError('unknown_cabinet')
      const fault =
        (promotion === null ? undefined : findPromotionFault(promotion, clock.now())) ??
        (priceList === null ? undefined : findPriceListFault(priceList, clock.now()))
      if (fault !== undefined) throw new CabinetError('price_conflict', fault)
      const book = await priceBookAt(db.read, { cabinetId }, atMs)
      const isOn =
        promotion !== null &&
        isWithin(promotion, localTimeOf(atMs, cabinet.timeZone)) &&
        (promotion.cabinets === null || promotion.cabinets.includes(cabinetId))
      const prices = new Map(book.prices)
      if (priceList?.cabinets.includes(cabinetId) === true)
        for (const item of priceList.prices) if (prices.has(item.sku)) prices.set(item.sku, item.priceFen)
      const after: PriceBook = {
        prices,
        promotions: isOn
          ? [...book.promotions, { id: 'new', ...asOffer(promotion), endsAtMs: promotion.endsAtMs }]
          : book.promotions,
      }
      return {
        before: priced(goods, book),
        after: priced(goods, after),
        warnings: [
          ...warningsOf(promotion ?? undefined, book.prices, priceList ?? undefined),
          ...(promotion !== null && !isOn
            ? [{ zh: '此时此柜该活动不生效。', en: 'It does not hold at this cabinet at this time.' }]
            : []),
        ],
      }
    },
  )
}

function asOffer(wish: PromotionCreate) {
  const { name, skus, isExclusive } = wish
  return wish.kind === 'timed'
    ? { kind: wish.kind, name, skus, isExclusive, percentOff: wish.percentOff, priceFen: wish.priceFen }
    : {
        kind: wish.kind,
        name,
        skus,
        isExclusive,
        thresholdFen: wish.thresholdFen ?? 1,
        offFen: wish.offFen ?? 0,
        timesMost: wish.timesMost ?? 1,
      }
}
function priced(goods: ReadonlyArray<{ sku: string; quantity: number }>, book: PriceBook) {
  const lines: Goods[] = goods
    .filter(({ sku }) => book.prices.has(sku))
    .map((line) => ({ ...line, unitPriceFen: book.prices.get(line.sku) ?? 0 }))
  const best: BestPrice = findBestPrice(lines, { promotions: book.promotions, coupons: [], points: 0 })
  return {
    grossFen: best.grossFen,
    totalFen: best.totalFen,
    lines: lines.map((line, index) => ({ ...line, amountFen: best.amounts[index] ?? 0 })),
    discounts: best.discounts.map(({ name, amountFen }) => ({ name: { ...name }, amountFen })),
  }
}
