import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { messageOf } from '#protocol/base/errors.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { runPass } from '#core/integrity/pass.ts'
import { openDatabase } from '#core/platform/database.ts'
import { createCommandJournal } from '#edge/commands/command-journal.ts'
import { openEdgeDatabase } from '#edge/database.ts'
import { createOutbox } from '#edge/delivery/outbox.ts'
import { AUDIT_KEY } from '#test/core/payments/money-rig.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'
import { type DiskContents, type PowerCut, powerCuts, type Recording } from './images.ts'

/** Thousands of small databases are written and opened: no disk need wear out for it. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export interface CutReport {
  images: number
  /** Images in which something that was not synced was really missing. */
  withLoss: number
  lostSectors: number
  /** What was wrong, one sentence for each image. */
  failures: string[]
}

/** Looks at every image. @param check  throws, or returns a sentence about what is wrong */
export async function lookAtImages(
  recording: Recording,
  options: {
    count: number
    seed: number
    check: (folder: string, cut: PowerCut) => Promise<string | undefined>
    begin?: DiskContents
    syncsOf?: (file: string) => boolean
  },
): Promise<CutReport> {
  const report: CutReport = { images: 0, withLoss: 0, lostSectors: 0, failures: [] }
  const folder = mkdtempSync(path.join(MEMORY, 'power-cut-'))
  try {
    for (const cut of powerCuts(recording, { ...options, random: createSeededRandom(options.seed) })) {
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
      for (const [name, bytes] of cut.files) writeFileSync(path.join(folder, name), bytes)
      report.images++
      if (cut.lostSectors > 0) report.withLoss++
      report.lostSectors += cut.lostSectors
      let wrong: string | undefined
      try {
        wrong = await options.check(folder, cut)
      } catch (error) {
        wrong = messageOf(error)
      }
      if (wrong !== undefined) report.failures.push(`after operation ${cut.at}: ${wrong}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return report
}

type Promised = Record<string, string | number>
const promisedIn = (cut: PowerCut) => cut.promised.map((line) => JSON.parse(line) as Promised)
const lastOf = (promises: readonly Promised[], key: string) =>
  promises.findLast((one) => one[key] !== undefined)?.[key]

function findDamage(connection: Sqlite.Database): string | undefined {
  const found = connection.pragma('integrity_check', { simple: true })
  return found === 'ok' ? undefined : `the file is damaged: ${String(found)}`
}

/** The agent starts on this image. */
export async function checkEdgeImage(folder: string, cut: PowerCut): Promise<string | undefined> {
  return checkEdgeFolder(folder, cut.promised)
}

/** The agent starts on what is left in this folder, after so much was promised. */
export async function checkEdgeFolder(
  folder: string,
  promised: readonly string[],
): Promise<string | undefined> {
  const promises = promised.map((line) => JSON.parse(line) as Promised)
  const db = openEdgeDatabase(path.join(folder, 'edge.sqlite'))
  try {
    const damage = findDamage(db.sql)
    if (damage !== undefined) return damage
    const identity = db.readDocument<{ epoch: string; boot: number }>('identity')
    const epoch = lastOf(promises, 'epoch')
    if (epoch === undefined) return undefined
    if (identity?.epoch !== epoch)
      return `the epoch ${epoch} was promised, ${String(identity?.epoch)} is there`
    const outbox = createOutbox(
      db,
      identity,
      createManualClock().clock,
      { bytesMost: 50_000_000, rewindKeepMs: 1, rewindBytesMost: 2_000 },
      pino({ level: 'silent' }),
    )
    const { firstSeq, lastSeq } = outbox.range()
    const sent = Number(lastOf(promises, 'seq') ?? 0)
    if (lastSeq < sent) return `event ${sent} may have been sent, the outbox ends at ${lastSeq}`
    const confirmed = Number(lastOf(promises, 'confirmed') ?? 0)
    if (firstSeq > confirmed + 1)
      return `event ${confirmed + 1} was never confirmed, the outbox begins at ${firstSeq}`
    const rows = outbox.read(firstSeq, 100_000, 100_000_000)
    for (const [index, row] of rows.entries())
      if (row.seq !== firstSeq + index) return `event ${firstSeq + index} is missing in the outbox`
    const journal = createCommandJournal(db, 100_000)
    for (const { moved, finished } of promises) {
      if (moved !== undefined && journal.find(String(moved)) === undefined)
        return `the lock moved for ${moved}, and nothing knows it`
      if (finished !== undefined && journal.find(String(finished))?.status !== 'succeeded')
        return `the outcome of ${finished} is lost`
    }
    return undefined
  } finally {
    db.close()
  }
}

const CHARGE_ORDER = ['prepared', 'submitted', 'unknown', 'pending', 'paid']

/** The core starts on this image. */
export async function checkCoreImage(folder: string, cut: PowerCut): Promise<string | undefined> {
  const file = path.join(folder, 'core.sqlite')
  const clock = createManualClock().clock
  await openDatabase(file, { clock, auditKey: AUDIT_KEY }).close()
  const connection = new Sqlite(file, { readonly: true })
  try {
    const { violations } = await runPass(connection, {
      auditKey: AUDIT_KEY,
      nowMs: clock.now(),
      since: undefined,
    })
    const [first] = violations
    if (first !== undefined) return `${first.invariantId} ${first.subject}: ${first.message}`
    const one = (text: string, ...values: Array<string | number>) =>
      connection.prepare(text).pluck().get(values) as string | number | null | undefined
    for (const promise of promisedIn(cut)) {
      const { asked, paid, granted, refund, audit, cabinetId, acked } = promise
      const charge = granted ?? asked ?? paid
      if (charge !== undefined) {
        const state = one('SELECT state FROM charge WHERE chargeId = ?', String(charge))
        if (state === undefined) return `the charge ${charge} is gone`
        const least = paid === undefined ? 'prepared' : 'paid'
        if (CHARGE_ORDER.indexOf(String(state)) < CHARGE_ORDER.indexOf(least))
          return `the charge ${charge} was ${least}, it is ${String(state)}`
        const lines = one('SELECT lines FROM charge WHERE chargeId = ?', String(charge))
        if (asked !== undefined && lines === null)
          return `the money of ${charge} was asked for, and nothing knows it`
      }
      if (
        refund !== undefined &&
        one('SELECT 1 FROM refund WHERE refundId = ?', String(refund)) === undefined
      )
        return `the refund ${refund} is gone`
      if (audit !== undefined && one('SELECT 1 FROM audit WHERE subject = ?', String(audit)) === undefined)
        return `the audit entry ${audit} is gone`
      if (acked === undefined) continue
      const held = one(
        'SELECT count(*) FROM inbox WHERE cabinetId = ? AND seq <= ?',
        String(cabinetId),
        Number(acked),
      )
      if (held !== acked)
        return `events up to ${acked} of ${cabinetId} were acknowledged, ${String(held)} are there`
    }
    return undefined
  } finally {
    connection.close()
  }
}
