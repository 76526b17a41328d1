import type { Kysely } from 'kysely'
import {
  PICTURES_OF_CONSUMER_MOST,
  PICTURES_OF_STAFF_MOST,
  type TicketPicture,
} from '#protocol/api/pictures.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { getTicket } from '../ticket-store.ts'
import { decodePicture } from './decode.ts'

/** The pictures that people add to a question, sealed in the database: they go where the ticket goes, and with it. */
export interface TicketPictures {
  /**
   * The same request again is the same picture.
   * @param staffId  null: the consumer of the ticket
   * @throws bad_picture, too_many_pictures, conflict for a consumer whose question is settled: nobody would look at it
   */
  add(
    ticketId: string,
    picture: { requestId: string; bytes: Uint8Array; staffId: string | null },
  ): Promise<void>
  /** Those of a ticket and of what was merged into it, oldest first. */
  of(db: Kysely<Tables>, ticketId: string): Promise<TicketPicture[]>
  /** @throws not_found when this ticket has no such picture, or it is gone */
  read(ticketId: string, pictureId: string): Promise<Buffer>
}

/** What a picture is sealed to: the same bytes in another row do not open. */
export function pictureBoundTo(pictureId: string): string {
  return `ticketPicture.sealed/${pictureId}`
}

const MOST = { consumer: PICTURES_OF_CONSUMER_MOST, staff: PICTURES_OF_STAFF_MOST }

export function createTicketPictures(deps: CoreDeps & { seal: Seal }): TicketPictures {
  const { db, ids, seal } = deps

  async function rowsOf(reader: Kysely<Tables>, ticketId: string) {
    return reader
      .selectFrom('ticketPicture')
      .select(['pictureId', 'requestId', 'staffId', 'atMs', 'widthPixels', 'heightPixels', 'byteCount'])
      .select((eb) => eb('sealed', 'is', null).as('isGone'))
      .where((eb) =>
        eb.or([
          eb('ticketId', '=', ticketId),
          eb(
            'ticketId',
            'in',
            eb.selectFrom('ticket').select('ticketId').where('mergedIntoId', '=', ticketId),
          ),
        ]),
      )
      .orderBy('atMs')
      .orderBy('pictureId')
      .execute()
  }
  async function checkRoom(
    reader: Kysely<Tables>,
    ticketId: string,
    from: 'consumer' | 'staff',
  ): Promise<void> {
    const before = (await rowsOf(reader, ticketId)).filter(
      ({ staffId }) => (staffId === null) === (from === 'consumer'),
    )
    if (before.length >= MOST[from])
      throw new CabinetError('too_many_pictures', undefined, { context: { most: MOST[from] } })
  }

  return {
    async add(ticketId, { requestId, bytes, staffId }) {
      const from = staffId === null ? 'consumer' : 'staff'
      const isKnown = async (reader: Kysely<Tables>) =>
        (await rowsOf(reader, ticketId)).some((row) => row.requestId === requestId)
      if (await isKnown(db.read)) return
      await checkRoom(db.read, ticketId, from)
      const picture = await decodePicture(bytes)
      const pictureId = ids.next('picture')
      const sealed = seal.sealBytes(picture.bytes, pictureBoundTo(pictureId))
      await db.write('add a picture to a ticket', async (tx) => {
        if (await isKnown(tx)) return
        await checkRoom(tx, ticketId, from)
        if (staffId === null && (await getTicket(tx, ticketId)).resolvedAtMs !== null)
          throw new CabinetError(
            'conflict',
            'This question is settled. Write that it is not, which opens it again, then add the picture.',
          )
        await tx
          .insertInto('ticketPicture')
          .values({
            pictureId,
            ticketId,
            requestId,
            staffId,
            atMs: nowOf(tx),
            widthPixels: picture.widthPixels,
            heightPixels: picture.heightPixels,
            byteCount: picture.bytes.byteLength,
            sealed,
          })
          .execute()
        await recordChange(tx, { kind: 'ticket', subjectId: ticketId, data: { picture: pictureId } })
      })
    },
    async of(reader, ticketId) {
      return (await rowsOf(reader, ticketId)).map((row) => ({
        pictureId: row.pictureId,
        from: row.staffId === null ? ('consumer' as const) : ('staff' as const),
        atMs: row.atMs,
        widthPixels: row.widthPixels,
        heightPixels: row.heightPixels,
        isGone: Number(row.isGone) === 1,
      }))
    },
    async read(ticketId, pictureId) {
      const own = await rowsOf(db.read, ticketId)
      const row = await db.read
        .selectFrom('ticketPicture')
        .select('sealed')
        .where('pictureId', '=', pictureId)
        .executeTakeFirst()
      if (row === undefined || row.sealed === null || !own.some((one) => one.pictureId === pictureId))
        throw new CabinetError('not_found')
      return seal.openBytes(row.sealed, pictureBoundTo(pictureId))
    },
  }
}

/** The bytes go; that there was a picture stays, so that the thread still makes sense. */
export async function forgetPicturesOf(tx: Tx, consumerId: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('ticketPicture')
    .set({ sealed: null })
    .where('sealed', 'is not', null)
    .where('ticketId', 'in', tx.selectFrom('ticket').select('ticketId').where('consumerId', '=', consumerId))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** Pictures of tickets that were closed before `beforeMs`; what was merged ends with the ticket in which it went on. @returns how many went */
export async function forgetOutlivedPictures(tx: Tx, beforeMs: number): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('ticketPicture')
    .set({ sealed: null })
    .where('sealed', 'is not', null)
    .where(
      'ticketId',
      'in',
      tx
        .selectFrom('ticket as t')
        .leftJoin('ticket as into', 'into.ticketId', 't.mergedIntoId')
        .select('t.ticketId')
        .where((eb) => eb(eb.fn.coalesce('into.closedAtMs', 't.closedAtMs'), '<', beforeMs)),
    )
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
