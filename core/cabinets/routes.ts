import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import { AlarmShelve, type ShelvingReason } from '#protocol/api/staff/alarms.ts'
import {
  AlarmList,
  CabinetDetail,
  Fleet,
  Readings,
  SetpointRequest,
  SetpointView,
} from '#protocol/api/staff/cabinets.ts'
import {
  PlanogramLintRequest,
  PlanogramLintResult,
  PlanogramRequest,
  PlanogramSaved,
  PlanogramView,
} from '#protocol/api/staff/planogram.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { AlarmShelving } from './alarm-shelving.ts'
import { alarmMachine } from './alarms.ts'
import { createLearnedUnits } from './learned-units.ts'
import { createPlanogramLinter } from './planogram-linter.ts'
import { createPlanogram, lintShelves, planogramView } from './planograms.ts'
import { checkCabinetOf } from './owner.ts'
import type { PresenceBook } from './presence.ts'
import { commandsOf } from './technician-commands.ts'
import type { Twins } from './twins.ts'
import { cabinetDetail, type CabinetNeighbours, fleetView, readingsOf, setpointOf } from './views.ts'

const Params = Type.Object({ cabinetId: Id }, { additionalProperties: false })
const AlarmParams = Type.Object({ alarmId: Id }, { additionalProperties: false })
const ReadingsQuery = Type.Object(
  { fromMs: Type.Optional(Type.Integer({ minimum: 0 })), toMs: Type.Optional(Type.Integer({ minimum: 0 })) },
  { additionalProperties: false },
)
const DAY_MS = 24 * 3_600_000
const ALARMS_SHOWN = 200

