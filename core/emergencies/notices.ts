import type { Selectable } from 'kysely'
import {
  EMERGENCY_RECIPIENTS_MOST,
  type EmergencyAudience,
  type EmergencyDecision,
  type EmergencyNoticeCreate,
  type EmergencyNoticePreview,
  type EmergencyScope,
} from '#protocol/api/emergencies.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Notices } from '#core/notices/notices.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { sayOnTicket } from '#core/support/messages.ts'
import type { Tickets } from '#core/support/tickets.ts'
import { type EmergencyRecord, getEmergency, writeEntry } from './emergencies.ts'
import { type EmergencyNoticeInput, emergencyNoticeMachine } from './machine.ts'
import { recipientsOf } from './scope.ts'
import { NOTICE_TEMPLATES } from './texts.ts'

type NoticeRecord = Selectable<Tables['emergencyNotice']>
const KIND = 'emergency.notice'
/** People a turn, and the pause after it: messages about money come first at the gateway. */
const PEOPLE_AT_ONCE = 20
const PAUSE_MS = 200

export interface EmergencyNotices {
  preview(emergencyId: string, audience: EmergencyAudience): Promise<EmergencyNoticePreview>
  /** @throws conflict when by now others are concerned than the sender saw, exists_with_different_contents */
  ask(by: StaffIdentity, emergencyId: string, wish: EmergencyNoticeCreate): Promise<void>
  /** @throws not_allowed: whoever asked does not approve; conflict */
  decide(by: StaffIdentity, noticeId: string, decision: EmergencyDecision, reason: string): Promise<string>
}

/**
 * One text to everybody concerned. Each person is told in the transaction that notes it, so that a core that dies anywhere
 * in between goes on where it was and nobody is told twice.
 */
