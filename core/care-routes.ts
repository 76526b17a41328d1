import Type from 'typebox'
import { SystemNote, SystemView } from '#protocol/api/system.ts'
import { Id } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Care } from '#core/care.ts'
import { INVARIANTS } from '#core/integrity/invariants.ts'
import { findMoneyStop, letMoneyGoOn, stopMoney } from '#core/payments/stop.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'

const INCIDENTS_SHOWN = 200
const TITLES = new Map(INVARIANTS.map(({ id, title }) => [id, title]))

/** Whether the core itself is well, and what a person may do about it. */
export function registerCareRoutes(app: HttpApp, deps: CoreDeps & { care: Care }): void {
  const { db, care } = deps
  const read = { config: { access: { kind: 'staff', permission: 'system.read' } } } as const
  const act = { config: { access: { kind: 'staff', permission: 'system.decide', proof: 'recent' } } } as const

  async function view(): Promise<SystemView> {
    const stop = await findMoneyStop(db.read)
    const last = care.checker.last()
    const waiting = await db.read
      .selectFrom('dueWork')
      .select((eb) => ['kind', eb.fn.countAll<number>().as('count')])
      .where('kind', 'in', ['charge.settle', 'refund.drive'])
      .groupBy('kind')
      .execute()
    const incidents = await db.read
      .selectFrom('incident')
      .select(['incidentId', 'kind', 'subject', 'message', 'count', 'raisedAtMs', 'lastAtMs'])
      .where('resolvedAtMs', 'is', null)
      .orderBy('lastAtMs', 'desc')
      .limit(INCIDENTS_SHOWN)
      .execute()
    const waits = (kind: string) =>
      stop === undefined ? 0 : (waiting.find((row) => row.kind === kind)?.count ?? 0)
    return {
      money: {
        isStopped: stop !== undefined,
        why: stop?.why ?? null,
        sinceMs: stop?.sinceMs ?? null,
        detail: stop?.detail ?? null,
        waitingCharges: waits('charge.settle'),
        waitingRefunds: waits('refund.drive'),
      },
      check:
        last === undefined
          ? null
          : {
              atMs: last.atMs,
              kind: last.kind,
              tookMs: last.tookMs,
              isOk: last.failure === undefined && last.violations.length === 0,
              failure: last.failure ?? null,
              violations: last.violations.map((one) => ({
                ...one,
                title: TITLES.get(one.invariantId) ?? '',
              })),
            },
      disk: { freeBytes: care.disk.freeBytes(), isLow: care.disk.isLow() },
      backup: care.backups.state(),
      incidents,
      isSomebodyCalled: care.isSomebodyCalled,
    }
  }

  app.get('/api/staff/system', { ...read, schema: { response: { 200: SystemView } } }, view)

  app.post('/api/staff/system/check', { ...act, schema: { response: { 200: SystemView } } }, async () => {
    await care.checker.look('all')
    return view()
  })

  app.post(
    '/api/staff/system/money/resume',
    { ...act, schema: { body: SystemNote, response: { 200: SystemView } } },
    async (request) => {
      const staff = request.staff as StaffIdentity
      await db.write('let money go on', async (tx) => {
        const stop = await letMoneyGoOn(tx)
        if (stop === undefined) throw new CabinetError('already_decided')
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'money.resumed',
          subject: 'system',
          detail: { note: request.body.note, why: stop.why, detail: stop.detail },
        })
      })
      return view()
    },
  )

  app.post(
    '/api/staff/system/money/stop',
    { ...act, schema: { body: SystemNote, response: { 200: SystemView } } },
    async (request) => {
      const staff = request.staff as StaffIdentity
      await db.write('stop money', async (tx) => {
        if (!(await stopMoney(tx, { why: 'person', detail: request.body.note })))
          throw new CabinetError('already_decided')
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'money.stopped',
          subject: 'system',
          detail: { note: request.body.note },
        })
      })
      return view()
    },
  )

  app.post(
    '/api/staff/system/incidents/:incidentId/resolve',
    {
      ...act,
      schema: {
        params: Type.Object({ incidentId: Id }, { additionalProperties: false }),
        body: SystemNote,
        response: { 200: SystemView },
      },
    },
    async (request) => {
      const staff = request.staff as StaffIdentity
      const { incidentId } = request.params
      await db.write('resolve an incident', async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('incident')
          .set({ resolvedAtMs: deps.clock.now() })
          .where('incidentId', '=', incidentId)
          .where('resolvedAtMs', 'is', null)
          .executeTakeFirst()
        if (numUpdatedRows !== 1n) throw new CabinetError('not_found', 'This incident is not open.')
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'incident.resolved',
          subject: `incident:${incidentId}`,
          detail: { note: request.body.note },
        })
      })
      return view()
    },
  )
}
