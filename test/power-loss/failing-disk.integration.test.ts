import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkEdgeFolder } from './after-the-cut.ts'
import { runRecorded } from './recorder.ts'

const EIO = '5'
const ENOSPC = '28'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'failing-disk-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const promisesIn = () => {
  const file = path.join(folder, 'edge.sqlite.acks')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}
/** The agent's transactions with a disk on which the call with this number fails. */
async function runAgentFailing(failAt: number, settings: Record<string, string>) {
  rmSync(folder, { recursive: true })
  mkdirSync(folder)
  const mark = path.join(folder, 'failed')
  const run = await runRecorded('edge-workload.ts', [folder, '12'], {
    RECORD_MATCH: 'edge.sqlite',
    FAIL_AT: String(failAt),
    FAIL_MARK: mark,
    ...settings,
  })
  return { ...run, hasFailed: existsSync(mark), promised: promisesIn() }
}

describe('a disk on which one call fails', () => {
  it('ends the agent at the first failed write, sync or truncation, and loses nothing promised: every call in turn', async () => {
    const counted = path.join(folder, 'count')
    const whole = await runRecorded('edge-workload.ts', [folder, '12'], {
      RECORD_MATCH: 'edge.sqlite',
      FAIL_COUNT_TO: counted,
    })
    expect(whole.code).toBe(0)
    const calls = Number(readFileSync(counted, 'utf8'))
    expect(calls).toBeGreaterThan(100)
    const wrong: string[] = []
    for (let failAt = 1; failAt <= Math.min(calls, 100); failAt++) {
      const { code, hasFailed, promised } = await runAgentFailing(failAt, { FAIL_ERRNO: EIO })
      if (hasFailed && code === 0) wrong.push(`call ${failAt}: the agent went on`)
      const lost = await checkEdgeFolder(folder, promised)
      if (lost !== undefined) wrong.push(`call ${failAt}: ${lost}`)
    }
    expect(wrong).toEqual([])
  }, 300_000)

  it('never asks a failed sync again', async () => {
    const { code, hasFailed, stderr } = await runAgentFailing(5, { FAIL_ERRNO: EIO, FAIL_KINDS: 'S' })
    expect([hasFailed, code === 0]).toEqual([true, false])
    expect(stderr).toContain('SQLITE_IOERR')
  })

  it('is no broken disk when it is only full: nothing promised is lost', async () => {
    for (const failAt of [3, 9, 21, 40, 63]) {
      const { promised } = await runAgentFailing(failAt, {
        FAIL_ERRNO: ENOSPC,
        FAIL_ALWAYS: '1',
        FAIL_KINDS: 'W',
      })
      expect(await checkEdgeFolder(folder, promised)).toBeUndefined()
    }
  }, 60_000)
})
