import type { Selectable } from 'kysely'
import type {
  EmergencyCreate,
  EmergencyReportSend,
  EmergencyScope,
  EmergencyStep,
  EmergencyStepRequest,
} from '#protocol/api/emergencies.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Improvements } from '#core/improvement/improvements.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { emergencyMachine } from './machine.ts'
import { decideReport, type ReportRung } from './report-clock.ts'
import { checkScope } from './scope.ts'
import { KIND_NAMES } from './texts.ts'

export type EmergencyRecord = Selectable<Tables['emergency']>
const KIND = 'emergency.report'
const DAY_MS = 86_400_000
/** What was found longer ago is told to the authority in another way. */
const DISCOVERED_LONGEST_MS = 30 * DAY_MS
const NUMBER_FIRST = 1
const RUNGS = ['report_50', 'report_80', 'report_100'] as const

/** Calls whoever is on duty. */
export type CallOnDuty = (tx: Tx, call: { kind: string; subject: string; message: string }) => Promise<void>

export interface Emergencies {
  /** The same id with the same contents again is the same emergency. @throws exists_with_different_contents, bad_request */
  open(by: StaffIdentity, wish: EmergencyCreate): Promise<void>
  log(by: StaffIdentity, emergencyId: string, wish: { version: number; note: string }): Promise<void>
  rescope(
    by: StaffIdentity,
    emergencyId: string,
    wish: { version: number; scope: EmergencyScope; note: string },
  ): Promise<void>
  report(by: StaffIdentity, emergencyId: string, wish: EmergencyReportSend): Promise<void>
  /** @throws conflict when the step does not fit, or it would close what nobody has reported */
  step(by: StaffIdentity, emergencyId: string, step: EmergencyStep, wish: EmergencyStepRequest): Promise<void>
  /** Where a late report is called out; without it the alarm stands on the page of the system only. */
  callOnDutyWith(call: CallOnDuty): void
}

