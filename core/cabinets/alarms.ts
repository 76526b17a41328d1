import { sql } from 'kysely'
import { machine } from '#protocol/base/machine.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { recordChange } from '#core/live/changes.ts'
import { directSql, nowOf, type Tx } from '#core/platform/database.ts'

export const alarmMachine = machine({
  name: 'alarm',
  initial: 'raised',
  states: {
    raised: { raised: 'raised', acknowledge: 'acknowledged', clear: 'cleared', shelve: 'shelved' },
    acknowledged: { raised: 'acknowledged', clear: 'cleared', shelve: 'shelved' },
    shelved: { raised: 'shelved', unshelve: 'raised', clear: 'cleared' },
    cleared: {},
  },
  terminal: ['cleared'],
})

/** Every kind has a sentence in protocol/words under `alarm.<kind>`. */
export const ALARM_KINDS = [
  'door_forced',
  'door_left_open',
  'stock_unattended',
  'lock_failed',
  'food_safety_lockout',
  'too_warm',
  'goods_expired',
  'goods_blocked',
  'probe_fault',
  'camera_blocked',
  'camera_frozen',
  'camera_unreachable',
  'sensor_fault',
  'bus_fault',
  'power_lost',
  'outbox_pressure',
  'clock_skew',
  'cloned_identity',
  'poisoned_event',
  'events_lost',
  'setpoint_not_applied',
  'setpoint_unknown',
  'takeover',
  'offline',
] as const
export type AlarmKind = (typeof ALARM_KINDS)[number]

/**
 * Raises an alarm, or counts one more on the live alarm of this cabinet, kind and subject: trouble shows once.
 * `subject` tells apart what a cabinet has several of: its scales, its cameras.
 */
export async function raiseAlarm(
  tx: Tx,
  ids: Ids,
  alarm: { cabinetId: string; kind: AlarmKind; subject?: string; values?: Record<string, string | number> },
): Promise<void> {
  const { cabinetId, kind, subject = '' } = alarm
  const atMs = nowOf(tx)
  const sentenceValues = JSON.stringify(alarm.values ?? {})
  const row = await tx
    .insertInto('alarm')
    .values({
      alarmId: ids.next('alarm'),
      cabinetId,
      kind,
      subject,
      state: 'raised',
      raisedAtMs: atMs,
      lastAtMs: atMs,
      count: 1,
      key: `alarm.${kind}`,
      sentenceValues,
      acknowledgedBy: null,
      acknowledgedAtMs: null,
      clearedAtMs: null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['cabinetId', 'kind', 'subject'])
        // Spelled out: SQLite matches a partial index only by a literal, not by a parameter.
        .where(sql`state`, '<>', sql.lit('cleared'))
        .doUpdateSet((eb) => ({ count: eb('alarm.count', '+', 1), lastAtMs: atMs, sentenceValues })),
    )
    .returning('alarmId')
    .executeTakeFirstOrThrow()
  await recordChange(tx, { kind: 'alarm', subjectId: row.alarmId, cabinetId, data: { alarmKind: kind } })
}

/** Ends the live alarm of this kind and subject, if there is one. */
export async function clearAlarm(tx: Tx, cabinetId: string, kind: AlarmKind, subject = ''): Promise<void> {
  await clearIn(tx, ['raised', 'acknowledged', 'shelved'], { cabinetId, kind, subject })
}

/** As `clearAlarm`, but only when a person has acknowledged it. */
export async function clearSeenAlarm(
  tx: Tx,
  cabinetId: string,
  kind: AlarmKind,
  subject = '',
): Promise<void> {
  await clearIn(tx, ['acknowledged'], { cabinetId, kind, subject })
}

async function clearIn(
  tx: Tx,
  states: ReadonlyArray<'raised' | 'acknowledged' | 'shelved'>,
  { cabinetId, kind, subject }: { cabinetId: string; kind: AlarmKind; subject: string },
): Promise<void> {
  const row = directSql(tx).get<{ alarmId: string }>(
    `UPDATE alarm SET state = 'cleared', clearedAtMs = ? WHERE cabinetId = ? AND kind = ? AND subject = ?
      AND state <> 'cleared' AND state IN (${states.map(() => '?').join(', ')}) RETURNING alarmId`,
    nowOf(tx),
    cabinetId,
    kind,
    subject,
    ...states,
  )
  if (row !== undefined)
    await recordChange(tx, { kind: 'alarm', subjectId: row.alarmId, cabinetId, data: { alarmKind: kind } })
}
