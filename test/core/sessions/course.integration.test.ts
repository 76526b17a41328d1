import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type Sqlite from 'better-sqlite3'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import { createDatabase } from '#core/platform/database.ts'
import { createDueWork, type DueWork } from '#core/platform/due.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import { createSessionCourse } from '#core/sessions/course.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'
import { eventually } from '#test/support/eventually.ts'
import { AUDIT_KEY, NOW_MS, openDefencelessBooks, openGoodBooks } from '../integrity/books-fixture.ts'

describe('an unlock of which a cabinet that is online says nothing', () => {
  let books: Sqlite.Database
  let due: DueWork
  let time: ReturnType<typeof createManualClock>
  let isGone: boolean
  let isMemoryNew: boolean
  let told: string[]
  const stateOf = () =>
    (books.prepare("SELECT state FROM session WHERE sessionId = 's2'").get() as { state: string }).state

  beforeEach(() => {
    const good = openGoodBooks()
    books = openDefencelessBooks(good.serialize())
    good.close()
    books.exec(`
      UPDATE session SET state = 'unlocking', startedAtMs = NULL WHERE sessionId = 's2';
      DELETE FROM dueWork;
      INSERT INTO dueWork (kind, subjectId, dueAtMs, payload) VALUES ('session.unlocking', 's2', ${NOW_MS}, '{}');`)
    time = createManualClock(NOW_MS)
    told = []
    isGone = false
    isMemoryNew = false
    const { clock } = time
    const random = createSeededRandom(1)
    const db = createDatabase({
      clock,
      auditKey: AUDIT_KEY,
      writer: books,
      read: createKysely(createRunner(books)),
      gather: (commit) => void setImmediate(commit),
      close: () => undefined,
    })
    const deps = {
      db,
      clock,
      random,
      ids: createIds(clock, random),
      log: pino({ level: 'silent' }),
      policy: createPolicy({}),
    }
    due = createDueWork(deps)
    createSessionCourse({
      ...deps,
      due,
      presence: { nowOf: () => ({ presence: 'online', linkId: 'ln2' }) } as unknown as PresenceBook,
      witness: { isGone: () => isGone, isMemoryNew: () => isMemoryNew },
      opening: { deny: async () => void told.push('denied') },
      money: { giveUp: async () => void told.push('given up') },
      reactions: {
        reconciled: async () => void told.push('reconciled'),
        abandoned: async (_tx, _session, reason) => void told.push(`abandoned: ${reason}`),
        unexpected: async () => void told.push('unexpected'),
      },
    })
    due.start()
  })
  afterEach(async () => {
    await due.stop()
    books.close()
  })
  const begun = (word = 'executing') =>
    books.exec(`INSERT INTO commandStep (commandId, step, state, atMs) VALUES ('cm2', 9, '${word}', 0)`)

  it('never reached the lock when the cabinet never said that it had begun', async () => {
    await time.pass(10)
    await eventually('it is over', () => stateOf() === 'not_opened')
    expect(told).toEqual(['given up'])
  })
  it('is with a person when the cabinet had begun and lost its memory: somebody may have been at the open door', async () => {
    begun()
    isGone = true
    await time.pass(10)
    await eventually('it is over', () => stateOf() === 'abandoned')
    expect(told).toEqual(['abandoned: memory_lost'])
  })
  it('is with a person also when only the word that it was done arrived, and not the one that it had begun', async () => {
    begun('succeeded')
    isGone = true
    await time.pass(10)
    await eventually('it is over', () => stateOf() === 'abandoned')
    expect(told).toEqual(['abandoned: memory_lost'])
  })
  it('is with a person when the cabinet has a new memory since, for whatever the old one knew of it is gone', async () => {
    isMemoryNew = true
    isGone = true
    await time.pass(10)
    await eventually('it is over', () => stateOf() === 'abandoned')
    expect(told).toEqual(['abandoned: memory_lost'])
  })
  it('is waited for when the cabinet had begun and may still tell', async () => {
    begun()
    await time.pass(10)
    const dueAtMs = () =>
      (books.prepare("SELECT dueAtMs FROM dueWork WHERE subjectId = 's2'").get() as { dueAtMs: number })
        .dueAtMs
    await eventually('it is put off', () => dueAtMs() > NOW_MS)
    expect(stateOf()).toBe('unlocking')
    expect(told).toEqual([])
  })
})
