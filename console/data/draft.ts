/**
 * What somebody types on a ticket outlives a reload of the page, in this tab only: it may name people, so it is not kept
 * on the disk of the computer.
 */
const key = (ticketId: string) => `draft/${ticketId}`

export function draftOf(ticketId: string): string {
  return sessionStorage.getItem(key(ticketId)) ?? ''
}
export function keepDraft(ticketId: string, text: string): void {
  if (text === '') sessionStorage.removeItem(key(ticketId))
  else sessionStorage.setItem(key(ticketId), text)
}
