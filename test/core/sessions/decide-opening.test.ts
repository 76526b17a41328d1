import { describe, expect, it } from 'vitest'
import { decideOpening, decideUnlockRefusal, type OpeningFacts } from '#core/sessions/decide.ts'

const open: OpeningFacts = {
  isKnown: true,
  isOutOfService: false,
  isSellingTime: true,
  isLockedOut: false,
  hasExpiredGoods: false,
  hasBlockedGoods: false,
  presence: 'online',
  isBusy: false,
  hasPlanogram: true,
  isBlocked: false,
  arrearsOrderId: undefined,
  unresolvedOrderId: undefined,
  isConsumerBusy: false,
}
/** Every refusal in the documented order; each row makes one more thing wrong, from the last to the first. */
const ORDER = [
  [{ isConsumerBusy: true }, 'consumer_busy'],
  [{ unresolvedOrderId: 'or2' }, 'charge_unresolved'],
  [{ arrearsOrderId: 'or1' }, 'consumer_in_arrears'],
  [{ isBlocked: true }, 'consumer_blocked'],
  [{ hasPlanogram: false }, 'no_planogram'],
  [{ isBusy: true }, 'cabinet_busy'],
  [{ presence: 'suspect' }, 'cabinet_offline'],
  [{ isSellingTime: false }, 'outside_selling_hours'],
  [{ hasBlockedGoods: true }, 'goods_blocked'],
  [{ hasExpiredGoods: true }, 'goods_expired'],
  [{ isLockedOut: true }, 'cabinet_locked_out'],
  [{ isOutOfService: true }, 'cabinet_out_of_service'],
  [{ isKnown: false }, 'unknown_cabinet'],
] as const

describe('a consumer who wants to open', () => {
  it('may, when nothing is against it', () => {
    expect(decideOpening(open)).toBeUndefined()
  })
  it('hears the first refusal of the documented order, when several apply', () => {
    let facts: OpeningFacts = open
    for (const [wrong, code] of ORDER) {
      facts = { ...facts, ...wrong }
      expect(decideOpening(facts)?.code).toBe(code)
    }
  })
  it('is told which order is unpaid', () => {
    expect(decideOpening({ ...open, arrearsOrderId: 'or1' })).toEqual({
      code: 'consumer_in_arrears',
      orderId: 'or1',
    })
  })
  it('is refused for everything but a link that is heard now', () => {
    for (const presence of ['suspect', 'offline', 'unknown'] as const)
      expect(decideOpening({ ...open, presence })?.code).toBe('cabinet_offline')
  })
})

describe('an unlock that failed', () => {
  it.each([
    ['rejected', 'command_expired', 'command_expired'],
    ['rejected', 'precondition_failed', 'precondition_failed'],
    ['expired', undefined, 'command_expired'],
    ['failed', 'no-such-reason', 'unlock_failed'],
  ])('%s for %s is shown as %s', (status, reason, code) => {
    expect(decideUnlockRefusal(status, reason)).toBe(code)
  })
})
