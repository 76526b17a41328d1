/** A time before this was written by a clock that was never set, and says nothing about age. */
export const PLAUSIBLE_FROM_MS = Date.UTC(2024)
/** Written down where nobody has told the time yet. */
export const TIME_UNKNOWN = 0
/** The clock of the core, from which true time comes, is set by so little at most. */
const SLACK_MS = 60_000

/**
 * Whether a time in a column cannot be true, as a condition with one parameter: true time now, in ms. Such a row was stamped
 * while the time was unknown, or by a clock that was ahead.
 */
export function isImpossibleSql(column: string): string {
  return `(${column} < ${PLAUSIBLE_FROM_MS} OR ${column} > ? + ${SLACK_MS})`
}
