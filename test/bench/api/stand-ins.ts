import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { createNoticeStandIn } from '#simulator/notices/notices.ts'
import { createProviderStandIn } from '#simulator/provider/provider.ts'

/** Provider and gateway of the process that calls. @returns the flags that tell a core of them */
export async function startStandIns(surroundings: {
  clock: Clock
  ids: Ids
  random: Random
}): Promise<string[]> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'bench-stand-ins-'))
  await createProviderStandIn({ dataDir, port: 0, ...surroundings }).start()
  await createNoticeStandIn({ dataDir, port: 0, ...surroundings }).start()
  return ['--provider', path.join(dataDir, 'merchant.json'), '--notices', path.join(dataDir, 'notices.json')]
}
