import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { type CommandName, isCommandName } from '#protocol/base/command-names.ts'
import type { CommandArgs } from '#protocol/messages/commands.ts'
import { type Command, type CommandReply, TOKEN_LIFE_MS } from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import { ROOM_AGAIN_MS } from '../delivery/teller.ts'
import type { Identity } from '../identity.ts'
import { TIME_UNKNOWN } from '../row-times.ts'
import type { CommandJournal, CommandRecord } from './command-journal.ts'
import { type CabinetState, decideArrival, decideToken, type Refusal, refusal, type Token } from './decide.ts'
import type { Operation, Operations, Outcome } from './operation.ts'

export interface CommandDeskOptions {
  db: EdgeDatabase
  outbox: Pick<Outbox, 'append'>
  journal: CommandJournal
  operations: Operations
  identity: Pick<Identity, 'boot'>
  clock: Clock
  ids: Ids
  log: Logger
  linkId: () => string | undefined
  /** True time, as the core tells it; undefined while it is unknown. */
  knownNowMs: () => number | undefined
  sendReply: (reply: CommandReply) => boolean
  cabinetState: () => CabinetState
}

/** Takes commands in, refuses most of what could go wrong, and carries each out at most once. */
export interface CommandDesk {
  onCommand(bytes: Uint8Array, isRetained: boolean): void
  /** After a start: commands that were being executed when the agent stopped. */
  settleUnfinished(): void
}

/** Prepared and never executed; more than this at once is no honest core. */
const TOKENS_MOST = 20

