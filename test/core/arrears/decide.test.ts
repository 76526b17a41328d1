import { describe, expect, it } from 'vitest'
import { decideNextReminder, decideWriteOffApproval } from '#core/arrears/decide.ts'
import { writeOffMachine } from '#core/arrears/machine.ts'

const DAY = 86_400_000
const schedule = { arrearsReminderFirstMs: DAY, arrearsReminderLongestMs: 3 * DAY, arrearsRemindersMost: 4 }
const limits = { agentWriteOffFen: 0, leadWriteOffFen: 5000 }

describe('an order that stays unpaid', () => {
  it('is said less and less often, and after the last time a person looks', () => {
    expect([1, 2, 3, 4].map((sent) => decideNextReminder(sent, schedule))).toEqual([
      DAY,
      2 * DAY,
      3 * DAY,
      undefined,
    ])
  })
})

describe('letting go of a debt', () => {
  const asked = { amountFen: 5000, requestedBy: 'st-lead' }
  it('is never decided by who asked, whatever their role', () => {
    expect(decideWriteOffApproval(asked, { staffId: 'st-lead', role: 'finance' }, limits)).toBe(false)
  })
  it('is decided by another lead up to the limit, and above it by finance', () => {
    expect(decideWriteOffApproval(asked, { staffId: 'st-other', role: 'lead' }, limits)).toBe(true)
    const more = { ...asked, amountFen: 5001 }
    expect(decideWriteOffApproval(more, { staffId: 'st-other', role: 'lead' }, limits)).toBe(false)
    expect(decideWriteOffApproval(more, { staffId: 'st-finance', role: 'finance' }, limits)).toBe(true)
  })
  it('has no object any more when the money comes first', () => {
    expect(writeOffMachine.next('approved', 'ended')).toBe('overtaken')
    expect(writeOffMachine.next('overtaken', 'letGo')).toBeUndefined()
  })
})
