import type { PolicyDetail, PolicyName, PolicyRow, PolicySave, WhatIf } from '#protocol/api/policies.ts'
import { POLICY_NAMES } from '#protocol/api/policies.ts'
import type { RestrictionCreate, RestrictionList } from '#protocol/api/restrictions.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { RULES } from '#core/anomalies/rules.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { type Limits, limitsIn, limitViews, parseLimits } from '#core/policies/limits.ts'
import type { FakeStaffInterface } from './fake-staff-interface.ts'
import { MINUTE_MS, NOW_MS, ORDER_ID } from './staff-fixtures.ts'

const PUBLIC = { config: { access: { kind: 'public' as const } } }
const STARTED = createPolicy()
const DAY_MS = 24 * 60 * MINUTE_MS

/** Rules with one earlier version each, as a lead finds them; saving works, and conflicts when it is asked to. */
export interface FakePolicies {
  readonly saved: PolicySave[]
  readonly restricted: RestrictionCreate[]
  hasConflict: boolean
}

export function servePolicies({ app }: FakeStaffInterface): FakePolicies {
  const fake: FakePolicies = { saved: [], restricted: [], hasConflict: false }
  const held = new Map<PolicyName, Limits>(POLICY_NAMES.map((name) => [name, limitsIn(name, STARTED)]))

  function row(policy: PolicyName): PolicyRow {
    const last = fake.saved.at(-1)
    return {
      policy,
      version: 1 + fake.saved.length,
      rule: RULES.find((rule) => rule.policy === policy)?.rule ?? policy,
      limits: limitViews(policy, held.get(policy) ?? {}, limitsIn(policy, STARTED)),
      savedAtMs: NOW_MS - 2 * DAY_MS,
      savedBy: '陈静',
      reason: last?.reason ?? '十月误扣偏多，先提高把握要求。',
      decisions: 1284,
      persons: 37,
    }
  }
  function detail(policy: PolicyName): PolicyDetail {
    const limits = limitsIn(policy, STARTED)
    const first = Object.keys(limits)[0]
    return {
      policy: row(policy),
      versions: [
        ...fake.saved.map((one, index) => ({
          version: index + 2,
          limits: one.limits,
          savedAtMs: NOW_MS,
          savedBy: '陈静',
          reason: one.reason,
          restoredFrom: one.restoredFrom ?? null,
          changed: one.seen?.changed ?? null,
          cases: one.seen?.cases ?? null,
        })),
        {
          version: 1,
          limits: { ...limits },
          savedAtMs: NOW_MS - 2 * DAY_MS,
          savedBy: '陈静',
          reason: '十月误扣偏多，先提高把握要求。',
          restoredFrom: null,
          changed: 12,
          cases: 1190,
        },
        {
          version: 0,
          limits: { ...limits, ...(policy === 'receipt' && first !== undefined ? { [first]: 0.95 } : {}) },
          savedAtMs: null,
          savedBy: null,
          reason: null,
          restoredFrom: null,
          changed: null,
          cases: null,
        },
      ],
      actions: ['change'],
    }
  }
  app.get('/api/staff/policies', PUBLIC, async () => ({ policies: POLICY_NAMES.map(row) }))
  app.get<{ Params: { policy: PolicyName } }>('/api/staff/policies/:policy', PUBLIC, async (request) =>
    detail(request.params.policy),
  )
  app.post<{ Params: { policy: PolicyName }; Body: { limits: Limits } }>(
    '/api/staff/policies/:policy/what-if',
    PUBLIC,
    async (request) => whatIf(request.params.policy, parseLimits(request.params.policy, request.body.limits)),
  )
  app.post<{ Params: { policy: PolicyName }; Body: PolicySave }>(
    '/api/staff/policies/:policy/versions',
    PUBLIC,
    async (request, reply) => {
      if (fake.hasConflict) throw new CabinetError('conflict')
      const { policy } = request.params
      held.set(policy, parseLimits(policy, request.body.limits))
      fake.saved.push(request.body)
      return reply.code(201).send(detail(policy))
    },
  )
  app.get('/api/staff/restrictions', PUBLIC, async () => someRestrictions())
  app.post<{ Body: RestrictionCreate }>('/api/staff/restrictions', PUBLIC, async (request, reply) => {
    fake.restricted.push(request.body)
    return reply.code(201).send(someRestrictions().restrictions[1])
  })
  app.post<{ Params: { id: string } }>('/api/staff/restrictions/:id/lift', PUBLIC, async () => {
    const [first] = someRestrictions().restrictions
    return { ...first, state: 'lifted', actions: [] }
  })
  return fake
}

