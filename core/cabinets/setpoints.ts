import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { TwinStatus } from '#protocol/base/twin-parts.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { clearAlarm, raiseAlarm } from './alarms.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const answerWish = preparedFor(
  (
    db,
    cabinetId: string,
    answeredVersion: number,
    answeredStatus: TwinStatus,
    answeredReason: string | null,
    answeredAtMs: number,
  ) =>
    db
      .updateTable('twin')
      .set({ answeredVersion, answeredStatus, answeredReason, answeredAtMs })
      .where('cabinetId', '=', cabinetId)
      .where('answeredVersion', '<=', answeredVersion),
)
const reportSetpoint = preparedFor(
  (db, cabinetId: string, reportedSetpoint: number, reportedVersion: number, reportedAtMs: number) =>
    db
      .updateTable('cabinetReport')
      .set({ reportedSetpoint, reportedVersion, reportedAtMs })
      .where('cabinetId', '=', cabinetId),
)
const settleChanges = preparedFor((db, cabinetId: string, version: number, outcome: TwinStatus) =>
  db
    .updateTable('setpointChange')
    .set({ outcome })
    .where('cabinetId', '=', cabinetId)
    .where('version', '<=', version)
    .where('outcome', '=', 'pending'),
)

/** Who changes something of what is wanted of a cabinet. */
export interface ChangedBy {
  readonly staffId: string
  readonly displayName: string
}
export interface SetpointChange {
  readonly cabinetId: string
  /** The version of the setpoint that the person saw. */
  readonly expectedVersion: number
  readonly setpointDeciCelsius: number
  readonly reason: string
  readonly by: ChangedBy
}

/** @throws unknown_cabinet, conflict with who changed it, setpoint_out_of_range, too_many_requests */
export async function applySetpoint(
  tx: Tx,
  request: SetpointChange,
  policy: { readonly setpointPauseMs: number },
): Promise<void> {
  const { cabinetId, expectedVersion, setpointDeciCelsius, reason, by } = request
  const row = await tx.selectFrom('twin').selectAll().where('cabinetId', '=', cabinetId).executeTakeFirst()
  if (row === undefined) throw new CabinetError('unknown_cabinet')
  if (expectedVersion !== row.setpointVersion) {
    throw new CabinetError(
      'conflict',
      `${row.setpointBy ?? 'Somebody'} changed the setpoint to ${celsius(row.setpointDeciCelsius)} in the meantime.`,
      {
        context: {
          version: row.setpointVersion,
          by: row.setpointBy,
          atMs: row.setpointAtMs,
          value: row.setpointDeciCelsius,
        },
      },
    )
  }
  if (setpointDeciCelsius < row.lowestDeciCelsius || setpointDeciCelsius > row.highestDeciCelsius) {
    throw new CabinetError(
      'setpoint_out_of_range',
      `${celsius(setpointDeciCelsius)} is outside ${celsius(row.lowestDeciCelsius)} to ${celsius(row.highestDeciCelsius)}.`,
      { context: { lowest: row.lowestDeciCelsius, highest: row.highestDeciCelsius } },
    )
  }
  const nowMs = nowOf(tx)
  // A thermostat that is told something else every few seconds wears out its compressor.
  const waitMs =
    row.setpointBy === null || row.setpointAtMs === null
      ? 0
      : row.setpointAtMs + policy.setpointPauseMs - nowMs
  if (waitMs > 0)
    throw new CabinetError('too_many_requests', 'The setpoint was changed a moment ago.', {
      context: { waitMs, by: row.setpointBy },
    })
  const version = row.version + 1
  await tx
    .updateTable('twin')
    .set({
      version,
      setpointDeciCelsius,
      setpointVersion: version,
      setpointBy: by.displayName,
      setpointAtMs: nowMs,
      sentAtMs: null,
    })
    .where('cabinetId', '=', cabinetId)
    .execute()
  await supersede(tx, cabinetId, { version, setpointDeciCelsius, by: by.displayName, reason })
  await appendAudit(tx, {
    actor: `staff:${by.staffId}`,
    action: 'setpoint.changed',
    subject: `cabinet:${cabinetId}`,
    detail: { from: row.setpointDeciCelsius, to: setpointDeciCelsius, version, reason },
  })
  await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
}

