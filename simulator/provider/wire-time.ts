/**
 * Times on the provider's wire. All of them are Beijing time, which has had no summer time since 1991,
 * so a fixed offset is exact and does not depend on the machine's zone data.
 */
const BEIJING_OFFSET_MS = 8 * 3_600_000

interface Parts {
  year: string
  month: string
  day: string
  hour: string
  minute: string
  second: string
}

function beijingParts(atMs: number): Parts {
  const iso = new Date(atMs + BEIJING_OFFSET_MS).toISOString()
  return {
    year: iso.slice(0, 4),
    month: iso.slice(5, 7),
    day: iso.slice(8, 10),
    hour: iso.slice(11, 13),
    minute: iso.slice(14, 16),
    second: iso.slice(17, 19),
  }
}

/** `yyyyMMddHHmmss`, as in service orders. */
export function compactTime(atMs: number): string {
  const p = beijingParts(atMs)
  return `${p.year}${p.month}${p.day}${p.hour}${p.minute}${p.second}`
}

/** RFC 3339 with +08:00, as in refunds and callbacks. */
export function rfc3339(atMs: number): string {
  const p = beijingParts(atMs)
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}+08:00`
}

/** `yyyy-MM-dd HH:mm:ss`, as in bills. */
export function billTime(atMs: number): string {
  const p = beijingParts(atMs)
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`
}

/** `yyyy-MM-dd`: the day of a bill. */
export function billDay(atMs: number): string {
  return billTime(atMs).slice(0, 10)
}

/** @returns milliseconds since 1970 UTC, or undefined when it is not a real `yyyyMMddHHmmss` */
export function parseCompactTime(text: string): number | undefined {
  if (!/^\d{14}$/.test(text)) return undefined
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}T${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12, 14)}+08:00`
  const atMs = Date.parse(iso)
  return Number.isNaN(atMs) || compactTime(atMs) !== text ? undefined : atMs
}

/** @returns the first millisecond of a `yyyy-MM-dd` in Beijing, or undefined */
export function parseBillDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const atMs = Date.parse(`${text}T00:00:00+08:00`)
  return Number.isNaN(atMs) || billDay(atMs) !== text ? undefined : atMs
}
