import type { Readings } from '#protocol/api/staff/cabinets.ts'

/** What `<time-chart>` draws. Values in degrees Celsius; null breaks the line, so that a gap stays a gap. */
export interface TemperatureSeries {
  readonly atMs: number[]
  readonly mean: Array<number | null>
  readonly lowest: Array<number | null>
  readonly highest: Array<number | null>
  readonly setpoint: Array<number | null>
}

/** Readings that are further apart than this are not one line, even when nobody recorded a gap. */
const LONGEST_LINK_MS = 15 * 60_000

/** Joins readings and setpoint changes on one axis and puts a null into every gap. */
export function temperatureSeries(
  readings: Readings,
  fromMs: number,
  toMs: number,
  longestLinkMs = LONGEST_LINK_MS,
): TemperatureSeries {
  const moments = new Map<number, readonly [lowest: number, mean: number, highest: number] | null>()
  let before: number | undefined
  for (const [atMs, lowest, mean, highest] of readings.air) {
    const isTorn =
      before !== undefined &&
      (atMs - before > longestLinkMs || readings.gaps.some(([from, to]) => from < atMs && to > (before ?? 0)))
    if (before !== undefined && isTorn) moments.set(before + 1, null)
    moments.set(atMs, [lowest / 10, mean / 10, highest / 10])
    before = atMs
  }
  const times = new Set(moments.keys())
  for (const [atMs] of readings.setpoints) if (atMs >= fromMs && atMs <= toMs) times.add(atMs)
  if (readings.setpoints.length > 0) times.add(toMs)
  const sorted = [...times].sort((a, b) => a - b)
  const series: TemperatureSeries = { atMs: sorted, mean: [], lowest: [], highest: [], setpoint: [] }
  const changes = [...readings.setpoints].sort((a, b) => a[0] - b[0])
  for (const atMs of sorted) {
    const reading = moments.get(atMs)
    // undefined bridges a point that belongs to another line; null tears this one.
    const pick = (index: 0 | 1 | 2) => (reading ? reading[index] : null)
    series.lowest.push(pick(0))
    series.mean.push(pick(1))
    series.highest.push(pick(2))
    const change = changes.findLast(([changeMs]) => changeMs <= atMs)
    series.setpoint.push(change ? change[1] / 10 : null)
  }
  return series
}
