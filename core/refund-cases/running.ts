import type { Selectable } from 'kysely'
import type { IncidentSelection } from '#protocol/api/refund-cases.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { mustKnowCaller } from '#core/callers/must-be-known.ts'
import { recordChange } from '#core/live/changes.ts'
import { getOrder } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Refunds } from '#core/refunds/refunds.ts'
import { shareOfOrder } from './incident.ts'
import { refundCaseItemMachine, type RefundCaseItemInput } from './machine.ts'
import { decideRest } from './share.ts'

/** Orders a turn, and the pause after it: the provider takes refunds slowly, and sales come first. */
const ORDERS_AT_ONCE = 5
const PAUSE_MS = 200
const PAUSE_LONGEST_MS = 60_000

type CaseRow = Selectable<Tables['refundCase']>
type ItemRow = Selectable<Tables['refundCaseItem']>

export async function scheduleCase(
  due: DueWork,
  tx: Tx,
  caseId: string,
  dueAtMs: number,
  looks = 0,
): Promise<void> {
  await due.schedule(tx, { kind: 'refund_case.run', subjectId: caseId, dueAtMs, payload: { looks } })
}

/**
 * An approved case, some orders at a time. An order is asked for in the transaction that notes it, under the id that the
 * case was made with, so that a core that dies anywhere in between goes on where it was and nothing goes back twice.
 */
