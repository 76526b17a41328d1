import type { Timer } from '#protocol/base/clock.ts'
import { CabinetError, type ErrorCode, ERRORS } from '#protocol/base/errors.ts'
import { COMMANDS, type DoorUnlockArgs } from '#protocol/messages/commands.ts'
import {
  type Command,
  type CommandReply,
  type CommandStatus,
  TOKEN_LIFE_MS,
} from '#protocol/messages/frames.ts'
import type { CabinetWire } from '#core/ingest/wire.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { type CommandRequest, createCommandBook } from './command-book.ts'
import { commandMachine } from './command-machine.ts'
import type { PresenceBook } from './presence.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const keepToken = preparedFor((db, commandId: string, token: string) =>
  db.updateTable('command').set({ token }).where('commandId', '=', commandId),
)
const cabinetOf = preparedFor((db, commandId: string) =>
  db.selectFrom('command').select('cabinetId').where('commandId', '=', commandId),
)

/** What is known of a command when its request is answered; the truth is the sequenced `command.finished`. */
export interface CommandAnswer {
  readonly status: CommandStatus
  readonly reason?: string
  readonly detail?: string
  readonly result?: Record<string, unknown>
}

export interface CabinetCommands {
  /**
   * The first step of what changes the cabinet; nothing moves yet. Fails fast when the cabinet cannot be heard, and waits
   * for its reply at most the configured time.
   */
  prepare(request: {
    cabinetId: string
    commandId: string
    name: 'door.unlock'
    args: DoorUnlockArgs
    by: string
  }): Promise<{ ok: true; token: string; linkId: string } | { ok: false; reason: ErrorCode }>
  /** The second step. */
  execute(commandId: string, token: string): Promise<CommandAnswer>
  /** Both steps, or the one of a command that harms nobody when it comes late. The same id again answers what is known. */
  run(request: CommandRequest): Promise<CommandAnswer>
  /** What was under way when the last process ended can only be told by the cabinet now. */
  resume(): Promise<void>
  stop(): void
  /** A reply on up/cmdr. */
  onReply(cabinetId: string, reply: CommandReply): void
  /** In the transaction of `command.finished`, or of a hello whose journal tells of it. */
  recordOutcome(
    tx: Tx,
    cabinetId: string,
    outcome: {
      commandId: string
      status: CommandStatus
      reason?: string
      detail?: string
      result?: Record<string, unknown>
    },
  ): Promise<void>
}

/** What could not be written down is tried again after this. */
const RECORD_AGAIN_MS = 5000

type Begun =
  | { reply: CommandReply; linkId: string }
  | { ended: CommandAnswer & { reason?: ErrorCode }; isRepeated?: true }

interface Waiting {
  readonly cabinetId: string
  readonly linkId: string
  readonly resolve: (reply: CommandReply | 'silence') => void
}

