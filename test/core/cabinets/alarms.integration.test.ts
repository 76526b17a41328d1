import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AlarmList } from '#protocol/api/staff/cabinets.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { clearAlarm, raiseAlarm } from '#core/cabinets/alarms.ts'
import { eventually } from '#test/support/eventually.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
  await bench.core.start()
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

describe('an alarm that is known', () => {
  async function alarm() {
    const answer = await bench.core.http.inject({
      url: '/api/staff/alarms',
      headers: { cookie: await bench.cookieOf('operator') },
    })
    const found = answer.json<AlarmList>().alarms.find(({ values }) => values['sensor'] === 's3')
    if (found === undefined) throw new Error('there is no alarm of this scale')
    return found
  }
  async function post(step: string, body: object = {}, name: 'operator' | 'agent' = 'operator') {
    const { alarmId } = await alarm()
    const answer = await bench.core.http.inject({
      method: 'POST',
      url: `/api/staff/alarms/${alarmId}/${step}`,
      headers: { cookie: await bench.cookieOf(name) },
      payload: body,
    })
    return answer.statusCode
  }
  const anHour = { minutes: 60, reason: 'repair_planned' }

  it('is put off with a reason, says until when, and stays so however often it is told', async () => {
    await fails('s3')
    expect(await post('shelve', anHour)).toBe(200)
    await fails('s3')
    expect(await alarm()).toMatchObject({
      state: 'shelved',
      count: 2,
      shelved: { untilMs: expect.any(Number), reason: 'repair_planned' },
    })
  })
  it('is not put off for longer than three days, without a reason, or by somebody who may not', async () => {
    expect(await post('shelve', { ...anHour, minutes: 4321 })).toBe(400)
    expect(await post('shelve', { minutes: 60 })).toBe(400)
    expect(await post('shelve', anHour, 'agent')).toBe(403)
  })
  it('calls again by itself when its time has come', async () => {
    await bench.core.db.write('the hour passes', (tx) =>
      tx.updateTable('dueWork').set({ dueAtMs: 0 }).where('kind', '=', 'alarm.unshelve').execute(),
    )
    await eventually('the alarm calling again', async () => (await alarm()).state === 'raised')
    expect(await alarm()).toMatchObject({ acknowledgedBy: null })
    expect((await alarm()).shelved).toBeUndefined()
  })
  it('is called back before its time, once', async () => {
    await post('shelve', anHour)
    expect(await post('unshelve')).toBe(200)
    expect(await post('unshelve')).toBe(200)
    expect((await alarm()).state).toBe('raised')
  })
  it('ends as always when the trouble is over, and then cannot be put off any more', async () => {
    await post('shelve', anHour)
    const { alarmId } = await alarm()
    await works('s3')
    const answer = await bench.core.http.inject({
      method: 'POST',
      url: `/api/staff/alarms/${alarmId}/shelve`,
      headers: { cookie: await bench.cookieOf('operator') },
      payload: anHour,
    })
    expect(answer.statusCode).toBe(409)
  })
})
