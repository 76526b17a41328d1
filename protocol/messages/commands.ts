import Type, { type Static, type TSchema } from 'typebox'
import { type CommandName, KNOWN_GRAMS } from '../base/command-names.ts'
import { closed, Id, Shelf, Sku, Text } from './common.ts'
import { SessionKind } from './session.ts'

/**
 * Every command by its name. One that changes the cabinet is prepared and executed, so that it can never take effect late:
 * the token of the first step lives for five seconds on the cabinet's own clock. One that harms nobody when it comes late
 * goes in a single step.
 */

export const DoorUnlockArgs = Type.Object(
  {
    sessionId: Id,
    kind: SessionKind,
    door: Type.Integer({ minimum: 0, maximum: 7 }),
    planogramVersion: Type.Integer({ minimum: 1 }),
    stock: Type.Array(
      Type.Object({ shelf: Shelf, sku: Sku, quantity: Type.Integer({ minimum: 0, maximum: 1000 }) }, closed),
      { maxItems: 200, description: 'what the core believes lies there now' },
    ),
  },
  closed,
)
export type DoorUnlockArgs = Type.Static<typeof DoorUnlockArgs>
export const DoorLockArgs = Type.Object(
  { door: Type.Optional(Type.Integer({ minimum: 0, maximum: 7, description: 'default 0' })) },
  closed,
)
export type DoorLockArgs = Type.Static<typeof DoorLockArgs>
export const EmptyArgs = Type.Object({}, closed)
export const ShelfArgs = Type.Object({ shelf: Shelf }, closed)
export type ShelfArgs = Type.Static<typeof ShelfArgs>
export const CalibrateArgs = Type.Object(
  {
    shelf: Shelf,
    knownGrams: Type.Number({
      minimum: KNOWN_GRAMS.least,
      maximum: KNOWN_GRAMS.most,
      description: 'grams of the weight that was put on the empty shelf',
    }),
  },
  closed,
)
export type CalibrateArgs = Type.Static<typeof CalibrateArgs>
export const ClearLockoutArgs = Type.Object(
  {
    code: Type.Optional(
      Type.String({ pattern: '^[0-9]{4}$', description: "what the cabinet's own display shows" }),
    ),
    goods: Type.Union([Type.Literal('kept'), Type.Literal('discarded')], {
      description: 'what was done with the goods after they were looked at',
    }),
    by: Type.String({ minLength: 1, maxLength: 64, description: 'who stands at the cabinet' }),
    reason: Text,
  },
  closed,
)
export type ClearLockoutArgs = Type.Static<typeof ClearLockoutArgs>
export const CameraSnapshotArgs = Type.Object(
  { camera: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$' })) },
  closed,
)
export type CameraSnapshotArgs = Type.Static<typeof CameraSnapshotArgs>

export const COMMANDS = {
  'door.unlock': { args: DoorUnlockArgs, isPrepared: true },
  'door.lock': { args: DoorLockArgs, isPrepared: true },
  /** Takes the present weight of an empty shelf as its zero. */
  'scale.tare': { args: ShelfArgs, isPrepared: true },
  /** First step of a calibration: the empty shelf is measured and nothing is changed. */
  'scale.calibrate-empty': { args: ShelfArgs, isPrepared: true },
  /** Second step: the known weight lies on the shelf; gain and zero are changed when the change is plausible. */
  'scale.calibrate': { args: CalibrateArgs, isPrepared: true },
  'climate.defrost': { args: EmptyArgs, isPrepared: true },
  'lockout.clear': { args: ClearLockoutArgs, isPrepared: true },
  'camera.snapshot': { args: CameraSnapshotArgs, isPrepared: false },
  'agent.restart': { args: EmptyArgs, isPrepared: false },
} as const satisfies Record<CommandName, { args: TSchema; isPrepared: boolean }>
export type CommandArgs<N extends CommandName> = Static<(typeof COMMANDS)[N]['args']>