/** Fleet, cabinets, setpoints and alarms, for staff. */
export function registerCabinetRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    presence: PresenceBook
    twins: Twins
    neighbours: CabinetNeighbours
    evidence: EvidenceStore
    shelving: AlarmShelving
  },
): void {
  const { db, clock, twins, shelving } = deps
  const linter = createPlanogramLinter(deps)
  const lintDeps = { db, linter, learnedUnits: createLearnedUnits(deps) }
  app.addHook('onClose', () => linter.stop())

  const checkOwner = (staff: StaffIdentity | null, cabinetId: string) =>
    checkCabinetOf(db.read, staff, cabinetId)
  async function checkAlarm(staff: StaffIdentity | null, alarmId: string): Promise<StaffIdentity> {
    const row = await db.read
      .selectFrom('alarm')
      .select('cabinetId')
      .where('alarmId', '=', alarmId)
      .executeTakeFirst()
    if (row === undefined) throw new CabinetError('not_found')
    return checkOwner(staff, row.cabinetId)
  }

  app.get(
    '/api/staff/fleet',
    { config: { access: { kind: 'staff', permission: 'fleet.read' } }, schema: { response: { 200: Fleet } } },
    async (request) => ({
      cabinets: await fleetView(deps, request.staff?.operator ?? null),
      nowMs: clock.now(),
    }),
  )
  app.get(
    '/api/staff/cabinets/:cabinetId',
    {
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: { params: Params, response: { 200: CabinetDetail } },
    },
    async (request) => {
      const staff = await checkOwner(request.staff, request.params.cabinetId)
      return cabinetDetail(
        deps,
        staff,
        request.params.cabinetId,
        actionsOf(staff),
        commandsOf(staff.permissions),
      )
    },
  )
  app.get(
    '/api/staff/cabinets/:cabinetId/readings',
    {
      config: { access: { kind: 'staff', permission: 'readings.read' } },
      schema: { params: Params, querystring: ReadingsQuery, response: { 200: Readings } },
    },
    async (request) => {
      await checkOwner(request.staff, request.params.cabinetId)
      const toMs = request.query.toMs ?? clock.now()
      return readingsOf(db.read, request.params.cabinetId, {
        fromMs: request.query.fromMs ?? toMs - DAY_MS,
        toMs,
      })
    },
  )
  app.put(
    '/api/staff/cabinets/:cabinetId/setpoint',
    {
      config: { access: { kind: 'staff', permission: 'setpoint.change' } },
      schema: { params: Params, body: SetpointRequest, response: { 200: SetpointView } },
    },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkOwner(request.staff, cabinetId)
      await twins.changeSetpoint({ cabinetId, ...request.body, by: staff })
      return setpointOf(deps, cabinetId)
    },
  )
  app.get(
    '/api/staff/cabinets/:cabinetId/planogram',
    {
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: { params: Params, response: { 200: PlanogramView } },
    },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkOwner(request.staff, cabinetId)
      const actions = staff.permissions.has('planogram.change') ? ['change'] : []
      return planogramView(lintDeps, cabinetId, actions)
    },
  )
  app.put(
    '/api/staff/cabinets/:cabinetId/planogram',
    {
      config: { access: { kind: 'staff', permission: 'planogram.change' } },
      schema: { params: Params, body: PlanogramRequest, response: { 200: PlanogramSaved } },
    },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkOwner(request.staff, cabinetId)
      const version = await createPlanogram(db, { cabinetId, ...request.body, by: staff })
      twins.push(cabinetId)
      return { version, lint: await lintShelves(lintDeps, cabinetId, request.body.shelves) }
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/planogram/lint',
    {
      config: { access: { kind: 'staff', permission: 'planogram.change' } },
      schema: { params: Params, body: PlanogramLintRequest, response: { 200: PlanogramLintResult } },
    },
    async (request) => {
      const { cabinetId } = request.params
      await checkOwner(request.staff, cabinetId)
      return { lint: await lintShelves(lintDeps, cabinetId, request.body.shelves) }
    },
  )
  app.get(
    '/api/staff/alarms',
    {
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: {
        querystring: Type.Object(
          { state: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('all')])) },
          { additionalProperties: false },
        ),
        response: { 200: AlarmList },
      },
    },
    async (request) => {
      let query = db.read
        .selectFrom('alarm')
        .innerJoin('cabinet', 'cabinet.cabinetId', 'alarm.cabinetId')
        .selectAll('alarm')
        .select(['nameZh', 'nameEn'])
        .orderBy('raisedAtMs', 'desc')
        .limit(ALARMS_SHOWN)
      if (request.query.state !== 'all') query = query.where('alarm.state', '<>', 'cleared')
      const operator = request.staff?.operator ?? null
      if (operator !== null) query = query.where('cabinet.operator', '=', operator)
      const rows = await query.execute()
      return {
        alarms: rows.map((row) => ({
          alarmId: row.alarmId,
          cabinetId: row.cabinetId,
          cabinetName: { zh: row.nameZh, en: row.nameEn },
          kind: row.kind,
          state: row.state as AlarmList['alarms'][number]['state'],
          raisedAtMs: row.raisedAtMs,
          clearedAtMs: row.clearedAtMs,
          count: row.count,
          key: row.key,
          values: JSON.parse(row.sentenceValues) as Record<string, string | number>,
          acknowledgedBy: row.acknowledgedBy,
          ...(row.state === 'shelved' && row.shelvedUntilMs !== null
            ? { shelved: { untilMs: row.shelvedUntilMs, reason: row.shelvedReason as ShelvingReason } }
            : {}),
        })),
      }
    },
  )
  app.post(
    '/api/staff/alarms/:alarmId/acknowledge',
    {
      config: { access: { kind: 'staff', permission: 'alarm.acknowledge' } },
      schema: { params: AlarmParams },
    },
    async (request) => {
      const { alarmId } = request.params
      const staff = await checkAlarm(request.staff, alarmId)
      await db.write('acknowledge alarm', async (tx) => {
        const alarm = await tx
          .selectFrom('alarm')
          .select(['state', 'cabinetId'])
          .where('alarmId', '=', alarmId)
          .executeTakeFirstOrThrow()
        const state = alarmMachine.next(alarm.state as 'raised', 'acknowledge')
        if (state === undefined) return
        await tx
          .updateTable('alarm')
          .set({ state, acknowledgedBy: staff.displayName, acknowledgedAtMs: nowOf(tx) })
          .where('alarmId', '=', alarmId)
          .execute()
        await appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'alarm.acknowledged',
          subject: `alarm:${alarmId}`,
        })
        await recordChange(tx, { kind: 'alarm', subjectId: alarmId, cabinetId: alarm.cabinetId })
      })
      return {}
    },
  )
  app.post(
    '/api/staff/alarms/:alarmId/shelve',
    {
      config: { access: { kind: 'staff', permission: 'alarm.acknowledge' } },
      schema: { params: AlarmParams, body: AlarmShelve },
    },
    async (request) => {
      const { alarmId } = request.params
      await shelving.shelve(await checkAlarm(request.staff, alarmId), alarmId, request.body)
      return {}
    },
  )
  app.post(
    '/api/staff/alarms/:alarmId/unshelve',
    {
      config: { access: { kind: 'staff', permission: 'alarm.acknowledge' } },
      schema: { params: AlarmParams },
    },
    async (request) => {
      const { alarmId } = request.params
      await shelving.unshelve(await checkAlarm(request.staff, alarmId), alarmId)
      return {}
    },
  )
}

/** What this person may do on the page of a cabinet. */
function actionsOf(staff: StaffIdentity): string[] {
  const actions = {
    setpoint: 'setpoint.change',
    twin: 'twin.change',
    service: 'service.change',
    planogram: 'planogram.change',
    enrol: 'cabinet.enrol',
    acknowledge: 'alarm.acknowledge',
    revoke: 'cabinet.revoke',
  } as const
  return Object.entries(actions).flatMap(([action, permission]) =>
    staff.permissions.has(permission) ? [action] : [],
  )
}
