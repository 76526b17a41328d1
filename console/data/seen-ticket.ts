import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import type { TicketEvent } from '#protocol/api/tickets.ts'
import { ApiError } from './api.ts'

type Shown = { ticket: Pick<TicketDetail['ticket'], 'version'>; desk: { history: readonly TicketEvent[] } }

/**
 * What a person has seen of a ticket when a dialog opens above it. The page goes on loading below, so that its newest version
 * is not what was decided upon: what other people did meanwhile is shown first, and only then sent over.
 */
export class SeenTicket {
  #version = 0

  open(shown: Shown): void {
    this.#version = shown.ticket.version
  }
  /** What others did since. What rules do, and what this person did in another window, decides nothing for them. */
  unseen(shown: Shown, displayName: string): readonly TicketEvent[] {
    return shown.desk.history.filter(
      ({ version, by }) => version > this.#version && by !== '' && by !== displayName,
    )
  }
  /** They have read what changed, as the page shows it or as the core told when it refused. */
  see(shown: Shown, error?: unknown): void {
    const told = error instanceof ApiError ? Number(error.details['version'] ?? 0) : 0
    this.#version = Math.max(this.#version, shown.ticket.version, told)
  }
  /** The version that a change is sent for; the page may not have loaded yet what the core has told. */
  versionOf(shown: Shown): number {
    return Math.max(this.#version, shown.ticket.version)
  }
}
