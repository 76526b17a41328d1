import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import { CommandRequest, PartRequest, TwinParts } from '#protocol/api/control.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { planogramOf } from '#core/catalog/queries.ts'
import { requireProof } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { CabinetCommands } from './commands.ts'
import { twinPartViews } from './control-views.ts'
import { checkCabinetOf } from './owner.ts'
import type { PresenceBook } from './presence.ts'
import { argsFor, TECHNICIAN_COMMANDS } from './technician-commands.ts'
import type { Twins } from './twins.ts'

const closed = { additionalProperties: false } as const
const Params = Type.Object({ cabinetId: Id }, closed)
const PictureParams = Type.Object(
  { cabinetId: Id, commandId: Id, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
  closed,
)

/** What staff ask of a cabinet now (commands), and want of it for good (twin). */
export function registerControlRoutes(
  app: HttpApp,
  deps: CoreDeps & {
    twins: Twins
    commands: CabinetCommands
    presence: PresenceBook
    evidence: Pick<EvidenceStore, 'evidenceOf' | 'readEvidence'>
  },
): void {
  const { db, ids, twins, commands, evidence } = deps

  app.post(
    '/api/staff/cabinets/:cabinetId/commands',
    {
      // Which commands a role may send is a table of its own; whoever may send none is refused below.
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: { params: Params, body: CommandRequest },
    },
    async (request, reply) => {
      const { cabinetId } = request.params
      const staff = await checkCabinetOf(db.read, request.staff, cabinetId)
      const { commandId, name, args, reason } = request.body
      const permission = TECHNICIAN_COMMANDS[name]
      if (!staff.permissions.has(permission))
        throw new CabinetError('not_allowed', `${name} needs the permission ${permission}.`)
      if (name === 'door.unlock') requireProof(staff)
      const planogram = await planogramOf(db.read, cabinetId)
      const answer = await commands.run({
        cabinetId,
        commandId,
        name,
        args: argsFor(name, args ?? {}, {
          by: staff.displayName,
          reason: reason.trim(),
          sessionId: ids.next('session'),
          planogramVersion: planogram?.version,
        }),
        by: `staff:${staff.staffId}`,
        role: staff.role,
        cause: reason.trim(),
      })
      return reply.code(202).send({ commandId, ...answer })
    },
  )
  app.put(
    '/api/staff/cabinets/:cabinetId/twin',
    {
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: { params: Params, body: PartRequest, response: { 200: TwinParts } },
    },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkCabinetOf(db.read, request.staff, cabinetId)
      const { body } = request
      const permission = body.part === 'service' ? 'service.change' : 'twin.change'
      if (!staff.permissions.has(permission))
        throw new CabinetError('not_allowed', `This change needs the permission ${permission}.`)
      await twins.changePart({ ...body, reason: body.reason.trim(), cabinetId, by: staff })
      return { parts: await twinPartViews(deps, cabinetId) }
    },
  )
  app.get(
    '/api/staff/cabinets/:cabinetId/commands/:commandId/pictures/:sha256',
    {
      config: { access: { kind: 'staff', permission: 'command.send' } },
      schema: { params: PictureParams },
    },
    async (request, reply) => {
      const { cabinetId, commandId, sha256 } = request.params
      const staff = await checkCabinetOf(db.read, request.staff, cabinetId)
      const command = await db.read
        .selectFrom('command')
        .select('cabinetId')
        .where('commandId', '=', commandId)
        .where('name', '=', 'camera.snapshot')
        .executeTakeFirst()
      const refs = await evidence.evidenceOf(commandId)
      if (command?.cabinetId !== cabinetId || !refs.some((ref) => ref.sha256 === sha256))
        throw new CabinetError('not_found')
      const file = await evidence.readEvidence(sha256)
      if (file === undefined)
        throw new CabinetError('not_found', 'The cabinet has not sent this picture yet.')
      await db.write('audit a view of a picture', (tx) =>
        appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'evidence.viewed',
          subject: `cabinet:${cabinetId}`,
          detail: { commandId, sha256 },
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
