import { reminderRule } from '#core/arrears/reminder-rule.ts'
import { receiptRule } from '#core/orders/receipt-rule.ts'
import type { Rule } from '#core/policies/judge.ts'
import type { StoredRule } from '#core/policies/what-if.ts'
import { automaticRefundRule } from '#core/refunds/automatic-rule.ts'
import { restrictionRule } from '#core/restrictions/decide.ts'
import { delayedChargeRule } from './delayed-charge.ts'
import { doubleChargeRule } from './double-charge.ts'
import { returnedGoodsRule } from './returned-goods.ts'
import { returnedLaterRule } from './returned-later.ts'

/** For inputs that come from a row: what was stored is what the rule was given. */
function stored<Inputs, Decision>(rule: Rule<Inputs, Decision>): StoredRule {
  return {
    policy: rule.policy,
    rule: rule.rule,
    replay(inputs, limits) {
      const seen = inputs as Inputs
      const decision = rule.decide(seen, limits)
      return { decision, ...rule.verdict(decision, seen) }
    },
  }
}

/**
 * Every rule that decides without a person, in every version that stored decisions name. A rule that decides otherwise gets
 * a new name; the old one stays here as long as there are decisions of it, so that each can be made again.
 */
export const RULES: readonly StoredRule[] = [
  stored(receiptRule),
  stored(returnedGoodsRule),
  stored(returnedLaterRule),
  stored(automaticRefundRule),
  stored(doubleChargeRule),
  stored(delayedChargeRule),
  stored(reminderRule),
  stored(restrictionRule),
]
const byName = new Map(RULES.map((rule) => [rule.rule, rule]))
export function ruleOf(name: string): StoredRule | undefined {
  return byName.get(name)
}
