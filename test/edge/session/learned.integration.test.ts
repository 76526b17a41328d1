import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseWeighingPlanogram } from '#protocol/weighing/parse.ts'
import type { Live } from '#protocol/messages/frames.ts'
import type { WeighingPlanogram } from '#protocol/weighing/types.ts'
import { eventually, type ReceivedEvent } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

describe('what a cabinet learns from one session', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({ settings: { liveIdleMs: 500 } })
    await rig.startEdge()
    rig.core.sendTwin(twinOf(goods))
    await eventually('the desired document is taken', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied'),
    )
  }, 40_000)
  afterAll(() => rig.stop())

  /** One visit. @returns its end, and the planogram it was weighed with */
  async function visit(
    sessionId: string,
    shelf: string,
    act: () => Promise<unknown>,
  ): Promise<{ end: ReceivedEvent; planogram: WeighingPlanogram }> {
    const { core } = rig
    const livesBefore = core.lives.length
    await eventually(
      'the shelves have been weighed for a while with the door closed',
      () =>
        core.lives
          .slice(livesBefore)
          .filter((live) => live.isDoorOpen === false && live.sessionId === undefined).length >= 5,
    )
    const args = { sessionId, kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    expect(await core.command('door.unlock', args, `cm-${sessionId}`)).toMatchObject({ status: 'succeeded' })
    const gramsBefore = core.lives.at(-1)?.grams[shelf] ?? Number.NaN
    const opened = (one: ReceivedEvent) => one.type === 'door.opened'
    const openedBefore = core.events.filter(opened).length
    await rig.control('door', { action: 'open' })
    await eventually('the door is seen open', () => core.events.filter(opened).length > openedBefore)
    await act()
    const gramsOf = (live: Live | undefined) => live?.grams[shelf] ?? Number.NaN
    await eventually('the weight of the shelf has changed, and rests', () => {
      const [last, before] = [gramsOf(core.lives.at(-1)), gramsOf(core.lives.at(-2))]
      return Math.abs(last - gramsBefore) > 100 && Math.abs(last - before) < 5
    })
    await rig.control('door', { action: 'close' })
    const end = await eventually('the session is reconciled', () =>
      core.events.find((one) => one.type === 'session.reconciled' && one.data.sessionId === sessionId),
    )
    const trace = await eventually('the trace is uploaded', () =>
      [...core.evidence.values()].find((one) => one.kind === 'weight-trace' && one.sessionId === sessionId),
    )
    const { planogram } = JSON.parse(trace.bytes.toString()) as { planogram: unknown }
    return { end, planogram: parseWeighingPlanogram(planogram) }
  }
  const cola = (planogram: WeighingPlanogram) =>
    planogram.shelves.flatMap((shelf) => shelf.products).find((product) => product.sku === 'cola-330')
  const foreign = (planogram: WeighingPlanogram) =>
    planogram.shelves.flatMap((shelf) => (shelf.foreignGrams ?? []).map((grams) => [shelf.id, grams]))

  it('is used by the next, also after a restart, and a foreign object charges nobody when it is taken away', async () => {
    const takeCola = () => rig.control('take', { shelf: 's3', sku: 'cola-330', quantity: 1 })
    const first = await visit('se-1', 's3', takeCola)
    expect(first.end.data).toMatchObject({ receipt: { verdict: 'clear', lines: [{ sku: 'cola-330' }] } })
    const listed = goods.products.find((one) => one.sku === 'cola-330')
    expect(cola(first.planogram)).toMatchObject({ unitGrams: listed?.unitGrams })
    expect(cola(first.planogram)?.meanErrorGrams).toBeUndefined()

    // Only a pick that the engine is sure of teaches; a disturbed one passes without a trace, so a few are allowed.
    let next = first
    for (let pick = 2; pick <= 5 && cola(next.planogram)?.unitGrams === listed?.unitGrams; pick++)
      next = await visit(`se-1-${pick}`, 's3', takeCola)
    expect(cola(next.planogram)?.unitGrams).not.toBe(listed?.unitGrams)

    const left = await visit('se-2', 's1', () => rig.control('foreign', { shelf: 's1', grams: 215 }))
    expect(left.end.data).toMatchObject({ receipt: { verdict: 'review', reasons: ['foreign_object'] } })
    expect(cola(left.planogram)?.meanErrorGrams).toBeLessThan(0.003 * (listed?.unitGrams ?? 0))

    await rig.stopEdge('SIGKILL')
    await rig.startEdge()
    // Without a name it is what was put there last.
    const removed = await visit('se-3', 's1', () => rig.control('take', { shelf: 's1', quantity: 1 }))
    expect(cola(removed.planogram)).toEqual(cola(left.planogram))
    expect(foreign(removed.planogram)).toEqual([['s1', expect.closeTo(215, -1)]])
    expect(removed.end.data).toMatchObject({ receipt: { verdict: 'clear', lines: [] } })

    const last = await visit('se-4', 's3', takeCola)
    expect(foreign(last.planogram)).toEqual([])
  }, 150_000)
})
