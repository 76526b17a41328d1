import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { closed, oneOf } from '#protocol/api/common.ts'
import {
  POLICY_NAMES,
  PolicyDetail,
  PolicyDraft,
  PolicyList,
  type PolicyName,
  PolicySave,
  type PolicyRow,
  type PolicyVersionView,
  WhatIf,
} from '#protocol/api/policies.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { PolicyBook, PolicyVersionRow } from '#core/policies/book.ts'
import { type Limits, limitViews, limitsIn, parseLimits } from '#core/policies/limits.ts'
import { askWhatIf } from '#core/policies/what-if.ts'
import type { Permission } from '#core/staff/permissions.ts'
import { RULES, ruleOf } from './rules.ts'

const allow = (permission: Permission) => ({ config: { access: { kind: 'staff' as const, permission } } })
/** It may move money from the next visit on, so whoever saves shows again who they are. */
const ALLOW_SAVING = {
  config: {
    access: { kind: 'staff' as const, permission: 'policy.change' as const, proof: 'recent' as const },
  },
}
const params = Type.Object({ policy: oneOf(POLICY_NAMES) }, closed)
const MONTH_MS = 30 * 86_400_000

/** The limits of the rules: what holds, what other limits would have decided, and saving. `protocol/api/policies.ts`. */
export function registerPolicyRoutes(app: HttpApp, deps: CoreDeps & { policies: PolicyBook }): void {
  const { db, clock, policies } = deps
  const me = (request: FastifyRequest): StaffIdentity => {
    if (request.staff === null) throw new CabinetError('not_signed_in')
    return request.staff
  }

  /** Names of those who saved. */
  async function namesOf(rows: readonly PolicyVersionRow[]): Promise<Map<string, string>> {
    const ids = [...new Set(rows.map(({ savedBy }) => savedBy))]
    if (ids.length === 0) return new Map()
    const staff = await db.read
      .selectFrom('staff')
      .select(['staffId', 'displayName'])
      .where('staffId', 'in', ids)
      .execute()
    return new Map(staff.map(({ staffId, displayName }) => [staffId, displayName]))
  }

  async function rowOf(policy: PolicyName, last: PolicyVersionRow | undefined): Promise<PolicyRow> {
    const held = policies.held(policy)
    const names = await namesOf(last === undefined ? [] : [last])
    const counted = await db.read
      .selectFrom('policyDecision')
      .select((eb) => [
        eb.fn.countAll<number>().as('decisions'),
        eb.fn
          .sum<number | null>(eb.case().when('outcome', '=', 'person').then(1).else(0).end())
          .as('persons'),
      ])
      .where('policy', '=', policy)
      .where('atMs', '>', clock.now() - MONTH_MS)
      .executeTakeFirst()
    return {
      policy,
      version: held.version,
      rule: RULES.findLast((rule) => rule.policy === policy)?.rule ?? policy,
      limits: limitViews(policy, held.limits, limitsIn(policy, policies.configured)),
      savedAtMs: last?.savedAtMs ?? null,
      savedBy: last === undefined ? null : (names.get(last.savedBy) ?? last.savedBy),
      reason: last?.reason ?? null,
      decisions: counted?.decisions ?? 0,
      persons: counted?.persons ?? 0,
    }
  }

  async function detailOf(policy: PolicyName, staff: StaffIdentity): Promise<PolicyDetail> {
    const rows = await policies.versions(db.read, policy)
    const names = await namesOf(rows)
    const started: PolicyVersionView = {
      version: 0,
      limits: { ...limitsIn(policy, policies.configured) },
      savedAtMs: null,
      savedBy: null,
      reason: null,
      restoredFrom: null,
      changed: null,
      cases: null,
    }
    return {
      policy: await rowOf(policy, rows[0]),
      versions: [
        ...rows.map((row) => ({
          version: row.version,
          limits: JSON.parse(row.limits) as Limits,
          savedAtMs: row.savedAtMs,
          savedBy: names.get(row.savedBy) ?? row.savedBy,
          reason: row.reason,
          restoredFrom: row.restoredFrom,
          changed: row.changed,
          cases: row.cases,
        })),
        started,
      ],
      actions: staff.permissions.has('policy.change') && staff.operator === null ? ['change'] : [],
    }
  }

  app.get(
    '/api/staff/policies',
    { ...allow('policy.read'), schema: { response: { 200: PolicyList } } },
    async () => ({
      policies: await Promise.all(
        POLICY_NAMES.map(async (policy) => rowOf(policy, (await policies.versions(db.read, policy))[0])),
      ),
    }),
  )
  app.get(
    '/api/staff/policies/:policy',
    { ...allow('policy.read'), schema: { params, response: { 200: PolicyDetail } } },
    (request) => detailOf(request.params.policy, me(request)),
  )
  app.post(
    '/api/staff/policies/:policy/what-if',
    { ...allow('policy.read'), schema: { params, body: PolicyDraft, response: { 200: WhatIf } } },
    (request) => {
      const { policy } = request.params
      return askWhatIf(
        { read: db.read, clock, ruleOf },
        {
          policy,
          limits: parseLimits(policy, request.body.limits),
          days: request.body.days,
          operator: me(request).operator,
        },
      )
    },
  )
  app.post(
    '/api/staff/policies/:policy/versions',
    { ...ALLOW_SAVING, schema: { params, body: PolicySave, response: { 201: PolicyDetail } } },
    async (request, reply) => {
      const staff = me(request)
      const { policy } = request.params
      // Limits hold for everybody's cabinets; who sees only some cannot set them.
      if (staff.operator !== null) throw new CabinetError('not_allowed')
      await policies.save(policy, request.body, staff.staffId)
      return reply.code(201).send(await detailOf(policy, staff))
    },
  )
}
