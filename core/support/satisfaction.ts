import { createHash } from 'node:crypto'
import type { RATING_TAGS } from '#protocol/api/consumer.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { getTicket, isOfConsumer, saveTicket, type TicketRow } from './ticket-store.ts'

const DAY_MS = 86_400_000
/** Of this many equal parts the first bytes of a hash name one. */
const PARTS = 2 ** 32

/**
 * Whether this ticket belongs to the sample. The same ticket always gets the same answer, whichever core decides, and
 * nobody can choose whom to ask.
 */
export function isSampled(ticketId: string, share: number): boolean {
  return createHash('sha256').update(`nps/${ticketId}`).digest().readUInt32BE(0) < share * PARTS
}
/** Nobody is asked again within the days of the pause. */
export function mayAskAgain(lastAskedAtMs: number | undefined, nowMs: number, pauseDays: number): boolean {
  return lastAskedAtMs === undefined || nowMs - lastAskedAtMs >= pauseDays * DAY_MS
}

export interface SatisfactionReactions {
  /** A score was given or changed. */
  scored(tx: Tx, ticket: TicketRow): Promise<void>
}
export interface Satisfaction {
  /** When a ticket is solved: the question belongs to it from now on, when it is in the sample. */
  considerNps(tx: Tx, ticket: TicketRow): Promise<void>
  /** @throws conflict before it is solved */
  rate(
    tx: Tx,
    ticketId: string,
    rating: { score: number; tags: ReadonlyArray<(typeof RATING_TAGS)[number]> },
  ): Promise<void>
  /** The first answer counts. @throws not_found when it was not asked */
  answerNps(tx: Tx, ticketId: string, score: number): Promise<void>
}

export function createSatisfaction(
  deps: Pick<CoreDeps, 'policy' | 'log'> & { reactions: SatisfactionReactions },
): Satisfaction {
  const { policy, log, reactions } = deps
  return {
    async considerNps(tx, ticket) {
      // Only who asked themselves has a page on which they can answer.
      if (!isOfConsumer(ticket)) return
      if (!isSampled(ticket.ticketId, policy.npsShare)) return
      const last = await tx
        .selectFrom('npsQuestion')
        .select((eb) => eb.fn.max('askedAtMs').as('atMs'))
        .where('consumerId', '=', ticket.consumerId)
        .executeTakeFirst()
      if (!mayAskAgain(last?.atMs ?? undefined, nowOf(tx), policy.npsPauseDays)) return
      await tx
        .insertInto('npsQuestion')
        .values({
          ticketId: ticket.ticketId,
          consumerId: ticket.consumerId,
          askedAtMs: nowOf(tx),
          score: null,
          answeredAtMs: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    async rate(tx, ticketId, { score, tags }) {
      const ticket = await getTicket(tx, ticketId)
      if (ticket.resolvedAtMs === null)
        throw new CabinetError('conflict', 'It can be rated once it is solved.')
      const ratingTags = JSON.stringify([...new Set(tags)])
      if (ticket.rating === score && ticket.ratingTags === ratingTags) return
      const rated = await saveTicket(
        tx,
        ticket,
        { rating: score, ratingTags, ratedAtMs: ticket.ratedAtMs ?? nowOf(tx) },
        { what: 'rated', values: { score } },
      )
      log.info({ ticketId, score }, 'ticket rated')
      if (ticket.rating !== score) await reactions.scored(tx, rated)
    },
    async answerNps(tx, ticketId, score) {
      const asked = await tx
        .selectFrom('npsQuestion')
        .select('score')
        .where('ticketId', '=', ticketId)
        .executeTakeFirst()
      if (asked === undefined) throw new CabinetError('not_found', 'This was not asked.')
      if (asked.score !== null) return
      await tx
        .updateTable('npsQuestion')
        .set({ score, answeredAtMs: nowOf(tx) })
        .where('ticketId', '=', ticketId)
        .execute()
      log.info({ ticketId, score }, 'recommendation answered')
      const ticket = await getTicket(tx, ticketId)
      const told = await saveTicket(tx, ticket, {}, { what: 'recommended', values: { score } })
      await reactions.scored(tx, told)
    },
  }
}
