/**
 * The error catalogue. `docs/reference/errors.md` lists the same codes, both directions checked by a test.
 * Three kinds: `refusal` (an expected answer, returned as a value or an HTTP 4xx), `fault` (the world failed; thrown),
 * `config` (start-up stops with the sentence).
 */
export type ErrorKind = 'refusal' | 'fault' | 'config'

export interface ErrorEntry {
  readonly kind: ErrorKind
  /** HTTP status when it reaches a client. */
  readonly status: number
  /** Whether the same request may succeed later without a change. */
  readonly isRetryable: boolean
  /** What happened, one sentence. */
  readonly meaning: string
  /** What the reader should do. */
  readonly remedy: string
}

function refusal(status: number, meaning: string, remedy: string, isRetryable = false): ErrorEntry {
  return { kind: 'refusal', status, isRetryable, meaning, remedy }
}
function fault(meaning: string, remedy: string, isRetryable = true): ErrorEntry {
  return { kind: 'fault', status: 503, isRetryable, meaning, remedy }
}
function config(meaning: string, remedy: string): ErrorEntry {
  return { kind: 'config', status: 500, isRetryable: false, meaning, remedy }
}

export const ERRORS = {
  // requests
  bad_request: refusal(
    400,
    'The request does not have the expected shape.',
    'Correct the fields named in the message and send it again.',
  ),
  intake_invalid: refusal(
    400,
    'What was entered does not fit the type of the ticket.',
    'Correct the fields that are named and send it again.',
  ),
  not_signed_in: refusal(401, 'There is no valid sign-in.', 'Sign in and try again.'),
  wrong_credentials: refusal(
    401,
    'The name or the password is wrong.',
    'Check both; after several failures wait a minute.',
  ),
  second_factor_code_needed: refusal(
    401,
    'This account asks for a code besides the password.',
    'Type the six figures of the authenticator app, or a recovery code.',
  ),
  second_factor_wrong: refusal(
    401,
    'The code is wrong, too old, or was used before.',
    'Wait for the next code and type that one; check that the clock of the phone is right.',
  ),
  second_factor_needed: refusal(
    403,
    'This role works with a second factor, and none is set up yet.',
    'Set up an authenticator app under "My account".',
  ),
  password_change_needed: refusal(
    403,
    'The password was given out by somebody else.',
    'Choose a password of your own under "My account".',
  ),
  password_unfit: refusal(
    422,
    'This password is too easy to guess.',
    'Take at least 12 letters, not the old password, and not the name of the account in it.',
  ),
  proof_needed: refusal(
    403,
    'This step asks again who you are.',
    'Type the code of the authenticator app, or the password.',
  ),
  knowledge_unfit: refusal(422, 'The text cannot be used like this.', 'Change what the message names.'),
  last_manager: refusal(
    409,
    'Nobody could manage accounts any more.',
    'Give another active account the role of manager or admin first.',
  ),
  not_allowed: refusal(
    403,
    'This role may not do that here.',
    'Ask somebody with the permission named in the message.',
  ),
  training_missing: refusal(
    403,
    'Tickets of this type are taken by whoever has passed what they ask for.',
    'Pass the course that the message names, or give the ticket to somebody who has.',
  ),
  nothing_given_back: refusal(
    409,
    'Nothing is on its way back for this ticket: nobody asked for a refund, or a second person has yet to approve it.',
    'Ask for the refund, wait for the approval, or choose another outcome.',
  ),
  caller_not_verified: refusal(
    403,
    'Somebody speaks on a ticket about this person whom nobody has found to be the buyer.',
    'Open the ticket and answer “Is it really them?”: ask the two questions, send a code, or ask a lead.',
  ),
  caller_check_over: refusal(
    409,
    'These questions or this code are over: answered, too old, or asked for anew.',
    'Ask again on the page of the ticket.',
  ),
  caller_checks_spent: refusal(
    409,
    'This person was asked as often today as may be.',
    'Use the other way on the page of the ticket, or ask a lead.',
  ),
  caller_check_unavailable: refusal(
    409,
    'There is nothing by which this caller could be known.',
    'Name the order first, send a code, or ask a lead.',
  ),
  foreign_origin: refusal(
    403,
    'A page of another site sent this request.',
    'Open our own page and repeat it there.',
  ),
  not_found: refusal(
    404,
    'There is no such thing, or it is not yours to see.',
    'Check the address or the id.',
  ),
  conflict: refusal(
    409,
    'It was changed by somebody else in the meantime.',
    'Load it again and repeat the change.',
  ),
  dead_letter_settled: refusal(409, 'Somebody has settled this dead letter already.', 'Load the list again.'),
  dead_letter_order: refusal(
    409,
    'An older event of this cabinet is dead too, and what came later may rest on it.',
    'Make the older one good or discard it first; the message names it.',
  ),
  dead_letter_not_event: refusal(
    409,
    'This is a whole frame, not an event; the cabinet sends its events again by itself.',
    'Look for the cause at the cabinet, then discard it with a note.',
  ),
  dead_letter_unmended: refusal(
    422,
    'The event would become a dead letter again.',
    'Correct the field named in the message.',
  ),
  outbox_not_refused: refusal(
    409,
    'No outbox of this cabinet is refused any more.',
    'Load the page again; there is nothing to do.',
  ),
  outbox_refused: refusal(
    409,
    'The core refuses the events of this cabinet, because another machine may use its identity.',
    'See to it that one machine only has this identity, then let it go on in the console under delivery.',
  ),
  too_many_requests: refusal(429, 'Too many requests.', 'Wait for the time in Retry-After.', true),
  payload_too_large: refusal(
    413,
    'The body is larger than allowed here.',
    'Send less than the limit named in the message.',
  ),
  bad_picture: refusal(
    415,
    'This is no picture that can be shown.',
    'Send one JPEG, PNG or WebP of at most 8 MiB and 64 million pixels.',
  ),
  too_many_pictures: refusal(
    409,
    'This question has as many pictures as it may have.',
    'Describe the rest in words.',
  ),
  too_many_questions: refusal(
    409,
    'As many questions of this person are open as may be.',
    'Write in one of those that are open, or call support.',
  ),
  exists_with_different_contents: refusal(
    409,
    'This id was used before with other contents.',
    'Use a new id for a new request.',
  ),
  bill_not_ready: refusal(
    409,
    'The provider has not made the bill of this day yet.',
    'Try again after 10:00 (Beijing) of the next day.',
    true,
  ),
  price_conflict: refusal(
    409,
    'The price or promotion contradicts itself or another one.',
    'Correct what the message names.',
  ),
  internal: {
    kind: 'fault',
    status: 500,
    isRetryable: true,
    meaning: 'Something failed on our side.',
    remedy: 'Try again; give support the request id if it stays.',
  } as ErrorEntry,
  storage_failed: fault(
    'The database could not commit.',
    'Check disk space and the health of the disk; nothing was acknowledged.',
  ),
  // opening a cabinet
  unknown_cabinet: refusal(
    404,
    'No cabinet has this code.',
    'Check the code on the cabinet, or tell support.',
  ),
  cabinet_offline: refusal(
    409,
    'The cabinet cannot be reached right now.',
    'Try again in a few minutes or use another cabinet.',
    true,
  ),
  cabinet_busy: refusal(409, 'Somebody is using this cabinet.', 'Wait until its door is closed.', true),
  cabinet_locked_out: refusal(
    409,
    'Sales are stopped here for food safety.',
    'Use another cabinet; staff have been told.',
  ),
  cabinet_out_of_service: refusal(
    409,
    'This cabinet is out of service.',
    'Use another cabinet; staff have been told.',
  ),
  no_planogram: refusal(409, 'This cabinet has no planogram yet.', 'An operator saves one first.'),
  consent_required: refusal(
    409,
    'The payment provider has no permission from this consumer yet.',
    'Follow the consent link.',
  ),
  authorisation_declined: refusal(
    409,
    'The payment provider declined.',
    'Pay open orders at the provider or use another account.',
  ),
  consumer_in_arrears: refusal(
    409,
    'An earlier order is unpaid.',
    'Pay it first; the order page has the link.',
  ),
  consumer_blocked: refusal(
    403,
    'Opening is blocked for this consumer.',
    'The reason and the appeal are on the orders page.',
  ),
  consumer_busy: refusal(409, 'This consumer has a session open already.', 'Close the other cabinet first.'),
  charge_unresolved: refusal(
    409,
    'An earlier charge is still being confirmed.',
    'Wait a moment; never pay twice.',
    true,
  ),
  // commands
  command_expired: refusal(
    409,
    'The command was not executed within its life.',
    'Issue it again; nothing has moved.',
  ),
  command_stale_link: refusal(409, 'The command belongs to an earlier connection.', 'Issue it again.'),
  command_unknown_token: refusal(409, 'The token of this command is unknown or used.', 'Prepare again.'),
  command_retained: refusal(
    400,
    'A retained command is never executed.',
    'Publish commands without the retain flag.',
  ),
  command_unknown: refusal(
    400,
    'The cabinet does not know this command.',
    'Check the name and the firmware version.',
  ),
  precondition_failed: refusal(
    409,
    'The cabinet is not in the state that the command asked for.',
    'Look at the cabinet and decide again.',
  ),
  storage_full: refusal(
    503,
    'There is no room left to record a visit, so none is begun.',
    'Make room on the disk; it goes on by itself then.',
    true,
  ),
  outbox_full: refusal(
    409,
    'Too many events of this cabinet wait for the core already.',
    'Restore its connection; nothing is lost meanwhile, but no new session starts.',
    true,
  ),
  command_unanswered: fault(
    'The cabinet did not say what became of the command.',
    'Look at the cabinet before you repeat it; the answer is shown when it comes.',
  ),
  unknown_after_crash: fault(
    'The agent stopped while it carried out the command.',
    'The result shows how the hardware was found; decide by that.',
    false,
  ),
  agent_restarted: refusal(
    409,
    'The agent restarted before the command had changed anything.',
    'Send it again.',
    true,
  ),
  door_not_for_sale: refusal(409, 'Nothing is sold behind this door.', 'Choose another door of the cabinet.'),
  visit_line_wrong: refusal(
    400,
    'A line of this visit cannot be right.',
    'Correct the line that is named and save again.',
  ),
  visit_difference_unexplained: refusal(
    409,
    'The scales say something else than the lines.',
    'Count the shelf again and correct the lines, or write down why they differ.',
  ),
  door_open: refusal(409, 'The door is open.', 'Close the door and send the command again.'),
  not_supported: refusal(
    409,
    'The hardware of this cabinet cannot do that.',
    'Do it at the device itself, or choose a profile that describes how.',
  ),
  scale_unstable: refusal(
    409,
    'The scale does not come to rest.',
    'Take hands off the shelf, close the door, wait for the compressor to stop and try again.',
    true,
  ),
  weight_implausible: refusal(
    409,
    'The scale reads a weight that cannot be right for this step.',
    'Check that the shelf is empty, or that the right weight lies on it; nothing was changed.',
  ),
  calibration_not_begun: refusal(
    409,
    'The empty shelf has not been measured, or too long ago.',
    'Empty the shelf and begin the calibration again.',
  ),
  readback_mismatch: fault(
    'The device took the command and then read back something else.',
    'Try again; if it stays, the device needs service.',
  ),
  too_warm: refusal(
    409,
    'The air is too warm for this now.',
    'Wait until the cabinet has cooled down.',
    true,
  ),
  defrost_too_soon: refusal(
    409,
    'The last defrost is too short a time ago.',
    'Wait; every defrost warms the goods.',
    true,
  ),
  not_locked_out: refusal(409, 'There is no food-safety lockout to clear.', 'Nothing needs to be done.'),
  not_inspected: refusal(
    409,
    'Nobody has opened the door since the lockout began.',
    'Open the door on site, look at the goods, discard what is unsafe, close the door and clear it then.',
  ),
  on_site_code_wrong: refusal(
    403,
    'This is not the code on the display of the cabinet.',
    'Read the four digits on the display of this cabinet; after several wrong ones a new code is shown.',
  ),
  on_site_code_blocked: refusal(
    429,
    'Too many wrong codes were entered.',
    'Wait, then enter the new code on the display.',
    true,
  ),
  goods_expired: refusal(
    409,
    'Something in this cabinet is past its date.',
    'Use another cabinet; this one sells again when staff have taken it out.',
  ),
  goods_blocked: refusal(
    409,
    'Goods of a batch that must not be sold lie in this cabinet.',
    'Use another cabinet; this one sells again when staff have taken them out.',
  ),
  outside_selling_hours: refusal(
    409,
    'Nothing is sold here at this hour.',
    'Come back within the selling hours, or use another cabinet.',
  ),
  camera_not_ready: refusal(
    409,
    'The camera of this cabinet cannot see, and it is set to sell only with it.',
    'Use another cabinet; staff have been told.',
    true,
  ),
  planogram_unfit: refusal(
    409,
    'The planogram names shelves that this cabinet does not have.',
    'Correct the planogram; until then the cabinet keeps the one before.',
  ),
  hours_invalid: refusal(
    400,
    'The selling hours cannot be understood.',
    'Correct the time zone or the times; until then the cabinet keeps the ones before.',
  ),
  limit_unsafe: refusal(
    400,
    'The food-safety limits are looser than the cabinet allows.',
    'Choose stricter limits.',
  ),
  lock_failed: fault(
    'The lock did not engage.',
    'Close the door firmly; a technician is told when it stays unlocked.',
  ),
  unlock_failed: fault('The lock did not open.', 'Try again; a technician is told after repeated failures.'),
  // twin
  setpoint_out_of_range: refusal(
    400,
    'The setpoint is outside the range of this cabinet.',
    'Choose a value within the range in the message.',
  ),
  // money
  amount_above_paid: refusal(
    409,
    'A refund can never exceed what was paid.',
    'Choose at most the amount in the message.',
  ),
  refund_needs_approval: refusal(
    403,
    'The amount is above your authority.',
    'It was sent to a lead for approval.',
  ),
  order_not_refundable: refusal(409, 'Nothing was paid on this order.', 'Correct the charge instead.'),
  order_not_unpaid: refusal(409, 'This order is not unpaid.', 'Load the page again; it may have been paid.'),
  already_decided: refusal(409, 'Somebody decided this already.', 'Load the page again.'),
  provider_unreachable: fault(
    'The payment provider did not answer.',
    'We ask again by ourselves; do not repeat the payment.',
  ),
  provider_bad_signature: fault(
    'The answer of the provider is not signed by it.',
    'Check the provider public key in the configuration; nothing was changed.',
    false,
  ),
  provider_rejected: refusal(
    409,
    'The payment provider rejected the request.',
    'See the provider code in the message.',
  ),
  callback_bad_signature: refusal(
    401,
    'The callback is not signed by the provider.',
    'Nothing was changed; check the keys if it is the provider.',
  ),
  // devices
  enrolment_code_invalid: refusal(
    401,
    'The enrolment code is wrong, used or expired.',
    'Create a new code on the cabinet page.',
  ),
  core_not_trusted: config(
    'What answers at the address of the core did not prove to be the core of this enrolment code.',
    'Check the address and the code; if both are right, somebody stands between the cabinet and the core.',
  ),
  device_credentials_refused: fault(
    'The core refused the credentials of this cabinet.',
    'Enrol the cabinet again with a new code.',
    false,
  ),
  evidence_hash_mismatch: refusal(400, 'The bytes do not have the announced SHA-256.', 'Upload them again.'),
  // hardware
  serial_open_failed: fault(
    'The serial device could not be opened.',
    'Check the cable and the path; it is tried again every few seconds.',
  ),
  bus_timeout: fault('A device on the bus did not answer in time.', 'Check its power, address and cable.'),
  bus_bad_crc: fault(
    'A frame with a wrong checksum was received.',
    'Check cable, termination and baud rate.',
  ),
  bus_exception: fault('The device refused the register access.', 'Check that the profile fits the device.'),
  camera_unreachable: fault('The camera gave no picture.', 'Check its address and power.'),
  // start-up
  config_invalid: config('The configuration is wrong.', 'Correct the setting named in the message.'),
  port_taken: config(
    'The port is in use.',
    'Choose another port with the flag in the message, or stop the other program.',
  ),
  data_folder_unusable: config('The data folder cannot be used.', 'Give a folder that this user may write.'),
  profile_invalid: config('The hardware profile is wrong.', 'Correct the field named in the message.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS

/** A fault of the world, with enough context to act on. Refusals are values; they become this only at the HTTP rim. */
export class CabinetError extends Error {
  override readonly name = 'CabinetError'
  readonly code: ErrorCode
  readonly context: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    detail?: string,
    options: { cause?: unknown; context?: Record<string, unknown> } = {},
  ) {
    const entry = ERRORS[code]
    super(
      `${detail ?? entry.meaning} ${entry.remedy} (${code})`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.context = options.context ?? {}
  }
  get entry(): ErrorEntry {
    return ERRORS[this.code]
  }
}

/** True when waiting and asking again may help: the wire failed, not the request. */
export function isTransportFault(error: unknown): boolean {
  return error instanceof CabinetError && error.entry.kind === 'fault' && error.entry.isRetryable
}

/** The sentence of any thrown value, for a log line or a dead letter. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
