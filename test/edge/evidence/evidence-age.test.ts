import { describe, expect, it } from 'vitest'
import { openEdgeDatabase } from '#edge/database.ts'
import { createEvidenceQueue } from '#edge/evidence/evidence-queue.ts'
import { createEvidenceStore } from '#edge/evidence/evidence-store.ts'
import { TIME_UNKNOWN } from '#edge/row-times.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const DAY_MS = 86_400_000
const KEEP_MS = 7 * DAY_MS
const NOW_MS = Date.UTC(2026, 10, 2)

/** A picture that the core accepted at a time. */
function accepted(atMs: number) {
  const db = openEdgeDatabase(':memory:')
  const queue = createEvidenceQueue(db)
  const files = new Map<string, Uint8Array>()
  const store = createEvidenceStore(
    {
      put: (sha256, bytes) => void files.set(sha256, bytes),
      read: (sha256) => files.get(sha256) ?? new Uint8Array(),
      delete: (sha256) => void files.delete(sha256),
    },
    queue,
    createManualClock().clock,
    { bytesMost: 1_000_000, keepMs: KEEP_MS },
  )
  const kept = store.keep(Buffer.from('a picture'))
  db.transact(() => store.refer(kept, 'se-1', 'snapshot', 'image/jpeg', 1))
  const row = queue.next(1)
  if (row === undefined) throw new Error('nothing waits')
  queue.accepted(row, atMs)
  return { store, isKept: () => files.size === 1 }
}

describe('a picture that the core has', () => {
  it('is kept for its time, because a core that comes back from a backup asks for it again', () => {
    const { store, isKept } = accepted(NOW_MS)
    store.tidy(NOW_MS + KEEP_MS - 1)
    expect(isKept()).toBe(true)
    store.tidy(NOW_MS + KEEP_MS + 1)
    expect(isKept()).toBe(false)
  })

  it('is kept while nobody knows the time', () => {
    const { store, isKept } = accepted(NOW_MS - 100 * DAY_MS)
    store.tidy(undefined)
    expect(isKept()).toBe(true)
  })

  it.for([
    ['while the time was unknown', TIME_UNKNOWN],
    ['when the clock was ten years ahead', NOW_MS + 3650 * DAY_MS],
  ] as const)('and was accepted %s is kept from now on', ([, atMs]) => {
    const { store, isKept } = accepted(atMs)
    store.tidy(NOW_MS)
    expect(isKept()).toBe(true)
    store.tidy(NOW_MS + KEEP_MS + 1)
    expect(isKept()).toBe(false)
  })
})
