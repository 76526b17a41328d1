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

/**
 * Words of a dialog of the ticket, which come back when it was shut by accident. @param field  which of its fields
 * @returns undefined when nothing was written there; empty when somebody emptied it on purpose
 */
export function wordsOf(ticketId: string, field: string): string | undefined {
  return sessionStorage.getItem(`${key(ticketId)}/${field}`) ?? undefined
}
export function keepWords(ticketId: string, field: string, text: string): void {
  sessionStorage.setItem(`${key(ticketId)}/${field}`, text)
}

/**
 * What somebody chose instead of what we proposed. @param proposed  one word
 * @returns undefined when nothing was chosen, or something else is proposed by now: the case went on, as by a refund
 */
export function choiceOf(ticketId: string, field: string, proposed: string): string | undefined {
  const [instead, chosen] = wordsOf(ticketId, field)?.split(' ') ?? []
  return instead === proposed ? chosen : undefined
}
export function keepChoice(ticketId: string, field: string, proposed: string, chosen: string): void {
  keepWords(ticketId, field, `${proposed} ${chosen}`)
}

/** They were sent. */
export function forgetWords(ticketId: string, field: string): void {
  sessionStorage.removeItem(`${key(ticketId)}/${field}`)
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
