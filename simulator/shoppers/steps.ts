import Type from 'typebox'
import { NETWORK_MODES } from '#simulator/link/proxy.ts'
import { CAMERA_MODES } from '#simulator/camera/modes.ts'

/** What a shopper does, as data. The same steps come over HTTP, from the command line and from the workshop page. */
const closed = { additionalProperties: false } as const
const Shelf = Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'shelf id, for example s3' })
const Sku = Type.String({ pattern: '^[a-z0-9-]{1,40}$', description: 'product code' })
const ItemId = Type.String({ pattern: '^[a-z0-9-]{1,60}$', description: 'one very item' })
const Quantity = Type.Integer({ minimum: 1, maximum: 50, description: 'pieces; default 1' })
const Milliseconds = Type.Integer({ minimum: 0, maximum: 10 * 60_000, description: 'milliseconds' })
const GramsOnShelf = Type.Number({ minimum: 1, maximum: 30_000, description: 'grams' })

const Door = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 1, description: 'from 0; the first when absent' }),
)

export const TAKE_STYLES = ['normal', 'quick', 'together', 'hold'] as const
export const Take = Type.Object(
  {
    shelf: Shelf,
    sku: Type.Optional(Sku),
    itemId: Type.Optional(ItemId),
    quantity: Type.Optional(Quantity),
    style: Type.Optional(
      Type.Enum(TAKE_STYLES, {
        description:
          'normal: one after the other; quick: within 0.3 s; together: in one grip; hold: thinks first',
      }),
    ),
    holdMs: Type.Optional(Milliseconds),
  },
  closed,
)
export type Take = Type.Static<typeof Take>

export const PutBack = Type.Object(
  {
    shelf: Type.Optional(Shelf),
    itemId: Type.Optional(ItemId),
    sku: Type.Optional(Sku),
    quantity: Type.Optional(Quantity),
  },
  closed,
)
export type PutBack = Type.Static<typeof PutBack>

export const Lean = Type.Object({ shelf: Shelf, grams: GramsOnShelf, durationMs: Milliseconds }, closed)
export type Lean = Type.Static<typeof Lean>
export const Touch = Type.Object({ shelf: Shelf, durationMs: Milliseconds }, closed)
export const Foreign = Type.Object({ shelf: Shelf, grams: GramsOnShelf }, closed)
export type Foreign = Type.Static<typeof Foreign>
export const Restock = Type.Object({ shelf: Shelf, sku: Sku, quantity: Quantity }, closed)
export type Restock = Type.Static<typeof Restock>
export const CameraMode = Type.Enum(CAMERA_MODES)
/** The first camera when absent. */
export const CameraName = Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$' }))
export const Network = Type.Object(
  {
    mode: Type.Enum(NETWORK_MODES),
    delayMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 60_000, description: 'milliseconds, each way' }),
    ),
  },
  closed,
)

function step<const Do extends string, P extends Record<string, Type.TSchema>>(name: Do, properties: P) {
  return Type.Object({ do: Type.Literal(name), ...properties }, closed)
}
export const Step = Type.Union([
  step('wait-unlocked', { timeoutMs: Type.Optional(Milliseconds), door: Door }),
  step('wait-locked', { timeoutMs: Type.Optional(Milliseconds), door: Door }),
  step('wait', { ms: Milliseconds }),
  step('open', { door: Door }),
  step('close', { isSoft: Type.Optional(Type.Boolean()), door: Door }),
  step('take', Take.properties),
  step('put-back', PutBack.properties),
  step('lean', Lean.properties),
  step('touch', Touch.properties),
  step('foreign', Foreign.properties),
  step('restock', Restock.properties),
  step('empty-hand', {}),
  step('camera', { mode: CameraMode, camera: CameraName }),
  step('network', Network.properties),
])
export type Step = Type.Static<typeof Step>

export const Visit = Type.Object(
  {
    steps: Type.Array(Step, { minItems: 1, maxItems: 200 }),
    speed: Type.Optional(
      Type.Number({ minimum: 0.1, maximum: 10, description: 'human pauses are divided by this; default 1' }),
    ),
  },
  closed,
)
export type Visit = Type.Static<typeof Visit>
