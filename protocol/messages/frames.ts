import Type from 'typebox'
import { Code, closed, DeciCelsius, Id, MonoMs, Shelf, Sku, Text, WallMs } from './common.ts'
import { CameraPolicy, SellingHours } from '../base/twin-parts.ts'

/** The minor version of the protocol that this build speaks; a receiver stores what it does not know yet. */
export const PROTOCOL_MINOR = 0
/** At most this many events in a frame … */
export const FRAME_EVENTS_MAX = 50
/** … and this many bytes of JSON. */
export const FRAME_BYTES_MAX = 64 * 1024
/** No MQTT packet is larger, on any topic. */
export const PACKET_BYTES_MAX = 128 * 1024
/** Life of a prepare token, on the edge's own monotonic clock. */
export const TOKEN_LIFE_MS = 5000

export const TimeQuality = Type.Union([
  Type.Literal('synchronised'),
  Type.Literal('estimated'),
  Type.Literal('unsynchronised'),
])
const COMMAND_STATUSES = [
  'prepared',
  'accepted',
  'executing',
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
] as const
// `map` forgets the tuple, so the static type is said here; it would be `never`.
export const CommandStatus = Type.Unsafe<(typeof COMMAND_STATUSES)[number]>(
  Type.Union(COMMAND_STATUSES.map((status) => Type.Literal(status))),
)
export type CommandStatus = Type.Static<typeof CommandStatus>

const version = { v: Type.Literal(1, { description: 'protocol major version' }) }
const Epoch = Type.String({
  pattern: '^[a-z0-9-]{1,32}$',
  description: 'life of the outbox database; later epochs sort after earlier ones',
})
/** Why an outbox may not go on under its epoch. */
export const HALT_REASONS = ['stale_epoch', 'fork', 'ack_beyond_outbox'] as const
export const HaltReason = Type.Unsafe<(typeof HALT_REASONS)[number]>(
  Type.Union(
    HALT_REASONS.map((reason) => Type.Literal(reason)),
    {
      description:
        'stale_epoch: the core knows a later outbox; fork: the core has other events under the same numbers; ack_beyond_outbox: the core has more than was ever written here',
    },
  ),
)
export type HaltReason = Type.Static<typeof HaltReason>
const Seq = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'sequence number inside the epoch, from 1 without holes',
})

export const FrameEvent = Type.Object(
  {
    type: Code,
    atMs: WallMs,
    monoMs: MonoMs,
    boot: Type.Optional(Type.Integer({ minimum: 1, description: 'when it differs from that of the frame' })),
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
)
export type FrameEvent = Type.Static<typeof FrameEvent>
const frameHead = {
  ...version,
  epoch: Epoch,
  firstSeq: Seq,
  boot: Type.Integer({ minimum: 1, description: 'boot count' }),
  monoMs: MonoMs,
  nowMs: WallMs,
  timeQuality: TimeQuality,
  cabinetId: Type.Optional(Id),
}
const eventsBound = { minItems: 1, maxItems: FRAME_EVENTS_MAX }

/** `up/ev`. The seq of `events[i]` is `firstSeq + i`. `data` is checked against its type's own schema afterwards. */
export const EventFrame = Type.Object({ ...frameHead, events: Type.Array(FrameEvent, eventsBound) }, closed)
export type EventFrame = Type.Static<typeof EventFrame>
/** The same with events that need not have the form of one: their numbers still count. */
export const EventFrameEnvelope = Type.Object(
  { ...frameHead, events: Type.Array(Type.Unknown(), eventsBound) },
  closed,
)

/** `up/hello`: the start of a link. */
export const Hello = Type.Object(
  {
    ...version,
    linkId: Id,
    epoch: Epoch,
    firstSeq: Type.Integer({ minimum: 0, description: 'oldest seq still kept; 0 when empty' }),
    lastSeq: Type.Integer({ minimum: 0, description: 'newest seq; 0 when empty' }),
    safeSeq: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'up to here the core once said that it has everything of this epoch; one that has less lost what it knew',
      }),
    ),
    boot: Type.Integer({ minimum: 1 }),
    monoMs: MonoMs,
    nowMs: WallMs,
    timeQuality: TimeQuality,
    firmware: Type.String({ maxLength: 64 }),
    minor: Type.Integer({ minimum: 0 }),
    commands: Type.Array(
      Type.Object({ id: Id, name: Code, status: CommandStatus, reason: Type.Optional(Code) }, closed),
      { maxItems: 50, description: 'tail of the command journal' },
    ),
    twin: Type.Object(
      {
        twinEpoch: Type.Optional(Type.String({ maxLength: 64 })),
        version: Type.Integer({ minimum: 0 }),
        setpointDeciCelsius: Type.Optional(DeciCelsius),
      },
      closed,
    ),
    session: Type.Optional(Type.Object({ sessionId: Id, state: Code }, closed)),
    continues: Type.Optional(
      Type.Object(
        {
          epoch: Epoch,
          seq: Type.Integer({
            minimum: 0,
            description: 'up to here the core had the same events under the epoch before; numbers go on',
          }),
        },
        { ...closed, description: 'this epoch goes on from an earlier one of the same database' },
      ),
    ),
    halt: Type.Optional(HaltReason),
    hardware: Type.Object(
      {
        isDoorOpen: Type.Union([Type.Boolean(), Type.Null()]),
        isLocked: Type.Union([Type.Boolean(), Type.Null()]),
        isLockedOut: Type.Boolean(),
        isOutOfService: Type.Boolean(),
        doors: Type.Optional(
          Type.Array(Type.Object({ shelves: Type.Array(Shelf, { maxItems: 64 }) }, closed), {
            minItems: 2,
            maxItems: 4,
            description: 'what is behind each door, where there are several',
          }),
        ),
      },
      { ...closed, description: 'null: stale' },
    ),
  },
  closed,
)
export type Hello = Type.Static<typeof Hello>