export function createCommandDesk(options: CommandDeskOptions): CommandDesk {
  const { db, outbox, journal, operations, identity, clock, ids, log } = options
  const tokens = new Map<string, Token>()
  /** A wall clock that is set must not make a command old, or young for ever. */
  const receivedAtMs = () => options.knownNowMs() ?? TIME_UNKNOWN
  /** The command that is being carried out; what changes the cabinet goes one at a time. */
  let busyWith: string | undefined

  function reply(command: Command, answer: Omit<CommandReply, 'v' | 'id' | 'linkId' | 'phase'>): void {
    options.sendReply({ v: 1, id: command.id, linkId: command.linkId, phase: command.phase, ...answer })
  }
  function reject(command: Command, refused: Refusal): void {
    log.warn(
      { commandId: command.id, name: command.name, reason: refused.reason },
      `command refused: ${refused.detail}`,
    )
    const { reason, detail, result } = refused
    reply(command, {
      status: 'rejected',
      reason,
      detail: detail.slice(0, 500),
      ...(result === undefined ? {} : { result }),
    })
  }
  function replyRecorded(command: Command, record: CommandRecord): void {
    const { status, reason, detail, result } = record
    reply(command, {
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }),
      ...(result === undefined ? {} : { result }),
    })
  }
  /** Name and arguments were checked together when the command arrived, so that the pair fits its operation. */
  function operationOf(name: string): Operation<CommandName> | undefined {
    return isCommandName(name) ? (operations[name] as Operation<CommandName>) : undefined
  }

  function onCommand(bytes: Uint8Array, isRetained: boolean): void {
    const parsed = parseFrame('cmd', bytes)
    if (!parsed.ok) {
      log.warn({ reason: parsed.reason }, 'a command that cannot be read was ignored')
      return
    }
    const command = parsed.value
    const refused = decideArrival(command, isRetained, options.linkId())
    const operation = operationOf(command.name)
    if (refused !== undefined || operation === undefined) {
      reject(command, refused ?? refusal('command_unknown', `there is no command ${command.name}`))
      return
    }
    const known = journal.find(command.id)
    if (known) {
      replyRecorded(command, known)
      return
    }
    switch (command.phase) {
      case 'prepare':
        prepare(command, operation)
        break
      case 'execute':
        void execute(command, operation)
        break
      case 'direct':
        void carryOut(command, operation, command.args)
        break
    }
  }

  function preconditions(
    operation: Operation<CommandName>,
    args: Record<string, unknown>,
    expects: Command['expects'],
  ): Refusal | undefined {
    if (busyWith !== undefined) return refusal('cabinet_busy', 'another command is being executed')
    if (journal.isFull())
      return refusal('too_many_requests', 'more commands came within a day than can be remembered')
    return operation.check(args as CommandArgs<CommandName>, expects, options.cabinetState())
  }

  function prepare(command: Command, operation: Operation<CommandName>): void {
    const now = clock.monoMs()
    for (const [id, token] of tokens) if (now >= token.expiresAtMonoMs) tokens.delete(id)
    const refused = preconditions(operation, command.args, command.expects)
    if (refused) {
      reject(command, refused)
      return
    }
    let token = tokens.get(command.id)
    if (token === undefined || token.linkId !== command.linkId) {
      if (tokens.size >= TOKENS_MOST) {
        reject(command, refusal('too_many_requests', 'too many commands are prepared and not executed'))
        return
      }
      token = {
        token: ids.next('token'),
        commandId: command.id,
        name: command.name,
        linkId: command.linkId,
        args: command.args,
        expiresAtMonoMs: now + TOKEN_LIFE_MS,
      }
      tokens.set(command.id, token)
    }
    operation.onPrepared?.()
    reply(command, {
      status: 'prepared',
      token: token.token,
      tokenLifeMs: Math.max(0, token.expiresAtMonoMs - now),
    })
  }

  async function execute(command: Command, operation: Operation<CommandName>): Promise<void> {
    const checked = decideToken(tokens, command, clock.monoMs())
    if (!checked.ok) {
      // Forged or repeated ones leave no trace; one that we prepared ends here, and its end is told.
      if (!checked.isExpired) return reject(command, checked.refusal)
      tokens.delete(command.id)
      refuseForGood(command, {}, 'expired', checked.refusal)
      return
    }
    tokens.delete(command.id)
    await carryOut(command, operation, checked.args)
  }

  async function carryOut(
    command: Command,
    operation: Operation<CommandName>,
    args: Record<string, unknown>,
  ): Promise<void> {
    const refused = preconditions(operation, args, command.expects)
    if (refused) {
      log.warn({ commandId: command.id, reason: refused.reason }, `command refused: ${refused.detail}`)
      refuseForGood(command, args, 'rejected', refused)
      return
    }
    const typed = args as CommandArgs<CommandName>
    busyWith = command.id
    let isWritten = false
    /** What became of it, while it is not written. */
    let outcome: Outcome | undefined
    const end = (known: Outcome) => {
      // Together with what else it changed an outcome holds only when all of that was written.
      if (!db.sql.inTransaction) outcome = known
      conclude(command, recordOf(command, args, known.status, known), false, () => {
        isWritten = true
      })
    }
    try {
      // Durable before anything moves: whatever happens next, the same command never does it again.
      db.transact(() => {
        journal.begin(recordOf(command, args, 'executing'), receivedAtMs())
        operation.begin?.(command, typed)
      })
      reply(command, { status: 'executing' })
      await operation.run({ command, args: typed, conclude: end })
    } catch (error) {
      log.error({ commandId: command.id, err: error }, 'the command could not be carried out')
      const detail = messageOf(error)
      // Nothing was written, so nothing was moved: most likely the disk is full.
      if (journal.find(command.id) === undefined) reject(command, { reason: 'internal', detail })
      else if (!isWritten) {
        const told: Outcome = outcome ?? { status: 'unknown', reason: 'internal', detail }
        concludeWhenThereIsRoom(command, recordOf(command, args, told.status, told))
      }
    } finally {
      busyWith = undefined
    }
  }

  function recordOf(
    command: Command,
    args: Record<string, unknown>,
    status: CommandRecord['status'],
    why: Pick<CommandRecord, 'reason' | 'detail' | 'result'> = {},
  ): CommandRecord {
    const { reason, detail, result } = why
    return {
      id: command.id,
      name: command.name,
      args,
      boot: identity.boot,
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(detail === undefined ? {} : { detail }),
      ...(result === undefined ? {} : { result }),
    }
  }

  /** Journal and event in one transaction, and the reply once it is durable. @param isNew  it was never begun */
  function conclude(
    command: Command,
    record: CommandRecord,
    isNew: boolean,
    onWritten: () => void = () => undefined,
  ): void {
    db.transact(() => {
      writeOutcome(record, isNew)
      db.afterCommit(() => {
        onWritten()
        replyRecorded(command, record)
      })
    })
  }
  /** What began has an outcome, and the core waits for it: it is written once the disk has room. */
  function concludeWhenThereIsRoom(command: Command, record: CommandRecord, isTold = false): void {
    try {
      conclude(command, record, false)
    } catch (error) {
      if (storageTroubleOf(error) !== 'full') throw error
      if (!isTold) log.error({ commandId: command.id }, 'the outcome of a command waits for room on the disk')
      clock.setTimer('command-outcome', ROOM_AGAIN_MS, () => {
        if (db.sql.open) concludeWhenThereIsRoom(command, record, true)
      })
    }
  }
  /** Of a command of an earlier start: nobody waits for a reply on this link. */
  function settleWhenThereIsRoom(record: CommandRecord): void {
    try {
      writeOutcome(record, false)
    } catch (error) {
      if (storageTroubleOf(error) !== 'full') throw error
      clock.setTimer('command-outcome', ROOM_AGAIN_MS, () => {
        if (db.sql.open) settleWhenThereIsRoom(record)
      })
    }
  }
  /** Nothing was moved: where the refusal cannot be kept, for want of room on the disk or in the journal, the core is told all the same. */
  function refuseForGood(
    command: Command,
    args: Record<string, unknown>,
    status: 'expired' | 'rejected',
    refused: Refusal,
  ): void {
    if (journal.isFull()) return reject(command, refused)
    try {
      conclude(command, recordOf(command, args, status, refused), true)
    } catch (error) {
      if (storageTroubleOf(error) !== 'full') throw error
      reject(command, refused)
    }
  }
  function writeOutcome(record: CommandRecord, isNew: boolean): void {
    const { id, name, status, reason, detail, result } = record
    db.transact(() => {
      if (isNew) journal.begin(record, receivedAtMs())
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
      // Taken now: with a later try a command of this start would be among them.
      for (const record of journal.unfinished()) {
        const operation = operationOf(record.name)
        // A command of an earlier version that this one does not know any more.
        const outcome: Outcome = operation?.afterCrash(record) ?? {
          status: 'unknown',
          reason: 'unknown_after_crash',
        }
        settleWhenThereIsRoom({ ...record, ...outcome })
        log.warn({ commandId: record.id, ...outcome }, 'the agent stopped while this command was executed')
      }
    },
  }
}
