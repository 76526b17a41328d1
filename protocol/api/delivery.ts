import Type, { type TSchema } from 'typebox'
import { Bilingual, closed, oneOf, WallMs } from './common.ts'

const Nullable = <T extends TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const Note = Type.String({ minLength: 3, maxLength: 500, description: 'why; for the record' })
const EventTypeName = Type.String({
  pattern: '^[a-z0-9_.-]{1,64}$',
  description: 'event type, as door.closed',
})
const EventBody = Type.Record(Type.String(), Type.Unknown(), { maxProperties: 200 })

export const DeadLetterRow = Type.Object(
  {
    id: Type.Integer(),
    cabinetId: Type.String(),
    receivedAtMs: WallMs,
    topic: Type.String(),
    kind: oneOf(['event', 'frame', 'stale_epoch', 'fork']),
    epoch: Nullable(Type.String()),
    seq: Nullable(Type.Integer()),
    reason: Type.String(),
    bodyText: Type.String(),
  },
  closed,
)
export type DeadLetterRow = Type.Static<typeof DeadLetterRow>
/** GET /api/staff/dead-letters */
export const DeadLetterList = Type.Object(
  {
    deadLetters: Type.Array(DeadLetterRow),
    total: Type.Integer({ description: 'open ones, beyond what is listed' }),
    /** What this person may do here. */
    mayResolve: Type.Boolean(),
  },
  closed,
)
export type DeadLetterList = Type.Static<typeof DeadLetterList>
/** GET /api/staff/dead-letters/:id */
export const DeadLetterDetail = Type.Object(
  {
    letter: DeadLetterRow,
    /** The event as it came, where it can be read. */
    event: Nullable(Type.Object({ type: Type.String(), data: Type.Unknown() }, closed)),
    /** JSON Schema of the data of its type; null when no version of this system knows the type. */
    schema: Nullable(Type.Unknown()),
    eventTypes: Type.Array(Type.String()),
    earlierId: Nullable(
      Type.Integer({ description: 'an older dead event of this cabinet that comes first' }),
    ),
    resolution: Nullable(
      Type.Object(
        { how: Type.String(), by: Type.String(), note: Nullable(Type.String()), atMs: WallMs },
        closed,
      ),
    ),
    mayResolve: Type.Boolean(),
  },
  closed,
)
export type DeadLetterDetail = Type.Static<typeof DeadLetterDetail>
/** POST /api/staff/dead-letters/:id/check */
export const DeadLetterCheckRequest = Type.Object({ type: EventTypeName, data: EventBody }, closed)
export const DeadLetterCheck = Type.Object({ problem: Nullable(Type.String()) }, closed)
export type DeadLetterCheck = Type.Static<typeof DeadLetterCheck>
/** POST /api/staff/dead-letters/:id/replay */
export const DeadLetterReplayRequest = Type.Object(
  { type: EventTypeName, data: EventBody, note: Note },
  closed,
)
/** POST /api/staff/dead-letters/:id/discard */
export const DeadLetterDiscardRequest = Type.Object({ note: Note }, closed)

/** GET /api/staff/cabinets/:id/delivery */
export const DeliveryView = Type.Object(
  {
    cabinetId: Type.String(),
    name: Bilingual,
    epoch: Nullable(Type.String()),
    continuesEpoch: Nullable(Type.String()),
    lastSeq: Type.Integer(),
    lastAtMs: Nullable(WallMs),
    linkId: Nullable(Type.String()),
    clockSkewMs: Nullable(Type.Integer()),
    outbox: Nullable(Type.Object({ level: Type.String(), waiting: Type.Integer(), atMs: WallMs }, closed)),
    deadLetters: Type.Integer(),
    unprojected: Type.Integer({ description: 'events of a newer version that wait for it' }),
    halt: Nullable(
      Type.Object(
        {
          reason: oneOf(['stale_epoch', 'fork', 'ack_beyond_outbox']),
          epoch: Type.String(),
          seq: Nullable(Type.Integer()),
          boot: Nullable(Type.Integer()),
          firmware: Nullable(Type.String()),
          firstSeq: Nullable(Type.Integer()),
          lastSeq: Nullable(Type.Integer()),
          sinceMs: WallMs,
          lastAtMs: WallMs,
          permittedBy: Nullable(Type.String()),
        },
        closed,
      ),
    ),
    mayGoOn: Type.Boolean(),
  },
  closed,
)
export type DeliveryView = Type.Static<typeof DeliveryView>
/** POST /api/staff/cabinets/:id/delivery/go-on and …/delivery/dismiss */
export const DeliveryDecision = Type.Object({ epoch: Type.String({ maxLength: 32 }), note: Note }, closed)
