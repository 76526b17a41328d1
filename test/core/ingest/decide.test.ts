import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideFrame,
  decideLostRange,
  hashEvent,
  occurredAtMs,
  type ReceiverState,
  windowFor,
} from '#core/ingest/decide.ts'

const at = (epoch: string, lastSeq: number): ReceiverState => ({ epoch, lastSeq })
const none = new Map<number, string>()

describe('a frame arrives', () => {
  const stored = new Map([
    [4, 'd'],
    [5, 'e'],
  ])
  it.each([
    [
      'the first of a cabinet',
      undefined,
      'b',
      1,
      ['x'],
      none,
      { kind: 'append', skip: 0, fromSeq: 1, toSeq: 1, isNewEpoch: true },
    ],
    [
      'the next in order',
      at('b', 5),
      'b',
      6,
      ['f', 'g'],
      none,
      { kind: 'append', skip: 0, fromSeq: 6, toSeq: 7, isNewEpoch: false },
    ],
    ['a repetition', at('b', 5), 'b', 4, ['d', 'e'], stored, { kind: 'duplicate' }],
    [
      'half a repetition',
      at('b', 5),
      'b',
      5,
      ['e', 'f'],
      stored,
      { kind: 'append', skip: 1, fromSeq: 6, toSeq: 6, isNewEpoch: false },
    ],
    ['a repetition of what is not kept any more', at('b', 5), 'b', 1, ['?'], none, { kind: 'duplicate' }],
    ['the same seq with other contents', at('b', 5), 'b', 5, ['E'], stored, { kind: 'fork', seq: 5 }],
    ['a fork hidden in front of news', at('b', 5), 'b', 5, ['E', 'f'], stored, { kind: 'fork', seq: 5 }],
    ['one with a hole before it', at('b', 5), 'b', 7, ['g'], none, { kind: 'gap' }],
    ['one of an older life', at('b', 5), 'a', 6, ['f'], none, { kind: 'stale_epoch' }],
    [
      'the first of a new life',
      at('b', 5),
      'c',
      1,
      ['z'],
      none,
      { kind: 'append', skip: 0, fromSeq: 1, toSeq: 1, isNewEpoch: true },
    ],
    ['a later one of a new life', at('b', 5), 'c', 3, ['z'], none, { kind: 'gap' }],
  ] as const)('%s', (_name, state, epoch, firstSeq, hashes, known, verdict) => {
    expect(decideFrame(state, { epoch, firstSeq }, hashes, known)).toEqual(verdict)
  })
})

/** Any way in which a network may lose, repeat, delay and reorder the frames of an honest sender. */
const deliveries = fc.array(
  fc.record({ from: fc.integer({ min: 1, max: 40 }), count: fc.integer({ min: 1, max: 8 }) }),
  { maxLength: 200 },
)

describe('whatever the network does to the frames of one cabinet', () => {
  it('appends every event at most once, in order, without holes, and never sees a fork', () => {
    fc.assert(
      fc.property(deliveries, (frames) => {
        let state: ReceiverState | undefined
        const inbox = new Map<number, string>()
        for (const { from, count } of frames) {
          const hashes = Array.from({ length: count }, (_, index) => `hash-${from + index}`)
          const verdict = decideFrame(state, { epoch: 'e', firstSeq: from }, hashes, inbox)
          expect(verdict.kind).not.toBe('fork')
          if (verdict.kind !== 'append') continue
          for (let seq = verdict.fromSeq; seq <= verdict.toSeq; seq++) {
            expect(inbox.has(seq)).toBe(false)
            inbox.set(seq, hashes[seq - from] as string)
          }
          state = { epoch: 'e', lastSeq: verdict.toSeq }
        }
        expect([...inbox.keys()]).toEqual(Array.from({ length: inbox.size }, (_, index) => index + 1))
        for (const [seq, hash] of inbox) expect(hash).toBe(`hash-${seq}`)
      }),
    )
  })
})

describe('the hash of an event', () => {
  const event = { type: 'door.opened', atMs: 5, monoMs: 6, data: {} }
  it('is the same when it is repeated after a restart, in another frame', () => {
    expect(hashEvent({ boot: 3 }, event)).toBe(hashEvent({ boot: 4 }, { ...event, boot: 3 }))
  })
  it('differs when anything that the cabinet said differs', () => {
    expect(hashEvent({ boot: 3 }, { ...event, data: { sessionId: 's' } })).not.toBe(
      hashEvent({ boot: 3 }, event),
    )
  })
})

describe('when an event happened', () => {
  const frame = { boot: 2, monoMs: 10_000, nowMs: 0 }
  it('is told by the monotonic clocks, although the wall clock of the cabinet stands in 1970', () => {
    expect(occurredAtMs(frame, { atMs: 1, monoMs: 4000 }, 1_700_000_000_000)).toBe(1_700_000_000_000 - 6000)
  })
  it('of an earlier boot is told by its wall clock, corrected by what that clock is wrong now', () => {
    const late = { boot: 2, monoMs: 500, nowMs: 1_000_000 }
    expect(occurredAtMs(late, { atMs: 940_000, monoMs: 99_000, boot: 1 }, 5_000_000)).toBe(5_000_000 - 60_000)
  })
  it('is never in the future', () => {
    expect(occurredAtMs(frame, { atMs: 0, monoMs: 99_000 }, 777)).toBe(777)
  })
})

describe('a hello says what the cabinet still keeps', () => {
  it.each([
    ['everything that we miss', at('b', 5), { epoch: 'b', firstSeq: 3 }, undefined],
    ['exactly from the next one on', at('b', 5), { epoch: 'b', firstSeq: 6 }, undefined],
    ['only later ones', at('b', 5), { epoch: 'b', firstSeq: 9 }, { lastSeq: 8, lostFrom: 6 }],
    ['nothing', at('b', 5), { epoch: 'b', firstSeq: 0 }, undefined],
    [
      'a new life whose beginning is gone',
      at('b', 5),
      { epoch: 'c', firstSeq: 4 },
      { lastSeq: 3, lostFrom: 1 },
    ],
    ['an older life', at('b', 5), { epoch: 'a', firstSeq: 4 }, undefined],
  ] as const)('%s', (_name, state, hello, lost) => {
    expect(decideLostRange(state, hello)).toEqual(lost)
  })
})

describe('the window', () => {
  it('closes before the queue of the core is full', () => {
    expect([windowFor(0), windowFor(2000), windowFor(10_000)]).toEqual([500, 50, 0])
  })
})
