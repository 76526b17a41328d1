import type { AlarmShelve } from '#protocol/api/staff/alarms.ts'
import type { AlarmList } from '#protocol/api/staff/cabinets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { alarmMachine } from './alarms.ts'

type AlarmState = AlarmList['alarms'][number]['state']
const KIND = 'alarm.unshelve'
const MINUTE_MS = 60_000

export interface AlarmShelving {
  /** Quiet for a time. Again with another time or reason moves it. @throws not_found, conflict when it is over already */
  shelve(staff: StaffIdentity, alarmId: string, wish: AlarmShelve): Promise<void>
  /** Calls again before its time; nothing happens to one that is not put off. @throws not_found */
  unshelve(staff: StaffIdentity, alarmId: string): Promise<void>
}

/** Puts alarms off for a time; they call again by themselves when it has passed and nothing has ended them. */
export function createAlarmShelving(deps: Pick<CoreDeps, 'db'> & { due: DueWork }): AlarmShelving {
  const { db, due } = deps
  due.on(KIND, async (work) => {
    await db.write('an alarm that was put off calls again', (tx) => callAgain(tx, work.subjectId))
  })

  /** @returns false when it was not put off any more */
  async function callAgain(tx: Tx, alarmId: string): Promise<boolean> {
    const alarm = await find(tx, alarmId)
    const state = alarmMachine.next(alarm.state, 'unshelve')
    if (state === undefined) return false
    await tx
      .updateTable('alarm')
      .set({
        state,
        acknowledgedBy: null,
        acknowledgedAtMs: null,
        shelvedUntilMs: null,
        shelvedReason: null,
      })
      .where('alarmId', '=', alarmId)
      .execute()
    await recordChange(tx, { kind: 'alarm', subjectId: alarmId, cabinetId: alarm.cabinetId })
    return true
  }

  return {
    async shelve(staff, alarmId, { minutes, reason }) {
      await db.write('put an alarm off', async (tx) => {
        const alarm = await find(tx, alarmId)
        const state = alarm.state === 'shelved' ? 'shelved' : alarmMachine.next(alarm.state, 'shelve')
        if (state === undefined) throw new CabinetError('conflict')
        const untilMs = nowOf(tx) + minutes * MINUTE_MS
        await tx
          .updateTable('alarm')
          .set({
            state,
            acknowledgedBy: staff.displayName,
            acknowledgedAtMs: nowOf(tx),
            shelvedUntilMs: untilMs,
            shelvedReason: reason,
          })
          .where('alarmId', '=', alarmId)
          .execute()
        await due.schedule(tx, { kind: KIND, subjectId: alarmId, dueAtMs: untilMs })
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'alarm.shelved',
          subject: `alarm:${alarmId}`,
          detail: { untilMs, reason },
        })
        await recordChange(tx, { kind: 'alarm', subjectId: alarmId, cabinetId: alarm.cabinetId })
      })
    },
    async unshelve(staff, alarmId) {
      await db.write('call an alarm back', async (tx) => {
        if (!(await callAgain(tx, alarmId))) return
        await due.cancel(tx, KIND, alarmId)
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'alarm.unshelved',
          subject: `alarm:${alarmId}`,
        })
      })
    },
  }
}

async function find(tx: Tx, alarmId: string) {
  const alarm = await tx
    .selectFrom('alarm')
    .select(['state', 'cabinetId'])
    .where('alarmId', '=', alarmId)
    .executeTakeFirst()
  if (alarm === undefined) throw new CabinetError('not_found')
  return { cabinetId: alarm.cabinetId, state: alarm.state as AlarmState }
}
