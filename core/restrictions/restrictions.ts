import type { Kysely, Selectable } from 'kysely'
import type { Language } from '#protocol/api/common.ts'
import type { RestrictionCreate } from '#protocol/api/restrictions.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { PolicySchema } from '#core/platform/policy.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import { judge } from '#core/policies/judge.ts'
import { isStricter, type RestrictionDecision, restrictionRule, type Signal } from './decide.ts'
import { type RestrictionInput, restrictionMachine } from './machine.ts'

export type RestrictionRow = Selectable<Tables['restriction']>

/** What reaches people; wired in core/reactions.ts. */
export interface RestrictionReactions {
  restricted(tx: Tx, restriction: RestrictionRow): Promise<void>
  /** Time has passed, or a person lifted it. */
  ended(tx: Tx, restriction: RestrictionRow): Promise<void>
  /** @returns the ticket in which it is looked at */
  appealed(
    tx: Tx,
    restriction: RestrictionRow,
    appeal: { requestId: string; text: string; language: Language },
  ): Promise<string>
}

export interface Restrictions {
  /** After a case of this consumer was settled: is it a pattern now? */
  consider(tx: Tx, consumerId: string, about: ConsideredCase): Promise<void>
  /** A person restricts. The same id again is the same restriction. */
  create(tx: Tx, wish: RestrictionCreate, by: string): Promise<RestrictionRow>
  /** @throws CabinetError `already_decided` when it has ended */
  lift(tx: Tx, restrictionId: string, by: string, note: string): Promise<RestrictionRow>
  /** An objection opens a ticket; a second one is the same. @throws CabinetError `not_found` without a restriction */
  appeal(
    tx: Tx,
    consumerId: string,
    appeal: { requestId: string; text: string; language: Language },
  ): Promise<string>
  orderIdsOf(db: Kysely<Tables>, restriction: RestrictionRow): Promise<string[]>
}
export interface ConsideredCase {
  readonly orderId: string
  readonly sessionId: string | null
  readonly cabinetId: string
}

const DAY_MS = 86_400_000
/** However long a lead makes the window, the decision has seen the cases in it. */
const LONGEST_DAYS = (PolicySchema.properties.restrictionWindowDays as { maximum?: number }).maximum ?? 0
const SIGNALS_MOST = 100
/** Who let go of a debt for these reasons said that it was not the consumer's fault. */
const FORGIVING = new Set(['hardship', 'our_fault'])

