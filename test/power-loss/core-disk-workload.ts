import path from 'node:path'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { post } from '#core/ledger/journal.ts'
import { openDatabase } from '#core/platform/database.ts'
import { openAcks } from './acks.ts'
import { DISK_AUDIT_KEY } from './disk-audit-key.ts'

/** Transactions of the core through its own door, quickly made. Run by tests of failing disks: core-disk-workload.ts FOLDER ROUNDS */
const [folder = '.', rounds = '10'] = process.argv.slice(2)
const promise = openAcks(path.join(folder, 'core.sqlite.acks'))
const clock = createSystemClock()
const db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: DISK_AUDIT_KEY })
for (let round = 1; round <= Number(rounds); round++) {
  const subject = `round:${round}`
  await db.write('round', async (tx) => {
    await appendAudit(tx, {
      actor: 'system',
      action: 'test.round',
      subject,
      detail: { filler: 'x'.repeat(round * 50) },
    })
    await post(
      tx,
      {
        kind: 'payment',
        lines: [
          { account: 'provider_clearing', amountFen: round },
          { account: 'consumer_receivable', amountFen: -round },
        ],
      },
      { subjectId: subject, orderId: null, cabinetId: null, operator: 'op', occurredAtMs: clock.now() },
    )
  })
  promise({ audit: subject })
}
promise({ closing: 1 })
await db.close()
