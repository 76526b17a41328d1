import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createEvidenceStore } from '#core/platform/evidence.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { removeOutlivedEvidence } from '#core/privacy/retention.ts'

const DAY = 24 * 3_600_000
const TAKEN = 1_790_000_000_000
const clock = { now: () => TAKEN, monoMs: () => 0, setTimer: () => ({ cancel: () => undefined }) }

describe('a picture and a trace of one visit, with nothing in dispute', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'retention-'))
  let db: Database
  beforeAll(async () => {
    db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
    const store = createEvidenceStore({ db, dir: path.join(folder, 'evidence'), clock })
    const ref = { byteCount: 10, tMs: 0 }
    await db.write('evidence', (tx) =>
      store.registerEvidence(tx, { sessionId: 'se-1', cabinetId: 'cab-001', startedAtMs: TAKEN }, [
        {
          ...ref,
          kind: 'snapshot',
          sha256: 'a'.repeat(64),
          mediaType: 'image/jpeg',
          moment: 'open',
          camera: 'inside',
        },
        {
          ...ref,
          kind: 'weight-trace',
          sha256: 'b'.repeat(64),
          mediaType: 'application/json',
          moment: 'whole',
        },
      ]),
    )
  })
  afterAll(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const kept = async () =>
    (await db.read.selectFrom('evidence').select('kind').orderBy('kind').execute()).map(({ kind }) => kind)

  it('both are there on the fourteenth day', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 14 * DAY)).toBe(0)
    expect(await kept()).toEqual(['snapshot', 'weight-trace'])
  })
  it('the picture is gone after it, the trace stays for the refund window', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 15 * DAY)).toBe(1)
    expect(await kept()).toEqual(['weight-trace'])
  })
  it('the trace goes a year later', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 366 * DAY)).toBe(1)
    expect(await kept()).toEqual([])
  })
})
