import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

describe('a bus in trouble', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({
      settings: { liveIdleMs: 200, busLostAfterMs: 1000, silentDeviceRetryMs: 200, staleAfterMs: 1000 },
    })
    await rig.startEdge()
    rig.core.sendTwin(twinOf(goods))
    await healthy()
  })
  afterAll(() => rig.stop())

  const live = () => rig.core.lives.at(-1)
  const healthy = () =>
    eventually('a live reading of lock, air and all scales', () => {
      const now = live()
      return now?.isLocked === true && now.airDeciCelsius !== null && !Object.values(now.grams).includes(null)
    })
  const faults = (phase: 'began' | 'ended') =>
    rig.core.events.filter((one) => one.type === 'agent.bus-fault' && one.data.phase === phase).length

  it.each(['silent', 'bad-crc', 'slow', 'unplugged'])(
    '%s: readings become stale, are never the last value, and come back',
    async (mode) => {
      const began = faults('began')
      await rig.control('serial', { mode })
      await eventually('everything is stale', () => {
        const now = live()
        return (
          now?.isDoorOpen === null &&
          now.isLocked === null &&
          now.airDeciCelsius === null &&
          Object.values(now.grams).every((one) => one === null)
        )
      })
      await eventually('the fault is told', () => faults('began') === began + 1)
      const refused = await rig.core.command(
        'door.unlock',
        { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] },
        `cm-${mode}`,
      )
      expect(refused).toMatchObject({ status: 'rejected', reason: 'bus_timeout' })
      await rig.control('serial', { mode: 'ok' })
      await healthy()
      await eventually('the end of the fault is told', () => faults('ended') === began + 1)
    },
  )

  it('noise costs some readings and never makes a wrong one', async () => {
    await rig.control('serial', { mode: 'noise' })
    const before = rig.core.lives.length
    const grams = live()?.grams.s1 ?? expect.fail('no weight')
    await eventually('some more readings', () => rig.core.lives.length > before + 15)
    for (const one of rig.core.lives.slice(before)) {
      expect(one.isDoorOpen).not.toBe(true)
      if (one.grams.s1 !== null) expect(Math.abs((one.grams.s1 ?? 0) - grams)).toBeLessThan(30)
      if (one.airDeciCelsius !== null) expect(Math.abs(one.airDeciCelsius - 40)).toBeLessThan(30)
    }
    await rig.control('serial', { mode: 'ok' })
    await healthy()
  })

  it('one broken scale is told and leaves the others alone', async () => {
    await rig.control('shelf', { shelf: 's2', fault: 'fault' })
    await eventually('the scale is stale', () => live()?.grams.s2 === null && live()?.grams.s1 !== null)
    // The noise before may have silenced other scales for a moment too; this is about the broken one.
    const tells = (type: string) =>
      rig.core.events.some((one) => one.type === type && one.data.shelf === 's2' && one.data.sensor === 's2')
    await eventually('the fault is told', () => tells('weighing.sensor-fault'))
    await rig.control('shelf', { shelf: 's2', fault: 'none' })
    await eventually('it is back', () => tells('weighing.sensor-restored'))
  })
})
