import Type from 'typebox'
import { ID_PATTERN } from '../base/ids.ts'

/** Pieces that every message family uses. Each field's unit is in its description; the AsyncAPI document shows it. */
export const closed = { additionalProperties: false } as const

export const Id = Type.String({ pattern: ID_PATTERN, description: 'id, [a-z0-9-], at most 32 characters' })
export const WallMs = Type.Integer({
  minimum: 0,
  maximum: 9e15,
  description: 'milliseconds since 1970 UTC, as the sender believes',
})
export const MonoMs = Type.Integer({
  minimum: 0,
  maximum: 9e15,
  description: "milliseconds on the sender's monotonic clock",
})
export const DurationMs = Type.Integer({ minimum: 0, maximum: 9e12, description: 'milliseconds' })
export const Grams = Type.Number({ minimum: -1e6, maximum: 1e6, description: 'grams' })
export const DeciCelsius = Type.Integer({
  minimum: -1000,
  maximum: 1000,
  description: 'tenths of a degree Celsius',
})
export const Probability = Type.Number({ minimum: 0, maximum: 1, description: 'probability, 0 to 1' })
export const Shelf = Type.String({ pattern: ID_PATTERN, description: 'shelf id, for example s1' })
export const Sku = Type.String({ pattern: '^[a-z0-9-]{1,40}$', description: 'product code' })
export const Sha256Hex = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 of the bytes, lower-case hexadecimal',
})
export const Code = Type.String({
  pattern: '^[a-z0-9_.-]{1,64}$',
  description: 'a word of a closed list, for programs',
})
export const Text = Type.String({ maxLength: 500, description: 'a sentence for people' })

/** An interval inside a session. */
export const Interval = Type.Object(
  {
    fromMs: Type.Integer({ description: 'milliseconds since the start of the session' }),
    toMs: Type.Integer({ description: 'milliseconds since the start of the session' }),
  },
  closed,
)
