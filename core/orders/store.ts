import type { Kysely, Selectable } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { giveBack } from '#core/pricing/benefits.ts'
import type { BilledLine } from './decide.ts'
import { type OrderInput, orderMachine } from './machine.ts'
import { addRow, changeRow } from '#core/platform/rows.ts'

export type OrderRow = Selectable<Tables['order']>
export type OrderLineRow = Selectable<Tables['orderLine']>
type Reader = Kysely<Tables>

const byId = preparedFor((db, orderId: string) =>
  db.selectFrom('order').selectAll().where('orderId', '=', orderId),
)
const bySession = preparedFor((db, sessionId: string) =>
  db.selectFrom('order').selectAll().where('sessionId', '=', sessionId),
)
const lines = preparedFor((db, orderId: string) =>
  db.selectFrom('orderLine').selectAll().where('orderId', '=', orderId).orderBy('position'),
)

export async function findOrder(db: Reader, orderId: string): Promise<OrderRow | undefined> {
  const [row] = await byId(db, orderId)
  return row
}
export async function getOrder(db: Reader, orderId: string): Promise<OrderRow> {
  const order = await findOrder(db, orderId)
  if (order === undefined) throw new CabinetError('not_found', `There is no order ${orderId}.`)
  return order
}
export async function orderOfSession(db: Reader, sessionId: string): Promise<OrderRow | undefined> {
  const [row] = await bySession(db, sessionId)
  return row
}
export async function linesOf(db: Reader, orderId: string): Promise<OrderLineRow[]> {
  return lines(db, orderId)
}

/**
 * Moves an order along its table and saves what goes with it.
 * @returns the state after it, or undefined when nothing happens in the present state
 */
export async function advanceOrder(
  tx: Tx,
  orderId: string,
  input: OrderInput,
  change: Partial<Omit<OrderRow, 'orderId' | 'sessionId' | 'state'>> = {},
): Promise<OrderRow | undefined> {
  const order = await getOrder(tx, orderId)
  const state = orderMachine.next(order.state, input)
  if (state === undefined) return undefined
  changeRow(tx, 'order', { orderId }, { ...change, state })
  // Nothing is owed: what the consumer had put in is theirs again.
  if (state === 'void') await giveBack(tx, order)
  await recordChange(tx, { kind: 'order', subjectId: orderId, cabinetId: order.cabinetId, data: { state } })
  return { ...order, ...change, state }
}

/** Before anything is charged only: afterwards money goes back by refund. */
export async function replaceLines(
  tx: Tx,
  ids: Ids,
  orderId: string,
  lines: readonly BilledLine[],
): Promise<void> {
  await tx.deleteFrom('orderLine').where('orderId', '=', orderId).execute()
  for (const [position, line] of lines.entries()) {
    addRow(tx, 'orderLine', {
      lineId: ids.next('order'),
      orderId,
      position,
      ...line,
      refundedQuantity: 0,
      refundedFen: 0,
    })
  }
}

export async function insertOrder(
  tx: Tx,
  order: { orderId: string; sessionId: string; cabinetId: string; consumerId: string },
): Promise<void> {
  addRow(tx, 'order', {
    ...order,
    state: orderMachine.initial,
    heldReason: null,
    heldAtMs: null,
    releasedAtMs: null,
    totalFen: 0,
    paidFen: 0,
    refundedFen: 0,
    createdAtMs: nowOf(tx),
    pricedAtMs: null,
    chargedAtMs: null,
    decision: null,
  })
}
