/**
 * What somebody types on a ticket outlives a reload of the page, in this tab only: it may name people, so it is not kept
 * on the disk of the computer.
 */
const key = (ticketId: string) => `draft/${ticketId}`

const noteKey = (ticketId: string) => `${key(ticketId)}/is-note`

export function draftOf(ticketId: string): { text: string; isNote: boolean } {
  return {
    text: sessionStorage.getItem(key(ticketId)) ?? '',
    isNote: sessionStorage.getItem(noteKey(ticketId)) !== null,
  }
}
/** @param isNote  meant for colleagues: it must not come back as a reply to the consumer */
export function keepDraft(ticketId: string, text: string, isNote = false): void {
  if (text === '') sessionStorage.removeItem(key(ticketId))
  else sessionStorage.setItem(key(ticketId), text)
  if (text !== '' && isNote) sessionStorage.setItem(noteKey(ticketId), 'yes')
  else sessionStorage.removeItem(noteKey(ticketId))
}

/** Words of a dialog of the ticket, which come back when it was shut by accident. @param field  which of its fields */
export function wordsOf(ticketId: string, field: string): string {
  return sessionStorage.getItem(`${key(ticketId)}/${field}`) ?? ''
}
/** @param text  empty: sent, or taken back */
export function keepWords(ticketId: string, field: string, text: string): void {
  if (text === '') sessionStorage.removeItem(`${key(ticketId)}/${field}`)
  else sessionStorage.setItem(`${key(ticketId)}/${field}`, text)
}

const OWNER = 'staff.owner'
/**
 * What this tab keeps was one person's. Whoever signs in next at a shared desk neither reads nor sends the words of another,
 * nor goes on through their queue; somebody whose sign-in ended meanwhile finds their own again.
 */
export function keepOnlyFor(staffId: string): void {
  if (sessionStorage.getItem(OWNER) === staffId) return
  sessionStorage.clear()
  sessionStorage.setItem(OWNER, staffId)
}
