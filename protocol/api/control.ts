import Type from 'typebox'
import { COMMAND_NAMES } from '../base/command-names.ts'
import { CameraPolicy, SellingHours, TWIN_PARTS, TWIN_STATUSES } from '../base/twin-parts.ts'
import { closed, Id, oneOf, ROLES, WallMs } from './common.ts'

/** What staff ask of a cabinet (commands) and want of it for good (twin), as pages see it. */

const Nothing = Type.Null()

export const COMMAND_STATES = [
  'created',
  'sent',
  'accepted',
  'executing',
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
] as const
export type CommandStateName = (typeof COMMAND_STATES)[number]
export const CommandNames = oneOf(COMMAND_NAMES)

export const CommandView = Type.Object(
  {
    commandId: Id,
    name: Type.String(),
    /** What was filled in, without what only machines need. */
    args: Type.Record(Type.String(), Type.Unknown()),
    state: oneOf(COMMAND_STATES),
    /** A code of the catalogue. */
    reason: Type.Union([Nothing, Type.String()]),
    /** The figures behind the reason, in the words of the cabinet. */
    detail: Type.Union([Nothing, Type.String()]),
    result: Type.Union([Nothing, Type.Record(Type.String(), Type.Unknown())]),
    by: Type.String(),
    role: Type.Union([Nothing, oneOf(ROLES)]),
    /** Why it was asked for. */
    cause: Type.Union([Nothing, Type.String()]),
    createdAtMs: WallMs,
    finishedAtMs: Type.Union([Nothing, WallMs]),
    steps: Type.Array(Type.Object({ state: oneOf(COMMAND_STATES), atMs: WallMs }, closed)),
  },
  closed,
)
export type CommandView = Type.Static<typeof CommandView>

/** POST /api/staff/cabinets/:id/commands : the same id again answers what became of the first */
export const CommandRequest = Type.Object(
  {
    commandId: Id,
    name: CommandNames,
    args: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  closed,
)
export type CommandRequest = Type.Static<typeof CommandRequest>

/** `in_sync`: applied, and so it stays. `sending`: on its way or not answered yet. */
export const PART_STATES = [
  'in_sync',
  'sending',
  'queued_offline',
  'timed_out',
  'rejected',
  'overridden',
] as const
export type PartState = (typeof PART_STATES)[number]
export const TwinPartView = Type.Object(
  {
    part: oneOf(TWIN_PARTS),
    state: oneOf(PART_STATES),
    /** `expectedVersion` of the next change. */
    version: Type.Integer({ minimum: 0 }),
    wanted: Type.Unknown(),
    wantedBy: Type.Union([Nothing, Type.String()]),
    wantedReason: Type.Union([Nothing, Type.String()]),
    wantedAtMs: Type.Union([Nothing, WallMs]),
    /** What holds at the cabinet; undefined in meaning when it was never reported. */
    reported: Type.Unknown(),
    reportedAtMs: Type.Union([Nothing, WallMs]),
    status: Type.Union([Nothing, oneOf(TWIN_STATUSES)]),
    reason: Type.Union([Nothing, Type.String()]),
    detail: Type.Union([Nothing, Type.String()]),
  },
  closed,
)
export type TwinPartView = Type.Static<typeof TwinPartView>

/** PUT /api/staff/cabinets/:id/twin : one part; answers all of them */
const change = {
  expectedVersion: Type.Integer({ minimum: 0 }),
  reason: Type.String({ minLength: 1, maxLength: 200 }),
}
export const PartRequest = Type.Union([
  Type.Object({ part: Type.Literal('hours'), value: Type.Union([Nothing, SellingHours]), ...change }, closed),
  Type.Object(
    { part: Type.Literal('camera'), value: Type.Union([Nothing, CameraPolicy]), ...change },
    closed,
  ),
  Type.Object(
    {
      part: Type.Literal('service'),
      value: Type.Object({ isOutOfService: Type.Boolean() }, closed),
      ...change,
    },
    closed,
  ),
])
export type PartRequest = Type.Static<typeof PartRequest>
export const TwinParts = Type.Object({ parts: Type.Array(TwinPartView) }, closed)
export type TwinParts = Type.Static<typeof TwinParts>
