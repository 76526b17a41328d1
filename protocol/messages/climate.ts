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
/** Air above the limit of the food class, for longer than an open door or a defrost explains. */
export const ClimateExcursion = Type.Object(
  {
    phase: Type.Union([Type.Literal('began'), Type.Literal('ended')]),
    airDeciCelsius: DeciCelsius,
    limitDeciCelsius: DeciCelsius,
    warmMs: Type.Optional(
      Type.Integer({ minimum: 0, description: 'how long the air has been, or was, above the limit' }),
    ),
    peakDeciCelsius: Type.Optional(DeciCelsius),
  },
  closed,
)
export type ClimateExcursion = Type.Static<typeof ClimateExcursion>
export const ClimateLockoutLatched = Type.Object(
  {
    cause: Code,
    airDeciCelsius: Type.Optional(DeciCelsius),
    sinceMs: DurationMs,
    peakDeciCelsius: Type.Optional(DeciCelsius),
  },
  closed,
)
export const ClimateLockoutCleared = Type.Object(
  {
    by: Type.String({ maxLength: 64 }),
    reason: Text,
    goods: Type.Optional(Type.Union([Type.Literal('kept'), Type.Literal('discarded')])),
    commandId: Type.Optional(Type.String({ maxLength: 64 })),
  },
  closed,
)
/** What is wrong with a temperature probe. */
export const PROBE_FAULTS = ['silent', 'out-of-range', 'stuck', 'jumping', 'disagree'] as const
export type ProbeFault = (typeof PROBE_FAULTS)[number]
export const ClimateProbeFault = Type.Object(
  {
    phase: Type.Union([Type.Literal('began'), Type.Literal('ended')]),
    probe: Code,
    fault: Type.Optional(
      Type.Unsafe<ProbeFault>(
        Type.Union(
          PROBE_FAULTS.map((fault) => Type.Literal(fault)),
          {
            description:
              'silent: no reading, a wire is open or shorted; out-of-range: no air is so cold or so warm; stuck: never moves while the compressor works; jumping: changes faster than air can; disagree: two probes are far apart',
          },
        ),
      ),
    ),
  },
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
