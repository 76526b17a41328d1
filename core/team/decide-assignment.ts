export interface Hand {
  readonly staffId: string
  readonly openTickets: number
  /** Has what the type of the ticket asks for. */
  readonly isTrained: boolean
}
/** Whoever is on shift and has learned it takes the next ticket: the one with the least to do. Pure. */
export function decideAssignee(onShift: readonly Hand[]): string | undefined {
  return onShift
    .filter(({ isTrained }) => isTrained)
    .toSorted((a, b) => a.openTickets - b.openTickets || (a.staffId < b.staffId ? -1 : 1))[0]?.staffId
}

export interface Span {
  readonly staffId: string
  readonly kind: 'work' | 'absence'
  readonly startsAtMs: number
  readonly endsAtMs: number
}
/** Who works at this instant; the end of a shift is not part of it, and an absence wins. Pure. */
export function onShiftAt(spans: readonly Span[], atMs: number): string[] {
  const here = spans.filter(({ startsAtMs, endsAtMs }) => startsAtMs <= atMs && atMs < endsAtMs)
  const away = new Set(here.filter(({ kind }) => kind === 'absence').map(({ staffId }) => staffId))
  return [...new Set(here.filter(({ kind }) => kind === 'work').map(({ staffId }) => staffId))].filter(
    (staffId) => !away.has(staffId),
  )
}
/** When somebody is on shift next, after this instant; undefined when nobody is planned. Pure. */
export function nextCoverMs(spans: readonly Span[], atMs: number): number | undefined {
  const changes = spans
    .flatMap(({ startsAtMs, endsAtMs }) => [startsAtMs, endsAtMs])
    .filter((ms) => ms > atMs)
    .toSorted((a, b) => a - b)
  return changes.find((ms) => onShiftAt(spans, ms).length > 0)
}
