import Type from 'typebox'
import { Code, closed, DurationMs, Grams, Id, Shelf } from './common.ts'

const session = {
  sessionId: Type.Optional(Id),
  door: Type.Optional(Type.Integer({ minimum: 0, maximum: 7, description: 'door number, from 0' })),
}

/** The lock released, confirmed by reading it back. */
export const DoorUnlocked = Type.Object(
  {
    ...session,
    commandId: Type.Optional(Id),
    by: Type.Union([Type.Literal('command'), Type.Literal('manual-key'), Type.Literal('service')]),
  },
  closed,
)
export const DoorOpened = Type.Object({ ...session }, closed)
export const DoorClosed = Type.Object({ ...session, openMs: DurationMs }, closed)
/** Closed, lock engaged and bolt seated: all three. */
export const DoorLockConfirmed = Type.Object({ ...session }, closed)
export const DoorLockFailed = Type.Object({ ...session, reason: Code }, closed)
/** Open although nobody unlocked it. */
export const DoorForced = Type.Object({ ...session }, closed)
export const DoorLeftOpen = Type.Object(
  { ...session, openMs: DurationMs, level: Type.Union([Type.Literal('warning'), Type.Literal('alarm')]) },
  closed,
)
/** What the shelves gained or lost behind a door that was open although nobody was let in. */
export const StockUnattended = Type.Object(
  {
    door: session.door,
    cause: Type.Union([Type.Literal('forced'), Type.Literal('manual-key')]),
    changes: Type.Array(Type.Object({ shelf: Shelf, deltaGrams: Grams }, closed), {
      minItems: 1,
      maxItems: 64,
    }),
  },
  closed,
)
