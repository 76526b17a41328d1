/** The report within the hour: half of it reminds, at 80 % a lead is called, and at its end whoever is on duty. */
export const REPORT_RUNGS = [50, 80, 100] as const
export type ReportRung = (typeof REPORT_RUNGS)[number]

export interface ReportClock {
  readonly discoveredAtMs: number
  readonly reportDueAtMs: number
  readonly reportedAtMs: number | null
}
export function rungAtMs(clock: ReportClock, percent: ReportRung): number {
  const { discoveredAtMs, reportDueAtMs } = clock
  return discoveredAtMs + Math.ceil(((reportDueAtMs - discoveredAtMs) * percent) / 100)
}
/**
 * What the clock asks for now, and when to look again. Pure. An emergency that is entered late begins with the rungs that it
 * has passed already.
 */
export function decideReport(
  clock: ReportClock,
  done: ReadonlySet<number>,
  nowMs: number,
): { reached: ReportRung[]; nextAtMs: number | undefined } {
  if (clock.reportedAtMs !== null) return { reached: [], nextAtMs: undefined }
  const left = REPORT_RUNGS.filter((percent) => !done.has(percent))
  const reached = left.filter((percent) => rungAtMs(clock, percent) <= nowMs)
  const next = left.find((percent) => rungAtMs(clock, percent) > nowMs)
  return { reached, nextAtMs: next === undefined ? undefined : rungAtMs(clock, next) }
}
export function isReportLate(clock: ReportClock, nowMs: number): boolean {
  return (clock.reportedAtMs ?? nowMs) > clock.reportDueAtMs
}
