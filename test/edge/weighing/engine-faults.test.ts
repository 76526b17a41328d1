import { describe, expect, it } from 'vitest'
import { decideEngineFaults } from '#edge/weighing/engine-faults.ts'

const shelfOf = new Map([
  ['s1', 's1'],
  ['s2-left', 's2'],
])
const stuck = { sensor: 's2-left', kind: 'stuck' as const, sinceMs: 0 }

describe('what the weighing engine thinks of the sensors at the end of a session', () => {
  it('a fault is told with its shelf', () => {
    expect(decideEngineFaults({}, [stuck], shelfOf).events).toEqual([
      { type: 'weighing.sensor-fault', data: { shelf: 's2', sensor: 's2-left', kind: 'stuck' } },
    ])
  })
  it('the same fault in the next session is not told again', () => {
    const { known } = decideEngineFaults({}, [stuck], shelfOf)
    expect(decideEngineFaults(known, [stuck], shelfOf).events).toEqual([])
  })
  it('a fault that is gone is told as restored', () => {
    const { known } = decideEngineFaults({}, [stuck], shelfOf)
    expect(decideEngineFaults(known, [], shelfOf)).toEqual({
      known: {},
      events: [{ type: 'weighing.sensor-restored', data: { shelf: 's2', sensor: 's2-left' } }],
    })
  })
  it('a sensor that the cabinet does not have is nobody’s shelf', () => {
    expect(decideEngineFaults({}, [{ ...stuck, sensor: 's9' }], shelfOf).events).toEqual([])
  })
})
