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
    outbox.prune(manual.clock.now())
    expect(seqs(1)).toEqual([1, 2, 3, 4, 5])
    outbox.rewind(2)
    expect(outbox.range()).toMatchObject({ ackedSeq: 2, lastSeq: 5 })
    outbox.confirm(4)
    await manual.pass(60_001)
    outbox.prune(undefined)
    expect(seqs(1)).toHaveLength(5)
    outbox.prune(manual.clock.now())
    expect(seqs(1)).toEqual([5])
    reopen()
    tell(1)
    expect(outbox.range()).toEqual({ firstSeq: 5, lastSeq: 6, ackedSeq: 4 })
  })

  it('remembers over a rewind and a restart how much the core once said to have, and of no other epoch', () => {
    tell(5)
    outbox.confirm(4)
    outbox.rewind(2)
    reopen()
    expect(outbox.range().ackedSeq).toBe(2)
    expect(outbox.safeSeq).toBe(4)
    outbox.confirm(3)
    tell(1)
    reopen()
    expect(outbox.safeSeq).toBe(4)
    outbox.renew({ candidate: 'ep-made-in-1970', after: outbox.epoch, reason: 'fork' })
    reopen()
    expect(outbox.safeSeq).toBe(3)
  })

  it('goes on under a later epoch with the same numbers, and what was not acknowledged waits under it', () => {
    const { epoch } = outbox
    tell(5)
    outbox.confirm(3)
    outbox.renew({ candidate: 'ep-made-in-1970', after: epoch, reason: 'fork' })
    expect(outbox.epoch > epoch).toBe(true)
    expect(outbox.continues).toEqual({ epoch, seq: 3 })
    expect(outbox.range()).toMatchObject({ lastSeq: 6, ackedSeq: 3 })
    expect(outbox.read(6, 1, 1e6)[0]?.event).toMatchObject({
      type: 'agent.stream-renewed',
      data: { reason: 'fork', fromEpoch: epoch, seq: 3 },
    })
    const renewed = outbox.epoch
    reopen()
    expect(outbox.epoch).toBe(renewed)
    expect(outbox.continues).toEqual({ epoch, seq: 3 })
  })

  it('keeps of an event that fits no frame its beginning, so that nothing waits behind it', () => {
    db.transact(() => outbox.append('session.abandoned', { sessionId: 'se-1', reason: 'x'.repeat(90_000) }))
    const [row] = outbox.read(1, 1, 1e6)
    expect(row?.byteCount).toBeLessThan(48 * 1024)
    expect(row?.event.data).toMatchObject({ tooLargeBytes: expect.any(Number) })
  })

  it('knows the hash of each event that it keeps, whatever boot it is of', () => {
    tell(1)
    const hash = outbox.hashAt(1)
    reopen()
    expect(outbox.hashAt(1)).toBe(hash)
    expect(outbox.hashAt(2)).toBeUndefined()
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
