import type { Timer } from '#protocol/base/clock.ts'
import { CabinetError, type ErrorCode, ERRORS } from '#protocol/base/errors.ts'
import { machine, type StateOf } from '#protocol/base/machine.ts'
import {
  type Command,
  type CommandName,
  COMMANDS,
  type CommandReply,
  type CommandStatus,
  type DoorUnlockArgs,
  TOKEN_LIFE_MS,
} from '#protocol/messages/frames.ts'
import type { CabinetWire } from '#core/ingest/wire.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { PresenceBook } from './presence.ts'

/** The final outcome comes as a sequenced event; an immediate reply may come before or after it. */
export const commandMachine = machine({
  name: 'command',
  initial: 'created',
  states: {
    created: { sent: 'sent', unreachable: 'expired' },
    sent: {
      accepted: 'accepted',
      executing: 'executing',
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      expired: 'expired',
      unanswered: 'unknown',
      unknown: 'unknown',
    },
    accepted: {
      executing: 'executing',
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      expired: 'expired',
      unanswered: 'unknown',
      unknown: 'unknown',
    },
    executing: {
      succeeded: 'succeeded',
      failed: 'failed',
      rejected: 'rejected',
      unanswered: 'unknown',
      unknown: 'unknown',
    },
    // What we could not know, the cabinet may still tell.
    unknown: { succeeded: 'succeeded', failed: 'failed', rejected: 'rejected', expired: 'expired' },
    succeeded: {},
    failed: {},
    rejected: {},
    expired: {},
  },
  terminal: ['succeeded', 'failed', 'rejected', 'expired'],
})
export type CommandState = StateOf<typeof commandMachine>

export interface CabinetCommands {
  /**
   * The first step of what moves an actuator; nothing moves yet. Fails fast when the cabinet cannot be heard, and waits
   * for its reply at most the configured time.
   */
  prepare(request: {
    cabinetId: string
    commandId: string
    name: 'door.unlock'
    args: DoorUnlockArgs
    by: string
  }): Promise<{ ok: true; token: string; linkId: string } | { ok: false; reason: ErrorCode }>
  /** The second step. The reply is immediate; the truth is the sequenced `command.finished`. */
  execute(commandId: string, token: string): Promise<{ status: CommandStatus; reason?: string }>
  /** Both steps, or the one of a command that moves nothing. */
  run(request: {
    cabinetId: string
    commandId: string
    name: CommandName
    args: object
    by: string
    cause?: string
  }): Promise<{ status: CommandStatus; reason?: string }>
  direct(request: {
    cabinetId: string
    commandId: string
    name: CommandName
    args: object
    by: string
    cause?: string
  }): Promise<{ status: CommandStatus; reason?: string }>
  /** What was under way when the last process ended can only be told by the cabinet now. */
  resume(): Promise<void>
  stop(): void
  /** A reply on up/cmdr. */
  onReply(cabinetId: string, reply: CommandReply): void
  /** In the transaction of `command.finished`, or of a hello whose journal tells of it. */
  recordOutcome(
    tx: Tx,
    cabinetId: string,
    outcome: { commandId: string; status: CommandStatus; reason?: string; detail?: string },
  ): Promise<void>
}

interface Waiting {
  readonly linkId: string
  readonly resolve: (reply: CommandReply | undefined) => void
}

