import { describe, expect, it } from 'vitest'
import { decideComplaintStep, type OwnSide } from '#core/complaints/decide.ts'

const own = (more: Partial<OwnSide> = {}): OwnSide => ({
  reply: undefined,
  isTicketDone: false,
  respondedAtMs: null,
  completedAtMs: null,
  ...more,
})
const told = (side: OwnSide, state: 'pending' | 'processing' | 'processed' = 'pending') => {
  const step = decideComplaintStep({ state }, side)
  return step === undefined ? 'nothing' : step.do === 'respond' ? `respond: ${step.text}` : step.do
}

describe('what the provider is told about a complaint', () => {
  it.each([
    ['nobody has written yet', own(), 'nothing'],
    ['staff have answered', own({ reply: '已退款' }), 'respond: 已退款'],
    ['the answer was told, and the ticket is open', own({ reply: '已退款', respondedAtMs: 1 }), 'nothing'],
    ['the ticket is solved after the answer', own({ respondedAtMs: 1, isTicketDone: true }), 'complete'],
    ['everything was told', own({ respondedAtMs: 1, isTicketDone: true, completedAtMs: 2 }), 'nothing'],
  ])('when %s', (_what, side, expected) => expect(told(side)).toBe(expected))
  it('an end without a word to the consumer is answered first, because the provider wants both', () => {
    expect(told(own({ isTicketDone: true }))).toMatch(/^respond: 您反馈的问题已处理完成/)
  })
  it('nothing, once the provider has ended it', () => {
    expect(told(own({ reply: 'late', isTicketDone: true }), 'processed')).toBe('nothing')
  })
})
