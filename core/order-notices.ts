import { yuanText } from '#protocol/base/units.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { storyText } from '#protocol/words/story.ts'
import type { Language, Values } from '#protocol/words/words.ts'
import type { NoticeTemplate } from '#core/notices/notices.ts'
import { getOrder, linesOf } from '#core/orders/store.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tell } from './case-reactions.ts'
import type { Domains } from './domains.ts'

/** How a consumer is told about an order: cabinet, times and arrival are filled in. */
export function createTell(domains: () => Pick<Domains, 'notices'>): Tell {
  return tell

  /** What the notices of an order say: where, when, how much, how many. */
  async function tell(
    tx: Tx,
    orderId: string,
    template: NoticeTemplate,
    subjectId: string,
    amountFen: number,
    moreOf: (language: Language, at: (ms: number) => string) => Values = () => ({}),
  ): Promise<string> {
    const order = await getOrder(tx, orderId)
    const [session, cabinet, consumer, lines] = [
      await tx
        .selectFrom('session')
        .selectAll()
        .where('sessionId', '=', order.sessionId)
        .executeTakeFirstOrThrow(),
      await tx
        .selectFrom('cabinet')
        .selectAll()
        .where('cabinetId', '=', order.cabinetId)
        .executeTakeFirstOrThrow(),
      await tx
        .selectFrom('consumer')
        .select('language')
        .where('consumerId', '=', order.consumerId)
        .executeTakeFirstOrThrow(),
      await linesOf(tx, orderId),
    ]
    const closedAtMs = session.closedAtMs ?? session.requestedAtMs
    const at = (ms: number) => formatMoment(consumer.language, ms, nowOf(tx), cabinet.timeZone)
    return domains().notices.tell(tx, {
      consumerId: order.consumerId,
      template,
      subjectId,
      path: `/o/${orderId}`,
      values: {
        amount: yuanText(amountFen),
        cabinet: consumer.language === 'zh' ? cabinet.nameZh : cabinet.nameEn,
        closed: at(closedAtMs),
        count: lines.reduce((sum, line) => sum + line.quantity, 0),
        arrival: storyText(consumer.language, 'arrival.balance'),
        ...moreOf(consumer.language, at),
      },
    })
  }
}
