import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '../support/rig.ts'

const goods = JSON.parse(
  readFileSync(new URL('../../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile
const settings = {
  liveIdleMs: 200,
  retransmitShortestMs: 200,
  retransmitLongestMs: 400,
  watchdogMs: 1500,
  helloTimeoutMs: 500,
  chunkBytes: 8192,
  evidenceRetryShortestMs: 50,
  evidenceRetryLongestMs: 200,
  outboxBytesMost: 4096,
}

describe('a network that fails', () => {
  let rig: Rig
  beforeEach(async () => {
    rig = await startRig({ settings })
    await rig.startEdge()
    rig.core.sendTwin(twinOf(goods))
    await eventually('the desired document is taken', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied'),
    )
  })
  afterEach(() => rig.stop())

  /** Something that makes events without any network. */
  const forceDoor = async () => {
    await rig.control('door-force', {})
    await eventually('the door is seen', () => rig.edgeLog().includes('door.forced'))
    await rig.control('door', { action: 'close' })
  }
  const forced = () => rig.core.events.filter((one) => one.type === 'door.forced').length

  it('half open: the link is dropped, a new one made, and everything arrives once and in order', async () => {
    const first = rig.core.linkId()
    await rig.control('network', { mode: 'half-open' })
    await forceDoor()
    await eventually('the watchdog bites', () => rig.edgeLog().includes('no acknowledgement for 1500 ms'))
    await rig.control('network', { mode: 'ok' })
    await eventually('the event arrives', () => forced() === 1)
    await eventually('the new link', () => rig.core.linkId() !== first)
    expect(rig.core.events.map((one) => one.seq)).toEqual(rig.core.events.map((_, index) => index + 1))
  })

  it('with a core that does not answer: sent again, one event at a time, until it does', async () => {
    rig.core.isAnswering = false
    await rig.control('network', { mode: 'cut' })
    await rig.control('network', { mode: 'ok' })
    const frames = rig.core.frameCount
    await forceDoor()
    await eventually('frames are repeated', () => rig.core.frameCount > frames + 2)
    expect(forced()).toBe(0)
    rig.core.isAnswering = true
    await eventually('the event arrives', () => forced() === 1)
  })

  it('a will that stands on our topic is corrected', async () => {
    await eventually('the birth', () => rig.core.states.at(-1)?.on === true)
    const states = rig.core.states.length
    rig.core.sendState({ v: 1, on: false, linkId: 'ln-old' })
    await eventually(
      'the birth again',
      () => rig.core.states.length > states && rig.core.states.at(-1)?.on === true,
    )
    expect(rig.core.states.at(-1)?.linkId).toBe(rig.core.linkId())
  })

  it('an agent that is stopped says goodbye, and the goodbye stands', async () => {
    const linkId = rig.core.linkId()
    expect(await rig.stopEdge()).toBe(0)
    expect(rig.core.states.at(-1)).toMatchObject({ on: false, linkId })
  })

  it('a core that lost its tail gets it again', async () => {
    await forceDoor()
    await eventually('the event arrives', () => forced() === 1)
    const { seq, epoch } = rig.core.events.at(-1) ?? expect.fail('no event')
    rig.core.forgetAfter(seq - 2)
    rig.core.sendAck({
      v: 1,
      linkId: rig.core.linkId(),
      epoch,
      ack: seq - 2,
      window: 10,
      nowMs: Date.now(),
      rewindTo: seq - 2,
    })
    await eventually('it is there again', () => rig.core.events.at(-1)?.seq === seq)
  })

  it('a core that calls this outbox a fork gets nothing more, and the cabinet goes on', async () => {
    const { epoch } = rig.core.events.at(-1) ?? expect.fail('no event')
    rig.core.sendAck({
      v: 1,
      linkId: rig.core.linkId(),
      epoch,
      ack: 1,
      window: 10,
      nowMs: Date.now(),
      error: 'fork',
    })
    await eventually('it is said, with what to do', () => rig.edgeLog().includes('this database was copied'))
    const known = rig.core.events.length
    await forceDoor()
    const lives = rig.core.lives.length
    await eventually('it is still alive', () => rig.core.lives.length > lives)
    expect(rig.core.events).toHaveLength(known)
  })

  it('uploads that break off go on, and what arrives is what was sent', async () => {
    rig.core.brokenUploads = 5
    const args = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    await rig.core.command('door.unlock', args, 'cm-1')
    await rig.control('door', { action: 'open' })
    await rig.control('take', { shelf: 's1', sku: 'yogurt-plain', quantity: 1 })
    await rig.control('door', { action: 'close' })
    const end = await eventually('the end', () =>
      rig.core.events.find((one) => one.type === 'session.reconciled'),
    )
    const refs = (end.data as { evidence: Array<{ sha256: string; byteCount: number }> }).evidence
    expect(refs.length).toBeGreaterThanOrEqual(3)
    await eventually('all evidence', () =>
      refs.every((ref) => rig.core.evidence.get(ref.sha256)?.bytes.length === ref.byteCount),
    )
    for (const [sha256, { bytes }] of rig.core.evidence) {
      expect(Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex')).toBe(
        sha256,
      )
    }
  })

  it('an outbox that runs full refuses new sessions rather than lose a charge, and recovers', async () => {
    rig.core.isAnswering = false
    await eventually('the lock is read', () => rig.core.lives.at(-1)?.isLocked === true)
    const args = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    for (let round = 0; !rig.edgeLog().includes('the outbox is full'); round++) {
      expect(round).toBeLessThan(40)
      await rig.control('door-force', {})
      await eventually('the door is seen open', () => rig.core.lives.at(-1)?.isDoorOpen === true)
      await rig.control('door', { action: 'close' })
      await eventually('the door is seen shut', () => rig.core.lives.at(-1)?.isLocked === true)
    }
    expect(await rig.core.command('door.unlock', args, 'cm-1')).toMatchObject({
      status: 'rejected',
      reason: 'outbox_full',
    })
    rig.core.isAnswering = true
    await eventually('the core hears of it', () => rig.core.events.find((one) => one.data.level === 'full'))
    await eventually('all is well again', () => rig.core.events.find((one) => one.data.level === 'normal'))
    expect(await rig.core.command('door.unlock', args, 'cm-2')).toMatchObject({ status: 'succeeded' })
  })
})
