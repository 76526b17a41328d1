import { describe, expect, it } from 'vitest'
import {
  type CabinetState,
  decideArrival,
  decideLock,
  decideToken,
  decideUnlock,
  type Token,
} from '#edge/commands/decide.ts'
import type { DoorUnlockArgs } from '#protocol/messages/commands.ts'
import type { Command } from '#protocol/messages/frames.ts'

const args: DoorUnlockArgs = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 3, stock: [] }
const command: Command = {
  v: 1,
  id: 'cm-1',
  name: 'door.unlock',
  phase: 'prepare',
  args,
  linkId: 'ln1',
  issuedAtMs: 0,
}
const ready: CabinetState = {
  isDoorOpen: false,
  isLocked: true,
  hasSession: false,
  isLockedOut: false,
  isOutOfService: false,
  planogramVersion: 3,
  isOutboxFull: false,
  isOutboxRefused: false,
  doorCount: 1,
  isSellingTime: true,
  isCameraReady: true,
}

describe('a command that arrives', () => {
  it.each([
    ['is taken on its own link', command, false, undefined],
    ['retained by the broker is refused', command, true, 'command_retained'],
    ['for an earlier connection is refused', { ...command, linkId: 'ln0' }, false, 'command_stale_link'],
    ['with an unknown name is refused', { ...command, name: 'door.explode' }, false, 'command_unknown'],
    [
      'that moves the lock in one step is refused',
      { ...command, phase: 'direct' as const },
      false,
      'bad_request',
    ],
    [
      'with wrong arguments is refused',
      { ...command, args: { ...args, door: 'left' } },
      false,
      'bad_request',
    ],
  ])('%s', (_what, given, isRetained, reason) => {
    expect(decideArrival(given, isRetained, 'ln1')?.reason).toBe(reason)
  })
})

describe('a door that is to be unlocked', () => {
  const cases: Array<[string, Partial<CabinetState>, Partial<DoorUnlockArgs>, string | undefined]> = [
    ['may be, when everything is as it should be', {}, {}, undefined],
    ['stays locked while the bus is silent', { isLocked: null }, {}, 'bus_timeout'],
    ['stays as it is while a session is in progress', { hasSession: true }, {}, 'cabinet_busy'],
    ['cannot be, when it stands open', { isDoorOpen: true }, {}, 'door_open'],
    ['cannot be sold from while it is not locked', { isLocked: false }, {}, 'precondition_failed'],
    ['stays locked during a food-safety lockout', { isLockedOut: true }, {}, 'cabinet_locked_out'],
    ['opens for a restock during a lockout', { isLockedOut: true }, { kind: 'restock' }, undefined],
    ['stays locked when out of service', { isOutOfService: true }, {}, 'cabinet_out_of_service'],
    ['stays locked outside the selling hours', { isSellingTime: false }, {}, 'outside_selling_hours'],
    [
      'stays locked when it is to sell only with a camera that sees',
      { isCameraReady: false },
      {},
      'camera_not_ready',
    ],
    [
      'opens for service at any hour, blind, locked out and without a planogram',
      {
        isSellingTime: false,
        isCameraReady: false,
        isLockedOut: true,
        isOutOfService: true,
        planogramVersion: undefined,
        isOutboxFull: true,
      },
      { kind: 'service' },
      undefined,
    ],
    [
      'stays locked for service while somebody shops',
      { hasSession: true },
      { kind: 'service' },
      'cabinet_busy',
    ],
    ['stays locked without a planogram', { planogramVersion: undefined }, {}, 'no_planogram'],
    [
      'stays locked under another planogram than the core means',
      { planogramVersion: 2 },
      {},
      'precondition_failed',
    ],
    [
      'stays locked for a sale while the core refuses its events',
      { isOutboxRefused: true },
      {},
      'outbox_refused',
    ],
    ['stays locked while the outbox is full', { isOutboxFull: true }, {}, 'outbox_full'],
    ['must be one that exists', {}, { door: 1 }, 'precondition_failed'],
  ]
  it.each(cases)('%s', (_what, cabinet, changed, reason) => {
    expect(decideUnlock({ ...args, ...changed }, undefined, { ...ready, ...cabinet })?.reason).toBe(reason)
  })
})

describe('a token', () => {
  const token: Token = {
    token: 'to-1',
    commandId: 'cm-1',
    name: 'door.unlock',
    linkId: 'ln1',
    args: { ...args },
    expiresAtMonoMs: 5000,
  }
  const tokens = new Map([['cm-1', token]])
  const execute = { id: 'cm-1', name: 'door.unlock', token: 'to-1', linkId: 'ln1' }
  it('executes what was prepared, within its life', () => {
    expect(decideToken(tokens, execute, 4999)).toEqual({ ok: true, args: token.args })
  })
  it.each([
    ['too late', execute, 5000, 'command_expired'],
    ['of another command', { ...execute, id: 'cm-2' }, 0, 'command_unknown_token'],
    ['of a command by another name', { ...execute, name: 'door.lock' }, 0, 'command_unknown_token'],
    ['guessed', { ...execute, token: 'to-2' }, 0, 'command_unknown_token'],
    ['missing', { ...execute, token: undefined }, 0, 'command_unknown_token'],
    ['on another connection', { ...execute, linkId: 'ln2' }, 0, 'command_unknown_token'],
  ])('%s never moves the lock', (_what, given, atMs, reason) => {
    expect(decideToken(tokens, given, atMs)).toMatchObject({ ok: false, refusal: { reason } })
  })
})

describe('one of two doors', () => {
  const shut = { isDoorOpen: false, isLocked: true, hasSession: false }
  const busy = { isDoorOpen: true, isLocked: false, hasSession: true }
  const silent = { isDoorOpen: null, isLocked: null, hasSession: false }
  // What the cabinet says as a whole: open, because one door is.
  const cabinet = (...doors: Array<typeof shut | typeof busy | typeof silent>): CabinetState => ({
    ...ready,
    ...busy,
    doorCount: doors.length,
    doors,
  })
  it.each<[string, number, CabinetState, string | undefined]>([
    ['is opened while somebody shops at the other', 1, cabinet(busy, shut), undefined],
    ['is refused while somebody shops at it', 0, cabinet(busy, shut), 'cabinet_busy'],
    [
      'that the bus says nothing of is not opened, whatever the other is',
      1,
      cabinet(shut, silent),
      'bus_timeout',
    ],
    ['that is not there is refused', 2, cabinet(shut, shut), 'precondition_failed'],
    [
      'is refused for food safety, which is of the whole cabinet',
      1,
      { ...cabinet(shut, shut), isLockedOut: true },
      'cabinet_locked_out',
    ],
  ])('%s', (_what, door, state, reason) => {
    expect(decideUnlock({ ...args, door }, undefined, state)?.reason).toBe(reason)
  })
  it.each<[string, number | undefined, string | undefined]>([
    ['the one that is shut', 1, undefined],
    ['not the one with a hand in it', 0, 'door_open'],
    ['the first when none is named', undefined, 'door_open'],
  ])('is locked by command: %s', (_what, door, reason) => {
    const open = { ...busy, hasSession: false }
    expect(decideLock(door === undefined ? {} : { door }, undefined, cabinet(open, shut))?.reason).toBe(
      reason,
    )
  })
})
