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
/** Somebody set a scale to zero or gave it a known weight; readings before and after do not compare. */
export const WeighingCalibrated = Type.Object(
  {
    shelf: Shelf,
    kind: Type.Union([Type.Literal('tare'), Type.Literal('span')]),
    commandId: Id,
    zeroChangeGrams: Grams,
    gainBefore: Type.Number({ exclusiveMinimum: 0, maximum: 10 }),
    gainAfter: Type.Number({ exclusiveMinimum: 0, maximum: 10 }),
  },
  closed,
)
