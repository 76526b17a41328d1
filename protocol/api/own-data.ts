import Type from 'typebox'
import { oneOf } from './common.ts'

const closed = { additionalProperties: false } as const

/** What must come to its end before a person can be forgotten: money or a question is still on its way to them. */
export const OPEN_MATTERS = ['visit', 'unpaid', 'refund', 'question'] as const
export type OpenMatter = (typeof OPEN_MATTERS)[number]

/** GET /api/consumer/own-data/erasure: what erasing would do now. */
export const ErasureView = Type.Object(
  {
    /** Empty when it can be done at once. */
    openMatters: Type.Array(oneOf(OPEN_MATTERS)),
    /** What stays, because the law asks for it: without a name from then on. */
    keptOrders: Type.Integer({ minimum: 0 }),
    /** Pictures and traces that would be let go of. */
    removedFiles: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type ErasureView = Type.Static<typeof ErasureView>

/** POST /api/consumer/own-data/erasure. */
export const ErasureResult = Type.Object(
  { state: oneOf(['erased', 'open_matters']), openMatters: Type.Array(oneOf(OPEN_MATTERS)) },
  closed,
)
export type ErasureResult = Type.Static<typeof ErasureResult>
