import type { ErrorCode } from '#protocol/base/errors.ts'
import { isFollowable } from '#protocol/base/selling-hours.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import type { TwinPart, TwinStatus } from '#protocol/base/twin-parts.ts'
import type { TwinAnswered } from '#protocol/messages/twin.ts'

/** What this cabinet is made of; a document that asks for more cannot be followed. */
export interface TwinLimits {
  /** Shelves with a scale under them. */
  readonly shelves: ReadonlySet<string>
}
type Answer = TwinAnswered['parts'][number]

/** Food above this is no chilled food, whatever a document says; tenths of a degree. */
const LOCKOUT_LIMIT_MOST = 100
/** Out of temperature for longer than this nothing may be sold (FDA Food Code 3-501.19: four hours). */
const LOCKOUT_AFTER_MOST_MS = 4 * 3_600_000
/** Nobody may leave a cabinet without a measurement for longer than this and sell on. */
const LOCKOUT_UNSEEN_MOST_MS = 24 * 3_600_000

/** A document of another core database always counts; of the same one a later version does, and one that says something else. */
export function isNews(known: Twin | undefined, given: Twin): boolean {
  if (known === undefined || known.twinEpoch !== given.twinEpoch) return true
  if (given.version !== known.version) return given.version > known.version
  // The same number with other contents: the core was restored from a backup and counted on from there.
  return JSON.stringify(given) !== JSON.stringify(known)
}

/**
 * What of a desired document holds from now on. A part that cannot be followed is rejected and the one before stays; one
 * that is unsafe is brought to the nearest safe value; the rest is applied. The setpoint is answered by the thermostat.
 * @param before  what held until now
 */
export function decideTwin(
  before: Twin | undefined,
  given: Twin,
  limits: TwinLimits,
): { effective: Twin; parts: Answer[] } {
  const lockout = decideLockoutPart(given)
  const planogram = decidePlanogram(before, given, limits)
  const hours = decideHours(before, given)
  const { sellingHours: _given, ...rest } = given
  const effective: Twin = {
    ...rest,
    lockout: lockout.value,
    planogram: planogram.value,
    ...(hours.value === undefined ? {} : { sellingHours: hours.value }),
  }
  return {
    effective,
    parts: [
      answer('lockout', lockout, lockout.value),
      answer('planogram', planogram, planogram.value?.version ?? null),
      answer('hours', hours, hours.value ?? null),
      answer('camera', { status: 'applied' }, given.cameraPolicy ?? null),
      answer('service', { status: 'applied' }, given.isOutOfService),
    ],
  }
}

interface Decided {
  readonly status: TwinStatus
  readonly reason?: ErrorCode
  readonly detail?: string
}

function answer(part: TwinPart, { status, reason, detail }: Decided, value: unknown): Answer {
  return {
    part,
    status,
    value,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
  }
}

function decideLockoutPart({ lockout }: Twin): Decided & { value: Twin['lockout'] } {
  if (!lockout.isEnabled) return { status: 'applied', value: lockout }
  const most = (ms: number | undefined, mostMs: number) =>
    ms === undefined ? undefined : Math.min(ms, mostMs)
  const totalMs = most(lockout.totalMs, LOCKOUT_AFTER_MOST_MS)
  const unseenMs = most(lockout.unseenMs, LOCKOUT_UNSEEN_MOST_MS)
  const value: Twin['lockout'] = {
    ...lockout,
    limitDeciCelsius: Math.min(lockout.limitDeciCelsius, LOCKOUT_LIMIT_MOST),
    afterMs: Math.min(lockout.afterMs, LOCKOUT_AFTER_MOST_MS),
    afterDoorCloseMs: Math.min(lockout.afterDoorCloseMs, LOCKOUT_AFTER_MOST_MS),
    afterDefrostMs: Math.min(lockout.afterDefrostMs, LOCKOUT_AFTER_MOST_MS),
    ...(totalMs === undefined ? {} : { totalMs }),
    // A window shorter than what it may sum up would never stop anything.
    ...(lockout.totalWindowMs === undefined
      ? {}
      : { totalWindowMs: Math.max(lockout.totalWindowMs, totalMs ?? 0) }),
    ...(unseenMs === undefined ? {} : { unseenMs }),
  }
  const isClamped = Object.entries(value).some(
    ([name, part]) => part !== lockout[name as keyof typeof lockout],
  )
  if (!isClamped) return { status: 'applied', value }
  const detail = `at most ${LOCKOUT_LIMIT_MOST / 10} °C and ${LOCKOUT_AFTER_MOST_MS / 3_600_000} h`
  return { status: 'overridden', reason: 'limit_unsafe', detail, value }
}

function decidePlanogram(
  before: Twin | undefined,
  { planogram }: Twin,
  limits: TwinLimits,
): Decided & { value: Twin['planogram'] } {
  // What lies on a shelf without a scale could be taken for nothing.
  const missing = (planogram?.shelves ?? []).filter(
    (shelf) => shelf.products.length > 0 && !limits.shelves.has(shelf.id),
  )
  if (missing.length === 0) return { status: 'applied', value: planogram }
  return {
    status: 'rejected',
    reason: 'planogram_unfit',
    detail: `no scale is under ${missing.map((shelf) => shelf.id).join(', ')}`.slice(0, 500),
    value: before?.planogram ?? null,
  }
}

function decideHours(
  before: Twin | undefined,
  { sellingHours }: Twin,
): Decided & { value: Twin['sellingHours'] } {
  if (sellingHours === undefined || isFollowable(sellingHours))
    return { status: 'applied', value: sellingHours }
  return {
    status: 'rejected',
    reason: 'hours_invalid',
    detail: `there is no time zone ${sellingHours.timeZone}`,
    value: before?.sellingHours,
  }
}
