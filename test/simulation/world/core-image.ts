import Sqlite from 'better-sqlite3'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { insertPlanogram } from '#core/cabinets/planograms.ts'
import { recordMovement } from '#core/catalog/queries.ts'
import { createDatabase } from '#core/platform/database.ts'
import { migrate } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { keepSeals } from '#core/platform/row-seals.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import { createSeal } from '#core/privacy/seal.ts'
import { insertCabinet } from '#core/seed.ts'
import { createEdgeDatabase, migrate as migrateEdge } from '#edge/database.ts'
import { CABINETS, CONSUMERS, PRODUCTS, SHELVES, STAFF } from './cast.ts'
import { createDisk, type Disk } from './disk.ts'
import { START_MS } from './node.ts'
import { teachTouching } from './touched.ts'

export const AUDIT_KEY = new Uint8Array(32).fill(7)
export const SEAL_KEYS = {
  sealKey: new Uint8Array(32).fill(1),
  indexKey: new Uint8Array(32).fill(2),
}

/** Databases as they are before anything happened. */
export interface Disks {
  /** One run after the other has it. */
  readonly core: Disk
  /** By cabinet. */
  readonly edges: ReadonlyMap<string, Disk>
  /** For a copy of a cabinet's card in another machine. */
  readonly spare: Disk
}

let disks: Promise<Disks> | undefined
/** Made once for each process. */
export function loadDisks(): Promise<Disks> {
  disks ??= makeDisks()
  return disks
}

async function makeDisks(): Promise<Disks> {
  const edge = makeEdgeImage()
  const core = createDisk(await makeCoreImage())
  keepSeals(core.sqlite, AUDIT_KEY)
  teachTouching(core.sqlite)
  return {
    core,
    edges: new Map(CABINETS.map(({ cabinetId }) => [cabinetId, createDisk(edge)])),
    spare: createDisk(edge),
  }
}

function makeEdgeImage(): Buffer {
  const sql = new Sqlite(':memory:')
  migrateEdge(sql)
  const image = sql.serialize()
  createEdgeDatabase(sql).close()
  return image
}

/** Migrated and seeded as an installation is, except that nobody has to enrol. */
async function makeCoreImage(): Promise<Buffer> {
  const sqlite = new Sqlite(':memory:')
  migrate(sqlite, MIGRATIONS, START_MS)
  const random = createSeededRandom(1)
  const clock = {
    now: () => START_MS - 3_600_000,
    monoMs: () => 0,
    setTimer: () => ({ cancel: () => undefined }),
  }
  const ids = createIds(clock, random)
  const seal = createSeal(SEAL_KEYS, random)
  const db = createDatabase({
    clock,
    auditKey: AUDIT_KEY,
    writer: sqlite,
    read: createKysely(createRunner(sqlite)),
    gather: (commit) => void setImmediate(commit),
    close: () => undefined,
  })
  await db.write('fill', async (tx) => {
    for (const product of PRODUCTS)
      await tx
        .insertInto('product')
        .values({
          ...product,
          picture: JSON.stringify({ shape: 'bottle', color: '#888888', accent: '#444444' }),
          foodClass: 'drink',
          shelfLifeDays: 90,
          createdAtMs: START_MS,
        })
        .execute()
    for (const { cabinetId, partition } of CABINETS) {
      await insertCabinet(tx, {
        id: cabinetId,
        partition,
        name: { zh: cabinetId, en: cabinetId },
        site: { zh: '仿真', en: 'Simulation' },
        timeZone: 'Asia/Shanghai',
        foodClass: 'drink',
        setpointDeciCelsius: 60,
        operator: 'own',
        contact: '400',
      })
      await tx
        .updateTable('cabinet')
        .set({ hardware: '{}', enrolledAtMs: START_MS })
        .where('cabinetId', '=', cabinetId)
        .execute()
      await insertPlanogram(tx, {
        cabinetId,
        version: 1,
        shelves: SHELVES.map(({ id, lanes }) => ({
          id,
          products: lanes.map(({ sku, stock }) => ({
            sku,
            priceFen: priceOf(sku),
            capacity: stock,
          })),
        })),
        createdBy: 'system',
      })
      for (const { id, lanes } of SHELVES)
        for (const { sku, stock } of lanes)
          await recordMovement(tx, {
            cabinetId,
            shelf: id,
            sku,
            quantity: stock,
            kind: 'restock',
            reason: 'first filling',
          })
    }
    for (const { consumerId, openid, language } of CONSUMERS)
      await tx
        .insertInto('consumer')
        .values({
          consumerId,
          openidSealed: seal.seal(openid, `consumer.openid/${consumerId}`),
          openidIndex: seal.blindIndex(openid),
          language,
          createdAtMs: START_MS,
          permissionLostAtMs: null,
        })
        .execute()
    for (const { staffId, role, displayName } of STAFF)
      await tx
        .insertInto('staff')
        .values({
          staffId,
          name: staffId,
          displayName,
          role,
          language: 'en',
          operator: role === 'operator' ? 'own' : null,
          passwordHash: 'none',
          isActive: 1,
          createdAtMs: START_MS,
        })
        .execute()
    await tx
      .insertInto('fact')
      .values({ name: 'identity', value: ids.next('epoch') })
      .execute()
  })
  keepSeals(sqlite, AUDIT_KEY)
  const image = sqlite.serialize()
  sqlite.close()
  return image
}

function priceOf(sku: string): number {
  return PRODUCTS.find((one) => one.sku === sku)?.priceFen ?? 0
}
