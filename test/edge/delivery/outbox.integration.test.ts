import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EdgeDatabase, openEdgeDatabase } from '#edge/database.ts'
import { createOutbox, type Outbox } from '#edge/delivery/outbox.ts'
import { startIdentity } from '#edge/identity.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const limits = { bytesMost: 2000, rewindKeepMs: 60_000, rewindBytesMost: 1e9 }

describe('the outbox', () => {
  let folder: string
  let db: EdgeDatabase
  let outbox: Outbox
  const manual = createManualClock()
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'edge-outbox-'))
    open()
  })
  afterEach(() => {
    db.close()
    rmSync(folder, { recursive: true })
  })
  function open() {
    db = openEdgeDatabase(path.join(folder, 'edge.sqlite'))
    const identity = startIdentity(db, createIds(manual.clock, createSeededRandom(1)))
    outbox = createOutbox(db, identity, manual.clock, limits, pino({ level: 'silent' }))
  }
  function reopen() {
    db.close()
    open()
  }
  const tell = (count: number) => {
    for (let i = 0; i < count; i++) db.transact(() => outbox.append('door.opened', { sessionId: 'se-1' }))
  }
  const seqs = (from: number) => outbox.read(from, 100, 1e6).map((row) => row.seq)

  it('runs with synchronous=FULL, or a power cut loses what was acknowledged', () => {
    expect(db.sql.pragma('synchronous', { simple: true })).toBe(2)
    reopen()
    expect(db.sql.pragma('synchronous', { simple: true })).toBe(2)
    expect(db.sql.pragma('journal_mode', { simple: true })).toBe('wal')
  })

  it('numbers without holes: what is rolled back never had a number', () => {
    tell(2)
    expect(() =>
      db.transact(() => {
        outbox.append('door.opened', {})
        throw new Error('the disk is full')
      }),
    ).toThrow('the disk is full')
    tell(1)
    expect(seqs(1)).toEqual([1, 2, 3])
  })

  it('keeps epoch and numbers over a restart, and marks events of an earlier boot', () => {
    const { epoch } = outbox
    tell(2)
    reopen()
    tell(1)
    expect(outbox.epoch).toBe(epoch)
    expect(outbox.read(1, 10, 1e6).map((row) => row.event.boot)).toEqual([1, 1, undefined])
  })

  it('keeps what the core has for a while, gives it out again, and forgets it in the end', async () => {
    tell(5)
    outbox.confirm(4)
    outbox.prune()
    expect(seqs(1)).toEqual([1, 2, 3, 4, 5])
    outbox.rewind(2)
    expect(outbox.range()).toMatchObject({ ackedSeq: 2, lastSeq: 5 })
    outbox.confirm(4)
    await manual.pass(60_001)
    outbox.prune()
    expect(seqs(1)).toEqual([5])
    reopen()
    tell(1)
    expect(outbox.range()).toEqual({ firstSeq: 5, lastSeq: 6, ackedSeq: 4 })
  })

  it('gives out a frame by count and by bytes, one event at least', () => {
    tell(5)
    const { byteCount } = outbox.read(1, 1, 1)[0] ?? expect.fail('no event')
    expect(outbox.read(1, 100, 2 * byteCount + 1).map((row) => row.seq)).toEqual([1, 2])
    expect(outbox.read(2, 1, 1).map((row) => row.seq)).toEqual([2])
  })

  it('says when it is nearly full, full, and well again', () => {
    const levels: string[] = []
    while (outbox.pressure().level !== 'full') {
      tell(1)
      levels.push(outbox.pressure().level)
    }
    expect([...new Set(levels)]).toEqual(['normal', 'high', 'full'])
    outbox.confirm(outbox.range().lastSeq)
    expect(outbox.pressure()).toEqual({ level: 'normal', waiting: 0, byteCount: 0 })
  })

  it('refuses a database of a newer agent instead of guessing', () => {
    db.sql.pragma('user_version = 99')
    db.close()
    expect(() => openEdgeDatabase(path.join(folder, 'edge.sqlite'))).toThrow(/written by a newer agent/)
  })
})
