import { Bilingual, Fen, Id, Picture, Sku, WallMs, closed, oneOf } from '#protocol/api/common.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import Type from 'typebox'

/** What may lie on which shelf, at what price. Capacity is how many pieces are filled in. */
export const PlanogramShelves = Type.Array(
  Type.Object(
    {
      id: Type.String({ pattern: ID_PATTERN }),
      products: Type.Array(
        Type.Object(
          {
            sku: Sku,
            priceFen: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
            capacity: Type.Integer({ minimum: 1, maximum: 1000 }),
          },
          closed,
        ),
        { maxItems: 40 },
      ),
    },
    closed,
  ),
  { minItems: 1, maxItems: 64 },
)
export type PlanogramShelves = Type.Static<typeof PlanogramShelves>

/** What a planogram costs before anything is sold (protocol/weighing/linter.ts); shares are 0 to 1. Never a refusal. */
export const PlanogramLint = Type.Object(
  {
    errorShare: Type.Number({
      description: 'of steps that weight alone reads wrong, shelves weighted alike',
    }),
    shelves: Type.Array(
      Type.Object(
        { shelf: Type.String(), singleErrorShare: Type.Number(), handfulErrorShare: Type.Number() },
        closed,
      ),
    ),
    pairs: Type.Array(
      Type.Object(
        {
          shelf: Type.String(),
          skus: Type.Tuple([Sku, Sku]),
          gapGrams: Type.Number(),
          sigmaGrams: Type.Number(),
          errorShare: Type.Number(),
          neededGapGrams: Type.Number(),
          samePrice: Type.Boolean(),
          verdict: oneOf(['indistinguishable', 'risky']),
        },
        closed,
      ),
      { description: 'two products of one shelf that are hard to tell apart, the worst first' },
    ),
    better: Type.Union([
      Type.Null(),
      Type.Object(
        {
          shelves: Type.Array(Type.Object({ id: Type.String(), skus: Type.Array(Sku) }, closed)),
          errorShare: Type.Number(),
          moves: Type.Integer(),
        },
        closed,
      ),
    ]),
    isSearchWhole: Type.Boolean({
      description:
        'false: time was up before every dealing was tried; null or not, there may be a better one',
    }),
    learnedProducts: Type.Integer({
      minimum: 0,
      description: 'products whose weight this cabinet has learned; for the others the catalogue counts',
    }),
  },
  closed,
)
export type PlanogramLint = Type.Static<typeof PlanogramLint>

const PlanogramLintOrNone = Type.Union([
  Type.Null({ description: 'it could not be worked out in time; nothing else depends on it' }),
  PlanogramLint,
])

/** GET /api/staff/cabinets/:id/planogram : the current one with its lint, and what could lie in it */
export const PlanogramView = Type.Object(
  {
    cabinetId: Id,
    cabinetName: Bilingual,
    version: Type.Integer({ description: '0: there is none yet' }),
    createdAtMs: Type.Union([Type.Null(), WallMs]),
    createdBy: Type.Union([Type.Null(), Type.String()]),
    shelves: PlanogramShelves,
    stock: Type.Array(Type.Object({ shelf: Type.String(), sku: Sku, quantity: Type.Integer() }, closed)),
    products: Type.Array(
      Type.Object(
        { sku: Sku, name: Bilingual, picture: Picture, unitGrams: Type.Number(), priceFen: Fen },
        closed,
      ),
    ),
    lint: PlanogramLintOrNone,
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type PlanogramView = Type.Static<typeof PlanogramView>

/** PUT /api/staff/cabinets/:id/planogram */
export const PlanogramRequest = Type.Object(
  {
    expectedVersion: Type.Integer({ minimum: 0, description: '0: there is none yet' }),
    shelves: PlanogramShelves,
    movesStock: Type.Optional(
      Type.Boolean({
        description: 'goods that change their shelf are booked there: somebody carries them over',
      }),
    ),
  },
  closed,
)
export type PlanogramRequest = Type.Static<typeof PlanogramRequest>

/** The new version, and the lint as a warning with figures. */
export const PlanogramSaved = Type.Object({ version: Type.Integer(), lint: PlanogramLintOrNone }, closed)
export type PlanogramSaved = Type.Static<typeof PlanogramSaved>

/** POST /api/staff/cabinets/:id/planogram/lint : a draft; nothing is saved */
export const PlanogramLintRequest = Type.Object({ shelves: PlanogramShelves }, closed)

export const PlanogramLintResult = Type.Object({ lint: PlanogramLintOrNone }, closed)
export type PlanogramLintResult = Type.Static<typeof PlanogramLintResult>
