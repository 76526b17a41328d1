import { describe, expect, it } from 'vitest'
import { createUnattendedWatch, type UnattendedChange } from '#edge/session/unattended.ts'

const sensors = [
  { shelf: 's1', sensor: 'a' },
  { shelf: 's2', sensor: 'b' },
  { shelf: 's2', sensor: 'c' },
]

interface Second {
  door?: 'open' | 'shut' | 'unknown'
  key?: boolean
  session?: boolean
  grams?: [a: number | null, b: number | null, c: number | null]
}
/** One look at the door and one sweep a second. @returns what was told, with the second */
function watch(seconds: readonly Second[]) {
  const one = createUnattendedWatch(sensors)
  const told: Array<[number, UnattendedChange]> = []
  let grams: NonNullable<Second['grams']> = [3000, 1000, 1000]
  for (const [second, { door = 'shut', key = false, session = false, grams: next }] of seconds.entries()) {
    grams = next ?? grams
    const atMonoMs = second * 1000
    if (session) {
      one.onSession()
      continue
    }
    one.onDoor(door === 'unknown' ? null : door === 'open', key ? 'manual-key' : 'forced', atMonoMs)
    const found = one.onScales({ atMonoMs, grams: { a: grams[0], b: grams[1], c: grams[2] } })
    if (found !== undefined) told.push([second, found])
  }
  return told
}
const quiet: Second[] = Array.from({ length: 5 }, () => ({}))
const rest: Second[] = Array.from({ length: 8 }, () => ({}))

describe('shelves behind a door that was open although nobody was let in', () => {
  it.each<[string, Second[], Array<[string, number]>, string?]>([
    ['nothing left', [...quiet, { door: 'open' }, ...rest], []],
    [
      'a can left',
      [...quiet, { door: 'open', grams: [2650, 1000, 1000] }, ...rest],
      [['s1', -350]],
      'forced',
    ],
    [
      'with the key',
      [...quiet, { door: 'open', key: true, grams: [2650, 1000, 1000] }, ...rest],
      [['s1', -350]],
      'manual-key',
    ],
    [
      'goods were put in; two sensors carry one shelf',
      [...quiet, { door: 'open', grams: [3000, 1200, 1150] }, ...rest],
      [['s2', 350]],
      'forced',
    ],
    ['drift and frost are no goods', [...quiet, { door: 'open', grams: [3006, 996, 1000] }, ...rest], []],
    ['in a session it is theirs', [...quiet, { session: true, grams: [2650, 1000, 1000] }, ...rest], []],
    [
      'a session that begins behind it ends it',
      [...quiet, { door: 'open', grams: [2650, 1000, 1000] }, { session: true }, ...rest],
      [],
    ],
    [
      'a scale that says nothing accuses nobody',
      [...quiet, { door: 'open', grams: [null, 1000, 1000] }, ...rest],
      [],
    ],
    [
      'a bus that is silent for a moment hides nothing',
      [...quiet, { door: 'open', grams: [2650, 1000, 1000] }, { door: 'unknown' }, ...rest],
      [['s1', -350]],
      'forced',
    ],
  ])('%s', (_what, seconds, changes, cause) => {
    const told = watch(seconds)
    expect(told.flatMap(([, found]) => found.changes.map((one) => [one.shelf, one.deltaGrams]))).toEqual(
      changes,
    )
    expect(told.map(([, found]) => found.cause)).toEqual(cause === undefined ? [] : [cause])
  })
  it('opened and closed twice is told as one change, when it rests', () => {
    const open: Second = { door: 'open', grams: [2650, 1000, 1000] }
    const told = watch([...quiet, open, {}, { door: 'open', grams: [2300, 1000, 1000] }, ...rest])
    expect(told).toEqual([[12, { cause: 'forced', changes: [{ shelf: 's1', deltaGrams: -700 }] }]])
  })
})