/** `dn/ack`: sent after the commit, for duplicates too. */
export const Ack = Type.Object(
  {
    ...version,
    linkId: Type.Optional(Id),
    epoch: Epoch,
    ack: Type.Integer({ minimum: 0, description: 'every seq up to this one is durable at the core' }),
    window: Type.Integer({
      minimum: 0,
      maximum: 10000,
      description: 'how many unacknowledged events may be under way; 0 pauses',
    }),
    nowMs: WallMs,
    echoMonoMs: Type.Optional(MonoMs),
    hash: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{32}$',
        description:
          'hash of the event at `ack` as the core has it; another one at the edge: somebody else wrote it',
      }),
    ),
    rewindTo: Type.Optional(
      Type.Integer({ minimum: 0, description: 'send again from the seq after this one' }),
    ),
    greet: Type.Optional(
      Type.Literal(true, { description: 'the core asks for a hello on this link; nothing else counts' }),
    ),
    renew: Type.Optional(
      Type.Object(
        { after: Epoch },
        {
          ...closed,
          description:
            'a person let this cabinet go on: begin an epoch that sorts after this one and after your own, and send what is not acknowledged under it',
        },
      ),
    ),
    error: Type.Optional(
      Type.Union([
        Type.Literal('stale_epoch'),
        Type.Literal('fork'),
        Type.Literal('frame_invalid'),
        Type.Literal('unknown_cabinet'),
      ]),
    ),
  },
  closed,
)
export type Ack = Type.Static<typeof Ack>

