import type { ErrorCode } from '#protocol/base/errors.ts'
import { isCommandName } from '#protocol/base/command-names.ts'
import { COMMANDS, type DoorLockArgs, type DoorUnlockArgs } from '#protocol/messages/commands.ts'
import { type Command, TOKEN_LIFE_MS } from '#protocol/messages/frames.ts'
import { parseValue } from '#protocol/messages/index.ts'

export interface Refusal {
  readonly reason: ErrorCode
  readonly detail: string
  /** The figures of the detail, for pages that say it in the reader's language. */
  readonly result?: Record<string, number>
}

/** What the cabinet is like when a command asks for something. null: stale. */
export interface CabinetState {
  readonly isDoorOpen: boolean | null
  readonly isLocked: boolean | null
  readonly hasSession: boolean
  readonly isLockedOut: boolean
  readonly isOutOfService: boolean
  readonly planogramVersion: number | undefined
  readonly isOutboxFull: boolean
  /** On the disk, for another visit. */
  readonly hasRoom?: boolean
  /** The core refuses our events: another machine may use this identity, and nobody could be charged. */
  readonly isOutboxRefused: boolean
  readonly doorCount: number
  /** Each door by itself, where there are several; the fields above then speak of all of them. */
  readonly doors?: ReadonlyArray<Pick<CabinetState, 'isDoorOpen' | 'isLocked' | 'hasSession'>>
  /** By the selling hours of the desired document. */
  readonly isSellingTime: boolean
  /** The camera sees, or nothing is asked of it. */
  readonly isCameraReady: boolean
}

/** A token that lets one command be executed once, soon, on this link. */
export interface Token {
  readonly token: string
  readonly commandId: string
  /** It lets only the command be executed that was prepared and checked. */
  readonly name: string
  readonly linkId: string
  readonly args: Record<string, unknown>
  readonly expiresAtMonoMs: number
}

/** The rules before any command is looked at closer, in this order. */
export function decideArrival(
  command: Command,
  isRetained: boolean,
  linkId: string | undefined,
): Refusal | undefined {
  if (isRetained) return refusal('command_retained', 'the command was retained by the broker')
  if (command.linkId !== linkId)
    return refusal('command_stale_link', 'the command was meant for an earlier connection')
  if (!isCommandName(command.name)) return refusal('command_unknown', `there is no command ${command.name}`)
  const { args, isPrepared } = COMMANDS[command.name]
  if (isPrepared === (command.phase === 'direct')) {
    return refusal(
      'bad_request',
      `${command.name} is ${isPrepared ? 'prepared and executed' : 'sent directly'}`,
    )
  }
  if (command.phase === 'execute') return undefined
  const parsed = parseValue(args, command.args)
  return parsed.ok ? undefined : refusal('bad_request', parsed.reason)
}

/** May the door be unlocked now? The first refusal that applies is the answer. */
export function decideUnlock(
  args: DoorUnlockArgs,
  expects: Command['expects'],
  cabinet: CabinetState,
): Refusal | undefined {
  if (args.door >= cabinet.doorCount) return refusal('precondition_failed', `there is no door ${args.door}`)
  // Another door may stand open, and somebody may shop there: that is theirs.
  const door = cabinet.doors?.[args.door] ?? cabinet
  if (door.isDoorOpen === null || door.isLocked === null)
    return refusal('bus_timeout', 'lock and door do not answer on the bus')
  if (door.hasSession) return refusal('cabinet_busy', 'a session is in progress')
  if (door.isDoorOpen) return refusal('door_open', 'the door is open')
  if (args.kind === 'sale' && !door.isLocked) return refusal('precondition_failed', 'the door is not locked')
  if (args.kind === 'sale' && cabinet.isLockedOut)
    return refusal('cabinet_locked_out', 'sales are stopped for food safety until somebody clears it on site')
  if (args.kind === 'sale' && cabinet.isOutOfService)
    return refusal('cabinet_out_of_service', 'the cabinet was taken out of service')
  if (args.kind === 'sale' && !cabinet.isSellingTime)
    return refusal('outside_selling_hours', 'nothing is sold at this hour')
  if (args.kind === 'sale' && !cabinet.isCameraReady)
    return refusal('camera_not_ready', 'the camera cannot see, and nothing is sold without it')
  if (expects?.isNotLockedOut === true && cabinet.isLockedOut)
    return refusal('cabinet_locked_out', 'sales are stopped for food safety until somebody clears it on site')
  // Whoever serves the cabinet buys nothing: what should lie where, and how much still waits, does not matter.
  if (args.kind === 'service') return undefined
  if (cabinet.planogramVersion === undefined)
    return refusal('no_planogram', 'no planogram has arrived here yet')
  if (cabinet.planogramVersion !== args.planogramVersion) {
    return refusal(
      'precondition_failed',
      `planogram ${args.planogramVersion} is not known here, ${cabinet.planogramVersion} is`,
    )
  }
  if (args.kind === 'sale' && cabinet.isOutboxRefused)
    return refusal('outbox_refused', 'the core refuses the events of this cabinet')
  if (cabinet.hasRoom === false) return refusal('storage_full', 'there is no room on the disk of the cabinet')
  if (cabinet.isOutboxFull) return refusal('outbox_full', 'too much waits for the core already')
  return undefined
}

/** May the door be locked by command? Not while somebody may have a hand in it. */
export function decideLock(
  args: DoorLockArgs,
  expects: Command['expects'],
  state: CabinetState,
): Refusal | undefined {
  const number = args.door ?? 0
  if (number >= state.doorCount) return refusal('precondition_failed', `there is no door ${number}`)
  const cabinet = state.doors?.[number] ?? state
  if (cabinet.isDoorOpen === null || cabinet.isLocked === null)
    return refusal('bus_timeout', 'lock and door do not answer on the bus')
  if (expects?.hasNoSession === true && cabinet.hasSession)
    return refusal('cabinet_busy', 'a session is in progress')
  if (cabinet.isDoorOpen) return refusal('door_open', 'the door is open')
  return undefined
}

/** @returns the token's arguments, or why it is not good. A used token is gone, and so unknown. */
export function decideToken(
  tokens: ReadonlyMap<string, Token>,
  command: Pick<Command, 'id' | 'name' | 'token' | 'linkId'>,
  atMonoMs: number,
): { ok: true; args: Record<string, unknown> } | { ok: false; refusal: Refusal; isExpired: boolean } {
  const token = tokens.get(command.id)
  const isKnown =
    token !== undefined &&
    token.token === command.token &&
    token.linkId === command.linkId &&
    token.name === command.name
  if (!isKnown) {
    return {
      ok: false,
      refusal: refusal('command_unknown_token', 'the token is unknown or used'),
      isExpired: false,
    }
  }
  if (atMonoMs >= token.expiresAtMonoMs) {
    return {
      ok: false,
      refusal: refusal('command_expired', `it arrived more than ${TOKEN_LIFE_MS} ms after it was prepared`),
      isExpired: true,
    }
  }
  return { ok: true, args: token.args }
}

export function refusal(reason: ErrorCode, detail: string, result?: Record<string, number>): Refusal {
  return { reason, detail, ...(result === undefined ? {} : { result }) }
}
