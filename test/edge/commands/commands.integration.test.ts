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

  describe('a command that nobody sent here now', () => {
    const prepare = (changes: object) => ({
      id: 'cm-attack',
      name: 'door.unlock',
      phase: 'prepare' as const,
      args: argsOf('se-attack'),
      ...changes,
    })
    const execute = (changes: object) => prepare({ phase: 'execute', ...changes })
    it.each([
      ['for an earlier link', prepare({ linkId: 'ln-old' }), 'command_stale_link'],
      ['with a guessed token', execute({ token: 'to-guess' }), 'command_unknown_token'],
      ['without a token', execute({}), 'command_unknown_token'],
      ['in one step', prepare({ phase: 'direct' }), 'bad_request'],
      ['with arguments that were never checked', prepare({ args: { kind: 'sale' } }), 'bad_request'],
      ['that nobody knows', prepare({ name: 'door.explode' }), 'command_unknown'],
      [
        'for a door that is not there',
        prepare({ args: { ...argsOf('se-attack'), door: 3 } }),
        'precondition_failed',
      ],
    ])('%s never moves the lock', async (_what, command, reason) => {
      rig.core.replies.length = 0
      rig.core.sendCommand(command)
      expect(await replyTo('cm-attack', command.phase)).toMatchObject({ status: 'rejected', reason })
      expect((await lockState()).lastCommand).toBe('none')
      expect(unlocks()).toBe(0)
    })
    it('with the token of another command never moves the lock', async () => {
      rig.core.replies.length = 0
      rig.core.sendCommand({ id: 'cm-lock', name: 'door.lock', phase: 'prepare', args: {} })
      const { token } = await replyTo('cm-lock', 'prepare')
      rig.core.sendCommand({ ...prepare({ phase: 'execute' }), id: 'cm-lock', token })
      expect(await replyTo('cm-lock', 'execute')).toMatchObject({ reason: 'command_unknown_token' })
      rig.core.sendCommand({ ...prepare({ phase: 'execute' }), token })
      expect(await replyTo('cm-attack', 'execute')).toMatchObject({ reason: 'command_unknown_token' })
      expect(unlocks()).toBe(0)
    })
  })

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
    rig.core.replies.length = 0
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

  it('a door that is opened for service is told as such, and nothing is learned or sold from it', async () => {
    const args = { ...argsOf('se-service'), kind: 'service', planogramVersion: 99 }
    expect(await rig.core.command('door.unlock', args, 'cm-service')).toMatchObject({ status: 'succeeded' })
    await rig.control('door', { action: 'open' })
    await eventually('the door being seen open', () =>
      rig.core.events.find((one) => one.type === 'door.opened' && one.data['sessionId'] === 'se-service'),
    )
    rig.core.replies.length = 0
    rig.core.sendCommand({ id: 'cm-shop', name: 'door.unlock', phase: 'prepare', args: argsOf('se-shop') })
    expect(await replyTo('cm-shop', 'prepare')).toMatchObject({ status: 'rejected', reason: 'cabinet_busy' })
    await rig.control('door', { action: 'close' })
    const ended = await eventually('the end of the service', () =>
      rig.core.events.find(
        (one) => one.type === 'session.reconciled' && one.data['sessionId'] === 'se-service',
      ),
    )
    expect(ended.data['kind']).toBe('service')
    expect(
      rig.core.events.find((one) => one.type === 'door.unlocked' && one.data['sessionId'] === 'se-service')
        ?.data,
    ).toMatchObject({ by: 'service' })
  })

  it('a picture that is asked for reaches the core under the id of its command', async () => {
    rig.core.sendCommand({ id: 'cm-picture', name: 'camera.snapshot', phase: 'direct', args: {} })
    const ended = await eventually('its end', () =>
      rig.core.events.find(
        (one) => one.type === 'command.finished' && one.data['commandId'] === 'cm-picture',
      ),
    )
    const [picture] = (ended.data['result'] as { pictures: Array<{ sha256: string }> }).pictures
    const uploaded = await eventually('the upload', () => rig.core.evidence.get(picture?.sha256 ?? ''))
    expect([uploaded.sessionId, uploaded.kind]).toEqual(['cm-picture', 'snapshot'])
  })

  it('a command in the middle of which the agent dies is not carried out again: the hardware is asked', async () => {
    await rig.control('shelf', { shelf: 's1', fault: 'stuck' })
    rig.core.replies.length = 0
    rig.core.sendCommand({ id: 'cm-crash', name: 'scale.tare', phase: 'prepare', args: { shelf: 's1' } })
    const { token } = await replyTo('cm-crash', 'prepare')
    rig.core.sendCommand({ id: 'cm-crash', name: 'scale.tare', phase: 'execute', args: {}, token })
    await eventually('it being begun', () =>
      rig.core.replies.find((one) => one.id === 'cm-crash' && one.status === 'executing'),
    )
    await rig.stopEdge('SIGKILL')
    await rig.startEdge()
    const ended = await eventually('its end', () =>
      rig.core.events.find((one) => one.type === 'command.finished' && one.data['commandId'] === 'cm-crash'),
    )
    expect(ended.data).toMatchObject({ status: 'unknown', reason: 'unknown_after_crash' })
    rig.core.replies.length = 0
    rig.core.sendCommand({ id: 'cm-crash', name: 'scale.tare', phase: 'execute', args: {}, token })
    expect(await replyTo('cm-crash', 'execute')).toMatchObject({
      status: 'unknown',
      reason: 'unknown_after_crash',
    })
    await rig.control('shelf', { shelf: 's1', fault: 'none' })
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
