import { createChance } from './chance.ts'
import { type Disks, loadDisks } from './core-image.ts'
import { createCoreNode } from './core-node.ts'
import { createNetwork } from './network.ts'
import { createProviderNode } from './provider-node.ts'
import { createScheduler } from './scheduler.ts'

/** Half an hour before the runs. */
const BEFORE_MS = -1_800_000
const FIRST_BOOT_MS = 5000

let settled: Promise<Disks> | undefined

/**
 * Disks on which a core has run once and done what comes once, like the summary of the last month. Made once for each
 * thread; the first boot of a core is what `test/core` looks at.
 */
export function loadSettledDisks(): Promise<Disks> {
  settled ??= settle()
  return settled
}

async function settle(): Promise<Disks> {
  const disks = await loadDisks()
  const chance = createChance(0)
  const count = () => undefined
  const fail = (error: unknown) => {
    throw new Error('the first boot of the core failed', { cause: error })
  }
  const scheduler = createScheduler((_owner, error) => fail(error))
  const network = createNetwork({ scheduler, chance: chance.fork('network'), count })
  const provider = createProviderNode({ scheduler, chance: chance.fork('provider'), count })
  const core = createCoreNode({
    disk: disks.core,
    scheduler,
    network,
    chance: chance.fork('core'),
    count,
    tell: undefined,
    wire: (life) => provider.wire(life),
    gateway: (life) => provider.gateway(life),
  })
  core.onFatal = fail
  core.onFailed = (_name, error) => fail(error)
  core.machine.wallOffsetMs = BEFORE_MS
  core.boot()
  await scheduler.runUntil(FIRST_BOOT_MS)
  core.crash({ kind: 'now' })
  provider.stop()
  disks.core.keep()
  return disks
}
