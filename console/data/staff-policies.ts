import type { PolicyLimit } from '#protocol/api/policies.ts'

/** How a person reads and types a limit. Pure. */
export type LimitForm = 'percent' | 'yuan' | 'seconds' | 'minutes' | 'hours' | 'days' | 'count'

const TIMES: ReadonlyArray<readonly [LimitForm, number]> = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
]
const FACTOR: Readonly<Record<LimitForm, number>> = {
  percent: 0.01,
  yuan: 100,
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  count: 1,
}

/** By the limit as it was configured, so that a field never changes its unit while somebody types. */
export function formOf(limit: Pick<PolicyLimit, 'unit' | 'configured'>): LimitForm {
  switch (limit.unit) {
    case 'ratio':
      return 'percent'
    case 'fen':
      return 'yuan'
    case 'ms':
      // A day is said as 24 hours: half of it is then a whole number still.
      return TIMES.find(([, ms]) => limit.configured >= ms * 2)?.[0] ?? 'seconds'
    case 'days':
    case 'years':
    case 'count':
      return 'count'
  }
}

/** 0.97 → 97, 3000 fen → 30, 1800000 ms → 30; no more digits than a person typed. */
export function toField(limit: Pick<PolicyLimit, 'unit' | 'configured'>, value: number): number {
  return Number((value / FACTOR[formOf(limit)]).toFixed(4))
}
/** What the field means; undefined when it holds no number. */
export function fromField(limit: Pick<PolicyLimit, 'unit' | 'configured'>, text: string): number | undefined {
  const typed = Number(text)
  if (text.trim() === '' || !Number.isFinite(typed)) return undefined
  const value = typed * FACTOR[formOf(limit)]
  return limit.unit === 'ratio' ? Number(value.toFixed(6)) : Math.round(value)
}
/** By how much an arrow key moves the field. */
export function stepOf(limit: Pick<PolicyLimit, 'unit' | 'configured'>): string {
  switch (formOf(limit)) {
    case 'percent':
      return '0.1'
    case 'yuan':
      return '0.01'
    case 'seconds':
    case 'minutes':
    case 'hours':
    case 'days':
      return 'any'
    case 'count':
      return '1'
  }
}

export function isSame(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  return Object.keys({ ...a, ...b }).every((name) => a[name] === b[name])
}
