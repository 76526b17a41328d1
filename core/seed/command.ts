import { existsSync } from 'node:fs'
import path from 'node:path'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import { readJsonFile, type Settings } from '#core/config.ts'
import type { Database } from '#core/platform/database.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'
import { createSeal } from '#core/privacy/seal.ts'
import { parseSeed, type Seeded, type SeedFile } from '#core/seed.ts'
import { checkWish, type HistoryReport, refuseUsedFolder, seedHistory } from './history.ts'

/** Of a hundred orders one is asked about, unless the number is given. */
const ORDERS_PER_TICKET = 100
const DEMO = path.resolve(import.meta.dirname, '../../scripts/seed/demo.json')

/** `seed --orders N [--tickets N]`: two years of invented business in an empty folder, to try and to measure with. */
export async function historyCommand(
  deps: {
    db: Database
    clock: Clock
    random: Random
    /** Creates products, the first cabinet and the accounts. */
    applySeed: (seed: SeedFile) => Promise<Seeded>
    /** Stops the core whose database this is. */
    close: () => Promise<void>
    say: (line: string) => void
  },
  settings: Settings,
): Promise<Seeded & { history: HistoryReport }> {
  const orders = settings.orders ?? 0
  const wish = { orders, tickets: settings.tickets ?? Math.floor(orders / ORDERS_PER_TICKET) }
  checkWish(wish)
  await refuseUsedFolder(deps.db, settings.data)
  const file = settings.seed ?? DEMO
  if (settings.seed === undefined && !existsSync(DEMO))
    throw new CabinetError(
      'config_invalid',
      'Say what is sold: --seed FILE, in the form of scripts/seed/demo.json.',
    )
  const seed = parseSeed(readJsonFile('seed', file), file)
  const seeded = await deps.applySeed(seed)
  const folder = path.join(settings.data, 'core')
  const key = (name: string) => loadOrCreateKey(path.join(folder, name), deps.random)
  const history = await seedHistory(
    {
      db: deps.db,
      close: deps.close,
      seal: createSeal({ sealKey: key('seal.key'), indexKey: key('index.key') }, deps.random),
      auditKey: key('audit.key'),
      file: path.join(folder, 'core.sqlite'),
      nowMs: deps.clock.now(),
      monoMs: () => deps.clock.monoMs(),
      say: deps.say,
    },
    seed,
    wish,
  )
  return { ...seeded, history }
}