export function createCommands(
  deps: CoreDeps & { wire: CabinetWire; presence: PresenceBook },
): CabinetCommands {
  const { db, clock, log, policy, wire, presence } = deps
  const book = createCommandBook({ db })
  const waiting = new Map<string, Waiting>()
  /** By command: until its token is worth nothing, or until nobody expects its outcome any more. */
  const timers = new Map<string, Timer>()

  function watch(commandId: string, what: string, afterMs: number, then: () => Promise<unknown>): void {
    timers.get(commandId)?.cancel()
    timers.set(
      commandId,
      clock.setTimer(what, afterMs, () => {
        timers.delete(commandId)
        then().catch((error: unknown) => {
          log.error({ err: error, commandId }, `${what}: not recorded yet`)
          watch(commandId, what, RECORD_AGAIN_MS, then)
        })
      }),
    )
  }
  /**
   * A step that could not be written down, on a full disk for example, leaves a command open that nobody expects any more:
   * its end is written when there is room, and what the cabinet tells meanwhile counts.
   */
  async function seenThrough<T>(commandId: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (error instanceof CabinetError && error.code === 'storage_failed')
        watch(commandId, 'end of a command', policy.commandOutcomeMs, () =>
          book.moveAlone(commandId, 'unanswered', { reason: 'command_unanswered' }),
        )
      throw error
    }
  }
  function unwatch(commandId: string): void {
    timers.get(commandId)?.cancel()
    timers.delete(commandId)
  }

  /** The link that commands name, when the cabinet is heard on it now. */
  function linkOf(cabinetId: string): string | undefined {
    const link = presence.nowOf(cabinetId)
    return link.presence === 'online' ? link.linkId : undefined
  }

  /**
   * Publishes one step. Nothing is queued: what cannot leave now never leaves.
   * @returns its reply, or undefined when it did not leave
   */
  function ask(cabinetId: string, command: Command): Promise<CommandReply | 'silence'> | undefined {
    const key = `${command.id}/${command.phase}`
    const reply = new Promise<CommandReply | 'silence'>((resolve) => {
      const timer = clock.setTimer('reply to a command', policy.commandReplyMs, () =>
        waiting.get(key)?.resolve('silence'),
      )
      waiting.set(key, {
        cabinetId,
        linkId: command.linkId,
        resolve: (one) => {
          timer.cancel()
          waiting.delete(key)
          resolve(one)
        },
      })
    })
    if (wire.publish(cabinetId, 'cmd', command)) return reply
    waiting.get(key)?.resolve('silence')
    return undefined
  }
  function commandOf(
    request: Pick<CommandRequest, 'commandId' | 'name' | 'args'>,
    linkId: string,
    step: Pick<Command, 'phase' | 'token' | 'expects'>,
  ): Command {
    const { phase, token, expects } = step
    return {
      v: 1,
      id: request.commandId,
      name: request.name,
      phase,
      args: request.args as Record<string, unknown>,
      linkId,
      issuedAtMs: clock.now(),
      ...(token === undefined ? {} : { token }),
      ...(expects === undefined ? {} : { expects }),
    }
  }

  /** The first publish of a command, whatever its phase; or how it ended here already. */
  async function begin(request: CommandRequest, step: Pick<Command, 'phase' | 'expects'>): Promise<Begun> {
    const { cabinetId, commandId } = request
    const linkId = linkOf(cabinetId)
    if (!(await book.create(request, linkId))) return { ended: await present(commandId), isRepeated: true }
    const asked = linkId === undefined ? undefined : ask(cabinetId, commandOf(request, linkId, step))
    if (linkId === undefined || asked === undefined) {
      await book.moveAlone(commandId, 'unreachable', { reason: 'cabinet_offline' })
      return { ended: { status: 'expired', reason: 'cabinet_offline' } }
    }
    // Queued after the creation and before whatever the reply changes.
    await book.moveAlone(commandId, 'sent')
    const reply = await asked
    if (reply !== 'silence') return { reply, linkId }
    if (step.phase === 'prepare') {
      // Without a token nothing can ever move, so this is not unknown but over.
      await book.moveAlone(commandId, 'expired', { reason: 'cabinet_offline' })
      return { ended: { status: 'expired', reason: 'cabinet_offline' } }
    }
    await book.moveAlone(commandId, 'unanswered', { reason: 'command_unanswered' })
    return { ended: { status: 'unknown', reason: 'command_unanswered' } }
  }

  async function present(commandId: string): Promise<CommandAnswer & { reason?: ErrorCode }> {
    const row = await book.find(commandId)
    if (row === undefined) throw new CabinetError('not_found', 'There is no such command.')
    const { state, reason, detail, result } = row
    return {
      status: state === 'created' || state === 'sent' ? 'accepted' : state,
      ...(reason === null ? {} : { reason: errorCodeOf(reason) }),
      ...(detail === null ? {} : { detail }),
      ...(result === null ? {} : { result }),
    }
  }

  async function prepareAny(
    request: CommandRequest,
    expects: Command['expects'],
  ): Promise<
    | { ok: true; token: string; linkId: string }
    | { ok: false; reason: ErrorCode; answer: CommandAnswer; isRepeated?: boolean }
  > {
    const begun = await begin(request, { phase: 'prepare', ...(expects === undefined ? {} : { expects }) })
    if ('ended' in begun) {
      const { ended, isRepeated } = begun
      return { ok: false, reason: ended.reason ?? 'conflict', answer: ended, isRepeated: isRepeated === true }
    }
    const { reply, linkId } = begun
    const { commandId } = request
    if (reply.status !== 'prepared' || reply.token === undefined) {
      await book.moveAlone(commandId, 'rejected', whyOf(reply))
      return {
        ok: false,
        reason: errorCodeOf(reply.reason),
        answer: { ...answerOf(reply), status: 'rejected' },
      }
    }
    const { token } = reply
    await db.write('command prepared', async (tx) => {
      await keepToken(tx, commandId, token)
      await book.move(tx, commandId, 'accepted')
    })
    // Whoever prepared may decide otherwise; the cabinet forgets the token by itself.
    watch(commandId, 'life of a token', TOKEN_LIFE_MS, () =>
      book.moveAlone(commandId, 'expired', { reason: 'command_expired' }),
    )
    return { ok: true, token, linkId }
  }

  async function execute(commandId: string, token: string): Promise<CommandAnswer> {
    const row = await book.find(commandId)
    if (row === undefined || row.linkId === null)
      throw new CabinetError('not_found', 'There is no such command.')
    unwatch(commandId)
    // The cabinet has greeted anew since: the token died with the link, and nothing may be sent on hope.
    if (linkOf(row.cabinetId) !== row.linkId) {
      await book.moveAlone(commandId, 'expired', { reason: 'cabinet_offline' })
      return { status: 'expired', reason: 'cabinet_offline' }
    }
    const { name } = row as { name: CommandRequest['name'] }
    const asked = ask(
      row.cabinetId,
      commandOf({ commandId, name, args: {} }, row.linkId, { phase: 'execute', token }),
    )
    if (asked === undefined) {
      await book.moveAlone(commandId, 'expired', { reason: 'cabinet_offline' })
      return { status: 'expired', reason: 'cabinet_offline' }
    }
    return settle(commandId, await asked)
  }

  async function runWhole(request: CommandRequest): Promise<CommandAnswer> {
    const { commandId } = request
    if (!COMMANDS[request.name].isPrepared) {
      const begun = await begin(request, { phase: 'direct' })
      return 'ended' in begun ? begun.ended : settle(commandId, begun.reply)
    }
    const prepared = await prepareAny(request, { hasNoSession: true })
    return prepared.ok ? execute(commandId, prepared.token) : prepared.answer
  }

  async function settle(commandId: string, reply: CommandReply | 'silence'): Promise<CommandAnswer> {
    if (reply === 'silence') {
      await book.moveAlone(commandId, 'unanswered', { reason: 'command_unanswered' })
      return { status: 'unknown', reason: 'command_unanswered' }
    }
    await record(reply)
    return answerOf(reply)
  }

  async function record(reply: CommandReply): Promise<void> {
    if (reply.status === 'prepared') return
    const commandId = reply.id
    await book.moveAlone(commandId, reply.status, whyOf(reply))
    if (reply.status !== 'executing' && reply.status !== 'accepted') return unwatch(commandId)
    watch(commandId, 'outcome of a command', policy.commandOutcomeMs, () =>
      book.moveAlone(commandId, 'unanswered', { reason: 'command_unanswered' }),
    )
  }

  return {
    async prepare(request) {
      const preparing = prepareAny(request, {
        isDoorClosed: true,
        hasNoSession: true,
        ...(request.args.kind === 'sale' ? { isNotLockedOut: true } : {}),
      })
      const prepared = await seenThrough(request.commandId, preparing)
      if (prepared.ok) return prepared
      // Whoever prepares has a decision of its own between the steps, and makes an id for each.
      if (prepared.isRepeated === true)
        throw new CabinetError('exists_with_different_contents', 'This command id was used before.')
      return { ok: false, reason: prepared.reason }
    },
    execute: (commandId, token) => seenThrough(commandId, execute(commandId, token)),
    run: (request) => seenThrough(request.commandId, runWhole(request)),
    async resume() {
      const open = commandMachine.states.filter(
        (state) => commandMachine.next(state, 'unanswered') !== undefined,
      )
      const rows = await db.read
        .selectFrom('command')
        .select('commandId')
        .where('state', 'in', open)
        .execute()
      for (const { commandId } of rows)
        await book.moveAlone(commandId, 'unanswered', { reason: 'command_unanswered' })
    },
    stop() {
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
    },
    onReply(cabinetId, reply) {
      const expected = waiting.get(`${reply.id}/${reply.phase}`)
      if (expected !== undefined && expected.linkId === reply.linkId && expected.cabinetId === cabinetId) {
        expected.resolve(reply)
        return
      }
      // A refusal nobody waits for may be the answer to a repeated or forged frame; what was really refused comes as an event.
      if (reply.status === 'prepared' || reply.status === 'rejected') return
      // A further reply to the same step, as “succeeded” after “executing”: a page need not wait for the event.
      void recordFurther(cabinetId, reply).catch((error: unknown) =>
        log.error({ err: error, cabinetId, commandId: reply.id }, 'a further reply was not recorded'),
      )
    },
    async recordOutcome(tx, cabinetId, { commandId, status, ...why }) {
      const [owner] = await cabinetOf(tx, commandId)
      if (owner?.cabinetId !== cabinetId || status === 'prepared') return
      await book.move(tx, commandId, status, why)
    },
  }

  async function recordFurther(cabinetId: string, reply: CommandReply): Promise<void> {
    const row = await book.find(reply.id)
    if (row?.cabinetId === cabinetId && row.linkId === reply.linkId) await record(reply)
    else log.debug({ cabinetId, commandId: reply.id }, 'a reply to a command that was not asked here')
  }
}

function whyOf({ reason, detail, result }: CommandReply) {
  return { reason, detail, result }
}
function answerOf({ status, reason, detail, result }: CommandReply): CommandAnswer {
  return {
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
    ...(result === undefined ? {} : { result }),
  }
}

function errorCodeOf(reason: string | undefined): ErrorCode {
  return reason !== undefined && Object.hasOwn(ERRORS, reason) ? (reason as ErrorCode) : 'precondition_failed'
}
