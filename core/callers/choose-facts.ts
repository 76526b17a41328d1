import type { Bilingual } from '#protocol/api/common.ts'
import type { CallerFact } from '#protocol/api/callers.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'

export interface KnownFact {
  readonly fact: CallerFact
  /** What the caller should say. */
  readonly answer: Bilingual
}

/** How much it says that somebody knows it: what stands only in their own bill says most, a place says little. */
const STRENGTH: Record<CallerFact, number> = {
  transaction: 3,
  phone: 3,
  amount: 2,
  when: 2,
  goods: 2,
  where: 1,
}
const STRONG = 2

/**
 * Two facts that the caller is asked for, never what the ticket says already: that is what the agent was told. What was
 * asked before comes last, so that nobody learns an answer by calling again.
 * @returns undefined when too little is known to tell anything by it
 */
export function chooseFacts(
  facts: readonly KnownFact[],
  already: { told: ReadonlySet<CallerFact>; asked: ReadonlySet<CallerFact> },
  random: Random,
): [KnownFact, KnownFact] | undefined {
  const open = facts.filter(({ fact }) => !already.told.has(fact))
  const fresh = shuffled(
    open.filter(({ fact }) => !already.asked.has(fact)),
    random,
  )
  const inOrder = [
    ...fresh,
    ...shuffled(
      open.filter(({ fact }) => already.asked.has(fact)),
      random,
    ),
  ]
  const first = inOrder.find(({ fact }) => STRENGTH[fact] >= STRONG)
  const second = inOrder.find((one) => one !== first)
  return first === undefined || second === undefined ? undefined : [first, second]
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  const mixed: T[] = []
  while (left.length > 0) mixed.push(...left.splice(integerBelow(random, left.length), 1))
  return mixed
}

/** What of an order a ticket already says, so that it proves nothing. Pure. */
export function toldFacts(
  ticket: { note: string | null; intake: Readonly<Record<string, string | number | boolean>> },
  order: { skus: readonly string[]; totalFen: number; transactionTail: string | null },
): Set<CallerFact> {
  const values = Object.values(ticket.intake)
  const text = [ticket.note ?? '', ...values.filter((one) => typeof one === 'string')].join(' ')
  const told = new Set<CallerFact>()
  if (values.some((one) => typeof one === 'string' && order.skus.includes(one))) told.add('goods')
  if (values.some((one) => typeof one === 'number' && one > EARLIEST_MOMENT_MS)) told.add('when')
  if (ticket.intake['cabinetId'] !== undefined) told.add('where')
  if (text.includes((order.totalFen / 100).toFixed(2))) told.add('amount')
  if (order.transactionTail !== null && text.includes(order.transactionTail)) told.add('transaction')
  return told
}
/** Larger numbers in an intake are moments, smaller ones temperatures. */
const EARLIEST_MOMENT_MS = 1_000_000_000_000