export function createCaseRunning(
  deps: CoreDeps & { due: DueWork; refunds: Refunds; charges: Charges },
): void {
  const { db, log, due, refunds, charges } = deps
  due.on('refund_case.run', (work) => run(work.subjectId, Number(work.payload['looks'] ?? 0)))

  async function run(caseId: string, looks: number): Promise<void> {
    const row = await db.read
      .selectFrom('refundCase')
      .selectAll()
      .where('caseId', '=', caseId)
      .executeTakeFirst()
    if (row?.state !== 'running') return
    const waiting = await itemsIn(caseId, 'waiting', ORDERS_AT_ONCE)
    for (const item of waiting) await db.write('one order of a case', (tx) => askOne(tx, row, item))
    const moved = await follow(caseId)
    await db.write('go on with a case', (tx) => goOn(tx, caseId, waiting.length > 0 || moved ? 0 : looks + 1))
  }

  function itemsIn(caseId: string, state: ItemRow['state'], most: number): Promise<ItemRow[]> {
    return db.read
      .selectFrom('refundCaseItem')
      .selectAll()
      .where('caseId', '=', caseId)
      .where('state', '=', state)
      .orderBy('position')
      .limit(most)
      .execute()
  }

  /** @param change.amountFen  what it really is, when less was left than approved */
  async function advance(
    tx: Tx,
    item: ItemRow,
    input: RefundCaseItemInput,
    change: { detail?: string; amountFen?: number } = {},
  ) {
    const state = refundCaseItemMachine.next(item.state, input)
    if (state === undefined) return
    await tx
      .updateTable('refundCaseItem')
      .set({ state, ...change })
      .where('caseId', '=', item.caseId)
      .where('orderId', '=', item.orderId)
      .where('state', '=', item.state)
      .execute()
    await recordChange(tx, { kind: 'refund', subjectId: item.caseId, data: { orderId: item.orderId, state } })
  }

  /** Stopped in between: the state is looked at in the transaction that asks. */
  async function askOne(tx: Tx, before: CaseRow, item: ItemRow): Promise<void> {
    const [row, present] = [
      await tx
        .selectFrom('refundCase')
        .select('state')
        .where('caseId', '=', item.caseId)
        .executeTakeFirstOrThrow(),
      await tx
        .selectFrom('refundCaseItem')
        .select('state')
        .where('caseId', '=', item.caseId)
        .where('orderId', '=', item.orderId)
        .executeTakeFirstOrThrow(),
    ]
    if (row.state !== 'running' || present.state !== 'waiting') return
    const { sku } = JSON.parse(before.selection) as IncidentSelection
    const order = await getOrder(tx, item.orderId)
    const approved = {
      lines: JSON.parse(item.lines) as Array<{ lineId: string; quantity: number }>,
      amountFen: item.amountFen,
    }
    const rest = decideRest(approved, await shareOfOrder(tx, order, sku))
    if (rest === undefined) return advance(tx, item, 'skipped', { detail: 'refunded_already' })
    if (!(await isCallerKnown(tx, item)))
      return advance(tx, item, 'skipped', { detail: 'caller_not_verified' })
    if (rest.way === 'lower') {
      const charge = await tx
        .selectFrom('charge')
        .select('chargeId')
        .where('orderId', '=', item.orderId)
        .executeTakeFirstOrThrow()
      await charges.lower(tx, charge.chargeId, {
        refundId: item.refundId,
        lines: rest.lines,
        reason: before.reason,
        by: before.requestedBy,
      })
      return advance(tx, item, 'asked')
    }
    try {
      const refund = await refunds.ask(tx, {
        refundId: item.refundId,
        orderId: item.orderId,
        lines: rest.lines,
        ...(rest.lines.length === 0 ? { amountFen: rest.amountFen } : {}),
        reason: before.reason,
        stock: before.stock,
        by: before.requestedBy,
        authority: { kind: 'approved', by: before.decidedBy ?? before.requestedBy },
        note: before.title,
        tellConsumer: true,
      })
      return await advance(tx, item, 'asked', { amountFen: refund.amountFen })
    } catch (error) {
      if (!(error instanceof CabinetError)) throw error
      log.warn(
        { caseId: item.caseId, orderId: item.orderId, code: error.code },
        'an order of a case gets nothing',
      )
      return advance(tx, item, 'skipped', { detail: error.code })
    }
  }

  /** Somebody calls about this very order and is not known yet: it is settled on their ticket, the others go on. */
  async function isCallerKnown(tx: Tx, { caseId, orderId }: ItemRow): Promise<boolean> {
    try {
      await mustKnowCaller(tx, { orderId, isApproval: true })
      return true
    } catch (error) {
      if (!(error instanceof CabinetError) || error.code !== 'caller_not_verified') throw error
      log.info({ caseId, orderId }, 'an order of a case waits for its caller to be known')
      return false
    }
  }

  /** What was asked for goes its own way; here it is only read. @returns whether anything ended */
  async function follow(caseId: string): Promise<boolean> {
    const asked = await itemsIn(caseId, 'asked', 1000)
    let moved = false
    for (const item of asked) {
      const end = await endOf(item.refundId)
      if (end === undefined) continue
      moved = true
      const { input, ...change } = end
      await db.write('an order of a case has ended', (tx) => advance(tx, item, input, change))
    }
    return moved
  }
  async function endOf(
    refundId: string,
  ): Promise<{ input: 'arrived' | 'failed'; amountFen?: number } | undefined> {
    const refund = await db.read
      .selectFrom('refund')
      .select('state')
      .where('refundId', '=', refundId)
      .executeTakeFirst()
    if (refund?.state === 'succeeded') return { input: 'arrived' }
    if (refund !== undefined) return refund.state === 'rejected' ? { input: 'failed' } : undefined
    const lowering = await db.read
      .selectFrom('chargeLowering')
      .select(['state', 'byFen'])
      .where('refundId', '=', refundId)
      .executeTakeFirst()
    if (lowering?.state === 'dropped') return { input: 'failed' }
    return lowering?.state === 'lowered' && lowering.byFen !== null
      ? { input: 'arrived', amountFen: lowering.byFen }
      : undefined
  }

  async function goOn(tx: Tx, caseId: string, looks: number): Promise<void> {
    const open = await tx
      .selectFrom('refundCaseItem')
      .select('orderId')
      .where('caseId', '=', caseId)
      .where('state', 'in', ['waiting', 'asked'])
      .executeTakeFirst()
    const { state } = await tx
      .selectFrom('refundCase')
      .select('state')
      .where('caseId', '=', caseId)
      .executeTakeFirstOrThrow()
    if (state !== 'running') return
    if (open !== undefined)
      return scheduleCase(
        due,
        tx,
        caseId,
        nowOf(tx) + Math.min(PAUSE_LONGEST_MS, PAUSE_MS * 2 ** Math.min(looks, 20)),
        looks,
      )
    await tx
      .updateTable('refundCase')
      .set({ state: 'done', endedAtMs: nowOf(tx) })
      .where('caseId', '=', caseId)
      .execute()
    await recordChange(tx, { kind: 'refund', subjectId: caseId, data: { refundCase: 'done' } })
  }
}