/** The new change in the history; one that was not answered yet will not be any more. */
async function supersede(
  tx: Tx,
  cabinetId: string,
  change: { version: number; setpointDeciCelsius: number; by: string; reason: string },
): Promise<void> {
  await tx
    .updateTable('setpointChange')
    .set({ outcome: 'superseded' })
    .where('cabinetId', '=', cabinetId)
    .where('outcome', '=', 'pending')
    .execute()
  await tx
    .insertInto('setpointChange')
    .values({ cabinetId, ...change, atMs: nowOf(tx), outcome: 'pending' })
    .execute()
}

/** A cabinet that claims a later version than this many wishes ahead is not followed: no loss explains it. */
const VERSIONS_AHEAD_MOST = 10_000

/**
 * The cabinet holds a wish that this database does not know. The numbers go on after those of the cabinet, so that it takes
 * the next document. Where the database is known to have gone back, the temperature that a person asked for meanwhile is
 * kept, not turned back without a word. Otherwise the wish that is on record stays and is sent again, and an alarm tells.
 * @param isLossKnown  whether more than the word of this cabinet says that the database went back
 */
export async function adoptSetpoint(
  tx: Tx,
  ids: Ids,
  cabinetId: string,
  held: { version: number; setpointDeciCelsius: number | undefined; isLossKnown: boolean },
): Promise<void> {
  const row = await tx.selectFrom('twin').selectAll().where('cabinetId', '=', cabinetId).executeTakeFirst()
  if (row === undefined || held.version < row.version) return
  const value = held.setpointDeciCelsius
  if (!held.isLossKnown && value !== undefined && value !== row.setpointDeciCelsius)
    await raiseAlarm(tx, ids, {
      cabinetId,
      kind: 'setpoint_unknown',
      values: { reported: celsius(value), desired: celsius(row.setpointDeciCelsius) },
    })
  if (held.version > row.version + VERSIONS_AHEAD_MOST) return
  const version = held.version + 1
  const isKept =
    held.isLossKnown &&
    value !== undefined &&
    value !== row.setpointDeciCelsius &&
    value >= row.lowestDeciCelsius &&
    value <= row.highestDeciCelsius
  await tx
    .updateTable('twin')
    .set({
      version,
      sentAtMs: null,
      answeredVersion: 0,
      partsAnsweredVersion: 0,
      // The wish on record is asked for anew, so an answer under an earlier number is none to it.
      setpointVersion: version,
      ...(isKept
        ? {
            setpointDeciCelsius: value,
            setpointBy: 'system',
            setpointAtMs: nowOf(tx),
          }
        : {}),
    })
    .where('cabinetId', '=', cabinetId)
    .execute()
  if (isKept)
    await supersede(tx, cabinetId, {
      version,
      setpointDeciCelsius: value,
      by: 'system',
      reason: 'told by the cabinet: this core does not know the wish that it keeps',
    })
  await appendAudit(tx, {
    actor: 'system',
    action: 'twin.adopted',
    subject: `cabinet:${cabinetId}`,
    detail: { from: row.version, held: held.version, version, ...(isKept ? { setpoint: value } : {}) },
  })
  await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
}

/** In the transaction of `climate.setpoint-applied`. */
export async function recordSetpointAnswer(
  tx: Tx,
  ids: Ids,
  cabinetId: string,
  answer: { version: number; status: TwinStatus; value?: number; reason?: string },
  atMs: number,
): Promise<void> {
  const { version, status, value, reason } = answer
  await answerWish(tx, cabinetId, version, status, reason ?? null, atMs)
  if (value !== undefined) await reportSetpoint(tx, cabinetId, value, version, atMs)
  await settleChanges(tx, cabinetId, version, status)
  if (status === 'applied') {
    await clearAlarm(tx, cabinetId, 'setpoint_not_applied')
    await clearAlarm(tx, cabinetId, 'setpoint_unknown')
  } else
    await raiseAlarm(tx, ids, {
      cabinetId,
      kind: 'setpoint_not_applied',
      values: { status, reason: reason ?? '', value: value === undefined ? '' : celsius(value) },
    })
  await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
}

function celsius(deci: number): string {
  return `${(deci / 10).toFixed(1)} °C`
}