function whatIf(policy: PolicyName, limits: Limits): WhatIf {
  const isSame = JSON.stringify(limits) === JSON.stringify(limitsIn(policy, STARTED))
  const total = { persons: 37, chargedFen: 1_284_350, refundedFen: 0 }
  const same = { from: 'charged' as const, to: 'charged' as const, count: 1241, effectFen: 0 }
  if (isSame)
    return {
      policy,
      sinceMs: NOW_MS - 30 * DAY_MS,
      cases: 1284,
      isWhole: true,
      changed: 0,
      notReproduced: 0,
      moves: [same],
      was: total,
      would: total,
      rows: [],
    }
  return {
    policy,
    sinceMs: NOW_MS - 30 * DAY_MS,
    cases: 1284,
    isWhole: true,
    changed: 6,
    notReproduced: 0,
    moves: [
      same,
      { from: 'charged', to: 'person', count: 5, effectFen: -6350 },
      { from: 'person', to: 'charged_cheapest', count: 1, effectFen: 750 },
    ],
    was: total,
    would: { persons: 41, chargedFen: 1_278_750, refundedFen: 0 },
    rows: [0, 1, 2, 3, 4, 5].map((number) => ({
      decisionId: 900 - number,
      atMs: NOW_MS - (number + 1) * 7 * 60 * MINUTE_MS,
      orderId: ORDER_ID,
      cabinetId: 'cab-001',
      cabinetName: { zh: '一号柜 · 大厅', en: 'Cabinet 1 · Lobby' },
      from: number === 5 ? 'person' : 'charged',
      to: number === 5 ? 'charged_cheapest' : 'person',
      wasFen: number === 5 ? 0 : 1270,
      wouldFen: number === 5 ? 750 : 0,
    })),
  }
}

function someRestrictions(): RestrictionList {
  const base = {
    consumerId: 'co0123456789abcdefghjkmnpqrstvwx',
    note: null,
    createdBy: null,
    createdAtMs: NOW_MS - DAY_MS,
    expiresAtMs: NOW_MS + 13 * DAY_MS,
    orderIds: [ORDER_ID],
    endedAtMs: null,
    endedBy: null,
    endNote: null,
  }
  return {
    restrictions: [
      {
        ...base,
        restrictionId: 'rs-1',
        consumerLabel: '消费者 ···7k2m',
        level: 'blocked',
        state: 'active',
        capFen: null,
        reasonKey: 'restriction.camera_covered',
        reasonValues: { count: 5, days: 30 },
        appealTicketId: 'tk-1041',
        actions: ['lift'],
      },
      {
        ...base,
        restrictionId: 'rs-2',
        consumerLabel: '消费者 ···p9qd',
        level: 'limited',
        state: 'active',
        capFen: 5000,
        reasonKey: 'restriction.unpaid',
        reasonValues: { count: 2, days: 30 },
        appealTicketId: null,
        actions: ['lift'],
      },
      {
        ...base,
        restrictionId: 'rs-3',
        consumerLabel: '消费者 ···a1b2',
        level: 'limited',
        state: 'lifted',
        capFen: 5000,
        reasonKey: 'restriction.person',
        reasonValues: {},
        note: '两次把手机架在镜头前拍照。',
        createdBy: '陈静',
        appealTicketId: null,
        endedAtMs: NOW_MS - 60 * MINUTE_MS,
        endedBy: '王敏',
        endNote: '看过照片，并无恶意。',
        actions: [],
      },
    ],
  }
}
