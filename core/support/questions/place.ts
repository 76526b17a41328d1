import type { Kysely } from 'kysely'
import type { Bilingual } from '#protocol/api/common.ts'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { IntakeValues } from '#protocol/api/tickets.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { TicketRow } from '../ticket-store.ts'
import { typeOf } from '../ticket-types.ts'

/** What a question is about in words: the trouble that was tapped where its type has several, else the type. */
export function aboutOf({ type, intake }: Pick<TicketRow, 'type' | 'intake'>): Bilingual {
  const row = typeOf(type)
  const { trouble } = JSON.parse(intake) as IntakeValues
  const choices = row.fields.find(({ key }) => key === 'trouble')?.choices ?? []
  return choices.find(({ key }) => key === trouble)?.label ?? row.label
}

/** Of a question that was asked at a cabinet: what it is about, and where that was. */
export async function placeOf(
  db: Kysely<Tables>,
  ticket: TicketRow,
): Promise<Pick<DisputeView, 'about' | 'cabinet'>> {
  if (ticket.channel !== 'code') return {}
  const about = ticket.reason === null ? { about: aboutOf(ticket) } : {}
  const cabinet =
    ticket.cabinetId === null
      ? undefined
      : await db
          .selectFrom('cabinet')
          .select(['cabinetId', 'nameZh', 'nameEn'])
          .where('cabinetId', '=', ticket.cabinetId)
          .executeTakeFirst()
  return {
    ...about,
    ...(cabinet === undefined
      ? {}
      : { cabinet: { cabinetId: cabinet.cabinetId, name: { zh: cabinet.nameZh, en: cabinet.nameEn } } }),
  }
}
