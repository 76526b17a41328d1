import type { Language } from './words.ts'

/** Money, dates and amounts as people read them. Pure: the time zone and the present are passed in. */
export function locale(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en-GB'
}

/** 1250 → `¥12.50`. @param fen integer fen; a negative amount gets a minus sign in front */
export function formatMoney(fen: number): string {
  const cents = Math.abs(fen)
  const yuan = Math.floor(cents / 100)
  return `${fen < 0 ? '−' : ''}¥${yuan}.${String(cents % 100).padStart(2, '0')}`
}

const formatters = new Map<string, Intl.DateTimeFormat>()
function formatter(
  language: Language,
  timeZone: string | undefined,
  kind: keyof typeof KINDS,
): Intl.DateTimeFormat {
  const key = `${language} ${timeZone ?? ''} ${kind}`
  const found = formatters.get(key)
  if (found !== undefined) return found
  const made = new Intl.DateTimeFormat(locale(language), { ...KINDS[kind], hourCycle: 'h23', timeZone })
  formatters.set(key, made)
  return made
}
const KINDS = {
  clock: { hour: '2-digit', minute: '2-digit' },
  exact: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  day: { day: 'numeric', month: 'short' },
  dayAndYear: { day: 'numeric', month: 'short', year: 'numeric' },
  compare: { year: 'numeric', month: '2-digit', day: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

/** `10:02`. @param timeZone IANA name; left out, the zone of this machine (in a browser: the reader's) */
export function formatClock(language: Language, atMs: number, timeZone?: string): string {
  return formatter(language, timeZone, 'clock').format(atMs)
}
/** `10:02:11` */
export function formatExactClock(language: Language, atMs: number, timeZone?: string): string {
  return formatter(language, timeZone, 'exact').format(atMs)
}
/** `10:02` on the day of `nowMs`, else `3 Nov 10:02`, with the year when it is another one. */
export function formatMoment(language: Language, atMs: number, nowMs: number, timeZone?: string): string {
  const clock = formatClock(language, atMs, timeZone)
  const day = formatter(language, timeZone, 'compare')
  const then = day.format(atMs)
  const today = day.format(nowMs)
  if (then === today) return clock
  const sameYear = yearOf(atMs, timeZone) === yearOf(nowMs, timeZone)
  return `${formatter(language, timeZone, sameYear ? 'day' : 'dayAndYear').format(atMs)} ${clock}`
}
function yearOf(atMs: number, timeZone: string | undefined): string {
  return formatter('en', timeZone, 'compare').format(atMs).slice(-4)
}
