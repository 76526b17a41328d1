import Type from 'typebox'

/**
 * A device on the line that speaks frames of its own instead of Modbus, as data: what to send, what comes back, and where
 * in it the values stand. To the rest of a profile it is one more unit with registers, so that points, polarities and
 * scales are written down as for any other.
 *
 * Frames are in hexadecimal without their checksum, which is added and checked here. `..` is a byte that may be anything,
 * `vv` in a request is the value that is written (its low byte).
 */
const Pattern = (what: string) =>
  Type.String({
    pattern: '^([0-9A-Fa-f]{2}|\\.\\.)( ([0-9A-Fa-f]{2}|\\.\\.)){0,63}$',
    description: `${what}: hexadecimal bytes, .. for any byte, without the checksum`,
  })
const Request = Type.String({
  pattern: '^([0-9A-Fa-f]{2}|vv)( ([0-9A-Fa-f]{2}|vv)){0,63}$',
  description: 'what is sent: hexadecimal bytes, vv for the value that is written, without the checksum',
})
const Register = Type.Integer({ minimum: 0, maximum: 65535, description: 'the number that points name' })
const TimeoutMs = Type.Optional(
  Type.Integer({ minimum: 10, maximum: 5000, description: 'where it takes longer than the profile says' }),
)
const closed = { additionalProperties: false } as const

export const CHECKSUMS = ['xor', 'sum8', 'crc16-modbus', 'none'] as const
export type Checksum = (typeof CHECKSUMS)[number]

export const FramedRead = Type.Object(
  {
    register: Register,
    request: Request,
    reply: Pattern('what comes back'),
    words: Type.Array(
      Type.Object(
        {
          at: Type.Integer({ minimum: 0, maximum: 63, description: 'byte of the reply, from 0' }),
          bytes: Type.Union([Type.Literal(1), Type.Literal(2)]),
          isSigned: Type.Optional(Type.Boolean({ description: 'a single byte that may be negative' })),
          byteOrder: Type.Optional(
            Type.Union([Type.Literal('high-first'), Type.Literal('low-first')], {
              description: 'of two bytes; default high-first',
            }),
          ),
        },
        closed,
      ),
      { minItems: 1, maxItems: 64, description: 'the registers from `register` on, in this order' },
    ),
    timeoutMs: TimeoutMs,
  },
  closed,
)
export type FramedRead = Type.Static<typeof FramedRead>

export const FramedWrite = Type.Object(
  {
    register: Register,
    value: Type.Optional(Type.Integer({ description: 'only for this value; otherwise for any' })),
    request: Request,
    reply: Type.Optional(Pattern('what comes back; absent: nothing does')),
    timeoutMs: TimeoutMs,
  },
  closed,
)
export type FramedWrite = Type.Static<typeof FramedWrite>

export const FramedUnit = Type.Object(
  {
    unit: Type.Integer({
      minimum: 1,
      maximum: 247,
      description: 'a number for the points of this profile; no Modbus device of the line may have it',
    }),
    checksum: Type.Unsafe<Checksum>({
      enum: CHECKSUMS,
      description:
        'over all bytes before it: xor or sum of them (one byte), CRC-16/MODBUS (two, low first), none',
    }),
    reads: Type.Array(FramedRead, { maxItems: 64 }),
    writes: Type.Array(FramedWrite, { maxItems: 64 }),
  },
  closed,
)
export type FramedUnit = Type.Static<typeof FramedUnit>
