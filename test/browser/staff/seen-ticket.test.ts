import { describe, expect, it } from 'vitest'
import type { TicketEvent } from '#protocol/api/tickets.ts'
import { ApiError } from '#console/data/api.ts'
import { SeenTicket } from '#console/data/seen-ticket.ts'

const event = (version: number, by: string): TicketEvent => ({
  version,
  by,
  what: 'noted',
  values: {},
  atMs: 0,
})
const shown = (version: number, ...history: TicketEvent[]) => ({ ticket: { version }, desk: { history } })

describe('a dialog that was opened above a ticket in its version 3', () => {
  function opened(): SeenTicket {
    const seen = new SeenTicket()
    seen.open(shown(3, event(3, 'Bob')))
    return seen
  }
  it.each([
    ['what was there when it was opened', [event(3, 'Bob')], []],
    ['what somebody else did since', [event(3, 'Bob'), event(4, 'Bob')], [4]],
    [
      'neither what a rule did nor what they did themselves in another window',
      [event(4, ''), event(5, 'Alice')],
      [],
    ],
  ])('tells Alice: %s', (_what, history, versions) => {
    const unseen = opened().unseen(shown(5, ...history), 'Alice')
    expect(unseen.map(({ version }) => version)).toEqual(versions)
  })
  it('tells it once', () => {
    const seen = opened()
    const now = shown(4, event(4, 'Bob'))
    seen.see(now)
    expect(seen.unseen(now, 'Alice')).toEqual([])
    expect(seen.versionOf(now)).toBe(4)
  })
  it('goes on from what the core has told, also before the page has loaded it', () => {
    const seen = opened()
    seen.see(shown(3), new ApiError('conflict', 409, 'The ticket has changed.', { details: { version: 6 } }))
    expect(seen.versionOf(shown(3))).toBe(6)
    expect(seen.unseen(shown(6, event(6, 'Bob')), 'Alice')).toEqual([])
  })
})
