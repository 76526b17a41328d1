import { CabinetError, type ErrorCode } from '#protocol/base/errors.ts'
import { isWithinHours } from '#protocol/base/selling-hours.ts'
import type { CabinetCommands } from '#core/cabinets/commands.ts'
import { doorsOf, isForSale } from '#core/cabinets/doors.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import { planogramOf, stockOf } from '#core/catalog/queries.ts'
import type { Consumers } from '#core/consumers/consumers.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { expiredAt } from '#core/restock/expired.ts'
import { blockedAt } from '#core/restock/unsaleable.ts'
import { isStaffAt } from '#core/restock/store.ts'
import { decideOpening, decideUnlockRefusal, type OpeningFacts } from './decide.ts'
import { sellingHoursOf } from './hours.ts'
import { sessionMachine } from './machine.ts'
import { advanceSession, findSession, liveSessionAt, liveSessionOf, type SessionRow } from './store.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { addRow } from '#core/platform/rows.ts'

const cabinetNamed = preparedFor((db, cabinetId: string) =>
  db.selectFrom('cabinet').selectAll().where('cabinetId', '=', cabinetId),
)
const askedBefore = preparedFor((db, consumerId: string, requestId: string) =>
  db
    .selectFrom('session')
    .selectAll()
    .where('consumerId', '=', consumerId)
    .where('requestId', '=', requestId),
)

/** What a session needs of the money; wired in core/commerce.ts, because money stands above sessions. */
export interface SessionMoney {
  /** What keeps this consumer from opening. */
  findDebts(consumerId: string): Promise<{ arrearsOrderId?: string; unresolvedOrderId?: string }>
  /** Order, charge and the saved call to the provider, in the transaction of the session. @returns the charge's id */
  prepare(
    tx: Tx,
    session: { sessionId: string; cabinetId: string; consumerId: string; openid: string; site: string },
  ): Promise<string>
  authorise(chargeId: string): Promise<{ ok: true } | { ok: false; code: ErrorCode; detail: string }>
  /** Nobody opened: the provider's order is given back and ours is void. */
  giveUp(tx: Tx, sessionId: string): Promise<void>
}

/** Beyond the times of the edge: how long a session may stay silent before somebody asks. */
const SILENCE_MARGIN_MS = 10_000

export interface OpenRequest {
  readonly consumerId: string
  readonly requestId: string
  readonly cabinetId: string
  /** From 0; the first when absent. */
  readonly door?: number | undefined
}
export interface Opening {
  /**
   * Scans and opens. The same request again is the same session.
   * @throws CabinetError with the refusal; a session that was begun is denied with it
   */
  open(request: OpenRequest): Promise<SessionRow>
  /** Facts about the cabinet alone, for those who have not signed in yet. @throws as `open` */
  checkCabinet(cabinetId: string, door?: number): Promise<void>
  deny(tx: Tx, sessionId: string, reason: ErrorCode): Promise<void>
}