export function createEmergencyNotices(
  deps: CoreDeps & { due: DueWork; notices: Notices; tickets: Pick<Tickets, 'open'> },
): EmergencyNotices {
  const { db, ids, log, due, notices, tickets } = deps
  due.on(KIND, (work) => run(work.subjectId))

  async function run(noticeId: string): Promise<void> {
    const waiting = await db.read
      .selectFrom('emergencyRecipient')
      .select('recipientId')
      .where('noticeId', '=', noticeId)
      .where('state', '=', 'waiting')
      .orderBy('recipientId')
      .limit(PEOPLE_AT_ONCE)
      .execute()
    for (const { recipientId } of waiting)
      await db.write('one person of a notice', (tx) => sendOne(tx, noticeId, recipientId))
    await db.write('go on with a notice', (tx) => goOn(tx, noticeId))
  }

  /** Stopped in between, or taken by another core: both are looked at in the transaction that tells. */
  async function sendOne(tx: Tx, noticeId: string, recipientId: string): Promise<void> {
    const notice = await getNotice(tx, noticeId)
    const present = await tx
      .selectFrom('emergencyRecipient')
      .select('state')
      .where('noticeId', '=', noticeId)
      .where('recipientId', '=', recipientId)
      .executeTakeFirstOrThrow()
    if (notice.state !== 'running' || present.state !== 'waiting') return
    const sentAs =
      notice.audience === 'consumers'
        ? await tellConsumer(tx, notice, recipientId)
        : await tellOperator(tx, notice, recipientId)
    await tx
      .updateTable('emergencyRecipient')
      .set(sentAs === undefined ? { state: 'skipped' } : { state: 'sent', sentAs, sentAtMs: nowOf(tx) })
      .where('noticeId', '=', noticeId)
      .where('recipientId', '=', recipientId)
      .execute()
  }
  /** @returns undefined for somebody who has had their data erased meanwhile */
  async function tellConsumer(tx: Tx, notice: NoticeRecord, consumerId: string): Promise<string | undefined> {
    const consumer = await tx
      .selectFrom('consumer')
      .select('language')
      .where('consumerId', '=', consumerId)
      .executeTakeFirst()
    if (consumer === undefined) return undefined
    const isZh = consumer.language === 'zh'
    return notices.tell(tx, {
      consumerId,
      template: 'emergency',
      subjectId: `${notice.noticeId}/${consumerId}`,
      path: '/orders',
      values: { title: isZh ? notice.titleZh : notice.titleEn, text: isZh ? notice.textZh : notice.textEn },
    })
  }
  /** A ticket of theirs, on which they answer that it is done. */
  async function tellOperator(tx: Tx, notice: NoticeRecord, operator: string): Promise<string> {
    const { cabinetIds } = scopeOf(await getEmergency(tx, notice.emergencyId))
    let cabinets = tx.selectFrom('cabinet').select('cabinetId').where('operator', '=', operator)
    if (cabinetIds.length > 0) cabinets = cabinets.where('cabinetId', 'in', cabinetIds)
    const cabinet = await cabinets.orderBy('cabinetId').executeTakeFirstOrThrow()
    const staff = await tx
      .selectFrom('staff')
      .select('language')
      .where('operator', '=', operator)
      .where('isActive', '=', 1)
      .orderBy('staffId')
      .executeTakeFirst()
    const language = staff?.language ?? 'zh'
    const [title, text] =
      language === 'zh' ? [notice.titleZh, notice.textZh] : [notice.titleEn, notice.textEn]
    const ticket = await tickets.open(tx, {
      requestId: `${notice.noticeId}/${operator}`,
      type: 'emergency',
      origin: 'staff',
      reason: null,
      priority: 'urgent',
      orderId: null,
      cabinetId: cabinet.cabinetId,
      consumerId: null,
      amountFen: null,
      lines: [],
      note: title,
      language,
      openedBy: `staff:${notice.requestedBy}`,
      channel: 'system',
      operator,
    })
    await sayOnTicket(tx, ids, ticket.ticketId, {
      requestId: notice.noticeId,
      sender: 'system',
      text: `${title}\n${text}`,
    })
    return ticket.ticketId
  }

  async function goOn(tx: Tx, noticeId: string): Promise<void> {
    const notice = await getNotice(tx, noticeId)
    if (notice.state !== 'running') return
    const waiting = await tx
      .selectFrom('emergencyRecipient')
      .select('recipientId')
      .where('noticeId', '=', noticeId)
      .where('state', '=', 'waiting')
      .executeTakeFirst()
    if (waiting === undefined) {
      await advance(tx, notice, 'finished', { endedAtMs: nowOf(tx) })
      log.info({ noticeId, count: notice.count }, 'everybody concerned was told')
    } else await due.schedule(tx, { kind: KIND, subjectId: noticeId, dueAtMs: nowOf(tx) + PAUSE_MS })
    await recordChange(tx, { kind: 'emergency', subjectId: notice.emergencyId })
  }
  async function advance(
    tx: Tx,
    notice: NoticeRecord,
    input: EmergencyNoticeInput,
    change: Partial<NoticeRecord>,
  ): Promise<void> {
    const state = emergencyNoticeMachine.next(notice.state, input)
    if (state === undefined)
      throw new CabinetError('already_decided', 'This notice does not take that step any more.')
    await tx
      .updateTable('emergencyNotice')
      .set({ ...change, state })
      .where('noticeId', '=', notice.noticeId)
      .execute()
  }

  return {
    async preview(emergencyId, audience) {
      const emergency = await getEmergency(db.read, emergencyId)
      const found = await recipientsOf(db.read, scopeOf(emergency), audience, EMERGENCY_RECIPIENTS_MOST + 1)
      const zh = found.filter(({ language }) => language === 'zh').length
      return {
        count: Math.min(found.length, EMERGENCY_RECIPIENTS_MOST),
        isCut: found.length > EMERGENCY_RECIPIENTS_MOST,
        languages: { zh, en: found.filter(({ language }) => language === 'en').length },
        template: NOTICE_TEMPLATES[emergency.kind][audience],
      }
    },
    async ask(by, emergencyId, wish) {
      await db.write('ask for a notice', async (tx) => {
        const { noticeId, audience, title, text, count } = wish
        const before = await tx
          .selectFrom('emergencyNotice')
          .selectAll()
          .where('noticeId', '=', noticeId)
          .executeTakeFirst()
        if (before !== undefined) {
          if (before.requestedBy !== by.staffId || before.textZh !== text.zh || before.textEn !== text.en)
            throw new CabinetError('exists_with_different_contents')
          return
        }
        const emergency = await getEmergency(tx, emergencyId)
        if (emergency.endedAtMs !== null) throw new CabinetError('conflict', 'This incident has ended.')
        const found = await recipientsOf(tx, scopeOf(emergency), audience, EMERGENCY_RECIPIENTS_MOST + 1)
        if (found.length > EMERGENCY_RECIPIENTS_MOST)
          throw new CabinetError(
            'bad_request',
            'More people are concerned than one notice reaches; narrow the time.',
          )
        if (found.length !== count)
          throw new CabinetError(
            'conflict',
            `By now ${found.length} are concerned; look at them again before asking.`,
            { context: { count: found.length } },
          )
        await tx
          .insertInto('emergencyNotice')
          .values({
            noticeId,
            emergencyId,
            audience,
            titleZh: title.zh,
            titleEn: title.en,
            textZh: text.zh,
            textEn: text.en,
            state: emergencyNoticeMachine.initial,
            count,
            requestedBy: by.staffId,
            requestedAtMs: nowOf(tx),
            decidedBy: null,
            decidedAtMs: null,
            endedAtMs: null,
          })
          .execute()
        for (const { recipientId } of found)
          await tx
            .insertInto('emergencyRecipient')
            .values({ noticeId, recipientId, state: 'waiting', sentAs: null, sentAtMs: null })
            .execute()
        await noteDecision(tx, by, emergencyId, noticeId, 'notice_asked', title[by.language])
      })
    },
    async decide(by, noticeId, decision, reason) {
      return db.write('decide a notice', async (tx) => {
        const notice = await getNotice(tx, noticeId)
        if (decision === 'approve' && notice.requestedBy === by.staffId)
          throw new CabinetError('not_allowed', 'Somebody else approves what you asked for.')
        const isDecision =
          notice.requestedBy !== by.staffId && (decision === 'approve' || decision === 'refuse')
        await advance(tx, notice, decision, {
          ...(isDecision ? { decidedBy: by.staffId, decidedAtMs: nowOf(tx) } : {}),
          ...(decision === 'refuse' ? { endedAtMs: nowOf(tx) } : {}),
        })
        if (decision === 'approve' || decision === 'resume')
          await due.schedule(tx, { kind: KIND, subjectId: noticeId, dueAtMs: nowOf(tx) })
        await noteDecision(tx, by, notice.emergencyId, noticeId, `notice_${decision}`, reason)
        return notice.emergencyId
      })
    },
  }
}

export function scopeOf(row: Pick<EmergencyRecord, 'scope'>): EmergencyScope {
  return JSON.parse(row.scope) as EmergencyScope
}
/** @throws not_found */
async function getNotice(tx: Tx, noticeId: string): Promise<NoticeRecord> {
  const row = await tx
    .selectFrom('emergencyNotice')
    .selectAll()
    .where('noticeId', '=', noticeId)
    .executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such notice.')
  return row
}
async function noteDecision(
  tx: Tx,
  by: StaffIdentity,
  emergencyId: string,
  noticeId: string,
  what: string,
  note: string,
): Promise<void> {
  await writeEntry(tx, emergencyId, { what, note }, by)
  await appendAudit(tx, {
    actor: `staff:${by.staffId}`,
    action: `emergency.${what}`,
    subject: `emergency:${emergencyId}`,
    detail: { noticeId, note },
  })
  await recordChange(tx, { kind: 'emergency', subjectId: emergencyId })
}
