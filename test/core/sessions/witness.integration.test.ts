import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type Sqlite from 'better-sqlite3'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import type { Hello } from '#protocol/messages/frames.ts'
import { createDatabase, type Database } from '#core/platform/database.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import { createSessionWitness, type SessionWitness } from '#core/sessions/witness.ts'
import { AUDIT_KEY, openGoodBooks } from '../integrity/books-fixture.ts'

/** The session s2 at cab-2 is in progress; its unlock went out on the link ln1, and one event of the cabinet was received. */
const SESSION = { cabinetId: 'cab-2', sessionId: 's2', commandId: 'cm2' }
const HELLO = {
  linkId: 'ln2',
  epoch: 'ep1',
  lastSeq: 1,
  hardware: { isDoorOpen: false, isLocked: true, isLockedOut: false, isOutOfService: false },
} as Hello
const TWO_DOORS = { ...HELLO.hardware, doors: [{ shelves: ['s1'] }, { shelves: ['s2'] }] }

describe('a cabinet that greets while a session is in progress', () => {
  let books: Sqlite.Database
  let db: Database
  let witness: SessionWitness
  const isGone = () => db.write('look', async (tx) => witness.isGone(tx, SESSION))

  beforeEach(() => {
    books = openGoodBooks()
    books.prepare("UPDATE command SET linkId = 'ln1' WHERE commandId = 'cm2'").run()
    db = createDatabase({
      clock: createSystemClock(),
      auditKey: AUDIT_KEY,
      writer: books,
      read: createKysely(createRunner(books)),
      gather: (commit) => void setImmediate(commit),
      close: () => undefined,
    })
    witness = createSessionWitness()
  })
  afterEach(() => books.close())

  it('and knows nothing of it, having told all that it ever wrote, will say nothing more of it', async () => {
    witness.onHello('cab-2', HELLO)
    expect(await isGone()).toBe(true)
  })
  it('and knows nothing of it because its memory is a new one, neither', async () => {
    books.prepare("UPDATE receiver SET epoch = 'ep2', lastSeq = 1 WHERE cabinetId = 'cab-2'").run()
    witness.onHello('cab-2', { ...HELLO, epoch: 'ep2' })
    expect(await isGone()).toBe(true)
  })
  it.each([
    ['has it still', { session: { sessionId: 's2', state: 'open' } }],
    ['has more to tell than was received', { lastSeq: 2 }],
    ['is not believed yet, after its memory was replaced', { epoch: 'ep2' }],
    ['greets on the link of the unlock, which may still be on its way', { linkId: 'ln1' }],
    [
      'names the session of another of its doors',
      { session: { sessionId: 's9', state: 'open' }, hardware: TWO_DOORS },
    ],
  ])('and %s is waited for', async (_what, difference) => {
    witness.onHello('cab-2', { ...HELLO, ...difference })
    expect(await isGone()).toBe(false)
  })
  it.each([
    ['a new one since the command proves nothing by its silence', 2, null, true],
    ['a new one from before the command would know of it', 0, null, false],
    ['one that goes on under another name has forgotten nothing', 2, 'ep0', false],
  ])('with a memory that is %s', async (_what, openedAtMs, continuesEpoch, isNew) => {
    books.prepare("UPDATE command SET createdAtMs = 1 WHERE commandId = 'cm2'").run()
    books
      .prepare(
        'UPDATE receiver SET openedAtMs = ?, continuesEpoch = ?, continuesToSeq = ? WHERE cabinetId = ?',
      )
      .run(openedAtMs, continuesEpoch, continuesEpoch === null ? null : 1, 'cab-2')
    expect(await db.write('look', async (tx) => witness.isMemoryNew(tx, SESSION))).toBe(isNew)
  })
  it('is waited for by a core that has not heard it yet', async () => {
    expect(await isGone()).toBe(false)
  })
})
