import Type from 'typebox'
import { Code, closed, Grams, Id, Shelf, Text } from './common.ts'

/** A settled change of weight on a shelf, as it happens. */
export const WeighingStep = Type.Object(
  {
    sessionId: Type.Optional(Id),
    shelf: Shelf,
    grams: Grams,
    sigmaGrams: Type.Number({ minimum: 0 }),
    explanation: Text,
  },
  closed,
)
export const WeighingPlateauSummary = Type.Object(
  {
    shelf: Shelf,
    meanGrams: Grams,
    sdGrams: Type.Number({ minimum: 0 }),
    samples: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export const WeighingSensorFault = Type.Object(
  { shelf: Shelf, sensor: Type.String({ maxLength: 32 }), kind: Code, detail: Type.Optional(Text) },
  closed,
)
export const WeighingSensorRestored = Type.Object(
  { shelf: Shelf, sensor: Type.String({ maxLength: 32 }) },
  closed,
)
