import { describe, expect, it } from 'vitest'
import {
  decideEnd,
  decideSeen,
  decideUnlocked,
  decideUnlockFailed,
  evolveResumed,
  type Seen,
  type SessionDecision,
} from '#edge/session/decide.ts'
import { type SessionInput, type SessionPhase, sessionMachine } from '#edge/session/machine.ts'
import { type SessionRecord, startRecord } from '#edge/session/record.ts'

/** Every state by every input; a dot is "nothing happens". */
const GRID = `
              unlockConfirmed unlockFailed doorOpened doorClosed foundLocked notOpenedDue lockConfirmed graceOver settled    nothingHappened journalLost
  unlocking   unlocked        failed       open       .          closing     .            .             .         .          .               abandoned
  unlocked    .               .            open       .          closing     relocking    .             .         .          .               abandoned
  relocking   .               .            open       .          .           .            closing       closing   .          .               abandoned
  open        .               .            .          closing    .           .            .             .         .          .               abandoned
  closing     .               .            open       .          .           .            .             .         reconciled notOpened       abandoned
  reconciled  .               .            .          .          .           .            .             .         .          .               .
  notOpened   .               .            .          .          .           .            .             .         .          .               .
  failed      .               .            .          .          .           .            .             .         .          .               .
  abandoned   .               .            .          .          .           .            .             .         .          .               .`

const TIMES = { lockRetryMs: 1000, settleLongestMs: 8000 }
const policy = {
  notOpenedMs: 15_000,
  leftOpenWarningMs: 60_000,
  leftOpenAlarmMs: 180_000,
  reopenGraceMs: 10_000,
}
const begun = startRecord(
  { sessionId: 'se-1', commandId: 'cm-1', kind: 'sale', door: 0, planogramVersion: 1, policy },
  false,
)

/** Lets the cabinet be seen as given, one look after the other, and tells what happened in words. */
function watch(record: SessionRecord, looks: ReadonlyArray<Partial<Seen> & { tMs: number }>) {
  const told: string[] = []
  let now = record
  for (const look of looks) {
    const seen = {
      isDoorOpen: false,
      isLocked: false,
      areWeightsSettled: false,
      watchedMs: look.tMs,
      ...look,
    }
    const decision = decideSeen(now, seen, TIMES)
    now = decision.record
    told.push(...wordsOf(decision))
  }
  return { record: now, told }
}
function wordsOf(decision: SessionDecision): string[] {
  return decision.effects.map((effect) =>
    effect.type === 'event'
      ? effect.event.type
      : effect.type === 'snapshot'
        ? `picture ${effect.moment}`
        : effect.type,
  )
}
const unlocked = decideUnlocked(begun).record
const opened = watch(unlocked, [{ tMs: 2000, isDoorOpen: true }]).record
const closed = watch(opened, [{ tMs: 9000 }]).record

describe('the session table', () => {
  it('has a row for every state and input, "nothing happens" included', () => {
    const [head = '', ...rows] = GRID.trim().split('\n')
    const inputs = head.trim().split(/\s+/) as SessionInput[]
    expect([...sessionMachine.inputs].sort()).toEqual([...inputs].sort())
    expect(rows).toHaveLength(sessionMachine.states.length)
    for (const row of rows) {
      const [state = '', ...targets] = row.trim().split(/\s+/)
      for (const [index, target] of targets.entries()) {
        const input = inputs[index] as SessionInput
        expect(`${state} ${input} ${sessionMachine.next(state as SessionPhase, input) ?? '.'}`).toBe(
          `${state} ${input} ${target}`,
        )
      }
    }
  })
})

describe('an unlocked door', () => {
  it('starts the session once, when the lock was read back', () => {
    expect(wordsOf(decideUnlocked(begun))).toEqual(['session.started', 'door.unlocked'])
    expect(wordsOf(decideUnlocked(unlocked))).toEqual([])
  })
  it('that is opened before the lock was read back still starts the session first', () => {
    const { record, told } = watch(begun, [{ tMs: 100, isDoorOpen: true }])
    expect(told).toEqual(['session.started', 'door.unlocked', 'door.opened', 'picture open'])
    expect(wordsOf(decideUnlockFailed(record))).toEqual([])
  })
  it('that nobody opens is locked again and charges nothing', () => {
    const { record, told } = watch(unlocked, [
      { tMs: 14_999 },
      { tMs: 15_000 },
      { tMs: 15_400, isLocked: true },
      { tMs: 16_900, isLocked: true },
    ])
    expect(told).toEqual(['lock', 'door.lock-confirmed', 'reconcile'])
    expect(wordsOf(decideEnd(record, false, 16_900))).toEqual(['session.not-opened', 'finished'])
  })
  it('that was opened and closed while nobody looked is weighed before it counts as not opened', () => {
    const { record } = watch({ ...unlocked, isResumed: true }, [
      { tMs: 26_000 },
      { tMs: 26_050, isLocked: true },
      { tMs: 27_600, isLocked: true },
    ])
    expect(record.phase).toBe('closing')
    expect(decideEnd(record, true, 27_600).record.phase).toBe('reconciled')
  })
  it('that was closed while the agent was away is weighed for a moment before the session ends', () => {
    const looks = [
      { tMs: 60_030, isLocked: true, areWeightsSettled: true, watchedMs: 30 },
      { tMs: 61_400, isLocked: true, areWeightsSettled: true, watchedMs: 1400 },
    ]
    expect(watch(closed, looks).told).toEqual(['door.lock-confirmed'])
    const later = { tMs: 61_600, isLocked: true, areWeightsSettled: true, watchedMs: 1600 }
    expect(watch(closed, [...looks, later]).told).toEqual(['door.lock-confirmed', 'reconcile'])
  })
  it('that nobody opens and that never locks again is weighed too when the grace is over', () => {
    const { record, told } = watch(unlocked, [{ tMs: 15_000 }, { tMs: 25_000 }, { tMs: 25_100 }])
    expect(told).toEqual(['lock', 'door.lock-failed', 'lock', 'reconcile'])
    expect(record.phase).toBe('closing')
  })
  it('that does not lock again is reported, and whoever opens within the grace is still this consumer', () => {
    const { record, told } = watch(unlocked, [
      { tMs: 15_000 },
      { tMs: 18_000 },
      { tMs: 19_000, isDoorOpen: true },
    ])
    expect(told).toEqual(['lock', 'door.lock-failed', 'lock', 'door.opened', 'picture open'])
    expect(record.phase).toBe('open')
  })
  it('whose board takes the command back is found locked; without a change of weight it was never a sale', () => {
    const { record, told } = watch(unlocked, [
      { tMs: 1200, isLocked: true },
      { tMs: 2700, isLocked: true },
    ])
    expect(told).toEqual(['door.lock-confirmed', 'reconcile'])
    expect(wordsOf(decideEnd(record, false, 2700))).toEqual(['session.not-opened', 'finished'])
    expect(decideEnd(record, true, 2700).record.phase).toBe('reconciled')
  })
  it('is left alone while the bus says nothing', () => {
    const { record, told } = watch(unlocked, [{ tMs: 3000, isDoorOpen: null, isLocked: null }])
    expect([record, told]).toEqual([unlocked, []])
  })
})

