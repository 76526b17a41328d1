import Database from 'better-sqlite3'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createEdgeDatabase, migrate } from '#edge/database.ts'
import type { DeviceApi } from '#edge/enrolment/device-api.ts'
import { createEvidenceQueue } from '#edge/evidence/evidence-queue.ts'
import { createEvidenceStore } from '#edge/evidence/evidence-store.ts'
import { createEvidenceUploader } from '#edge/evidence/uploader.ts'
import { createScheduler } from '#test/simulation/world/scheduler.ts'

describe('an uploader whose core went away in the middle of an upload', () => {
  it('waits for it without using the processor', async () => {
    const sql = new Database(':memory:')
    migrate(sql)
    const db = createEdgeDatabase(sql)
    const queue = createEvidenceQueue(db)
    const scheduler = createScheduler((_owner, error) => {
      throw error
    })
    const clock = {
      now: () => scheduler.nowMs,
      monoMs: () => scheduler.nowMs,
      setTimer: (name: string, afterMs: number, run: () => void) =>
        scheduler.at(undefined, name, afterMs, run),
    }
    const blobs = new Map<string, Uint8Array>()
    const files = {
      put: (sha256: string, bytes: Uint8Array) => void blobs.set(sha256, bytes),
      read: (sha256: string) => blobs.get(sha256) ?? new Uint8Array(),
      delete: (sha256: string) => void blobs.delete(sha256),
    }
    const store = createEvidenceStore(files, queue, clock, { bytesMost: 1_000_000, keepMs: 86_400_000 })
    const kept = store.keep(Buffer.from('{}'))
    db.transact(() => store.refer(kept, 'se-1', 'weight-trace', 'application/json', 1))
    let isReachable = true
    const api: DeviceApi = {
      async uploadOffset() {
        isReachable = false
        throw new Error('no answer')
      },
      uploadChunk: async () => ({ offset: 0, done: true }),
    }
    const uploader = createEvidenceUploader({
      queue,
      files,
      api,
      clock,
      random: createSeededRandom(1),
      log: pino({ level: 'silent' }),
      ackedSeq: () => 1,
      isReachable: () => isReachable,
      knownNowMs: () => undefined,
      settings: {
        chunkBytes: 1024,
        evidenceAttemptsMost: 5,
        evidenceRetryShortestMs: 1000,
        evidenceRetryLongestMs: 300_000,
      },
    })
    uploader.start()
    await scheduler.runUntil(600_000, () => scheduler.count > 1000)
    expect(scheduler.count).toBeLessThan(30)
    await uploader.stop()
    db.close()
  })
})
