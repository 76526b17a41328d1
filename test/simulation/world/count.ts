/** Counts what happened to a run, by kind. */
export type Count = (kind: string, times?: number) => void

export function createCounter(): { count: Count; counts: Record<string, number> } {
  const counts: Record<string, number> = {}
  return {
    counts,
    count(kind, times = 1) {
      counts[kind] = (counts[kind] ?? 0) + times
    },
  }
}
