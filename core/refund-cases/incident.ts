import type { Kysely, Selectable } from 'kysely'
import {
  CASE_ORDERS_MOST,
  CASE_WINDOW_DAYS_MOST,
  type IncidentOrder,
  type IncidentPreview,
  type IncidentSelection,
} from '#protocol/api/refund-cases.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import { linesOf } from '#core/orders/store.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { consumerLabel } from '#core/privacy/seal.ts'
import { type CaseShare, decideShare } from './share.ts'

const DAY_MS = 24 * 3_600_000

/** An order of the incident with what it gets. */
export interface FoundOrder {
  readonly view: IncidentOrder
  readonly share: CaseShare
}

/** @throws CabinetError `bad_request` that says what to name */
export function refuseUnlikely(selection: IncidentSelection): void {
  if (selection.cabinetIds.length === 0 && selection.sku === null)
    throw new CabinetError('bad_request', 'Name the cabinets or the goods of the incident.')
  if (selection.toMs <= selection.fromMs)
    throw new CabinetError('bad_request', 'The incident must end after it began.')
  if (selection.toMs - selection.fromMs > CASE_WINDOW_DAYS_MOST * DAY_MS)
    throw new CabinetError(
      'bad_request',
      `One incident lasts ${CASE_WINDOW_DAYS_MOST} days at most; make one case for each part.`,
    )
}

/** What this order gets now; looked at again when its turn comes. */
export async function shareOfOrder(
  db: Kysely<Tables>,
  order: Pick<Selectable<Tables['order']>, 'orderId' | 'state'>,
  sku: string | null,
): Promise<CaseShare> {
  const payment = await db
    .selectFrom('payment')
    .select(['amountFen', 'reservedFen'])
    .where('orderId', '=', order.orderId)
    .where('isDuplicate', '=', 0)
    .executeTakeFirst()
  return decideShare(
    {
      state: order.state,
      lines: await linesOf(db, order.orderId),
      roomFen: payment === undefined ? 0 : payment.amountFen - payment.reservedFen,
    },
    sku,
  )
}

/** The orders of an incident, oldest first, as they stand now. */
export async function findIncident(
  db: Kysely<Tables>,
  selection: IncidentSelection,
  operator: string | null,
): Promise<{ found: FoundOrder[]; isCut: boolean }> {
  refuseUnlikely(selection)
  let rows = db
    .selectFrom('order as o')
    .innerJoin('session as s', 's.sessionId', 'o.sessionId')
    .innerJoin('cabinet as c', 'c.cabinetId', 'o.cabinetId')
    .select(['o.orderId', 'o.state', 'o.consumerId', 's.openedAtMs', 'c.nameZh', 'c.nameEn'])
    .where('s.openedAtMs', '>=', selection.fromMs)
    .where('s.openedAtMs', '<=', selection.toMs)
    .where('o.state', 'not in', ['open', 'void'])
  if (selection.cabinetIds.length > 0) rows = rows.where('o.cabinetId', 'in', selection.cabinetIds)
  if (operator !== null) rows = rows.where('c.operator', '=', operator)
  if (selection.sku !== null) {
    const { sku } = selection
    rows = rows.where((eb) =>
      eb(
        'o.orderId',
        'in',
        eb.selectFrom('orderLine').select('orderLine.orderId').where('orderLine.sku', '=', sku),
      ),
    )
  }
  const orders = await rows
    .orderBy('s.openedAtMs')
    .orderBy('o.orderId')
    .limit(CASE_ORDERS_MOST + 1)
    .execute()
  const products = await productsBySku(db)
  const found: FoundOrder[] = []
  for (const order of orders.slice(0, CASE_ORDERS_MOST)) {
    const share = await shareOfOrder(db, order, selection.sku)
    const lines = (await linesOf(db, order.orderId)).filter(
      (line) => selection.sku === null || line.sku === selection.sku,
    )
    found.push({
      share,
      view: {
        orderId: order.orderId,
        atMs: order.openedAtMs ?? 0,
        cabinetName: { zh: order.nameZh, en: order.nameEn },
        consumerLabel: consumerLabel(order.consumerId),
        goods: lines.map((line) => ({
          name: products.get(line.sku)?.name ?? { zh: line.sku, en: line.sku },
          quantity: line.quantity - line.refundedQuantity,
        })),
        way: share.exclusion === null ? share.way : 'refund',
        amountFen: share.exclusion === null ? share.amountFen : 0,
        exclusion: share.exclusion,
      },
    })
  }
  return { found, isCut: orders.length > CASE_ORDERS_MOST }
}

export function previewOf({
  found,
  isCut,
}: {
  found: readonly FoundOrder[]
  isCut: boolean
}): IncidentPreview {
  const given = found.filter(({ share }) => share.exclusion === null)
  return {
    orders: found.map(({ view }) => view),
    count: given.length,
    totalFen: given.reduce((sum, { view }) => sum + view.amountFen, 0),
    isCut,
  }
}
