import { every, type Clock, type Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { findBrokenAudit } from '#core/audit/audit.ts'
import { startLedgerWatch } from '#core/ledger/watch.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { createDecisionRetention } from '#core/privacy/decision-retention.ts'
import { removeOutlivedEvidence } from '#core/privacy/retention.ts'
import { forgetOutlivedPictures } from '#core/support/pictures/pictures.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Ended sessions and used codes are kept this long for questions about the audit log. */
const ENDED_KEPT_MS = 30 * DAY_MS

/** What nobody waits for: old files and rows go, and the audit chain is walked. */
export function startUpkeep(
  deps: CoreDeps & { evidence: EvidenceStore; auditKey: Uint8Array; clock: Clock },
): { stop(): void } {
  const { db, clock, log, evidence } = deps
  const decisions = createDecisionRetention(deps)

  async function hourly(): Promise<void> {
    const outlived = await removeOutlivedEvidence(db, deps.policy, clock.now())
    if (outlived > 0) log.info({ outlived }, 'evidence was let go at the end of its retention')
    const removed = await evidence.removeUnreferenced(clock.now() - DAY_MS)
    if (removed > 0) log.info({ removed }, 'evidence that nothing refers to was removed')
    const before = clock.now() - ENDED_KEPT_MS
    await db.write('remove what has ended', async (tx) => {
      await tx.deleteFrom('staffSession').where('expiresAtMs', '<', before).execute()
      await forgetOutlivedPictures(tx, clock.now() - deps.policy.disputedEvidenceDays * DAY_MS)
      await tx.deleteFrom('enrolmentCode').where('expiresAtMs', '<', before).execute()
    })
  }
  async function hourlyDecisions(): Promise<void> {
    const removed = await decisions.pass()
    if (removed > 0) log.info({ removed }, 'decisions of rules were let go at the end of their retention')
  }
  async function daily(): Promise<void> {
    const broken = await findBrokenAudit(db.read, deps.auditKey)
    if (broken === undefined) return
    log.error(broken, 'the audit chain is broken')
    await db.write('broken audit', (tx) =>
      raiseIncident(tx, deps.ids, {
        kind: 'audit_broken',
        subject: 'audit',
        message: `Entry ${broken.seq}: ${broken.reason}. Compare with a backup; somebody may have changed the file.`,
      }),
    )
  }
  const guarded = (what: string, run: () => Promise<void>) => async () => {
    try {
      await run()
    } catch (error) {
      log.error({ err: error }, `${what} failed: ${messageOf(error)}`)
    }
  }
  const timers: Timer[] = [
    every(clock, 'hourly upkeep', HOUR_MS, guarded('hourly upkeep', hourly)),
    every(clock, 'hourly look at decisions', HOUR_MS, guarded('the look at decisions', hourlyDecisions)),
    every(clock, 'daily upkeep', DAY_MS, guarded('daily upkeep', daily)),
  ]
  const ledger = startLedgerWatch(deps)
  return {
    stop() {
      ledger.stop()
      for (const timer of timers) timer.cancel()
    },
  }
}
