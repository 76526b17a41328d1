import {
  Bilingual,
  DeciCelsius,
  Fen,
  Id,
  Picture,
  SESSION_STATES,
  Sku,
  WallMs,
  closed,
  oneOf,
} from '#protocol/api/common.ts'
import { SHELVING_REASONS } from '#protocol/api/staff/alarms.ts'
import { CommandNames, CommandView, TwinPartView } from '#protocol/api/control.ts'
import Type from 'typebox'

export const PRESENCE = ['online', 'suspect', 'offline', 'unknown'] as const

/** POST /api/staff/cabinets/:id/setpoint state of the answer. */
export const SETPOINT_STATES = [
  'in_sync',
  'sending',
  'queued_offline',
  'delivered',
  'applied',
  'rejected',
  'timed_out',
  'superseded',
  'drift',
] as const

export const SetpointView = Type.Object(
  {
    state: oneOf(SETPOINT_STATES),
    desired: DeciCelsius,
    desiredVersion: Type.Integer(),
    desiredBy: Type.Union([Type.Null(), Type.String()]),
    desiredAtMs: Type.Union([Type.Null(), WallMs]),
    reported: Type.Union([Type.Null(), DeciCelsius]),
    reportedAtMs: Type.Union([Type.Null(), WallMs]),
    lowest: DeciCelsius,
    highest: DeciCelsius,
    rejectReason: Type.Union([Type.Null(), Type.String()]),
  },
  closed,
)
export type SetpointView = Type.Static<typeof SetpointView>

/** PUT /api/staff/cabinets/:id/setpoint */
export const SetpointRequest = Type.Object(
  {
    expectedVersion: Type.Integer(),
    setpointDeciCelsius: DeciCelsius,
    reason: Type.String({ maxLength: 200 }),
  },
  closed,
)

export const CabinetRow = Type.Object(
  {
    cabinetId: Id,
    name: Bilingual,
    site: Bilingual,
    operator: Type.String(),
    presence: oneOf(PRESENCE),
    lastHeardMs: Type.Union([Type.Null(), WallMs]),
    isDoorOpen: Type.Union([Type.Null(), Type.Boolean()]),
    isLockedOut: Type.Boolean(),
    isOutOfService: Type.Boolean(),
    airDeciCelsius: Type.Union([Type.Null(), DeciCelsius]),
    setpoint: SetpointView,
    alarms: Type.Integer(),
    openTickets: Type.Integer(),
    liveSessionId: Type.Union([Type.Null(), Id]),
    camera: Type.Union([Type.Null(), Type.String()]),
  },
  closed,
)
export type CabinetRow = Type.Static<typeof CabinetRow>

/** GET /api/staff/fleet */
export const Fleet = Type.Object({ cabinets: Type.Array(CabinetRow), nowMs: WallMs }, closed)
export type Fleet = Type.Static<typeof Fleet>

