/** Times on the provider's wire are Beijing time, which has had no summer time since 1991: a fixed offset is exact. */
const BEIJING_OFFSET_MS = 8 * 3_600_000

/** `yyyyMMddHHmmss` */
export function compactTime(atMs: number): string {
  return new Date(atMs + BEIJING_OFFSET_MS).toISOString().slice(0, 19).replace(/[-:T]/g, '')
}
/** @returns milliseconds since 1970 UTC, or undefined when it is not a `yyyyMMddHHmmss` */
export function parseCompactTime(text: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`)
  return Number.isNaN(atMs) ? undefined : atMs
}
/** RFC 3339, as in refunds. */
export function parseRfc3339(text: string): number | undefined {
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : atMs
}
