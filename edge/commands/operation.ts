import type { ErrorCode } from '#protocol/base/errors.ts'
import type { CommandName } from '#protocol/base/command-names.ts'
import type { CommandArgs } from '#protocol/messages/commands.ts'
import type { Command } from '#protocol/messages/frames.ts'
import type { CommandRecord } from './command-journal.ts'
import type { CabinetState, Refusal } from './decide.ts'

/** How a command ended. `rejected`: nothing was changed, and the reason says what to do about it. */
export interface Outcome {
  readonly status: 'succeeded' | 'failed' | 'rejected' | 'unknown'
  readonly reason?: ErrorCode
  readonly detail?: string
  /** Figures for whoever asked; plain JSON. */
  readonly result?: Record<string, unknown>
}

export interface Execution<N extends CommandName> {
  readonly command: Command
  readonly args: CommandArgs<N>
  /**
   * Ends the command: journal, event and reply. Inside a transaction it becomes part of that one, so that what was
   * changed and what is said of it stand or fall together.
   */
  readonly conclude: (outcome: Outcome) => void
}

/** What one command does. The desk has checked link, token and arguments before, and journals after. */
export interface Operation<N extends CommandName> {
  /** The first refusal that applies; asked when it is prepared and again when it is executed. */
  check(args: CommandArgs<N>, expects: Command['expects'], cabinet: CabinetState): Refusal | undefined
  /** It was prepared, and is likely to be executed soon. */
  onPrepared?(): void
  /** Inside the transaction that makes the command durable, before anything is moved. */
  begin?(command: Command, args: CommandArgs<N>): void
  /** Calls `conclude` once; a restart of the agent ends without it. @throws when nobody knows what became of it */
  run(execution: Execution<N>): Promise<void>
  /** The agent stopped in the middle: what the hardware says now. */
  afterCrash(record: CommandRecord): Outcome
}
export type Operations = { readonly [N in CommandName]: Operation<N> }
