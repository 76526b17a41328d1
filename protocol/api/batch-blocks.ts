import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, Sku, WallMs } from './common.ts'

const Day = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  description: 'the last day of sale, at the cabinet',
})
const BatchName = Type.String({ minLength: 1, maxLength: 60 })
const Reason = Type.String({ minLength: 3, maxLength: 500 })

/** Goods of one make: its number, its last day of sale, or both; as they were told when it was put in. */
const Batch = {
  sku: Sku,
  batch: Type.Union([Type.Null(), BatchName]),
  expiresOn: Type.Union([Type.Null(), Day]),
}

/** Where it may still lie. */
const BatchPlace = Type.Object(
  { cabinetId: Id, name: Bilingual, pieces: Type.Integer({ description: 'at most' }) },
  closed,
)

export const BATCH_BLOCK_STATES = ['blocked', 'lifted'] as const

export const BatchBlockView = Type.Object(
  {
    blockId: Id,
    ...Batch,
    name: Bilingual,
    state: oneOf(BATCH_BLOCK_STATES),
    reason: Type.String(),
    blockedBy: Type.String(),
    blockedAtMs: WallMs,
    liftedBy: Type.Union([Type.Null(), Type.String()]),
    liftedAtMs: Type.Union([Type.Null(), WallMs]),
    liftReason: Type.Union([Type.Null(), Type.String()]),
    /** Those of them that the reader may see. */
    ticketIds: Type.Array(Id),
    places: Type.Array(BatchPlace),
  },
  closed,
)
export type BatchBlockView = Type.Static<typeof BatchBlockView>

/** GET /api/staff/batch-blocks: newest first */
export const BatchBlockList = Type.Object(
  { blocks: Type.Array(BatchBlockView), mayDecide: Type.Boolean() },
  closed,
)
export type BatchBlockList = Type.Static<typeof BatchBlockList>

/** GET /api/staff/tickets/:ticketId/batches: the batches that the goods of a complaint may have been of */
export const SuspectBatches = Type.Object(
  {
    batches: Type.Array(
      Type.Object(
        {
          ...Batch,
          name: Bilingual,
          /** Complaints about the quality of these goods from cabinets that hold or held this batch; the ticket is one of them. */
          ticketIds: Type.Array(Id),
          places: Type.Array(BatchPlace),
          /** Set while it may not be sold. */
          blockId: Type.Union([Type.Null(), Id]),
          /** So many complaints that blocking it is proposed. */
          isProposed: Type.Boolean(),
        },
        closed,
      ),
    ),
    mayDecide: Type.Boolean(),
  },
  closed,
)
export type SuspectBatches = Type.Static<typeof SuspectBatches>

/** POST /api/staff/batch-blocks; the id is made by the page, so that sending it again changes nothing. */
export const BatchBlockCreate = Type.Object(
  { blockId: Id, ...Batch, reason: Reason, ticketId: Type.Optional(Id) },
  closed,
)
export type BatchBlockCreate = Type.Static<typeof BatchBlockCreate>

/** POST /api/staff/batch-blocks/:blockId/lift */
export const BatchBlockLift = Type.Object({ reason: Reason }, closed)
export type BatchBlockLift = Type.Static<typeof BatchBlockLift>
