import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { directSql } from '#core/platform/database.ts'
import { addRow, changeRow } from '#core/platform/rows.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const ROW = { kind: 'test.row', subjectId: 'a', dueAtMs: 5, payload: '{}', attempts: 0 }
const rows = () =>
  bench.core.db.read
    .selectFrom('dueWork')
    .select(['kind', 'subjectId', 'dueAtMs', 'claimedUntilMs', 'attempts', 'lastError'])
    .where('kind', '=', ROW.kind)
    .orderBy('subjectId')
    .execute()

describe('a row', () => {
  it('is added with the cells that are given, and changed where it is named', async () => {
    await bench.core.db.write('rows', async (tx) => {
      addRow(tx, 'dueWork', { ...ROW, claimedUntilMs: null, lastError: null })
      addRow(tx, 'dueWork', { ...ROW, subjectId: 'b', claimedUntilMs: null, lastError: null })
      const named = { kind: ROW.kind, subjectId: 'b' }
      expect(changeRow(tx, 'dueWork', named, { attempts: 3, lastError: 'it rained' })).toBe(1)
      expect(changeRow(tx, 'dueWork', { kind: ROW.kind, subjectId: 'c' }, { attempts: 3 })).toBe(0)
    })
    expect(await rows()).toEqual([
      { kind: ROW.kind, subjectId: 'a', dueAtMs: 5, claimedUntilMs: null, attempts: 0, lastError: null },
      {
        kind: ROW.kind,
        subjectId: 'b',
        dueAtMs: 5,
        claimedUntilMs: null,
        attempts: 3,
        lastError: 'it rained',
      },
    ])
  })

  it('keeps what a change does not speak of, and a change of nothing changes nothing', async () => {
    const { lastError: _never, ...change } = { attempts: 7, lastError: undefined }
    await bench.core.db.write('rows', async (tx) => {
      const named = { kind: ROW.kind, subjectId: 'b' }
      changeRow(tx, 'dueWork', named, { ...change, lastError: undefined })
      expect(changeRow(tx, 'dueWork', named, {})).toBe(0)
    })
    expect((await rows())[1]).toMatchObject({ attempts: 7, lastError: 'it rained' })
  })

  it('is found by its key, not by looking at all', async () => {
    const plan = await bench.core.db.write('rows', async (tx) =>
      directSql(tx).all<{ detail: string }>(
        'EXPLAIN QUERY PLAN UPDATE "dueWork" SET "attempts" = +? WHERE "kind" = +? AND "subjectId" = +?',
        1,
        'a',
        'b',
      ),
    )
    expect(plan.map(({ detail }) => detail).join()).toContain('SEARCH dueWork USING PRIMARY KEY')
  })
})