export function createEmergencies(
  deps: CoreDeps & { due: DueWork; improvements: Pick<Improvements, 'open'> },
): Emergencies {
  const { db, ids, log, policy, due, improvements } = deps
  let callOnDuty: CallOnDuty = () => Promise.resolve()
  due.on(KIND, (work) => climb(work.subjectId))

  async function climb(emergencyId: string): Promise<void> {
    await db.write('look at the report of an emergency', async (tx) => {
      const row = await getEmergency(tx, emergencyId)
      if (row.endedAtMs !== null) return
      const { reached, nextAtMs } = decideReport(row, await rungsOf(tx, emergencyId), nowOf(tx))
      for (const percent of reached) await escalate(tx, row, percent)
      if (nextAtMs !== undefined)
        await due.schedule(tx, { kind: KIND, subjectId: emergencyId, dueAtMs: nextAtMs })
    })
  }
  async function escalate(tx: Tx, row: EmergencyRecord, percent: ReportRung): Promise<void> {
    const minutes = Math.max(0, Math.ceil((row.reportDueAtMs - nowOf(tx)) / 60_000))
    await writeEntry(tx, row.emergencyId, { what: `report_${percent}`, note: String(minutes) })
    const subject = `emergency/${row.number}`
    const message =
      percent === 100
        ? `Nobody has reported incident ${row.number} (${KIND_NAMES[row.kind].en}) within the hour: ${row.title}. Open it under Serious incidents and send the prepared report.`
        : `Incident ${row.number} (${KIND_NAMES[row.kind].en}) must be reported within ${minutes} min: ${row.title}.`
    log.warn({ emergencyId: row.emergencyId, percent }, 'an emergency is not reported yet')
    if (percent > 50) {
      await raiseIncident(tx, ids, { kind: 'emergency_unreported', subject, message })
      await callOnDuty(tx, { kind: 'emergency_unreported', subject, message })
    }
    await recordChange(tx, { kind: 'emergency', subjectId: row.emergencyId })
  }

  async function unchanged(tx: Tx, emergencyId: string, version: number): Promise<EmergencyRecord> {
    const row = await getEmergency(tx, emergencyId)
    if (row.version !== version)
      throw new CabinetError('conflict', 'Somebody else worked on this incident.', {
        context: { version: row.version },
      })
    return row
  }
  async function save(
    tx: Tx,
    by: StaffIdentity,
    row: EmergencyRecord,
    change: Partial<EmergencyRecord>,
    entry: { what: string; note: string },
  ): Promise<void> {
    await tx
      .updateTable('emergency')
      .set({ ...change, version: row.version + 1 })
      .where('emergencyId', '=', row.emergencyId)
      .execute()
    await writeEntry(tx, row.emergencyId, entry, by)
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: `emergency.${entry.what}`,
      subject: `emergency:${row.emergencyId}`,
      detail: { note: entry.note, ...change },
    })
    await recordChange(tx, { kind: 'emergency', subjectId: row.emergencyId })
  }
  async function ended(tx: Tx, row: EmergencyRecord): Promise<void> {
    await due.cancel(tx, KIND, row.emergencyId)
    await tx
      .updateTable('incident')
      .set({ resolvedAtMs: nowOf(tx) })
      .where('kind', '=', 'emergency_unreported')
      .where('subject', '=', `emergency/${row.number}`)
      .where('resolvedAtMs', 'is', null)
      .execute()
  }

  return {
    callOnDutyWith(call) {
      callOnDuty = call
    },
    async open(by, wish) {
      checkScope(wish.scope)
      await db.write('open an emergency', async (tx) => {
        const { emergencyId, kind, title, note, discoveredAtMs, discoveredBy } = wish
        const scope = JSON.stringify(wish.scope)
        const before = await tx
          .selectFrom('emergency')
          .selectAll()
          .where('emergencyId', '=', emergencyId)
          .executeTakeFirst()
        if (before !== undefined) {
          if (before.openedById !== by.staffId || before.title !== title || before.scope !== scope)
            throw new CabinetError('exists_with_different_contents')
          return
        }
        if (discoveredAtMs > nowOf(tx) || discoveredAtMs < nowOf(tx) - DISCOVERED_LONGEST_MS)
          throw new CabinetError(
            'bad_request',
            'It was discovered within the last 30 days, not later than now.',
          )
        const last = await tx
          .selectFrom('emergency')
          .select((eb) => eb.fn.max('number').as('number'))
          .executeTakeFirst()
        const row: EmergencyRecord = {
          emergencyId,
          number: (last?.number ?? NUMBER_FIRST - 1) + 1,
          kind,
          title,
          state: emergencyMachine.initial,
          scope,
          discoveredAtMs,
          discoveredBy,
          openedById: by.staffId,
          openedAtMs: nowOf(tx),
          reportDueAtMs: discoveredAtMs + policy.emergencyReportMs,
          reportedAtMs: null,
          improvementId: null,
          endedAtMs: null,
          version: 1,
        }
        await tx.insertInto('emergency').values(row).execute()
        await writeEntry(tx, emergencyId, { what: 'opened', note }, by)
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: 'emergency.opened',
          subject: `emergency:${emergencyId}`,
          detail: { kind, title, discoveredAtMs },
        })
        await due.schedule(tx, { kind: KIND, subjectId: emergencyId, dueAtMs: nowOf(tx) })
        await recordChange(tx, { kind: 'emergency', subjectId: emergencyId })
        log.warn({ emergencyId, kind }, 'an emergency was entered')
      })
    },
    async log(by, emergencyId, { version, note }) {
      await db.write('write into the log of an emergency', async (tx) => {
        const row = await unchanged(tx, emergencyId, version)
        await save(tx, by, row, {}, { what: 'noted', note })
      })
    },
    async rescope(by, emergencyId, { version, scope, note }) {
      checkScope(scope)
      await db.write('narrow down an emergency', async (tx) => {
        const row = await unchanged(tx, emergencyId, version)
        if (row.endedAtMs !== null) throw new CabinetError('conflict', 'This incident has ended.')
        await save(tx, by, row, { scope: JSON.stringify(scope) }, { what: 'scoped', note })
      })
    },
    async report(by, emergencyId, { version, recipient, text }) {
      await db.write('report an emergency', async (tx) => {
        const row = await unchanged(tx, emergencyId, version)
        const last = await tx
          .selectFrom('emergencyReport')
          .select((eb) => eb.fn.max('position').as('position'))
          .where('emergencyId', '=', emergencyId)
          .executeTakeFirst()
        await tx
          .insertInto('emergencyReport')
          .values({
            emergencyId,
            position: (last?.position ?? 0) + 1,
            recipient,
            text,
            sentAtMs: nowOf(tx),
            staffId: by.staffId,
          })
          .execute()
        const reportedAtMs = row.reportedAtMs ?? nowOf(tx)
        await save(tx, by, row, { reportedAtMs }, { what: 'reported', note: recipient })
        await ended(tx, row)
      })
    },
    async step(by, emergencyId, step, { version, note, rootCause }) {
      await db.write(`emergency: ${step}`, async (tx) => {
        const row = await unchanged(tx, emergencyId, version)
        const state = emergencyMachine.next(row.state, step)
        if (state === undefined)
          throw new CabinetError('conflict', 'This incident does not take that step now.')
        if (step === 'close' && row.reportedAtMs === null)
          throw new CabinetError(
            'conflict',
            'Nobody has reported this incident; report it before it is closed.',
          )
        const running = await tx
          .selectFrom('emergencyNotice')
          .select('noticeId')
          .where('emergencyId', '=', emergencyId)
          .where('state', 'in', ['awaiting_approval', 'running', 'stopped'])
          .executeTakeFirst()
        const isEnd = state === 'closed' || state === 'false_alarm'
        if (isEnd && running !== undefined)
          throw new CabinetError('conflict', 'A notice has not ended; wait for it, or refuse it.')
        const change: Partial<EmergencyRecord> = { state, ...(isEnd ? { endedAtMs: nowOf(tx) } : {}) }
        if (step === 'summarise') {
          const { itemId } = await improvements.open(tx, {
            source: 'incident',
            sourceId: emergencyId,
            title: {
              zh: `第 ${row.number} 号事件不再发生：${row.title}`,
              en: `Incident ${row.number} does not happen again: ${row.title}`,
            },
            plan: note,
            by,
            ...(rootCause === undefined ? {} : { rootCause }),
          })
          change.improvementId = itemId
        }
        await save(tx, by, row, change, { what: step, note })
        if (isEnd) await ended(tx, row)
      })
    },
  }
}

