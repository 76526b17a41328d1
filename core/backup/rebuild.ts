import type { EventType } from '#protocol/messages/index.ts'
import { timeOfId, twinOfId } from '#protocol/base/ids.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Consumers } from '#core/consumers/consumers.ts'
import type { EventContext, EventHandlers } from '#core/ingest/handlers.ts'
import { readRestores } from '#core/integrity/pass.ts'
import { insertOrder } from '#core/orders/store.ts'
import type { Charges } from '#core/payments/charges.ts'
import type { PaymentProvider, ProviderOrder } from '#core/payments/provider.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import { findSession } from '#core/sessions/store.ts'
import { confirmRestoreWindows } from './windows.ts'

const KIND = 'session.rebuild'
/** Everything of a visit that moves its session, in the order in which the cabinet told it. */
const TELLS_OF_VISIT: readonly EventType[] = [
  'session.started',
  'door.opened',
  'door.closed',
  'session.not-opened',
  'session.reconciled',
  'session.abandoned',
]
/** Clocks of the one who made the backup and of the provider differ by less. */
const MARGIN_MS = 60_000

/**
 * Visits whose rows were lost with a former database come back from the two who still know them: the cabinet tells its
 * events again, and the provider names the consumer and the money of the order whose number goes with the session's.
 */
