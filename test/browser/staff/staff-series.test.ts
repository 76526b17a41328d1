import { describe, expect, it } from 'vitest'
import { temperatureSeries } from '#console/data/staff-series.ts'

const START_MS = Date.UTC(2026, 10, 23, 2)
const at = (minutes: number) => START_MS + minutes * 60_000
const quiet = { doorOpen: [], lockouts: [], gaps: [], limitDeciCelsius: 50 }

describe('readings of a cabinet that was offline for an hour', () => {
  const series = temperatureSeries(
    {
      ...quiet,
      air: [
        [at(0), 36, 40, 44],
        [at(5), 37, 41, 45],
        [at(65), 50, 55, 60],
      ],
      setpoints: [
        [at(-100), 40],
        [at(30), 30],
      ],
    },
    at(0),
    at(70),
  )

  it('are torn where nothing was heard, never joined by a line', () => {
    expect(series.mean).toEqual([4, 4.1, null, null, 5.5, null])
  })
  it('show the setpoint that was in force, also from before the first reading', () => {
    expect(series.setpoint).toEqual([4, 4, 4, 3, 3, 3])
  })
})

describe('a gap that the core has recorded', () => {
  it('tears the line even when the readings beside it are close', () => {
    const series = temperatureSeries(
      {
        ...quiet,
        gaps: [[at(1), at(4)]],
        setpoints: [],
        air: [
          [at(0), 40, 40, 40],
          [at(5), 40, 40, 40],
        ],
      },
      at(0),
      at(5),
    )
    expect(series.mean).toEqual([4, null, 4])
  })
})
