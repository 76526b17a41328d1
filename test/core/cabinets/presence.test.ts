import { describe, expect, it } from 'vitest'
import { createPresence, type Presence } from '#core/cabinets/presence.ts'
import type { Database } from '#core/platform/database.ts'
import type { Policy } from '#core/platform/policy.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const SUSPECT_MS = 20_000
const OFFLINE_MS = 40_000

/** The book needs no database for what it knows from memory. */
function aBook() {
  const time = createManualClock()
  const book = createPresence({
    db: {} as Database,
    clock: time.clock,
    policy: { suspectAfterMs: SUSPECT_MS, offlineAfterMs: OFFLINE_MS } as Policy,
  })
  const told: Presence[] = []
  book.onChange((_cabinetId, presence) => told.push(presence))
  const now = () => book.nowOf('cab-1').presence
  book.start()
  return { time, book, told, now }
}

describe('the presence of a cabinet', () => {
  it('is unknown until something is heard of it', () => {
    const { now, book } = aBook()
    expect(now()).toBe('unknown')
    expect(book.nowOf('cab-1').linkId).toBeUndefined()
  })
  it('goes from online over suspect to offline by silence alone, and back by a word', async () => {
    const { time, book, told, now } = aBook()
    book.greeted('cab-1', 'ln-1')
    expect(now()).toBe('online')
    await time.pass(SUSPECT_MS)
    expect(now()).toBe('online')
    await time.pass(1)
    expect(now()).toBe('suspect')
    await time.pass(OFFLINE_MS - SUSPECT_MS)
    expect(now()).toBe('offline')
    book.heard('cab-1')
    expect(now()).toBe('online')
    expect(told).toEqual(['online', 'suspect', 'offline', 'online'])
  })
  it('ends at once with the will of its link', () => {
    const { book, now } = aBook()
    book.greeted('cab-1', 'ln-1')
    book.stateHeard('cab-1', { on: false, linkId: 'ln-1' })
    expect(now()).toBe('offline')
  })
  it('does not end with the will of an earlier link, which comes late', () => {
    const { book, now } = aBook()
    book.greeted('cab-1', 'ln-1')
    book.greeted('cab-1', 'ln-2')
    book.stateHeard('cab-1', { on: false, linkId: 'ln-1' })
    expect([now(), book.nowOf('cab-1').linkId]).toEqual(['online', 'ln-2'])
  })
  it('does not begin with a birth that the broker had kept', () => {
    const { book, now } = aBook()
    book.stateHeard('cab-1', { on: true, linkId: 'ln-0' })
    expect(now()).toBe('unknown')
  })
  it('takes telemetry for a sign of life, and for old after a while', async () => {
    const { time, book, now } = aBook()
    book.greeted('cab-1', 'ln-1')
    await time.pass(SUSPECT_MS + 1)
    expect(now()).toBe('suspect')
    book.saw('cab-1', {
      v: 1,
      monoMs: 0,
      nowMs: 0,
      isDoorOpen: false,
      isLocked: true,
      grams: {},
      airDeciCelsius: 40,
      setpointDeciCelsius: 40,
    })
    expect([now(), book.liveOf('cab-1')?.airDeciCelsius]).toEqual(['online', 40])
    await time.pass(15_000)
    expect(book.liveOf('cab-1')).toBeUndefined()
  })
})
