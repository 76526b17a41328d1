import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { checkFile, coreFiles } from '#core/integrity/command.ts'
import { openDatabase } from '#core/platform/database.ts'
import type { PartName } from '#scripts/system.ts'
import { checkEdgeImage, lookAtImages } from './after-the-cut.ts'
import { cutAtEnd, type DiskContents, type Recording, readRecording } from './images.ts'
import { buildRecorder } from './recorder.ts'

export interface LossReport {
  /** Disks on which a process was started again after a cut. */
  cuts: number
  /** Cuts after which something that was not synced was really missing. */
  withLoss: number
  lostSectors: number
  /** Further cuts at moments before, each opened and checked beside the running system. */
  images: number
  imagesWithLoss: number
  /** What was wrong with those, one sentence for each. */
  failures: string[]
}

/** The disks of core and edges that run as processes of their own. */
export interface RunningDisks {
  /** What a start of this part needs; from then on its writes and syncs are written down. */
  readonly environmentOf: (part: PartName, dataDir: string) => Record<string, string>
  /** After the part was killed: leaves on its disk what a power cut leaves. */
  readonly cut: (part: PartName, random: Random) => Promise<void>
  readonly report: LossReport
}

interface Life {
  readonly recordFile: string
  readonly folder: string
  readonly dataDir: string
  readonly begin: DiskContents
}

/** As flash in a cabinet does; then many a kill falls between a write and its sync. */
const SYNC_MS = '12'
const clock = createSystemClock()

/**
 * @param recordDir      where the writes of each life of a process are kept until it was cut
 * @param imagesPerLife  cuts at earlier moments that are looked at besides
 */
export function createRunningDisks(recordDir: string, imagesPerLife: number): RunningDisks {
  mkdirSync(recordDir, { recursive: true })
  const lives = new Map<PartName, Life>()
  const report: LossReport = {
    cuts: 0,
    withLoss: 0,
    lostSectors: 0,
    images: 0,
    imagesWithLoss: 0,
    failures: [],
  }
  let started = 0

  function environmentOf(part: PartName, dataDir: string): Record<string, string> {
    const [folder, database] = part === 'core' ? ['core', 'core.sqlite'] : ['edge', 'edge.sqlite']
    const recordFile = path.join(recordDir, `${part}-${++started}`)
    const inside = path.join(dataDir, folder)
    lives.set(part, { recordFile, folder: inside, dataDir, begin: contentsOf(inside, database) })
    return {
      LD_PRELOAD: buildRecorder(),
      RECORD_ALONE: '1',
      RECORD_SYNC_MS: SYNC_MS,
      RECORD_TO: recordFile,
      RECORD_MATCH: `/${folder}/${database}`,
    }
  }

  async function cut(part: PartName, random: Random): Promise<void> {
    const life = lives.get(part)
    if (life === undefined) throw new Error(`assertion failed: nobody wrote down what the ${part} writes`)
    lives.delete(part)
    const recording = readRecording(life.recordFile)
    const image = cutAtEnd(recording, life.begin, random)
    for (const [name, bytes] of image.files) {
      writeFileSync(path.join(life.folder, name), bytes)
      // The index of the log was memory.
      rmSync(path.join(life.folder, `${name.replace(/-wal$/, '')}-shm`), { force: true })
    }
    report.cuts++
    report.lostSectors += image.lostSectors
    if (image.lostSectors > 0) report.withLoss++
    await lookBack(part, life, recording, integerBelow(random, 2 ** 32))
    rmSync(life.recordFile)
  }

  async function lookBack(part: PartName, life: Life, recording: Recording, seed: number): Promise<void> {
    const { begin, dataDir } = life
    const count = imagesPerLife
    const check = part === 'core' ? (folder: string) => checkCoreFolder(folder, dataDir) : checkEdgeImage
    const seen = await lookAtImages(recording, { count, seed, begin, check })
    report.images += seen.images
    report.imagesWithLoss += seen.withLoss
    report.failures.push(...seen.failures.map((failure) => `${part}, ${failure}`))
  }

  return { environmentOf, cut, report }
}

/** The database of a folder as it lies there, with its log. */
function contentsOf(folder: string, database: string): DiskContents {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return new Map(
    readdirSync(folder)
      .filter((name) => name === database || name === `${database}-wal`)
      .map((name) => [name, readFileSync(path.join(folder, name))]),
  )
}

/** The core opens this image with its own key, and every promise that a database can show by itself holds. */
async function checkCoreFolder(folder: string, dataDir: string): Promise<string | undefined> {
  const file = path.join(folder, 'core.sqlite')
  const auditKey = Buffer.from(readFileSync(coreFiles(dataDir).auditKey, 'utf8').trim(), 'base64')
  await openDatabase(file, { clock, auditKey }).close()
  const connection = new Sqlite(file, { readonly: true })
  try {
    const found = connection.pragma('integrity_check', { simple: true })
    if (found !== 'ok') return `the file is damaged: ${String(found)}`
  } finally {
    connection.close()
  }
  const [first] = (await checkFile(file, auditKey, clock)).violations
  return first === undefined ? undefined : `${first.invariantId} ${first.subject}: ${first.message}`
}
