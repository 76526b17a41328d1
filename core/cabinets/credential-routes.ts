import type { Kysely } from 'kysely'
import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import {
  CabinetCredentials,
  CreatedEnrolmentCode,
  type CredentialState,
  RotationAnswer,
} from '#protocol/api/credentials.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Credentials } from './credentials.ts'
import { operatorOf } from './registry.ts'

const Params = Type.Object({ cabinetId: Id }, { additionalProperties: false })
const SHOWN_MOST = 12
const ACTIONS = { code: 'cabinet.enrol', rotate: 'cabinet.enrol', revoke: 'cabinet.revoke' } as const

/** How a cabinet gets in, for staff: what it holds, a new code, an exchange, the end. */
export function registerCredentialRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    credentials: Credentials
    /** Makes the cabinet connect anew. @returns false when it is not connected, or has somebody shopping */
    reconnect: (cabinetId: string) => Promise<boolean>
  },
): void {
  const { db, clock, credentials } = deps

  async function checkOwner(staff: StaffIdentity | null, cabinetId: string): Promise<StaffIdentity> {
    if (staff === null) throw new CabinetError('not_signed_in')
    const operator = await operatorOf(db.read, cabinetId)
    if (operator === undefined || (staff.operator !== null && staff.operator !== operator))
      throw new CabinetError('unknown_cabinet')
    return staff
  }

  app.get(
    '/api/staff/cabinets/:cabinetId/credentials',
    {
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: { params: Params, response: { 200: CabinetCredentials } },
    },
    async (request) => {
      const staff = await checkOwner(request.staff, request.params.cabinetId)
      return credentialsView(db.read, request.params.cabinetId, staff, clock.now())
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/enrolment-codes',
    {
      config: { access: { kind: 'staff', permission: 'cabinet.enrol' } },
      schema: { params: Params, response: { 201: CreatedEnrolmentCode } },
    },
    async (request, reply) => {
      const staff = await checkOwner(request.staff, request.params.cabinetId)
      const created = await credentials.createCode(request.params.cabinetId, `staff:${staff.staffId}`)
      return reply.code(201).send(created)
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/credentials/rotate',
    {
      config: { access: { kind: 'staff', permission: 'cabinet.enrol' } },
      schema: { params: Params, response: { 200: RotationAnswer } },
    },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkOwner(request.staff, cabinetId)
      await credentials.askForRotation(cabinetId, `staff:${staff.staffId}`)
      return { when: (await deps.reconnect(cabinetId)) ? ('now' as const) : ('later' as const) }
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/revoke',
    {
      config: { access: { kind: 'staff', permission: 'cabinet.revoke', proof: 'recent' } },
      schema: { params: Params },
    },
    async (request) => {
      const staff = await checkOwner(request.staff, request.params.cabinetId)
      await credentials.revoke(request.params.cabinetId, `staff:${staff.staffId}`)
      return {}
    },
  )
}

export async function credentialsView(
  db: Kysely<Tables>,
  cabinetId: string,
  staff: StaffIdentity,
  nowMs: number,
): Promise<CabinetCredentials> {
  const cabinet = await db
    .selectFrom('cabinet')
    .select(['enrolledAtMs', 'revokedAtMs', 'rotationAskedAtMs'])
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirstOrThrow()
  const rows = await db
    .selectFrom('credential')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .orderBy('issuedAtMs', 'desc')
    .limit(SHOWN_MOST)
    .execute()
  const openCode = await db
    .selectFrom('enrolmentCode')
    .select(['createdAtMs', 'createdBy', 'expiresAtMs', 'triesLeft'])
    .where('cabinetId', '=', cabinetId)
    .where('usedAtMs', 'is', null)
    .where('triesLeft', '>', 0)
    .where('expiresAtMs', '>', nowMs)
    .executeTakeFirst()
  const newestIssuedAtMs = rows[0]?.issuedAtMs ?? 0
  const { rotationAskedAtMs } = cabinet
  return {
    enrolment:
      cabinet.revokedAtMs !== null ? 'revoked' : cabinet.enrolledAtMs === null ? 'never' : 'enrolled',
    enrolledAtMs: cabinet.enrolledAtMs,
    revokedAtMs: cabinet.revokedAtMs,
    credentials: rows.map((row) => ({
      credentialId: row.credentialId,
      kind: row.kind,
      state: credentialState(row, nowMs),
      cause: row.cause,
      issuedAtMs: row.issuedAtMs,
      expiresAtMs: row.expiresAtMs,
      endsAtMs: row.endsAtMs,
      lastUsedAtMs: row.lastUsedAtMs,
      lastAddress: row.lastAddress,
    })),
    rotationAskedAtMs:
      rotationAskedAtMs !== null && rotationAskedAtMs >= newestIssuedAtMs ? rotationAskedAtMs : null,
    openCode:
      openCode === undefined
        ? null
        : {
            createdAtMs: openCode.createdAtMs,
            createdBy: await nameOf(db, openCode.createdBy),
            expiresAtMs: openCode.expiresAtMs,
            triesLeft: openCode.triesLeft,
          },
    actions: (Object.keys(ACTIONS) as Array<keyof typeof ACTIONS>).filter(
      (action) =>
        staff.permissions.has(ACTIONS[action]) &&
        (action === 'code' || (cabinet.enrolledAtMs !== null && cabinet.revokedAtMs === null)),
    ),
    nowMs,
  }
}

/** The name of a person; empty for the system. */
async function nameOf(db: Kysely<Tables>, actor: string): Promise<string> {
  const row = await db
    .selectFrom('staff')
    .select('displayName')
    .where('staffId', '=', actor.replace(/^staff:/, ''))
    .executeTakeFirst()
  return row?.displayName ?? ''
}

/** The first that holds, worst first. */
export function credentialState(
  row: {
    revokedAtMs: number | null
    endsAtMs: number | null
    expiresAtMs: number | null
    firstUsedAtMs: number | null
  },
  nowMs: number,
): CredentialState {
  if (row.revokedAtMs !== null) return 'revoked'
  if (row.endsAtMs !== null) return row.endsAtMs <= nowMs ? 'ended' : 'ending'
  if (row.expiresAtMs !== null && row.expiresAtMs <= nowMs) return 'expired'
  return row.firstUsedAtMs === null ? 'issued' : 'active'
}
