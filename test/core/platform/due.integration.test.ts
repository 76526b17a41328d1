import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDueWork, pauseAfterMs } from '#core/platform/due.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let bench: CoreBench
beforeEach(async () => {
  bench = await createCoreBench()
})
afterEach(() => bench.close())
const rows = () => bench.core.db.read.selectFrom('dueWork').selectAll().execute()

describe('work that is due', () => {
  it('runs once, with what was given to it, and is gone', async () => {
    const due = createDueWork(bench.core.deps)
    const ran: unknown[] = []
    due.on('charge', async ({ subjectId, payload, attempts }) => {
      ran.push({ subjectId, payload, attempts })
    })
    due.start()
    await bench.core.db.write('schedule', (tx) =>
      due.schedule(tx, { kind: 'charge', subjectId: 'ch-1', dueAtMs: 0, payload: { a: 1 } }),
    )
    await eventually('the run', () => ran.length > 0)
    await eventually('an empty table', async () => (await rows()).length === 0)
    await due.stop()
    expect(ran).toEqual([{ subjectId: 'ch-1', payload: { a: 1 }, attempts: 0 }])
  })
  it('that fails is tried again later, with its reason on record', async () => {
    const due = createDueWork(bench.core.deps)
    let attempts = 0
    due.on('charge', async () => {
      attempts++
      throw new Error('the provider sleeps')
    })
    due.start()
    await bench.core.db.write('schedule', (tx) =>
      due.schedule(tx, { kind: 'charge', subjectId: 'ch-1', dueAtMs: 0 }),
    )
    await eventually('a second attempt', () => attempts === 2)
    await due.stop()
    expect(await rows()).toMatchObject([{ attempts: 2, lastError: 'the provider sleeps' }])
  })
  it('that schedules itself again stays', async () => {
    const due = createDueWork(bench.core.deps)
    let runs = 0
    due.on('poll', async ({ subjectId }) => {
      runs++
      await bench.core.db.write('again', (tx) =>
        due.schedule(tx, { kind: 'poll', subjectId, dueAtMs: runs < 3 ? 0 : 9e15 }),
      )
    })
    due.start()
    await bench.core.db.write('schedule', (tx) =>
      due.schedule(tx, { kind: 'poll', subjectId: 'x', dueAtMs: 0 }),
    )
    await eventually('three runs', () => runs === 3)
    await due.stop()
    expect(await rows()).toMatchObject([{ kind: 'poll', dueAtMs: 9e15 }])
  })
  it('does not wait behind work that only another core knows', async () => {
    const due = createDueWork(bench.core.deps)
    const ran: string[] = []
    due.on('charge', async ({ subjectId }) => {
      ran.push(subjectId)
    })
    due.start()
    await bench.core.db.write('schedule', async (tx) => {
      await due.schedule(tx, { kind: 'of tomorrow', subjectId: 'first', dueAtMs: 0 })
      await due.schedule(tx, { kind: 'charge', subjectId: 'second', dueAtMs: 1 })
    })
    await eventually('our own work', () => ran.length > 0)
    await eventually('only the other left', async () => (await rows()).length === 1)
    await due.stop()
    expect(await rows()).toMatchObject([{ kind: 'of tomorrow', attempts: 0, claimedUntilMs: null }])
  })
  it('is taken once, although two cores look for it', async () => {
    const ran: string[] = []
    const cores = [createDueWork(bench.core.deps), createDueWork(bench.core.deps)]
    for (const core of cores) {
      core.on('charge', async ({ subjectId }) => {
        ran.push(subjectId)
      })
      core.start()
    }
    const subjects = Array.from({ length: 40 }, (_, index) => `ch-${String(index).padStart(2, '0')}`)
    await bench.core.db.write('schedule', async (tx) => {
      for (const subjectId of subjects)
        await cores[0]?.schedule(tx, { kind: 'charge', subjectId, dueAtMs: 0 })
    })
    await eventually('all of them', () => ran.length >= 40)
    for (const core of cores) await core.stop()
    expect(ran.toSorted()).toEqual(subjects)
  })
})

describe('work that keeps failing', () => {
  it('is tried again within two minutes of the end of an outage that lasted up to an hour', () => {
    let triedAtMs = 0
    for (let attempts = 1; triedAtMs <= 3_600_000; attempts++) {
      const pauseMs = pauseAfterMs(attempts)
      expect(pauseMs).toBeLessThanOrEqual(120_000)
      triedAtMs += pauseMs
    }
  })
  it('is left to the person who was called, and tried once an hour, after that', () => {
    expect([38, 100, 5000].map(pauseAfterMs)).toEqual([3_600_000, 3_600_000, 3_600_000])
  })
})
