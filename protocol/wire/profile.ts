import Type from 'typebox'
import { FramedUnit } from './framed-unit.ts'

/**
 * A hardware profile says, as data, how a board answers on the bus: real boards disagree in base, width, word order,
 * polarity, scale and fault values (docs/reference/hardware.md). One profile describes one RS-485 segment.
 */
const Unit = Type.Integer({ minimum: 1, maximum: 247, description: 'Modbus address' })
const Register = Type.Integer({ minimum: 0, maximum: 65535, description: '0-based register number' })

export const Point = Type.Object(
  {
    unit: Unit,
    register: Register,
    kind: Type.Optional(
      Type.Union([Type.Literal('holding'), Type.Literal('input')], {
        description: 'function 3 or 4; default holding',
      }),
    ),
    width: Type.Union([Type.Literal(16), Type.Literal(32)], { description: 'bits' }),
    mask: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 0xffffffff,
        description:
          'bits that are the value, where a register also holds others; the sign is the highest of them',
      }),
    ),
    isSigned: Type.Boolean(),
    wordOrder: Type.Optional(
      Type.Union([Type.Literal('high-first'), Type.Literal('low-first')], {
        description: 'for 32 bits; default high-first',
      }),
    ),
    scale: Type.Number({
      description: 'physical value = raw × scale, in the unit that the point is named for',
    }),
    faultValues: Type.Array(Type.Integer(), {
      description: 'raw values (as read, after the sign) that mean "no valid reading"',
    }),
  },
  { additionalProperties: false },
)
export type Point = Type.Static<typeof Point>

/** A point with two meanings, such as a door contact: `activeValue` is the raw value of the named meaning. */
export const Flag = Type.Object(
  {
    unit: Unit,
    register: Register,
    kind: Type.Optional(Type.Union([Type.Literal('holding'), Type.Literal('input')])),
    mask: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 0xffff,
        description: 'bits that count, where a register holds several flags',
      }),
    ),
    activeValue: Type.Integer(),
    inactiveValue: Type.Integer(),
  },
  { additionalProperties: false },
)
export type Flag = Type.Static<typeof Flag>

export const WriteAction = Type.Object(
  { unit: Unit, register: Register, value: Type.Integer({ description: 'raw value to write (function 6)' }) },
  { additionalProperties: false },
)
export type WriteAction = Type.Static<typeof WriteAction>

const DoorParts = Type.Object(
  {
    lock: Type.Object(
      {
        unlock: WriteAction,
        /** Absent where the lock falls shut by itself as the door closes, and no command engages it. */
        lock: Type.Optional(WriteAction),
        isUnlocked: Flag,
        isBoltSeated: Flag,
        /** A mechanical key holds the lock: the board refuses commands, and an open door is not a forced one. */
        isKeyTurned: Type.Optional(Flag),
        settleMs: Type.Integer({ description: 'how long the board may take before the read-back counts' }),
      },
      { additionalProperties: false },
    ),
    door: Type.Object({ isOpen: Flag }, { additionalProperties: false }),
  },
  { additionalProperties: false },
)
export type DoorParts = Type.Static<typeof DoorParts>

export const Profile = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    version: Type.Integer({ minimum: 1 }),
    /** What whoever uses it should know: where the facts come from, and what is not known. Printed by `probe`. */
    notes: Type.Optional(Type.Array(Type.String({ maxLength: 400 }), { maxItems: 20 })),
    serial: Type.Object(
      {
        baudRate: Type.Integer({ minimum: 1200, maximum: 921600 }),
        dataBits: Type.Union([Type.Literal(7), Type.Literal(8)]),
        parity: Type.Union([Type.Literal('none'), Type.Literal('even'), Type.Literal('odd')]),
        stopBits: Type.Union([Type.Literal(1), Type.Literal(2)]),
      },
      { additionalProperties: false },
    ),
    timeoutMs: Type.Integer({ minimum: 10, maximum: 5000, description: 'per request' }),
    retries: Type.Integer({ minimum: 0, maximum: 5, description: 'before a reading counts as stale' }),
    /** Consecutive registers that are fetched in one request; points inside a block are taken from it. */
    blocks: Type.Array(
      Type.Object(
        {
          unit: Unit,
          start: Register,
          count: Type.Integer({ minimum: 1, maximum: 125 }),
          kind: Type.Optional(Type.Union([Type.Literal('holding'), Type.Literal('input')])),
        },
        { additionalProperties: false },
      ),
    ),
    /** Devices that speak frames of their own instead of Modbus. */
    framed: Type.Optional(Type.Array(FramedUnit, { maxItems: 8 })),
    ...DoorParts.properties,
    /** Doors behind the first one, each with its own lock; door 0 is `lock` and `door`. */
    furtherDoors: Type.Optional(Type.Array(DoorParts, { maxItems: 3 })),
    scales: Type.Array(
      Type.Object(
        {
          shelf: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
          sensor: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
          door: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 3,
              description: 'the door that the shelf is behind; default 0',
            }),
          ),
          netGrams: Point,
          /** Writes, in this order, that take the present weight as zero. Without them the edge remembers the zero itself. */
          tare: Type.Optional(Type.Array(WriteAction, { minItems: 1, maxItems: 4 })),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 64 },
    ),
    climate: Type.Optional(
      Type.Object(
        {
          airDeciCelsius: Point,
          /** A second air probe elsewhere in the cabinet; the warmer of the two counts. */
          secondAirDeciCelsius: Type.Optional(Point),
          evaporatorDeciCelsius: Type.Optional(Point),
          setpointDeciCelsius: Point,
          isCompressorOn: Type.Optional(Flag),
          isDefrosting: Type.Optional(Flag),
          /** Starts a defrost, which the board ends by itself. Needs `isDefrosting`, to be read back. */
          defrost: Type.Optional(WriteAction),
        },
        { additionalProperties: false },
      ),
    ),
    /** A display on the cabinet that can show four digits instead of the temperature. */
    display: Type.Optional(
      Type.Object(
        {
          unit: Unit,
          register: Register,
          blankValue: Type.Integer({ description: 'raw value that gives the display back to the board' }),
        },
        { additionalProperties: false },
      ),
    ),
    power: Type.Optional(Type.Object({ isMainsOn: Flag }, { additionalProperties: false })),
  },
  { additionalProperties: false },
)
export type Profile = Type.Static<typeof Profile>
