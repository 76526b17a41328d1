import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile
const argsOf = (sessionId: string) => ({ sessionId, kind: 'sale', door: 0, planogramVersion: 1, stock: [] })

describe('commands over a real broker', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
    await rig.startEdge()
    rig.core.sendTwin(
      twinOf(goods, {
        sessionPolicy: {
          notOpenedMs: 700,
          leftOpenWarningMs: 60_000,
          leftOpenAlarmMs: 180_000,
          reopenGraceMs: 1000,
        },
      }),
    )
    await eventually('the desired document is taken', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied'),
    )
  })
  afterAll(() => rig.stop())

  const replyTo = (id: string, phase: string) =>
    eventually(`a reply to ${phase} ${id}`, () =>
      rig.core.replies.findLast((one) => one.id === id && one.phase === phase),
    )
  const lockState = async () => ((await rig.control('state')) as { lock: { lastCommand: number } }).lock
  const unlocks = () => rig.core.events.filter((one) => one.type === 'door.unlocked').length

  it('a retained unlock, one for an earlier link, and one with a guessed token never move the lock', async () => {
    const before = await lockState()
    rig.core.sendCommand(
      { id: 'cm-retained', name: 'door.unlock', phase: 'prepare', args: argsOf('se-1') },
      { retain: true },
    )
    rig.core.sendCommand({
      id: 'cm-stale',
      name: 'door.unlock',
      phase: 'prepare',
      args: argsOf('se-1'),
      linkId: 'ln-old',
    })
    rig.core.sendCommand({
      id: 'cm-guess',
      name: 'door.unlock',
      phase: 'execute',
      args: argsOf('se-1'),
      token: 'to-guess',
    })
    expect(await replyTo('cm-stale', 'prepare')).toMatchObject({
      status: 'rejected',
      reason: 'command_stale_link',
    })
    expect(await replyTo('cm-guess', 'execute')).toMatchObject({
      status: 'rejected',
      reason: 'command_unknown_token',
    })
    // What was retained reaches a cabinet that subscribes later, with the flag set.
    await rig.stopEdge()
    await rig.startEdge()
    expect(await replyTo('cm-retained', 'prepare')).toMatchObject({
      status: 'rejected',
      reason: 'command_retained',
    })
    expect(await lockState()).toEqual(before)
    expect(unlocks()).toBe(0)
  })

  it('an execute that comes after the life of its token opens nothing, and its end is told', async () => {
    rig.core.sendCommand({ id: 'cm-late', name: 'door.unlock', phase: 'prepare', args: argsOf('se-late') })
    const { token, tokenLifeMs = 0 } = await replyTo('cm-late', 'prepare')
    expect(tokenLifeMs).toBeLessThanOrEqual(5000)
    // The one thing that only time can show.
    await new Promise((resolve) => setTimeout(resolve, tokenLifeMs + 50))
    rig.core.sendCommand({ id: 'cm-late', name: 'door.unlock', phase: 'execute', args: {}, token })
    expect(await replyTo('cm-late', 'execute')).toMatchObject({
      status: 'expired',
      reason: 'command_expired',
    })
    await eventually('its end is told', () =>
      rig.core.events.find((one) => one.type === 'command.finished' && one.data.commandId === 'cm-late'),
    )
    expect(unlocks()).toBe(0)
  })

  it('the same command again moves nothing and gets the recorded answer, also after a restart', async () => {
    expect(await rig.core.command('door.unlock', argsOf('se-2'), 'cm-2')).toMatchObject({
      status: 'succeeded',
    })
    await eventually('it is over', () => rig.core.events.find((one) => one.type === 'session.not-opened'))
    expect(unlocks()).toBe(1)
    rig.core.replies.length = 0
    rig.core.sendCommand({ id: 'cm-2', name: 'door.unlock', phase: 'prepare', args: argsOf('se-2') })
    expect(await replyTo('cm-2', 'prepare')).toMatchObject({ status: 'succeeded' })
    await rig.stopEdge()
    await rig.startEdge()
    expect(rig.core.hellos.at(-1)?.commands).toContainEqual({
      id: 'cm-2',
      name: 'door.unlock',
      status: 'succeeded',
    })
    rig.core.replies.length = 0
    rig.core.sendCommand({ id: 'cm-2', name: 'door.unlock', phase: 'execute', args: {}, token: 'to-any' })
    expect(await replyTo('cm-2', 'execute')).toMatchObject({ status: 'succeeded' })
    expect(unlocks()).toBe(1)
  })

  it('a lock that does not open is reported, locked again, and charges nobody', async () => {
    await rig.control('lock', { fault: 'jammed' })
    expect(await rig.core.command('door.unlock', argsOf('se-3'), 'cm-3')).toMatchObject({
      status: 'failed',
      reason: 'unlock_failed',
    })
    await rig.control('lock', { fault: 'none' })
    expect(rig.core.events.some((one) => one.data.sessionId === 'se-3')).toBe(false)
    await eventually('the door is locked', () => rig.core.lives.at(-1)?.isLocked === true)
  })

  it('a restart by command puts a new program in the place of the old one', async () => {
    const boot = rig.core.hellos.at(-1)?.boot ?? 0
    rig.core.sendCommand({ id: 'cm-restart', name: 'agent.restart', phase: 'direct', args: {} })
    expect(await replyTo('cm-restart', 'direct')).toMatchObject({ status: 'executing' })
    await eventually('a hello of the next boot', () => rig.core.hellos.at(-1)?.boot === boot + 1)
    await eventually('its end is told', () =>
      rig.core.events.find(
        (one) =>
          one.type === 'command.finished' &&
          one.data.commandId === 'cm-restart' &&
          one.data.status === 'succeeded',
      ),
    )
    expect(rig.isEdgeRunning()).toBe(true)
  })
})
