/** A stretch of time that is drawn to scale; between two of them the axis is broken. */
export interface AxisSegment {
  readonly fromMs: number
  readonly toMs: number
  readonly fromX: number
  readonly toX: number
}
export interface TimeAxis {
  readonly segments: readonly AxisSegment[]
  x(atMs: number): number
  at(x: number): number
}

const BREAK_MS = 90_000
const BREAK_WIDTH = 34
const NARROWEST = 56

/**
 * A session lasts seconds, the late charge comes an hour later and the refund the next day. On one linear axis the
 * session would be a single pixel, so quiet stretches are cut out and each busy one is drawn to scale.
 * @param times  milliseconds since 1970 UTC of everything that is drawn, in any order
 * @param width  pixels
 */
export function createTimeAxis(times: readonly number[], width: number): TimeAxis {
  const groups = groupTimes(times)
  const breaks = Math.max(0, groups.length - 1) * BREAK_WIDTH
  const free = Math.max(0, width - breaks - groups.length * NARROWEST)
  const shares = groups.map(([fromMs, toMs]) => Math.sqrt(toMs - fromMs))
  const total = shares.reduce((sum, share) => sum + share, 0) || 1
  let x = 0
  const segments = groups.map(([fromMs, toMs], index) => {
    const fromX = x
    const toX = fromX + NARROWEST + (free * (shares[index] ?? 0)) / total
    x = toX + BREAK_WIDTH
    return { fromMs, toMs, fromX, toX }
  })
  return {
    segments,
    x(atMs) {
      for (const segment of segments) {
        if (atMs <= segment.toMs) return xWithin(segment, Math.max(atMs, segment.fromMs))
      }
      return segments.at(-1)?.toX ?? 0
    },
    at(position) {
      let best = segments[0]
      for (const segment of segments) if (position >= segment.fromX) best = segment
      if (!best) return 0
      const share = Math.min(1, Math.max(0, (position - best.fromX) / (best.toX - best.fromX)))
      return best.fromMs + share * (best.toMs - best.fromMs)
    },
  }
}

function xWithin(segment: AxisSegment, atMs: number): number {
  const share = (atMs - segment.fromMs) / (segment.toMs - segment.fromMs)
  return segment.fromX + share * (segment.toX - segment.fromX)
}

function groupTimes(times: readonly number[]): Array<[number, number]> {
  const groups: Array<[number, number]> = []
  for (const atMs of [...times].sort((a, b) => a - b)) {
    const last = groups.at(-1)
    if (last && atMs - last[1] <= BREAK_MS) last[1] = atMs
    else groups.push([atMs, atMs])
  }
  // Room at both ends, so that the first and last mark do not stick to the frame.
  return groups.map(([fromMs, toMs]) => {
    const room = Math.max(1000, (toMs - fromMs) * 0.04)
    return [fromMs - room, toMs + room]
  })
}
