import { CabinetError } from '#protocol/base/errors.ts'
import type { Clock } from '#protocol/base/clock.ts'
import type { Policy } from '#core/platform/policy.ts'

type Limits = Pick<Policy, 'guessesMost' | 'guessLockMs' | 'guessLockLongestMs'>
/** Names that nobody has and that are being guessed at; more than this and the oldest are forgotten. */
const NAMES_KEPT = 10_000

/**
 * Until when an account rests after this many wrong answers in a row. Every further one doubles the rest, up to a bound:
 * a guesser gets nowhere, and a colleague whose name is misused is back soon.
 * @returns null when it does not rest
 */
export function restUntilMs(failures: number, nowMs: number, limits: Limits): number | null {
  const beyond = failures - limits.guessesMost
  if (beyond < 0) return null
  return nowMs + Math.min(limits.guessLockLongestMs, limits.guessLockMs * 2 ** Math.min(beyond, 30))
}

/** @throws too_many_requests */
export function checkRest(untilMs: number | null, nowMs: number): void {
  if (untilMs === null || nowMs >= untilMs) return
  const seconds = Math.ceil((untilMs - nowMs) / 1000)
  throw new CabinetError(
    'too_many_requests',
    `Too many wrong passwords or codes for this name; wait ${seconds} s, or ask a manager to unlock it.`,
  )
}

/** The same for names without an account, so that an answer does not tell which names exist. Kept in memory only. */
export function createUnknownNames(clock: Clock, limits: Limits) {
  const names = new Map<string, { failures: number; untilMs: number | null }>()
  return {
    check(name: string): void {
      checkRest(names.get(name)?.untilMs ?? null, clock.now())
    },
    noteFailure(name: string): void {
      const failures = (names.get(name)?.failures ?? 0) + 1
      names.delete(name)
      names.set(name, { failures, untilMs: restUntilMs(failures, clock.now(), limits) })
      if (names.size > NAMES_KEPT) names.delete(names.keys().next().value as string)
    },
  }
}