export function createOpening(
  deps: CoreDeps & {
    due: DueWork
    commands: CabinetCommands
    presence: PresenceBook
    consumers: Consumers
    money: SessionMoney
    /** Whether another visit could be recorded to its end. */
    hasRoom: () => boolean
  },
): Opening {
  const { db, ids, log, clock, policy, due, commands, presence, consumers, money } = deps

  async function factsOf(
    cabinetId: string,
    consumerId: string | undefined,
    door: number,
  ): Promise<OpeningFacts> {
    const [cabinet] = await cabinetNamed(db.read, cabinetId)
    const isKnown = cabinet !== undefined
    const planogram = await planogramOf(db.read, cabinetId)
    const heard = isKnown ? await presence.presenceOf(cabinetId) : undefined
    const debts = consumerId === undefined ? {} : await money.findDebts(consumerId)
    const own = consumerId === undefined ? undefined : await liveSessionOf(db.read, consumerId)
    return {
      isKnown,
      isOutOfService: heard?.isOutOfService ?? false,
      isLockedOut: heard?.isLockedOut ?? false,
      hasExpiredGoods: isKnown && (await expiredAt(db.read, cabinetId, clock.now())).length > 0,
      hasBlockedGoods: isKnown && (await blockedAt(db.read, cabinetId)).length > 0,
      presence: heard?.presence ?? 'unknown',
      isSellingTime: isKnown && isWithinHours(await sellingHoursOf(db.read, cabinetId), clock.now()),
      isBusy:
        (await liveSessionAt(db.read, cabinetId, door)) !== undefined ||
        (await isStaffAt(db.read, cabinetId, door, clock.now())),
      isDoorForSale:
        planogram === undefined || isForSale(await doorsOf(db.read, cabinetId), door, planogram.shelves),
      hasPlanogram: planogram !== undefined,
      isBlocked:
        consumerId !== undefined &&
        (await consumers.findRestriction(db.read, consumerId))?.level === 'blocked',
      arrearsOrderId: debts.arrearsOrderId,
      unresolvedOrderId: debts.unresolvedOrderId,
      isConsumerBusy: own !== undefined,
    }
  }

  function refuse(facts: OpeningFacts): void {
    const refusal = decideOpening(facts)
    if (refusal === undefined) return
    throw new CabinetError(
      refusal.code,
      undefined,
      refusal.orderId === undefined ? {} : { context: { orderId: refusal.orderId } },
    )
  }

  async function begin(request: OpenRequest) {
    const planogram = await planogramOf(db.read, request.cabinetId)
    const [cabinet] = await cabinetNamed(db.read, request.cabinetId)
    if (cabinet === undefined) throw new CabinetError('unknown_cabinet')
    const openid = await consumers.openidOf(db.read, request.consumerId)
    const sessionId = ids.next('session')
    const commandId = ids.next('command')
    return db.write('begin a session', async (tx) => {
      // Two scans at once: the second one sees the first here, and the unique index is the last fence.
      const [same] = await askedBefore(tx, request.consumerId, request.requestId)
      if (same !== undefined) return undefined
      if ((await liveSessionAt(tx, request.cabinetId, request.door ?? 0)) !== undefined)
        throw new CabinetError('cabinet_busy')
      if ((await liveSessionOf(tx, request.consumerId)) !== undefined) throw new CabinetError('consumer_busy')
      addRow(tx, 'session', {
        sessionId,
        requestId: request.requestId,
        cabinetId: request.cabinetId,
        consumerId: request.consumerId,
        kind: 'sale',
        door: request.door ?? 0,
        state: sessionMachine.initial,
        deniedReason: null,
        planogramVersion: planogram?.version ?? 0,
        commandId,
        requestedAtMs: nowOf(tx),
        startedAtMs: null,
        openedAtMs: null,
        closedAtMs: null,
        reconciledAtMs: null,
        reconciled: null,
      })
      const chargeId = await money.prepare(tx, {
        sessionId,
        cabinetId: request.cabinetId,
        consumerId: request.consumerId,
        openid,
        site: cabinet.siteZh,
      })
      await recordChange(tx, {
        kind: 'session',
        subjectId: sessionId,
        cabinetId: request.cabinetId,
        data: { state: 'requested' },
      })
      // Should the opening fail without being able to say so, door and consumer would be taken for ever.
      await due.schedule(tx, {
        kind: 'session.unlocking',
        subjectId: sessionId,
        dueAtMs: nowOf(tx) + policy.notOpenedMs + SILENCE_MARGIN_MS,
      })
      return { sessionId, commandId, chargeId, planogramVersion: planogram?.version ?? 0 }
    })
  }

  async function deny(tx: Tx, sessionId: string, reason: ErrorCode): Promise<void> {
    const denied = await advanceSession(tx, sessionId, 'refused', { deniedReason: reason })
    if (denied === undefined) return
    await money.giveUp(tx, sessionId)
    log.info({ sessionId, cabinetId: denied.cabinetId, reason }, 'session denied')
  }

  async function denyNow(sessionId: string, reason: ErrorCode, detail?: string): Promise<never> {
    await db.write('deny a session', (tx) => deny(tx, sessionId, reason))
    throw new CabinetError(reason, detail, { context: { sessionId } })
  }

  /** A repeated request answers what the first one became. */
  async function findRepeated(request: { consumerId: string; requestId: string; cabinetId: string }) {
    const [before] = await askedBefore(db.read, request.consumerId, request.requestId)
    if (before === undefined) return undefined
    if (before.cabinetId !== request.cabinetId) throw new CabinetError('exists_with_different_contents')
    if (before.state === 'denied')
      throw new CabinetError(before.deniedReason as ErrorCode, undefined, {
        context: { sessionId: before.sessionId },
      })
    return before
  }

  async function open(request: OpenRequest): Promise<SessionRow> {
    const repeated = await findRepeated(request)
    if (repeated !== undefined) return repeated
    if (!deps.hasRoom()) throw new CabinetError('storage_full')
    refuse(await factsOf(request.cabinetId, request.consumerId, request.door ?? 0))
    const begun = await begin(request)
    if (begun === undefined) {
      // A second tap in the same moment: the first one is under way.
      const first = await findRepeated(request)
      if (first === undefined) throw new CabinetError('conflict')
      return first
    }
    const { sessionId, commandId, chargeId, planogramVersion } = begun
    const stock = await stockOf(db.read, request.cabinetId)
    // The cabinet prepares while the provider authorises: the second step costs the consumer no time.
    const preparing = commands
      .prepare({
        cabinetId: request.cabinetId,
        commandId,
        name: 'door.unlock',
        args: {
          sessionId,
          kind: 'sale',
          door: request.door ?? 0,
          planogramVersion,
          stock: stock.map((line) => ({
            shelf: line.shelf,
            sku: line.sku,
            quantity: Math.max(0, line.quantity),
          })),
        },
        by: `consumer:${request.consumerId}`,
      })
      .then((result) => ({ result, atMs: clock.monoMs() }))
    const [prepared, authorised] = await Promise.all([preparing, money.authorise(chargeId)])
    if (!prepared.result.ok) return denyNow(sessionId, prepared.result.reason)
    if (!authorised.ok) return denyNow(sessionId, authorised.code, authorised.detail)
    // The token dies by itself at the edge; what is too old is not even sent.
    if (clock.monoMs() - prepared.atMs >= policy.unlockValidMs)
      return denyNow(
        sessionId,
        'command_expired',
        'The payment provider took too long, so the door stayed locked.',
      )
    return unlock(sessionId, commandId, prepared.result.token)
  }

  async function unlock(sessionId: string, commandId: string, token: string): Promise<SessionRow> {
    const isAsked = await db.write('ask for the unlock', async (tx) => {
      await advanceSession(tx, sessionId, 'authorised')
      // Given up meanwhile: nothing may move for it any more.
      if ((await advanceSession(tx, sessionId, 'unlockAsked')) === undefined) return false
      await due.schedule(tx, {
        kind: 'session.unlocking',
        subjectId: sessionId,
        dueAtMs: nowOf(tx) + policy.notOpenedMs + SILENCE_MARGIN_MS,
      })
      await due.schedule(tx, {
        kind: 'session.overdue',
        subjectId: sessionId,
        dueAtMs: nowOf(tx) + policy.sessionOverdueMs,
      })
      return true
    })
    if (!isAsked) throw new CabinetError('command_expired', undefined, { context: { sessionId } })
    const { status, reason } = await commands.execute(commandId, token)
    if (status === 'rejected' || status === 'failed' || status === 'expired')
      return denyNow(sessionId, decideUnlockRefusal(status, reason))
    const session = await findSession(db.read, sessionId)
    if (session === undefined) throw new Error(`assertion failed: the session ${sessionId} is gone`)
    log.info({ sessionId, cabinetId: session.cabinetId, status }, 'unlock asked')
    return session
  }

  return {
    open,
    deny,
    async checkCabinet(cabinetId, door = 0) {
      refuse(await factsOf(cabinetId, undefined, door))
    },
  }
}
