import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import { flipBits } from '#test/core/integrity/flipping.ts'
import { checkCoreImage, checkEdgeImage, lookAtImages } from '#test/power-loss/after-the-cut.ts'
import { failEachCall } from '#test/power-loss/failing-disk.ts'
import { recordCore, recordEdge } from '#test/power-loss/recordings.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { arrive, leave, take } from '../steps.ts'
import type { World } from '../world.ts'
import { type FaultCount, NotPossibleHere } from './fault-count.ts'
import { withSystem } from './with-system.ts'

export const powerCuts: FaultCount = {
  name: 'power-cuts',
  shows:
    'power cuts at any moment of what agent and core write: nothing promised is lost, no file is damaged, every promise holds',
  // `npm test` has a test of its own for these.
  counts: { test: 0, all: 500, full: 2000 },
  async run({ count, seed }) {
    const [edge, core] = [await recordEdge(400), await recordCore(12)]
    const agent = await lookAtImages(edge, { count, seed, check: checkEdgeImage })
    const books = await lookAtImages(core, { count, seed: seed + 1, check: checkCoreImage })
    expectEqual([agent.failures.slice(0, 3), books.failures.slice(0, 3)], [[], []], 'what was lost')
    return `${agent.images} images of the agent (${agent.withLoss} with writes missing, ${agent.lostSectors} sectors), ${books.images} of the core (${books.withLoss}, ${books.lostSectors})`
  },
}

export const failingDisk: FaultCount = {
  name: 'failing-disk',
  shows: 'each write, sync and truncation fails once: the process ends and nothing promised is lost',
  counts: { test: 0, all: 60, full: 500 },
  async run({ count }) {
    const [edge, core] = [await failEachCall('edge', count), await failEachCall('core', count)]
    expectEqual([...edge.wrong, ...core.wrong].slice(0, 3), [], 'what went wrong')
    return `${edge.failed} failed calls below the agent, ${core.failed} below the core`
  },
}

export const flippedBits: FaultCount = {
  name: 'flipped-bits',
  shows: 'one flipped bit after the other in money, journal and audit: each that changes anything is found',
  counts: { test: 0, all: 200, full: 5000 },
  async run({ count, seed }) {
    const report = await flipBits(count, seed)
    expectEqual(report.missed, [], 'changes that nobody noticed')
    return `${report.flips} flips, ${report.changed} changed something, all of them found`
  },
}

const MIB = 1024 * 1024
const CORE_DISK_MIB = 600
const EDGE_DISK_MIB = 200

export const diskFull: FaultCount = {
  name: 'disk-full',
  shows:
    'the disks of core and cabinet run full during a visit: it is recorded and charged, no new one begins, and all goes on by itself when there is room',
  counts: { test: 1, all: 1, full: 5 },
  async run({ count, dataDir }) {
    if (process.getuid?.() !== 0)
      throw new NotPossibleHere(
        'a small disk can only be mounted by root; test/power-loss shows what a full disk does to each database',
      )
    for (let round = 1; round <= count; round++) await fillDuringVisit(path.join(dataDir, `round-${round}`))
    return `${count} visits on full disks, each recorded, charged once, and followed by another`
  },
}

async function fillDuringVisit(dataDir: string): Promise<void> {
  const disks = [
    [path.join(dataDir, 'core'), CORE_DISK_MIB],
    [path.join(dataDir, 'edge'), EDGE_DISK_MIB],
  ] as const
  const mounted: string[] = []
  try {
    for (const [folder, mebibytes] of disks) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', folder])
      mounted.push(folder)
    }
    await withSystem({ dataDir }, (world) => visitOnFullDisks(world, mounted))
  } finally {
    for (const folder of mounted) execFileSync('umount', ['-l', folder])
  }
}

async function visitOnFullDisks(world: World, disks: readonly string[]): Promise<void> {
  const processes = (['core', 'edge'] as const).map((name) => runningProcess(world, name))
  const consumer = await world.consumer('Anna')
  const session = await consumer.open()
  await world.workshop.visit([...arrive, take('s3', 'cola-330')])
  fillAtOnce(processes, disks)
  await world.workshop.visit([take('s4', 'juice-orange'), ...leave])
  const order = await consumer.orderIn(session.sessionId, ['paid'], 60_000)
  expectEqual(
    order.lines.map(({ sku, quantity }) => `${quantity} ${sku}`).toSorted(),
    ['1 cola-330', '1 juice-orange'],
    'the goods of the visit during which the disks ran full',
  )
  const next = await world.consumer('李伟')
  const refused = await next.tryOpen()
  expectThat('refusal' in refused, 'a visit began although it could not be recorded')
  expectEqual(refused.refusal.code, 'storage_full', 'the refusal')
  for (const disk of disks) rmSync(path.join(disk, 'filler'))
  const opened = await eventually(
    'the next visit',
    async () => {
      const result = await next.tryOpen()
      return 'session' in result ? result.session : undefined
    },
    { withinMs: 60_000, everyMs: 500 },
  )
  await world.workshop.visit([...arrive, take('s2', 'salad-chicken'), ...leave])
  await next.orderIn(opened.sessionId, ['paid'], 60_000)
  expectEqual(
    [world.system.processId('core'), world.system.processId('edge')],
    processes,
    'the processes, which nobody restarted',
  )
}

function runningProcess(world: World, name: 'core' | 'edge'): number {
  const processId = world.system.processId(name)
  expectThat(processId !== undefined, `${name} is not running`)
  return processId
}

/** While core and agent stand still: the ballast that one gives up at a write without room is not for the filler to take. */
function fillAtOnce(processes: readonly number[], disks: readonly string[]): void {
  for (const pid of processes) process.kill(pid, 'SIGSTOP')
  try {
    for (const disk of disks) fill(path.join(disk, 'filler'))
  } finally {
    for (const pid of processes) process.kill(pid, 'SIGCONT')
  }
}

/** Takes every byte that is left. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w')
  try {
    for (let pieceBytes = MIB; pieceBytes >= 512; ) {
      try {
        writeSync(descriptor, Buffer.alloc(pieceBytes, 1))
      } catch (error) {
        if (storageTroubleOf(error) !== 'full') throw error
        pieceBytes /= 2
      }
    }
  } finally {
    closeSync(descriptor)
  }
}
