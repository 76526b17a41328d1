import type { DisputeReason } from '#protocol/api/common.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import type { Bulk } from './bulk.ts'
import type { VisitMade } from './visit.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const FIRST_RESPONSE_MS = 15 * MINUTE_MS
const RESOLUTION_MS = 24 * HOUR_MS
const NUMBER_FIRST = 10_001
/** So many of the last ones are asked within the last hours, about visits of some days ago, and are still open. */
const OPEN_SHARE = 0.03
const OPEN_MOST = 300
const OPEN_FOR_MS = 20 * HOUR_MS
const ZONE = 'Asia/Shanghai'

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
  /** How many there will be. */
  tickets: number
  nowMs: number
}) {
  const { bulk, idsAt, random, agents, nowMs } = deps
  const openFrom = deps.tickets - Math.min(OPEN_MOST, Math.ceil(deps.tickets * OPEN_SHARE))
  let made = 0
  const oneOf = <T>(list: readonly T[]): T => list[integerBelow(random, list.length)] as T

  return {
    ask(
      visit: VisitMade,
      about: { atMs: number; cabinetId: string; operator: string; consumerId: string },
    ): void {
      const lot = random.next()
      const reason = LOTS.find(([upTo]) => lot < upTo)?.[1] ?? 'other'
      const language: 'zh' | 'en' = random.next() < 0.9 ? 'zh' : 'en'
      const isOpen = made >= openFrom
      const openedAtMs = isOpen
        ? nowMs - MINUTE_MS - integerBelow(random, OPEN_FOR_MS)
        : about.atMs + 2 * MINUTE_MS + integerBelow(random, 3 * HOUR_MS)
      const ids = idsAt(openedAtMs)
      const ticketId = ids.next('ticket')
      const text = oneOf(SAYINGS[reason][language])
      const line = oneOf(visit.lines)
      const agent = agents.length === 0 || (isOpen && random.next() < 0.5) ? undefined : oneOf(agents)
      const respondedAtMs =
        agent === undefined ? null : openedAtMs + 2 * MINUTE_MS + integerBelow(random, 12 * MINUTE_MS)
      const closedAtMs = isOpen ? null : openedAtMs + HOUR_MS + integerBelow(random, 9 * HOUR_MS)
      const isRated = !isOpen && random.next() < 0.4
      const answeredAtMs = respondedAtMs === null || respondedAtMs >= nowMs ? null : respondedAtMs
      const firstResponseDueMs = openedAtMs + FIRST_RESPONSE_MS
      const resolutionDueMs = openedAtMs + RESOLUTION_MS
      bulk.add('ticket', {
        ticketId,
        number: NUMBER_FIRST + made++,
        requestId: ids.next('request'),
        type: reason,
        origin: 'dispute',
        reason,
        state: isOpen ? (agent === undefined ? 'new' : 'open') : 'closed',
        priority: reason === 'charged_twice' ? 'high' : 'normal',
        orderId: visit.orderId,
        cabinetId: about.cabinetId,
        consumerId: about.consumerId,
        amountFen: line.amountFen,
        lines: JSON.stringify([{ lineId: line.lineId, quantity: 1 }]),
        note: text,
        language,
        openedAtMs,
        openedBy: about.consumerId,
        firstResponseDueMs,
        firstRespondedAtMs: answeredAtMs,
        resolutionDueMs,
        resolvedAtMs: closedAtMs,
        closedAtMs,
        assigneeId: agent?.staffId ?? null,
        isAutomatic: 0,
        outcome: isOpen ? null : visit.isRefunded ? 'refunded' : 'explained',
        rootCause: null,
        outcomeKey: null,
        outcomeValues: '{}',
        rating: isRated ? 3 + integerBelow(random, 3) : null,
        ratedAtMs: isRated ? closedAtMs : null,
        ratingTags: '[]',
        version: 1,
        channel: 'order',
        intake: '{}',
        severity: 3,
        ownerId: agent?.staffId ?? null,
        operator: about.operator,
        sessionId: visit.sessionId,
        phoneTail: null,
        phoneSealed: null,
        sla: 'standard',
        isPaused: 0,
        mergedIntoId: null,
        splitFromId: null,
        incidentId: null,
        snoozeKind: null,
        snoozeUntilMs: null,
        snoozedBy: null,
        deviceVersion: null,
        deviceAskedAtMs: null,
        deviceSetpoint: null,
      })
      clock(ticketId, 'first_response', openedAtMs, firstResponseDueMs, answeredAtMs ?? closedAtMs)
      clock(ticketId, 'resolution', openedAtMs, resolutionDueMs, closedAtMs)
      bulk.add('ticketEvent', {
        ticketId,
        version: 1,
        atMs: openedAtMs,
        actor: about.consumerId,
        actorName: '',
        what: 'opened',
        eventValues: JSON.stringify({ type: reason, channel: 'order' }),
      })
      // Whoever starts a core on it finds the ladder of the open ones where it stands.
      if (isOpen)
        bulk.add('dueWork', {
          kind: 'ticket.clock',
          subjectId: ticketId,
          dueAtMs: Math.max(nowMs, answeredAtMs === null ? firstResponseDueMs : resolutionDueMs),
          payload: '{}',
          attempts: 0,
          claimedUntilMs: null,
          lastError: null,
        })
      message(ticketId, ids, { atMs: openedAtMs, sender: 'consumer', text })
      if (agent !== undefined && respondedAtMs !== null && respondedAtMs < nowMs)
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

  function clock(
    ticketId: string,
    kind: 'first_response' | 'resolution',
    openedAtMs: number,
    dueAtMs: number,
    metAtMs: number | null,
  ): void {
    bulk.add('ticketClock', {
      ticketId,
      kind,
      calendar: 'always',
      zone: ZONE,
      allowedMs: dueAtMs - openedAtMs,
      usedMs: 0,
      runningSinceMs: openedAtMs,
      metAtMs,
      dueAtMs,
      round: 0,
    })
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
