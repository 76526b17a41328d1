import Type, { type TSchema } from 'typebox'
import { Bilingual, closed, DeciCelsius, Id, WallMs } from './common.ts'

export const LOCKOUT_GOODS = ['kept', 'discarded'] as const
/** `started`: the agent of the cabinet began to look. */
export const POWER_MOMENTS = ['lost', 'restored', 'started'] as const
/**
 * Why nothing was recorded: no probe could be believed · the agent or its power was off · it is still on the way ·
 * nobody knows.
 */
export const COLD_GAP_REASONS = ['probe_fault', 'stopped', 'on_the_way', 'unknown'] as const

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const MsOrNull = orNull(WallMs)
const TextOrNull = orNull(Type.String())
const DegreesOrNull = orNull(DeciCelsius)
function oneOf<const T extends readonly string[]>(words: T) {
  return Type.Unsafe<T[number]>(Type.Union(words.map((word) => Type.Literal(word))))
}

/** A period of at most this long is drawn and downloaded at once. */
export const COLD_PERIOD_MS_MOST = 400 * 24 * 3_600_000
/** Points of the drawing; a longer period has wider points, whose extremes stay. */
export const COLD_POINTS_MOST = 1500
export const COLD_ROWS_MOST = 500

export const ColdExcursion = Type.Object(
  {
    beganAtMs: WallMs,
    endedAtMs: MsOrNull,
    durationMs: Type.Integer({ minimum: 0, description: 'so far, while it lasts' }),
    limitDeciCelsius: DeciCelsius,
    peakDeciCelsius: DeciCelsius,
  },
  closed,
)
export const ColdLockout = Type.Object(
  {
    latchedAtMs: WallMs,
    cause: Type.String(),
    warmMs: orNull(Type.Integer({ minimum: 0, description: 'how long it had been warm or unseen' })),
    peakDeciCelsius: DegreesOrNull,
    clearedAtMs: MsOrNull,
    clearedBy: TextOrNull,
    clearedByRole: TextOrNull,
    clearReason: TextOrNull,
    goods: orNull(oneOf(LOCKOUT_GOODS)),
    commandId: TextOrNull,
  },
  closed,
)
export const ColdProbeFault = Type.Object(
  { probe: Type.String(), fault: Type.String(), beganAtMs: WallMs, endedAtMs: MsOrNull },
  closed,
)
export const ColdGap = Type.Object({ fromMs: WallMs, toMs: WallMs, reason: oneOf(COLD_GAP_REASONS) }, closed)
export type ColdGap = Type.Static<typeof ColdGap>
const Extreme = orNull(Type.Object({ deciCelsius: DeciCelsius, atMs: WallMs }, closed))

/** GET /api/staff/cabinets/:id/cold?fromDay=&toDay= : what a food inspector asks about a period. */
export const ColdLog = Type.Object(
  {
    cabinetId: Id,
    cabinetName: Bilingual,
    site: Bilingual,
    operator: Type.String(),
    timeZone: Type.String(),
    fromMs: WallMs,
    toMs: WallMs,
    limitDeciCelsius: DeciCelsius,
    hasLockout: Type.Boolean({ description: 'false: nothing here spoils' }),
    /** The timers in force now. */
    timers: Type.Object(
      {
        afterMs: Type.Integer(),
        afterDoorCloseMs: Type.Integer(),
        afterDefrostMs: Type.Integer(),
        totalMs: Type.Integer(),
        totalWindowMs: Type.Integer(),
        unseenMs: Type.Integer(),
      },
      closed,
    ),
    readings: Type.Integer({ minimum: 0 }),
    recordedMs: Type.Integer({ minimum: 0, description: 'how much of the period readings cover' }),
    highest: Extreme,
    lowest: Extreme,
    meanDeciCelsius: DegreesOrNull,
    points: Type.Array(Type.Tuple([WallMs, DeciCelsius, DeciCelsius, DeciCelsius]), {
      description: '[end of the point, lowest, mean, highest]',
    }),
    pointMs: Type.Integer({ description: 'width of a point; 0: each is one reading' }),
    setpoints: Type.Array(Type.Tuple([WallMs, DeciCelsius])),
    doorOpen: Type.Array(Type.Tuple([WallMs, WallMs])),
    doorOpenMs: Type.Integer({ minimum: 0 }),
    gaps: Type.Array(ColdGap),
    excursions: Type.Array(ColdExcursion),
    lockouts: Type.Array(ColdLockout),
    probeFaults: Type.Array(ColdProbeFault),
    power: Type.Array(Type.Object({ atMs: WallMs, kind: oneOf(POWER_MOMENTS) }, closed)),
  },
  closed,
)
export type ColdLog = Type.Static<typeof ColdLog>

export const ColdReading = Type.Object(
  {
    atMs: WallMs,
    windowMs: Type.Integer({ minimum: 0 }),
    lowest: DeciCelsius,
    mean: DeciCelsius,
    highest: DeciCelsius,
    setpoint: DegreesOrNull,
    compressorOnMs: Type.Integer({ minimum: 0 }),
    doorOpenMs: Type.Integer({ minimum: 0 }),
    /** Nothing was recorded for so long before this reading began. */
    gapBeforeMs: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export type ColdReading = Type.Static<typeof ColdReading>
/** GET /api/staff/cabinets/:id/cold/readings?fromDay=&toDay=&beforeMs=&limit= : newest first, page after page. */
export const ColdReadings = Type.Object({ readings: Type.Array(ColdReading), nextBeforeMs: MsOrNull }, closed)
export type ColdReadings = Type.Static<typeof ColdReadings>
