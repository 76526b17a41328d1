import { describe, expect, it } from 'vitest'
import {
  decideAck,
  decideLinkDown,
  decideLinkUp,
  decideSend,
  decideWake,
  evolveSent,
  initialSender,
  nextWakeMonoMs,
  type SenderState,
} from '#edge/delivery/sender.ts'
import type { Ack } from '#protocol/messages/frames.ts'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'

const policy = {
  windowMost: 100,
  retransmitShortestMs: 2000,
  retransmitLongestMs: 60_000,
  helloTimeoutMs: 10_000,
  watchdogMs: 20_000,
}
const own = { epoch: 'ep1', lastSeq: 50, hashAt: (seq: number) => `hash of ${seq}` }
const ack = (changes: Partial<Ack> = {}): Ack => ({
  v: 1,
  linkId: 'ln1',
  epoch: 'ep1',
  ack: 0,
  window: 10,
  nowMs: 0,
  ...changes,
})
const greeting = decideLinkUp(initialSender(0), 'ln1', 0, policy)
const open = decideAck(greeting, ack(), own, 100, policy).state
const sent10 = evolveSent(open, 10, 200, policy)

describe('before the core has answered the hello', () => {
  it('nothing is sent', () => {
    expect(decideSend(greeting, 50, policy)).toBeUndefined()
  })
  it('after a while without an answer single events are tried', () => {
    const { state } = decideWake(greeting, 10_000, 0.5, policy)
    expect(decideSend(state, 50, policy)).toEqual({ fromSeq: 1, eventsMost: 1 })
  })
  it('the hello is said again, also when nothing waits to be sent, until it is answered and not only an event', () => {
    const quiet = { ...own, lastSeq: 0 }
    const first = decideWake(greeting, 10_000, 0.5, policy)
    expect(first.greets).toBe(true)
    const { linkId: _ofHello, ...ofEvent } = ack()
    const heard = decideAck(first.state, ofEvent, quiet, 11_000, policy).state
    const againAtMs = nextWakeMonoMs(heard, policy) ?? Number.NaN
    expect(againAtMs).toBe(10_000 + policy.retransmitLongestMs)
    expect(decideWake(heard, againAtMs - 1, 0.5, policy).greets).toBe(false)
    const second = decideWake(heard, againAtMs, 0.5, policy)
    expect(second.greets).toBe(true)
    const answered = decideAck(second.state, ack(), quiet, againAtMs + 100, policy).state
    expect(nextWakeMonoMs(answered, policy)).toBeUndefined()
  })
})

describe('an open window', () => {
  it('lets out as many as the core allows, and no more', () => {
    expect(decideSend(open, 50, policy)).toEqual({ fromSeq: 1, eventsMost: 10 })
    expect(decideSend(sent10, 50, policy)).toBeUndefined()
  })
  it('moves on with a cumulative acknowledgement', () => {
    const { state, effects } = decideAck(sent10, ack({ ack: 4 }), own, 300, policy)
    expect(effects).toEqual([{ type: 'confirm', seq: 4 }])
    expect(decideSend(state, 50, policy)).toEqual({ fromSeq: 11, eventsMost: 4 })
  })
  it('goes back to the last acknowledged event when nothing comes, ever more slowly', () => {
    const pauses: number[] = []
    let state: SenderState = sent10
    for (let round = 0; round < 8; round++) {
      const dueMs = state.resendAtMonoMs ?? Number.NaN
      state = decideWake({ ...state, waitingSinceMonoMs: dueMs }, dueMs, 0.999, policy).state
      expect(decideSend(state, 50, policy)?.fromSeq).toBe(1)
      pauses.push(Math.round(((state.resendAtMonoMs ?? Number.NaN) - dueMs) / 1000))
      state = evolveSent(state, 10, dueMs, policy)
    }
    expect(pauses).toEqual([4, 8, 16, 32, 60, 60, 60, 60])
  })
  it('closed by the core is probed with one event, in case its opening was lost', () => {
    const { state } = decideAck(open, ack({ window: 0 }), own, 300, policy)
    expect(decideSend(state, 50, policy)).toBeUndefined()
    const woken = decideWake(state, nextWakeMonoMs(state, policy) ?? 0, 0, policy)
    expect(woken.dropLink).toBe(false)
    expect(decideSend(woken.state, 50, policy)).toEqual({ fromSeq: 1, eventsMost: 1 })
  })
})

