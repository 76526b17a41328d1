/** Days of the books are Beijing days, wherever the reader sits. */
const ZONE_OFFSET_MS = 8 * 3_600_000

/** `yyyy-MM-dd` */
export function dayOf(atMs: number): string {
  return new Date(atMs + ZONE_OFFSET_MS).toISOString().slice(0, 10)
}
/** What `<input type="datetime-local">` shows for a moment, in Beijing. */
export function localInput(atMs: number): string {
  return new Date(atMs + ZONE_OFFSET_MS).toISOString().slice(0, 16)
}
/** @returns undefined when the field is empty or no time */
export function fromLocalInput(text: string): number | undefined {
  const atMs = Date.parse(`${text}:00+08:00`)
  return Number.isNaN(atMs) ? undefined : atMs
}
/** `08:30` as minutes; `24:00` cannot be typed, so 00:00 as an end is the end of the day. */
export function minutesOf(text: string, isEnd: boolean): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  const total = hours * 60 + minutes
  return isEnd && total === 0 ? 1440 : total
}
export function clockOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}
/** "3.50" as 350; undefined when it is no amount. */
export function fenOf(text: string): number | undefined {
  const match = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.trim())
  if (match === null) return undefined
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}