export function createRestrictions(
  deps: CoreDeps & { due: DueWork; policies: PolicyBook; reactions: RestrictionReactions },
): Restrictions {
  const { db, ids, log, due, policies, reactions } = deps
  due.on('restriction.end', (work) =>
    db.write('end a restriction', async (tx) => {
      const ended = await advance(tx, work.subjectId, 'timePassed', { endedAtMs: nowOf(tx) })
      if (ended !== undefined) await reactions.ended(tx, ended)
    }),
  )

  async function get(reader: Kysely<Tables>, restrictionId: string): Promise<RestrictionRow> {
    const row = await reader
      .selectFrom('restriction')
      .selectAll()
      .where('restrictionId', '=', restrictionId)
      .executeTakeFirst()
    if (row === undefined) throw new CabinetError('not_found', 'There is no such restriction.')
    return row
  }
  function active(reader: Kysely<Tables>, consumerId: string): Promise<RestrictionRow | undefined> {
    return reader
      .selectFrom('restriction')
      .selectAll()
      .where('consumerId', '=', consumerId)
      .where('state', '=', 'active')
      .executeTakeFirst()
  }

  async function advance(
    tx: Tx,
    restrictionId: string,
    input: RestrictionInput,
    change: Partial<RestrictionRow>,
  ): Promise<RestrictionRow | undefined> {
    const row = await get(tx, restrictionId)
    const state = restrictionMachine.next(row.state, input)
    if (state === undefined) return undefined
    await tx
      .updateTable('restriction')
      .set({ ...change, state })
      .where('restrictionId', '=', restrictionId)
      .execute()
    await due.cancel(tx, 'restriction.end', restrictionId)
    await recordChange(tx, { kind: 'restriction', subjectId: restrictionId, data: { state } })
    return { ...row, ...change, state }
  }

  async function insert(
    tx: Tx,
    row: Omit<
      RestrictionRow,
      'state' | 'createdAtMs' | 'appealTicketId' | 'endedAtMs' | 'endedBy' | 'endNote'
    >,
  ): Promise<RestrictionRow> {
    const before = await active(tx, row.consumerId)
    if (before !== undefined)
      await advance(tx, before.restrictionId, 'madeStricter', {
        endedAtMs: nowOf(tx),
        endedBy: row.createdBy,
      })
    const saved: RestrictionRow = {
      ...row,
      state: restrictionMachine.initial,
      createdAtMs: nowOf(tx),
      // An objection goes on with what replaces it.
      appealTicketId: before?.appealTicketId ?? null,
      endedAtMs: null,
      endedBy: null,
      endNote: null,
    }
    await tx.insertInto('restriction').values(saved).execute()
    await due.schedule(tx, {
      kind: 'restriction.end',
      subjectId: row.restrictionId,
      dueAtMs: row.expiresAtMs,
    })
    await appendAudit(tx, {
      actor: row.createdBy.startsWith('rule:') ? 'system' : `staff:${row.createdBy}`,
      action: 'consumer.restricted',
      subject: `consumer:${row.consumerId}`,
      detail: {
        restrictionId: row.restrictionId,
        level: row.level,
        expiresAtMs: row.expiresAtMs,
        reasonKey: row.reasonKey,
        decisionId: row.decisionId,
        note: row.note,
      },
    })
    await recordChange(tx, { kind: 'restriction', subjectId: row.restrictionId, data: { state: 'active' } })
    log.info(
      { restrictionId: row.restrictionId, level: row.level, by: row.createdBy },
      'a consumer is restricted',
    )
    await reactions.restricted(tx, saved)
    return saved
  }

  // --- what speaks of a pattern

  async function signalsOf(tx: Tx, consumerId: string, sinceMs: number): Promise<Signal[]> {
    const signals = [
      ...(await coveredOf(tx, consumerId, sinceMs)),
      ...(await unpaidOf(tx, consumerId, sinceMs)),
    ]
    return signals.toSorted((a, b) => b.atMs - a.atMs).slice(0, SIGNALS_MOST)
  }

  async function coveredOf(tx: Tx, consumerId: string, sinceMs: number): Promise<Signal[]> {
    const rows = await tx
      .selectFrom('anomaly as a')
      .innerJoin('session as s', 's.sessionId', 'a.sessionId')
      .select(['a.orderId', 'a.cabinetId', 'a.detectedAtMs', 'a.state', 'a.outcome', 's.reconciled'])
      .where('a.kind', '=', 'camera_blocked')
      .where('a.consumerId', '=', consumerId)
      .where('a.detectedAtMs', '>', sinceMs)
      // What is still looked at is no case yet.
      .where('a.state', 'in', ['decided_by_policy', 'carried_out', 'explained'])
      .execute()
    const signals: Signal[] = []
    for (const row of rows) {
      if (row.orderId === null || row.reconciled === null) continue
      if (row.outcome === 'dismiss' || row.outcome === 'explain' || row.outcome === 'void') continue
      const reconciled = JSON.parse(row.reconciled) as SessionReconciled
      // Darkness, frost and a lost connection are no hand.
      if (!reconciled.camera.blocked.some(({ kind }) => kind === 'covered')) continue
      const others = await tx
        .selectFrom('anomaly')
        .select((eb) => eb.fn.count<number>('consumerId').distinct().as('count'))
        .where('kind', '=', 'camera_blocked')
        .where('cabinetId', '=', row.cabinetId)
        .where('consumerId', '<>', consumerId)
        .where('detectedAtMs', '>', row.detectedAtMs - DAY_MS)
        .where('detectedAtMs', '<', row.detectedAtMs + DAY_MS)
        .executeTakeFirst()
      signals.push({
        kind: 'camera_covered',
        orderId: row.orderId,
        atMs: row.detectedAtMs,
        othersBlind: Number(others?.count ?? 0),
        receiptProbability: reconciled.receipt.probability,
        isConfirmed: false,
      })
    }
    return signals
  }

  async function unpaidOf(tx: Tx, consumerId: string, sinceMs: number): Promise<Signal[]> {
    const rows = await tx
      .selectFrom('anomaly as a')
      .innerJoin('order as o', 'o.orderId', 'a.orderId')
      .innerJoin('session as s', 's.sessionId', 'o.sessionId')
      .select(['o.orderId', 'o.state', 'a.detectedAtMs', 's.reconciled'])
      .where('a.kind', '=', 'unpaid')
      .where('a.consumerId', '=', consumerId)
      .where('a.detectedAtMs', '>', sinceMs)
      .where('o.state', 'in', ['arrears', 'written_off', 'paid_elsewhere', 'paid'])
      .execute()
    const signals: Signal[] = []
    for (const row of rows) {
      const forgiven = await tx
        .selectFrom('writeOff')
        .select('reason')
        .where('orderId', '=', row.orderId)
        .where('state', '=', 'done')
        .executeTakeFirst()
      if (forgiven !== undefined && FORGIVING.has(forgiven.reason)) continue
      const reconciled = row.reconciled === null ? null : (JSON.parse(row.reconciled) as SessionReconciled)
      signals.push({
        kind: 'unpaid',
        orderId: row.orderId,
        atMs: row.detectedAtMs,
        othersBlind: 0,
        receiptProbability: reconciled?.receipt.probability ?? 0,
        isConfirmed: false,
      })
    }
    return signals
  }

  async function consider(tx: Tx, consumerId: string, about: ConsideredCase): Promise<void> {
    const nowMs = nowOf(tx)
    const present = await active(tx, consumerId)
    const lifted = await tx
      .selectFrom('restriction')
      .select((eb) => eb.fn.max<number | null>('endedAtMs').as('atMs'))
      .where('consumerId', '=', consumerId)
      .where('state', '=', 'lifted')
      .executeTakeFirst()
    const inputs = {
      atMs: nowMs,
      signals: await signalsOf(tx, consumerId, nowMs - LONGEST_DAYS * DAY_MS),
      forgivenAtMs: lifted?.atMs ?? null,
    }
    const { decision, decisionId } = judge(tx, policies, restrictionRule, inputs, {
      subjectId: consumerId,
      ...about,
      consumerId,
    })
    if (isStricter(decision.outcome, present?.level ?? 'none'))
      await restrictByRule(tx, consumerId, decision, decisionId, about)
  }

  async function restrictByRule(
    tx: Tx,
    consumerId: string,
    decision: RestrictionDecision,
    decisionId: number,
    about: ConsideredCase,
  ): Promise<void> {
    if (decision.outcome === 'none' || decision.expiresAtMs === null) return
    await insert(tx, {
      restrictionId: ids.next('restriction'),
      consumerId,
      level: decision.outcome,
      capFen: decision.capFen,
      reasonKey: `restriction.${decision.kind ?? 'person'}`,
      reasonValues: JSON.stringify({ count: decision.counted, days: decision.windowDays }),
      note: null,
      createdBy: `rule:${restrictionRule.rule}`,
      expiresAtMs: decision.expiresAtMs,
      decisionId,
      orderId: about.orderId,
    })
  }

  return {
    consider,
    async create(tx, wish, by) {
      const same = await tx
        .selectFrom('restriction')
        .selectAll()
        .where('restrictionId', '=', wish.restrictionId)
        .executeTakeFirst()
      if (same !== undefined) {
        if (same.consumerId !== wish.consumerId || same.level !== wish.level)
          throw new CabinetError('exists_with_different_contents')
        return same
      }
      const consumer = await tx
        .selectFrom('consumer')
        .select('consumerId')
        .where('consumerId', '=', wish.consumerId)
        .executeTakeFirst()
      if (consumer === undefined) throw new CabinetError('not_found', 'There is no such consumer.')
      return insert(tx, {
        restrictionId: wish.restrictionId,
        consumerId: wish.consumerId,
        level: wish.level,
        capFen:
          wish.level === 'limited'
            ? (policies.held('restriction').limits['restrictedSessionFen'] ?? 0)
            : null,
        reasonKey: 'restriction.person',
        reasonValues: '{}',
        note: wish.note,
        createdBy: by,
        expiresAtMs: nowOf(tx) + wish.days * DAY_MS,
        decisionId: null,
        orderId: wish.orderId ?? null,
      })
    },
    async lift(tx, restrictionId, by, note) {
      const lifted = await advance(tx, restrictionId, 'lifted', {
        endedAtMs: nowOf(tx),
        endedBy: by,
        endNote: note,
      })
      if (lifted === undefined)
        throw new CabinetError('already_decided', 'The restriction has ended already.')
      await appendAudit(tx, {
        actor: `staff:${by}`,
        action: 'consumer.restriction_lifted',
        subject: `consumer:${lifted.consumerId}`,
        detail: { restrictionId, note },
      })
      await reactions.ended(tx, lifted)
      return lifted
    },
    async appeal(tx, consumerId, appeal) {
      const restriction = await active(tx, consumerId)
      if (restriction === undefined)
        throw new CabinetError('not_found', 'Nothing is restricted: every cabinet opens.')
      if (restriction.appealTicketId !== null) return restriction.appealTicketId
      const ticketId = await reactions.appealed(tx, restriction, appeal)
      await tx
        .updateTable('restriction')
        .set({ appealTicketId: ticketId })
        .where('restrictionId', '=', restriction.restrictionId)
        .execute()
      await recordChange(tx, {
        kind: 'restriction',
        subjectId: restriction.restrictionId,
        data: { state: 'active', isAppealed: true },
      })
      return ticketId
    },
    async orderIdsOf(reader, restriction) {
      if (restriction.decisionId === null) return restriction.orderId === null ? [] : [restriction.orderId]
      const row = await reader
        .selectFrom('policyDecision')
        .select('decision')
        .where('decisionId', '=', restriction.decisionId)
        .executeTakeFirst()
      return row === undefined ? [] : [...(JSON.parse(row.decision) as RestrictionDecision).orderIds]
    },
  }
}
