import type { Tx } from '#core/platform/database.ts'
import type { AnomalyRow } from '#core/anomalies/anomalies.ts'
import type { CallBacks } from '#core/follow-up/call-backs.ts'
import type { Improvements } from '#core/improvement/improvements.ts'
import type { Rechecks } from '#core/rechecks/rechecks.ts'
import type { Schedule } from '#core/team/schedule.ts'
import type { Satisfaction, SatisfactionReactions } from '#core/support/satisfaction.ts'
import type { TicketReactions, TicketRow } from '#core/support/tickets.ts'

interface Learners {
  improvements: Improvements
  satisfaction: Satisfaction
  callBacks: CallBacks
  rechecks: Rechecks
  schedule: Schedule
}

/** What follows a case that is solved: its cause is counted, who asked may be asked, and somebody may be called back. */
export function createLearningReactions(domains: () => Learners): {
  satisfaction: SatisfactionReactions
  tickets: Pick<TicketReactions, 'ticketOpened' | 'ticketResolved' | 'ticketClosed' | 'ticketReopened'>
  anomalyExplained(tx: Tx, anomaly: AnomalyRow, rootCause: string | undefined): Promise<void>
} {
  /** Somebody asked about what was counted without a ticket: the case is the ticket from now on. */
  async function forgetAnomalies(tx: Tx, { orderId }: TicketRow): Promise<void> {
    if (orderId === null) return
    const counted = await tx
      .selectFrom('anomaly as a')
      .innerJoin('causeCase as c', (join) =>
        join.onRef('c.caseId', '=', 'a.anomalyId').on('c.kind', '=', 'anomaly'),
      )
      .select('a.anomalyId')
      .distinct()
      .where('a.orderId', '=', orderId)
      .execute()
    for (const { anomalyId } of counted) await domains().improvements.forgetCase(tx, 'anomaly', anomalyId)
  }

  return {
    satisfaction: { scored: (tx, ticket) => domains().callBacks.scored(tx, ticket) },
    tickets: {
      ticketOpened: (tx, ticket) => domains().schedule.ticketOpened(tx, ticket),
      async ticketResolved(tx, ticket) {
        await domains().satisfaction.considerNps(tx, ticket)
        await forgetAnomalies(tx, ticket)
        if (ticket.rootCause !== null && ticket.resolvedAtMs !== null)
          await domains().improvements.countCase(tx, {
            kind: 'ticket',
            caseId: ticket.ticketId,
            rootCause: ticket.rootCause,
            cabinetId: ticket.cabinetId,
            skus: await skusOf(tx, ticket),
            atMs: ticket.resolvedAtMs,
          })
      },
      async ticketClosed(tx, ticket) {
        await domains().callBacks.ticketClosed(tx, ticket)
        await domains().rechecks.ticketClosed(tx, ticket)
      },
      async ticketReopened(tx, ticket) {
        await domains().callBacks.ticketReopened(tx, ticket)
        await domains().rechecks.ticketReopened(tx, ticket)
        await domains().improvements.forgetCase(tx, 'ticket', ticket.ticketId)
      },
    },
    /** No ticket was needed, such as for a late charge that explains itself: it still counts as a case of its cause. */
    async anomalyExplained(tx, anomaly, rootCause) {
      // Goods that were brought back later are no fault of ours.
      if (rootCause === undefined || anomaly.kind === 'item_returned') return
      if (anomaly.outcome === 'dismiss' || anomaly.cabinetId === '') return
      await domains().improvements.countCase(tx, {
        kind: 'anomaly',
        caseId: anomaly.anomalyId,
        rootCause,
        cabinetId: anomaly.cabinetId,
        skus: [],
        atMs: anomaly.decidedAtMs ?? anomaly.detectedAtMs,
      })
    },
  }
}

/** The products that a ticket is about: what was answered on intake, and the lines that were named. */
async function skusOf(tx: Tx, ticket: TicketRow): Promise<string[]> {
  const { sku } = JSON.parse(ticket.intake) as { sku?: unknown }
  const lines = JSON.parse(ticket.lines) as Array<{ lineId: string }>
  const named =
    lines.length === 0
      ? []
      : await tx
          .selectFrom('orderLine')
          .select('sku')
          .where(
            'lineId',
            'in',
            lines.map(({ lineId }) => lineId),
          )
          .execute()
  return [...new Set([...(typeof sku === 'string' ? [sku] : []), ...named.map((line) => line.sku)])]
}