describe('an acknowledgement that does not concern this outbox or link', () => {
  it.each([
    ['of an earlier link', ack({ linkId: 'ln0', ack: 9 })],
    ['of another epoch', ack({ epoch: 'ep0', ack: 9 })],
  ])('%s changes nothing', (_what, given) => {
    expect(decideAck(sent10, given, own, 300, policy)).toEqual({ state: sent10, effects: [] })
  })
})

describe('a core that was restored from a backup', () => {
  it('gets again what it lost', () => {
    const ahead = decideAck(sent10, ack({ ack: 10 }), own, 300, policy).state
    const { state, effects } = decideAck(ahead, ack({ ack: 3, rewindTo: 3 }), own, 400, policy)
    expect(effects).toEqual([{ type: 'rewind', seq: 3 }])
    expect(decideSend(state, 50, policy)?.fromSeq).toBe(4)
  })
})

describe('an outbox that the core refuses', () => {
  it.each([['stale_epoch'], ['fork'], ['unknown_cabinet']] as const)(
    '%s stops the sending and is told once',
    (error) => {
      const { state, effects } = decideAck(sent10, ack({ error }), own, 300, policy)
      expect(effects).toEqual([{ type: 'halted', reason: error }])
      expect(decideSend(state, 50, policy)).toBeUndefined()
      expect(decideAck(state, ack({ error }), own, 400, policy).effects).toEqual([])
    },
  )
  it('an acknowledgement beyond our last event means that this database is an old copy', () => {
    expect(decideAck(sent10, ack({ ack: 51 }), own, 300, policy).effects).toEqual([
      { type: 'halted', reason: 'ack_beyond_outbox' },
    ])
  })
  it('is tried again on the next link', () => {
    const halted = decideAck(sent10, ack({ error: 'fork' }), own, 300, policy).state
    const again = decideLinkUp(decideLinkDown(halted), 'ln2', 500, policy)
    expect(decideAck(again, ack({ linkId: 'ln2' }), own, 600, policy).state.phase).toBe('open')
  })
})

describe('a refusal that comes late, of an epoch before the one that was let go on', () => {
  it.each([['stale_epoch'], ['fork']] as const)('changes nothing: %s', (error) => {
    const late = ack({ epoch: 'ep0', error })
    expect(decideAck(open, late, own, 300, policy)).toEqual({ state: open, effects: [] })
  })
})

describe('an acknowledgement of an event that is not ours', () => {
  const theirs = ack({ ack: 5, hash: 'hash of somebody else' })
  it('means that another machine writes under our identity: nothing of ours counts as received', () => {
    const { state, effects } = decideAck(sent10, theirs, own, 300, policy)
    expect(effects).toEqual([{ type: 'halted', reason: 'fork' }])
    expect(state.ackedSeq).toBe(0)
  })
  it('is noticed in the first answer of a link, although the number is an old one', () => {
    const behind = decideLinkUp(initialSender(8), 'ln1', 0, policy)
    expect(decideAck(behind, theirs, own, 300, policy).effects).toEqual([{ type: 'halted', reason: 'fork' }])
  })
  it('is not held against it when our own event is not kept any more', () => {
    const forgetful = { ...own, hashAt: () => undefined }
    expect(decideAck(sent10, theirs, forgetful, 300, policy).state.ackedSeq).toBe(5)
  })
  it('ends as soon as the core acknowledges what is ours', () => {
    const halted = decideAck(sent10, theirs, own, 300, policy).state
    const { state } = decideAck(halted, ack({ ack: 5, hash: 'hash of 5' }), own, 400, policy)
    expect(state).toMatchObject({ phase: 'open', ackedSeq: 5, haltReason: undefined })
  })
})