export function createCommands(
  deps: CoreDeps & { wire: CabinetWire; presence: PresenceBook },
): CabinetCommands {
  const { db, clock, log, policy, wire, presence } = deps
  const waiting = new Map<string, Waiting>()
  const tokens = new Map<string, Timer>()

  /** Publishes one step and waits for its reply. @returns undefined when none came in time */
  function ask(cabinetId: string, command: Command): Promise<CommandReply | undefined> {
    return new Promise((resolve) => {
      const key = `${command.id}/${command.phase}`
      const timer = clock.setTimer('reply to a command', policy.commandReplyMs, () => {
        waiting.delete(key)
        resolve(undefined)
      })
      waiting.set(key, {
        linkId: command.linkId,
        resolve: (reply) => {
          timer.cancel()
          waiting.delete(key)
          resolve(reply)
        },
      })
      if (!wire.publish(cabinetId, 'cmd', command)) waiting.get(key)?.resolve(undefined)
    })
  }

  async function create(request: {
    cabinetId: string
    commandId: string
    name: string
    args: object
    by: string
    cause?: string
    linkId: string
  }): Promise<void> {
    const { cabinetId, commandId, name, args, by, cause, linkId } = request
    await db.write('create command', async (tx) => {
      const known = await tx
        .selectFrom('command')
        .select('commandId')
        .where('commandId', '=', commandId)
        .executeTakeFirst()
      if (known !== undefined)
        throw new CabinetError('exists_with_different_contents', 'This command id was used before.')
      const nowMs = nowOf(tx)
      await tx
        .insertInto('command')
        .values({
          commandId,
          cabinetId,
          name,
          args: JSON.stringify(args),
          state: 'sent',
          reason: null,
          detail: null,
          linkId,
          token: null,
          by,
          cause: cause ?? null,
          createdAtMs: nowMs,
          sentAtMs: nowMs,
          finishedAtMs: null,
        })
        .execute()
      await appendAudit(tx, {
        actor: by,
        action: `command.${name}`,
        subject: `cabinet:${cabinetId}`,
        detail: { commandId, ...(cause === undefined ? {} : { cause }) },
      })
      await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
    })
  }

  /** Moves the command along its table; an input that leads nowhere changes nothing. */
  async function move(
    tx: Tx,
    commandId: string,
    input: Parameters<typeof commandMachine.next>[1],
    why: { reason?: string | undefined; detail?: string | undefined } = {},
  ): Promise<boolean> {
    const row = await tx
      .selectFrom('command')
      .select(['state', 'cabinetId'])
      .where('commandId', '=', commandId)
      .executeTakeFirst()
    if (row === undefined) return false
    const state = commandMachine.next(row.state as CommandState, input)
    if (state === undefined) return false
    await tx
      .updateTable('command')
      .set({
        state,
        ...(why.reason === undefined ? {} : { reason: why.reason }),
        ...(why.detail === undefined ? {} : { detail: why.detail.slice(0, 500) }),
        ...(commandMachine.isTerminal(state) ? { finishedAtMs: nowOf(tx) } : {}),
      })
      .where('commandId', '=', commandId)
      .execute()
    await recordChange(tx, { kind: 'cabinet', subjectId: row.cabinetId, cabinetId: row.cabinetId })
    return true
  }
  function moveAlone(
    commandId: string,
    input: Parameters<typeof commandMachine.next>[1],
    why: { reason?: string; detail?: string } = {},
  ) {
    return db.write('move command', (tx) => move(tx, commandId, input, why))
  }

  async function prepareAny(request: {
    cabinetId: string
    commandId: string
    name: CommandName
    args: object
    by: string
    cause?: string
    expects?: Command['expects']
  }): Promise<
    { ok: true; token: string; linkId: string } | { ok: false; reason: ErrorCode; status: CommandStatus }
  > {
    const link = presence.nowOf(request.cabinetId)
    if (link.presence !== 'online' || link.linkId === undefined || !wireIsUp(request.cabinetId))
      return { ok: false, reason: 'cabinet_offline', status: 'expired' }
    const { linkId } = link
    await create({ ...request, linkId })
    const reply = await ask(request.cabinetId, {
      v: 1,
      id: request.commandId,
      name: request.name,
      phase: 'prepare',
      args: request.args as Record<string, unknown>,
      linkId,
      issuedAtMs: clock.now(),
      ...(request.expects === undefined ? {} : { expects: request.expects }),
    })
    if (reply === undefined) {
      // Without a token nothing can ever move, so this is not unknown but over.
      await moveAlone(request.commandId, 'expired', { reason: 'cabinet_offline' })
      return { ok: false, reason: 'cabinet_offline', status: 'expired' }
    }
    if (reply.status !== 'prepared' || reply.token === undefined) {
      await moveAlone(request.commandId, 'rejected', withoutUndefined(reply))
      return { ok: false, reason: errorCodeOf(reply.reason), status: 'rejected' }
    }
    const { token } = reply
    const { commandId } = request
    await db.write('command prepared', async (tx) => {
      await tx.updateTable('command').set({ token }).where('commandId', '=', commandId).execute()
      await move(tx, commandId, 'accepted')
    })
    // Whoever prepared may decide otherwise; the cabinet forgets the token by itself.
    tokens.set(
      commandId,
      clock.setTimer('life of a token', TOKEN_LIFE_MS, () => {
        tokens.delete(commandId)
        moveAlone(commandId, 'expired', { reason: 'command_expired' }).catch((error: unknown) =>
          log.error({ err: error, commandId }, 'an expired command could not be recorded'),
        )
      }),
    )
    return { ok: true, token, linkId }
  }

  /** A broker that is away cannot carry a command; the will of the cabinet may not have come yet. */
  function wireIsUp(cabinetId: string): boolean {
    return presence.nowOf(cabinetId).linkId !== undefined
  }

  async function execute(
    commandId: string,
    token: string,
  ): Promise<{ status: CommandStatus; reason?: string }> {
    const row = await db.read
      .selectFrom('command')
      .selectAll()
      .where('commandId', '=', commandId)
      .executeTakeFirst()
    if (row === undefined || row.linkId === null)
      throw new CabinetError('not_found', 'There is no such command.')
    tokens.get(commandId)?.cancel()
    tokens.delete(commandId)
    const reply = await ask(row.cabinetId, {
      v: 1,
      id: commandId,
      name: row.name,
      phase: 'execute',
      args: {},
      linkId: row.linkId,
      token,
      issuedAtMs: clock.now(),
    })
    if (reply === undefined) {
      await moveAlone(commandId, 'unanswered')
      return { status: 'unknown' }
    }
    await recordReply(commandId, reply)
    return { status: reply.status, ...(reply.reason === undefined ? {} : { reason: reply.reason }) }
  }

  async function recordReply(commandId: string, reply: CommandReply): Promise<void> {
    const input = reply.status === 'prepared' ? undefined : reply.status
    if (input !== undefined) await moveAlone(commandId, input, withoutUndefined(reply))
  }

  async function direct(request: {
    cabinetId: string
    commandId: string
    name: CommandName
    args: object
    by: string
    cause?: string
  }): Promise<{ status: CommandStatus; reason?: string }> {
    const link = presence.nowOf(request.cabinetId)
    if (link.presence !== 'online' || link.linkId === undefined)
      return { status: 'expired', reason: 'cabinet_offline' }
    const { linkId } = link
    await create({ ...request, linkId })
    const reply = await ask(request.cabinetId, {
      v: 1,
      id: request.commandId,
      name: request.name,
      phase: 'direct',
      args: request.args as Record<string, unknown>,
      linkId,
      issuedAtMs: clock.now(),
    })
    if (reply === undefined) {
      await moveAlone(request.commandId, 'unanswered')
      return { status: 'unknown' }
    }
    await recordReply(request.commandId, reply)
    return { status: reply.status, ...(reply.reason === undefined ? {} : { reason: reply.reason }) }
  }

  return {
    async prepare(request) {
      const prepared = await prepareAny({
        ...request,
        expects: {
          isDoorClosed: true,
          hasNoSession: true,
          ...(request.args.kind === 'sale' ? { isNotLockedOut: true } : {}),
        },
      })
      return prepared.ok ? prepared : { ok: false, reason: prepared.reason }
    },
    execute,
    direct,
    async run(request) {
      if (!COMMANDS[request.name].movesActuator) return direct(request)
      const prepared = await prepareAny({ ...request, expects: { hasNoSession: true } })
      return prepared.ok
        ? execute(request.commandId, prepared.token)
        : { status: prepared.status, reason: prepared.reason }
    },
    async resume() {
      const rows = await db.read
        .selectFrom('command')
        .select('commandId')
        .where('state', 'in', ['created', 'sent', 'accepted', 'executing'])
        .execute()
      for (const { commandId } of rows) await moveAlone(commandId, 'unanswered')
    },
    stop() {
      for (const timer of tokens.values()) timer.cancel()
    },
    onReply(cabinetId, reply) {
      const expected = waiting.get(`${reply.id}/${reply.phase}`)
      if (expected !== undefined && expected.linkId === reply.linkId) {
        expected.resolve(reply)
        return
      }
      // A second reply to the same step, as "succeeded" after "executing": the outcome also comes as an event.
      log.debug({ cabinetId, commandId: reply.id, status: reply.status }, 'a further reply to a command')
    },
    async recordOutcome(tx, cabinetId, { commandId, status, reason, detail }) {
      const owner = await tx
        .selectFrom('command')
        .select('cabinetId')
        .where('commandId', '=', commandId)
        .executeTakeFirst()
      if (owner?.cabinetId !== cabinetId || status === 'prepared') return
      await move(tx, commandId, status, { reason, detail })
    },
  }
}

function withoutUndefined({ reason, detail }: CommandReply): { reason?: string; detail?: string } {
  return { ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) }
}

function errorCodeOf(reason: string | undefined): ErrorCode {
  return reason !== undefined && Object.hasOwn(ERRORS, reason) ? (reason as ErrorCode) : 'precondition_failed'
}
