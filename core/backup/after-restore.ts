import { every, type Timer } from '#protocol/base/clock.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { PaymentProvider } from '#core/payments/provider.ts'
import { findMoneyStop, letMoneyGoOn } from '#core/payments/stop.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { readRestores } from '#core/integrity/pass.ts'

const LOOK_MS = 5_000
/** What may have been under way when the backup was made. */
const BEFORE_BACKUP_MS = 10 * 60_000
const AT_ONCE = 8

/**
 * After a restore the provider is the truth: before any money moves, every charge and refund that may have gone on without
 * this database is asked about. What is not answered keeps money waiting.
 */
export function createAfterRestore(
  deps: CoreDeps & {
    provider: Pick<PaymentProvider, 'queryRefund'>
    charges: Pick<Charges, 'check'>
    refunds: Pick<Refunds, 'observe'>
  },
): { start(): void; stop(): void } {
  const { db, clock, log, provider, charges, refunds } = deps
  let timer: Timer | undefined

  async function chargesToAsk(sinceMs: number): Promise<string[]> {
    const rows = await db.read
      .selectFrom('charge')
      .select('chargeId')
      .where('authorisation', '=', 'granted')
      .where((eb) =>
        eb.or([
          eb('state', 'in', ['submitted', 'unknown', 'pending']),
          eb.and([eb('state', '=', 'prepared'), eb('preparedAtMs', '>=', sinceMs)]),
          eb.and([eb('state', '=', 'paid'), eb('paidAtMs', '>=', sinceMs)]),
        ]),
      )
      .execute()
    return rows.map(({ chargeId }) => chargeId)
  }

  async function askAll(): Promise<boolean> {
    const restores = await readRestores(db.read)
    const sinceMs = Math.min(...restores.map(({ backupAtMs }) => backupAtMs)) - BEFORE_BACKUP_MS
    const chargeIds = await chargesToAsk(sinceMs)
    let answered = 0
    for (let at = 0; at < chargeIds.length; at += AT_ONCE)
      for (const isClear of await Promise.all(
        chargeIds.slice(at, at + AT_ONCE).map((id) => charges.check(id)),
      ))
        if (isClear) answered++
    const open = await db.read
      .selectFrom('refund')
      .select(['refundId', 'outRefundNo'])
      .where('state', 'in', ['approved', 'submitted', 'unknown', 'processing'])
      .execute()
    let known = 0
    for (const { outRefundNo } of open) {
      const reply = await provider.queryRefund(outRefundNo)
      if (reply.kind === 'value')
        await db.write('take a refund after a restore', (tx) => refunds.observe(tx, reply.value))
      if (reply.kind === 'value' || reply.kind === 'absent') known++
    }
    log.info(
      { charges: chargeIds.length, answered, refunds: open.length, known },
      'the provider was asked after a restore',
    )
    return answered === chargeIds.length && known === open.length
  }

  async function look(): Promise<void> {
    try {
      if ((await findMoneyStop(db.read))?.why !== 'restored') return
      if (!(await askAll())) return
      await db.write('the provider was asked', async (tx) => {
        if ((await letMoneyGoOn(tx, 'restored')) === undefined) return
        await appendAudit(tx, {
          actor: 'system',
          action: 'money.resumed',
          subject: 'system',
          detail: { why: 'the provider was asked after a restore' },
        })
      })
      log.warn('money goes on after the restore')
      timer?.cancel()
    } catch (error) {
      log.error({ err: error }, 'the provider could not be asked after a restore; money waits')
    }
  }
  return {
    start() {
      timer = every(clock, 'after a restore', LOOK_MS, look)
    },
    stop: () => timer?.cancel(),
  }
}
