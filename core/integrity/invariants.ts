import type { Kysely } from 'kysely'
import type { Tables } from '#core/platform/tables/index.ts'
import { DECISION_INVARIANTS } from './decision-invariants.ts'
import type { CheckContext, Invariant, Violation } from './invariant.ts'
import { MONEY_INVARIANTS } from './money-invariants.ts'
import { RECORD_INVARIANTS } from './record-invariants.ts'
import { SESSION_INVARIANTS } from './session-invariants.ts'
import { STREAM_INVARIANTS } from './stream-invariants.ts'

export type { CheckContext, Invariant, RestoreWindow, Violation } from './invariant.ts'

/**
 * The promises that the core's database can show, by number. The other numbers (I10, I17, I19) are kept by structure or by
 * a job; docs/explain/reliability.md says by which.
 */
export const INVARIANTS: readonly Invariant[] = [
  ...MONEY_INVARIANTS,
  ...SESSION_INVARIANTS,
  ...STREAM_INVARIANTS,
  ...RECORD_INVARIANTS,
  ...DECISION_INVARIANTS,
].toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))

/** Every promise, one after the other. @returns what is broken; nothing when all is well */
export async function checkInvariants(
  read: Kysely<Tables>,
  context: CheckContext,
  invariants: readonly Invariant[] = INVARIANTS,
): Promise<Violation[]> {
  const violations: Violation[] = []
  for (const invariant of invariants) violations.push(...(await invariant.check(read, context)))
  return violations
}
