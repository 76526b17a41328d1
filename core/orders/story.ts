import type { OrderView, StoryLine } from '#protocol/api/consumer.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import type { StoryKey } from '#protocol/words/story.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { Deferral } from './deferral.ts'

export interface StoryFacts {
  readonly openedAtMs: number | null
  readonly closedAtMs: number | null
  readonly startedAtMs: number | null
  readonly reconciledAtMs: number | null
  readonly reconciled: SessionReconciled | null
  readonly state: OrderView['state']
  readonly itemCount: number
  /** The weights fit several mixes that differ little, and the cheapest was billed. */
  readonly isCheapestOfSeveral: boolean
  readonly totalFen: number
  readonly heldAtMs: number | null
  readonly releasedAtMs: number | null
  readonly pendingAtMs: number | null
  readonly chargedAtMs: number | null
  readonly deferral: Deferral | null
  readonly arrears?:
    | { readonly sinceMs: number; readonly remindedAtMs: number | null; readonly endedAtMs: number | null }
    | undefined
  readonly duplicates: ReadonlyArray<{ amountFen: number; paidAtMs: number; foundAtMs: number }>
  /** Asked for less before it was taken. */
  readonly lowered?: ReadonlyArray<{ byFen: number; atMs: number }> | undefined
  readonly compensations?:
    | ReadonlyArray<{ kind: 'coupon' | 'points'; amountFen: number; givenAtMs: number | null }>
    | undefined
  readonly refunds: ReadonlyArray<{ amountFen: number; requestedAtMs: number; succeededAtMs: number | null }>
}

/** How long the camera could not see, in seconds, counting overlapping times once. */
export function blindSeconds(blocked: ReadonlyArray<{ fromMs: number; toMs: number }>): number {
  let total = 0
  let coveredToMs = Number.NEGATIVE_INFINITY
  for (const { fromMs, toMs } of [...blocked].sort((a, b) => a.fromMs - b.fromMs)) {
    total += Math.max(0, toMs - Math.max(fromMs, coveredToMs))
    coveredToMs = Math.max(coveredToMs, toMs)
  }
  return Math.max(1, Math.round(total / 1000))
}

/** What happened, in the order of time, each sentence with its moment. Pure. */
export function tellStory(facts: StoryFacts): StoryLine[] {
  const story: StoryLine[] = []
  const say = (atMs: number | null, key: StoryKey, values: StoryLine['values'] = {}) => {
    if (atMs !== null) story.push({ atMs, key, values })
  }
  const { reconciled, startedAtMs } = facts
  say(facts.openedAtMs, 'story.opened')
  if (facts.deferral?.cause === 'offline') {
    say(facts.deferral.fromMs, 'story.offline')
    say(facts.reconciledAtMs, 'story.online')
  }
  say(facts.closedAtMs, 'story.closed')
  if (reconciled !== null && startedAtMs !== null) {
    const settledAtMs = startedAtMs + reconciled.settledMs
    if (reconciled.camera.blocked.length > 0)
      say(settledAtMs, 'story.camera_blocked', { seconds: blindSeconds(reconciled.camera.blocked) })
    if (facts.itemCount > 0) say(settledAtMs, 'story.weighed', { count: facts.itemCount })
    if (facts.isCheapestOfSeveral) say(settledAtMs, 'story.cheapest')
    else if (facts.state === 'void') say(settledAtMs, 'story.nothing_taken')
  }
  say(facts.heldAtMs, 'story.held')
  say(facts.releasedAtMs, 'story.released')
  const amount = yuanText(facts.totalFen)
  if (facts.pendingAtMs !== null && facts.chargedAtMs === null)
    say(facts.pendingAtMs, 'story.charge_pending', { amount })
  if (facts.arrears !== undefined) {
    say(facts.arrears.sinceMs, 'story.unpaid', { amount })
    if (facts.arrears.remindedAtMs !== facts.arrears.sinceMs)
      say(facts.arrears.remindedAtMs, 'story.reminded')
    if (facts.state === 'written_off') say(facts.arrears.endedAtMs, 'story.written_off', { amount })
  }
  if (facts.duplicates.length === 0) say(facts.chargedAtMs, 'story.charged', { amount })
  for (const { byFen, atMs } of facts.lowered ?? []) say(atMs, 'story.lowered', { amount: yuanText(byFen) })
  for (const { kind, amountFen, givenAtMs } of facts.compensations ?? [])
    say(givenAtMs, `story.compensated.${kind}`, { amount: yuanText(amountFen) })
  for (const payment of facts.duplicates)
    say(payment.foundAtMs, 'story.charged_twice', { amount: yuanText(payment.amountFen) })
  for (const refund of facts.refunds) {
    say(refund.requestedAtMs, 'story.refund_started', { amount: yuanText(refund.amountFen) })
    say(refund.succeededAtMs, 'story.refund_arrived', { amount: yuanText(refund.amountFen) })
  }
  return story.sort((a, b) => a.atMs - b.atMs)
}
