import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { clearAlarm, raiseAlarm } from './alarms.ts'
import type { Presence, PresenceBook } from './presence.ts'

const KIND = 'cabinet.absent'

/** Writes changes of presence down, and calls a person for a cabinet that stays away. */
export function watchAbsence(deps: CoreDeps & { presence: PresenceBook; due: DueWork }): {
  start(): Promise<void>
} {
  const { db, ids, log, policy, presence, due } = deps

  presence.onChange((cabinetId, now) => {
    db.write('presence', (tx) => record(tx, cabinetId, now)).catch((error: unknown) =>
      log.error({ err: error, cabinetId }, 'a change of presence could not be recorded'),
    )
  })
  due.on(KIND, async ({ subjectId: cabinetId }) => {
    const { presence: now, lastHeardMs } = await presence.presenceOf(cabinetId)
    if (now === 'online' || now === 'suspect') return
    await db.write('absent cabinet', (tx) =>
      raiseAlarm(tx, ids, {
        cabinetId,
        kind: 'offline',
        values: lastHeardMs === null ? {} : { lastHeardMs },
      }),
    )
  })

  async function record(tx: Tx, cabinetId: string, now: Presence): Promise<void> {
    await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId, data: { presence: now } })
    if (now === 'online') {
      await due.cancel(tx, KIND, cabinetId)
      await clearAlarm(tx, cabinetId, 'offline')
    } else if (now === 'offline') await expectBack(tx, cabinetId)
  }
  async function expectBack(tx: Tx, cabinetId: string): Promise<void> {
    const { lastHeardMs } = presence.nowOf(cabinetId)
    if (lastHeardMs !== null)
      await tx.updateTable('cabinetReport').set({ lastHeardMs }).where('cabinetId', '=', cabinetId).execute()
    await due.schedule(tx, { kind: KIND, subjectId: cabinetId, dueAtMs: nowOf(tx) + policy.absentAlarmMs })
  }

  return {
    /** Whoever was enrolled is expected back after a start of the core. */
    async start() {
      await db.write('expect cabinets', async (tx) => {
        const rows = await tx
          .selectFrom('cabinet')
          .select('cabinetId')
          .where('enrolledAtMs', 'is not', null)
          .where('revokedAtMs', 'is', null)
          .execute()
        for (const { cabinetId } of rows) await expectBack(tx, cabinetId)
      })
    },
  }
}
