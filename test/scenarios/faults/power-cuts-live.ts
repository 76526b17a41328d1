import path from 'node:path'
import { createRunningDisks } from '#test/power-loss/running-disks.ts'
import { expectEqual } from '#test/support/eventually.ts'
import { playKillRounds } from '../kill-rounds/index.ts'
import type { FaultCount } from './fault-count.ts'

/** Core and edges each lose their power nearly as often as there are strikes. */
const STRIKES_PER_ROUND = 3
/** Earlier moments of each life that ended so, looked at while the system goes on. */
const IMAGES_PER_LIFE = 20

export const livePowerCuts: FaultCount = {
  name: 'power-cuts-live',
  shows:
    'the power of core and edges fails in the middle of visits: what was not synced is gone or torn, they start on what is left, and nothing promised is lost',
  counts: { test: 1, all: 5, full: 25 },
  async run({ count, dataDir, ...play }) {
    const disks = createRunningDisks(path.join(dataDir, 'written'), IMAGES_PER_LIFE)
    const done = await playKillRounds({
      ...play,
      dataDir,
      rounds: count,
      strikesPerRound: STRIKES_PER_ROUND,
      disks,
    })
    const { report } = disks
    expectEqual(report.failures.slice(0, 3), [], 'what was wrong on disks that were cut earlier')
    return `${done}; ${report.cuts} disks cut (${report.withLoss} with writes missing, ${report.lostSectors} sectors) and started on, ${report.images} cut at earlier moments (${report.imagesWithLoss} with writes missing) and checked`
  },
}
