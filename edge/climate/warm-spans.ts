/** A time in which the air was above the limit, on the clock of the lockout's record. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** More are not kept: the two that lie closest become one, and what was between them counts as warm. */
const SPANS_MOST = 40

/** @returns the spans with one more, without what ended before `sinceMs` */
export function addSpan(spans: readonly Span[], span: Span | undefined, sinceMs: number): readonly Span[] {
  if (span === undefined && spans.every(({ toMs }) => toMs >= sinceMs)) return spans
  const kept = [...spans, ...(span === undefined ? [] : [span])].filter(({ toMs }) => toMs >= sinceMs)
  while (kept.length > SPANS_MOST) joinClosest(kept)
  return kept
}

function joinClosest(spans: Span[]): void {
  let closest = 1
  for (let at = 1; at < spans.length; at++) if (gapBefore(spans, at) < gapBefore(spans, closest)) closest = at
  const [before, after] = [spans[closest - 1], spans[closest]]
  if (before === undefined || after === undefined) return
  spans.splice(closest - 1, 2, { fromMs: before.fromMs, toMs: after.toMs })
}
function gapBefore(spans: readonly Span[], at: number): number {
  const [before, after] = [spans[at - 1], spans[at]]
  return before === undefined || after === undefined ? Number.POSITIVE_INFINITY : after.fromMs - before.toMs
}

/** How much of the time since `sinceMs` was warm. */
export function warmTotalMs(spans: readonly Span[], sinceMs: number): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - Math.max(fromMs, sinceMs)), 0)
}
