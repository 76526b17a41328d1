import Type from 'typebox'
import { closed, Id } from '#protocol/api/common.ts'
import {
  DeadLetterCheck,
  DeadLetterCheckRequest,
  DeadLetterDetail,
  DeadLetterDiscardRequest,
  DeadLetterList,
  DeadLetterReplayRequest,
  type DeadLetterRow,
  DeliveryDecision,
  DeliveryView,
} from '#protocol/api/delivery.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { EVENTS } from '#protocol/messages/index.ts'
import { operatorOf } from '#core/cabinets/registry.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Database } from '#core/platform/database.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { type DeadLetter, type DeadLetters, schemaOf } from './dead-letters.ts'
import type { DeliveryDesk } from './delivery-desk.ts'

const LETTERS_SHOWN = 200
const LetterParams = Type.Object({ id: Type.Integer({ minimum: 1 }) }, closed)
const CabinetParams = Type.Object({ cabinetId: Id }, closed)
const mayRead = { access: { kind: 'staff', permission: 'deadLetter.read' } } as const
const mayResolve = { access: { kind: 'staff', permission: 'deadLetter.resolve' } } as const
const mayLetGoOn = { access: { kind: 'staff', permission: 'stream.goOn' } } as const

/** Dead letters, and the state of a cabinet's delivery, for staff. */
export function registerDeliveryRoutes(
  app: HttpApp,
  deps: { db: Database; letters: DeadLetters; desk: DeliveryDesk },
): void {
  const { db, letters, desk } = deps

  function signedIn(staff: StaffIdentity | null): StaffIdentity {
    if (staff === null) throw new CabinetError('not_signed_in')
    return staff
  }
  /** A cabinet of another operator does not exist for this one. */
  async function checkOwner(staff: StaffIdentity | null, cabinetId: string): Promise<StaffIdentity> {
    const known = signedIn(staff)
    const operator = await operatorOf(db.read, cabinetId)
    if (operator === undefined || (known.operator !== null && known.operator !== operator))
      throw new CabinetError('unknown_cabinet')
    return known
  }

  app.get(
    '/api/staff/dead-letters',
    { config: mayRead, schema: { response: { 200: DeadLetterList } } },
    async (request) => {
      const open = db.read.selectFrom('deadLetter').where('resolvedAtMs', 'is', null)
      const rows = await open.selectAll().orderBy('id', 'desc').limit(LETTERS_SHOWN).execute()
      const { count } = await open
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return {
        deadLetters: rows.map(rowOf),
        total: count,
        mayResolve: signedIn(request.staff).permissions.has('deadLetter.resolve'),
      }
    },
  )
  app.get(
    '/api/staff/dead-letters/:id',
    { config: mayRead, schema: { params: LetterParams, response: { 200: DeadLetterDetail } } },
    async (request) => {
      const letter = await db.read
        .selectFrom('deadLetter')
        .leftJoin('staff', 'staff.staffId', 'deadLetter.resolvedBy')
        .selectAll('deadLetter')
        .select('staff.displayName as resolvedByName')
        .where('id', '=', request.params.id)
        .executeTakeFirst()
      if (letter === undefined) throw new CabinetError('not_found')
      const event = letter.kind === 'event' ? eventOf(letter) : null
      const earlier =
        letter.kind === 'event' && letter.seq !== null
          ? await db.read
              .selectFrom('deadLetter')
              .select('id')
              .where('cabinetId', '=', letter.cabinetId)
              .where('kind', '=', 'event')
              .where('resolvedAtMs', 'is', null)
              .where((eb) =>
                eb.or([
                  eb('epoch', '<', letter.epoch),
                  eb.and([eb('epoch', '=', letter.epoch), eb('seq', '<', letter.seq)]),
                ]),
              )
              .orderBy('epoch')
              .orderBy('seq')
              .executeTakeFirst()
          : undefined
      return {
        letter: rowOf(letter),
        event,
        schema: event === null ? null : (schemaOf(event.type) ?? null),
        eventTypes: Object.keys(EVENTS),
        earlierId: earlier?.id ?? null,
        resolution:
          letter.resolvedAtMs === null
            ? null
            : {
                how: letter.resolution ?? 'discarded',
                by: letter.resolvedByName ?? letter.resolvedBy ?? '',
                note: letter.note,
                atMs: letter.resolvedAtMs,
              },
        mayResolve: signedIn(request.staff).permissions.has('deadLetter.resolve'),
      }
    },
  )
  app.post(
    '/api/staff/dead-letters/:id/check',
    {
      config: mayRead,
      schema: { params: LetterParams, body: DeadLetterCheckRequest, response: { 200: DeadLetterCheck } },
    },
    async (request) => ({ problem: letters.check(request.body.type, request.body.data) ?? null }),
  )
  app.post(
    '/api/staff/dead-letters/:id/replay',
    { config: mayResolve, schema: { params: LetterParams, body: DeadLetterReplayRequest } },
    async (request) => {
      const { staffId } = signedIn(request.staff)
      await letters.replay({ id: request.params.id, ...request.body, staffId })
      return {}
    },
  )
  app.post(
    '/api/staff/dead-letters/:id/discard',
    { config: mayResolve, schema: { params: LetterParams, body: DeadLetterDiscardRequest } },
    async (request) => {
      const { staffId } = signedIn(request.staff)
      await letters.discard({ id: request.params.id, note: request.body.note, staffId })
      return {}
    },
  )

  app.get(
    '/api/staff/cabinets/:cabinetId/delivery',
    {
      config: { access: { kind: 'staff', permission: 'fleet.read' } },
      schema: { params: CabinetParams, response: { 200: DeliveryView } },
    },
    async (request) => {
      const { cabinetId } = request.params
      const staff = await checkOwner(request.staff, cabinetId)
      return desk.view(cabinetId, staff.permissions.has('stream.goOn'))
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/delivery/go-on',
    { config: mayLetGoOn, schema: { params: CabinetParams, body: DeliveryDecision } },
    async (request) => {
      const { cabinetId } = request.params
      const { staffId } = await checkOwner(request.staff, cabinetId)
      await desk.letGoOn({ cabinetId, ...request.body, staffId })
      return {}
    },
  )
  app.post(
    '/api/staff/cabinets/:cabinetId/delivery/dismiss',
    { config: mayLetGoOn, schema: { params: CabinetParams, body: DeliveryDecision } },
    async (request) => {
      const { cabinetId } = request.params
      const { staffId } = await checkOwner(request.staff, cabinetId)
      await desk.dismiss({ cabinetId, ...request.body, staffId })
      return {}
    },
  )
}

function rowOf(letter: DeadLetter): DeadLetterRow {
  const { id, cabinetId, receivedAtMs, topic, kind, epoch, seq, reason, body } = letter
  return { id, cabinetId, receivedAtMs, topic, kind, epoch, seq, reason, bodyText: body }
}

/** The event of a dead letter, as far as its body can be read. */
function eventOf({ body, reason }: DeadLetter): { type: string; data: unknown } | null {
  try {
    const { type, data } = JSON.parse(body) as { type?: unknown; data?: unknown }
    return typeof type === 'string' ? { type, data: data ?? {} } : null
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // Kept raw because it is no JSON; the person writes it anew from the reason and the text.
    return { type: reason.split(':')[0] ?? '', data: {} }
  }
}
