import type { MonoMs } from '#protocol/base/units.ts'

export interface RecentPicture {
  readonly camera: string
  readonly bytes: Uint8Array
  readonly atMonoMs: MonoMs
}

/**
 * The last pictures of a cabinet at rest, in memory only: how the shelves were before somebody opens. They become evidence
 * when a session opens the door, and are forgotten otherwise.
 */
export interface PreRoll {
  add(picture: RecentPicture): void
  /** The newest of each camera, not older than is kept. */
  newest(atMonoMs: MonoMs): RecentPicture[]
}

/** @param limits  oldest pictures go first when there are more bytes than these, or they are older than this */
export function createPreRoll(limits: { bytesMost: number; keepMs: number }): PreRoll {
  /** In order of time. */
  let ring: RecentPicture[] = []
  let byteCount = 0

  function forget(beforeMonoMs: MonoMs): void {
    while (ring.length > 0) {
      const [oldest] = ring
      if (oldest === undefined || (oldest.atMonoMs >= beforeMonoMs && byteCount <= limits.bytesMost)) return
      byteCount -= oldest.bytes.byteLength
      ring = ring.slice(1)
    }
  }
  return {
    add(picture) {
      ring = [...ring, picture]
      byteCount += picture.bytes.byteLength
      forget(picture.atMonoMs - limits.keepMs)
    },
    newest(atMonoMs) {
      forget(atMonoMs - limits.keepMs)
      const byCamera = new Map(ring.map((picture) => [picture.camera, picture]))
      return [...byCamera.values()]
    },
  }
}