export function createRebuilding(
  deps: CoreDeps & {
    due: DueWork
    provider: Pick<PaymentProvider, 'queryOrder'>
    consumers: Pick<Consumers, 'recognise' | 'openidOf'>
    charges: Pick<Charges, 'prepare' | 'observe'>
    /** What the events of a visit change. */
    handlers: EventHandlers
  },
): { handlers: EventHandlers } {
  const { db, ids, log, policy, due, provider, consumers, charges } = deps
  due.on(KIND, (work) => rebuild(work))

  async function noteUnknown(tx: Tx, context: EventContext, sessionId: string): Promise<void> {
    if ((await findSession(tx, sessionId)) !== undefined) return
    const madeAtMs = timeOfId(sessionId)
    const restores = await readRestores(tx)
    const isLost = restores.some(
      ({ backupAtMs, restoredAtMs }) =>
        madeAtMs > backupAtMs - MARGIN_MS && madeAtMs < restoredAtMs + MARGIN_MS,
    )
    if (!isLost) return
    await due.schedule(tx, {
      kind: KIND,
      subjectId: sessionId,
      dueAtMs: nowOf(tx),
      payload: { cabinetId: context.cabinetId },
    })
  }

  async function rebuild({ subjectId: sessionId, payload }: DueItem): Promise<void> {
    const cabinetId = String(payload['cabinetId'])
    if ((await findSession(db.read, sessionId)) !== undefined) return
    const found = await provider.queryOrder(twinOfId(sessionId, 'order'))
    if (found.kind === 'unknown' || (found.kind === 'refused' && found.isTemporary))
      throw new CabinetError(
        'provider_unreachable',
        `The provider does not say whose the session ${sessionId} is.`,
      )
    // Nobody was to pay for it: a visit of staff, or one whose order was never opened. Its incident stays.
    if (found.kind !== 'value' || typeof found.value.openid !== 'string') {
      log.warn(
        { sessionId, cabinetId },
        'a session that was lost with the former database is unknown to the provider',
      )
      return
    }
    const { openid } = found.value
    await db.write('rebuild a session', (tx) => restoreSession(tx, sessionId, cabinetId, openid, found.value))
  }

  async function restoreSession(
    tx: Tx,
    sessionId: string,
    cabinetId: string,
    openid: string,
    order: ProviderOrder,
  ): Promise<void> {
    // No cabinet can make an order at the provider: one for a visit that is not here is a second witness of the loss.
    const madeAtMs = timeOfId(sessionId)
    await confirmRestoreWindows(
      tx,
      ({ backupAtMs, restoredAtMs }) =>
        madeAtMs > backupAtMs - MARGIN_MS && madeAtMs < restoredAtMs + MARGIN_MS,
    )
    const told = await eventsOf(tx, cabinetId, sessionId)
    const started = told.find(({ type }) => type === 'session.started')?.data as
      | { commandId?: string; planogramVersion?: number }
      | undefined
    const consumerId = await consumers.recognise(tx, openid, 'zh')
    const requestedAtMs = timeOfId(sessionId)
    await tx
      .insertInto('session')
      .values({
        sessionId,
        requestId: ids.next('request'),
        cabinetId,
        consumerId,
        kind: 'sale',
        // The cabinet unlocked, so it was asked to.
        state: 'unlocking',
        deniedReason: null,
        planogramVersion: started?.planogramVersion ?? (await newestPlanogram(tx, cabinetId)),
        commandId: started?.commandId ?? ids.next('command'),
        requestedAtMs,
        startedAtMs: null,
        openedAtMs: null,
        closedAtMs: null,
        reconciledAtMs: null,
        reconciled: null,
      })
      .execute()
    const orderId = twinOfId(sessionId, 'order')
    await insertOrder(tx, { orderId, sessionId, cabinetId, consumerId })
    const chargeId = await charges.prepare(tx, {
      sessionId,
      orderId,
      consumerId,
      openid,
      cabinetId,
      site: '',
      capFen: policy.sessionCapFen,
    })
    await tx
      .updateTable('charge')
      .set({ authorisation: 'granted', preparedAtMs: requestedAtMs, providerOrderId: order.providerOrderId })
      .where('chargeId', '=', chargeId)
      .execute()
    await tx
      .updateTable('providerCall')
      .set({ state: 'answered', detail: 'found at the provider after a restore', answeredAtMs: nowOf(tx) })
      .where('subjectId', '=', chargeId)
      .execute()
    await appendAudit(tx, {
      actor: 'system',
      action: 'session.rebuilt',
      subject: `session:${sessionId}`,
      detail: { orderId, cabinetId },
    })
    await tx
      .updateTable('incident')
      .set({ resolvedAtMs: nowOf(tx) })
      .where('kind', '=', 'session_unknown')
      .where('subject', '=', sessionId)
      .where('resolvedAtMs', 'is', null)
      .execute()
    for (const { type, data, context } of told) {
      const handler = deps.handlers[type] as
        | ((tx: Tx, context: EventContext, data: never) => Promise<unknown>)
        | undefined
      await handler?.(tx, context, data as never)
    }
    log.info({ sessionId, orderId, cabinetId }, 'a session that was lost with the former database is back')
  }

  async function eventsOf(
    tx: Tx,
    cabinetId: string,
    sessionId: string,
  ): Promise<Array<{ type: EventType; data: Record<string, unknown>; context: EventContext }>> {
    const rows = await tx
      .selectFrom('inbox')
      .selectAll()
      .where('cabinetId', '=', cabinetId)
      .where('type', 'in', [...TELLS_OF_VISIT])
      .where('occurredAtMs', '>', timeOfId(sessionId) - MARGIN_MS)
      .orderBy('epoch')
      .orderBy('seq')
      .execute()
    return rows.flatMap((row) => {
      const data = JSON.parse(row.data) as Record<string, unknown>
      if (data['sessionId'] !== sessionId) return []
      const { epoch, seq, occurredAtMs, receivedAtMs } = row
      return [
        {
          type: row.type as EventType,
          data,
          context: { cabinetId, epoch, seq, occurredAtMs, receivedAtMs, isLate: false },
        },
      ]
    })
  }

  async function newestPlanogram(tx: Tx, cabinetId: string): Promise<number> {
    const row = await tx
      .selectFrom('planogram')
      .select((eb) => eb.fn.max<number | null>('version').as('version'))
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirst()
    return row?.version ?? 1
  }

  return {
    handlers: {
      'session.reconciled': (tx, context, { sessionId }) => noteUnknown(tx, context, sessionId),
      'session.abandoned': (tx, context, { sessionId }) => noteUnknown(tx, context, sessionId),
      'session.not-opened': (tx, context, { sessionId }) => noteUnknown(tx, context, sessionId),
    },
  }
}
