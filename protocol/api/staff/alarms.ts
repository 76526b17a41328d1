import Type from 'typebox'
import { closed, oneOf } from '#protocol/api/common.ts'

/** Why somebody lets an alarm be quiet for a time. */
export const SHELVING_REASONS = ['work_on_site', 'repair_planned', 'cause_known', 'watched'] as const
export type ShelvingReason = (typeof SHELVING_REASONS)[number]

/** Never longer: what nobody looks at by then calls again. */
const SHELVING_LONGEST_MINUTES = 4320

/** POST /api/staff/alarms/:id/shelve : quiet until then, and raised again by itself if it still holds */
export const AlarmShelve = Type.Object(
  {
    minutes: Type.Integer({ minimum: 1, maximum: SHELVING_LONGEST_MINUTES }),
    reason: oneOf(SHELVING_REASONS),
  },
  closed,
)
export type AlarmShelve = Type.Static<typeof AlarmShelve>
