import { readFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
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
    rig.core.sendTwin(
      twinOf(goods, {
        sessionPolicy: {
          notOpenedMs: 4000,
          leftOpenWarningMs: 60_000,
          leftOpenAlarmMs: 180_000,
          reopenGraceMs: 10_000,
        },
      }),
    )
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

  it('that is cut off while the lock moves is reported as unknown, and the lock decides what it was', async () => {
    await rig.control('lock', { fault: 'jammed' })
    const args = { sessionId: 'se-5', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    rig.core.sendCommand({ id: 'cm-5', name: 'door.unlock', phase: 'prepare', args })
    const { token } = await eventually('the token', () => rig.core.replies.find((one) => one.id === 'cm-5'))
    rig.core.sendCommand({ id: 'cm-5', name: 'door.unlock', phase: 'execute', args, token })
    await eventually('the relay is about to move', () =>
      rig.core.replies.find((one) => one.status === 'executing'),
    )
    await rig.stopEdge('SIGKILL')
    await rig.control('lock', { fault: 'none' })
    await rig.startEdge()
    const finished = await eventually('the end of the command', () =>
      rig.core.events.find((one) => one.type === 'command.finished' && one.data.commandId === 'cm-5'),
    )
    expect(finished.data).toMatchObject({ status: 'unknown', reason: 'unknown_after_crash' })
    await eventually('not opened', () => rig.core.events.find((one) => one.type === 'session.not-opened'))
    rig.core.replies.length = 0
    rig.core.sendCommand({ id: 'cm-5', name: 'door.unlock', phase: 'execute', args, token })
    const again = await eventually('the recorded answer', () =>
      rig.core.replies.find((one) => one.id === 'cm-5'),
    )
    expect(again).toMatchObject({ status: 'unknown' })
    expect((await unlock('se-6')).status).toBe('succeeded')
  })

  it('whose journal cannot be read is given up openly, and the cabinet goes on', async () => {
    expect((await unlock('se-7')).status).toBe('succeeded')
    await rig.control('door', { action: 'open' })
    await eventually('the door is seen', () => rig.core.events.find((one) => one.type === 'door.opened'))
    await rig.stopEdge('SIGKILL')
    const db = new Database(path.join(rig.dataFolder, 'edge', 'edge.sqlite'))
    db.prepare("UPDATE session_samples SET body = '[[1,' WHERE session_id = 'se-7'").run()
    db.close()
    await rig.startEdge()
    const given = await eventually('it is given up', () =>
      rig.core.events.find((one) => one.type === 'session.abandoned'),
    )
    expect(given.data).toEqual({ sessionId: 'se-7', reason: 'journal_damaged' })
    await rig.control('door', { action: 'close' })
    // What was said before the door was opened does not count.
    rig.core.lives.length = 0
    await eventually('it is closed and locked', () => {
      const live = rig.core.lives.at(-1)
      return live?.isDoorOpen === false && live.isLocked === true
    })
    expect((await unlock('se-8')).status).toBe('succeeded')
  })
})
