import type { DisputeView } from '#protocol/api/consumer.ts'
import type { TicketRow } from './ticket-store.ts'

/** Where a ticket stands for whoever asked. */
export function stateOf(
  ticket: Pick<TicketRow, 'state' | 'isAutomatic' | 'firstRespondedAtMs'>,
): DisputeView['state'] {
  switch (ticket.state) {
    case 'resolved':
      return ticket.isAutomatic === 1 ? 'settled' : 'resolved'
    case 'closed':
    case 'merged':
      return 'closed'
    case 'new':
    case 'open':
    case 'reopened':
    case 'waiting_consumer':
    case 'waiting_internal':
    case 'waiting_device':
    case 'waiting_refund':
      return ticket.firstRespondedAtMs === null ? 'in_review' : 'answered'
  }
}

/** What whoever asked may do now. */
export function actionsOf(ticket: TicketRow, nowMs: number, reopenWindowMs: number): string[] {
  if (ticket.state === 'merged') return []
  if (ticket.resolvedAtMs === null) return ['reply']
  return [
    ...(nowMs - ticket.resolvedAtMs <= reopenWindowMs ? ['reopen'] : []),
    ...(ticket.rating === null ? ['rate'] : []),
  ]
}
