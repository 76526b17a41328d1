import { yuanText } from '#protocol/base/units.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { isStoryKey, storyText } from '#protocol/words/story.ts'
import type { Language, Values } from '#protocol/words/words.ts'
import type { ReturnReactions } from '#core/anomalies/returns.ts'
import type { Notices, NoticeTemplate } from '#core/notices/notices.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { RestrictionReactions, RestrictionRow } from '#core/restrictions/restrictions.ts'
import type { Tickets } from '#core/support/tickets.ts'

/** How a consumer is told about an order: cabinet, times and arrival are filled in. */
export type Tell = (
  tx: Tx,
  orderId: string,
  template: NoticeTemplate,
  subjectId: string,
  amountFen: number,
  moreOf?: (language: Language, at: (ms: number) => string) => Values,
) => Promise<string>

/** What reaches people when goods come back later and when somebody is restricted. */
export function createCaseReactions(
  deps: CoreDeps,
  domains: () => { notices: Notices; tickets: Tickets },
  tell: Tell,
): { returns: ReturnReactions; restrictions: RestrictionReactions } {
  const { ids } = deps

  const returns: ReturnReactions = {
    async givenBack(tx, session, anomaly, lines) {
      for (const orderId of new Set(lines.map((line) => line.orderId))) {
        const own = lines.filter((line) => line.orderId === orderId)
        const amountFen = own.reduce((sum, line) => sum + line.amountFen, 0)
        await tell(
          tx,
          orderId,
          'returned_refunded',
          `${anomaly.anomalyId}/${orderId}`,
          amountFen,
          (_language, at) => ({
            count: own.reduce((sum, line) => sum + line.quantity, 0),
            returned: at(session.closedAtMs ?? nowOf(tx)),
          }),
        )
      }
    },
    async lookedAt(tx, session, anomaly) {
      if (anomaly.orderId === null) return
      const ticket = await tx
        .selectFrom('ticket')
        .select(['resolutionDueMs'])
        .where('origin', '=', 'anomaly')
        .where('requestId', '=', anomaly.anomalyId)
        .executeTakeFirst()
      await tell(tx, anomaly.orderId, 'returned_look', anomaly.anomalyId, 0, (_language, at) => ({
        returned: at(session.closedAtMs ?? nowOf(tx)),
        due: at(ticket?.resolutionDueMs ?? nowOf(tx) + deps.policy.resolutionMs),
      }))
    },
    async shelfCheck(tx, cabinetId) {
      await raiseIncident(tx, ids, {
        kind: 'shelf_check',
        subject: cabinetId,
        message:
          'Goods were brought in that were not taken in the same visit; look whether they are closed, cold and not past their date before they are sold.',
      })
    },
  }

  async function consumerOf(tx: Tx, restriction: RestrictionRow): Promise<{ language: Language }> {
    return tx
      .selectFrom('consumer')
      .select('language')
      .where('consumerId', '=', restriction.consumerId)
      .executeTakeFirstOrThrow()
  }
  function reasonText(language: Language, restriction: RestrictionRow): string {
    return isStoryKey(restriction.reasonKey)
      ? storyText(language, restriction.reasonKey, JSON.parse(restriction.reasonValues) as Values)
      : ''
  }

  const restrictions: RestrictionReactions = {
    async restricted(tx, restriction) {
      const { language } = await consumerOf(tx, restriction)
      await domains().notices.tell(tx, {
        consumerId: restriction.consumerId,
        template: restriction.level === 'blocked' ? 'restricted' : 'limited',
        subjectId: restriction.restrictionId,
        path: '/restriction',
        values: {
          reason: reasonText(language, restriction),
          amount: yuanText(restriction.capFen ?? 0),
          until: formatMoment(language, restriction.expiresAtMs, nowOf(tx), undefined),
        },
      })
    },
    async ended(tx, restriction) {
      await domains().notices.tell(tx, {
        consumerId: restriction.consumerId,
        template: 'restriction_ended',
        subjectId: restriction.restrictionId,
        path: '/orders',
        values: {},
      })
      if (restriction.appealTicketId === null || restriction.state !== 'lifted') return
      await domains().tickets.say(tx, restriction.appealTicketId, {
        requestId: `${restriction.restrictionId}/lifted`,
        sender: 'system',
        key: 'message.restriction_lifted',
      })
    },
    async appealed(tx, restriction, appeal) {
      const order =
        restriction.orderId === null
          ? undefined
          : await tx
              .selectFrom('order')
              .select(['orderId', 'cabinetId'])
              .where('orderId', '=', restriction.orderId)
              .executeTakeFirst()
      const ticket = await domains().tickets.open(tx, {
        requestId: appeal.requestId,
        type: 'restriction_appeal',
        origin: 'dispute',
        reason: 'other',
        priority: 'high',
        orderId: order?.orderId ?? null,
        cabinetId: order?.cabinetId ?? null,
        consumerId: restriction.consumerId,
        amountFen: null,
        lines: [],
        note: appeal.text === '' ? null : appeal.text,
        language: appeal.language,
        openedBy: restriction.consumerId,
      })
      if (appeal.text !== '')
        await domains().tickets.say(tx, ticket.ticketId, {
          requestId: `${appeal.requestId}/note`,
          sender: 'consumer',
          text: appeal.text,
        })
      await domains().tickets.say(tx, ticket.ticketId, {
        requestId: `${ticket.ticketId}/received`,
        sender: 'system',
        key: 'message.received',
        values: { due: formatMoment(appeal.language, ticket.firstResponseDueMs, nowOf(tx), undefined) },
      })
      return ticket.ticketId
    },
  }
  return { returns, restrictions }
}
