import { readFileSync } from 'node:fs'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'

/**
 * What the simulator takes from the seed file (scripts/seed/demo.json): which goods exist, how they look, and where
 * they lie. Everything else in that file is the core's.
 */
const Picture = Type.Object({
  shape: Type.Union([
    Type.Literal('can'),
    Type.Literal('bottle'),
    Type.Literal('cup'),
    Type.Literal('box'),
    Type.Literal('bag'),
  ]),
  color: Type.String({ pattern: '^#[0-9a-fA-F]{6}$' }),
  accent: Type.String({ pattern: '^#[0-9a-fA-F]{6}$' }),
})
export type Picture = Type.Static<typeof Picture>

const Product = Type.Object({
  sku: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
  name: Type.Object({ zh: Type.String(), en: Type.String() }),
  unitGrams: Type.Number({
    exclusiveMinimum: 0,
    maximum: 20_000,
    description: 'grams, catalogue mean of one',
  }),
  sigmaGrams: Type.Number({ minimum: 0, maximum: 500, description: 'grams, standard deviation of one' }),
  picture: Picture,
})
export type Product = Type.Static<typeof Product>

const GoodsFile = Type.Object({
  cabinet: Type.Optional(
    Type.Object({
      id: Type.Optional(Type.String()),
      setpointDeciCelsius: Type.Optional(Type.Integer()),
      timeZone: Type.Optional(Type.String()),
    }),
  ),
  products: Type.Array(Product, { minItems: 1, maxItems: 1000 }),
  planogram: Type.Object({
    shelves: Type.Array(
      Type.Object({
        id: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
        door: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 1,
            description: 'the door that it is behind; the first when absent',
          }),
        ),
        lanes: Type.Array(
          Type.Object({ sku: Type.String(), stock: Type.Integer({ minimum: 0, maximum: 200 }) }),
          { maxItems: 20 },
        ),
      }),
      { minItems: 1, maxItems: 8 },
    ),
  }),
})
export type GoodsFile = Type.Static<typeof GoodsFile>

const goodsFile = Compile(GoodsFile)

/** @throws CabinetError config_invalid, naming the file and the field */
export function loadGoodsFile(path: string): GoodsFile {
  try {
    return parseGoods(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new CabinetError('config_invalid', `The goods file ${path}: ${messageOf(error)}.`, { cause: error })
  }
}

/** @throws Error naming the first wrong field */
export function parseGoods(value: unknown): GoodsFile {
  if (!goodsFile.Check(value)) {
    const [first] = goodsFile.Errors(value)
    throw new Error(`${first?.instancePath || 'the file'} ${first?.message ?? 'is wrong'}`)
  }
  const known = new Set(value.products.map((product) => product.sku))
  for (const shelf of value.planogram.shelves) {
    for (const lane of shelf.lanes) {
      if (!known.has(lane.sku))
        throw new Error(`shelf ${shelf.id} holds ${lane.sku}, which is no product of the file`)
    }
  }
  return value
}
