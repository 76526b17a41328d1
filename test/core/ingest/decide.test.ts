import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideFrame,
  decideGreeting,
  decideSkewMs,
  hasForgotten,
  occurredAtMs,
  type ReceiverState,
  windowFor,
} from '#core/ingest/decide.ts'
import { hashEvent } from '#protocol/messages/event-hash.ts'

const at = (epoch: string, lastSeq: number): ReceiverState => ({ epoch, lastSeq })
const none = new Map<number, string>()

describe('a cabinet greets a core that once had more of its events', () => {
  it.each([
    ['has as much as it said', at('b', 5), { epoch: 'b', safeSeq: 5 }, false],
    ['has more, for an answer was lost', at('b', 7), { epoch: 'b', safeSeq: 5 }, false],
    ['has less', at('b', 4), { epoch: 'b', safeSeq: 5 }, true],
    ['has nothing of the cabinet', undefined, { epoch: 'b', safeSeq: 5 }, true],
    ['never said to have anything', undefined, { epoch: 'b', safeSeq: 0 }, false],
    ['never heard of the outbox that it acknowledged', at('a', 2), { epoch: 'b', safeSeq: 5 }, true],
    [
      'may have said it of the epoch before',
      at('a', 5),
      { epoch: 'b', safeSeq: 5, continues: { epoch: 'a', seq: 5 } },
      false,
    ],
    ['hears an outbox that was replaced', at('c', 2), { epoch: 'b', safeSeq: 5 }, false],
    ['hears an agent that does not tell', at('b', 4), { epoch: 'b' }, false],
  ])('which %s', (_what, state, hello, isForgotten) => {
    expect(hasForgotten(state, { lastSeq: 9, ...hello })).toBe(isForgotten)
  })
  it('does not believe that it was told more is safe than it ever wrote', () => {
    expect(hasForgotten(at('b', 4), { epoch: 'b', safeSeq: 1_000_000_000, lastSeq: 9 })).toBe(false)
  })
})

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
      { kind: 'append', skip: 0, fromSeq: 1, toSeq: 1 },
    ],
    [
      'the next in order',
      at('b', 5),
      'b',
      6,
      ['f', 'g'],
      none,
      { kind: 'append', skip: 0, fromSeq: 6, toSeq: 7 },
    ],
    ['a repetition', at('b', 5), 'b', 4, ['d', 'e'], stored, { kind: 'duplicate' }],
    [
      'half a repetition',
      at('b', 5),
      'b',
      5,
      ['e', 'f'],
      stored,
      { kind: 'append', skip: 1, fromSeq: 6, toSeq: 6 },
    ],
    ['a repetition of what is not kept any more', at('b', 5), 'b', 1, ['?'], none, { kind: 'duplicate' }],
    ['the same seq with other contents', at('b', 5), 'b', 5, ['E'], stored, { kind: 'fork', seq: 5 }],
    ['a fork hidden in front of news', at('b', 5), 'b', 5, ['E', 'f'], stored, { kind: 'fork', seq: 5 }],
    ['one with a hole before it', at('b', 5), 'b', 7, ['g'], none, { kind: 'gap' }],
    ['one of an older life', at('b', 5), 'a', 6, ['f'], none, { kind: 'stale_epoch' }],
    ['the first of a new life without its hello', at('b', 5), 'c', 1, ['z'], none, { kind: 'unannounced' }],
    ['a later one of a cabinet that was never heard', undefined, 'c', 3, ['z'], none, { kind: 'gap' }],
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
  it('is the same whenever it is repeated', () => {
    expect(hashEvent(event, 3)).toBe(hashEvent(structuredClone(event), 3))
  })
  it('differs when anything that the cabinet said differs', () => {
    const changed = [
      hashEvent({ ...event, data: { sessionId: 's' } }, 3),
      hashEvent({ ...event, atMs: 6 }, 3),
      hashEvent(event, 4),
    ]
    expect(changed).not.toContain(hashEvent(event, 3))
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
  it('is never before the event in front of it, whatever a clock said in an earlier boot', () => {
    const now = 1_700_000_000_000
    const written1970 = { atMs: 9, monoMs: 1, boot: 1 }
    expect(occurredAtMs({ ...frame, nowMs: now }, written1970, now, now - 50_000)).toBe(now - 50_000)
    const written2040 = { atMs: now + 5e11, monoMs: 1, boot: 1 }
    expect(occurredAtMs({ ...frame, nowMs: now }, written2040, now, now - 50_000)).toBe(now)
  })
})

describe('a cabinet greets', () => {
  const hello = (
    epoch: string,
    firstSeq: number,
    lastSeq: number,
    continues?: { epoch: string; seq: number },
  ) => ({
    epoch,
    firstSeq,
    lastSeq,
    ...(continues === undefined ? {} : { continues }),
  })
  const goesOnAt = (lastSeq: number, lost?: [number, number]) => ({
    lastSeq,
    lost: lost === undefined ? undefined : { fromSeq: lost[0], toSeq: lost[1] },
  })
  it.each([
    ['with everything that we miss', at('b', 5), hello('b', 3, 9), 0, goesOnAt(5)],
    ['with exactly the next one', at('b', 5), hello('b', 6, 9), 0, goesOnAt(5)],
    ['with later ones only', at('b', 5), hello('b', 9, 12), 0, goesOnAt(8, [6, 8])],
    ['with nothing, because everything was let go', at('b', 5), hello('b', 0, 9), 0, goesOnAt(9, [6, 9])],
    ['with nothing, because there never was anything', undefined, hello('b', 0, 0), 0, goesOnAt(0)],
    ['in a new life whose beginning is gone', at('b', 5), hello('c', 4, 9), 0, goesOnAt(3, [1, 3])],
    [
      'in a life that goes on from a forked one: from where both agreed',
      at('b', 20),
      hello('c', 1, 15, { epoch: 'b', seq: 10 }),
      20,
      goesOnAt(10),
    ],
    [
      'in a life that goes on from one of which we, restored, know less',
      at('b', 6),
      hello('c', 1, 15, { epoch: 'b', seq: 10 }),
      6,
      goesOnAt(6),
    ],
    [
      'in a life that goes on from one that we never heard of',
      at('a', 6),
      hello('c', 11, 15, { epoch: 'b', seq: 10 }),
      0,
      goesOnAt(10, [1, 10]),
    ],
  ] as const)('%s', (_name, state, given, knownSeq, expected) => {
    const greeting = decideGreeting(state, given, knownSeq)
    if (greeting.kind === 'stale') throw new Error('it was refused')
    expect({ lastSeq: greeting.state.lastSeq, lost: greeting.lost }).toEqual(expected)
    expect(greeting.state.epoch).toBe(given.epoch)
  })
  it('from an outbox that was replaced, and is refused', () => {
    expect(decideGreeting(at('b', 5), hello('a', 4, 9), 0)).toEqual({ kind: 'stale' })
  })
})

describe('the wall clock of a cabinet', () => {
  it('is wrong by what it says less what it is', () => {
    expect(decideSkewMs({ nowMs: 1000, timeQuality: 'unsynchronised' }, 1_000_000)).toBe(-999_000)
  })
  it('is believed when the cabinet knows that it agrees: its frame was held up on the way', () => {
    expect(decideSkewMs({ nowMs: 1000, timeQuality: 'synchronised' }, 1_000_000)).toBe(0)
  })
})

describe('the window', () => {
  it('closes before the queue of the core is full', () => {
    expect([windowFor(0), windowFor(2000), windowFor(10_000)]).toEqual([500, 50, 0])
  })
})
