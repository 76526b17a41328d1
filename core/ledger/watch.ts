import { every, type Clock, type Timer } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { LedgerAudit } from '#protocol/api/finance.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import { AUDIT_START, auditLedger, auditSince, confirmed } from './audit.ts'
import { closeDueDays } from './closing.ts'

const MINUTE_MS = 60_000
const CLOSING_MS = 15 * MINUTE_MS
const DAY_MS = 24 * 60 * MINUTE_MS

/** The books look after themselves: new entries are audited each minute, all of them each day, and days are closed. */
export function startLedgerWatch(deps: CoreDeps & { auditKey: Uint8Array; clock: Clock }): { stop(): void } {
  const { db, clock, log, ids, auditKey } = deps
  let mark = AUDIT_START

  async function report(audit: LedgerAudit): Promise<void> {
    const [first] = audit.findings
    if (first === undefined) return
    log.error({ findings: audit.findings.slice(0, 10) }, 'the books do not hold')
    await db.write('broken books', (tx) =>
      raiseIncident(tx, ids, {
        kind: 'ledger_broken',
        subject: 'ledger',
        message: `${audit.findings.length} findings; the first: ${first.subject}: ${first.message}. See: npm run core -- audit-ledger`,
      }),
    )
  }
  async function lookAtNew(): Promise<void> {
    let reached = mark
    await report(
      await confirmed(async () => {
        const { audit, mark: end } = await auditSince(db.read, auditKey, clock.now(), mark)
        reached = end
        return audit
      }),
    )
    mark = reached
  }
  async function lookAtAll(): Promise<void> {
    await report(await confirmed(() => auditLedger(db.read, auditKey, clock.now())))
  }
  async function closeDays(): Promise<void> {
    const closed = await closeDueDays(db, clock.now())
    if (closed > 0) log.info({ closed }, 'days of the books were closed')
  }
  const guarded = (what: string, run: () => Promise<void>) => async () => {
    try {
      await run()
    } catch (error) {
      log.error({ err: error }, `${what} failed: ${messageOf(error)}`)
    }
  }
  const timers: Timer[] = [
    every(clock, 'audit new entries', MINUTE_MS, guarded('the audit of new entries', lookAtNew)),
    every(clock, 'audit the books', DAY_MS, guarded('the audit of the books', lookAtAll)),
    every(clock, 'close days', CLOSING_MS, guarded('closing days', closeDays)),
  ]
  return {
    stop() {
      for (const timer of timers) timer.cancel()
    },
  }
}
