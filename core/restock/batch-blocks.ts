import type { Kysely, Selectable } from 'kysely'
import type {
  BatchBlockCreate,
  BatchBlockList,
  BatchBlockView,
  SuspectBatches,
} from '#protocol/api/batch-blocks.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { batchesOf } from './batches.ts'
import type { ExpiryWatch } from './expiry-watch.ts'
import { type BlockedGoods, isOfBlocked } from './unsaleable.ts'

type BlockRow = Selectable<Tables['batchBlock']>
type Reader = Kysely<Tables>

const LIST_LENGTH = 200
const DAY_MS = 86_400_000

export interface BatchBlocks {
  /**
   * From now on these goods are sold nowhere that the asker answers for: cabinets that may hold them stop selling until they
   * are taken out, and nobody puts them in. The same id again is the same block.
   * @throws CabinetError `bad_request` for goods that nobody knows, `already_decided` when they are blocked
   */
  block(staff: StaffIdentity, wish: BatchBlockCreate): Promise<void>
  /** @throws CabinetError `not_found`, `already_decided` */
  lift(staff: StaffIdentity, blockId: string, reason: string): Promise<void>
  list(staff: StaffIdentity): Promise<BatchBlockList>
  /** Which batches the goods of a complaint may have been of, and who else complained about them. */
  suspectedBy(
    staff: StaffIdentity,
    ticket: { ticketId: string; cabinetId: string | null; orderId: string | null; openedAtMs: number },
  ): Promise<SuspectBatches>
}

