import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

describe('the camera watch on rendered pictures', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({ settings: { cameraSessionMs: 300, cameraIdleMs: 500 } })
    await rig.startEdge()
    rig.core.sendTwin(twinOf(goods))
    await eventually('the desired document is taken', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied'),
    )
    await eventually('the camera is clear', () => rig.core.lives.at(-1)?.camera === 'clear')
  })
  afterAll(() => rig.stop())

  const count = (type: string, kind?: string) =>
    rig.core.events.filter((one) => one.type === type && (kind === undefined || one.data.kind === kind))
      .length

  it.each([
    ['covered', 'camera.blocked', 'covered'],
    ['dark', 'camera.blocked', 'dark'],
    ['blurred', 'camera.blocked', 'blurred'],
    ['moved', 'camera.blocked', 'moved'],
    ['frozen', 'camera.frozen', undefined],
    ['unreachable', 'camera.unreachable', undefined],
    ['wrong-type', 'camera.unreachable', undefined],
  ])('%s is noticed, and that it is over', async (mode, type, kind) => {
    const [began, ended] = [count(type, kind), count('camera.cleared')]
    await rig.control('camera', { mode })
    await eventually(`${type} ${kind ?? ''}`, () => count(type, kind) === began + 1)
    await rig.control('camera', { mode: 'clear' })
    await eventually('the end of it', () => count('camera.cleared') === ended + 1)
  })

  it('a session says when its camera was covered, and goods going out are no trouble', async () => {
    const blocked = count('camera.blocked')
    const args = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    await rig.core.command('door.unlock', args, 'cm-1')
    await rig.control('door', { action: 'open' })
    await rig.control('take', { shelf: 's1', sku: 'yogurt-plain', quantity: 2 })
    expect(count('camera.blocked')).toBe(blocked)
    await rig.control('camera', { mode: 'covered' })
    await eventually('the cover is noticed', () => count('camera.blocked') === blocked + 1)
    await rig.control('take', { shelf: 's4', sku: 'water-550', quantity: 1 })
    await rig.control('camera', { mode: 'clear' })
    await eventually(
      'the camera sees again',
      () => rig.core.events.findLast((one) => one.type === 'camera.cleared')?.data.sessionId === 'se-1',
    )
    await rig.control('door', { action: 'close' })
    const end = await eventually('the end', () =>
      rig.core.events.find((one) => one.type === 'session.reconciled'),
    )
    const { camera, openedMs, closedMs } = end.data as {
      camera: { blocked: Array<{ fromMs: number; toMs: number; kind: string }>; framesChecked: number }
      openedMs: number
      closedMs: number
    }
    expect(camera.framesChecked).toBeGreaterThan(4)
    expect(camera.blocked).toHaveLength(1)
    expect(camera.blocked[0]).toMatchObject({ kind: 'covered' })
    expect(camera.blocked[0]?.fromMs).toBeGreaterThan(openedMs)
    expect(camera.blocked[0]?.toMs).toBeLessThanOrEqual(closedMs + 1000)
  })
})