describe('a person lets a refused outbox go on', () => {
  const halted = decideAck(sent10, ack({ error: 'fork' }), own, 300, policy).state
  const renew = ack({ renew: { after: 'ep9' } })
  it('and hears of it although the first word was lost: it greets once a minute until it may go on', () => {
    const dueMs = nextWakeMonoMs(halted, policy) ?? expect.fail('it sleeps for ever')
    expect(dueMs).toBe(300 + policy.retransmitLongestMs)
    expect(decideWake(halted, dueMs - 1, 0, policy).greets).toBe(false)
    const woken = decideWake(halted, dueMs, 0, policy)
    expect(woken).toMatchObject({ greets: true, dropLink: false, state: { phase: 'halted' } })
    expect(nextWakeMonoMs(woken.state, policy)).toBe(dueMs + policy.retransmitLongestMs)
  })
  it('under a new epoch, beginning with a hello', () => {
    const { state, effects } = decideAck(halted, renew, own, 400, policy)
    expect(effects).toEqual([{ type: 'renew', reason: 'fork', after: 'ep9' }])
    expect(state).toMatchObject({ phase: 'greeting', linkId: 'ln1', haltReason: undefined, ackedSeq: 0 })
  })
  it('before it was ever refused: a new machine with a clock that is behind, let go on by its enrolment', () => {
    expect(decideAck(greeting, renew, own, 400, policy).effects).toEqual([
      { type: 'renew', reason: 'stale_epoch', after: 'ep9' },
    ])
  })
  it('for what another machine sent, while it goes on: it keeps its epoch, and its hello ends the matter at the core', () => {
    const { state, effects } = decideAck(sent10, renew, own, 400, policy)
    expect(effects).toEqual([{ type: 'greet' }])
    expect(state).toBe(sent10)
  })
  it.each([
    ['on another link', halted, { ...renew, linkId: 'ln0' }],
    ['without naming a link', halted, { ...renew, linkId: undefined }],
    ['for another epoch', halted, { ...renew, epoch: 'ep0' }],
  ] as const)('%s: nothing happens', (_what, state, given) => {
    expect(decideAck(state, given as Ack, own, 400, policy).effects).toEqual([])
  })
})

describe('the watchdog', () => {
  it('drops a link on which events wait and nothing is acknowledged', () => {
    expect(decideWake(sent10, 20_099, 0.5, policy).dropLink).toBe(false)
    expect(decideWake(sent10, 20_100, 0.5, policy).dropLink).toBe(true)
  })
  it('counts from the first event after a quiet time, not from the hello', () => {
    const quiet = decideAck(greeting, ack(), { ...own, lastSeq: 0 }, 100, policy).state
    const sent = evolveSent(quiet, 1, 60_000, policy)
    expect(decideWake(sent, 62_000, 0.5, policy).dropLink).toBe(false)
    expect(decideWake(sent, 80_000, 0.5, policy).dropLink).toBe(true)
  })
  it('leaves a link alone that moves, and one that has nothing to send', () => {
    const moving = decideAck(sent10, ack({ ack: 5 }), own, 20_000, policy).state
    expect(decideWake(moving, 30_000, 0.5, policy).dropLink).toBe(false)
    expect(decideWake(open, 1e9, 0.5, policy).dropLink).toBe(false)
  })
})

describe('over a network that loses frames and acknowledgements', () => {
  it('everything arrives, in order, whatever is lost', () => {
    for (let seed = 1; seed <= 200; seed++) expect(`${seed}: ${runLossy(seed)}`).toBe(`${seed}: 40`)
  })
})

/** A small world: frames and acknowledgements are lost by chance, links break. @returns the last seq at the core */
function runLossy(seed: number): number {
  const random = createSeededRandom(seed)
  let nowMs = 0
  let coreLast = 0
  let link = 1
  let state = decideLinkUp(initialSender(0), 'ln1', 0, policy)
  const answer = () => {
    if (random.next() < 0.4) return
    const { state: next } = decideAck(
      state,
      ack({ linkId: `ln${link}`, ack: coreLast, window: integerBelow(random, 8) }),
      { ...own, lastSeq: 40 },
      nowMs,
      policy,
    )
    state = next
  }
  for (let round = 0; round < 2000 && state.ackedSeq < 40; round++) {
    nowMs = Math.max(nowMs + 50, nextWakeMonoMs(state, policy) ?? 0)
    const woken = decideWake(state, nowMs, random.next(), policy)
    state = woken.state
    if (woken.dropLink || random.next() < 0.02) {
      link++
      state = decideLinkUp(decideLinkDown(state), `ln${link}`, nowMs, policy)
      answer()
      continue
    }
    for (let want = decideSend(state, 40, policy); want; want = decideSend(state, 40, policy)) {
      const upTo = want.fromSeq + want.eventsMost - 1
      if (random.next() < 0.6 && want.fromSeq <= coreLast + 1) coreLast = Math.max(coreLast, upTo)
      state = evolveSent(state, upTo, nowMs, policy)
    }
    answer()
  }
  return state.ackedSeq
}