export function createBatchBlocks(deps: CoreDeps & { expiry: ExpiryWatch }): BatchBlocks {
  const { db, policy, expiry } = deps

  /** In the transaction: the alarms of all cabinets that these goods came into say at once what to take out. */
  async function reviewCabinets(tx: Tx, goods: BlockedGoods, operator: string | null): Promise<void> {
    for (const { cabinetId } of await cabinetsWith(tx, goods, operator)) await expiry.review(tx, cabinetId)
  }

  return {
    async block(staff, wish) {
      const { blockId, sku, batch, expiresOn, reason, ticketId } = wish
      if (batch === null && expiresOn === null)
        throw new CabinetError('bad_request', 'Name the batch by its number, its last day of sale, or both.')
      await db.write('block a batch', async (tx) => {
        const before = await tx
          .selectFrom('batchBlock')
          .selectAll()
          .where('blockId', '=', blockId)
          .executeTakeFirst()
        if (before !== undefined) {
          if (before.sku === sku && before.batch === batch && before.expiresOn === expiresOn) return
          throw new CabinetError('bad_request', 'This number belongs to the block of another batch.')
        }
        if (!(await productsBySku(tx)).has(sku))
          throw new CabinetError('bad_request', `There is no product ${sku}.`)
        const { operator } = staff
        const same = await tx
          .selectFrom('batchBlock')
          .selectAll()
          .where('sku', '=', sku)
          .where('state', '=', 'blocked')
          .execute()
        if (
          same.some(
            (one) =>
              isOfBlocked({ sku, batch, expiresOn }, one) &&
              (one.operator === null || one.operator === operator),
          )
        )
          throw new CabinetError('already_decided', 'This batch is blocked already.')
        const row: BlockRow = {
          blockId,
          operator,
          sku,
          batch,
          expiresOn,
          state: 'blocked',
          reason,
          ticketId: ticketId ?? null,
          blockedBy: staff.staffId,
          blockedAtMs: nowOf(tx),
          liftedBy: null,
          liftedAtMs: null,
          liftReason: null,
        }
        await tx.insertInto('batchBlock').values(row).execute()
        await tell(tx, staff, 'batch.blocked', row, reason)
        await reviewCabinets(tx, row, operator)
      })
    },

    async lift(staff, blockId, reason) {
      await db.write('lift the block of a batch', async (tx) => {
        const row = await tx
          .selectFrom('batchBlock')
          .selectAll()
          .where('blockId', '=', blockId)
          .executeTakeFirst()
        if (row === undefined || (staff.operator !== null && row.operator !== staff.operator))
          throw new CabinetError('not_found')
        if (row.state === 'lifted') throw new CabinetError('already_decided')
        await tx
          .updateTable('batchBlock')
          .set({ state: 'lifted', liftedBy: staff.staffId, liftedAtMs: nowOf(tx), liftReason: reason })
          .where('blockId', '=', blockId)
          .execute()
        await tell(tx, staff, 'batch.lifted', row, reason)
        await reviewCabinets(tx, row, row.operator)
      })
    },

    async list(staff) {
      const products = await productsBySku(db.read)
      let rows = db.read
        .selectFrom('batchBlock as b')
        .leftJoin('staff as s', 's.staffId', 'b.blockedBy')
        .leftJoin('staff as l', 'l.staffId', 'b.liftedBy')
        .selectAll('b')
        .select(['s.displayName as blockedByName', 'l.displayName as liftedByName'])
        .orderBy('b.blockedAtMs', 'desc')
        .limit(LIST_LENGTH)
      if (staff.operator !== null)
        rows = rows.where((eb) =>
          eb.or([eb('b.operator', 'is', null), eb('b.operator', '=', staff.operator)]),
        )
      const blocks: BatchBlockView[] = []
      for (const row of await rows.execute())
        blocks.push({
          blockId: row.blockId,
          sku: row.sku,
          batch: row.batch,
          expiresOn: row.expiresOn,
          name: products.get(row.sku)?.name ?? { zh: row.sku, en: row.sku },
          state: row.state,
          reason: row.reason,
          blockedBy: row.blockedByName ?? row.blockedBy,
          blockedAtMs: row.blockedAtMs,
          liftedBy: row.liftedByName ?? row.liftedBy,
          liftedAtMs: row.liftedAtMs,
          liftReason: row.liftReason,
          ticketIds: row.ticketId === null || staff.operator !== null ? [] : [row.ticketId],
          places: row.state === 'lifted' ? [] : await placesOf(db.read, row, staff.operator ?? row.operator),
        })
      return { blocks, mayDecide: staff.permissions.has('batch.block') }
    },

    async suspectedBy(staff, ticket) {
      const { read } = db
      const mayDecide = staff.permissions.has('batch.block')
      const { cabinetId } = ticket
      if (cabinetId === null) return { batches: [], mayDecide }
      const products = await productsBySku(read)
      const skus = await skusOf(read, ticket.orderId)
      const blocks = await read.selectFrom('batchBlock').selectAll().where('state', '=', 'blocked').execute()
      const came = (await cameInto(read, cabinetId)).filter(
        ({ sku, atMs }) => (skus.length === 0 || skus.includes(sku)) && atMs <= ticket.openedAtMs,
      )
      const batches: SuspectBatches['batches'] = []
      for (const { sku, batch, expiresOn } of came) {
        if (batches.some((one) => isOfBlocked({ sku, batch, expiresOn }, one))) continue
        const goods = { sku, batch, expiresOn }
        const ticketIds = await complaintsAbout(read, goods, {
          operator: staff.operator,
          fromMs: ticket.openedAtMs - policy.batchSuspectDays * DAY_MS,
        })
        batches.push({
          ...goods,
          name: products.get(sku)?.name ?? { zh: sku, en: sku },
          ticketIds: ticketIds.includes(ticket.ticketId) ? ticketIds : [ticket.ticketId, ...ticketIds],
          places: await placesOf(read, goods, staff.operator),
          blockId: blocks.find((one) => isOfBlocked(goods, one))?.blockId ?? null,
          isProposed: ticketIds.length >= policy.batchSuspectTickets,
        })
      }
      return { batches: batches.toSorted((a, b) => b.ticketIds.length - a.ticketIds.length), mayDecide }
    },
  }
}

