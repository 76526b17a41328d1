import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

describe('the cold of a cabinet', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({
      settings: { setpointPauseMs: 1500, climateWindowMs: 1000, excursionAfterMs: 500, probeSilentMs: 1500 },
    })
    await rig.startEdge()
  })
  afterAll(() => rig.stop())

  const answerTo = (version: number) =>
    eventually(`an answer to version ${version}`, () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied' && one.data.version === version),
    )
  const register = async () =>
    ((await rig.control('state')) as { climate: { setpointDeciCelsius: number } }).climate.setpointDeciCelsius
  const eventOf = (type: string) => eventually(type, () => rig.core.events.find((one) => one.type === type))

  it('a setpoint is written, read back and answered; out of range it is refused', async () => {
    rig.core.sendTwin(twinOf(goods, { version: 1, setpointDeciCelsius: 30 }))
    expect((await answerTo(1)).data).toMatchObject({ status: 'applied', value: 30 })
    expect(await register()).toBe(30)
    rig.core.sendTwin(twinOf(goods, { version: 2, setpointDeciCelsius: 150 }))
    expect((await answerTo(2)).data).toMatchObject({ status: 'rejected', reason: 'setpoint_out_of_range' })
    expect(await register()).toBe(30)
  })

  it('of several changes in a row only the latest is written, after the pause', async () => {
    rig.core.sendTwin(twinOf(goods, { version: 3, setpointDeciCelsius: 25 }))
    await answerTo(3)
    rig.core.sendTwin(twinOf(goods, { version: 4, setpointDeciCelsius: 45 }))
    rig.core.sendTwin(twinOf(goods, { version: 5, setpointDeciCelsius: 35 }))
    expect((await answerTo(5)).data).toMatchObject({ status: 'applied', value: 35 })
    expect(
      rig.core.events.some((one) => one.type === 'climate.setpoint-applied' && one.data.version === 4),
    ).toBe(false)
  })

  it('is told in windows with their extremes', async () => {
    const { data } = await eventOf('climate.reading')
    const { airLowest, airMean, airHighest } = data as Record<string, number>
    expect(airLowest).toBeLessThanOrEqual(airMean as number)
    expect(airMean).toBeLessThanOrEqual(airHighest as number)
  })

  it('too warm for too long stops sales without the core, over a restart, and not restocking', async () => {
    const lockout = {
      isEnabled: true,
      limitDeciCelsius: 50,
      afterMs: 1500,
      afterDoorCloseMs: 2000,
      afterDefrostMs: 2000,
    }
    rig.core.sendTwin(twinOf(goods, { version: 6, setpointDeciCelsius: 35, lockout }))
    await answerTo(6)
    await rig.control('network', { mode: 'cut' })
    await rig.control('climate', { airDeciCelsius: 120, hold: true })
    await eventually('the cabinet stops sales by itself', () => rig.edgeLog().includes('sales are stopped'))
    await rig.control('network', { mode: 'ok' })
    expect((await eventOf('climate.lockout-latched')).data).toMatchObject({ cause: 'too_warm' })
    await eventOf('climate.excursion')
    await rig.control('climate', { airDeciCelsius: 40, hold: true })
    await rig.stopEdge('SIGKILL')
    await rig.startEdge()
    expect(rig.core.hellos.at(-1)?.hardware.isLockedOut).toBe(true)
    const args = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    await eventually('lock and door are read', () => rig.core.lives.at(-1)?.isLocked === true)
    expect(await rig.core.command('door.unlock', args, 'cm-1')).toMatchObject({
      status: 'rejected',
      reason: 'cabinet_locked_out',
    })
    expect(await rig.core.command('door.unlock', { ...args, kind: 'restock' }, 'cm-2')).toMatchObject({
      status: 'succeeded',
    })
  })

  it('with a broken probe says so', async () => {
    await rig.control('climate', { probe: 'fault' })
    const { data } = await eventOf('climate.probe-fault')
    expect(data).toMatchObject({ phase: 'began', probe: 'air' })
  })
})
