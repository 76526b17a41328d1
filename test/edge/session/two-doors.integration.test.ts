import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EdgeDatabase, openEdgeDatabase } from '#edge/database.ts'
import { createSessionJournal } from '#edge/session/journal.ts'
import { startRecord } from '#edge/session/record.ts'

const policy = { notOpenedMs: 1, leftOpenWarningMs: 1, leftOpenAlarmMs: 1, reopenGraceMs: 1 }
const planogram = { version: 1, sensors: ['s1'], shelves: [], catalogue: {} }

describe('two visits at once, and the power fails', () => {
  let db: EdgeDatabase
  const begin = (sessionId: string, door: number, atMs: number) =>
    createSessionJournal(db, door).begin(
      startRecord(
        { sessionId, commandId: `cm-${sessionId}`, kind: 'sale', door, planogramVersion: 1, policy },
        false,
      ),
      planogram,
      [[0, 0, 100]],
      atMs,
    )
  beforeEach(() => {
    db = openEdgeDatabase(':memory:')
  })
  afterEach(() => db.close())

  it('each door takes up its own visit again, whichever began later', () => {
    begin('se-left', 0, 2000)
    begin('se-right', 1, 1000)
    expect([0, 1, 2].map((door) => createSessionJournal(db, door).findUnfinishedId())).toEqual([
      'se-left',
      'se-right',
      undefined,
    ])
  })
  it('the end of one leaves the other unfinished', () => {
    begin('se-left', 0, 1000)
    begin('se-right', 1, 1000)
    const left = createSessionJournal(db, 0)
    const stored = left.findUnfinished() ?? expect.fail('not there')
    left.finish(stored.record, 5, 3000)
    expect(left.findUnfinishedId()).toBeUndefined()
    expect(createSessionJournal(db, 1).findUnfinished()?.samples).toEqual([[0, 0, 100]])
  })
  it('a record that cannot be read is given up by the first door, once', () => {
    begin('se-left', 0, 1000)
    db.sql.prepare("UPDATE session SET body = 'broken'").run()
    expect(createSessionJournal(db, 0).findUnfinishedId()).toBe('se-left')
    expect(createSessionJournal(db, 1).findUnfinishedId()).toBeUndefined()
  })
})
