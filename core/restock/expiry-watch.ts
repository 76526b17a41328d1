import { clearAlarm, raiseAlarm } from '#core/cabinets/alarms.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { batchesOf } from './batches.ts'
import { blockedAt } from './unsaleable.ts'

const KIND = 'goods.expiry'
/** What has expired may be sold off the books or taken out without a visit: it is looked at again. */
const LOOK_AGAIN_MS = 3_600_000

/** Knows when the next goods of a cabinet expire, and calls a person when they do, or when their batch is blocked. */
export interface ExpiryWatch {
  /** In the transaction that changed what lies in the cabinet. */
  review(tx: Tx, cabinetId: string): Promise<void>
  /** Takes up every cabinet after a start of the core. */
  start(): Promise<void>
}

export function createExpiryWatch(deps: CoreDeps & { due: DueWork }): ExpiryWatch {
  const { db, ids, due } = deps

  async function review(tx: Tx, cabinetId: string): Promise<void> {
    const nowMs = nowOf(tx)
    const dated = (await batchesOf(tx, cabinetId)).filter(({ expiresAtMs }) => expiresAtMs !== null)
    const expired = dated.filter(({ expiresAtMs }) => (expiresAtMs ?? 0) <= nowMs)
    const [first] = expired
    if (first === undefined) await clearAlarm(tx, cabinetId, 'goods_expired')
    else {
      const name = (await productsBySku(tx)).get(first.sku)?.name
      await raiseAlarm(tx, ids, {
        cabinetId,
        kind: 'goods_expired',
        values: {
          shelf: first.shelf,
          sku: first.sku,
          nameZh: name?.zh ?? first.sku,
          nameEn: name?.en ?? first.sku,
          expiresOn: first.expiresOn ?? '',
          batches: expired.length,
        },
      })
    }
    await reviewBlocked(tx, cabinetId)
    const coming = dated.flatMap(({ expiresAtMs }) =>
      expiresAtMs !== null && expiresAtMs > nowMs ? [expiresAtMs] : [],
    )
    const nextMs = Math.min(...coming, ...(first === undefined ? [] : [nowMs + LOOK_AGAIN_MS]))
    if (Number.isFinite(nextMs)) await due.schedule(tx, { kind: KIND, subjectId: cabinetId, dueAtMs: nextMs })
    else await due.cancel(tx, KIND, cabinetId)
  }

  async function reviewBlocked(tx: Tx, cabinetId: string): Promise<void> {
    const blocked = await blockedAt(tx, cabinetId)
    const [first] = blocked
    if (first === undefined) return clearAlarm(tx, cabinetId, 'goods_blocked')
    const name = (await productsBySku(tx)).get(first.sku)?.name
    await raiseAlarm(tx, ids, {
      cabinetId,
      kind: 'goods_blocked',
      values: {
        shelf: first.shelf,
        sku: first.sku,
        nameZh: name?.zh ?? first.sku,
        nameEn: name?.en ?? first.sku,
        batch: first.batch ?? '',
        expiresOn: first.expiresOn ?? '',
        batches: blocked.length,
      },
    })
  }

  due.on(KIND, ({ subjectId: cabinetId }) => db.write('goods expire', (tx) => review(tx, cabinetId)))

  return {
    review,
    async start() {
      const rows = await db.read
        .selectFrom('batchMovement')
        .select('cabinetId')
        .distinct()
        .where('expiresAtMs', 'is not', null)
        .execute()
      for (const { cabinetId } of rows) await db.write('watch dates', (tx) => review(tx, cabinetId))
    },
  }
}
