import { CabinetError } from '#protocol/base/errors.ts'
import type { CommandName } from '#protocol/base/command-names.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { type Database, nowOf, type Tx } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { type CommandInput, commandMachine, type CommandState } from './command-machine.ts'
import { addRow } from '#core/platform/rows.ts'

/** Who asked for what, and why. */
export interface CommandRequest {
  readonly cabinetId: string
  readonly commandId: string
  readonly name: CommandName
  readonly args: object
  /** `staff:<id>`, `consumer:<id>` or `system`. */
  readonly by: string
  /** The role in which it was asked for. */
  readonly role?: string
  /** The reason that a person gave. */
  readonly cause?: string
}
export interface CommandWhy {
  readonly reason?: string | undefined
  readonly detail?: string | undefined
  readonly result?: Record<string, unknown> | undefined
}

/** Every command as it is kept: what was asked, the state it is in, and when it came into each. */
export interface CommandBook {
  /**
   * Before anything is sent. @returns false when the same command was asked for before
   * @throws exists_with_different_contents when the id names another one
   */
  create(request: CommandRequest, linkId: string | undefined): Promise<boolean>
  /** Moves the command along its table; an input that leads nowhere changes nothing. */
  move(tx: Tx, commandId: string, input: CommandInput, why?: CommandWhy): Promise<boolean>
  moveAlone(commandId: string, input: CommandInput, why?: CommandWhy): Promise<boolean>
  find(commandId: string): Promise<
    | {
        cabinetId: string
        name: string
        linkId: string | null
        state: CommandState
        reason: string | null
        detail: string | null
        result: Record<string, unknown> | null
      }
    | undefined
  >
}

const present = preparedFor((db, commandId: string) =>
  db
    .selectFrom('command')
    .select(['state', 'cabinetId', 'reason', 'detail', 'result', 'sentAtMs', 'finishedAtMs'])
    .where('commandId', '=', commandId),
)
const moved = preparedFor(
  (
    db,
    commandId: string,
    state: CommandState,
    result: string | null,
    reason: string | null,
    detail: string | null,
    sentAtMs: number | null,
    finishedAtMs: number | null,
  ) =>
    db
      .updateTable('command')
      .set({ state, result, reason, detail, sentAtMs, finishedAtMs })
      .where('commandId', '=', commandId),
)
const askedFor = preparedFor((db, commandId: string) =>
  db.selectFrom('command').select(['cabinetId', 'name', 'by']).where('commandId', '=', commandId),
)
const whole = preparedFor((db, commandId: string) =>
  db.selectFrom('command').selectAll().where('commandId', '=', commandId),
)
const lastStep = preparedFor((db, commandId: string) =>
  db
    .selectFrom('commandStep')
    .select('step')
    .where('commandId', '=', commandId)
    .orderBy('step', 'desc')
    .limit(1),
)
const addStep = preparedFor(
  (db, commandId: string, step: number, state: string, reason: string | null, atMs: number) =>
    db.insertInto('commandStep').values({ commandId, step, state, reason, atMs }),
)

export function createCommandBook({ db }: { db: Database }): CommandBook {
  async function note(tx: Tx, commandId: string, state: CommandState, reason?: string): Promise<void> {
    const [last] = await lastStep(tx, commandId)
    await addStep(tx, commandId, (last?.step ?? 0) + 1, state, reason ?? null, nowOf(tx))
  }

  async function move(
    tx: Tx,
    commandId: string,
    input: CommandInput,
    why: CommandWhy = {},
  ): Promise<boolean> {
    const [row] = await present(tx, commandId)
    if (row === undefined) return false
    const state = commandMachine.next(row.state as CommandState, input)
    if (state === undefined) return false
    const result = why.result === undefined ? row.result : JSON.stringify(why.result)
    const isSame = state === row.state && (why.reason ?? row.reason) === row.reason && result === row.result
    if (isSame) return false
    const nowMs = nowOf(tx)
    const isDone = state === 'succeeded'
    await moved(
      tx,
      commandId,
      state,
      result,
      isDone ? null : (why.reason ?? row.reason),
      isDone ? null : (why.detail?.slice(0, 500) ?? row.detail),
      state === 'sent' ? nowMs : row.sentAtMs,
      commandMachine.isTerminal(state) ? nowMs : row.finishedAtMs,
    )
    await note(tx, commandId, state, why.reason)
    await recordChange(tx, { kind: 'cabinet', subjectId: row.cabinetId, cabinetId: row.cabinetId })
    return true
  }

  return {
    move,
    moveAlone: (commandId, input, why) => db.write('move command', (tx) => move(tx, commandId, input, why)),
    create(request, linkId) {
      const { cabinetId, commandId, name, by, role, cause } = request
      const args = JSON.stringify(request.args)
      return db.write('create command', async (tx) => {
        const [known] = await askedFor(tx, commandId)
        if (known !== undefined) {
          if (known.cabinetId === cabinetId && known.name === name && known.by === by) return false
          throw new CabinetError('exists_with_different_contents', 'This command id was used before.')
        }
        addRow(tx, 'command', {
          commandId,
          cabinetId,
          name,
          args,
          state: commandMachine.initial,
          reason: null,
          detail: null,
          result: null,
          linkId: linkId ?? null,
          token: null,
          by,
          role: role ?? null,
          cause: cause ?? null,
          createdAtMs: nowOf(tx),
          sentAtMs: null,
          finishedAtMs: null,
        })
        await note(tx, commandId, commandMachine.initial)
        await appendAudit(tx, {
          actor: by,
          action: `command.${name}`,
          subject: `cabinet:${cabinetId}`,
          detail: {
            commandId,
            ...(role === undefined ? {} : { role }),
            ...(cause === undefined ? {} : { reason: cause }),
          },
        })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
        return true
      })
    },
    async find(commandId) {
      const [row] = await whole(db.read, commandId)
      if (row === undefined) return undefined
      return {
        cabinetId: row.cabinetId,
        name: row.name,
        linkId: row.linkId,
        state: row.state as CommandState,
        reason: row.reason,
        detail: row.detail,
        result: row.result === null ? null : (JSON.parse(row.result) as Record<string, unknown>),
      }
    },
  }
}
