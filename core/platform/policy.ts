import Type from 'typebox'
import { CabinetError } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'

/** One number of the policy: what it is called, its unit, its default and its range. */
function setting(
  title: string,
  unit: 'ms' | 'fen' | 'ratio' | 'days' | 'years' | 'count',
  fallback: number,
  minimum: number,
  maximum: number,
) {
  const options = { title, description: unit, default: fallback, minimum, maximum }
  return unit === 'ratio' ? Type.Number(options) : Type.Integer(options)
}
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * Every number on which the business decides, with the defaults of docs/explain. `--policy FILE` overrides single
 * settings; `npm run core -- config` prints them all.
 */
export const PolicySchema = Type.Object(
  {
    // sessions
    unlockValidMs: setting('An unlock is valid for', 'ms', 5 * SECOND, 100, MINUTE),
    notOpenedMs: setting('Unlocked but not opened: lock again after', 'ms', 15 * SECOND, 100, 10 * MINUTE),
    leftOpenWarningMs: setting('Door open: warn after', 'ms', MINUTE, 100, HOUR),
    leftOpenAlarmMs: setting('Door open: alarm after', 'ms', 3 * MINUTE, 100, HOUR),
    reopenGraceMs: setting(
      'Opened again within this time joins the session',
      'ms',
      10 * SECOND,
      0,
      10 * MINUTE,
    ),
    sessionCapFen: setting('Most that one session may cost', 'fen', 20_000, 100, 1_000_000),
    sessionOverdueMs: setting('No end of a session heard: overdue after', 'ms', 10 * MINUTE, SECOND, 7 * DAY),
    // receipts
    clearProbability: setting(
      'Charge without a person from this probability of the receipt',
      'ratio',
      0.97,
      0.5,
      1,
    ),
    reexaminedProbability: setting(
      'Settle a dispute about goods without a person when weighing again is this sure',
      'ratio',
      0.97,
      0.5,
      1,
    ),
    blockedCameraProbability: setting('The same when the camera was blocked', 'ratio', 0.99, 0.5, 1),
    cheapestMixFen: setting(
      'Mixes that differ by at most this are billed as the cheapest',
      'fen',
      100,
      0,
      10_000,
    ),
    // charges
    providerAnswerMs: setting('The payment provider answers within', 'ms', 8 * SECOND, 100, MINUTE),
    chargeUsualMs: setting('A deduction that takes longer is explained', 'ms', 1500, 10, DAY),
    lateChargeNoticeMs: setting(
      'A charge later than this is announced before it is asked for',
      'ms',
      15 * MINUTE,
      10,
      30 * DAY,
    ),
    noticeBoundMs: setting('Waiting for the message gateway delays money at most', 'ms', MINUTE, 10, DAY),
    batchSuspectTickets: setting(
      'A batch that so many complaints are about is proposed to be blocked',
      'count',
      2,
      1,
      100,
    ),
    batchSuspectDays: setting('… within', 'days', 14, 1, 365),
    delayedChargeMs: setting('A charge is late when it comes later than', 'ms', 10 * MINUTE, 10, 30 * DAY),
    chargePendingMs: setting(
      'A charge pending longer than this is explained to the consumer',
      'ms',
      10 * MINUTE,
      10,
      30 * DAY,
    ),
    chargeQueryFirstMs: setting(
      'Ask the provider about an unresolved charge after',
      'ms',
      2 * SECOND,
      10,
      HOUR,
    ),
    chargeQueryLongestMs: setting('… at the latest every', 'ms', 10 * MINUTE, 100, DAY),
    // arrears
    lateCheckMostMs: setting(
      'A late charge is weighed again; its record is waited for at most',
      'ms',
      DAY,
      10,
      30 * DAY,
    ),
    arrearsReminderFirstMs: setting(
      'Unpaid: remind again, and ask the provider to collect, after',
      'ms',
      DAY,
      10,
      30 * DAY,
    ),
    arrearsReminderLongestMs: setting('… doubling up to', 'ms', 7 * DAY, 10, 90 * DAY),
    arrearsRemindersMost: setting('… this many times, then a person looks', 'count', 5, 1, 20),
    agentWriteOffFen: setting('An agent lets go of an unpaid order up to', 'fen', 0, 0, 1_000_000),
    leadWriteOffFen: setting('A lead lets go of an unpaid order up to', 'fen', 5000, 0, 10_000_000),
    // refunds
    automaticRefundFen: setting('Refund without a person up to, per case', 'fen', 3000, 0, 1_000_000),
    automaticRefundMonthFen: setting('… and per consumer and month', 'fen', 10_000, 0, 10_000_000),
    agentRefundFen: setting('An agent refunds up to', 'fen', 5000, 0, 1_000_000),
    leadRefundFen: setting('A lead refunds up to', 'fen', 50_000, 0, 10_000_000),
    agentCompensationFen: setting(
      'An agent gives coupons and points up to, per order',
      'fen',
      1000,
      0,
      50_000,
    ),
    leadCompensationFen: setting(
      'A lead gives coupons and points up to, per order',
      'fen',
      10_000,
      0,
      10_000_000,
    ),
    returnedLaterProbability: setting(
      'Goods brought back on a later visit go back without a person from this probability',
      'ratio',
      0.97,
      0.5,
      1,
    ),
    returnWindowMs: setting('… when they were bought at most this long before', 'ms', DAY, SECOND, 7 * DAY),
    returnPerishableMs: setting(
      '… and chilled or frozen goods this long before; later ones are thrown away',
      'ms',
      30 * MINUTE,
      SECOND,
      7 * DAY,
    ),
    // restrictions
    restrictionWindowDays: setting('Restrictions look back for', 'days', 30, 1, 365),
    // One case is never enough, whoever sets it.
    cameraCoveredLimited: setting('Visits with a covered camera that limit a visit', 'count', 3, 2, 100),
    cameraCoveredBlocked: setting('… that stop opening', 'count', 5, 2, 100),
    unpaidLimited: setting('Clear visits that stayed unpaid, that limit a visit', 'count', 2, 2, 100),
    unpaidBlocked: setting('… that stop opening', 'count', 3, 2, 100),
    restrictedSessionFen: setting('A limited visit costs at most', 'fen', 5000, 100, 1_000_000),
    restrictionDays: setting('A restriction ends after', 'days', 14, 1, 365),
    // support
    firstResponseMs: setting('First response within', 'ms', 15 * MINUTE, SECOND, 7 * DAY),
    resolutionMs: setting('Resolution within', 'ms', DAY, SECOND, 30 * DAY),
    reopenWindowMs: setting('A ticket can be reopened for', 'ms', 72 * HOUR, SECOND, 90 * DAY),
    complaintLookMs: setting(
      'Complaints at the payment provider are looked at every',
      'ms',
      10 * MINUTE,
      SECOND,
      DAY,
    ),
    npsShare: setting(
      'Consumers asked whether they would recommend us, of all solved tickets',
      'ratio',
      0.2,
      0,
      1,
    ),
    npsPauseDays: setting('… and the same consumer not again within', 'days', 90, 1, 730),
    emergencyReportMs: setting(
      'A serious incident is reported within, of its discovery',
      'ms',
      HOUR,
      SECOND,
      DAY,
    ),
    figureCasesLeast: setting('Figures of an agent are shown from this many cases', 'count', 10, 1, 1000),
    // improvement
    recurrenceCases: setting(
      'Cases of one cause on a cabinet or product that open an improvement item',
      'count',
      3,
      2,
      100,
    ),
    recurrenceWindowDays: setting('… when they come within', 'days', 14, 1, 365),
    improvementDueDays: setting('An improvement item is due after', 'days', 14, 1, 365),
    deviceAnswerMs: setting('A ticket waits for the answer of a cabinet', 'ms', 5 * MINUTE, SECOND, DAY),
    // callers
    callerKnownMs: setting(
      'A caller who was found to be who they say stays known for',
      'ms',
      30 * MINUTE,
      SECOND,
      DAY,
    ),
    callerQuestionsMs: setting('Questions to a caller are answered within', 'ms', 10 * MINUTE, SECOND, HOUR),
    callerQuestionsMost: setting('… and asked without success so often a day and person', 'count', 3, 1, 20),
    callerCodeMs: setting('A code that was sent to a consumer is good for', 'ms', 10 * MINUTE, SECOND, HOUR),
    callerCodesMost: setting('Codes without success, a day and person', 'count', 3, 1, 20),
    callerCodeTriesMost: setting(
      'Wrong figures that one code forgives, the last included',
      'count',
      5,
      1,
      10,
    ),
    // evidence
    routinePictureDays: setting('Routine pictures are kept for', 'days', 14, 1, 365),
    weightTraceDays: setting('Weight traces are kept for', 'days', 365, 1, 3650),
    moneyRecordYears: setting('Orders, payments and refunds are kept for', 'years', 3, 1, 30),
    disputedEvidenceDays: setting('Evidence of a dispute is kept after it was closed', 'days', 180, 1, 3650),
    decisionDays: setting('Decisions of rules are kept for', 'days', 1095, 400, 3650),
    // climate
    lockoutAfterMs: setting('Above the limit for this long stops sales', 'ms', 15 * MINUTE, 100, DAY),
    lockoutAfterDoorCloseMs: setting('… after the door was open', 'ms', 30 * MINUTE, 100, DAY),
    lockoutAfterDefrostMs: setting('… after a defrost', 'ms', 30 * MINUTE, 100, DAY),
    lockoutTotalMs: setting(
      '… above the limit for this long in all, whatever door and defrost did',
      'ms',
      HOUR,
      100,
      DAY,
    ),
    lockoutTotalWindowMs: setting('… within', 'ms', 2 * HOUR, 100, 7 * DAY),
    lockoutUnseenMs: setting(
      'Nobody measured for longer than this (power cut): sales stop even when it is cold again',
      'ms',
      4 * HOUR,
      100,
      7 * DAY,
    ),
    setpointPauseMs: setting('At most one change of the setpoint every', 'ms', MINUTE, 0, HOUR),
    // links
    suspectAfterMs: setting('Nothing heard: suspect after', 'ms', 20 * SECOND, 100, HOUR),
    offlineAfterMs: setting('Nothing heard: offline after', 'ms', 40 * SECOND, 200, DAY),
    absentAlarmMs: setting('Offline for this long calls a person', 'ms', 5 * MINUTE, 100, DAY),
    commandOutcomeMs: setting(
      'A command that was begun and says nothing for this long counts as not known',
      'ms',
      MINUTE,
      100,
      HOUR,
    ),
    commandReplyMs: setting('A command is answered within', 'ms', 4 * SECOND, 50, MINUTE),
    // work that is due
    dueWorkLookMs: setting(
      'Work that another core scheduled is noticed at the latest after',
      'ms',
      5 * SECOND,
      100,
      MINUTE,
    ),
    // accounts
    proofMs: setting(
      'Large refunds, remote unlocking and accounts ask again who one is after',
      'ms',
      15 * MINUTE,
      10,
      12 * HOUR,
    ),
    guessesMost: setting('Wrong passwords or codes before an account rests', 'count', 8, 3, 100),
    guessLockMs: setting('… for this long, doubling with each further one', 'ms', MINUTE, 10, HOUR),
    guessLockLongestMs: setting('… at most', 'ms', 15 * MINUTE, 10, DAY),
    // credentials of cabinets
    enrolmentCodeMs: setting('An enrolment code is valid for', 'ms', HOUR, SECOND, 7 * DAY),
    credentialLifeMs: setting(
      'A certificate of a cabinet is valid for; credentials are renewed when a third of this is left',
      'ms',
      90 * DAY,
      10 * SECOND,
      730 * DAY,
    ),
    credentialOverlapMs: setting(
      'Old credentials of a cabinet hold for this long after the new ones were used',
      'ms',
      10 * MINUTE,
      0,
      7 * DAY,
    ),
  },
  { additionalProperties: false },
)
export type Policy = Type.Static<typeof PolicySchema>

export const DEFAULT_POLICY: Policy = Object.fromEntries(
  Object.entries(PolicySchema.properties).map(([name, schema]) => [
    name,
    (schema as { default?: unknown }).default,
  ]),
) as Policy

/**
 * Defaults with the given settings over them.
 * @throws CabinetError naming the setting that is unknown or out of range
 */
export function createPolicy(overrides: Readonly<Record<string, unknown>> = {}): Policy {
  for (const name of Object.keys(overrides)) {
    if (!Object.hasOwn(PolicySchema.properties, name)) {
      throw new CabinetError('config_invalid', `The policy has no setting "${name}".`)
    }
  }
  const parsed = parseValue(PolicySchema, { ...DEFAULT_POLICY, ...overrides })
  if (!parsed.ok) throw new CabinetError('config_invalid', `Policy setting ${parsed.reason}.`)
  return parsed.value
}
