import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createNoticeStandIn } from '#simulator/notices/notices.ts'
import { createProviderStandIn } from '#simulator/provider/provider.ts'
import { seedOrders } from '#test/bench/api/served.ts'
import { CABINET, type CoreBench, createCoreBench } from './core-bench.ts'

/** A core that sells, with provider and message gateway of its own, and a consumer who has paid for some visits. */
export interface SellingBench {
  readonly bench: CoreBench
  readonly consumerId: string
  /** The consumer's phone, in English. */
  readonly cookie: string
  readonly orders: Awaited<ReturnType<typeof seedOrders>>
  signIn(openid: string): Promise<{ consumerId: string; cookie: string }>
  close(): Promise<void>
}

export async function createSellingBench(
  orderCount: number,
  policy: Record<string, unknown> = {},
): Promise<SellingBench> {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const folder = mkdtempSync(path.join(tmpdir(), 'selling-bench-'))
  const provider = createProviderStandIn({ dataDir: folder, port: 0, clock, ids, random })
  const notices = createNoticeStandIn({ dataDir: folder, port: 0, clock, ids, random })
  await provider.start()
  await notices.start()
  const bench = await createCoreBench(policy, () => [
    '--provider',
    path.join(folder, 'merchant.json'),
    '--notices',
    path.join(folder, 'notices.json'),
  ])
  const { commerce, db } = bench.core
  if (commerce === undefined) throw new Error('this core sells nothing')
  const signIn = async (openid: string) => {
    const { consumerId, token } = await db.write('sign in', (tx) =>
      commerce.consumers.signIn(tx, openid, 'en'),
    )
    return { consumerId, cookie: `consumer=${token}; lang=en` }
  }
  const anna = await signIn('oSim0anna')
  return {
    bench,
    ...anna,
    orders: await seedOrders(db, ids, { consumerId: anna.consumerId, cabinetId: CABINET }, orderCount),
    signIn,
    async close() {
      await bench.close()
      await provider.stop()
      await notices.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
