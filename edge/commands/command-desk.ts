import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { assert } from '#protocol/base/decision.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import {
  type Command,
  type CommandName,
  type CommandReply,
  type DoorUnlockArgs,
  TOKEN_LIFE_MS,
  type Twin,
} from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { type CabinetHardware, isLocked } from '../hardware/ports.ts'
import type { Identity } from '../identity.ts'
import type { SessionPolicy } from '../session/record.ts'
import type { Sessions } from '../session/sessions.ts'
import { bindPlanogram } from '../weighing/bound-planogram.ts'
import { readLearned } from '../weighing/learned-store.ts'
import type { CommandJournal, CommandRecord } from './command-journal.ts'
import {
  type CabinetState,
  decideArrival,
  decideLock,
  decideToken,
  decideUnlock,
  type Refusal,
  type Token,
} from './decide.ts'

export interface CommandDeskOptions {
  db: EdgeDatabase
  outbox: Outbox
  journal: CommandJournal
  sessions: Sessions
  hardware: CabinetHardware
  identity: Identity
  clock: Clock
  ids: Ids
  log: Logger
  linkId: () => string | undefined
  sendReply: (reply: CommandReply) => boolean
  cabinetState: () => CabinetState
  planogram: () => Twin['planogram']
  sessionPolicy: () => SessionPolicy
  /** A door is about to be unlocked, or not after all: weigh faster meanwhile. */
  onPrepared: () => void
  restart: () => void
}

/** Takes commands in, refuses most of what could go wrong, and moves the lock at most once for each. */
export interface CommandDesk {
  onCommand(bytes: Uint8Array, isRetained: boolean): void
  /** After a start: commands that were being executed when the agent stopped. */
  settleUnfinished(): void
}

/** Prepared and never executed; more than this at once is no honest core. */
const TOKENS_MOST = 20

