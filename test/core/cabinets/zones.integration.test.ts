import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homeZone, zoneOfCabinet } from '#core/cabinets/zones.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
  const { db } = bench.core
  const row = await db.read
    .selectFrom('cabinet')
    .selectAll()
    .where('cabinetId', '=', CABINET)
    .executeTakeFirstOrThrow()
  const another = (cabinetId: string, operator: string, timeZone: string) =>
    db.write('another cabinet', (tx) =>
      tx
        .insertInto('cabinet')
        .values({ ...row, cabinetId, operator, timeZone })
        .execute(),
    )
  await another('cab-urumqi', 'operator-west', 'Asia/Urumqi')
  await another('cab-lisbon-1', 'operator-south', 'Europe/Lisbon')
  await another('cab-lisbon-2', 'operator-south', 'Europe/Lisbon')
  await another('cab-azores', 'operator-south', 'Atlantic/Azores')
})
afterAll(() => bench.close())

describe('which clock a time is shown by', () => {
  it('is the one beside the cabinet', async () => {
    expect(await zoneOfCabinet(bench.core.db.read, 'cab-azores')).toBe('Atlantic/Azores')
    expect(await zoneOfCabinet(bench.core.db.read, 'cab-nowhere')).toBeUndefined()
  })

  it.each([
    ['operator-south', 'Europe/Lisbon'],
    ['operator-west', 'Asia/Urumqi'],
    ['operator-without-cabinets', 'UTC'],
  ])('for people of %s it is the one of most of their cabinets: %s', async (operator, zone) => {
    expect(await homeZone(bench.core.db.read, operator)).toBe(zone)
  })
})
