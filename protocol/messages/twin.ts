import Type from 'typebox'
import { TWIN_PARTS, TWIN_STATUSES, type TwinPart, type TwinStatus } from '../base/twin-parts.ts'
import { Code, closed, Text } from './common.ts'

export const TwinPartName = Type.Unsafe<TwinPart>(Type.Union(TWIN_PARTS.map((part) => Type.Literal(part))))
export const TwinStatusName = Type.Unsafe<TwinStatus>(
  Type.Union(TWIN_STATUSES.map((status) => Type.Literal(status))),
)

/** What became of each part of a desired document; `value` is what holds at the cabinet now. */
export const TwinAnswered = Type.Object(
  {
    twinEpoch: Type.String({ maxLength: 64 }),
    version: Type.Integer({ minimum: 1 }),
    parts: Type.Array(
      Type.Object(
        {
          part: TwinPartName,
          status: TwinStatusName,
          value: Type.Unknown(),
          reason: Type.Optional(Code),
          detail: Type.Optional(Text),
        },
        closed,
      ),
      { minItems: 1, maxItems: TWIN_PARTS.length },
    ),
  },
  closed,
)
export type TwinAnswered = Type.Static<typeof TwinAnswered>
