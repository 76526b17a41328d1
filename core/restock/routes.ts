import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import {
  VisitConfirmRequest,
  VisitDetail,
  VisitLinesRequest,
  VisitList,
  VisitRequest,
} from '#protocol/api/restock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { checkCabinetOf } from '#core/cabinets/owner.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { visitDetail, visitList } from './queries.ts'
import { findVisit } from './store.ts'
import type { Visits } from './visits.ts'

const closed = { additionalProperties: false } as const
const CabinetParams = Type.Object({ cabinetId: Id }, closed)
const VisitParams = Type.Object({ visitId: Id }, closed)
const PictureParams = Type.Object({ visitId: Id, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }, closed)

type ActArgs = Parameters<Visits['confirm']>

const read = { access: { kind: 'staff', permission: 'restock.read' } } as const
const work = { access: { kind: 'staff', permission: 'restock.work' } } as const

/** Visits of staff: what a person does on the phone in front of a cabinet. */
export function registerRestockRoutes(
  app: HttpApp,
  deps: CoreDeps & { visits: Visits; evidence: Pick<EvidenceStore, 'evidenceOf' | 'readEvidence'> },
): void {
  const { db, visits, evidence } = deps

  /** Whoever asks, at a cabinet of their own operator. @throws not_found */
  async function atVisit(staff: StaffIdentity | null, visitId: string): Promise<StaffIdentity> {
    const visit = await findVisit(db.read, visitId)
    if (visit === undefined) throw new CabinetError('not_found')
    return checkCabinetOf(db.read, staff, visit.cabinetId)
  }
  const detail = (staff: StaffIdentity, visitId: string) =>
    visitDetail(deps, visitId, staff.permissions.has('restock.work'))

  app.get(
    '/api/staff/cabinets/:cabinetId/visits',
    { config: read, schema: { params: CabinetParams, response: { 200: VisitList } } },
    async (request) => {
      const { cabinetId } = request.params
      await checkCabinetOf(db.read, request.staff, cabinetId)
      return visitList(db, cabinetId)
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/visits',
    { config: work, schema: { params: CabinetParams, body: VisitRequest, response: { 200: VisitDetail } } },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkCabinetOf(db.read, request.staff, cabinetId)
      await visits.begin(staff, cabinetId, { ...request.body, reason: request.body.reason.trim() })
      return detail(staff, request.body.visitId)
    },
  )
  app.get(
    '/api/staff/visits/:visitId',
    { config: read, schema: { params: VisitParams, response: { 200: VisitDetail } } },
    async (request) => detail(await atVisit(request.staff, request.params.visitId), request.params.visitId),
  )
  app.put(
    '/api/staff/visits/:visitId/lines',
    {
      config: work,
      schema: { params: VisitParams, body: VisitLinesRequest, response: { 200: VisitDetail } },
    },
    async (request) => {
      const { visitId } = request.params
      const staff = await atVisit(request.staff, visitId)
      await visits.saveLines(staff, visitId, request.body.lines)
      return detail(staff, visitId)
    },
  )
  for (const [name, act] of [
    ['confirm', (...args: ActArgs) => visits.confirm(...args)],
    ['give-up', (...args: ActArgs) => visits.giveUp(...args)],
  ] as const) {
    app.post(
      `/api/staff/visits/:visitId/${name}`,
      {
        config: work,
        schema: { params: VisitParams, body: VisitConfirmRequest, response: { 200: VisitDetail } },
      },
      async (request) => {
        const { visitId } = request.params
        const staff = await atVisit(request.staff, visitId)
        await act(staff, visitId, request.body.note)
        return detail(staff, visitId)
      },
    )
  }
  app.get(
    '/api/staff/visits/:visitId/pictures/:sha256',
    { config: read, schema: { params: PictureParams } },
    async (request, reply) => {
      const { visitId, sha256 } = request.params
      const staff = await atVisit(request.staff, visitId)
      if (!(await evidence.evidenceOf(visitId)).some((ref) => ref.sha256 === sha256))
        throw new CabinetError('not_found')
      const file = await evidence.readEvidence(sha256)
      if (file === undefined)
        throw new CabinetError('not_found', 'The cabinet has not sent this picture yet.')
      await db.write('audit a view of a picture', (tx) =>
        appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'evidence.viewed',
          subject: `visit:${visitId}`,
          detail: { sha256 },
        }),
      )
      return reply
        .type(file.mediaType)
        .header('content-length', file.byteCount)
        .header('content-security-policy', "sandbox; default-src 'none'")
        .send(file.stream)
    },
  )
}
