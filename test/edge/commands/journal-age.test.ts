import { beforeEach, describe, expect, it } from 'vitest'
import { type CommandJournal, createCommandJournal } from '#edge/commands/command-journal.ts'
import { openEdgeDatabase } from '#edge/database.ts'
import { TIME_UNKNOWN } from '#edge/row-times.ts'

const DAY_MS = 86_400_000
const KEEP_MS = 2 * DAY_MS
const YEAR_MS = 365 * DAY_MS
const ROWS_MOST = 10
const NOW_MS = Date.UTC(2026, 10, 2)

describe('commands that the journal keeps', () => {
  let journal: CommandJournal
  const take = (id: string, atMs: number) => {
    journal.begin({ id, name: 'agent.restart', args: {}, boot: 1, status: 'executing' }, atMs)
    journal.finish({ id, name: 'agent.restart', args: {}, boot: 1, status: 'succeeded' })
  }
  const isKept = (id: string) => journal.find(id) !== undefined
  beforeEach(() => {
    journal = createCommandJournal(openEdgeDatabase(':memory:'), ROWS_MOST)
  })

  it('go when they are older than they must be kept, and not before', () => {
    take('cm-old', NOW_MS - KEEP_MS - 1)
    take('cm-young', NOW_MS - KEEP_MS + 1)
    journal.prune(NOW_MS, KEEP_MS)
    expect(['cm-old', 'cm-young'].filter(isKept)).toEqual(['cm-young'])
  })

  it('stay while nobody knows the time', () => {
    take('cm-1', NOW_MS - YEAR_MS)
    journal.prune(undefined, KEEP_MS)
    expect(isKept('cm-1')).toBe(true)
  })

  it.for([
    ['while the time was unknown', TIME_UNKNOWN],
    ['by a clock that stood in 1970', 1000],
    ['by a clock that was ten years ahead', NOW_MS + 10 * YEAR_MS],
  ] as const)('count from the first time that is true, when they were taken %s', ([, atMs]) => {
    take('cm-1', atMs)
    journal.prune(NOW_MS, KEEP_MS)
    journal.prune(NOW_MS + KEEP_MS - 1, KEEP_MS)
    expect(isKept('cm-1')).toBe(true)
    journal.prune(NOW_MS + KEEP_MS + 1, KEEP_MS)
    expect(isKept('cm-1')).toBe(false)
  })

  it('are told in the order in which they came, whatever the clock said', () => {
    take('cm-first', NOW_MS + YEAR_MS)
    take('cm-second', NOW_MS)
    take('cm-third', TIME_UNKNOWN)
    expect(journal.tail().map(({ id }) => id)).toEqual(['cm-third', 'cm-second', 'cm-first'])
  })

  it('are so many at most: one that may be asked for again stays, and no further one is taken', () => {
    for (let n = 1; n <= ROWS_MOST; n++) {
      expect(journal.isFull()).toBe(false)
      take(`cm-${n}`, NOW_MS)
    }
    expect(journal.isFull()).toBe(true)
    journal.prune(NOW_MS + DAY_MS, KEEP_MS)
    expect(isKept('cm-1')).toBe(true)
    expect(journal.isFull()).toBe(true)
  })

  it('go after a day, the first first, when there are nearly too many', () => {
    for (let n = 1; n <= ROWS_MOST; n++) take(`cm-${n}`, NOW_MS)
    journal.prune(NOW_MS + DAY_MS + 1, KEEP_MS)
    expect(journal.isFull()).toBe(false)
    expect(['cm-1', 'cm-2', 'cm-10'].filter(isKept)).toEqual(['cm-2', 'cm-10'])
  })

  it('stay when there are too many as long as nobody knows the time, or the outcome', () => {
    journal.begin(
      { id: 'cm-begun', name: 'agent.restart', args: {}, boot: 1, status: 'executing' },
      NOW_MS - YEAR_MS,
    )
    for (let n = 2; n <= ROWS_MOST; n++) take(`cm-${n}`, NOW_MS - YEAR_MS)
    journal.prune(undefined, KEEP_MS)
    expect(journal.isFull()).toBe(true)
    journal.prune(NOW_MS, KEEP_MS)
    expect(isKept('cm-begun')).toBe(true)
  })
})