/** `dn/cmd`. Whatever moves an actuator goes in two phases; both carry the same id. */
export const Command = Type.Object(
  {
    ...version,
    id: Id,
    name: Code,
    phase: Type.Union([Type.Literal('prepare'), Type.Literal('execute'), Type.Literal('direct')]),
    args: Type.Record(Type.String(), Type.Unknown()),
    linkId: Id,
    token: Type.Optional(Id),
    issuedAtMs: Type.Integer({
      description: 'for the record only; lateness is judged by the link and the token',
    }),
    expects: Type.Optional(
      Type.Object(
        {
          isDoorClosed: Type.Optional(Type.Boolean()),
          hasNoSession: Type.Optional(Type.Boolean()),
          isNotLockedOut: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type Command = Type.Static<typeof Command>

/** `up/cmdr`: the immediate reply. */
export const CommandReply = Type.Object(
  {
    ...version,
    id: Id,
    linkId: Id,
    phase: Type.Union([Type.Literal('prepare'), Type.Literal('execute'), Type.Literal('direct')]),
    status: CommandStatus,
    token: Type.Optional(Id),
    tokenLifeMs: Type.Optional(Type.Integer({ minimum: 0 })),
    reason: Type.Optional(Code),
    detail: Type.Optional(Text),
    result: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
)
export type CommandReply = Type.Static<typeof CommandReply>

/** `up/state`: birth and will. A will whose link is not the current one is ignored. */
export const State = Type.Object(
  { ...version, on: Type.Boolean(), linkId: Id, nowMs: Type.Optional(WallMs) },
  closed,
)
export type State = Type.Static<typeof State>

/** `up/live`: latest wins, never stored. null: stale. */
export const Live = Type.Object(
  {
    ...version,
    monoMs: MonoMs,
    nowMs: WallMs,
    sessionId: Type.Optional(Id),
    isDoorOpen: Type.Union([Type.Boolean(), Type.Null()]),
    isLocked: Type.Union([Type.Boolean(), Type.Null()]),
    grams: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
    airDeciCelsius: Type.Union([DeciCelsius, Type.Null()]),
    setpointDeciCelsius: Type.Union([DeciCelsius, Type.Null()]),
    isCompressorOn: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    camera: Type.Optional(
      Type.Union([
        Type.Literal('clear'),
        Type.Literal('blocked'),
        Type.Literal('frozen'),
        Type.Literal('unreachable'),
      ]),
    ),
    cameras: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
        Type.Union([
          Type.Literal('clear'),
          Type.Literal('blocked'),
          Type.Literal('frozen'),
          Type.Literal('unreachable'),
        ]),
        { maxProperties: 16, description: 'each camera by its name; `camera` is the worst of them' },
      ),
    ),
  },
  closed,
)
export type Live = Type.Static<typeof Live>

/** `dn/twin`: the whole desired document, small, sent in answer to a hello and on change. */
export const Twin = Type.Object(
  {
    ...version,
    twinEpoch: Type.String({
      maxLength: 64,
      description: "identity of the core's database; versions count inside it",
    }),
    version: Type.Integer({ minimum: 1 }),
    setpointDeciCelsius: DeciCelsius,
    setpointRange: Type.Object({ lowest: DeciCelsius, highest: DeciCelsius }, closed),
    lockout: Type.Object(
      {
        isEnabled: Type.Boolean(),
        limitDeciCelsius: DeciCelsius,
        afterMs: Type.Integer({ minimum: 1, description: 'above the limit for this long latches' }),
        afterDoorCloseMs: Type.Integer({ minimum: 1, description: 'as above, after the door was open' }),
        afterDefrostMs: Type.Integer({ minimum: 1, description: 'as above, after a defrost' }),
        totalMs: Type.Optional(
          Type.Integer({
            minimum: 1,
            description:
              'above the limit for this long in all within `totalWindowMs` latches, whatever door and defrost did; absent: twice `afterDoorCloseMs`',
          }),
        ),
        totalWindowMs: Type.Optional(
          Type.Integer({ minimum: 1, description: 'absent: four times `afterDoorCloseMs`' }),
        ),
        unseenMs: Type.Optional(
          Type.Integer({
            minimum: 1,
            description:
              'nobody measured for longer than this (power cut, agent stopped): latches even when it is cold again; absent: eight times `afterDoorCloseMs`',
          }),
        ),
      },
      closed,
    ),
    planogram: Type.Union([
      Type.Null(),
      Type.Object(
        {
          version: Type.Integer({ minimum: 1 }),
          shelves: Type.Array(
            Type.Object(
              {
                id: Shelf,
                products: Type.Array(
                  Type.Object(
                    {
                      sku: Sku,
                      unitGrams: Type.Number({
                        exclusiveMinimum: 0,
                        maximum: 20000,
                        description: 'grams a piece',
                      }),
                      sigmaGrams: Type.Number({
                        minimum: 0,
                        maximum: 1000,
                        description: 'standard deviation of a piece, grams',
                      }),
                      stock: Type.Integer({ minimum: 0, maximum: 1000, description: 'pieces' }),
                      priceFen: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'fen a piece' }),
                    },
                    closed,
                  ),
                  { maxItems: 40 },
                ),
              },
              closed,
            ),
            { maxItems: 64 },
          ),
        },
        closed,
      ),
    ]),
    sessionPolicy: Type.Object(
      {
        notOpenedMs: Type.Integer({
          minimum: 100,
          description: 'unlocked but not opened for this long: lock again',
        }),
        leftOpenWarningMs: Type.Integer({ minimum: 100 }),
        leftOpenAlarmMs: Type.Integer({ minimum: 100 }),
        reopenGraceMs: Type.Integer({
          minimum: 0,
          description: 'opened again within this time joins the session',
        }),
      },
      closed,
    ),
    isOutOfService: Type.Boolean(),
    sellingHours: Type.Optional(SellingHours),
    cameraPolicy: Type.Optional(CameraPolicy),
  },
  closed,
)
export type Twin = Type.Static<typeof Twin>
