import { describe, expect, it } from 'vitest'
import { type Comparable, decideAlike } from '#core/support/desk/merging.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-22T12:00:00Z')
const ticket = (ticketId: string, more: Partial<Comparable> = {}): Comparable => ({
  ticketId,
  number: 1000,
  type: 'other',
  openedAtMs: NOW,
  sessionId: null,
  orderId: null,
  consumerId: null,
  cabinetId: null,
  operator: null,
  channel: 'hotline',
  incidentId: null,
  ...more,
})
const alike = (one: Partial<Comparable>, ...others: Array<Partial<Comparable>>) =>
  decideAlike(
    ticket('tk-0', one),
    others.map((other, index) => ticket(`tk-${index + 1}`, other)),
  ).map(({ ticketId, because }) => [ticketId, ...because])

describe('a question that may have been asked before', () => {
  it('is the same about one visit, even when the caller was not recognised', () => {
    const about = { sessionId: 'se-1', orderId: 'or-1', consumerId: 'co-1' }
    expect(alike(about, { sessionId: 'se-1', orderId: 'or-1' }, { cabinetId: 'cab-1' })).toEqual([
      ['tk-1', 'session', 'order'],
    ])
  })
  it('is likelier the nearer it was, and the more is the same', () => {
    const person = { consumerId: 'co-1' }
    expect(
      alike(
        { ...person, sessionId: 'se-1' },
        { ...person, openedAtMs: NOW - 5 * HOUR },
        { ...person, openedAtMs: NOW - HOUR },
        { ...person, sessionId: 'se-1', openedAtMs: NOW - 24 * HOUR },
        { ...person, openedAtMs: NOW - 100 * HOUR },
      ),
    ).toEqual([
      ['tk-3', 'session', 'consumer'],
      ['tk-2', 'consumer'],
      ['tk-1', 'consumer'],
    ])
  })
  it('of another person is never suggested, nor what an operator wrote to a consumer', () => {
    const visit = { sessionId: 'se-1', consumerId: 'co-1' }
    expect(alike(visit, { ...visit, consumerId: 'co-2' })).toEqual([])
    expect(alike(visit, { sessionId: 'se-1', channel: 'console' })).toEqual([])
  })
  it('of another emergency is never suggested, for each has an end of its own', () => {
    const visit = { sessionId: 'se-1', incidentId: 'in-1' }
    expect(alike(visit, visit, { ...visit, incidentId: 'in-2' })).toEqual([['tk-1', 'session']])
  })
  it('about one cabinet alone is not enough', () => {
    expect(alike({ cabinetId: 'cab-1' }, { cabinetId: 'cab-1' })).toEqual([])
  })
})
