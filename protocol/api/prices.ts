import Type from 'typebox'
import { Bilingual, closed, Fen, Id, oneOf, Sku, WallMs } from './common.ts'

/** Price lists and promotions: made and stopped, never edited, so that any past visit can be priced again. */
const Name = Type.Object(
  { zh: Type.String({ minLength: 1, maxLength: 30 }), en: Type.String({ minLength: 1, maxLength: 60 }) },
  closed,
)
const CabinetIds = Type.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true })
const Skus = Type.Array(Sku, { minItems: 1, maxItems: 200, uniqueItems: true })
const PriceFen = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'fen' })

export const PriceListCreate = Type.Object(
  {
    name: Name,
    cabinets: CabinetIds,
    prices: Type.Array(Type.Object({ sku: Sku, priceFen: PriceFen }, closed), { minItems: 1, maxItems: 200 }),
    startsAtMs: WallMs,
    endsAtMs: Type.Union([WallMs, Type.Null()]),
  },
  closed,
)
export type PriceListCreate = Type.Static<typeof PriceListCreate>

export const PromotionCreate = Type.Object(
  {
    name: Name,
    kind: oneOf(['timed', 'threshold']),
    cabinets: Type.Union([CabinetIds, Type.Null()], { description: 'null: all of the operator' }),
    skus: Type.Union([Skus, Type.Null()], { description: 'null: all goods' }),
    startsAtMs: WallMs,
    endsAtMs: WallMs,
    fromMinute: Type.Integer({ minimum: 0, maximum: 1439, description: "of the cabinet's local day" }),
    toMinute: Type.Integer({ minimum: 1, maximum: 1440 }),
    weekdays: Type.Integer({ minimum: 1, maximum: 127, description: 'bit 0 is Monday' }),
    percentOff: Type.Union([Type.Integer({ minimum: 1, maximum: 99 }), Type.Null()]),
    priceFen: Type.Union([PriceFen, Type.Null()]),
    thresholdFen: Type.Union([PriceFen, Type.Null()]),
    offFen: Type.Union([PriceFen, Type.Null()]),
    timesMost: Type.Union([Type.Integer({ minimum: 1, maximum: 100 }), Type.Null()]),
    isExclusive: Type.Boolean(),
  },
  closed,
)
export type PromotionCreate = Type.Static<typeof PromotionCreate>

const State = oneOf(['planned', 'running', 'ended', 'stopped'])
export const PriceListView = Type.Object(
  {
    priceListId: Id,
    operator: Type.String(),
    name: Bilingual,
    state: State,
    cabinets: Type.Array(Id),
    prices: Type.Array(Type.Object({ sku: Sku, name: Bilingual, priceFen: Fen, usualFen: Fen }, closed)),
    startsAtMs: WallMs,
    endsAtMs: Type.Union([WallMs, Type.Null()]),
    createdAtMs: WallMs,
    createdBy: Type.String(),
  },
  closed,
)
export type PriceListView = Type.Static<typeof PriceListView>
export const PromotionView = Type.Object(
  {
    promotionId: Id,
    operator: Type.String(),
    kind: oneOf(['timed', 'threshold']),
    name: Bilingual,
    text: Bilingual,
    state: State,
    cabinets: Type.Union([Type.Array(Id), Type.Null()]),
    startsAtMs: WallMs,
    endsAtMs: WallMs,
    fromMinute: Type.Integer(),
    toMinute: Type.Integer(),
    weekdays: Type.Integer(),
    isExclusive: Type.Boolean(),
    createdAtMs: WallMs,
    createdBy: Type.String(),
    /** What it has taken off so far. */
    orderCount: Type.Integer(),
    givenFen: Fen,
  },
  closed,
)
export type PromotionView = Type.Static<typeof PromotionView>
export const PriceBoard = Type.Object(
  {
    priceLists: Type.Array(PriceListView),
    promotions: Type.Array(PromotionView),
    /** What a form chooses from. */
    cabinets: Type.Array(Type.Object({ cabinetId: Id, name: Bilingual, operator: Type.String() }, closed)),
    products: Type.Array(Type.Object({ sku: Sku, name: Bilingual, priceFen: Fen }, closed)),
    mayChange: Type.Boolean(),
    nowMs: WallMs,
  },
  closed,
)
export type PriceBoard = Type.Static<typeof PriceBoard>

/** A basket, priced with what holds and with what is being made, before it is made. */
export const PricePreviewRequest = Type.Object(
  {
    cabinetId: Id,
    atMs: WallMs,
    goods: Type.Array(
      Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: 1, maximum: 20 }) }, closed),
      {
        minItems: 1,
        maxItems: 20,
      },
    ),
    promotion: Type.Union([PromotionCreate, Type.Null()]),
    priceList: Type.Union([PriceListCreate, Type.Null()]),
  },
  closed,
)
export type PricePreviewRequest = Type.Static<typeof PricePreviewRequest>
const Priced = Type.Object(
  {
    grossFen: Fen,
    totalFen: Fen,
    lines: Type.Array(
      Type.Object({ sku: Sku, quantity: Type.Integer(), unitPriceFen: Fen, amountFen: Fen }, closed),
    ),
    discounts: Type.Array(Type.Object({ name: Bilingual, amountFen: Fen }, closed)),
  },
  closed,
)
export const PricePreview = Type.Object(
  {
    before: Priced,
    /** With what is being made. */
    after: Priced,
    warnings: Type.Array(Bilingual),
  },
  closed,
)
export type PricePreview = Type.Static<typeof PricePreview>
