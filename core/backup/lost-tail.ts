import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import { type Ids, isIdOf, timeOfId } from '#protocol/base/ids.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { EventHandlers } from '#core/ingest/handlers.ts'
import type { RestoreWindow } from '#core/integrity/invariants.ts'
import { readRestores } from '#core/integrity/pass.ts'
import { stopMoney } from '#core/payments/stop.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { addRestoreWindow, confirmRestoreWindows } from './windows.ts'

/** By how much the clock of a core may have been set meanwhile. */
const MARGIN_MS = 10_000
/** What was lost began at most so long before the first of it that a cabinet tells. A window that is too long is safe. */
const BEFORE_COMMAND_MS = 10 * 60_000
/** As long as cabinets keep what was acknowledged: what went earlier does not come again, and nothing is excused for it. */
const LONGEST_MS = 7 * 24 * 3_600_000

/**
 * A disk that only pretended to sync loses the newest commits with its power, and nothing in the database shows it: it is
 * whole, and older than what was said in its name. Cabinets know: what was acknowledged to them, and what they were told to
 * do. From the word of one on the core is like one that came back from a backup: the provider is asked before money moves,
 * visits that were forgotten are built again, and a person is told. That word excuses nothing of the cabinet itself until
 * another one says the same or the provider knows a visit that is not here. Once for each start, for a database goes back between
 * two processes only, and a cabinet that lies must not stop money again and again.
 */
export interface LostTail {
  /** In the transaction of a hello that says that this core once had more of the stream. */
  onForgotten(tx: Tx, cabinetId: string): Promise<void>
  /** A door that opened for a command that nobody here gave. */
  readonly handlers: EventHandlers
}

export function createLostTail(deps: { clock: Clock; ids: Ids; log: Logger }): LostTail {
  const { clock, ids, log } = deps
  const startedAtMs = clock.now()
  const ofThisStart = ({ restoredAtMs }: RestoreWindow) => restoredAtMs >= startedAtMs
  /** What was said since this start is a word on the same loss, not an explanation of it. */
  const formerRestores = async (tx: Tx) => (await readRestores(tx)).filter((window) => !ofThisStart(window))

  async function onForgotten(tx: Tx, cabinetId: string): Promise<void> {
    const heard = await tx
      .selectFrom('receiver')
      .select('lastAtMs')
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirst()
    // Not heard at all since it was enrolled: all that it ever told is gone.
    const atMs = heard?.lastAtMs ?? (await enrolledAtMs(tx, cabinetId))
    // A cabinet that was not heard since a restore was told more than is known of it, and that is no new loss.
    if ((await formerRestores(tx)).some(({ restoredAtMs }) => restoredAtMs >= atMs)) return
    // What was received then is still here, so whatever was lost is later.
    await mark(
      tx,
      cabinetId,
      atMs - MARGIN_MS,
      `${cabinetId} was told that more of its events are safe than are here`,
    )
  }

  async function enrolledAtMs(tx: Tx, cabinetId: string): Promise<number> {
    const row = await tx
      .selectFrom('cabinet')
      .select('enrolledAtMs')
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirst()
    return row?.enrolledAtMs ?? 0
  }

  async function onUnlocked(tx: Tx, cabinetId: string, commandId: string): Promise<void> {
    const known = await tx
      .selectFrom('command')
      .select('commandId')
      .where('commandId', '=', commandId)
      .executeTakeFirst()
    if (known !== undefined) return
    // What cannot be true explains nothing: such an unlock stands as one that nobody gave, and that stops money for a person.
    if (!isIdOf('command', commandId)) return
    const givenAtMs = timeOfId(commandId)
    const soonestMs = Math.max(await enrolledAtMs(tx, cabinetId), startedAtMs - LONGEST_MS) - MARGIN_MS
    if (givenAtMs < soonestMs) return
    const isExplained = ({ backupAtMs, restoredAtMs }: { backupAtMs: number; restoredAtMs: number }) =>
      givenAtMs >= backupAtMs && givenAtMs <= restoredAtMs
    // What was given since the start would be here.
    if (givenAtMs > startedAtMs || (await formerRestores(tx)).some(isExplained)) return
    await mark(
      tx,
      cabinetId,
      givenAtMs - BEFORE_COMMAND_MS,
      `${cabinetId} opened for a command that is not here`,
    )
  }

  async function mark(tx: Tx, cabinetId: string, backupAtMs: number, what: string): Promise<void> {
    const nowMs = nowOf(tx)
    if ((await readRestores(tx)).some(ofThisStart)) {
      await confirmRestoreWindows(
        tx,
        (window) => ofThisStart(window) && window.toldBy !== undefined && window.toldBy !== cabinetId,
      )
      return
    }
    const sinceMs = Math.max(backupAtMs, startedAtMs - LONGEST_MS)
    await addRestoreWindow(tx, { backupAtMs: sinceMs, restoredAtMs: nowMs, toldBy: cabinetId })
    await stopMoney(tx, { why: 'restored', detail: `${what}; the provider is asked first` })
    await raiseIncident(tx, ids, {
      kind: 'database_went_back',
      subject: 'database',
      message: `The database is older than what was said in its name: ${what}. The disk lost what it had confirmed. Cabinets send again and the provider is asked; compare the next bill, and replace the disk or switch off its write cache.`,
    })
    await appendAudit(tx, {
      actor: 'system',
      action: 'database.went-back',
      subject: 'system',
      detail: { what, sinceMs },
    })
    log.error({ what, sinceMs }, 'the database lost what it had committed')
  }

  return {
    onForgotten,
    handlers: {
      'door.unlocked': async (tx, { cabinetId, isLate, isMended }, { commandId }) => {
        // What a person mended long after it came is no word of a cabinet about now.
        if (commandId !== undefined && !isLate && isMended !== true)
          await onUnlocked(tx, cabinetId, commandId)
      },
    },
  }
}
