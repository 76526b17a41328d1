import { POLICY_NAMES, type PolicyLimit, type PolicyName } from '#protocol/api/policies.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { type Policy, PolicySchema } from '#core/platform/policy.ts'

/** The settings that a lead may change, each in one policy only, so that two versions never disagree about it. */
export const LIMITS_OF = {
  receipt: ['clearProbability', 'blockedCameraProbability', 'cheapestMixFen'],
  returned_goods: ['reexaminedProbability'],
  returned_later: ['returnedLaterProbability', 'returnWindowMs', 'returnPerishableMs'],
  automatic_refund: ['automaticRefundFen', 'automaticRefundMonthFen'],
  // A second payment goes back whatever it is: nothing to set.
  double_charge: [],
  delayed_charge: ['delayedChargeMs', 'chargeUsualMs'],
  unpaid: ['arrearsReminderFirstMs', 'arrearsReminderLongestMs', 'arrearsRemindersMost'],
  restriction: [
    'restrictionWindowDays',
    'cameraCoveredLimited',
    'cameraCoveredBlocked',
    'unpaidLimited',
    'unpaidBlocked',
    'restrictedSessionFen',
    'restrictionDays',
  ],
} as const satisfies Record<PolicyName, readonly (keyof Policy)[]>

export type LimitName = (typeof LIMITS_OF)[PolicyName][number]
/** Values by name, of one policy. */
export type Limits = Readonly<Record<string, number>>

/** @returns every limit of the policy as it stands in `settings`, and nothing else */
export function limitsIn(policy: PolicyName, settings: Readonly<Record<string, number>>): Limits {
  return Object.fromEntries(LIMITS_OF[policy].map((name) => [name, settings[name] as number]))
}

/**
 * A whole set of limits of one policy, as a person sent it.
 * @throws CabinetError bad_request naming the limit that is missing, unknown or out of its range
 */
export function parseLimits(policy: PolicyName, given: Limits): Limits {
  const names: readonly string[] = LIMITS_OF[policy]
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new CabinetError('bad_request', `The policy ${policy} has no limit "${unknown}".`)
  for (const name of names) {
    const { minimum, maximum, title } = schemaOf(name)
    const value = given[name]
    if (value === undefined)
      throw new CabinetError('bad_request', `The limit "${name}" is missing; send all limits of the policy.`)
    if (!parseValue(PolicySchema.properties[name as LimitName], value).ok)
      throw new CabinetError(
        'bad_request',
        `"${title}" must be a number from ${minimum} to ${maximum}${schemaOf(name).isWhole ? ', without a fraction' : ''}.`,
        { context: { limit: name, minimum, maximum } },
      )
  }
  const order = ORDERED[policy]?.find(([low, high]) => (given[low] ?? 0) > (given[high] ?? 0))
  if (order !== undefined)
    throw new CabinetError(
      'bad_request',
      `"${schemaOf(order[0]).title}" must not be above "${schemaOf(order[1]).title}".`,
      { context: { limit: order[0] } },
    )
  return limitsIn(policy, given)
}

/** The first of each pair must not be above the second: a blind camera never makes a charge easier. */
const ORDERED: Partial<Record<PolicyName, ReadonlyArray<readonly [LimitName, LimitName]>>> = {
  receipt: [['clearProbability', 'blockedCameraProbability']],
  returned_later: [['returnPerishableMs', 'returnWindowMs']],
  automatic_refund: [['automaticRefundFen', 'automaticRefundMonthFen']],
  unpaid: [['arrearsReminderFirstMs', 'arrearsReminderLongestMs']],
  restriction: [
    ['cameraCoveredLimited', 'cameraCoveredBlocked'],
    ['unpaidLimited', 'unpaidBlocked'],
  ],
}

function schemaOf(name: string) {
  const schema = PolicySchema.properties[name as LimitName] as {
    type?: string
    title?: string
    description?: string
    minimum?: number
    maximum?: number
  }
  return {
    title: schema.title ?? name,
    unit: schema.description as PolicyLimit['unit'],
    minimum: schema.minimum ?? 0,
    maximum: schema.maximum ?? Number.MAX_SAFE_INTEGER,
    isWhole: schema.type === 'integer',
  }
}

export function limitViews(policy: PolicyName, held: Limits, configured: Limits): PolicyLimit[] {
  return LIMITS_OF[policy].map((name) => {
    const { unit, minimum, maximum } = schemaOf(name)
    return { name, unit, value: held[name] ?? 0, configured: configured[name] ?? 0, minimum, maximum }
  })
}

export function isPolicyName(name: string): name is PolicyName {
  return (POLICY_NAMES as readonly string[]).includes(name)
}
