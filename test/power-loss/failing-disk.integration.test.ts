import { describe, expect, it } from 'vitest'
import { EIO, ENOSPC, failEachCall, runFailing } from './failing-disk.ts'

/** Of the first calls each fails once; `npm run scenario -- faults/failing-disk` takes all of them. */
const CALLS = 40

describe.each(['edge', 'core'] as const)('a disk that fails below the %s', (who) => {
  it('ends it at the first failed write, sync or truncation, and loses nothing promised', async () => {
    const { failed, wrong } = await failEachCall(who, CALLS)
    expect(wrong).toEqual([])
    expect(failed).toBeGreaterThan(CALLS / 2)
  }, 300_000)

  it('is never asked to sync again after it failed to', async () => {
    const { code, hasFailed, lost, stderr } = await runFailing(who, 12, { FAIL_ERRNO: EIO, FAIL_KINDS: 'S' })
    expect([hasFailed, code === 0, lost]).toEqual([true, false, undefined])
    expect(stderr).toContain('SQLITE_IOERR')
  }, 60_000)

  it('is not taken for a full one: that loses nothing promised either', async () => {
    for (const failAt of [21, 60]) {
      const { lost } = await runFailing(who, failAt, {
        FAIL_ERRNO: ENOSPC,
        FAIL_ALWAYS: '1',
        FAIL_KINDS: 'W',
      })
      expect(lost).toBeUndefined()
    }
  }, 60_000)
})
