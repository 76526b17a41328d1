import { integerBelow, type Random } from '#protocol/base/random.ts'

const HOUR_MS = 3_600_000
/** How many of a hundred people come in which hour: breakfast, lunch, the way home, late hunger. */
const BY_HOUR = [1, 1, 0, 0, 0, 1, 3, 7, 9, 6, 5, 8, 12, 9, 5, 5, 5, 6, 7, 5, 4, 3, 2, 1] as const
const CUMULATED = BY_HOUR.map((_, hour) =>
  BY_HOUR.slice(0, hour + 1).reduce<number>((sum, share) => sum + share, 0),
)
const ALL = CUMULATED.at(-1) ?? 1
/** Fewer people are about at the weekend, more in summer. */
const BY_WEEKDAY = [0.7, 1.05, 1.05, 1.05, 1.1, 1.15, 0.9] as const

/**
 * How many visits each day has, so that together they make the total: growing to twice as many over the time, with weeks
 * and seasons in it. Pure.
 * @param firstDayMs  start of the first day
 */
export function visitsByDay(total: number, days: number, firstDayMs: number): number[] {
  const weights = Array.from({ length: days }, (_, day) => {
    const atMs = firstDayMs + day * 24 * HOUR_MS
    const season = 1 + 0.15 * Math.sin(((atMs / (24 * HOUR_MS) - 110) / 365) * 2 * Math.PI)
    return (1 + day / days) * season * (BY_WEEKDAY[new Date(atMs).getUTCDay()] ?? 1)
  })
  const sum = weights.reduce((all, weight) => all + weight, 0)
  let given = 0
  let wanted = 0
  return weights.map((weight) => {
    wanted += (weight / sum) * total
    const count = Math.round(wanted) - given
    given += count
    return count
  })
}

/** Moments of a day's visits, in the order of time. */
export function momentsOf(random: Random, dayMs: number, count: number): number[] {
  const moments = Array.from({ length: count }, () => {
    const lot = random.next() * ALL
    const hour = CUMULATED.findIndex((upTo) => lot < upTo)
    return dayMs + Math.max(0, hour) * HOUR_MS + integerBelow(random, HOUR_MS)
  })
  return moments.sort((a, b) => a - b)
}
