import { beforeAll, describe, expect, it } from 'vitest'
import { checkCoreImage, checkEdgeImage, lookAtImages } from './after-the-cut.ts'
import type { Recording } from './images.ts'
import { recordCore, recordEdge } from './recordings.ts'

const IMAGES = 2000
/** A setting that does not sync the log at each commit, as SQLite would have it by default. */
const withoutLogSyncs = (file: string) => !file.endsWith('-wal')

describe('a power cut at any moment', () => {
  let edge: Recording
  let core: Recording
  beforeAll(async () => {
    ;[edge, core] = await Promise.all([recordEdge(400), recordCore(12)])
  }, 120_000)

  it('loses nothing that the agent had promised', async () => {
    const report = await lookAtImages(edge, { count: IMAGES, seed: 1, check: checkEdgeImage })
    expect([report.images, report.failures.slice(0, 5)]).toEqual([IMAGES, []])
    // Otherwise nothing was tested: much of what was under way did not arrive.
    expect(report.withLoss).toBeGreaterThan(IMAGES / 4)
  }, 300_000)

  it('loses nothing that the core had promised, and leaves its books whole', async () => {
    const report = await lookAtImages(core, { count: IMAGES, seed: 2, check: checkCoreImage })
    expect([report.images, report.failures.slice(0, 5)]).toEqual([IMAGES, []])
    expect(report.withLoss).toBeGreaterThan(IMAGES / 4)
  }, 600_000)

  it('would lose much if commits were not synced, so that this test can fail', async () => {
    const options = { count: 100, seed: 3, syncsOf: withoutLogSyncs }
    const [agent, books] = [
      await lookAtImages(edge, { ...options, check: checkEdgeImage }),
      await lookAtImages(core, { ...options, check: checkCoreImage }),
    ]
    expect(agent.failures.length).toBeGreaterThan(30)
    expect(books.failures.length).toBeGreaterThan(30)
  }, 120_000)
})