async function tell(
  tx: Tx,
  staff: StaffIdentity,
  action: 'batch.blocked' | 'batch.lifted',
  row: BlockRow,
  reason: string,
): Promise<void> {
  const { blockId, sku, batch, expiresOn, operator, ticketId } = row
  await appendAudit(tx, {
    actor: `staff:${staff.staffId}`,
    action,
    subject: `batch:${blockId}`,
    detail: { sku, batch, expiresOn, operator, ticketId, reason },
  })
  if (ticketId !== null)
    await recordChange(tx, { kind: 'ticket', subjectId: ticketId, data: { batch: action } })
}

/** Cabinets that these goods ever came into. */
async function cabinetsWith(
  db: Reader,
  goods: BlockedGoods,
  operator: string | null,
): Promise<Array<{ cabinetId: string; nameZh: string; nameEn: string }>> {
  let rows = db
    .selectFrom('batchMovement as m')
    .innerJoin('cabinet as c', 'c.cabinetId', 'm.cabinetId')
    .select(['c.cabinetId', 'c.nameZh', 'c.nameEn'])
    .distinct()
    .where('m.sku', '=', goods.sku)
    .orderBy('c.cabinetId')
  if (goods.batch !== null) rows = rows.where('m.batch', '=', goods.batch)
  if (goods.expiresOn !== null) rows = rows.where('m.expiresOn', '=', goods.expiresOn)
  if (operator !== null) rows = rows.where('c.operator', '=', operator)
  return rows.execute()
}

async function placesOf(
  db: Reader,
  goods: BlockedGoods,
  operator: string | null,
): Promise<BatchBlockView['places']> {
  const places: BatchBlockView['places'] = []
  for (const { cabinetId, nameZh, nameEn } of await cabinetsWith(db, goods, operator)) {
    const pieces = (await batchesOf(db, cabinetId))
      .filter((line) => isOfBlocked(line, goods))
      .reduce((sum, line) => sum + line.leftMost, 0)
    if (pieces > 0) places.push({ cabinetId, name: { zh: nameZh, en: nameEn }, pieces })
  }
  return places
}

/** What was put into a cabinet with a number or a day, latest first. */
async function cameInto(db: Reader, cabinetId: string): Promise<Array<BlockedGoods & { atMs: number }>> {
  return db
    .selectFrom('batchMovement')
    .select(['sku', 'batch', 'expiresOn', 'atMs'])
    .where('cabinetId', '=', cabinetId)
    .where('quantity', '>', 0)
    .orderBy('atMs', 'desc')
    .limit(LIST_LENGTH)
    .execute()
}

async function skusOf(db: Reader, orderId: string | null): Promise<string[]> {
  if (orderId === null) return []
  const rows = await db.selectFrom('orderLine').select('sku').where('orderId', '=', orderId).execute()
  return rows.map(({ sku }) => sku)
}

/** Complaints about quality from cabinets that this batch came into, whose order has these goods or that name no order. */
async function complaintsAbout(
  db: Reader,
  goods: BlockedGoods,
  about: { operator: string | null; fromMs: number },
): Promise<string[]> {
  const cabinets = (await cabinetsWith(db, goods, about.operator)).map(({ cabinetId }) => cabinetId)
  if (cabinets.length === 0) return []
  const rows = await db
    .selectFrom('ticket as t')
    .select(['t.ticketId', 't.orderId'])
    .where('t.type', '=', 'quality')
    .where('t.cabinetId', 'in', cabinets)
    .where('t.openedAtMs', '>=', about.fromMs)
    .where('t.state', '<>', 'merged')
    .orderBy('t.openedAtMs')
    .limit(LIST_LENGTH)
    .execute()
  const own: string[] = []
  for (const { ticketId, orderId } of rows) {
    const skus = await skusOf(db, orderId)
    if (orderId === null || skus.includes(goods.sku)) own.push(ticketId)
  }
  return own
}
