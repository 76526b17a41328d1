import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { findBrokenAudit } from '#core/audit/audit.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { openDatabase } from '#core/platform/database.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'
import { checkEdgeFolder } from './after-the-cut.ts'
import { DISK_AUDIT_KEY } from './disk-audit-key.ts'
import { type RecordedRun, runRecorded } from './recorder.ts'

export const EIO = '5'
export const ENOSPC = '28'
const ROUNDS = '12'

export interface FailedRun extends RecordedRun {
  /** Whether the process came as far as the call that was to fail. */
  readonly hasFailed: boolean
  /** Everything was done by then, and the log was being folded into the file; what fails there is done at the next start. */
  readonly wasClosing: boolean
  /** What is wrong with what is left, after a start on a disk that works again. */
  readonly lost: string | undefined
}
interface Program {
  readonly file: string
  readonly database: string
  readonly check: (folder: string, promised: readonly string[]) => Promise<string | undefined>
}
const PROGRAMS: Record<'edge' | 'core', Program> = {
  edge: { file: 'edge-workload.ts', database: 'edge.sqlite', check: checkEdgeFolder },
  core: { file: 'core-disk-workload.ts', database: 'core.sqlite', check: checkCoreFolder },
}

/** The core starts on what is left. */
async function checkCoreFolder(folder: string, promised: readonly string[]): Promise<string | undefined> {
  const file = path.join(folder, 'core.sqlite')
  const { clock } = createManualClock()
  await openDatabase(file, { clock, auditKey: DISK_AUDIT_KEY }).close()
  const connection = new Sqlite(file, { readonly: true })
  try {
    const damage = connection.pragma('integrity_check', { simple: true }) as string
    if (damage !== 'ok') return `the file is damaged: ${damage}`
    const read = createKysely(createRunner(connection))
    const broken = await findBrokenAudit(read, DISK_AUDIT_KEY)
    if (broken !== undefined) return `audit entry ${broken.seq}: ${broken.reason}`
    const ledger = await auditLedger(read, DISK_AUDIT_KEY, clock.now())
    const chain = ledger.findings.find(({ rule }) => rule === 'chain' || rule === 'balance')
    if (chain !== undefined) return `${chain.subject}: ${chain.message}`
    for (const line of promised) {
      const { audit } = JSON.parse(line) as { audit?: string }
      if (audit === undefined) continue
      if (connection.prepare('SELECT 1 FROM audit WHERE subject = ?').get(audit) === undefined)
        return `${audit} is lost`
    }
    return undefined
  } finally {
    connection.close()
  }
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'failing-disk-'))
  mkdirSync(folder, { recursive: true })
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How many calls there are that can fail. */
export function countCalls(who: 'edge' | 'core', kinds = 'WTS'): Promise<number> {
  const { file, database } = PROGRAMS[who]
  return inFolder(async (folder) => {
    const counted = path.join(folder, 'count')
    const { code, stderr } = await runRecorded(file, [folder, ROUNDS], {
      RECORD_MATCH: database,
      FAIL_COUNT_TO: counted,
      FAIL_KINDS: kinds,
    })
    if (code !== 0) throw new Error(`${file} ended with ${code}: ${stderr}`)
    return Number(readFileSync(counted, 'utf8'))
  })
}

/** Runs on a disk on which the call with this number fails, then looks at what is left. */
export function runFailing(
  who: 'edge' | 'core',
  failAt: number,
  settings: Readonly<Record<string, string>>,
): Promise<FailedRun> {
  const { file, database, check } = PROGRAMS[who]
  return inFolder(async (folder) => {
    const mark = path.join(folder, 'failed')
    const run = await runRecorded(file, [folder, ROUNDS], {
      RECORD_MATCH: database,
      FAIL_AT: String(failAt),
      FAIL_MARK: mark,
      ...settings,
    })
    const acks = path.join(folder, `${database}.acks`)
    const promised = existsSync(acks) ? readFileSync(acks, 'utf8').split('\n').filter(Boolean) : []
    const wasClosing = promised.some((line) => line.includes('closing'))
    return { ...run, hasFailed: existsSync(mark), wasClosing, lost: await check(folder, promised) }
  })
}

const AT_ONCE = 3

/** Lets each of the first `count` calls fail in turn. @returns how often one failed, and what was wrong */
export async function failEachCall(
  who: 'edge' | 'core',
  count: number,
): Promise<{ failed: number; wrong: string[] }> {
  const calls = Math.min(count, await countCalls(who))
  const wrong: string[] = []
  let failed = 0
  let next = 1
  async function work(): Promise<void> {
    for (let failAt = next++; failAt <= calls; failAt = next++) {
      const { code, hasFailed, wasClosing, lost } = await runFailing(who, failAt, { FAIL_ERRNO: EIO })
      if (hasFailed) failed++
      if (hasFailed && !wasClosing && code === 0) wrong.push(`${who}, call ${failAt}: the process went on`)
      if (lost !== undefined) wrong.push(`${who}, call ${failAt}: ${lost}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { failed, wrong }
}
