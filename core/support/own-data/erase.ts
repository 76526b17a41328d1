import type { Kysely } from 'kysely'
import type { ErasureView, OpenMatter } from '#protocol/api/own-data.ts'
import type { Random } from '#protocol/base/random.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { LIVE_SESSION_STATES } from '#core/sessions/machine.ts'
import { OPEN_TICKET_STATES } from '../machine.ts'
import { forgetPicturesOf } from '../pictures/pictures.ts'

const UNPAID = ['open', 'priced', 'held', 'charging', 'arrears'] as const
const REFUND_ENDED = ['succeeded', 'rejected'] as const
/** Stands where a text of theirs stood; the key has the words. */
const ERASED = { text: '', key: 'message.erased', sentenceValues: '{}' } as const

/** What still needs a way to this person; nothing is erased before. */
export async function openMattersOf(db: Kysely<Tables>, consumerId: string): Promise<OpenMatter[]> {
  const found = await db
    .selectNoFrom((eb) => [
      eb
        .exists(
          eb
            .selectFrom('session')
            .select('sessionId')
            .where('consumerId', '=', consumerId)
            .where('state', 'in', [...LIVE_SESSION_STATES, 'reconciled'])
            .limit(1),
        )
        .as('visit'),
      eb
        .exists(
          eb
            .selectFrom('order')
            .select('orderId')
            .where('consumerId', '=', consumerId)
            .where('state', 'in', [...UNPAID])
            .limit(1),
        )
        .as('unpaid'),
      eb
        .exists(
          eb
            .selectFrom('order')
            .innerJoin('refund', 'refund.orderId', 'order.orderId')
            .select('refundId')
            .where('consumerId', '=', consumerId)
            .where('refund.state', 'not in', [...REFUND_ENDED])
            .limit(1),
        )
        .as('refund'),
      eb
        .exists(
          eb
            .selectFrom('ticket')
            .select('ticketId')
            .where('consumerId', '=', consumerId)
            .where('state', 'in', [...OPEN_TICKET_STATES])
            .limit(1),
        )
        .as('question'),
    ])
    .executeTakeFirstOrThrow()
  return (['visit', 'unpaid', 'refund', 'question'] as const).filter((matter) => Number(found[matter]) === 1)
}

export async function erasureView(db: Kysely<Tables>, consumerId: string): Promise<ErasureView> {
  const { orders } = await db
    .selectFrom('order')
    .select((eb) => eb.fn.countAll<number>().as('orders'))
    .where('consumerId', '=', consumerId)
    .executeTakeFirstOrThrow()
  return {
    openMatters: await openMattersOf(db, consumerId),
    keptOrders: orders,
    removedFiles: (await filesOf(db, consumerId)).length,
  }
}

/** All of their pictures and traces, except those a question was decided by: they outlive it as long as the notice says. */
async function filesOf(
  db: Kysely<Tables>,
  consumerId: string,
): Promise<Array<{ sessionId: string; sha256: string }>> {
  return db
    .selectFrom('session as s')
    .innerJoin('evidence as e', 'e.sessionId', 's.sessionId')
    .select(['e.sessionId', 'e.sha256'])
    .where('s.consumerId', '=', consumerId)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('order as o')
            .innerJoin('ticket as t', 't.orderId', 'o.orderId')
            .select('t.ticketId')
            .whereRef('o.sessionId', '=', 's.sessionId'),
        ),
      ),
    )
    .execute()
}

/**
 * Forgets who a person is. Their name at the provider, sign-ins, messages, own words, telephone numbers and pictures go; orders,
 * payments and refunds stay under a number that leads to nobody, as the law asks of books.
 * @returns what is still open; nothing was changed then
 */
export async function eraseConsumer(
  tx: Tx,
  deps: { seal: Seal; random: Random },
  consumerId: string,
): Promise<OpenMatter[]> {
  const open = await openMattersOf(tx, consumerId)
  if (open.length > 0) return open
  const nobody = Buffer.from(deps.random.bytes(32)).toString('hex')
  await tx
    .updateTable('consumer')
    .set({
      openidSealed: deps.seal.seal(nobody, `consumer.openid/${consumerId}`),
      openidIndex: deps.seal.blindIndex(nobody),
    })
    .where('consumerId', '=', consumerId)
    .execute()
  await tx.deleteFrom('consumerSession').where('consumerId', '=', consumerId).execute()
  await tx.deleteFrom('notice').where('consumerId', '=', consumerId).execute()
  const tickets = tx.selectFrom('ticket').select('ticketId').where('consumerId', '=', consumerId)
  await tx
    .updateTable('ticketMessage')
    .set(ERASED)
    .where('sender', '=', 'consumer')
    .where('ticketId', 'in', tickets)
    .execute()
  await tx
    .updateTable('ticket')
    .set({ note: null, intake: '{}', phoneTail: null, phoneSealed: null })
    .where('consumerId', '=', consumerId)
    .execute()
  // What they said on the telephone goes too; that they were called stays.
  const callBacks = tx.selectFrom('callBack').select('callBackId').where('ticketId', 'in', tickets)
  await tx
    .updateTable('callBackTry')
    .set({ note: '', answers: '[]' })
    .where('callBackId', 'in', callBacks)
    .execute()
  await tx
    .updateTable('callBack')
    .set({ state: 'cancelled', endedAtMs: nowOf(tx) })
    .where('state', '=', 'planned')
    .where('ticketId', 'in', tickets)
    .execute()
  const pictures = await forgetPicturesOf(tx, consumerId)
  const files = await filesOf(tx, consumerId)
  for (const { sessionId, sha256 } of files)
    await tx.deleteFrom('evidence').where('sessionId', '=', sessionId).where('sha256', '=', sha256).execute()
  await appendAudit(tx, {
    actor: `consumer:${consumerId}`,
    action: 'consumer.erased',
    subject: `consumer:${consumerId}`,
    detail: { files: files.length, pictures },
  })
  return []
}