export function createCommandDesk(options: CommandDeskOptions): CommandDesk {
  const { db, outbox, journal, sessions, hardware, identity, clock, ids, log } = options
  const tokens = new Map<string, Token>()
  let isMoving = false

  function reply(command: Command, answer: Omit<CommandReply, 'v' | 'id' | 'linkId' | 'phase'>): void {
    options.sendReply({ v: 1, id: command.id, linkId: command.linkId, phase: command.phase, ...answer })
  }
  function reject(command: Command, refusal: Refusal): void {
    log.warn(
      { commandId: command.id, name: command.name, reason: refusal.reason },
      `command refused: ${refusal.detail}`,
    )
    reply(command, { status: 'rejected', ...refusal })
  }
  function replyRecorded(command: Command, record: CommandRecord): void {
    const { status, reason, detail, result } = record
    reply(command, {
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(detail === undefined ? {} : { detail }),
      ...(result === undefined ? {} : { result }),
    })
  }

  function onCommand(bytes: Uint8Array, isRetained: boolean): void {
    const parsed = parseFrame('cmd', bytes)
    if (!parsed.ok) {
      log.warn({ reason: parsed.reason }, 'a command that cannot be read was ignored')
      return
    }
    const command = parsed.value
    const refusal = decideArrival(command, isRetained, options.linkId())
    if (refusal) {
      reject(command, refusal)
      return
    }
    const known = journal.find(command.id)
    if (known) {
      replyRecorded(command, known)
      return
    }
    switch (command.phase) {
      case 'prepare':
        prepare(command)
        break
      case 'execute':
        void execute(command)
        break
      case 'direct':
        executeDirect(command)
        break
    }
  }

  function preconditions(
    name: CommandName,
    args: Record<string, unknown>,
    expects: Command['expects'],
  ): Refusal | undefined {
    if (isMoving) return { reason: 'cabinet_busy', detail: 'another command is being executed' }
    const cabinet = options.cabinetState()
    return name === 'door.unlock'
      ? decideUnlock(args as DoorUnlockArgs, expects, cabinet)
      : decideLock(expects, cabinet)
  }

  function prepare(command: Command): void {
    const now = clock.monoMs()
    for (const [id, token] of tokens) if (now >= token.expiresAtMonoMs) tokens.delete(id)
    const refusal = preconditions(command.name as CommandName, command.args, command.expects)
    if (refusal) {
      reject(command, refusal)
      return
    }
    let token = tokens.get(command.id)
    if (token === undefined || token.linkId !== command.linkId) {
      if (tokens.size >= TOKENS_MOST) {
        reject(command, {
          reason: 'too_many_requests',
          detail: 'too many commands are prepared and not executed',
        })
        return
      }
      token = {
        token: ids.next('token'),
        commandId: command.id,
        linkId: command.linkId,
        args: command.args,
        expiresAtMonoMs: now + TOKEN_LIFE_MS,
      }
      tokens.set(command.id, token)
    }
    if (command.name === 'door.unlock') options.onPrepared()
    reply(command, {
      status: 'prepared',
      token: token.token,
      tokenLifeMs: Math.max(0, token.expiresAtMonoMs - now),
    })
  }

  async function execute(command: Command): Promise<void> {
    const checked = decideToken(tokens, command, clock.monoMs())
    if (!checked.ok) {
      // Forged or repeated ones leave no trace; one that we prepared ends here, and its end is told.
      if (checked.isExpired) {
        tokens.delete(command.id)
        conclude(command, recordOf(command, {}, 'expired', checked.refusal), true)
      } else reject(command, checked.refusal)
      return
    }
    tokens.delete(command.id)
    const name = command.name as CommandName
    const refusal = preconditions(name, checked.args, command.expects)
    if (refusal) {
      log.warn({ commandId: command.id, reason: refusal.reason }, `command refused: ${refusal.detail}`)
      conclude(command, recordOf(command, checked.args, 'rejected', refusal), true)
      return
    }
    isMoving = true
    try {
      if (name === 'door.unlock') await unlock(command, checked.args as DoorUnlockArgs)
      else await lock(command, checked.args)
    } catch (error) {
      log.error({ commandId: command.id, err: error }, 'the command could not be carried out')
      // Nothing was written, so nothing was moved: most likely the disk is full.
      if (journal.find(command.id) === undefined)
        reject(command, { reason: 'internal', detail: messageOf(error) })
    } finally {
      isMoving = false
    }
  }

  async function unlock(command: Command, args: DoorUnlockArgs): Promise<void> {
    const planogram = options.planogram()
    assert(planogram !== null, 'decideUnlock lets nothing pass without a planogram')
    const executing = recordOf(command, args, 'executing')
    // Durable before the relay: whatever happens next, the same command never moves the lock again.
    db.transact(() => {
      journal.begin(executing, clock.now())
      sessions.begin(
        {
          sessionId: args.sessionId,
          commandId: command.id,
          kind: args.kind,
          door: args.door,
          planogramVersion: args.planogramVersion,
          policy: options.sessionPolicy(),
        },
        bindPlanogram(planogram, args.stock, hardware.sensors, readLearned(db)),
      )
    })
    reply(command, { status: 'executing' })
    let isUnlocked: boolean
    try {
      isUnlocked = await hardware.lock.unlock()
      // It did not open within its time; it must not open later either.
      if (!isUnlocked && sessions.current?.phase === 'unlocking') await hardware.lock.lock()
    } catch (error) {
      sessions.leaveUnlockToHardware()
      conclude(
        command,
        recordOf(command, args, 'unknown', { reason: 'bus_timeout', detail: messageOf(error) }),
        false,
      )
      return
    }
    sessions.concludeUnlock(isUnlocked, (isFree) => {
      const outcome = isFree
        ? recordOf(command, args, 'succeeded')
        : recordOf(command, args, 'failed', {
            reason: 'unlock_failed',
            detail: 'the lock did not read back as released',
          })
      conclude(command, outcome, false)
    })
  }

  async function lock(command: Command, args: Record<string, unknown>): Promise<void> {
    db.transact(() => journal.begin(recordOf(command, args, 'executing'), clock.now()))
    reply(command, { status: 'executing' })
    let outcome: CommandRecord
    try {
      const isDone = await hardware.lock.lock()
      outcome = isDone
        ? recordOf(command, args, 'succeeded')
        : recordOf(command, args, 'failed', {
            reason: 'lock_failed',
            detail: 'lock and bolt did not read back as engaged',
          })
    } catch (error) {
      outcome = recordOf(command, args, 'unknown', { reason: 'bus_timeout', detail: messageOf(error) })
    }
    conclude(command, outcome, false)
  }

  function executeDirect(command: Command): void {
    if (command.name !== 'agent.restart') return
    db.transact(() => journal.begin(recordOf(command, command.args, 'executing'), clock.now()))
    reply(command, { status: 'accepted' })
    log.warn({ commandId: command.id }, 'restarting by command')
    options.restart()
  }

  function recordOf(
    command: Command,
    args: Record<string, unknown>,
    status: CommandRecord['status'],
    why: { reason?: string; detail?: string } = {},
  ): CommandRecord {
    return { id: command.id, name: command.name, args, boot: identity.boot, status, ...why }
  }

  /** Journal, event and reply. @param isNew  it was never begun */
  function conclude(command: Command, record: CommandRecord, isNew: boolean): void {
    writeOutcome(record, isNew)
    replyRecorded(command, record)
  }
  function writeOutcome(record: CommandRecord, isNew: boolean): void {
    const { id, name, status, reason, detail, result } = record
    db.transact(() => {
      if (isNew) journal.begin(record, clock.now())
      else journal.finish(record)
      outbox.append('command.finished', {
        commandId: id,
        name,
        status,
        ...(reason === undefined ? {} : { reason }),
        ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }),
        ...(result === undefined ? {} : { result }),
      })
    })
  }

  return {
    onCommand,
    settleUnfinished() {
      for (const record of journal.unfinished()) {
        if (record.name === 'agent.restart') {
          writeOutcome({ ...record, status: 'succeeded' }, false)
          continue
        }
        const board = hardware.board()
        const result = { isLocked: isLocked(board), isDoorOpen: board.isDoorOpen }
        writeOutcome({ ...record, status: 'unknown', reason: 'unknown_after_crash', result }, false)
        log.warn({ commandId: record.id, ...result }, 'the agent stopped while this command was executed')
      }
    },
  }
}
