import type { Kysely } from 'kysely'
import type { Bilingual } from '#protocol/api/common.ts'
import type { ImprovementSubject } from '#protocol/api/improvements.ts'
import { ROOT_CAUSES } from '#protocol/api/tickets.ts'
import type { Tables } from '#core/platform/tables/index.ts'

type RootCause = (typeof ROOT_CAUSES)[number]
/** What recurs, as the title of an item says it. */
export const CAUSE_TITLES: Readonly<Record<RootCause, Bilingual>> = {
  weighing: { zh: '称重不准', en: 'Weighing goes wrong' },
  camera: { zh: '摄像头问题', en: 'The camera fails' },
  network: { zh: '网络中断', en: 'The network fails' },
  provider: { zh: '支付平台问题', en: 'The payment provider fails' },
  planogram: { zh: '陈列图不符', en: 'The planogram does not fit' },
  quality: { zh: '商品质量问题', en: 'Goods are not good' },
  consumer: { zh: '消费者误操作', en: 'Consumers do it wrongly' },
  operation: { zh: '操作问题', en: 'Work on site goes wrong' },
  power: { zh: '供电问题', en: 'The power fails' },
  hardware: { zh: '硬件故障', en: 'Hardware fails' },
  unknown: { zh: '原因不明', en: 'Nobody knows why' },
}

export async function subjectName(db: Kysely<Tables>, { kind, id }: ImprovementSubject): Promise<Bilingual> {
  const row =
    kind === 'cabinet'
      ? await db
          .selectFrom('cabinet')
          .select(['nameZh', 'nameEn'])
          .where('cabinetId', '=', id)
          .executeTakeFirst()
      : await db.selectFrom('product').select(['nameZh', 'nameEn']).where('sku', '=', id).executeTakeFirst()
  return row === undefined ? { zh: id, en: id } : { zh: row.nameZh, en: row.nameEn }
}

export async function titleOf(
  db: Kysely<Tables>,
  rootCause: string | undefined,
  subject: ImprovementSubject | undefined,
): Promise<Bilingual> {
  const cause = CAUSE_TITLES[(rootCause ?? 'unknown') as RootCause]
  if (subject === undefined) return cause
  const name = await subjectName(db, subject)
  return { zh: `${name.zh}：${cause.zh}`, en: `${name.en}: ${cause.en}` }
}
