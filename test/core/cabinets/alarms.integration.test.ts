import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AlarmList } from '#protocol/api/staff/cabinets.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { clearAlarm, raiseAlarm } from '#core/cabinets/alarms.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const ids = createIds(createSystemClock(), createSeededRandom(1))
const fails = (sensor: string) =>
  bench.core.db.write('a scale fails', (tx) =>
    raiseAlarm(tx, ids, {
      cabinetId: CABINET,
      kind: 'sensor_fault',
      subject: sensor,
      values: { shelf: sensor, sensor, kind: 'stuck' },
    }),
  )
const works = (sensor: string) =>
  bench.core.db.write('a scale works again', (tx) => clearAlarm(tx, CABINET, 'sensor_fault', sensor))
async function faultyScales(): Promise<string[]> {
  const answer = await bench.core.http.inject({
    url: '/api/staff/alarms',
    headers: { cookie: await bench.cookieOf('operator') },
  })
  return answer
    .json<AlarmList>()
    .alarms.filter(({ kind, state }) => kind === 'sensor_fault' && state !== 'cleared')
    .map(({ values }) => String(values['sensor']))
    .toSorted((a, b) => a.localeCompare(b))
}

describe('two scales of one cabinet fail', () => {
  it('shows an alarm for each, and one only however often it is told', async () => {
    await fails('s2')
    await fails('s4')
    await fails('s4')
    expect(await faultyScales()).toEqual(['s2', 's4'])
  })

  it('leaves the alarm of the other when one works again', async () => {
    await works('s2')
    expect(await faultyScales()).toEqual(['s4'])
    await works('s4')
    expect(await faultyScales()).toEqual([])
  })
})
