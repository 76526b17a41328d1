import { describe, expect, it } from 'vitest'
import {
  type Asking,
  decideCaller,
  decideReading,
  isFromCaller,
  type Spoken,
} from '#core/callers/decide-caller.ts'

const NOW = 1_000_000
const called: Asking = {
  ticketId: 'tk-call',
  number: 1001,
  orderId: 'or-1',
  hasCaller: true,
  isOpen: true,
  isOwnQuestion: false,
  knownUntilMs: null,
  wasKnown: false,
}
const known: Asking = { ...called, ticketId: 'tk-known', knownUntilMs: NOW + 1, wasKnown: true }
const over: Asking = { ...called, ticketId: 'tk-over', knownUntilMs: NOW, wasKnown: true }
const asked: Asking = { ...called, ticketId: 'tk-own', hasCaller: false, isOwnQuestion: true }
const move = { orderId: 'or-1', nowMs: NOW, isApproval: false }
const inTheWay = (askings: Asking[], more: Partial<Parameters<typeof decideCaller>[1]> = {}) =>
  decideCaller(askings, { ...move, ...more })?.ticketId

describe('money that staff want to move for an order', () => {
  it('moves when nobody calls about the person', () => {
    expect(inTheWay([])).toBeUndefined()
    expect(inTheWay([{ ...called, hasCaller: false }])).toBeUndefined()
  })
  it('stays while a caller is not known, whether their ticket is named or not', () => {
    expect(inTheWay([called])).toBe('tk-call')
    expect(inTheWay([called], { ticketId: 'tk-call' })).toBe('tk-call')
    expect(inTheWay([called], { ticketId: 'tk-other' })).toBe('tk-call')
  })
  it('stays as well when the call was about another order of the same person', () => {
    expect(inTheWay([{ ...called, orderId: 'or-2' }])).toBe('tk-call')
  })
  it('moves for a caller who is known, and not a moment longer', () => {
    expect(inTheWay([known])).toBeUndefined()
    expect(inTheWay([over])).toBe('tk-over')
  })
  it('moves for a question that the buyer asked about this order on their own page, whoever else calls', () => {
    expect(inTheWay([called, asked])).toBeUndefined()
    expect(inTheWay([called, { ...asked, orderId: 'or-2' }])).toBe('tk-call')
    expect(inTheWay([{ ...asked, hasCaller: true }])).toBeUndefined()
  })
  it('stays for the call that staff name as its cause, whatever else is known', () => {
    expect(inTheWay([known, asked, called], { ticketId: 'tk-call' })).toBe('tk-call')
  })
  it('is approved later when the caller was known at the time it was asked for', () => {
    expect(inTheWay([over], { isApproval: true })).toBeUndefined()
    expect(inTheWay([called], { isApproval: true })).toBe('tk-call')
  })
})

describe('a purchase that staff want to look at', () => {
  const seen = (askings: Asking[]) => decideReading(askings, { orderId: 'or-1', nowMs: NOW })?.ticketId
  const found: Asking = { ...called, ticketId: 'tk-rule', hasCaller: false }
  it('stays away while somebody calls who is not known', () => {
    expect(seen([called])).toBe('tk-call')
    expect(seen([called, { ...found, isOpen: false }])).toBe('tk-call')
    expect(seen([called, { ...found, orderId: 'or-2' }])).toBe('tk-call')
  })
  it('is there, as far as they decide about it, for a second person after the time in which the caller was known', () => {
    const seenByDecider = (one: Asking) =>
      decideReading([one], { orderId: 'or-1', nowMs: NOW, isApproval: true })?.ticketId
    expect([seen([over]), seenByDecider(over)]).toEqual(['tk-over', undefined])
    expect(seenByDecider(called)).toBe('tk-call')
  })
  it('is there for whoever works on it for another reason, and moves no money by that', () => {
    expect(seen([called, found])).toBeUndefined()
    expect(inTheWay([called, found])).toBe('tk-call')
  })
})

describe('somebody who speaks and is not signed in', () => {
  const typed: Spoken = {
    origin: 'staff',
    channel: 'hotline',
    openedBy: 'st-1',
    consumerId: 'co-1',
    splitFromId: null,
  }
  it('is who staff typed a ticket for, however they reached us', () => {
    for (const channel of ['hotline', 'email', 'social', 'code'] as const)
      expect(isFromCaller({ ...typed, channel })).toBe(true)
  })
  it('is no operator in their console, no consumer on their page, and no rule', () => {
    expect(isFromCaller({ ...typed, channel: 'console' })).toBe(false)
    expect(isFromCaller({ ...typed, channel: 'code', openedBy: 'co-1' })).toBe(false)
    expect(isFromCaller({ ...typed, channel: 'code', splitFromId: 'tk-1' })).toBe(false)
    expect(isFromCaller({ ...typed, origin: 'dispute', channel: 'order' })).toBe(false)
    expect(isFromCaller({ ...typed, origin: 'anomaly', channel: 'system' })).toBe(false)
  })
})
