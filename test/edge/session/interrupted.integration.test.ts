import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, type ReceivedEvent } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

function linesOf(event: ReceivedEvent): Record<string, number> {
  const { receipt } = event.data as { receipt: { lines: Array<{ sku: string; quantity: number }> } }
  return Object.fromEntries(receipt.lines.map((line) => [line.sku, line.quantity]))
}

describe('a session that is interrupted', () => {
  let rig: Rig
  beforeEach(async () => {
    rig = await startRig({ settings: { chargeDeferredAfterMs: 1500 } })
    await rig.startEdge()
    rig.core.sendTwin(twinOf(goods))
    await eventually('the desired document is taken', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied'),
    )
  })
  afterEach(() => rig.stop())

  const unlock = (sessionId: string) =>
    rig.core.command(
      'door.unlock',
      { sessionId, kind: 'sale', door: 0, planogramVersion: 1, stock: [] },
      `cm-${sessionId}`,
    )
  const endOf = (sessionId: string) =>
    eventually(
      `the end of ${sessionId}`,
      () =>
        rig.core.events.find((one) => one.type === 'session.reconciled' && one.data.sessionId === sessionId),
      20_000,
    )
  const take = (shelf: string, sku: string) => rig.control('take', { shelf, sku, quantity: 1 })

  it('goes on after a power cut of the agent, and counts what was taken meanwhile', async () => {
    expect((await unlock('se-1')).status).toBe('succeeded')
    await rig.control('door', { action: 'open' })
    await take('s3', 'cola-330')
    await eventually('the first step', () => rig.core.events.find((one) => one.type === 'weighing.step'))
    await rig.stopEdge('SIGKILL')
    await take('s4', 'juice-orange')
    await rig.startEdge()
    expect(rig.core.hellos.at(-1)?.session).toMatchObject({ sessionId: 'se-1', state: 'open' })
    await take('s5', 'chocolate-bar')
    await eventually(
      'the last step',
      () => rig.core.events.filter((one) => one.type === 'weighing.step').length >= 3,
    )
    await rig.control('door', { action: 'close' })
    const end = await endOf('se-1')
    expect(linesOf(end)).toEqual({ 'cola-330': 1, 'juice-orange': 1, 'chocolate-bar': 1 })
    expect(end.data).toMatchObject({ restarts: 1, receipt: { verdict: 'clear' } })
    expect(rig.core.events.filter((one) => one.type === 'session.started')).toHaveLength(1)
  })

  it('finishes without a network and says that the charge was deferred, and no longer is', async () => {
    expect((await unlock('se-2')).status).toBe('succeeded')
    await rig.control('door', { action: 'open' })
    await take('s3', 'cola-330')
    await rig.control('network', { mode: 'cut' })
    await take('s5', 'chocolate-bar')
    await rig.control('door', { action: 'close' })
    await eventually('the session is finished at the cabinet', () =>
      rig.edgeLog().includes('session reconciled'),
    )
    const known = rig.core.events.length
    await eventually('the charge is known to be late', () =>
      rig.edgeLog().includes('the charge will be late'),
    )
    expect(rig.core.events).toHaveLength(known)
    await rig.control('network', { mode: 'ok' })
    const end = await endOf('se-2')
    expect(linesOf(end)).toEqual({ 'cola-330': 1, 'chocolate-bar': 1 })
    const { offline, closedMs } = end.data as {
      offline: Array<{ fromMs: number; toMs: number }>
      closedMs: number
    }
    expect(offline).toHaveLength(1)
    expect(offline[0]?.fromMs).toBeLessThan(closedMs)
    await eventually('charge.cleared', () => rig.core.events.find((one) => one.type === 'charge.cleared'))
    const types = rig.core.events.map((one) => one.type)
    expect(types.indexOf('charge.deferred')).toBeGreaterThan(types.indexOf('session.reconciled'))
  })

  it('ends without a receipt when nobody opens the door', async () => {
    rig.core.sendTwin(
      twinOf(goods, {
        version: 2,
        sessionPolicy: {
          notOpenedMs: 800,
          leftOpenWarningMs: 60_000,
          leftOpenAlarmMs: 180_000,
          reopenGraceMs: 1000,
        },
      }),
    )
    await eventually('version 2', () => rig.core.events.find((one) => one.data.version === 2))
    expect((await unlock('se-3')).status).toBe('succeeded')
    const end = await eventually('not opened', () =>
      rig.core.events.find((one) => one.type === 'session.not-opened'),
    )
    expect(end.data).toMatchObject({ sessionId: 'se-3' })
    expect(rig.core.events.some((one) => one.type === 'session.reconciled')).toBe(false)
    expect(rig.core.events.some((one) => one.type === 'door.lock-confirmed')).toBe(true)
  })

  it('whose board takes the unlock back after a second charges nothing', async () => {
    await rig.control('lock', { fault: 'undone' })
    expect((await unlock('se-4')).status).toBe('succeeded')
    const end = await eventually('not opened', () =>
      rig.core.events.find((one) => one.type === 'session.not-opened'),
    )
    expect(end.data).toMatchObject({ sessionId: 'se-4' })
    expect(rig.core.events.some((one) => one.type === 'session.reconciled')).toBe(false)
  })
})
