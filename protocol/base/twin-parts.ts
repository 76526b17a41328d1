import Type from 'typebox'

const closed = { additionalProperties: false } as const

/** The parts of a desired document, each of which the cabinet answers by itself. The setpoint has an event of its own. */
export const TWIN_PARTS = ['lockout', 'planogram', 'hours', 'camera', 'service'] as const
export type TwinPart = (typeof TWIN_PARTS)[number]
export const TWIN_STATUSES = ['applied', 'rejected', 'overridden'] as const
export type TwinStatus = (typeof TWIN_STATUSES)[number]

/**
 * Opening hours of sales in the cabinet's own time zone. `to` before `from` runs over midnight; equal is the whole day.
 * An empty list never sells; the field missing in the document always does.
 */
export const SellingHours = Type.Object(
  {
    timeZone: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'IANA name, for example Asia/Shanghai',
    }),
    intervals: Type.Array(
      Type.Object(
        {
          days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
            minItems: 1,
            maxItems: 7,
            description: 'ISO weekdays on which the interval begins, 1 is Monday',
          }),
          fromMinute: Type.Integer({ minimum: 0, maximum: 1439, description: 'minute of the day' }),
          toMinute: Type.Integer({
            minimum: 0,
            maximum: 1439,
            description: 'minute of the day, not included',
          }),
        },
        closed,
      ),
      { maxItems: 14 },
    ),
  },
  closed,
)
export type SellingHours = Type.Static<typeof SellingHours>

export const CameraPolicy = Type.Object(
  {
    isNeededForSale: Type.Boolean({
      description:
        'without a camera that sees the goods nothing is sold; weight alone still decides otherwise',
    }),
  },
  closed,
)
export type CameraPolicy = Type.Static<typeof CameraPolicy>