describe('an open door', () => {
  it('left open warns once and alarms once', () => {
    const { told } = watch(opened, [
      { tMs: 61_999, isDoorOpen: true },
      { tMs: 62_000, isDoorOpen: true },
      { tMs: 63_000, isDoorOpen: true },
      { tMs: 182_000, isDoorOpen: true },
      { tMs: 183_000, isDoorOpen: null },
    ])
    expect(told).toEqual(['door.left-open', 'door.left-open'])
  })
  it('that closes, locks and settles yields the receipt', () => {
    const { record, told } = watch(opened, [
      { tMs: 9000 },
      { tMs: 9200 },
      { tMs: 9300 },
      { tMs: 9700, isLocked: true },
      { tMs: 10_200, isLocked: true, areWeightsSettled: true },
    ])
    expect(told).toEqual(['door.closed', 'picture close', 'lock', 'door.lock-confirmed', 'reconcile'])
    expect(record).toMatchObject({ phase: 'closing', openedMs: 2000, closedMs: 9000 })
  })
})

describe('a closed door', () => {
  it('that is opened again before it locked joins the session', () => {
    const { record, told } = watch(closed, [{ tMs: 9200, isDoorOpen: true }])
    expect(told).toEqual(['door.opened', 'picture open'])
    expect(record).toMatchObject({ phase: 'open', openedMs: 2000, openSinceMs: 9200 })
  })
  it('that is opened although it was locked is a forced one, in the same session', () => {
    const { told } = watch(closed, [
      { tMs: 9500, isLocked: true },
      { tMs: 9600, isDoorOpen: true },
    ])
    expect(told).toEqual(['door.lock-confirmed', 'door.forced', 'door.opened', 'picture open'])
  })
  it('that will not lock is reported and asked again, and the receipt waits for the grace only', () => {
    const looks = Array.from({ length: 101 }, (_, i) => ({ tMs: 9000 + i * 100, areWeightsSettled: true }))
    const { told } = watch(closed, looks)
    expect(told.filter((one) => one === 'door.lock-failed')).toHaveLength(1)
    expect(told.filter((one) => one === 'lock')).toHaveLength(10)
    expect(told.at(-1)).toBe('reconcile')
  })
  it('whose weights never settle yields a receipt all the same', () => {
    const { told } = watch(closed, [
      { tMs: 9500, isLocked: true },
      { tMs: 16_999, isLocked: true },
      { tMs: 17_000, isLocked: true },
    ])
    expect(told).toEqual(['door.lock-confirmed', 'reconcile'])
  })
})

describe('an agent that starts again in the middle', () => {
  it('believes the hardware about an unlock whose end it did not see', () => {
    const resumed = evolveResumed(begun, 3000, true)
    expect(watch(resumed, [{ tMs: 3100, isLocked: false }]).told).toEqual([
      'session.started',
      'door.unlocked',
    ])
    expect(watch(resumed, [{ tMs: 3100, isDoorOpen: true }]).told).toContain('door.opened')
    expect(watch(resumed, [{ tMs: 3100, isLocked: true }]).record.phase).toBe('closing')
    expect(watch(resumed, [{ tMs: 3100, isDoorOpen: null, isLocked: null }]).told).toEqual([])
  })
  it('counts the restart and the time without a link', () => {
    const resumed = evolveResumed({ ...opened, offline: [{ fromMs: 2500, toMs: null }] }, 8000, true)
    expect(resumed).toMatchObject({
      restarts: 1,
      offline: [
        { fromMs: 2500, toMs: 8000 },
        { fromMs: 8000, toMs: null },
      ],
    })
  })
})
