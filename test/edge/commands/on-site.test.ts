import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createOnSiteProof, type OnSiteProof } from '#edge/commands/on-site.ts'
import { type EdgeDatabase, openEdgeDatabase } from '#edge/database.ts'
import type { BoardReading } from '#edge/hardware/ports.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const board = (changes: Partial<BoardReading>): BoardReading => ({
  atMonoMs: 0,
  isDoorOpen: false,
  isUnlocked: false,
  isBoltSeated: true,
  isKeyTurned: false,
  isMainsOn: true,
  ...changes,
})

describe('the proof that somebody stands at the cabinet', () => {
  let db: EdgeDatabase
  let time: ReturnType<typeof createManualClock>
  let shown: number | null
  let isLockedOut: boolean
  let sessionKind: string | undefined
  let proof: OnSiteProof

  function start(hasDisplay = true) {
    proof = createOnSiteProof({
      db,
      outbox: { append: () => expect.fail('nothing is told') },
      hardware: hasDisplay
        ? {
            showDigits: async (digits) => {
              shown = digits
            },
          }
        : {},
      clock: time.clock,
      random: createSeededRandom(7),
      log: pino({ level: 'silent' }),
      isLockedOut: () => isLockedOut,
      sessionKind: () => sessionKind,
    })
    proof.start()
  }
  const code = () => String(shown).padStart(4, '0')
  const another = () => (code() === '0000' ? '0001' : '0000')
  function inspect() {
    sessionKind = 'service'
    proof.onBoard(board({ isDoorOpen: true }))
    sessionKind = undefined
  }
  beforeEach(() => {
    db = openEdgeDatabase(':memory:')
    time = createManualClock()
    shown = null
    isLockedOut = true
    sessionKind = undefined
    start()
  })
  afterEach(() => {
    proof.stop()
    db.close()
  })

  it('needs a look at the goods by somebody who was let in for it', () => {
    expect(proof.check(code())?.reason).toBe('not_inspected')
    sessionKind = 'sale'
    proof.onBoard(board({ isDoorOpen: true }))
    sessionKind = undefined
    proof.onBoard(board({ isDoorOpen: true }))
    expect(proof.check(code())?.reason).toBe('not_inspected')
    inspect()
    expect(proof.check(code())).toBeUndefined()
  })
  it('takes a door that was opened with the key', () => {
    proof.onBoard(board({ isDoorOpen: true, isKeyTurned: true }))
    expect(proof.check(code())).toBeUndefined()
  })
  it('wants the code of the display, counts wrong ones, and shows a new one after a wait', async () => {
    inspect()
    const first = code()
    for (let left = 4; left >= 0; left--)
      expect(proof.check(another())).toMatchObject({
        reason: 'on_site_code_wrong',
        result: { triesLeft: left },
      })
    expect(proof.check(first)?.reason).toBe('on_site_code_blocked')
    await time.pass(14 * 60_000)
    expect(proof.check(first)?.reason).toBe('on_site_code_blocked')
    await time.pass(2 * 60_000)
    expect(code()).not.toBe(first)
    expect(proof.check(code())).toBeUndefined()
  })
  it('survives a restart: the same code, the same tries, the same look', () => {
    inspect()
    proof.check(another())
    const before = code()
    proof.stop()
    shown = null
    start()
    expect(code()).toBe(before)
    expect(proof.check(another())).toMatchObject({ result: { triesLeft: 3 } })
    expect(proof.check(before)).toBeUndefined()
  })
  it('gives the display back when the lockout is over, and begins anew with the next one', async () => {
    inspect()
    isLockedOut = false
    await time.pass(1000)
    expect(shown).toBeNull()
    isLockedOut = true
    await time.pass(1000)
    expect(proof.check(code())?.reason).toBe('not_inspected')
  })
  it('asks for no code where there is no display', () => {
    proof.stop()
    start(false)
    inspect()
    expect(proof.check(undefined)).toBeUndefined()
  })
})
