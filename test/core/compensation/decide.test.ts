import { describe, expect, it } from 'vitest'
import {
  compensationLimitFen,
  decideCompensation,
  decideCompensationApproval,
} from '#core/compensation/decide.ts'

const policy = { agentCompensationFen: 1000, leadCompensationFen: 10_000 }

describe('a coupon or points', () => {
  it('within the limit of an agent need nobody else', () => {
    expect(decideCompensation({ amountFen: 1000, givenFen: 0 }, 'agent', policy).needsApproval).toBe(false)
    expect(decideCompensation({ amountFen: 1001, givenFen: 0 }, 'agent', policy).needsApproval).toBe(true)
  })

  it('count together for one order, so that no limit is passed in small steps', () => {
    expect(decideCompensation({ amountFen: 400, givenFen: 700 }, 'agent', policy).needsApproval).toBe(true)
    expect(decideCompensation({ amountFen: 400, givenFen: 700 }, 'lead', policy).needsApproval).toBe(false)
  })

  it('are not given by those who do not work on money', () => {
    for (const role of ['operator', 'technician', 'admin'] as const)
      expect(compensationLimitFen(role, policy)).toBe(0)
    expect(decideCompensation({ amountFen: 5_000_000, givenFen: 0 }, 'finance', policy).needsApproval).toBe(
      false,
    )
  })

  it('are never approved by who asked, nor above the authority of who approves', () => {
    const asked = { amountFen: 2000, requestedBy: 'st-anna' }
    expect(decideCompensationApproval(asked, { staffId: 'st-anna', role: 'finance' }, policy)).toBe(false)
    expect(decideCompensationApproval(asked, { staffId: 'st-lin', role: 'agent' }, policy)).toBe(false)
    expect(decideCompensationApproval(asked, { staffId: 'st-lin', role: 'lead' }, policy)).toBe(true)
  })
})
