import Type from 'typebox'
import { Code, closed, DeciCelsius, DurationMs, Text } from './common.ts'

/** A window of readings, so that flash is spared and a food inspector still sees the extremes. */
export const ClimateReading = Type.Object(
  {
    windowMs: DurationMs,
    airLowest: DeciCelsius,
    airMean: DeciCelsius,
    airHighest: DeciCelsius,
    setpoint: Type.Optional(DeciCelsius),
    compressorOnMs: DurationMs,
    doorOpenMs: DurationMs,
    samples: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type ClimateReading = Type.Static<typeof ClimateReading>
/** Air above the limit of the food class. */
export const ClimateExcursion = Type.Object(
  {
    phase: Type.Union([Type.Literal('began'), Type.Literal('ended')]),
    airDeciCelsius: DeciCelsius,
    limitDeciCelsius: DeciCelsius,
  },
  closed,
)
export const ClimateLockoutLatched = Type.Object(
  { cause: Code, airDeciCelsius: Type.Optional(DeciCelsius), sinceMs: DurationMs },
  closed,
)
export const ClimateLockoutCleared = Type.Object({ by: Type.String({ maxLength: 64 }), reason: Text }, closed)
export const ClimateProbeFault = Type.Object(
  { phase: Type.Union([Type.Literal('began'), Type.Literal('ended')]), probe: Code },
  closed,
)
/** The answer to a desired document: what became of its setpoint. `value` is read back from the register. */
export const ClimateSetpointApplied = Type.Object(
  {
    twinEpoch: Type.String({ maxLength: 64 }),
    version: Type.Integer({ minimum: 0 }),
    status: Type.Union([Type.Literal('applied'), Type.Literal('rejected'), Type.Literal('overridden')]),
    value: Type.Optional(DeciCelsius),
    reason: Type.Optional(Code),
    detail: Type.Optional(Text),
  },
  closed,
)
export type ClimateSetpointApplied = Type.Static<typeof ClimateSetpointApplied>
