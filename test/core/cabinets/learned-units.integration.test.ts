import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlanogramView } from '#protocol/api/staff/planogram.ts'
import { nothingLearned } from '#edge/weighing/learned-weights.ts'
import { bindPlanogram } from '#edge/weighing/bound-planogram.ts'
import { encodeTrace } from '#edge/weighing/live-weighing.ts'
import { startUnitBelief } from '#protocol/weighing/learning.ts'
import { createLearnedUnits } from '#core/cabinets/learned-units.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const SKU = 'cola-330'
const LISTED = { unitGrams: 340, sigmaGrams: 2 }

/** A recording as the edge writes it, of a cabinet that has weighed colas of its own. */
function traceOf(learnedGrams: number): string {
  const belief = { ...startUnitBelief(LISTED.unitGrams, LISTED.sigmaGrams), unitGrams: learnedGrams }
  const bound = bindPlanogram(
    {
      version: 1,
      shelves: [{ id: 's1', products: [{ sku: SKU, ...LISTED, stock: 6, priceFen: 300 }] }],
    },
    [],
    [{ shelf: 's1', sensor: 's1' }],
    { ...nothingLearned, units: { [SKU]: { listed: LISTED, belief } } },
  )
  return Buffer.from(encodeTrace('ses_1', bound, [[0, 0, 2000]])).toString()
}

async function uploaded(sha256: string, atMs: number): Promise<void> {
  await bench.core.db.write('a recording arrived', async (tx) => {
    await tx
      .insertInto('blob')
      .values({ sha256, cabinetId: CABINET, mediaType: 'application/json', byteCount: 1, storedAtMs: atMs })
      .execute()
    await tx
      .insertInto('evidence')
      .values({
        sessionId: `ses_${atMs}`,
        sha256,
        cabinetId: CABINET,
        kind: 'weight-trace',
        mediaType: 'application/json',
        byteCount: 1,
        atMs,
        moment: '',
        camera: null,
        registeredAtMs: atMs,
      })
      .execute()
  })
}

describe('a new cabinet', () => {
  it('is linted by the catalogue, and the answer says so', async () => {
    const headers = { cookie: await bench.cookieOf('operator') }
    const answer = await bench.core.http.inject({ url: `/api/staff/cabinets/${CABINET}/planogram`, headers })
    const { lint } = answer.json() as PlanogramView
    expect(lint).toMatchObject({ learnedProducts: 0, isSearchWhole: true })
  })
})

describe('a cabinet that has weighed its own goods', () => {
  const texts = new Map<string, string>()
  const learnedUnits = () =>
    createLearnedUnits({
      db: bench.core.db,
      evidence: { readEvidenceText: async (sha256) => texts.get(sha256) },
    })(CABINET)

  it('without any recording nothing is known but the catalogue', async () => {
    expect((await learnedUnits()).size).toBe(0)
  })

  it('its latest recording says what it has learned', async () => {
    const [older, newer] = ['a'.repeat(64), 'b'.repeat(64)]
    texts.set(older, traceOf(341))
    texts.set(newer, traceOf(344.5))
    await uploaded(older, 1000)
    await uploaded(newer, 2000)
    expect((await learnedUnits()).get(SKU)).toMatchObject({ unitGrams: 344.5 })
  })

  it('a recording that cannot be read leaves the catalogue', async () => {
    const broken = 'c'.repeat(64)
    texts.set(broken, '{"v":1,')
    await uploaded(broken, 3000)
    expect((await learnedUnits()).size).toBe(0)
  })
})
