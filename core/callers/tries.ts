import type { Kysely, Selectable } from 'kysely'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'

export type CallerCheckRow = Selectable<Tables['callerCheck']>
const CALLER_DAY_MS = 86_400_000

/** What this person was asked within a day, on any ticket: calling again is no way to more tries. */
export async function checksOfDay(
  db: Kysely<Tables>,
  consumerId: string,
  nowMs: number,
): Promise<CallerCheckRow[]> {
  return db
    .selectFrom('callerCheck')
    .selectAll()
    .where('consumerId', '=', consumerId)
    .where('askedAtMs', '>', nowMs - CALLER_DAY_MS)
    .execute()
}

/** Questions that were not answered well count, also when they were put aside; every code that was sent counts. Pure. */
export function callerTriesLeft(
  checks: ReadonlyArray<Pick<CallerCheckRow, 'way' | 'state'>>,
  policy: Pick<CoreDeps['policy'], 'callerQuestionsMost' | 'callerCodesMost'>,
): { facts: number; codes: number } {
  const failed = checks.filter(
    ({ way, state }) =>
      way === 'facts' && (state === 'failed' || state === 'lapsed' || state === 'withdrawn'),
  )
  const sent = checks.filter(({ way, state }) => way === 'code' && state !== 'passed' && state !== 'ended')
  return {
    facts: Math.max(0, policy.callerQuestionsMost - failed.length),
    codes: Math.max(0, policy.callerCodesMost - sent.length),
  }
}
