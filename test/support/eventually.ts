import { wait } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'

const clock = createSystemClock()

/** What a scenario expected and did not see in time. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
}

/**
 * Asks again and again until `read` gives something other than undefined or false.
 * @param what  the sentence of the failure: "… did not happen within N ms"
 * @throws ExpectationError with the last thing seen
 */
export async function eventually<T>(
  what: string,
  read: () => Promise<T | undefined | false> | T | undefined | false,
  options: { withinMs?: number; everyMs?: number; lastSeen?: () => unknown } = {},
): Promise<T> {
  const { withinMs = 15_000, everyMs = 100, lastSeen } = options
  const untilMs = clock.monoMs() + withinMs
  let problem = ''
  for (;;) {
    try {
      const value = await read()
      if (value !== undefined && value !== false) return value
      problem = ''
    } catch (error) {
      if (error instanceof ExpectationError) throw error
      problem = `; the last attempt failed: ${messageOf(error)}`
    }
    if (clock.monoMs() >= untilMs) {
      const seen = lastSeen === undefined ? '' : `; last seen: ${JSON.stringify(lastSeen())}`
      throw new ExpectationError(`${what} did not happen within ${withinMs} ms${problem}${seen}`)
    }
    await wait(clock, what, everyMs)
  }
}

/** As `eventually`, where the code that waits says plainly enough what for. */
export function until<T>(read: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  return eventually('what was waited for', read, { everyMs: 25 })
}

/** For what must not happen: holds when `read` stays undefined or false for the whole time. */
export async function never(what: string, read: () => Promise<unknown>, forMs: number): Promise<void> {
  const untilMs = clock.monoMs() + forMs
  while (clock.monoMs() < untilMs) {
    const value = await read()
    if (value !== undefined && value !== false)
      throw new ExpectationError(`${what}, but ${JSON.stringify(value)}`)
    await wait(clock, what, 100)
  }
}

/** An expectation with a sentence: scenarios print it as their reason. */
export function expectThat(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new ExpectationError(sentence)
}

export function expectEqual<T>(actual: T, wanted: T, what: string): void {
  const [a, b] = [JSON.stringify(sorted(actual)), JSON.stringify(sorted(wanted))]
  if (a !== b) throw new ExpectationError(`${what}: expected ${b}, got ${a}`)
}

/** Objects compare without regard to the order of their keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
