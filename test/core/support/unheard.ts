import type { TicketReactions } from '#core/support/tickets.ts'

/** A desk that nobody else listens to: for tests of tickets alone. */
export const UNHEARD: TicketReactions = {
  delayTold: async () => undefined,
  ticketOpened: () => Promise.resolve(undefined),
  ticketResolved: async () => undefined,
  ticketClosed: async () => undefined,
  ticketReopened: async () => undefined,
}