/** GET /api/staff/cabinets/:id */
export const CabinetDetail = Type.Object(
  {
    cameras: Type.Array(
      Type.Object(
        {
          camera: Type.String(),
          state: Type.Union([
            Type.Literal('clear'),
            Type.Literal('blocked'),
            Type.Literal('frozen'),
            Type.Literal('unreachable'),
          ]),
          trouble: Type.Union([Type.String(), Type.Null()], {
            description: 'covered, dark, blurred, moved, frozen, unreachable; null: it sees',
          }),
          sinceMs: Type.Union([WallMs, Type.Null()]),
        },
        closed,
      ),
    ),
    cabinet: CabinetRow,
    link: Type.Object(
      {
        epoch: Type.Union([Type.Null(), Type.String()]),
        lastSeq: Type.Integer(),
        boot: Type.Integer(),
        firmware: Type.Union([Type.Null(), Type.String()]),
        clockSkewMs: Type.Union([Type.Null(), Type.Integer()]),
        deadLetters: Type.Integer(),
      },
      closed,
    ),
    stock: Type.Array(
      Type.Object(
        {
          shelf: Type.String(),
          sku: Sku,
          name: Bilingual,
          picture: Picture,
          quantity: Type.Integer(),
          capacity: Type.Integer(),
          priceFen: Fen,
          unitGrams: Type.Number(),
          liveGrams: Type.Union([Type.Null(), Type.Number()]),
        },
        closed,
      ),
    ),
    planogramVersion: Type.Union([Type.Null(), Type.Integer()]),
    alarms: Type.Array(
      Type.Object(
        {
          alarmId: Id,
          kind: Type.String(),
          state: oneOf(['raised', 'acknowledged', 'cleared', 'shelved']),
          raisedAtMs: WallMs,
          count: Type.Integer(),
          key: Type.String(),
          values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
          acknowledgedBy: Type.Union([Type.Null(), Type.String()]),
        },
        closed,
      ),
    ),
    commands: Type.Array(CommandView),
    /** Names of the commands that the reader may send. */
    allowedCommands: Type.Array(CommandNames),
    twin: Type.Array(TwinPartView),
    /** IANA name; the selling hours are in it. */
    timeZone: Type.String(),
    /** Shelves that are planned or weighed. */
    shelves: Type.Array(Type.String()),
    sessions: Type.Array(
      Type.Object(
        {
          sessionId: Id,
          orderId: Type.Union([Type.Null(), Id]),
          state: oneOf(SESSION_STATES),
          atMs: WallMs,
          /** Without an amount: no order, or nobody knows yet who calls about it. */
          totalFen: Type.Union([Type.Null(), Fen]),
        },
        closed,
      ),
    ),
    events: Type.Array(
      Type.Object(
        {
          epoch: Type.String(),
          seq: Type.Integer(),
          type: Type.String(),
          occurredAtMs: WallMs,
          receivedAtMs: WallMs,
          status: Type.String(),
          summary: Type.String(),
        },
        closed,
      ),
    ),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type CabinetDetail = Type.Static<typeof CabinetDetail>

/** GET /api/staff/cabinets/:id/readings?fromMs=&toMs= : gaps stay gaps */
export const Readings = Type.Object(
  {
    air: Type.Array(Type.Tuple([WallMs, DeciCelsius, DeciCelsius, DeciCelsius]), {
      description: '[atMs, lowest, mean, highest]',
    }),
    setpoints: Type.Array(Type.Tuple([WallMs, DeciCelsius])),
    doorOpen: Type.Array(Type.Tuple([WallMs, WallMs])),
    // A list of types and no union: answers are written by their schema, which knows no union inside a tuple.
    lockouts: Type.Array(Type.Tuple([WallMs, Type.Unsafe<number | null>({ type: ['integer', 'null'] })])),
    gaps: Type.Array(Type.Tuple([WallMs, WallMs])),
    limitDeciCelsius: DeciCelsius,
  },
  closed,
)
export type Readings = Type.Static<typeof Readings>

/** GET /api/staff/alarms?state=active|all : of all cabinets that the reader may see, newest first, at most 200 */
export const AlarmList = Type.Object(
  {
    alarms: Type.Array(
      Type.Object(
        {
          alarmId: Id,
          cabinetId: Id,
          cabinetName: Bilingual,
          kind: Type.String(),
          state: oneOf(['raised', 'acknowledged', 'cleared', 'shelved']),
          raisedAtMs: WallMs,
          clearedAtMs: Type.Union([Type.Null(), WallMs]),
          count: Type.Integer(),
          key: Type.String(),
          values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
          acknowledgedBy: Type.Union([Type.Null(), Type.String()]),
          /** Put off by whoever `acknowledgedBy` names. */
          shelved: Type.Optional(Type.Object({ untilMs: WallMs, reason: oneOf(SHELVING_REASONS) }, closed)),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type AlarmList = Type.Static<typeof AlarmList>

/** POST /api/staff/alarms/:id/acknowledge */
export const AlarmAcknowledge = Type.Object({}, closed)
