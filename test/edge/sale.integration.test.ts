import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from './support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

describe('a sale at the cabinet, over serial, camera and broker', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
    await rig.startEdge()
    rig.core.sendTwin(twinOf(goods))
    await eventually('the setpoint is answered', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied'),
    )
  }, 40_000)
  afterAll(() => rig.stop())

  it('says on standard output that a session can start', async () => {
    await eventually(
      'the line of readiness',
      () => rig.edgeOutput() === '{"ready":true,"cabinetId":"cab-test"}\n',
    )
  })

  it('unlocks once, sees what was taken, and brings receipt and evidence to the core', async () => {
    const { core } = rig
    const args = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    const done = await core.command('door.unlock', args, 'cm-1')
    expect(done).toMatchObject({ status: 'succeeded' })
    await rig.control('door', { action: 'open' })
    await rig.control('take', { shelf: 's1', sku: 'yogurt-plain', quantity: 1 })
    await eventually('the step is seen', () => core.events.find((one) => one.type === 'weighing.step'))
    await rig.control('door', { action: 'close' })
    const end = await eventually('the session is reconciled', () =>
      core.events.find((one) => one.type === 'session.reconciled'),
    )
    await eventually('the trace is uploaded', () =>
      [...core.evidence.values()].find((one) => one.kind === 'weight-trace'),
    )
    expect(end.data).toMatchObject({
      sessionId: 'se-1',
      receipt: { lines: [{ sku: 'yogurt-plain', quantity: 1 }] },
    })
  }, 40_000)
})