/** @throws not_found */
export async function getEmergency(
  db: Pick<Tx, 'selectFrom'>,
  emergencyId: string,
): Promise<EmergencyRecord> {
  const row = await db
    .selectFrom('emergency')
    .selectAll()
    .where('emergencyId', '=', emergencyId)
    .executeTakeFirst()
  if (row === undefined) throw new CabinetError('not_found', 'There is no such incident.')
  return row
}
export async function writeEntry(
  tx: Tx,
  emergencyId: string,
  entry: { what: string; note: string },
  by?: Pick<StaffIdentity, 'staffId' | 'displayName'>,
): Promise<void> {
  const last = await tx
    .selectFrom('emergencyEntry')
    .select((eb) => eb.fn.max('position').as('position'))
    .where('emergencyId', '=', emergencyId)
    .executeTakeFirst()
  await tx
    .insertInto('emergencyEntry')
    .values({
      emergencyId,
      position: (last?.position ?? 0) + 1,
      atMs: nowOf(tx),
      actor: by === undefined ? 'system' : `staff:${by.staffId}`,
      actorName: by?.displayName ?? '',
      ...entry,
    })
    .execute()
}
async function rungsOf(tx: Tx, emergencyId: string): Promise<Set<number>> {
  const rows = await tx
    .selectFrom('emergencyEntry')
    .select('what')
    .where('emergencyId', '=', emergencyId)
    .where('what', 'in', [...RUNGS])
    .execute()
  return new Set(rows.map(({ what }) => Number(what.slice('report_'.length))))
}
