import type { TICKET_CHANNELS } from '#protocol/api/tickets.ts'

/** What of a ticket says whether somebody speaks in it whom nobody signed in. */
export interface Spoken {
  readonly origin: 'dispute' | 'anomaly' | 'staff'
  readonly channel: (typeof TICKET_CHANNELS)[number]
  readonly openedBy: string
  readonly consumerId: string | null
  readonly splitFromId: string | null
}
/** A ticket about the person whose money would move. */
export interface Asking {
  readonly ticketId: string
  readonly number: number
  readonly orderId: string | null
  readonly hasCaller: boolean
  /** Staff have something to do on it. */
  readonly isOpen: boolean
  /** It is open, and the consumer wrote it while signed in. */
  readonly isOwnQuestion: boolean
  /** Until when the caller counts as known; null: never found out. */
  readonly knownUntilMs: number | null
  /** At some time the caller was found to be who they say. */
  readonly wasKnown: boolean
}
export interface MoneyMove {
  readonly orderId: string
  /** The ticket that staff name as its cause. */
  readonly ticketId?: string | undefined
  readonly nowMs: number
  /** A second person decides what was asked for when the caller was known. */
  readonly isApproval: boolean
}
/** What staff want to look at for an order. With `isApproval`: what they decide as the second person. */
export type Reading = Pick<MoneyMove, 'orderId' | 'nowMs'> & Partial<Pick<MoneyMove, 'isApproval'>>

/**
 * Staff typed what somebody said on the telephone, wrote in an e-mail or elsewhere: nobody signed in. What an operator
 * wrote in their console and a consumer on their own pages is not such. Pure.
 */
export function isFromCaller(ticket: Spoken): boolean {
  if (ticket.origin !== 'staff' || ticket.openedBy === ticket.consumerId) return false
  if (ticket.channel === 'code') return ticket.splitFromId === null
  return ticket.channel === 'hotline' || ticket.channel === 'email' || ticket.channel === 'social'
}

/**
 * Which ticket is in the way of money that staff want to move for an order, if any. It looks at every ticket about the
 * person, whether staff name one or not: leaving it out must not be a way around. Pure.
 */
export function decideCaller(askings: readonly Asking[], move: MoneyMove): Asking | undefined {
  const isKnown = (one: Asking) =>
    move.isApproval ? one.wasKnown : one.knownUntilMs !== null && one.knownUntilMs > move.nowMs
  const unknown = askings.filter((one) => one.hasCaller && !one.isOwnQuestion && !isKnown(one))
  const named = unknown.find(({ ticketId }) => ticketId === move.ticketId)
  if (named !== undefined) return named
  // Whoever asked about this order on their own pages is known by their sign-in, whoever else calls.
  const isAskedSignedIn = askings.some((one) => one.isOwnQuestion && one.orderId === move.orderId)
  if (isAskedSignedIn || askings.some((one) => one.hasCaller && isKnown(one))) return undefined
  return unknown[0]
}

/**
 * As `decideCaller`, of looking only. Who works on another open ticket about this order, such as one that a rule opened,
 * sees what that work needs. Pure.
 */
export function decideReading(askings: readonly Asking[], reading: Reading): Asking | undefined {
  const isWorkedOn = askings.some(
    ({ hasCaller, isOpen, orderId }) => isOpen && !hasCaller && orderId === reading.orderId,
  )
  return isWorkedOn ? undefined : decideCaller(askings, { isApproval: false, ...reading })
}
