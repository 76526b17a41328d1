import type { Insertable } from 'kysely'
import type { DisputeReason } from '#protocol/api/common.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Bulk } from './bulk.ts'
import type { VisitMade } from './visit.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const NUMBER_FIRST = 10_001
/** Tickets younger than this may still be open. */
const OPEN_FOR_MS = 12 * HOUR_MS

/** What people write, by reason and language. */
const SAYINGS: Readonly<Record<DisputeReason, { zh: readonly string[]; en: readonly string[] }>> = {
  charged_twice: {
    zh: ['微信显示扣了两次款', '同一单付了两遍'],
    en: ['My payment app shows two deductions', 'I was charged twice for this visit'],
  },
  item_returned: {
    zh: ['我把饮料放回去了还是收了钱', '看了一眼就放回原位了'],
    en: ['I put the drink back and was charged', 'I only looked at it and put it back'],
  },
  not_taken: {
    zh: ['我没有拿这个三明治', '门开了但是什么都没拿'],
    en: ['I did not take this sandwich', 'The door opened but I took nothing'],
  },
  wrong_item: {
    zh: ['我拿的是可乐不是橙汁', '识别成了另一种酸奶'],
    en: ['I took the cola, not the juice', 'It was another yogurt'],
  },
  quality: {
    zh: ['酸奶盖子是破的', '买到的水果杯已经过期'],
    en: ['The lid of the yogurt was torn', 'The fruit cup was past its date'],
  },
  charged_late: {
    zh: ['过了一个小时才扣款', '为什么现在才收到扣款通知'],
    en: ['I was charged an hour later', 'Why does the charge come only now'],
  },
  other: {
    zh: ['想开发票', '柜门关不上'],
    en: ['I need an invoice', 'The door would not close'],
  },
}
const LOTS: ReadonlyArray<readonly [upTo: number, reason: DisputeReason]> = [
  [0.22, 'not_taken'],
  [0.42, 'wrong_item'],
  [0.58, 'item_returned'],
  [0.72, 'charged_late'],
  [0.84, 'quality'],
  [0.94, 'other'],
  [1, 'charged_twice'],
]

/** Questions about visits, most of them answered and closed long ago, those of the last hours still open. */
export function createQuestions(deps: {
  bulk: Bulk
  idsAt: (atMs: number) => Ids
  random: Random
  agents: ReadonlyArray<{ staffId: string; displayName: string }>
  untilMs: number
}) {
  const { bulk, idsAt, random, agents, untilMs } = deps
  let made = 0
  const oneOf = <T>(list: readonly T[]): T => list[integerBelow(random, list.length)] as T

  return {
    ask(visit: VisitMade, about: { atMs: number; cabinetId: string; consumerId: string }): void {
      const lot = random.next()
      const reason = LOTS.find(([upTo]) => lot < upTo)?.[1] ?? 'other'
      const language: 'zh' | 'en' = random.next() < 0.9 ? 'zh' : 'en'
      const openedAtMs = Math.min(
        untilMs - MINUTE_MS,
        about.atMs + 2 * MINUTE_MS + integerBelow(random, 3 * HOUR_MS),
      )
      const ids = idsAt(openedAtMs)
      const ticketId = ids.next('ticket')
      const text = oneOf(SAYINGS[reason][language])
      const line = oneOf(visit.lines)
      const isOpen = openedAtMs > untilMs - OPEN_FOR_MS
      const agent = agents.length === 0 || (isOpen && random.next() < 0.5) ? undefined : oneOf(agents)
      const respondedAtMs =
        agent === undefined ? null : openedAtMs + 2 * MINUTE_MS + integerBelow(random, 12 * MINUTE_MS)
      const closedAtMs = isOpen ? null : openedAtMs + HOUR_MS + integerBelow(random, 9 * HOUR_MS)
      const isRated = !isOpen && random.next() < 0.4
      // Columns that have a default in the database are left to it.
      const ticket = {
        ticketId,
        number: NUMBER_FIRST + made++,
        requestId: ids.next('request'),
        type: reason,
        origin: 'dispute' as const,
        reason,
        state: isOpen ? (agent === undefined ? ('new' as const) : ('open' as const)) : ('closed' as const),
        priority: reason === 'charged_twice' ? ('high' as const) : ('normal' as const),
        orderId: visit.orderId,
        cabinetId: about.cabinetId,
        consumerId: about.consumerId,
        amountFen: line.amountFen,
        lines: JSON.stringify([{ lineId: line.lineId, quantity: 1 }]),
        note: text,
        language,
        openedAtMs,
        openedBy: about.consumerId,
        firstResponseDueMs: openedAtMs + 15 * MINUTE_MS,
        firstRespondedAtMs: respondedAtMs === null || respondedAtMs >= untilMs ? null : respondedAtMs,
        resolutionDueMs: openedAtMs + DAY_MS,
        resolvedAtMs: closedAtMs,
        closedAtMs,
        assigneeId: agent?.staffId ?? null,
        isAutomatic: 0,
        outcome: isOpen ? null : visit.isRefunded ? 'refunded' : 'explained',
        rootCause: null,
        outcomeKey: null,
        outcomeValues: '{}',
        rating: isRated ? 3 + integerBelow(random, 3) : null,
        ratingTags: '[]',
        version: 1,
      } satisfies Partial<Insertable<Tables['ticket']>>
      bulk.add('ticket', ticket as Insertable<Tables['ticket']>)
      message(ticketId, ids, { atMs: openedAtMs, sender: 'consumer', text })
      if (agent !== undefined && respondedAtMs !== null && respondedAtMs < untilMs)
        message(ticketId, idsAt(respondedAtMs), {
          atMs: respondedAtMs,
          sender: 'agent',
          text:
            language === 'zh'
              ? '您好，我们看过这次开门的称重记录了，结果写在订单页上。'
              : 'We looked at the weights of this visit; the result is on the page of your order.',
          staffId: agent.staffId,
          authorName: agent.displayName,
        })
    },
    count: () => made,
  }

  function message(
    ticketId: string,
    ids: Ids,
    one: { atMs: number; sender: 'consumer' | 'agent'; text: string; staffId?: string; authorName?: string },
  ): void {
    bulk.add('ticketMessage', {
      messageId: ids.next('message'),
      ticketId,
      requestId: ids.next('request'),
      atMs: one.atMs,
      sender: one.sender,
      staffId: one.staffId ?? null,
      authorName: one.authorName ?? null,
      text: one.text,
      key: null,
      sentenceValues: '{}',
      isInternal: 0,
    })
  }
}
